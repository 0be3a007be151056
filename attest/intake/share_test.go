package intake

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/models"
)

func nodeOf(n int) common.Address {
	return common.Address(binary.BigEndian.AppendUint64(make([]byte, 12), uint64(n+1)))
}

func accepted(node, clinic common.Address) entry {
	return entry{Receipt: &attest.SignedReceipt{Receipt: attest.Receipt{Node: node, Clinic: clinic}}}
}

// send lets a node's statements of weight w in until they are put off.
func (o *openWindow) send(node, clinic common.Address, w uint64, most int) (n int) {
	for n < most && o.has(accepted(node, clinic), w) == nil {
		o.count(accepted(node, clinic), w)
		n++
	}
	return n
}

// TestOneNodeCantFillAnEpoch: nodes with a clinic's key each of their own send without end;
// whoever comes after them is heard, and they get what the formula says.
func TestOneNodeCantFillAnEpoch(t *testing.T) {
	const w = 2048
	for _, greedy := range []int{1, 10, 100, 1000} {
		o, turn := emptyWindow(0), max(1, 64/greedy)
		for again := true; again; { // turn by turn, until nobody gets any more
			again = false
			for n := range greedy {
				again = o.send(nodeOf(n), nodeOf(n+5000), w, turn) > 0 || again
			}
		}
		free := statementBytes - o.statements
		if want := uint64(statementBytes) * nodeParts / uint64(nodeParts+greedy); free+uint64(greedy+1)*w < want || free > want+uint64(greedy+1)*w {
			t.Errorf("%d greedy nodes leave %d bytes, want %d", greedy, free, want)
		}
		honest := o.send(nodeOf(9999), nodeOf(9998), w, 1<<30)
		t.Logf("beside %d greedy nodes another one is heard %d times", greedy, honest)
		if want := int(free/nodeParts/w) * nodeParts / (nodeParts + 1); honest < want-1 || honest < 100 {
			t.Errorf("beside %d greedy nodes another one is heard %d times, want %d", greedy, honest, want)
		}
	}
}

// TestOneClinicCantFillAnEpoch: not with a thousand nodes that all sign with it.
func TestOneClinicCantFillAnEpoch(t *testing.T) {
	const w = 2048
	o := emptyWindow(0)
	for n := range 1000 {
		o.send(nodeOf(n), nodeOf(5000), w, 1000)
	}
	if max := uint64(statementBytes)/(1+clinicParts) + w; o.clinics[nodeOf(5000)] > max {
		t.Errorf("one clinic takes up %d bytes, want at most %d", o.clinics[nodeOf(5000)], max)
	}
	if o.has(accepted(nodeOf(9999), nodeOf(9998)), w) != nil {
		t.Error("another clinic is put off")
	}
}

// TestWhatIsOverTheShareWaits: at the door it is put off, neither refused nor lost; after
// the line it is taken, in the order in which it comes again. What is there already is
// acknowledged meanwhile, and the coordinator's own records go on.
func TestWhatIsOverTheShareWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	first, second := receipt(t, "scan", "node", "clinic", 1, ""), receipt(t, "scan 2", "node", "clinic", 1, "")
	store.put(t, first)
	fill := func(store *Bolt) {
		must(t, store.db.Update(func(tx *bbolt.Tx) error {
			open, err := store.opened(tx)
			must(t, err)
			open.nodes[first.Receipt.Node] = statementBytes / nodeParts
			return nil
		}))
	}
	fill(store)
	d := openDoorOn(t, store, Options{})
	for i, err := range SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Receipt: &first}, {Receipt: &second}}) {
		if wantBusy := i == 1; errors.Is(err, ErrBusy) != wantBusy || !wantBusy && err != nil {
			t.Errorf("statement %d: %v", i, err)
		}
	}
	must(t, store.Record(t.Context(), answered(t, "node", 1)))
	store.put(t, receipt(t, "scan 3", "other node", "clinic", 1, "")) // others go on
	w, err := store.Seal(1)
	must(t, err)
	if len(w.Receipts) != 2 || len(w.Challenges) != 1 {
		t.Fatalf("epoch 1 holds %d receipts and %d challenges", len(w.Receipts), len(w.Challenges))
	}
	must(t, d.receipt(t, second))
	d.server.Close()
	must(t, db.Close())
	store, _ = openStore(t, path) // the count is made anew of the log
	must(t, store.db.Update(func(tx *bbolt.Tx) error {
		open, err := store.opened(tx)
		must(t, err)
		data, err := entry{Receipt: &second}.encode()
		must(t, err)
		if open.statements != weight(data) || open.nodes[second.Receipt.Node] != weight(data) || open.clinics[second.Receipt.Clinic] != weight(data) || open.records != 0 {
			t.Errorf("after a restart %+v is counted, want one receipt of %d", open, weight(data))
		}
		return nil
	}))
}

// TestARolledBackTransactionCountsNothing: neither in the share.
func TestARolledBackTransactionCountsNothing(t *testing.T) {
	store, db := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	store.put(t, receipt(t, "scan", "node", "clinic", 1, ""))
	fault := errors.New("no space left on device")
	err := db.Update(func(tx *bbolt.Tx) error {
		s := receipt(t, "scan 2", "node", "clinic", 1, "")
		refusal, err := store.keep(tx, Statement{Receipt: &s, Digest: s.Acceptance.Receipt})
		must(t, errors.Join(refusal, err))
		return fault
	})
	if !errors.Is(err, fault) {
		t.Fatal(err)
	}
	must(t, db.Update(func(tx *bbolt.Tx) error {
		before := store.open.statements
		open, err := store.opened(tx)
		must(t, err)
		if open.statements*2 != before {
			t.Errorf("%d bytes are counted, with what was rolled back %d", open.statements, before)
		}
		return nil
	}))
}

// TestChallengesHaveRoomOfTheirOwn: those of a whole epoch of the largest network and its
// examinations fit, whatever others state, and the two together can be read back.
func TestChallengesHaveRoomOfTheirOwn(t *testing.T) {
	c := answered(t, "node", 1<<62)
	c.AskedAt = c.AskedAt.AddDate(50, 0, 0)
	data, err := entry{Challenge: &c}.encode()
	must(t, err)
	challenges := MaxChallenges * weight(data)
	t.Logf("a challenge weighs %d bytes, an epoch of them %d of %d", weight(data), challenges, recordBytes)
	if challenges > recordBytes*8/10 {
		t.Errorf("%d challenges of %d bytes leave compute challenges less than a fifth of %d", MaxChallenges, weight(data), recordBytes)
	}
	if statementBytes+recordBytes > epoch.MaxInputsBytes/16*15 {
		t.Error("no room is left for the registry and the state of the epoch before")
	}
	o := emptyWindow(0)
	o.count(entry{Challenge: &c}, 10*recordBytes)
	if o.has(accepted(nodeOf(1), nodeOf(2)), 2048) != nil {
		t.Error("challenges take up the statements' room")
	}
}

// TestTheLineIsDrawnWhereAnEpochIsFull: a log from before the shares, or of a coordinator
// that closed no epoch for long, is sealed in parts, in order.
func TestTheLineIsDrawnWhereAnEpochIsFull(t *testing.T) {
	store, db := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	// A few large entries stand for many: JSON is weighed as it is, and white space is free.
	const size = 16 << 20
	body, err := json.Marshal(entry{Challenge: &attest.Challenge{Node: nodeOf(1), AskedAt: answered(t, "node", 1).AskedAt, Outcome: attest.Timeout}})
	must(t, err)
	large := append(body, make([]byte, size-len(body))...)
	for i := len(body); i < size; i++ {
		large[i] = ' '
	}
	const entries = recordBytes/size + 2
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for range entries {
			if _, err := appendEntry(tx, large); err != nil {
				return err
			}
		}
		return nil
	}))
	store.put(t, receipt(t, "scan", "node", "clinic", 1, ""))
	for n, want := range []int{recordBytes / size, entries - recordBytes/size} {
		w, err := store.Seal(uint64(n + 1))
		must(t, err)
		if len(w.Challenges) != want || len(w.Receipts) != n {
			t.Errorf("epoch %d holds %d challenges and %d receipts, want %d and %d", n+1, len(w.Challenges), len(w.Receipts), want, n)
		}
	}
}

// TestWeightIsAnUpperBound: an entry's JSON in an epoch's inputs is never longer.
func TestWeightIsAnUpperBound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := func(label string, most int) string {
			return rapid.StringMatching(fmt.Sprintf(`[a-z<"]{0,%d}`, most)).Draw(rt, label)
		}
		s := receipt(t, "scan", "node", "clinic", rapid.Uint64().Draw(rt, "fence"), "")
		s.Receipt.Provider, s.Receipt.Runtime, s.Receipt.EnergyBasis = "p"+text("provider", 20), "r"+text("runtime", 60), "u"+text("basis", 30)
		s.Receipt.PriceGwei = rapid.Uint64().Draw(rt, "price")
		if wallet := text("wallet", 1000); wallet != "" {
			s.ClinicSig, s.WalletSig = attest.Signature{}, attest.WalletSignature(wallet)
		}
		v := verdict(t, s, "clinic", attest.JudgedInvalid)
		c := answered(t, "node", rapid.Uint64().Draw(rt, "seq"))
		for _, x := range []struct {
			e    entry
			json any
		}{{entry{Receipt: &s}, s}, {entry{Verdict: &v}, v}, {entry{Challenge: &c}, c}} {
			data, err := x.e.encode()
			must(t, err)
			text, err := json.Marshal(x.json)
			must(t, err)
			if uint64(len(text))+1 > weight(data) {
				rt.Fatalf("%d bytes of JSON weigh %d: %s", len(text)+1, weight(data), text)
			}
		}
	})
}

// TestATaskOfManyLeases: a clinic and a node that judge one task again and again are refused
// after maxLeases; what stands is still known.
func TestATaskOfManyLeases(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	for fence := range maxLeases {
		store.put(t, receipt(t, "scan", "node", "clinic", uint64(fence+1), ""))
	}
	more := receipt(t, "scan", "node", "clinic", maxLeases+1, "")
	if err := store.PutReceipt(t.Context(), more.Receipt.Hash(testDomain), more); !errors.Is(err, ErrReplay) {
		t.Errorf("lease %d: %v, want ErrReplay", maxLeases+1, err)
	}
	store.put(t, receipt(t, "scan", "node", "clinic", 1, ""))
	store.put(t, receipt(t, "scan", "node", "clinic", maxLeases, ""))
	store.put(t, receipt(t, "scan 2", "node", "clinic", 1, ""))
	if w, err := store.Seal(1); err != nil || len(w.Receipts) != maxLeases+1 || w.Receipts[maxLeases].Receipt.Task != models.DigestOf([]byte("scan 2")) {
		t.Errorf("%d receipts: %v", len(w.Receipts), err)
	}
}

// TestLapsesNeedReceipts: a clinic that tells of nothing but lapses of a node is heard a
// few times in an epoch; each receipt of that node lets one more in, of no other clinic or
// node.
func TestLapsesNeedReceipts(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	n := 0
	tell := func(node, clinic string) error {
		n++
		return store.judge(t, lapse(t, receipt(t, fmt.Sprint("lapsed ", n), node, clinic, 1, ""), clinic))
	}
	for range spareLapses {
		must(t, tell("node", "clinic"))
	}
	if err := tell("node", "clinic"); !errors.Is(err, ErrReplay) {
		t.Errorf("lapse %d: %v, want ErrReplay", n, err)
	}
	must(t, tell("node", "other clinic"))
	must(t, tell("other node", "clinic"))
	store.put(t, receipt(t, "scan", "node", "other clinic", 1, ""))
	store.put(t, receipt(t, "scan", "other node", "clinic", 1, ""))
	if err := tell("node", "clinic"); !errors.Is(err, ErrReplay) {
		t.Errorf("after another one's receipts: %v, want ErrReplay", err)
	}
	store.put(t, receipt(t, "scan 2", "node", "clinic", 1, ""))
	must(t, tell("node", "clinic"))
	if _, err := store.Seal(1); err != nil {
		t.Fatal(err)
	}
	must(t, tell("node", "clinic"))
}

// TestANodeCantSendAwayWhatIsSaidAgainstIt: one that has used up its share can still be
// judged.
func TestANodeCantSendAwayWhatIsSaidAgainstIt(t *testing.T) {
	store, db := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	scan := receipt(t, "scan", "node", "clinic", 1, "")
	store.put(t, scan)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		open, err := store.opened(tx)
		must(t, err)
		open.nodes[scan.Receipt.Node] = statementBytes / nodeParts
		return nil
	}))
	must(t, store.judge(t, verdict(t, scan, "clinic", attest.JudgedInvalid)))
	must(t, store.judge(t, lapse(t, receipt(t, "scan 2", "node", "clinic", 1, ""), "clinic")))
	must(t, store.judge(t, verdict(t, scan, "coordinator", attest.JudgedInvalid)))
	if err := store.PutReceipt(t.Context(), [32]byte{}, receipt(t, "scan 3", "node", "clinic", 1, "")); !errors.Is(err, ErrBusy) {
		t.Errorf("its own receipt: %v, want ErrBusy", err)
	}
}
