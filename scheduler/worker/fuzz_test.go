package worker_test

import (
	"context"
	"testing"

	"github.com/libp2p/go-libp2p/core/protocol"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// FuzzWhatAClinicSays lets a registered clinic ask for a bid and then say anything that is
// well signed: awards, offers, withdrawals and grants with fields of its choice. A job may
// run only for the award of the bid, and the node goes on answering.
func FuzzWhatAClinicSays(f *testing.F) {
	for step := range uint8(6) {
		f.Add(step, []byte{1}, uint64(1), int64(10_000), int64(0), uint64(price), []byte("DE"), true)
	}
	f.Add(uint8(0), []byte{}, uint64(1)<<63, int64(-1), int64(1)<<62, ^uint64(0), []byte{0xff}, false)
	f.Add(uint8(3), make([]byte, 64), uint64(0), int64(1)<<62, int64(-1)<<62, uint64(0), []byte("ZZ"), true)
	n, c := newNode(f, nil), newClinic(f)
	c.leave(true)
	round := 0
	f.Fuzz(func(t *testing.T, step uint8, bytes []byte, fence uint64, lease, deadline int64, gwei uint64, text []byte, own bool) {
		c.t, n.t = t, t
		round++
		x := c.newTask(t.Name()+string(rune(round)), scheduler.Routine)
		_ = c.ask(n, x, nil) // it may have reasons not to bid by now
		node, clinic := n.key.Address(), c.key.Address()
		pick := func(whole []byte) []byte { // what belongs there, or what the fuzzer wants
			if own {
				return whole
			}
			return bytes
		}
		id, m := protocol.ID(wire.AwardProtocol), proto.Message(nil)
		switch step % 6 {
		case 0:
			m = &wire.Award{Task: x.id[:], Fence: fence, Node: pick(node[:]), Clinic: pick(clinic[:]), Package: pick(packageID[:]), PriceGwei: gwei,
				LeaseMs: lease, DeadlineMs: deadline, PayloadCid: bytes, ResultKey: bytes, Commit: own}
		case 1:
			id, m = wire.AskProtocol, &wire.Offer{Task: pick(x.id[:]), Package: pick(packageID[:]), Clinic: pick(clinic[:]), Addresses: [][]byte{bytes},
				PayloadCid: bytes, PayloadBytes: lease, MemoryBytes: deadline, Class: uint32(fence), DeadlineMs: deadline, ExpiresMs: lease,
				Residency: []string{string(text)}, CeilingGwei: gwei, Threshold: gwei, Providers: []string{string(text)}}
		case 2:
			id, m = wire.CancelProtocol, &wire.Cancel{Task: pick(x.id[:]), Fence: fence, Node: pick(node[:]), Clinic: pick(clinic[:]), Reason: string(text)}
		case 3:
			m = &wire.Grant{Task: pick(x.id[:]), Fence: fence, Node: pick(node[:]), WrappedKey: bytes, Manifest: bytes}
		case 4:
			m = &wire.BidReply{Task: pick(x.id[:]), Won: own, Reason: string(text)}
		case 5:
			id, m = wire.CancelProtocol, &wire.Refusal{Task: bytes, Reason: string(text), Version: uint32(fence)}
		}
		ctx, cancel := context.WithTimeout(t.Context(), testLimit)
		defer cancel()
		s, err := wire.Dial(ctx, c.host, n.host.ID(), wire.HostAddresses(n.host), id, c.key, testLimit)
		if err != nil {
			t.Fatalf("the node does not listen any more: %v", err)
		}
		if s.Send(m) == nil && s.CloseWrite() == nil {
			_, _ = s.Next(wire.MaxControl) // an answer or the end of the stream
		}
		_ = s.Reset()
		if _, err := n.worker.Status(); err != nil {
			t.Fatal(err)
		}
		select {
		case job := <-n.executor.started:
			t.Fatalf("it runs %s, which nobody could have granted", job.Task.Short())
		default:
		}
	})
}
