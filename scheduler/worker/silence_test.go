package worker_test

import (
	"io"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// silent opens a stream to a node and says nothing; nil where the node turns it away.
func (c *clinic) silent(n *node) network.Stream {
	c.t.Helper()
	s, err := wire.Dial(c.t.Context(), c.host, n.host.ID(), wire.HostAddresses(n.host), wire.AskProtocol, c.key, testLimit)
	if err == nil {
		_, err = s.Write([]byte{1}) // of a message's length: the stream is opened with its first byte
	}
	if err != nil {
		return nil
	}
	return s.Stream
}

// Strangers that open streams and say nothing do not keep out the award of a clinic whose
// bid has a place here; and they are shown the door before it would be.
func TestSilentStrangersDoNotShutTheDoor(t *testing.T) {
	t.Parallel()
	c, n, first := newClinic(t), newNode(t, nil), newClinic(t)
	x := c.newTask("expected", scheduler.Routine)
	must(t, c.ask(n, x, nil))
	expected, stranger := c.silent(n), first.silent(n)
	if expected == nil || stranger == nil {
		t.Fatal("an empty node turns its first visitors away")
	}
	flood := []*clinic{newClinic(t), newClinic(t), newClinic(t)}
	for _, other := range flood {
		for range 32 {
			other.silent(n)
		}
	}
	must(t, c.award(n, x))
	c.awaitResult(x)
	shown := make(chan string, 2)
	watch := func(s network.Stream, who string) {
		_, _ = io.ReadAll(s) // until the node resets it
		shown <- who
	}
	go watch(expected, "the clinic")
	go watch(stranger, "the stranger")
	if who := <-shown; who != "the stranger" {
		t.Errorf("%s is shown the door first", who)
	}
}
