package worker

import (
	"context"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler/wire"
)

// handlers are the dialogues that clinics begin.
func (w *Worker) handlers() map[protocol.ID]func(context.Context, *wire.Stream) error {
	return map[protocol.ID]func(context.Context, *wire.Stream) error{
		wire.AskProtocol: w.takeAsk, wire.AwardProtocol: w.takeAward, wire.CancelProtocol: w.takeCancel,
	}
}

// serve answers clinics until unserve.
func (w *Worker) serve(ctx context.Context) {
	for id, handle := range w.handlers() {
		w.Host.SetStreamHandler(id, func(raw network.Stream) { w.dialogue(ctx, raw, handle) })
	}
}

func (w *Worker) unserve() {
	for id := range w.handlers() {
		w.Host.RemoveStreamHandler(id)
	}
}

// dialogue answers one stream, unless there are too many or the node is shutting down.
func (w *Worker) dialogue(ctx context.Context, raw network.Stream, handle func(context.Context, *wire.Stream) error) {
	v, ok := w.admit(raw.Conn().RemotePeer(), raw.Conn().RemoteMultiaddr())
	if !ok {
		_ = raw.Reset()
		return
	}
	defer w.dismiss(v)
	defer context.AfterFunc(ctx, func() { _ = raw.Reset() })() // no peer keeps Run waiting
	patience := replyTimeout
	if !v.expected {
		patience = firstWord
	}
	s, err := wire.Inbound(raw, w.Key, patience)
	if err == nil {
		err = handle(ctx, s)
	}
	if err != nil {
		w.Log.Debug("dialogue not finished", "protocol", string(raw.Protocol()), "peer", v.from.String(), "reason", err)
		_ = raw.Reset()
		return
	}
	_ = raw.Close()
}

// admit counts a stream in, or refuses it before a byte of it is read.
func (w *Worker) admit(from peer.ID, remote multiaddr.Multiaddr) (v visit, ok bool) {
	clinic, err := identity.AddressOf(from)
	if err != nil {
		return v, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v = visit{from: from, origin: origin(remote), expected: w.expects(clinic)}
	if w.closing || !w.talks.enter(v) {
		return v, false
	}
	w.running.Add(1)
	return v, true
}

func (w *Worker) dismiss(v visit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.talks.leave(v)
	w.running.Done()
}
