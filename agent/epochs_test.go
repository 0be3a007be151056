package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/intake"
)

// working is a village with one node that has done a job.
func working(t *testing.T) (*village, *villager) {
	t.Helper()
	v := newVillage(t, time.Hour)
	node := v.villager()
	node.register()
	node.answer()
	node.connect()
	v.must(node.profile())
	v.must(node.work("the first study"))
	v.must(v.ChallengeAll(t.Context()))
	v.pass(time.Hour)
	return v, node
}

// pass lets time pass on chain.
func (v *village) pass(by time.Duration) {
	v.t.Helper()
	_, err := v.chain.Advance(v.t.Context(), by)
	v.must(err)
}

// activate lets the pending root's delay pass.
func (v *village) activate() {
	v.t.Helper()
	delay, err := v.Coordinator.chain.ActivationDelay(v.t.Context())
	v.must(err)
	v.pass(delay + time.Second)
}

// close closes an epoch and reads it.
func (v *village) close() epoch.Bundle {
	v.t.Helper()
	done, err := v.CloseEpoch(v.t.Context())
	v.must(err)
	b, err := epoch.Read(done.Folder)
	v.must(err)
	return b
}

func (v *village) pending() chain.Root {
	v.t.Helper()
	root, err := v.Coordinator.chain.PendingRoot(v.t.Context())
	v.must(err)
	return root
}

// sent is how many transactions the poster has sent.
func (v *village) sent() uint64 {
	v.t.Helper()
	client, err := ethclient.DialContext(v.t.Context(), v.chain.Network().RPC)
	v.must(err)
	defer client.Close()
	nonce, err := client.NonceAt(v.t.Context(), v.poster.Address(), nil)
	v.must(err)
	return nonce
}

// audit verifies an epoch as anybody with the network file can.
func (v *village) audit(number uint64, from string) (VerifiedEpoch, error) {
	v.t.Helper()
	n := v.chain.Network()
	n.Coordinator = v.Addresses()
	return AuditEpoch(v.t.Context(), AuditConfig{Network: n, Number: number, From: from})
}

// A crash between root and post: the folder is on disk, the chain knows nothing. The next
// start posts it, the start after that posts nothing more.
func TestACrashBetweenRootAndPost(t *testing.T) {
	v, _ := working(t)
	ctx := t.Context()
	base, err := v.base(ctx)
	v.must(err)
	in, err := v.gather(ctx, base)
	v.must(err)
	b, err := epoch.Build(in, base.State)
	v.must(err)
	v.must(b.Write(v.archive.Dir(1)))
	v.end() // it dies here
	v.open()
	if got := v.pending(); got.Epoch != 1 || got.Root != b.Summary.Root {
		t.Fatalf("the chain's pending root is of epoch %d", got.Epoch)
	}
	before := v.sent()
	v.end()
	v.open()
	if after := v.sent(); after != before {
		t.Errorf("another start sent %d transactions more", after-before)
	}
}

// A crash between sealing and writing: the next close seals the same window again, so the
// statement is in the epoch and in no other.
func TestACrashBetweenSealAndRoot(t *testing.T) {
	v, node := working(t)
	_, err := v.store.Seal(1)
	v.must(err)
	v.end()
	v.open()
	node.connect()
	v.must(node.work("a study after the line"))
	if b := v.close(); b.Summary.Number != 1 || len(b.Inputs.Receipts) != 1 {
		t.Errorf("epoch %d holds %d receipts, want the one of before the line", b.Summary.Number, len(b.Inputs.Receipts))
	}
	v.activate()
	if b := v.close(); b.Summary.Number != 2 || len(b.Inputs.Receipts) != 1 {
		t.Errorf("epoch %d holds %d receipts, want the one of after the line", b.Summary.Number, len(b.Inputs.Receipts))
	}
}

// A duplicate post sends nothing and is no error.
func TestADuplicatePostSendsNothing(t *testing.T) {
	v, _ := working(t)
	b := v.close()
	before := v.sent()
	for range 3 {
		v.must(v.post(t.Context(), b))
	}
	if after := v.sent(); after != before {
		t.Errorf("%d transactions more", after-before)
	}
}

// A vetoed epoch's amounts end with it: the next epoch builds on the state before and counts
// the job again, once.
func TestAVetoedEpochsAmountsEndThere(t *testing.T) {
	v, node := working(t)
	first := v.close()
	v.veto()
	v.must(node.work("the second study"))
	v.pass(time.Hour)
	second := v.close()
	if second.Summary.Number != 2 || second.Inputs.Previous.Number != 0 || !slices.Equal(second.Inputs.Skipped, []uint64{1}) {
		t.Fatalf("epoch %d builds on %d and skips %v", second.Summary.Number, second.Inputs.Previous.Number, second.Inputs.Skipped)
	}
	line := second.Summary.Lines[0]
	if line.Accepted != 2 || line.Cumulative.Cmp(line.Reward.Int) != 0 {
		t.Errorf("%d jobs count, %s wei in all, of which %s are of this epoch", line.Accepted, line.Cumulative, line.Reward)
	}
	if first.Summary.Lines[0].Reward.Sign() == 0 {
		t.Error("the vetoed epoch paid nothing: this test shows nothing")
	}
	found, err := v.audit(2, "")
	v.must(err)
	if len(found.Differences) > 0 || !slices.Equal(found.OnChain, []uint64{2}) {
		t.Errorf("recomputed: %+v", found.Verdict)
	}
}

// Anybody fetches an epoch by its number, recomputes it and holds it against the chain; a
// line that differs is named, and other data than the hash on chain names is not taken.
func TestAnEpochIsFetchedAndRecomputed(t *testing.T) {
	v, _ := working(t)
	b := v.close()
	for _, number := range []uint64{1, 0} {
		found, err := v.audit(number, "")
		v.must(err)
		if len(found.Differences) > 0 || found.Number != 1 || !slices.Equal(found.OnChain, []uint64{1}) || found.Root != b.Summary.Root.Hex() {
			t.Errorf("epoch %d: %+v", number, found)
		}
		if given := strings.Join(found.Given, "; "); strings.Contains(given, "registry") || strings.Contains(given, "pool") {
			t.Errorf("taken as given, though a chain is there: %s", given)
		}
	}
	if _, err := v.audit(2, ""); err == nil || !strings.Contains(err.Error(), "not published") {
		t.Errorf("an epoch that is not there: %v", err)
	}
	elsewhere := filepath.Join(t.TempDir(), "epochs")
	n := v.chain.Network()
	n.Coordinator = v.Addresses()
	kept, err := AuditEpoch(t.Context(), AuditConfig{Network: n, Number: 1, Keep: elsewhere})
	v.must(err)
	if got, err := epoch.Read(kept.Folder); err != nil || got.Summary.DatasetHash != b.Summary.DatasetHash {
		t.Errorf("what was kept: %v", err)
	}
	// The coordinator's disk is altered: a line, then the inputs.
	folder := v.archive.Dir(1)
	forge(t, folder)
	v.must(os.Remove(filepath.Join(folder, epoch.BundleFile)))
	v.must(v.archive.Complete(1))
	found, err := v.audit(1, "")
	v.must(err)
	if len(found.Differences) != 1 || !strings.Contains(found.Differences[0], "asked") {
		t.Errorf("a forged line: %v", found.Differences)
	}
	other, err := epoch.Build(b.Inputs, b.Inputs.Previous)
	v.must(err)
	other.Inputs.RegistryBlock++
	v.must(os.RemoveAll(folder))
	again, err := epoch.Build(other.Inputs, b.Inputs.Previous)
	v.must(err)
	v.must(again.Write(folder))
	if _, err := v.audit(1, ""); !errors.Is(err, epoch.ErrBundle) {
		t.Errorf("other inputs than those on chain: %v, want ErrBundle", err)
	}
}

// Without the previous archive a coordinator that was restored from a backup closes no
// epoch: what the chain has paid since would be taken back. With the folders of a co-signer
// or of anybody who kept them, it goes on.
func TestACoordinatorRestoredFromBackup(t *testing.T) {
	v, node := working(t)
	v.close()
	v.end()
	backup := t.TempDir()
	v.must(os.CopyFS(backup, os.DirFS(v.conf.State)))
	v.open()
	node.connect()
	v.must(node.work("a study after the backup"))
	v.activate()
	second := v.close()
	kept := filepath.Join(t.TempDir(), "epochs")
	v.must(second.Write(epoch.Archive(kept).Dir(2)))
	v.end()
	v.must(os.RemoveAll(v.conf.State))
	v.must(os.CopyFS(v.conf.State, os.DirFS(backup)))
	v.must(os.Chmod(filepath.Join(v.conf.State, "coordinator.key"), 0o600)) // CopyFS opens it to others
	v.open()
	if _, err := v.CloseEpoch(t.Context()); !errors.Is(err, epoch.ErrBehind) {
		t.Fatalf("it went on: %v", err)
	}
	v.end()
	found, err := AuditEpoch(t.Context(), AuditConfig{Network: v.chain.Network(), Number: 2, From: kept, Keep: filepath.Join(v.conf.State, "epochs")})
	v.must(err)
	if len(found.Differences) > 0 {
		t.Fatalf("the kept epoch: %v", found.Differences)
	}
	v.open()
	node.connect()
	// The job of epoch 2 is known again, though the database is older: it is not paid twice.
	paid := second.Inputs.Receipts[0]
	err = node.submit(func(ctx context.Context) error { return intake.Submit(ctx, node.host, v.host.ID(), paid) })
	var refused *intake.Refusal
	if errors.As(err, &refused) {
		t.Errorf("a statement that is counted already was refused: %v; its sender should be told that it is there", err)
	}
	v.activate()
	third := v.close()
	if len(third.Inputs.Receipts) != 0 {
		t.Errorf("epoch 3 counts %d receipts, want none: epoch 2 has them", len(third.Inputs.Receipts))
	}
	if third.Summary.Number != 3 || third.Inputs.Previous.Number != 2 || third.Inputs.Previous.Root != second.Summary.Root {
		t.Errorf("epoch %d builds on %d", third.Summary.Number, third.Inputs.Previous.Number)
	}
	all, err := VerifyArchive(t.Context(), v.EpochsFolder(), nil)
	v.must(err)
	if len(all.Differences) > 0 {
		t.Errorf("the archive: %v", all.Differences)
	}
}
