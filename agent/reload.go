package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/scheduler/worker"
)

// NodeSettings are where a node's settings come from, so that they can be read again.
type NodeSettings struct {
	from    config.Source
	started *config.Table // what it was started with, which holds for keys that are not live
	mu      sync.Mutex    // guards read
	read    *config.Table // what was read last, which holds for live keys
}

// NewNodeSettings remembers what a node was started with.
func NewNodeSettings(table *config.Table, from config.Source) *NodeSettings {
	return &NodeSettings{from: from, started: table, read: table}
}

// Reloaded is what came of a reload.
type Reloaded struct {
	Applied []config.Change `json:"applied"`
	Later   []config.Change `json:"later"` // they take effect at the next start
}

// errNoSettings says that there is nothing to read again.
var errNoSettings = errors.New("this node was started without settings to read again; stop it and start it with other flags")

// Reload reads the settings again and takes over those that may change while a node runs. After
// an error everything is as it was.
func (n *Node) Reload(ctx context.Context) error {
	_, err := n.reload(ctx)
	return err
}

func (n *Node) reload(ctx context.Context) (Reloaded, error) {
	s := n.conf.Settings
	if s == nil {
		return Reloaded{}, errNoSettings
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	words, table := config.NewNode()
	if err := table.Load(s.from); err != nil {
		return Reloaded{}, fmt.Errorf("%w; correct it, then `medhive node reload`", err)
	}
	r := Reloaded{Applied: []config.Change{}, Later: []config.Change{}}
	for _, c := range config.Changes(s.read, table) {
		if c.Live {
			r.Applied = append(r.Applied, c)
		}
	}
	for _, c := range config.Changes(s.started, table) {
		if !c.Live {
			r.Later = append(r.Later, c)
		}
	}
	if err := n.apply(ctx, *words); err != nil {
		return Reloaded{}, err
	}
	s.read = table
	for _, c := range r.Applied {
		n.conf.Log.Info("a setting has changed", "key", c.Key, "from", c.From, "to", c.To)
	}
	for _, c := range r.Later {
		n.conf.Log.Warn("a setting has changed and takes effect at the next start", "key", c.Key)
	}
	return r, nil
}

// apply puts the live settings into force. What can fail comes first, so that nothing is changed
// by halves.
func (n *Node) apply(ctx context.Context, words config.Node) error {
	claims, err := ClaimsOf(words, n.conf.Network.DevelopmentKeys != "")
	if err != nil {
		return err
	}
	if limits := LimitsOf(words); limits != n.gate.present().limits {
		keeper, err := newGatekeeper(ctx, n, limits)
		if err != nil {
			return err
		}
		n.gate.replace(keeper)
	}
	n.claims.Store(&claims)
	if n.payments != nil {
		n.payments.reckon(claims)
	}
	n.worker.SetTariff(worker.Tariff{PriceGwei: words.PriceGwei, Promise: words.Promise})
	return nil
}

// claimPolicy is when the node claims, by the settings in force.
func (n *Node) claimPolicy() ClaimPolicy {
	if p := n.claims.Load(); p != nil {
		return *p
	}
	return n.conf.Claims
}
