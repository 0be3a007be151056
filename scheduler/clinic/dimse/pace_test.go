package dimse

import (
	"bytes"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestThePaceOfPeers: who sends an object byte by byte is let go of, however it keeps below
// the longest silence; who is slow, or silent between messages, is not.
func TestThePaceOfPeers(t *testing.T) {
	object := func(bytes int) wire { return wire{}.command(3, store).data(3, make([]byte, bytes)) }
	almost := defaultIdle - time.Second
	for _, c := range []struct {
		name   string
		parts  []wire
		pause  time.Duration // before each part
		stored int
		ended  bool // by us
	}{
		{"a byte a minute", slices.Collect(slices.Chunk(object(200), 1)), almost, 0, true},
		{"a kilobyte a minute", slices.Collect(slices.Chunk(object(40_000), 1<<10)), almost, 0, true},
		{"a slow line", slices.Collect(slices.Chunk(object(100_000), 1<<11)), time.Second, 1, false},
		{"many pauses between messages", []wire{wire{}.command(1, echo), wire{}.command(1, echo), object(100), wire{}.command(1, echo)}, almost, 1, false},
		{"a pause behind a slow message", []wire{object(100)[:50], object(100)[50:], wire{}.command(1, echo)}, almost / 2, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				received := &shelf{}
				s, err := newServer(Config{AETitle: "MEDHIVE", Receiver: received})
				if err != nil {
					t.Fatal(err)
				}
				s.waiting, s.greetings[loopback] = 1, 1
				ours, theirs := net.Pipe()
				var talking sync.WaitGroup
				talking.Go(func() { s.converse(t.Context(), ours, loopback) })
				var answers bytes.Buffer
				talking.Go(func() { _, _ = io.Copy(&answers, theirs) })
				_, err = theirs.Write(opened())
				for _, part := range c.parts {
					if err != nil {
						break
					}
					<-time.After(c.pause) // of virtual time
					_, err = theirs.Write(part)
				}
				if err == nil {
					_, err = theirs.Write(wire{}.release())
				}
				if err != nil != c.ended {
					t.Errorf("the peer's last write: %v", err)
				}
				talking.Wait()
				kinds, _, _ := said(t, answers.Bytes())
				if last := kinds[len(kinds)-1]; (last == pduAbort) != c.ended {
					t.Errorf("our last word is %02X", last)
				}
				if len(received.all()) != c.stored {
					t.Errorf("%d objects stored, want %d", len(received.all()), c.stored)
				}
			})
		})
	}
}

// TestTheEndIsToldOfWhateverWasBrought: also of an association whose only object was refused
// or cut off, and not of one that brought none.
func TestTheEndIsToldOfWhateverWasBrought(t *testing.T) {
	object := opened().command(3, store).data(3, []byte("an object "))
	for _, c := range []struct {
		name   string
		refuse error
		sent   wire
		told   int
	}{
		{"taken", nil, object.release(), 1},
		{"refused", ErrOutOfResources, object.release(), 1},
		{"cut off", nil, object[:len(object)-4], 1},
		{"nothing", nil, opened().command(1, echo).release(), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := 0
			talk(t, Config{
				Receiver:         &shelf{refuse: func(Incoming) error { return c.refuse }},
				AssociationEnded: func(uint64) { told++ },
			}, c.sent)
			if told != c.told {
				t.Errorf("told %d times, want %d", told, c.told)
			}
		})
	}
}
