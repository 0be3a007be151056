package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
)

const (
	// rosterEvery is how old a clinic's list of nodes grows before it asks the chain for
	// all of it: a request for each node, so not often. Who leaves the registry gets no
	// more work after that; the bond stays longer than that with the registry.
	rosterEvery = 10 * time.Minute
	// rosterPause is the time between two requests for single nodes that are not listed,
	// and rosterMissed how many of them wait: a crowd of strangers must not make a clinic
	// burden the chain.
	rosterPause  = 500 * time.Millisecond
	rosterMissed = 64
	// rosterTimeout bounds a look at the whole registry, registryTimeout one at a node.
	rosterTimeout = time.Minute
	// maxRosterBytes bounds the stored list: 100,000 nodes take a tenth of it.
	maxRosterBytes = 128 << 20
)

// rosterSource is the NodeRegistry on chain.
type rosterSource interface {
	Snapshot(ctx context.Context) ([]chain.Node, uint64, error)
	Node(ctx context.Context, hotKey common.Address) (chain.Node, error)
	Close()
}

// roster is a clinic's own list of the registry's active nodes, and of who operates each.
// It is kept on disk: a clinic whose chain does not answer goes on with the last list.
// It is never open: who is not listed is nobody, also while there is no list at all.
type roster struct {
	network Network
	path    string
	log     *slog.Logger
	// dial reaches the chain. It is called for each look: a chain that was away at the
	// clinic's start is found when it is back.
	dial func(ctx context.Context) (rosterSource, error)

	missed chan common.Address // nodes that somebody asked for and that are not listed

	mu     sync.RWMutex // guards listed
	listed map[common.Address]listing
}

// listing is what the registry tells of a node.
type listing struct {
	operator     common.Address
	jurisdiction string // ISO 3166-1 alpha-2; empty: unknown, and so nowhere
}

// rosterFile is the list on disk.
type rosterFile struct {
	ChainID  uint64                            `json:"chain_id"`
	Registry common.Address                    `json:"registry"`
	Nodes    map[common.Address]common.Address `json:"nodes"` // active node → operator
	// Jurisdictions are those of the nodes. A list of an earlier version has none: until the
	// chain answers, its nodes get no work.
	Jurisdictions map[common.Address]string `json:"jurisdictions,omitempty"`
}

// openRoster reads the last list of this network, if there is one.
func openRoster(state string, network Network, log *slog.Logger) (*roster, error) {
	r := &roster{network: network, path: filepath.Join(state, "registry.json"), log: log,
		missed: make(chan common.Address, rosterMissed), listed: map[common.Address]listing{}}
	r.dial = func(ctx context.Context) (rosterSource, error) {
		return network.Dial(ctx, nil)
	}
	f, err := os.Open(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of nodes: %w", pathless(err))
	}
	defer f.Close()
	var kept rosterFile
	if err := json.NewDecoder(io.LimitReader(f, maxRosterBytes)).Decode(&kept); err != nil {
		log.Warn("the stored list of nodes can't be read; the chain is asked for a new one", "error", pathless(err))
		return r, nil
	}
	if kept.ChainID == network.Contracts.ChainID && kept.Registry == network.Contracts.Registry && kept.Nodes != nil {
		for node, operator := range kept.Nodes {
			r.listed[node] = listing{operator, kept.Jurisdictions[node]}
		}
	}
	return r, nil
}

// refresh replaces the list by what the chain says now.
func (r *roster) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rosterTimeout)
	defer cancel()
	source, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	nodes, _, err := source.Snapshot(ctx)
	if err != nil {
		return err
	}
	listed := make(map[common.Address]listing, len(nodes))
	kept := rosterFile{ChainID: r.network.Contracts.ChainID, Registry: r.network.Contracts.Registry,
		Nodes: map[common.Address]common.Address{}, Jurisdictions: map[common.Address]string{}}
	for _, n := range nodes {
		if n.Active() {
			listed[n.HotKey] = listing{n.Operator, n.Jurisdiction}
			kept.Nodes[n.HotKey], kept.Jurisdictions[n.HotKey] = n.Operator, n.Jurisdiction
		}
	}
	r.mu.Lock()
	r.listed = listed
	r.mu.Unlock()
	document, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keep the list of nodes: %w", err)
	}
	return writeFileDurably(r.path, append(document, '\n'), 0o600)
}

// begin brings the list up to date, as well as that goes: without an answer the last one
// stands.
func (r *roster) begin(ctx context.Context) {
	if err := r.refresh(ctx); err != nil && ctx.Err() == nil {
		r.complain(err)
	}
}

func (r *roster) complain(err error) {
	if n := r.size(); n > 0 {
		r.log.Warn("the registry does not answer: the last list of nodes stands", "nodes", n, "error", err)
		return
	}
	r.log.Warn("the registry does not answer and there is no earlier list: no node gets work until it does; check the chain of the network file", "error", err)
}

// look asks for one node that is not listed.
func (r *roster) look(ctx context.Context, node common.Address) error {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	source, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	found, err := source.Node(ctx, node)
	if err != nil || !found.Active() {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listed[node] = listing{found.Operator, found.Jurisdiction}
	return nil
}

// keep brings the list up to date until ctx ends: all of it every so often, and by single
// nodes soon after somebody asked for one that is not on it.
func (r *roster) keep(ctx context.Context) {
	whole := time.NewTicker(rosterEvery)
	defer whole.Stop()
	pause := time.NewTicker(rosterPause)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-whole.C:
			r.begin(ctx)
		case node := <-r.missed:
			if _, listed := r.lookup(node); listed {
				continue // it was asked for twice
			}
			if err := r.look(ctx, node); err != nil && ctx.Err() == nil {
				r.log.Debug("the registry does not answer", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-pause.C:
			}
		}
	}
}

// operator is who operates a listed node. It never waits: for one that is not listed the
// chain is asked, and the answer serves the next question.
func (r *roster) operator(node common.Address) (operator common.Address, listed bool) {
	l, listed := r.lookup(node)
	if !listed {
		select {
		case r.missed <- node:
		default: // enough wait already
		}
	}
	return l.operator, listed
}

// jurisdiction is where a node is registered; "" where that is not known. A node that has
// moved is believed when the next whole list is here.
func (r *roster) jurisdiction(node common.Address) string {
	l, _ := r.lookup(node)
	return l.jurisdiction
}

func (r *roster) lookup(node common.Address) (l listing, listed bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	l, listed = r.listed[node]
	return l, listed
}

// admits reports whether a node is listed.
func (r *roster) admits(node common.Address) bool {
	_, listed := r.operator(node)
	return listed
}

// size is how many nodes are listed.
func (r *roster) size() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.listed)
}
