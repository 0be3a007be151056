package intake

import (
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
)

// TestSlowStreamsShutNobodyOut: a peer that opens every stream that it can and says nothing
// is turned away beyond a few; the few hold no slot, and others are served beside them.
func TestSlowStreamsShutNobodyOut(t *testing.T) {
	d := openDoor(t, Options{Streams: 2})
	mallory := newHost(t)
	must(t, mallory.Connect(t.Context(), peer.AddrInfo{ID: d.coordinator, Addrs: d.peer.Peerstore().Addrs(d.coordinator)}))
	var slow []network.Stream
	for range 4 * maxOfPeer {
		stream, err := mallory.NewStream(t.Context(), d.coordinator, ManyProtocol)
		must(t, err)
		_, _ = stream.Write([]byte{0, 0}) // of one that is turned away it fails
		slow = append(slow, stream)
	}
	turned := 0
	for _, stream := range slow[maxOfPeer:] {
		if _, err := attest.ReadFrame(stream, maxReply); err != nil {
			turned++
		}
	}
	if turned != 3*maxOfPeer {
		t.Errorf("%d streams are turned away, want %d", turned, 3*maxOfPeer)
	}
	for n := range 5 {
		must(t, d.receipt(t, receipt(t, fmt.Sprint("scan ", n), "node", "clinic", 1, "")))
	}
	s := receipt(t, "scan 5", "node", "clinic", 1, "")
	must(t, SubmitAll(t.Context(), d.peer, d.coordinator, []Statement{{Receipt: &s}})[0])
}

// TestTheLongestSilentMakesRoom: where a thousand peers hold all places, a new one gets the
// place of the one that was silent for longest; who spoke keeps its own.
func TestTheLongestSilentMakesRoom(t *testing.T) {
	d := newDoors()
	var shown []string
	enter := func(name string) *guest {
		t.Helper()
		in, ok := d.enter(peer.ID(name), func() { shown = append(shown, name) })
		if !ok {
			t.Fatalf("%s is turned away", name)
		}
		return in
	}
	talker, silent := enter("talker"), enter("silent")
	for n := range maxStreams - 2 {
		enter(fmt.Sprint("crowd ", n))
	}
	d.heard(talker)
	enter("new")
	if len(shown) != 1 || shown[0] != "silent" {
		t.Fatalf("%v made room, want the silent one", shown)
	}
	d.leave(silent)
	d.heard(silent) // its goroutine is not told yet
	d.leave(talker)
	d.leave(talker)
	if d.quiet.Len() != maxStreams-1 || d.of["silent"]+d.of["talker"] != 0 {
		t.Errorf("%d places are taken, of those that left %d and %d", d.quiet.Len(), d.of["silent"], d.of["talker"])
	}
	for range maxOfPeer {
		enter("eager")
	}
	if _, ok := d.enter("eager", func() {}); ok {
		t.Error("one peer holds more than its places")
	}
}
