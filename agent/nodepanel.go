package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/event"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/panel"
	"github.com/medhive/medhive/agent/web"
)

// DefaultDashboard is where a node's dashboard is opened: this machine alone.
const DefaultDashboard = "127.0.0.1:9402"

// DashboardDoor is where a node shows itself to its operator.
type DashboardDoor struct {
	Listen string // host:port; empty: nowhere
	Users  string // file of `medhive node user`; empty: links of this machine let in
	Cert   string // PEM files, for TLS; both or none
	Key    string
}

// markEnd is where that part of an address ends which tells a machine's nodes apart: 0x and
// eight digits.
const markEnd = 10

// errOpenDoor says that a node would be shown to the world without a lock.
var errOpenDoor = errors.New("a dashboard that other machines reach needs users with passwords, and TLS: see --dashboard-users and --dashboard-cert, or listen on 127.0.0.1")

// listen opens the door. Another program may have the port that nobody chose: then any other
// does.
func (d DashboardDoor) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", d.Listen)
	if errors.Is(err, syscall.EADDRINUSE) && d.Listen == DefaultDashboard {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("open the dashboard: %w; choose another address with --dashboard, or none with --dashboard \"\"", err)
	}
	return listener, nil
}

// operatorDoor is a node's dashboard and what it remembers.
type operatorDoor struct {
	panel  *panel.Panel
	server *web.Server
}

// openPanel opens the dashboard and begins to remember figures for it.
func (n *Node) openPanel(ctx context.Context) (err error) {
	d := n.conf.Dashboard
	if d.Listen == "" {
		return nil
	}
	if !web.OnLoopback(d.Listen) && (d.Users == "" || d.Cert == "") {
		return errOpenDoor
	}
	if n.showcase.history, err = history.Open(n.db, panel.Series()); err != nil {
		return err
	}
	var certificate *web.Certificate
	if d.Cert != "" {
		if certificate, err = web.ReadCertificate(d.Cert, d.Key, n.conf.Log); err != nil {
			return err
		}
	}
	n.bindings = &bindings{node: n, life: ctx}
	door := &operatorDoor{}
	door.panel, err = panel.New(panel.Config{Node: nodePanel{n}, Mark: n.key.Address().Hex()[2:markEnd], Users: d.Users, Secure: certificate != nil, Done: ctx.Done(), Log: n.conf.Log})
	if err != nil {
		return err
	}
	reach, err := n.host.EventBus().Subscribe(new(event.EvtLocalReachabilityChanged)) // it hears the last change too
	if err != nil {
		return fmt.Errorf("follow whether others reach this node: %w", err)
	}
	listener, err := d.listen()
	if err != nil {
		return errors.Join(err, reach.Close())
	}
	door.server = web.Serve(listener, certificate.TLS(), door.panel, n.conf.Log)
	n.dashboard.Store(door)
	n.loops.Go(func() { n.keepHistory(ctx) })
	n.loops.Go(func() { n.showcase.followReach(ctx, reach) })
	return nil
}

// closePanel ends the dashboard, if there is one.
func (n *Node) closePanel() error {
	if door := n.dashboard.Load(); door != nil {
		return door.server.Close()
	}
	return nil
}

// DashboardURL is where the dashboard is; empty: there is none.
func (n *Node) DashboardURL() string {
	if door := n.dashboard.Load(); door != nil {
		return door.server.URL() + "/"
	}
	return ""
}

// DashboardLink opens the dashboard.
type DashboardLink struct {
	URL string `json:"url"`
	// Life is how long the link lets one browser in, once; 0: it asks for a password.
	Life time.Duration `json:"life_ns"`
}

// linkDashboard answers POST /dashboard: whoever may open the local door may see the node.
func (n *Node) linkDashboard(context.Context) (any, error) {
	door := n.dashboard.Load()
	if door == nil {
		return nil, errors.New("this node has no dashboard: start it with --dashboard " + DefaultDashboard)
	}
	link := DashboardLink{URL: door.server.URL() + door.panel.Link()}
	if n.conf.Dashboard.Users == "" {
		link.Life = web.LinkLife
	}
	return link, nil
}
