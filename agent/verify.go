package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
)

// Verdict is what recomputing published epochs showed.
type Verdict struct {
	Differences []string `json:"differences"`
	Given       []string `json:"taken_as_given"`     // what the files alone can't show
	Chain       []string `json:"chain,omitempty"`    // what the chain holds, in sentences; only if it was asked
	OnChain     []uint64 `json:"on_chain,omitempty"` // epochs whose root and data set hash were held against the chain's
}

// VerifiedEpoch is the verdict on one epoch.
type VerifiedEpoch struct {
	EpochReport
	Verdict
}

// VerifiedArchive is the verdict on all epochs of a coordinator, as a chain.
type VerifiedArchive struct {
	Folder string        `json:"folder"`
	Epochs []EpochReport `json:"epochs"` // the oldest first
	Verdict
}

// IsArchive says whether folder holds the folders of epochs, rather than the files
// of one.
func IsArchive(folder string) bool {
	if _, err := os.Stat(filepath.Join(folder, epoch.SummaryFile)); err == nil {
		return false
	}
	numbers, err := epoch.Archive(folder).Numbers()
	return err == nil && len(numbers) > 0
}

// VerifyEpoch recomputes the epoch in folder from its own inputs and, if on names
// a network, asks that chain about wallets and compares it with what stands there.
func VerifyEpoch(ctx context.Context, folder string, on *Network) (VerifiedEpoch, error) {
	var v VerifiedEpoch
	w, err := openWalk(ctx, folder, on)
	if err != nil {
		return v, err
	}
	defer w.close()
	err = w.auditor().Walk(ctx, []string{folder}, func(e epoch.Verified) {
		w.visit(e)
		v.EpochReport = report(e.Bundle, folder)
		w.give(given(e.Bundle)...)
		w.give(fmt.Sprintf("the registry's rows at block %d", e.Bundle.Inputs.RegistryBlock), fmt.Sprintf("the pool of %s wei", e.Bundle.Summary.Pool))
	})
	if err == nil {
		err = w.compare(ctx)
	}
	v.Verdict = w.verdict
	return v, err
}

// VerifyBundle is VerifyEpoch of an epoch's bundle.
func VerifyBundle(ctx context.Context, path string, on *Network) (VerifiedEpoch, error) {
	file, err := os.Open(path)
	if err != nil {
		return VerifiedEpoch{}, fmt.Errorf("open bundle: %w; name a bundle, or the folder of an epoch", err)
	}
	defer file.Close()
	temp, err := os.MkdirTemp("", "medhive-epoch-*")
	if err != nil {
		return VerifiedEpoch{}, fmt.Errorf("unpack bundle: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := epoch.Unpack(file, temp, common.Hash{}); err != nil {
		return VerifiedEpoch{}, err
	}
	v, err := VerifyEpoch(ctx, temp, on)
	v.Folder = path
	return v, err
}

// VerifyArchive recomputes every epoch below folder, and that each builds on the
// one before; see VerifyEpoch.
func VerifyArchive(ctx context.Context, folder string, on *Network) (VerifiedArchive, error) {
	v := VerifiedArchive{Folder: folder, Epochs: []EpochReport{}}
	w, err := openWalk(ctx, folder, on)
	if err != nil {
		return v, err
	}
	defer w.close()
	archive := epoch.Archive(folder)
	err = w.auditor().WalkArchive(ctx, archive, func(e epoch.Verified) {
		if len(v.Epochs) == 0 {
			w.give(given(e.Bundle)...)
			w.give("the registry's rows of each epoch", "the pool of each epoch")
		}
		w.visit(e)
		v.Epochs = append(v.Epochs, report(e.Bundle, archive.Dir(e.Bundle.Summary.Number)))
	})
	if err == nil {
		err = w.compare(ctx)
	}
	v.Verdict = w.verdict
	return v, err
}

// given is what first, the oldest epoch at hand, is believed about.
func given(first epoch.Bundle) []string {
	list := []string{"that no statement was left out"}
	if before := first.Inputs.Previous.Number; before > 0 {
		list = append(list, fmt.Sprintf("the state after epoch %d, on which epoch %d builds", before, first.Inputs.Number))
	}
	return list
}

// walk collects the verdict on the epochs of a folder.
type walk struct {
	folder  string
	network Network
	client  *chain.Client // nil: no chain is asked
	verdict Verdict
	heads   map[uint64]epoch.Summary // without lines
}

func newWalk(folder string) *walk {
	return &walk{folder: folder, verdict: Verdict{Differences: []string{}, Given: []string{}}, heads: map[uint64]epoch.Summary{}}
}

// openWalk connects to the chain of on, if there is one. The caller closes it.
func openWalk(ctx context.Context, folder string, on *Network) (*walk, error) {
	w := newWalk(folder)
	if on == nil {
		return w, nil
	}
	client, err := on.Dial(ctx, nil)
	if err != nil {
		return nil, err
	}
	w.network, w.client = *on, client
	return w, nil
}

func (w *walk) close() {
	if w.client != nil {
		w.client.Close()
	}
}

// auditor asks the chain about wallets, where there is one.
func (w *walk) auditor() epoch.Auditor {
	if w.client == nil {
		return epoch.Auditor{}
	}
	return epoch.Auditor{Wallets: w.client.WalletsAt}
}

func (w *walk) give(what ...string) { w.verdict.Given = append(w.verdict.Given, what...) }

func (w *walk) differ(where, want, got string) {
	w.verdict.Differences = append(w.verdict.Differences, epoch.Difference{Where: where, Want: want, Got: got}.String())
}

func (w *walk) visit(e epoch.Verified) {
	for _, d := range e.Differences {
		w.verdict.Differences = append(w.verdict.Differences, d.String())
	}
	if n := len(e.Unchecked); n > 0 {
		w.give(fmt.Sprintf("in epoch %d %d signatures of wallets, which a chain can confirm (the first under %s)", e.Bundle.Summary.Number, n, e.Unchecked[0]))
	}
	head := e.Bundle.Summary
	head.Lines, head.Uncounted = nil, nil
	w.heads[head.Number] = head
}

// compare holds the epochs against the roots on chain. The contract keeps two: the
// active one and one that waits.
func (w *walk) compare(ctx context.Context) error {
	if w.client == nil {
		return nil
	}
	active, err := w.client.ActiveRoot(ctx)
	if err != nil {
		return err
	}
	pending, err := w.client.PendingRoot(ctx)
	if err != nil {
		return err
	}
	if active.Posted() {
		w.hold(active, "active")
	}
	if pending.Posted() && pending.Epoch != active.Epoch {
		w.hold(pending, "waiting")
	}
	if !active.Posted() && !pending.Posted() {
		w.verdict.Chain = append(w.verdict.Chain, "the chain holds no root")
	}
	return nil
}

// hold compares one root of the chain with the epoch of its number.
func (w *walk) hold(root chain.Root, state string) {
	head, here := w.heads[root.Epoch]
	if !here {
		w.verdict.Chain = append(w.verdict.Chain, fmt.Sprintf("the chain's %s root is of epoch %d, which is not in %s", state, root.Epoch, filepath.Base(w.folder)))
		return
	}
	w.verdict.OnChain = append(w.verdict.OnChain, root.Epoch)
	same := true
	for _, c := range []struct{ what, want, got string }{
		{"chain_id", fmt.Sprint(w.network.Contracts.ChainID), fmt.Sprint(head.ChainID)},
		{"registry", w.network.Contracts.Registry.Hex(), head.Registry.Hex()},
		{"root", common.Hash(root.Root).Hex(), head.Root.Hex()},
		{"dataset_hash", common.Hash(root.DatasetHash).Hex(), head.DatasetHash.Hex()},
		{"total", root.TotalWei.String(), head.CumulativeTotal.String()},
	} {
		if c.want != c.got {
			same = false
			w.differ(fmt.Sprintf("epoch %d %s on chain (%s)", root.Epoch, c.what, state), c.want, c.got)
		}
	}
	if same {
		w.verdict.Chain = append(w.verdict.Chain, fmt.Sprintf("root and data set hash of epoch %d are the chain's %s ones", root.Epoch, state))
	}
}
