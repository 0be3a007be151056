package intake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// dyingEnv names the store of a process that serves it and is killed by its first Put.
const dyingEnv = "MEDHIVE_TEST_DYING_STORE"

func TestMain(m *testing.M) {
	if path := os.Getenv(dyingEnv); path != "" {
		if err := serveAndDie(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// dyingStore is killed between the disk and the acknowledgement.
type dyingStore struct{ Store }

func (d dyingStore) Put(ctx context.Context, statements []Statement) []error {
	d.Store.Put(ctx, statements)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // the signal is on its way
}

// serveAndDie is a coordinator's door until it is killed or its input ends.
func serveAndDie(path string) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	store, err := NewBolt(db)
	if err != nil {
		return err
	}
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		return err
	}
	New(dyingStore{store}, testDomain, Options{}).Start(h)
	fmt.Printf("%s/p2p/%s\n", h.Addrs()[0], h.ID())
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	return errors.New("nobody sent anything")
}

// TestKilledBetweenPersistAndAcknowledge: a coordinator dies by SIGKILL after the statement
// is on disk and before the sender hears of it. The outcome: the sender is told to send it
// again, the new process acknowledges it as known, and it counts once. Nothing is lost, and
// nothing is counted twice.
func TestKilledBetweenPersistAndAcknowledge(t *testing.T) {
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	for name, send := range map[string]func(d *door) error{
		"one": func(d *door) error { return d.receipt(t, scan) },
		"many": func(d *door) error {
			return SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Receipt: &scan}})[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "coordinator.db")
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env, child.Stderr = append(os.Environ(), dyingEnv+"="+path), os.Stderr
			out, err := child.StdoutPipe()
			must(t, err)
			_, err = child.StdinPipe() // held open: its end would end the child in order
			must(t, err)
			must(t, child.Start())
			line, err := bufio.NewReader(out).ReadString('\n')
			must(t, err)
			address, err := multiaddr.NewMultiaddr(strings.TrimSpace(line))
			must(t, err)
			info, err := peer.AddrInfoFromP2pAddr(address)
			must(t, err)
			h := newHost(t)
			must(t, h.Connect(t.Context(), *info))
			var refused *Refusal
			if err := send(&door{peer: h, coordinator: info.ID}); err == nil || errors.As(err, &refused) {
				t.Fatalf("sent to one that is killed: %v, want: send it again", err)
			}
			var killed *exec.ExitError
			if err := child.Wait(); !errors.As(err, &killed) || killed.ProcessState.Success() {
				t.Fatalf("the coordinator ended with %v, want: killed", err)
			}
			store, _ := openStore(t, path)
			must(t, send(openDoorOn(t, store, Options{})))
			w, err := store.Seal(1)
			must(t, err)
			if len(w.Receipts) != 1 || w.Receipts[0] != scan {
				t.Fatalf("epoch 1 holds %d receipts, want the one", len(w.Receipts))
			}
		})
	}
}

// TestALateReceipt comes after the line under the epoch in which its job was done. The
// outcome: it counts in the epoch in which it comes, once, at its full worth; the closed
// epoch stays as it was published.
func TestALateReceipt(t *testing.T) {
	d := openDoor(t, Options{})
	must(t, d.receipt(t, receipt(t, "scan", "node", "clinic", 1, "")))
	first, err := d.store.Seal(1)
	must(t, err)
	published := built(t, 1, first, epoch.State{})
	late := receipt(t, "scan 2", "node", "clinic", 1, "")
	must(t, d.receipt(t, late))
	second, err := d.store.Seal(2)
	must(t, err)
	if again, err := d.store.Seal(1); err != nil || len(again.Receipts) != 1 {
		t.Fatalf("epoch 1 holds %d receipts now: %v", len(again.Receipts), err)
	}
	counted := built(t, 2, second, published.State())
	if len(counted.Summary.Lines) != 1 || counted.Summary.Lines[0].Accepted != 1 {
		t.Fatalf("epoch 2's lines: %+v", counted.Summary.Lines)
	}
	must(t, d.receipt(t, late)) // sent again: acknowledged, not counted
	if third, err := d.store.Seal(3); err != nil || len(third.Receipts) != 0 {
		t.Fatalf("epoch 3 holds %d receipts: %v", len(third.Receipts), err)
	}
}

// TestADuplicate comes on both protocols, twice on one stream, and after a restart. The
// outcome: each is acknowledged, one counts.
func TestADuplicate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	d := openDoorOn(t, store, Options{})
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	judged := verdict(t, scan, "clinic", attest.JudgedValid)
	send := func() {
		t.Helper()
		for i, err := range SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Receipt: &scan}, {Receipt: &scan}, {Verdict: &judged}, {Verdict: &judged}}) {
			if err != nil {
				t.Errorf("statement %d: %v", i, err)
			}
		}
		must(t, d.receipt(t, scan))
		must(t, Submit(t.Context(), d.peer, d.coordinator, judged))
	}
	send()
	d.server.Close()
	must(t, db.Close())
	store, _ = openStore(t, path)
	d = openDoorOn(t, store, Options{})
	send()
	if w, err := store.Seal(1); err != nil || len(w.Receipts) != 1 || len(w.Verdicts) != 1 {
		t.Fatalf("epoch 1 holds %d receipts and %d verdicts, want one of each: %v", len(w.Receipts), len(w.Verdicts), err)
	}
}

// TestRestoredFromBackup: the coordinator's disk is lost and a backup from before the last
// statements takes its place. The outcome: what was acknowledged since is gone until its
// senders send it again, which they do when they see another life (agent's resends); it is
// taken then and counts once. What only the coordinator knew since, the challenges that
// it asked, is lost for good; the time is an outage of its own and counts for nobody.
func TestRestoredFromBackup(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "coordinator.db"), filepath.Join(dir, "backup.db")
	store, db := openStore(t, path)
	at := time.UnixMilli(1_790_000_000_000)
	_, _, err := store.Beat(t.Context(), at)
	must(t, err)
	kept, lost := receipt(t, "scan", "node", "clinic", 1, ""), receipt(t, "scan 2", "node", "clinic", 1, "")
	judged := verdict(t, lost, "clinic", attest.JudgedInvalid)
	store.put(t, kept)
	must(t, db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(backup, 0o600) }))
	store.put(t, lost)
	must(t, store.judge(t, judged))
	must(t, store.Record(t.Context(), answered(t, "node", 1)))
	must(t, db.Close())

	restored, _ := openStore(t, backup)
	from, to, err := restored.Beat(t.Context(), at.Add(time.Hour))
	must(t, err)
	if !from.Equal(at) || !to.Equal(at.Add(time.Hour)) {
		t.Errorf("the outage is from %v to %v, want all since the backup", from, to)
	}
	for _, again := range []attest.SignedReceipt{kept, lost} {
		restored.put(t, again)
	}
	must(t, restored.judge(t, judged))
	w, err := restored.Seal(1)
	must(t, err)
	if len(w.Receipts) != 2 || len(w.Verdicts) != 1 || len(w.Challenges) != 0 {
		t.Fatalf("epoch 1 holds %d receipts, %d verdicts and %d challenges", len(w.Receipts), len(w.Verdicts), len(w.Challenges))
	}
}

// TestABacklogOutlivesItsEpoch: a backup is restored whose log holds more than the epoch
// that was published since: what waited for the next one, and what was moved between. The
// outcome: what the epoch holds is counted there, the rest stays for the next one in its
// order, is known to its senders, and is not paid twice.
func TestABacklogOutlivesItsEpoch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	counted, waits := receipt(t, "scan", "node", "clinic", 1, ""), receipt(t, "scan 2", "node", "clinic", 1, "")
	stale := receipt(t, "scan 3", "node", "clinic", 1, "") // counted under its next lease
	better := receipt(t, "scan 3", "node", "clinic", 2, "")
	judged := verdict(t, waits, "clinic", attest.JudgedInvalid)
	old, newer := profile(t, "node", `{"version":1}`, 10), profile(t, "node", `{"version":1,"x":1}`, 20)
	asked, later := answered(t, "node", 1), answered(t, "node", 2)
	must(t, store.PutProfile(t.Context(), old))
	store.put(t, waits)
	store.put(t, stale)
	must(t, store.Record(t.Context(), asked))
	must(t, store.Record(t.Context(), later))
	must(t, store.judge(t, judged))
	store.put(t, counted)
	must(t, store.PutProfile(t.Context(), newer))
	published := built(t, 1, epoch.Window{Receipts: []attest.SignedReceipt{counted, better}, Challenges: []attest.Challenge{asked}, Profiles: []attest.SignedProfile{old}}, epoch.State{})
	must(t, store.Adopt(published))
	must(t, store.Adopt(published)) // again: nothing changes
	must(t, db.Close())
	store, _ = openStore(t, path)
	store.put(t, waits) // sent again: acknowledged, not twice
	other := receipt(t, "scan", "other node", "clinic", 2, "")
	if err := store.PutReceipt(t.Context(), other.Acceptance.Receipt, other); !errors.Is(err, ErrReplay) {
		t.Errorf("a counted job under a new lease: %v, want ErrReplay", err)
	}
	store.put(t, receipt(t, "scan 2", "other node", "clinic", 2, "")) // it is not counted yet
	w, err := store.Seal(2)
	must(t, err)
	if len(w.Receipts) != 2 || w.Receipts[0] != waits || len(w.Verdicts) != 1 || w.Verdicts[0] != judged {
		t.Errorf("epoch 2 holds %d receipts and %d verdicts, want the backlog and the new one", len(w.Receipts), len(w.Verdicts))
	}
	if len(w.Challenges) != 1 || w.Challenges[0].Nonce != later.Nonce || len(w.Profiles) != 1 || w.Profiles[0].Statement.At != newer.Statement.At {
		t.Errorf("epoch 2 holds %d challenges and %d profiles, want the later ones", len(w.Challenges), len(w.Profiles))
	}
	again := receipt(t, "scan 2", "node", "clinic", 3, "")
	if err := store.PutReceipt(t.Context(), again.Acceptance.Receipt, again); !errors.Is(err, ErrReplay) {
		t.Errorf("the backlog's job after it was counted: %v, want ErrReplay", err)
	}
}
