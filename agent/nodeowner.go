package agent

import (
	"context"
	"sync"

	"github.com/medhive/medhive/agent/panel"
)

// bindings is the page that a running node's dashboard opens: one at a time.
type bindings struct {
	node *Node
	life context.Context // the node's

	mu   sync.Mutex // guards what follows
	open *OpenBinding
	hide context.CancelFunc // takes open away
}

// begin opens the page unless it is open, until somebody signs, the code is over, it is
// hidden or the node ends.
func (b *bindings) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != nil {
		return nil
	}
	open, err := b.node.OpenBind(b.life, BindListen)
	if err != nil {
		return err
	}
	shown, hide := context.WithCancel(b.life)
	b.open, b.hide = open, hide
	b.node.loops.Go(func() {
		defer hide()
		if signed, err := open.Wait(shown); err == nil {
			b.node.conf.Log.Info("this node was bound to its owner's wallet", "owner", signed.Binding.Owner)
		}
		if err := open.Close(); err != nil {
			b.node.conf.Log.Debug("the page of the binding ended badly", "error", err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open = nil
	})
	return nil
}

// Bind implements panel.Node.
func (p nodePanel) Bind(context.Context) error { return p.n.bindings.begin() }

// Unbind implements panel.Node.
func (p nodePanel) Unbind(context.Context) error {
	b := p.n.bindings
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != nil {
		b.hide()
	}
	return nil
}

// Owner implements panel.Node.
func (p nodePanel) Owner(ctx context.Context) (panel.Owner, error) {
	n := p.n
	o := panel.Owner{Node: n.key.Address().Hex()}
	wallet, err := n.Owner(ctx)
	if err != nil {
		return o, err
	}
	if wallet != nil {
		o.Wallet = wallet.Hex()
	}
	if d := n.device.status(); d != nil {
		o.Device = d.Device.Short()
		switch {
		case !d.ProvedAt.IsZero():
			o.Device += ", vouched for by " + d.Vendor.Hex()
		case d.Why != "":
			o.Device += ", trusted as software: " + d.Why
		}
	}
	n.bindings.mu.Lock()
	defer n.bindings.mu.Unlock()
	if open := n.bindings.open; open != nil && len(open.Links) > 0 {
		o.Link, o.Until = open.Links[0], open.Offer.Deadline
	}
	return o, nil
}
