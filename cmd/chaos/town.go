package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// lease is how long a silent node keeps a job: short, so that a run is.
const lease = 3 * time.Second

// patience bounds every wait for a role to start.
const patience = 2 * time.Minute

// nodeNames are the nodes of every town: one to lose and one to take over.
func nodeNames() []string { return []string{"anna", "bert"} }

// town is a whole network of real processes with one home folder.
type town struct {
	binary string
	home   string
	links  network
	apart  bool // nobody reaches anybody but the coordinator

	roles  map[string]*process // the newest process of each role but the clinics
	past   []*process          // node processes that were started again, this one included
	named  map[string]string   // a node's name by its EVM address in lower case
	starts []time.Duration     // from a restart to the role's word that it is ready
	offers []time.Time         // when clinics announced, in order
}

// newTown starts chain, coordinator and nodes, and waits until the nodes bid.
func newTown(ctx context.Context, binary, home string, links network, apart bool) (*town, error) {
	t := &town{binary: binary, home: home, links: links, apart: apart, roles: map[string]*process{}, named: map[string]string{}}
	if err := t.startChain(ctx); err != nil {
		return t, err
	}
	if err := t.start(ctx, string(coordinator)); err != nil {
		return t, err
	}
	for _, name := range nodeNames() {
		if err := t.start(ctx, name); err != nil {
			return t, err
		}
	}
	return t, nil
}

// medhive is a command of the binary with this town's home.
func (t *town) medhive(args ...string) *exec.Cmd {
	return exec.Command(t.binary, append(args, "--home", t.home)...)
}

// startChain serves the chain on this program's own loopback; the roles reach it from
// theirs.
func (t *town) startChain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	chain, err := launch(here{}, "chain", t.home, t.medhive("chain", "dev", "--listen", "127.0.0.1:0"))
	if err != nil {
		return err
	}
	t.roles["chain"] = chain
	l, err := chain.await(ctx, "its address", func(s string) bool { return strings.Contains(s, " answers at ") })
	if err != nil {
		return err
	}
	_, rpc, _ := strings.Cut(l.text, " answers at ")
	address, err := url.Parse(strings.TrimSpace(rpc))
	if err != nil {
		return fmt.Errorf("the chain's address: %w", err)
	}
	if _, err := chain.await(ctx, "its network file", func(s string) bool { return strings.HasPrefix(s, "next:") }); err != nil {
		return err
	}
	return t.links.expose(address.Host)
}

// commandOf is how a role is started, and the words that say it is ready.
func (t *town) commandOf(name, address string) (cmd *exec.Cmd, ready string) {
	listen := "/ip4/" + address + "/tcp/0"
	if name == string(coordinator) {
		return t.medhive("coordinator", "run", "--epoch", "2s", "--examine-every", "0", "--listen", listen), "next: medhive node run"
	}
	if clinic, standing := strings.CutSuffix(name, standingSuffix); standing {
		return t.medhive(t.reach("clinic", "run", "--compare=false", "--name", clinic, "--lease", lease.String(), "--listen", listen)...), " takes studies"
	}
	return t.medhive(t.reach("node", "run", "--name", name, "--probe-duration", "500ms", "--threads", "1",
		"--claim-every", "1h", "--verbose", "--listen", listen)...), " is bidding"
}

// standingSuffix marks the process of `clinic run` of the clinic of that name.
const standingSuffix = "-run"

// reach adds what a role has to be told when nobody reaches it.
func (t *town) reach(args ...string) []string {
	if t.apart {
		return append(args, "--behind-nat")
	}
	return args
}

// placeOf is where a role runs. All clinics share one place.
func (t *town) placeOf(name string) (place, error) {
	if strings.HasSuffix(name, standingSuffix) {
		name = string(clinic)
	}
	where, err := t.links.join(name)
	if err == nil && t.apart && name != string(coordinator) {
		err = t.links.isolate(name)
	}
	return where, err
}

// start starts a role, or starts it again, and returns when it says that it is ready.
func (t *town) start(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	where, err := t.placeOf(name)
	if err != nil {
		return err
	}
	cmd, words := t.commandOf(name, where.address())
	p, err := launch(where, name, t.home, cmd)
	if err != nil {
		return err
	}
	_, again := t.roles[name]
	t.roles[name] = p
	ready, err := p.await(ctx, "work", func(s string) bool { return strings.Contains(s, words) })
	if err != nil {
		return err
	}
	if again {
		t.starts = append(t.starts, ready.at.Sub(p.began))
		t.past = append(t.past, p)
	}
	if address := strings.Fields(ready.text); address[0] == "node" && len(address) > 1 {
		t.named[strings.ToLower(address[1])] = name
	}
	return nil
}

// firstBids are the times that nodes which were started again took to their first bid:
// from the first announcement after the start, or from the start itself if the node bid
// for one that was out already.
func (t *town) firstBids() (waits []time.Duration) {
	for _, p := range t.past {
		lines, _ := p.said(0)
		for _, l := range lines {
			if strings.Contains(l.text, `msg="job event"`) && strings.Contains(l.text, " kind=bid ") {
				waits = append(waits, l.at.Sub(askedSince(t.offers, p.began, l.at)))
				break
			}
		}
	}
	return waits
}

// askedSince is when a node that began to run then, and bid, could have bid first.
func askedSince(offers []time.Time, began, bid time.Time) time.Time {
	for _, o := range offers {
		if o.After(began) && o.Before(bid) {
			return o
		}
	}
	return began
}

// submit starts a clinic on a study. The same name again is the same clinic, and the
// same task.
func (t *town) submit(name, study string, more ...string) (*submission, error) {
	where, err := t.placeOf(string(clinic))
	if err != nil {
		return nil, err
	}
	s := &submission{folder: filepath.Join(t.home, "results", name)}
	args := t.reach("clinic", "submit", study, "--name", name, "--out", s.folder, "--lease", lease.String(),
		"--within", "5m", "--events", "--json", "--listen", "/ip4/"+where.address()+"/tcp/0")
	cmd := t.medhive(append(args, more...)...)
	cmd.Stdout = &s.printed
	s.process, err = launch(where, name, t.home, cmd)
	return s, err
}

// close kills every role and takes the network down.
func (t *town) close() error {
	for _, p := range t.roles {
		p.kill()
	}
	return t.links.close()
}

// study writes a study into the town's home and returns its path.
func (t *town) study(name string, data []byte) (string, error) {
	path := filepath.Join(t.home, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("write study: %w", err)
	}
	return path, nil
}
