package main

import (
	"errors"
	"os/exec"
)

// place is where one role runs.
type place interface {
	// address is the IPv4 address that the role listens on.
	address() string
	// start launches a command there; the returned function waits for its end.
	start(*exec.Cmd) (wait func(), err error)
}

// network connects the roles of one town.
type network interface {
	// join makes a place for a role; the same name is the same place again.
	join(name string) (place, error)
	// expose makes a TCP address of this machine's loopback reachable under the same
	// address in the loopback of every place that joins later.
	expose(address string) error
	// detach takes a place's link away: packets in both directions vanish. attach
	// brings it back.
	detach(name string) error
	attach(name string) error
	// reset ends all TCP connections between two places, as a reset from both ends.
	reset(name, other string) error
	// limit bounds what a place sends, in kbit/s; 0 lifts it.
	limit(name string, kbits int) error
	// lose drops this share of the packets that arrive at a place, in permille below
	// 1000; 0 stops.
	lose(name string, permille int) error
	// isolate lets a place reach only those places that are not isolated.
	isolate(name string) error
	// close removes every trace of the network.
	close() error
}

// errNoNamespaces is why a fault can't be made on a plain loopback.
var errNoNamespaces = errors.New("needs network namespaces: run as root, or with `unshare --user --map-root-user --net`, where ip, tc and ss (iproute2) are installed")

// loopback is the network of a machine that allows no namespaces: every role on
// 127.0.0.1, where nothing can be cut or slowed.
type loopback struct{}

func (loopback) join(string) (place, error) { return here{}, nil }
func (loopback) expose(string) error        { return nil }
func (loopback) detach(string) error        { return errNoNamespaces }
func (loopback) attach(string) error        { return errNoNamespaces }
func (loopback) reset(_, _ string) error    { return errNoNamespaces }
func (loopback) limit(string, int) error    { return errNoNamespaces }
func (loopback) lose(string, int) error     { return errNoNamespaces }
func (loopback) isolate(string) error       { return errNoNamespaces }
func (loopback) close() error               { return nil }

// here is this machine's loopback.
type here struct{}

func (here) address() string { return "127.0.0.1" }

func (here) start(cmd *exec.Cmd) (func(), error) { return startHere(cmd) }
