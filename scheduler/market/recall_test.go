package market

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// TestLateClinicHearsWhatWasSaid: a clinic that starts after a node has spoken, and is not
// connected to it, knows it at once, from a relay.
func TestLateClinicHearsWhatWasSaid(t *testing.T) {
	node, relay, clinic := newMember(t, Options{}), newMember(t, Options{}), newMember(t, Options{})
	must(t, relay.market.Relay([]string{"AT", "DE"}))
	connect(t, node, relay)
	spoken := noticeOf(node.key, time.Now())
	must(t, node.market.Announce(t.Context(), spoken, node.key))
	await(t, "the relay has heard it", func() bool { return relay.market.Stats().Notices.Accepted == 1 })
	must(t, node.host.Close())
	connect(t, clinic, relay)
	elsewhere, err := clinic.market.Notices(t.Context(), []string{"AT"})
	must(t, err)
	heard, err := clinic.market.Notices(t.Context(), []string{"AT", "DE"})
	must(t, err)
	got := next(t, heard)
	if got.Notice.Node != node.key.Address() || got.Node != node.host.ID() || got.Notice.Issued.UnixMilli() != spoken.Issued.UnixMilli() {
		t.Errorf("the clinic knows %+v", got)
	}
	if s := clinic.market.Stats().Notices; s.Recalled != 1 || s.Accepted != 0 {
		t.Errorf("counted as %+v", s)
	}
	select {
	case got := <-elsewhere:
		t.Errorf("who asks for AT hears of %s", got.Notice.Jurisdiction)
	default:
	}
}

// TestRecallFromALiar: defence: a remembered notice is proven by its node's signature, and
// the first lie ends the answer.
func TestRecallFromALiar(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	honest, silent := newKey(t), newKey(t)
	notice := func(change func(*wire.Notice), reseal func(*wire.Envelope)) []byte {
		return encoded(t, honest, wire.NewNotice(noticeOf(honest, now.Now())), change, reseal)
	}
	framed := func(messages ...[]byte) (answer []byte) {
		for _, m := range messages {
			answer = append(binary.AppendUvarint(answer, uint64(len(m))), m...)
		}
		return answer
	}
	good, other := notice(nil, nil), newKey(t)
	after := encoded(t, other, wire.NewNotice(noticeOf(other, now.Now())), nil, nil)
	for name, c := range map[string]struct {
		answer []byte
		count  int
		want   error
	}{
		"the truth":              {framed(good, after), 2, nil},
		"nothing":                {nil, 0, nil},
		"the same twice":         {framed(good, good, after), 2, nil},
		"what has expired":       {framed(notice(func(n *wire.Notice) { n.IssuedMs, n.ExpiresMs = 1, 2 }, nil), after), 1, nil},
		"who is not listed":      {framed(encoded(t, silent, wire.NewNotice(noticeOf(silent, now.Now())), nil, nil), after), 1, nil},
		"of a later version":     {framed(notice(nil, func(e *wire.Envelope) { e.Version = 2 }), after), 1, nil},
		"forged":                 {framed(notice(nil, func(e *wire.Envelope) { e.Signature[9] ^= 1 }), after), 0, ErrRejectSignature},
		"in another's name":      {framed(notice(func(n *wire.Notice) { a := other.Address(); n.Node = a[:] }, nil), after), 0, ErrRejectAuthor},
		"of another region":      {framed(notice(func(n *wire.Notice) { n.Jurisdiction = "FR" }, nil), after), 0, ErrRejectRegion},
		"of no tier":             {framed(notice(func(n *wire.Notice) { n.Tier = 5 }, nil), after), 0, ErrRejectSchema},
		"a bid":                  {framed(encoded(t, honest, wire.NewBid(scheduler.Bid{}), nil, nil), after), 0, ErrRejectSchema},
		"an endless one":         {binary.AppendUvarint(nil, 1<<62), 0, ErrRejectSize},
		"a length without end":   {bytes.Repeat([]byte{0xff}, 11), 0, nil},
		"cut off":                {framed(good, after)[:len(good)+20], 1, io.ErrUnexpectedEOF},
		"a good one and a lie":   {framed(good, []byte("noise"), after), 1, ErrRejectSchema},
		"more than anyone needs": {bytes.Repeat(framed(good), maxRecalled+10), 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			liar := newMember(t, Options{})
			liar.host.SetStreamHandler(RecallProtocol, func(raw network.Stream) {
				_, _ = raw.Write(c.answer)
				_ = raw.Close()
			})
			clinic := newMember(t, Options{Clock: now, AllowNode: func(a common.Address) bool { return a != silent.Address() }})
			connect(t, clinic, liar)
			handed := 0
			count, err := clinic.market.recallFrom(t.Context(), liar.host.ID(), []string{"DE"}, func(ReceivedNotice) { handed++ })
			if count != c.count || handed != count {
				t.Errorf("%d notices were taken and %d handed on, want %d", count, handed, c.count)
			}
			if c.want != nil && !errors.Is(err, c.want) || name == "the truth" && err != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestRecallIsBounded: defence: a rate for each asking peer, and a question that is
// checked before it is read.
func TestRecallIsBounded(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	relay, clinic := newMember(t, Options{Clock: now}), newMember(t, Options{})
	connect(t, clinic, relay)
	ask := func(question ...byte) error {
		ctx, cancel := context.WithTimeout(t.Context(), testLimit)
		defer cancel()
		raw, err := clinic.host.NewStream(ctx, relay.host.ID(), RecallProtocol)
		must(t, err)
		defer raw.Reset()
		_, _ = raw.Write(question) // a stream that is cut off may be so before or after
		_, err = io.ReadAll(raw)
		return err
	}
	for name, question := range map[string][]byte{
		"no code": {1, 'd', 'e'}, "too many": {255}, "none": {0},
	} {
		if err := ask(question...); (err == nil) != (name == "none") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if ask(1, 'D', 'E') == nil { // the burst was three
		t.Error("a fourth question at once is answered")
	}
	now.advance(10 * time.Second)
	must(t, ask(1, 'D', 'E'))
	now.advance(time.Hour)
	for range recallAtOnce { // as many are being answered
		relay.market.answering.enter("")
	}
	if ask(1, 'D', 'E') == nil {
		t.Error("any number of peers are answered at once")
	}
	relay.market.answering.leave("")
	must(t, ask(1, 'D', 'E'))
	crowd := answering{of: map[string]int{}}
	for range recallFromSubnet {
		crowd.enter("192.0.2.0/24")
	}
	if crowd.enter("192.0.2.0/24") || !crowd.enter("198.51.100.0/24") {
		t.Error("one subnet takes what is for all")
	}
	crowd.leave("192.0.2.0/24")
	if !crowd.enter("192.0.2.0/24") {
		t.Error("who has left is still counted")
	}
}

// TestRecallPutsAnswersTogether: defence: what one member does not know, or keeps back,
// another tells.
func TestRecallPutsAnswersTogether(t *testing.T) {
	clinic := newMember(t, Options{})
	want := map[common.Address]bool{}
	for range recalledPeers {
		relay, node := newMember(t, Options{}), newKey(t)
		must(t, relay.market.Relay([]string{"DE"}))
		connect(t, clinic, relay)
		said := encoded(t, node, wire.NewNotice(noticeOf(node, time.Now())), nil, nil)
		relay.host.SetStreamHandler(RecallProtocol, func(raw network.Stream) {
			_, _ = raw.Write(append(binary.AppendUvarint(nil, uint64(len(said))), said...))
			_ = raw.Close()
		})
		want[node.Address()] = true
	}
	silent := newMember(t, Options{}) // fails, and another is asked in its place
	must(t, silent.market.Relay([]string{"DE"}))
	silent.host.RemoveStreamHandler(RecallProtocol)
	connect(t, clinic, silent)
	topic, err := clinic.market.noticeTopic("DE", true)
	must(t, err)
	await(t, "all are members", func() bool { return len(topic.ListPeers()) == recalledPeers+1 })
	heard, err := clinic.market.Notices(t.Context(), []string{"DE"})
	must(t, err)
	for range recalledPeers {
		delete(want, next(t, heard).Notice.Node)
	}
	if len(want) > 0 {
		t.Errorf("not heard of: %v", want)
	}
}

// TestSlowReadersDontKeepOthersFromTheirAnswer: defence: who stops reading is let go.
func TestSlowReadersDontKeepOthersFromTheirAnswer(t *testing.T) {
	relay, clinic := newMember(t, Options{}), newMember(t, Options{})
	connect(t, clinic, relay)
	now := time.Now()
	for n := range maxRecalled { // more than fits on the way
		relay.market.newest.note(common.Address{byte(n >> 8), byte(n), 1}, said{now, now.Add(time.Hour), "DE", make([]byte, 500)}, now)
	}
	ask := func(from member) network.Stream {
		raw, err := from.host.NewStream(t.Context(), relay.host.ID(), RecallProtocol)
		must(t, err)
		_, err = raw.Write([]byte{1, 'D', 'E'})
		must(t, err)
		return raw
	}
	begun := time.Now()
	for range 5 {
		slow := newMember(t, Options{})
		connect(t, slow, relay)
		defer ask(slow).Reset()
	}
	busy := func() int {
		relay.market.answering.mu.Lock()
		defer relay.market.answering.mu.Unlock()
		return relay.market.answering.all
	}
	answer, err := io.ReadAll(ask(clinic))
	if err != nil || len(answer) < maxRecalled*500 {
		t.Errorf("who reads has %d bytes of the answer, %v", len(answer), err)
	}
	await(t, "the slow ones are let go", func() bool { return busy() == 0 })
	if took := time.Since(begun); took >= recallLimit {
		t.Errorf("readers that had stopped kept their places for %v, want about %v", took, recallStall)
	}
}

func FuzzRecallQuestion(f *testing.F) {
	f.Add([]byte{1, 'D', 'E'})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, question []byte) {
		regions, err := readRegions(bytes.NewReader(question))
		if err != nil {
			return
		}
		if len(regions) != int(question[0]) || len(regions) > MaxRegions {
			t.Fatalf("%d regions of %d", len(regions), question[0])
		}
	})
}
