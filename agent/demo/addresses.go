package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
)

// Addresses are where a served network is reached. All of them are this machine's own.
type Addresses struct {
	Home        string        `json:"home"`      // of all roles, for --home of any command
	Temporary   bool          `json:"temporary"` // Home is removed at the end
	Study       string        `json:"study"`     // folder of a head scan to send
	Results     string        `json:"results"`   // folder that the clinic's results go to
	Epoch       time.Duration `json:"epoch_ns"`  // after each, a day passes on the chain
	Chain       string        `json:"chain"`     // JSON-RPC
	ChainID     uint64        `json:"chain_id"`
	Coordinator ServedDoor    `json:"coordinator"`
	Nodes       []ServedNode  `json:"nodes"`
	Clinic      ServedClinic  `json:"clinic"`
}

// ServedDoor is an HTTP door with a document of what it answers.
type ServedDoor struct {
	URL     string `json:"url"`
	OpenAPI string `json:"openapi"`
}

// ServedNode is a node and its operator's door.
type ServedNode struct {
	Name      string `json:"name"` // for --name
	Address   string `json:"address"`
	PriceGwei uint64 `json:"price_gwei"`
	ServedDoor
	// Link lets one browser or program in, once, within ten minutes; `medhive node dashboard`
	// prints another.
	Link string `json:"link"`
}

// ServedClinic is a clinic's site and its doors. Those on loopback ask nobody who they are.
type ServedClinic struct {
	Name string `json:"name"`
	ServedDoor
	DICOMweb string `json:"dicomweb"` // STOW-RS and UPS-RS
	DICOM    string `json:"dicom"`    // host:port of C-STORE and C-ECHO
	AETitle  string `json:"ae_title"`
}

// portOr is an address of loopback where its port is free, else the same with any free port.
func portOr(preferred string) string {
	if preferred == "" {
		return ""
	}
	listener, err := net.Listen("tcp", preferred)
	if err == nil {
		err = listener.Close()
	}
	if err != nil {
		host, _, _ := net.SplitHostPort(preferred) // of an address that site.Read, or this package, has checked
		return net.JoinHostPort(host, "0")
	}
	return preferred
}

func doorAt(base string) ServedDoor {
	return ServedDoor{URL: strings.TrimSuffix(base, "/"), OpenAPI: strings.TrimSuffix(base, "/") + "/openapi.json"}
}

// addresses asks the roles where they are.
func (s *served) addresses(ctx context.Context) (a Addresses, err error) {
	network := s.chain.Network()
	a = Addresses{
		Home: s.home, Temporary: s.conf.Home == "", Study: filepath.Join(s.home, studyFolder), Results: filepath.Join(s.home, resultsFolder),
		Epoch: s.conf.Epoch, Chain: network.RPC, ChainID: network.Contracts.ChainID, Coordinator: doorAt(s.coordinator.Published()),
	}
	for i, name := range []string{fastNode, cheapNode} {
		node := s.nodes[i]
		var link agent.DashboardLink
		if err := api.Call(ctx, agent.NodeState(s.home, name), "POST", "/dashboard", &link); err != nil {
			return a, err
		}
		status := node.Status()
		base, way := node.DashboardURL(), link.URL
		if i > 0 {
			// Browsers keep cookies by host, whatever the port: under two names of this machine a
			// person can be in both nodes' dashboards at once.
			if base, err = otherName(base); err != nil {
				return a, err
			}
			if way, err = otherName(way); err != nil {
				return a, err
			}
		}
		a.Nodes = append(a.Nodes, ServedNode{Name: name, Address: status.Address, PriceGwei: status.PriceGwei, ServedDoor: doorAt(base), Link: way})
	}
	doors, err := s.site.Status()
	if err != nil {
		return a, err
	}
	a.Clinic = ServedClinic{Name: clinicName, ServedDoor: doorAt(doors.Dashboard), DICOM: doors.DICOM, AETitle: doors.AETitle, DICOMweb: "http://" + doors.Web + "/dicom-web"}
	return a, nil
}

// otherName is a URL of 127.0.0.1 by localhost's name.
func otherName(address string) (string, error) {
	at, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("name a dashboard: %w", err)
	}
	at.Host = net.JoinHostPort("localhost", at.Port())
	return at.String(), nil
}

// Print writes the addresses for a person, and a command to begin with for each kind of
// developer.
func (a Addresses) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "chain\t%s\tchain id %d, JSON-RPC; play money\n", a.Chain, a.ChainID)
	fmt.Fprintf(table, "coordinator\t%s\t/health, /v1/epochs, /v1/scores/NODE, /openapi.json\n", a.Coordinator.URL)
	for _, n := range a.Nodes {
		fmt.Fprintf(table, "node %s\t%s\t%s; asks %d gwei\n", n.Name, n.Link, n.Address, n.PriceGwei)
	}
	fmt.Fprintf(table, "clinic\t%s/\tworklist; asks nobody who they are, and has this machine's callers alone\n", a.Clinic.URL)
	fmt.Fprintf(table, "\t%s\tSTOW-RS, UPS-RS\n", a.Clinic.DICOMweb)
	fmt.Fprintf(table, "\t%s\tC-STORE, C-ECHO as %s\n", a.Clinic.DICOM, a.Clinic.AETitle)
	keeps := "kept for the next start with this --home"
	if a.Temporary {
		keeps = "removed at the end; --home keeps a network"
	}
	fmt.Fprintf(table, "state\t%s\t%s\n", a.Home, keeps)
	if err := table.Flush(); err != nil {
		return err
	}
	epoch := a.Epoch.String()
	if strings.HasSuffix(epoch, "m0s") { // nobody says a minute and no second
		epoch = strings.TrimSuffix(epoch, "0s")
	}
	_, err := fmt.Fprintf(w, `
A node's link lets one browser in, once, within ten minutes; another one is printed by
medhive node dashboard --home %s --name NODE.
Every %s an epoch ends and a day passes on the chain: then the rewards of its work can be
claimed, and nobody has to move the clock. Each door's /openapi.json says what it answers;
agent/client is a Go package for all three.

operator    medhive node earnings --home %s --name %s
clinic      for f in %s/*; do curl -sf -o /dev/null -H 'Content-Type: application/dicom' --data-binary @$f %s/studies; done
integrator  curl %s/v1/epochs

Results go to %s. NOT FOR CLINICAL USE. Ctrl-C ends the network.
`, a.Home, epoch, a.Home, a.Nodes[0].Name, a.Study, a.Clinic.DICOMweb, a.Coordinator.URL, a.Results)
	return err
}
