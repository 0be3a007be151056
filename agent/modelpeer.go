package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

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
	modelWriteLimit = time.Minute      // for each piece of a file
	modelPieceBytes = 1 << 20
	maxModelStreams = 4 // files that a peer sends at a time; others are told to wait
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

// serveModels gives the store's packages to whoever knows their digest, until the host
// is closed: only signed ones, whose publisher answers for them.
func serveModels(h host.Host, packages *store.Store) {
	places := make(chan struct{}, maxModelStreams)
	h.SetStreamHandler(modelProtocol, func(s network.Stream) {
		defer s.Close()
		if err := s.SetDeadline(time.Now().Add(modelHandshake)); err != nil {
			return
		}
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			_ = answerModel(s, modelAnswer{Error: "busy; ask again later"})
			return
		}
		body, answer := openModel(s, packages)
		if body != nil {
			defer body.Close()
		}
		err := answerModel(s, answer)
		if err == nil && body != nil {
			err = sendModel(s, body)
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
	records, err := packages.List()
	if err != nil {
		return nil, modelAnswer{Error: "the store can't be read; ask again later"}
	}
	for _, r := range records {
		if r.Digest != request.Package || r.Publisher == "" {
			continue
		}
		body, _, err := fetch.Folder(r.Folder).Open(context.Background(), request.File, request.Offset)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, modelAnswer{Missing: true}
		}
		if err != nil {
			return nil, modelAnswer{Error: "the file can't be read"}
		}
		return body, modelAnswer{}
	}
	return nil, modelAnswer{Error: "no signed package of that digest is here"}
}

// sendModel copies the file; a peer that takes nothing for a while loses the stream.
func sendModel(s network.Stream, body io.Reader) error {
	for {
		if err := s.SetDeadline(time.Now().Add(modelWriteLimit)); err != nil {
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
