package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// dashboard are the keys of a node's dashboard.
func (n *Node) dashboard(t *Table) {
	t.group("The dashboard", "")
	t.text(&n.Dashboard, "dashboard", "127.0.0.1:9402", "host:port of the operator's dashboard, opened with medhive node dashboard; where that very port is taken, another one is used (empty: none)", checked(func() error { return hostPort(n.Dashboard) }))
	t.path(&n.DashboardUsers, "dashboard-users", "", "file of who may log in, which medhive node user writes; without one, links of this machine let in", absent("links of this machine alone"))
	t.path(&n.DashboardCert, "dashboard-cert", "", "PEM certificate of the dashboard, read again when it changes", absent("no TLS"))
	t.secret(&n.DashboardKey, "dashboard-key", "PEM key of that certificate")
}

// checkDashboard refuses what would show a node to the world without a lock.
func (n *Node) checkDashboard() error {
	host, _, err := net.SplitHostPort(n.Dashboard)
	switch ip, parsed := netip.ParseAddr(host); {
	case (n.DashboardCert == "") != (n.DashboardKey == ""):
		return errors.New("dashboard-cert and dashboard-key belong together: name both or none")
	case n.Dashboard == "" || err != nil || host == "localhost" || parsed == nil && ip.IsLoopback():
		return nil
	case n.DashboardUsers == "":
		return fmt.Errorf("dashboard %s is open to other machines, so its users need passwords: make one with `medhive node user add NAME --role admin --file FILE`, and name FILE as dashboard-users", n.Dashboard)
	case n.DashboardCert == "":
		return fmt.Errorf("dashboard %s is open to other machines, so passwords need TLS: name a certificate and its key as dashboard-cert and dashboard-key, or listen on 127.0.0.1 and come by SSH", n.Dashboard)
	}
	return nil
}
