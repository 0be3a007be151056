package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/fetch"
	"github.com/medhive/medhive/models/store"
)

// modelProtocol asks a peer for one file of one package. The answer is a frame that says
// whether it comes, then the file's bytes until the stream ends.
const modelProtocol = "/medhive/model/1"

const (
	maxModelRequest = 1 << 10
	maxModelAnswer  = 1 << 10
	modelHandshake  = 10 * time.Second // for request and answer
	modelPieceBytes = 1 << 20
	modelPieceLimit = 10 * time.Second // for each piece of a file: who takes less than 100 kB/s is cut and asks for the rest

	// Files that are sent at a time, in all and to one address; others are told to wait.
	// Addresses are counted and not keys: whoever fetches makes a key for each call.
	maxModelStreams     = 8
	maxModelStreamsEach = 2
)

type modelRequest struct {
	Package models.Digest `json:"package"`
	File    string        `json:"file"`
	Offset  int64         `json:"offset"`
}

type modelAnswer struct {
	Error   string `json:"error,omitempty"`
	Missing bool   `json:"missing,omitempty"` // the package has no such file
}

// modelPlaces counts the files that are being sent.
type modelPlaces struct {
	mu    sync.Mutex // guards what follows
	total int
	each  map[string]int // by origin
}

// take reports whether there is a place for the origin; if so, leave gives it back.
func (p *modelPlaces) take(origin string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total >= maxModelStreams || p.each[origin] >= maxModelStreamsEach {
		return false
	}
	if p.each == nil {
		p.each = map[string]int{}
	}
	p.total++
	p.each[origin]++
	return true
}

func (p *modelPlaces) leave(origin string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total--
	if p.each[origin]--; p.each[origin] == 0 {
		delete(p.each, origin)
	}
}

// modelOrigin is what counts as one asker: an IPv4 address, or the 64 bits of an IPv6
// address that a line has for itself.
func modelOrigin(remote ma.Multiaddr) string {
	const lineBits = 64
	ip, err := manet.ToIP(remote)
	if err != nil {
		return "" // all others are one
	}
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return ""
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	line, err := addr.Prefix(lineBits)
	if err != nil {
		return ""
	}
	return line.String()
}

// serveModels gives the store's packages to whoever knows their digest, until the host
// is closed: only signed ones, whose publisher answers for them.
func serveModels(h host.Host, packages *store.Store) {
	var places modelPlaces
	h.SetStreamHandler(modelProtocol, func(s network.Stream) {
		defer s.Close()
		if err := s.SetDeadline(time.Now().Add(modelHandshake)); err != nil {
			return
		}
		origin := modelOrigin(s.Conn().RemoteMultiaddr())
		if !places.take(origin) {
			_ = answerModel(s, modelAnswer{Error: "busy; ask again later"})
			return
		}
		defer places.leave(origin)
		body, answer := openModel(s, packages)
		if body != nil {
			defer body.Close()
		}
		err := answerModel(s, answer)
		if err == nil && body != nil {
			err = sendModel(s, body, modelPieceLimit)
		}
		if err != nil {
			_ = s.Reset() // the asker sees that the file is not whole
		}
	})
}

func answerModel(s network.Stream, a modelAnswer) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return attest.WriteFrame(s, data)
}

// openModel reads a request and opens what it asks for.
func openModel(s network.Stream, packages *store.Store) (io.ReadCloser, modelAnswer) {
	var request modelRequest
	data, err := attest.ReadFrame(s, maxModelRequest)
	if err == nil {
		err = json.Unmarshal(data, &request)
	}
	if err != nil || request.Offset < 0 {
		return nil, modelAnswer{Error: "the request can't be read"}
	}
	if strings.HasPrefix(request.File, ".") {
		return nil, modelAnswer{Missing: true} // the store's own
	}
	fact, folder, err := packages.Lookup(request.Package)
	if err != nil || fact.Publisher == "" {
		return nil, modelAnswer{Error: "no signed package of that digest is here"}
	}
	body, _, err := fetch.Folder(folder).Open(context.Background(), request.File, request.Offset)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, modelAnswer{Missing: true}
	}
	if err != nil {
		return nil, modelAnswer{Error: "the file can't be read"}
	}
	return body, modelAnswer{}
}

// sendModel copies the file; a peer that takes less than a piece within the limit loses
// the stream.
func sendModel(s interface {
	io.Writer
	SetDeadline(time.Time) error
}, body io.Reader, limit time.Duration) error {
	for {
		if err := s.SetDeadline(time.Now().Add(limit)); err != nil {
			return err
		}
		switch _, err := io.CopyN(s, body, modelPieceBytes); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// modelPeer is a peer as a source of one package.
type modelPeer struct {
	host   host.Host
	peer   peer.ID
	digest models.Digest
}

// dialModels connects to the peer of a reference: a multiaddress with /p2p/ and, after a
// slash, the package's digest. Its host has a key of its own, for this call only.
func dialModels(ctx context.Context, ref string) (*modelPeer, error) {
	at := strings.LastIndexByte(ref, '/')
	digest, digestErr := models.ParseDigest(ref[at+1:])
	info, err := peer.AddrInfoFromString(ref[:max(at, 0)])
	if err != nil || digestErr != nil {
		return nil, fmt.Errorf("%.300s is no reference to a peer's package; write peer:/ip4/ADDRESS/tcp/PORT/p2p/PEER/sha256:DIGEST", peerPrefix+ref)
	}
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dial a peer for models: %w", err)
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.NoListenAddrs)
	if err != nil {
		return nil, fmt.Errorf("dial a peer for models: %w", err)
	}
	if err := h.Connect(ctx, *info); err != nil {
		return nil, errors.Join(fmt.Errorf("reach peer %s: %w; check that its node runs and listens there", info.ID, err), h.Close())
	}
	return &modelPeer{h, info.ID, digest}, nil
}

// Open implements fetch.Source.
func (p *modelPeer) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, int64, error) {
	s, err := p.host.NewStream(ctx, p.peer, modelProtocol)
	if err != nil {
		return nil, 0, fmt.Errorf("ask peer %s: %w; it may not share models", p.peer, err)
	}
	answer, err := p.ask(s, modelRequest{p.digest, name, offset})
	switch {
	case err != nil:
		return nil, 0, errors.Join(fmt.Errorf("ask peer %s: %w", p.peer, err), s.Reset())
	case answer.Missing:
		return nil, 0, errors.Join(fs.ErrNotExist, s.Reset())
	case answer.Error != "":
		return nil, 0, errors.Join(fmt.Errorf("peer %s says %.200q", p.peer, answer.Error), s.Reset())
	}
	return s, offset, nil
}

func (p *modelPeer) ask(s network.Stream, request modelRequest) (a modelAnswer, err error) {
	if err := s.SetDeadline(time.Now().Add(modelHandshake)); err != nil {
		return a, err
	}
	data, err := json.Marshal(request)
	if err != nil {
		return a, err
	}
	if err := attest.WriteFrame(s, data); err != nil {
		return a, err
	}
	if err := s.CloseWrite(); err != nil {
		return a, err
	}
	if data, err = attest.ReadFrame(s, maxModelAnswer); err != nil {
		return a, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, err
	}
	return a, s.SetDeadline(time.Time{}) // fetch ends a stream that brings nothing
}

// Close lets go of the peer.
func (p *modelPeer) Close() { _ = p.host.Close() }
