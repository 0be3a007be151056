package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/score"
)

// AuditConfig names the epoch that AuditEpoch verifies, and where it comes from.
type AuditConfig struct {
	Network  Network
	SwarmKey string // file of the network's pre-shared key; empty: it has none
	Number   uint64 // 0: the newest that the source has
	From     string // a folder of epochs, or a coordinator's multiaddress with its peer id; empty: the network file's coordinator
	Keep     string // folder of epochs to which the epoch is added if nothing differs; empty: it is not kept
	Log      *slog.Logger

	key *identity.Key // to call a coordinator with; nil: one for this once
}

// AuditEpoch brings one epoch, by the hash that stands on chain if it was posted, recomputes
// it and holds it against the chain: root, data set, total, the registry's rows, the epochs
// that it builds on back to a settled one, what it skips. Nobody's word is taken that a chain or a signature can
// replace; what is left is in Given.
func AuditEpoch(ctx context.Context, conf AuditConfig) (VerifiedEpoch, error) {
	audit, err := openAudit(ctx, conf)
	if err != nil {
		return VerifiedEpoch{}, err
	}
	defer audit.close()
	dir, err := audit.bring(ctx, conf.Number)
	if err != nil {
		return VerifiedEpoch{}, err
	}
	v, bundle, err := audit.verify(ctx, dir, nothingHeld, false)
	if err != nil {
		return v, err
	}
	if v.Folder = ""; conf.Keep != "" && len(v.Differences) == 0 {
		v.Folder = epoch.Archive(conf.Keep).Dir(bundle.Summary.Number)
		err = bundle.Write(v.Folder)
	}
	return v, err
}

// audit is the work on one epoch of a source.
type audit struct {
	*walk
	source epochSource
	temp   string // where the epoch is unpacked

	posted chain.Root // the epoch's root on chain; zero if it was never posted
	jobs   [][32]byte // that the epoch counts
	behind []counted  // by the epochs behind it that were recomputed too
	strict bool       // somebody signs for what is found: what this machine can't confirm is a difference
}

// epochSource is where epochs are brought from.
type epochSource interface {
	// open returns the bundle of an epoch and its number; 0 asks for the newest.
	open(ctx context.Context, number uint64) (uint64, io.ReadCloser, error)
	close()
}

func openAudit(ctx context.Context, conf AuditConfig) (*audit, error) {
	w, err := openWalk(ctx, conf.From, &conf.Network)
	if err != nil {
		return nil, err
	}
	source, err := openSource(ctx, conf)
	if err != nil {
		w.close()
		return nil, err
	}
	temp, err := os.MkdirTemp("", "medhive-epoch-*")
	if err != nil {
		source.close()
		w.close()
		return nil, fmt.Errorf("verify epoch: %w", err)
	}
	return &audit{walk: w, source: source, temp: temp}, nil
}

func (a *audit) close() {
	_ = os.RemoveAll(a.temp) // a temporary folder
	a.source.close()
	a.walk.close()
}

// bring unpacks the epoch. What was posted is taken by its hash: another bundle is refused
// before it is read.
func (a *audit) bring(ctx context.Context, number uint64) (dir string, err error) {
	number, bundle, err := a.source.open(ctx, number)
	if err != nil {
		return "", err
	}
	defer bundle.Close()
	if a.posted, err = a.client.PostedRoot(ctx, number); err != nil {
		return "", err
	}
	return a.unpack(bundle, number, a.posted.DatasetHash)
}

// unpack writes a bundle with the data set's hash want into a folder of its own; the zero
// hash takes any.
func (a *audit) unpack(bundle io.Reader, number uint64, want common.Hash) (dir string, err error) {
	dir = filepath.Join(a.temp, fmt.Sprint(number))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("unpack epoch %d: %w", number, err)
	}
	if err := epoch.Unpack(bundle, dir, want); err != nil {
		return "", fmt.Errorf("epoch %d: %w", number, err)
	}
	return dir, nil
}

// checks hold an epoch against the chain.
func (a *audit) checks() []func(context.Context, epoch.Bundle) error {
	return []func(context.Context, epoch.Bundle) error{a.compareSkipped, a.comparePool, a.compareRegistry, a.compareVendors}
}

// verify recomputes the epoch in dir and those that it builds on, see ancestors, and holds
// them against the chain.
func (a *audit) verify(ctx context.Context, dir string, known held, strict bool) (v VerifiedEpoch, b epoch.Bundle, err error) {
	a.strict = strict
	err = a.auditor().Walk(ctx, []string{dir}, func(e epoch.Verified) {
		a.visit(e)
		b, a.jobs, v.EpochReport = e.Bundle, e.Jobs(), report(e.Bundle, dir)
	})
	if err != nil {
		return v, b, err
	}
	a.give("that no statement was left out")
	if a.posted.Posted() {
		a.hold(a.posted, "posted")
	} else {
		a.verdict.Chain = append(a.verdict.Chain, fmt.Sprintf("no root of epoch %d was ever posted", b.Summary.Number))
	}
	for _, check := range a.checks() {
		if err := check(ctx, b); err != nil {
			return v, b, err
		}
	}
	if err := a.ancestors(ctx, b, known, strict); err != nil {
		return v, b, err
	}
	v.Verdict = a.verdict
	return v, b, nil
}

// compareSkipped wants that of the skipped epochs none could be claimed.
func (a *audit) compareSkipped(ctx context.Context, b epoch.Bundle) error {
	for _, n := range b.Inputs.Skipped {
		posted, err := a.client.PostedRoot(ctx, n)
		if err != nil {
			return err
		}
		if !posted.Posted() {
			continue
		}
		vetoed, err := a.client.Vetoed(ctx, posted.Root, posted.DatasetHash)
		if err != nil {
			return err
		}
		if !vetoed {
			a.differ(fmt.Sprintf("epoch %d skipped", b.Summary.Number), "only epochs that the chain refused", fmt.Sprintf("epoch %d, which was posted and not vetoed", n))
		}
	}
	return nil
}

// comparePool holds what the epoch shares out against what the contract allows by now.
func (a *audit) comparePool(ctx context.Context, b epoch.Bundle) error {
	if b.Inputs.Pool.Int == nil {
		return nil // no canonical form, which the recomputation has named
	}
	allowed, err := a.client.AllowedTotal(ctx)
	if err != nil {
		return err
	}
	now, err := a.client.ChainTime(ctx)
	if err != nil {
		return err
	}
	where := fmt.Sprintf("epoch %d ", b.Summary.Number)
	total := new(big.Int).Add(b.Inputs.Previous.CumulativeTotal(), b.Inputs.Pool.Int)
	if total.Cmp(allowed) > 0 {
		a.differ(where+"pool", fmt.Sprintf("at most %s wei in all, which the contract allows by now", allowed), total.String())
	}
	// A chain without transactions stands still, and an epoch lasts a second at least.
	if latest := max(uint64(now.Unix()), b.Inputs.From+1); b.Summary.To > latest {
		a.differ(where+"to", fmt.Sprintf("at most %d, the chain's time", latest), fmt.Sprint(b.Summary.To))
	}
	return nil
}

// compareRegistry holds the rows against the registry as it was at the epoch's block.
func (a *audit) compareRegistry(ctx context.Context, b epoch.Bundle) error {
	nodes, err := a.client.SnapshotAt(ctx, b.Inputs.RegistryBlock)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		a.give(fmt.Sprintf("the registry's rows at block %d, of which this RPC server has no record any more", b.Inputs.RegistryBlock))
		return nil
	}
	rows := make([]epoch.Registration, len(nodes))
	for i, n := range nodes {
		rows[i] = registrationOf(n)
	}
	for _, d := range epoch.CompareRegistrations(rows, b.Inputs.Registrations) {
		a.differ(fmt.Sprintf("epoch %d %s", b.Summary.Number, d.Where), d.Want, d.Got)
	}
	return nil
}

// compareVendors holds the vendors whose vouchers raised trust against this network file's. A
// network takes vendors in and lets them go, so others are named and are no difference; but
// who signs for an epoch takes none that it doesn't know: a coordinator that made up a vendor
// could trust any node of its own.
func (a *audit) compareVendors(_ context.Context, b epoch.Bundle) error {
	for _, vendor := range b.Inputs.Vendors {
		switch {
		case slices.Contains(a.network.Vendors, vendor):
		case a.strict:
			a.differ(fmt.Sprintf("epoch %d vendors", b.Summary.Number), "those of this network file; if the network took another one in, add it there", vendor.Hex())
		default:
			a.give(fmt.Sprintf("that vouchers of vendor %s count: this network file does not name it", vendor))
		}
	}
	return nil
}

// openSource opens conf.From.
func openSource(ctx context.Context, conf AuditConfig) (epochSource, error) {
	if conf.From != "" && !strings.HasPrefix(conf.From, "/ip") && !strings.HasPrefix(conf.From, "/dns") {
		if !IsArchive(conf.From) {
			return nil, fmt.Errorf("%s holds no folders of epochs; name the folder that a coordinator publishes into, or a coordinator's multiaddress", filepath.Base(conf.From))
		}
		return folderSource(conf.From), nil
	}
	addresses := conf.Network.Coordinator
	if conf.From != "" {
		addresses = []string{conf.From}
	}
	peers, err := p2p.ParsePeers(addresses)
	if err != nil {
		return nil, err
	}
	if len(peers) == 0 {
		return nil, errors.New("the network file names no coordinator; name one, or a folder of epochs, with --from")
	}
	return dialSource(ctx, peers, conf.SwarmKey, conf.key)
}

// folderSource is an archive.
type folderSource string

func (f folderSource) open(_ context.Context, number uint64) (uint64, io.ReadCloser, error) {
	archive := epoch.Archive(f)
	if number == 0 {
		numbers, err := archive.Numbers()
		if err != nil || len(numbers) == 0 {
			return 0, nil, errors.Join(err, fmt.Errorf("%s holds no epoch", filepath.Base(string(f))))
		}
		number = numbers[len(numbers)-1]
	}
	if err := archive.Complete(number); err != nil {
		return 0, nil, err
	}
	file, _, err := archive.OpenBundle(number)
	return number, file, err
}

func (folderSource) close() {}

// peerSource is a coordinator.
type peerSource struct {
	host host.Host
	id   peer.ID
}

func dialSource(ctx context.Context, peers []peer.AddrInfo, swarmKey string, key *identity.Key) (_ *peerSource, err error) {
	if key == nil {
		if key, err = identity.Generate(); err != nil {
			return nil, err
		}
	}
	swarm, err := p2p.ReadSwarmKey(swarmKey)
	if err != nil {
		return nil, err
	}
	h, err := p2p.NewHost(key, nil, p2p.Options{SwarmKey: swarm})
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, info := range peers {
		dialling, cancel := context.WithTimeout(ctx, bundlePatience)
		err := h.Connect(dialling, info)
		cancel()
		if err == nil {
			return &peerSource{h, info.ID}, nil
		}
		faults = append(faults, err)
	}
	return nil, fmt.Errorf("no coordinator can be reached: %w; is it running? name another with --from", errors.Join(append(faults, h.Close())...))
}

func (p *peerSource) open(ctx context.Context, number uint64) (uint64, io.ReadCloser, error) {
	head, body, err := askBundle(ctx, p.host, p.id, bundleRequest{Epoch: number})
	return head.Epoch, body, err
}

func (p *peerSource) close() { _ = p.host.Close() } // nothing is left to lose

// head asks for the newest epoch's number, root and address, without its bytes.
func (p *peerSource) head(ctx context.Context) (bundleHead, error) {
	head, body, err := askBundle(ctx, p.host, p.id, bundleRequest{HeadOnly: true})
	if err == nil {
		err = body.Close()
	}
	return head, err
}

// registrationOf is a node of the registry as an epoch takes it.
func registrationOf(n chain.Node) epoch.Registration {
	return epoch.Registration{Node: n.HotKey, Jurisdiction: n.Jurisdiction, Trust: score.TrustSoftware, Active: n.Active(), Voucher: n.Voucher}
}
