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
// a network, compares it with what stands on that chain.
func VerifyEpoch(ctx context.Context, folder string, on *Network) (VerifiedEpoch, error) {
	var v VerifiedEpoch
	w := newWalk(folder)
	err := epoch.Walk([]string{folder}, func(e epoch.Verified) {
		w.visit(e)
		v.EpochReport = report(e.Bundle, folder)
		w.verdict.Given = append(given(e.Bundle),
			fmt.Sprintf("the registry's rows at block %d", e.Bundle.Inputs.RegistryBlock),
			fmt.Sprintf("the pool of %s wei", e.Bundle.Summary.Pool))
	})
	if err == nil && on != nil {
		err = w.compare(ctx, *on)
	}
	v.Verdict = w.verdict
	return v, err
}

// VerifyArchive recomputes every epoch below folder, and that each builds on the
// one before; see VerifyEpoch.
func VerifyArchive(ctx context.Context, folder string, on *Network) (VerifiedArchive, error) {
	v := VerifiedArchive{Folder: folder, Epochs: []EpochReport{}}
	w := newWalk(folder)
	archive := epoch.Archive(folder)
	err := archive.Walk(func(e epoch.Verified) {
		w.visit(e)
		if len(v.Epochs) == 0 {
			w.verdict.Given = append(given(e.Bundle), "the registry's rows of each epoch", "the pool of each epoch")
		}
		v.Epochs = append(v.Epochs, report(e.Bundle, archive.Dir(e.Bundle.Summary.Number)))
	})
	if err == nil && on != nil {
		err = w.compare(ctx, *on)
	}
	v.Verdict = w.verdict
	return v, err
}

// given is what first, the oldest epoch at hand, is believed about.
func given(first epoch.Bundle) []string {
	list := []string{"that no statement was left out"}
	if n := first.Inputs.Number; n > 1 {
		list = append(list, fmt.Sprintf("the state after epoch %d, on which epoch %d builds", n-1, n))
	}
	return list
}

// walk collects the verdict on the epochs of a folder.
type walk struct {
	folder  string
	verdict Verdict
	heads   map[uint64]epoch.Summary // without lines
}

func newWalk(folder string) *walk {
	return &walk{folder: folder, verdict: Verdict{Differences: []string{}, Given: []string{}}, heads: map[uint64]epoch.Summary{}}
}

func (w *walk) visit(e epoch.Verified) {
	for _, d := range e.Differences {
		w.verdict.Differences = append(w.verdict.Differences, d.String())
	}
	head := e.Bundle.Summary
	head.Lines, head.Uncounted = nil, nil
	w.heads[head.Number] = head
}

// compare holds the epochs against the roots on chain. The contract keeps two: the
// active one and one that waits.
func (w *walk) compare(ctx context.Context, n Network) error {
	client, err := chain.Dial(ctx, n.RPC, n.Contracts)
	if err != nil {
		return err
	}
	defer client.Close()
	active, err := client.ActiveRoot(ctx)
	if err != nil {
		return err
	}
	pending, err := client.PendingRoot(ctx)
	if err != nil {
		return err
	}
	if active.Posted() {
		w.hold(n, active, "active")
	}
	if pending.Posted() && pending.Epoch != active.Epoch {
		w.hold(n, pending, "waiting")
	}
	if !active.Posted() && !pending.Posted() {
		w.verdict.Chain = append(w.verdict.Chain, "the chain holds no root")
	}
	return nil
}

// hold compares one root of the chain with the epoch of its number.
func (w *walk) hold(n Network, root chain.Root, state string) {
	head, here := w.heads[root.Epoch]
	if !here {
		w.verdict.Chain = append(w.verdict.Chain, fmt.Sprintf("the chain's %s root is of epoch %d, which is not in %s", state, root.Epoch, filepath.Base(w.folder)))
		return
	}
	w.verdict.OnChain = append(w.verdict.OnChain, root.Epoch)
	same := true
	for _, c := range []struct{ what, want, got string }{
		{"chain_id", fmt.Sprint(n.Contracts.ChainID), fmt.Sprint(head.ChainID)},
		{"registry", n.Contracts.Registry.Hex(), head.Registry.Hex()},
		{"root", common.Hash(root.Root).Hex(), head.Root.Hex()},
		{"dataset_hash", common.Hash(root.DatasetHash).Hex(), head.DatasetHash.Hex()},
	} {
		if c.want != c.got {
			same = false
			d := epoch.Difference{Where: fmt.Sprintf("epoch %d %s on chain (%s)", root.Epoch, c.what, state), Want: c.want, Got: c.got}
			w.verdict.Differences = append(w.verdict.Differences, d.String())
		}
	}
	if same {
		w.verdict.Chain = append(w.verdict.Chain, fmt.Sprintf("root and data set hash of epoch %d are the chain's %s ones", root.Epoch, state))
	}
}
