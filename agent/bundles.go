package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// bundleProtocol hands out published epochs: one frame with the request, one with the head,
// then the bundle's bytes. Anybody may ask: the data set is public.
const bundleProtocol = "/medhive/epoch/1"

const (
	maxBundleRequest = 1 << 10
	maxBundleHead    = 4 << 10
	bundlePatience   = 30 * time.Second // for the head, and for each read
	bundleSlowest    = 256 << 10        // bytes a second that an asker must take on the whole
	bundleSenders    = 4                // at the same time; others are told to come back
	bundleReserved   = 1                // more, for the network's co-signers: without them no root is posted
	bundleHeads      = 8                // heads at the same time: they are a few bytes
	bundleTurn       = 10 * time.Second // that a peer's request waits for the end of its one before
)

type bundleRequest struct {
	Epoch    uint64 `json:"epoch"`               // 0: the newest
	HeadOnly bool   `json:"head_only,omitempty"` // the bytes are not wanted
}

type bundleHead struct {
	Epoch       uint64      `json:"epoch,omitempty"`
	Root        common.Hash `json:"root,omitzero"`
	DatasetHash common.Hash `json:"dataset_hash,omitzero"` // the bundle's address
	Bytes       int64       `json:"bytes,omitempty"`
	Error       string      `json:"error,omitempty"`
}

// serveBundles answers from the archive. Peers that trusted names are never kept out by
// others.
func serveBundles(h host.Host, archive epoch.Archive, trusted func(peer.ID) bool, log *slog.Logger) {
	serving := bundleServer{archive: archive, places: newBundlePlaces(trusted)}
	h.SetStreamHandler(bundleProtocol, func(s network.Stream) {
		if err := serving.answer(s); err != nil {
			log.Debug("bundle not sent", "peer", s.Conn().RemotePeer(), "error", err)
			_ = s.Reset()
			return
		}
		_ = s.Close()
	})
}

// bundlePlaces say who is served at the same time. A peer has one place; what it asks for
// meanwhile waits for its turn.
type bundlePlaces struct {
	heads, bundles, reserved chan struct{}
	trusted                  func(peer.ID) bool

	mu     sync.Mutex                // guards served
	served map[peer.ID]chan struct{} // closed when the peer's place is free again
}

func newBundlePlaces(trusted func(peer.ID) bool) *bundlePlaces {
	return &bundlePlaces{
		heads: make(chan struct{}, bundleHeads), bundles: make(chan struct{}, bundleSenders), reserved: make(chan struct{}, bundleReserved),
		trusted: trusted, served: map[peer.ID]chan struct{}{},
	}
}

// begin takes a place, or says that there is none; end gives it back.
func (p *bundlePlaces) begin(id peer.ID, headOnly bool) (end func(), ok bool) {
	if headOnly {
		return take(p.heads)
	}
	turn, ok := p.turn(id)
	if !ok {
		return nil, false
	}
	place, ok := take(p.bundles)
	if !ok && p.trusted(id) {
		place, ok = take(p.reserved)
	}
	if !ok {
		turn()
		return nil, false
	}
	return func() { place(); turn() }, true
}

// take is one of the places of a kind, if one is free.
func take(places chan struct{}) (end func(), ok bool) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, true
	default:
		return nil, false
	}
}

// turn waits until the peer has nothing else under way: who reads one bundle to its end and
// asks for the next is sooner than the end of the first answer here.
func (p *bundlePlaces) turn(id peer.ID) (end func(), ok bool) {
	late := time.NewTimer(bundleTurn)
	defer late.Stop()
	for {
		p.mu.Lock()
		busy, there := p.served[id]
		if !there {
			mine := make(chan struct{})
			p.served[id] = mine
			p.mu.Unlock()
			return func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				delete(p.served, id)
				close(mine)
			}, true
		}
		p.mu.Unlock()
		select {
		case <-busy:
		case <-late.C:
			return nil, false
		}
	}
}

// bundleServer hands out an archive's epochs.
type bundleServer struct {
	archive    epoch.Archive
	places     *bundlePlaces
	completing sync.Mutex // one epoch of an earlier version at a time
}

// answer reads the request and only then takes a place: who asks for nothing has none.
func (b *bundleServer) answer(s network.Stream) error {
	if err := s.SetDeadline(time.Now().Add(bundlePatience)); err != nil {
		return err
	}
	data, err := attest.ReadFrame(s, maxBundleRequest)
	if err != nil {
		return err
	}
	var request bundleRequest
	if err := json.Unmarshal(data, &request); err != nil {
		return writeHead(s, bundleHead{Error: "the request is no JSON of this version"})
	}
	end, ok := b.places.begin(s.Conn().RemotePeer(), request.HeadOnly)
	if !ok {
		return writeHead(s, bundleHead{Error: "all places are taken; ask again in a minute"})
	}
	defer end()
	return b.send(s, request)
}

func (b *bundleServer) complete(number uint64) error {
	b.completing.Lock()
	defer b.completing.Unlock()
	return b.archive.Complete(number)
}

func writeHead(s network.Stream, head bundleHead) error {
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	return attest.WriteFrame(s, data)
}

// send answers one request. An asker that is slow must not hold a place for ever.
func (b *bundleServer) send(s network.Stream, request bundleRequest) error {
	if err := s.SetDeadline(time.Now().Add(bundlePatience)); err != nil {
		return err
	}
	if request.Epoch == 0 {
		numbers, err := b.archive.Numbers()
		if err != nil {
			return err
		}
		if len(numbers) == 0 {
			return writeHead(s, bundleHead{Error: "no epoch is published here yet"})
		}
		request.Epoch = numbers[len(numbers)-1]
	}
	if err := b.complete(request.Epoch); errors.Is(err, fs.ErrNotExist) {
		return writeHead(s, bundleHead{Error: fmt.Sprintf("epoch %d is not published here", request.Epoch)})
	} else if err != nil {
		return err
	}
	root, dataset, err := b.archive.Roots(request.Epoch)
	if err != nil {
		return err
	}
	file, size, err := b.archive.OpenBundle(request.Epoch)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := writeHead(s, bundleHead{Epoch: request.Epoch, Root: root, DatasetHash: dataset, Bytes: size}); err != nil || request.HeadOnly {
		return err
	}
	if err := s.SetDeadline(time.Now().Add(bundlePatience + time.Duration(size/bundleSlowest)*time.Second)); err != nil {
		return err
	}
	_, err = io.Copy(s, file)
	return err
}

// askBundle asks a coordinator for an epoch. The head is its word alone; what follows is
// its bundle, to be read to the end and closed.
func askBundle(ctx context.Context, h host.Host, from peer.ID, request bundleRequest) (bundleHead, io.ReadCloser, error) {
	var head bundleHead
	s, err := h.NewStream(ctx, from, bundleProtocol)
	if err != nil {
		return head, nil, fmt.Errorf("ask for the epoch: %w", err)
	}
	body := &patient{s, context.AfterFunc(ctx, func() { _ = s.Reset() })}
	if err := body.ask(request, &head); err != nil {
		_ = body.Close()
		return head, nil, errors.Join(fmt.Errorf("ask for the epoch: %w", err), ctx.Err())
	}
	switch {
	case head.Error != "":
		err = fmt.Errorf("the coordinator does not hand the epoch out: %.200q", head.Error)
	case head.Epoch == 0 || request.Epoch != 0 && head.Epoch != request.Epoch:
		err = fmt.Errorf("the coordinator answered with epoch %d; ask another one", head.Epoch)
	case head.Bytes <= 0 || head.Bytes > epoch.MaxBundleBytes:
		err = fmt.Errorf("the coordinator announces a bundle of %d bytes, the limit is %d; ask another one", head.Bytes, int64(epoch.MaxBundleBytes))
	}
	if err != nil {
		_ = body.Close()
		return head, nil, err
	}
	return head, struct {
		io.Reader
		io.Closer
	}{io.LimitReader(body, head.Bytes), body}, nil
}

// patient is a stream whose reads each may take bundlePatience.
type patient struct {
	network.Stream
	release func() bool
}

func (p *patient) ask(request bundleRequest, head *bundleHead) error {
	if err := p.SetDeadline(time.Now().Add(bundlePatience)); err != nil {
		return err
	}
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := attest.WriteFrame(p.Stream, data); err != nil {
		return err
	}
	if err := p.CloseWrite(); err != nil {
		return err
	}
	if data, err = attest.ReadFrame(p.Stream, maxBundleHead); err != nil {
		return err
	}
	return json.Unmarshal(data, head)
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(bundlePatience)); err != nil {
		return 0, err
	}
	return p.Stream.Read(b)
}

// Close ends the stream, also where not all of it was read.
func (p *patient) Close() error {
	p.release()
	return p.Reset()
}
