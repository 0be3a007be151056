package agent

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
)

// registrySource is the NodeRegistry on chain.
type registrySource interface {
	Snapshot(ctx context.Context) ([]chain.Node, uint64, error)
	Nodes(ctx context.Context, from, to uint64) ([]common.Address, error)
}

const (
	// registryTimeout bounds a look at the registry for which something else waits.
	registryTimeout = 3 * time.Second
	// registryFresh is how old a snapshot may be that challenges are planned with.
	registryFresh = 5 * time.Second
	// registryPause is the time between two looks for nodes that are not known.
	registryPause = time.Second
	// registryMissed is how many nodes that are not known wait to be looked for.
	registryMissed = 64
	// registryOverlap is how many blocks before the snapshot's are searched again:
	// the newest blocks of a chain may be exchanged.
	registryOverlap = 64
)

// registry remembers the NodeRegistry, so that statements of strangers cost no
// request each. A registration is never undone: who was found once is known.
type registry struct {
	source registrySource
	now    func() time.Time
	log    *slog.Logger

	turn chan struct{} // filled by whoever asks the chain; one at a time

	missed chan common.Address // nodes whose notice came and that are not known

	mu       sync.Mutex // guards what follows
	known    map[common.Address]bool
	rows     []epoch.Registration
	owners   map[common.Address]common.Address // node → operator, of the rows
	block    uint64                            // rows are as of this block
	taken    time.Time                         // when rows were asked for; zero: never
	searched time.Time                         // when the last look began that strangers were judged by
	found    bool                              // that look had an answer
}

func newRegistry(source registrySource, log *slog.Logger) *registry {
	return &registry{source: source, now: time.Now, log: log, turn: make(chan struct{}, 1), missed: make(chan common.Address, registryMissed), known: map[common.Address]bool{}}
}

// begin waits for the turn; the caller calls end.
func (r *registry) begin(ctx context.Context) (end func(), err error) {
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the registry: %w", context.Cause(ctx))
	}
}

// snapshot asks the chain for every row now, and the block that they are as of.
func (r *registry) snapshot(ctx context.Context) ([]epoch.Registration, uint64, error) {
	end, err := r.begin(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer end()
	begun := r.now()
	nodes, block, err := r.source.Snapshot(ctx)
	if err != nil {
		return nil, 0, err
	}
	rows := make([]epoch.Registration, 0, len(nodes))
	owners := make(map[common.Address]common.Address, len(nodes))
	for _, n := range nodes {
		owners[n.HotKey] = n.Operator
		rows = append(rows, registrationOf(n))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range rows {
		r.known[row.Node] = true
	}
	r.rows, r.owners, r.block, r.taken = rows, owners, block, begun
	return rows, block, nil
}

// recent is a snapshot of the last seconds. When the chain does not answer it is
// the last one that there was, with the error.
func (r *registry) recent(ctx context.Context) ([]epoch.Registration, error) {
	r.mu.Lock()
	rows, fresh := r.rows, !r.taken.IsZero() && r.now().Sub(r.taken) < registryFresh
	r.mu.Unlock()
	if fresh {
		return rows, nil
	}
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	newest, _, err := r.snapshot(ctx)
	if err != nil {
		return rows, err
	}
	return newest, nil
}

// admit says whether a node's statements are wanted, see intake.Options. A node
// that is not known is looked for, once for all that wait, and refused only if
// the look began after its statement came; else the sender is put off.
func (r *registry) admit(ctx context.Context, node common.Address) error {
	came := r.now()
	if r.knows(node) {
		return nil
	}
	end, err := r.begin(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", intake.ErrBusy, err)
	}
	defer end()
	if r.knows(node) {
		return nil
	}
	r.mu.Lock()
	searched, found := r.searched, r.found
	r.mu.Unlock()
	switch {
	case found && searched.After(came):
	case !searched.IsZero() && r.now().Sub(searched) < registryPause:
		return fmt.Errorf("%w: the registry was searched just now", intake.ErrBusy)
	default:
		if err := r.search(ctx); err != nil {
			r.log.Warn("the registry does not answer: statements of new nodes are put off", "error", err)
			return fmt.Errorf("%w: %w", intake.ErrBusy, err)
		}
	}
	if r.knows(node) {
		return nil
	}
	return &intake.Refusal{Text: fmt.Sprintf("node %s is not registered; have its operator register it, then start again", node)}
}

// operator is who stands behind a node of the last snapshot; the node itself where that
// is not known.
func (r *registry) operator(node common.Address) common.Address {
	r.mu.Lock()
	defer r.mu.Unlock()
	if owner, known := r.owners[node]; known {
		return owner
	}
	return node
}

// relays says whether a node's notices are passed on. It answers from memory: a node that
// is not known is looked for, and its next notice goes through if it is registered.
func (r *registry) relays(node common.Address) bool {
	if r.knows(node) {
		return true
	}
	select {
	case r.missed <- node:
	default: // enough wait already
	}
	return false
}

// lists says, in the same way, whether a peer is a node.
func (r *registry) lists(id peer.ID) bool {
	node, err := identity.AddressOf(id)
	return err == nil && r.relays(node)
}

// lookUp looks for the nodes that relays did not know, until ctx ends.
func (r *registry) lookUp(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case node := <-r.missed:
			if err := r.admit(ctx, node); err != nil {
				r.log.Debug("a node's notices are not relayed", "node", node, "reason", err)
			}
		}
	}
}

func (r *registry) knows(node common.Address) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[node]
}

// size is how many nodes were ever registered, as far as is known.
func (r *registry) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.known)
}

// search looks for nodes that were registered since the snapshot. The caller has
// the turn.
func (r *registry) search(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	r.mu.Lock()
	from := r.block - min(r.block, registryOverlap)
	r.searched, r.found = r.now(), false
	r.mu.Unlock()
	nodes, err := r.source.Nodes(ctx, from, 0)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.found = true
	for _, node := range nodes {
		r.known[node] = true
	}
	return nil
}
