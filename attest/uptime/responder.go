package uptime

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// Sequence counts a key's uptime statements. Next is durable before it returns:
// a number is never given twice, whatever happens to the process.
type Sequence interface{ Next() (uint64, error) }

const bucketSequence = "uptime.sequence"

// BoltSequence is a Sequence in a bbolt file.
type BoltSequence struct{ db *bbolt.DB }

// NewBoltSequence prepares its bucket in db, which the caller opens and closes.
func NewBoltSequence(db *bbolt.DB) (*BoltSequence, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists([]byte(bucketSequence))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open uptime sequence: %w; check the disk and the file's rights", err)
	}
	return &BoltSequence{db}, nil
}

// Next is one more than ever before, from 1.
func (s *BoltSequence) Next() (next uint64, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		next, err = tx.Bucket([]byte(bucketSequence)).NextSequence()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("next uptime sequence: %w", err)
	}
	return next, nil
}

// ResponderOptions are what a node answers with. All but Now and Log are needed.
type ResponderOptions struct {
	Key      *ecdsa.PrivateKey
	Domain   attest.Domain
	Sequence Sequence
	Load     func() uint32        // permille, 0 idle to 1000 full; more is cut
	Profile  func() models.Digest // of the hardware profile that the node stands by
	Allow    func(peer.ID) bool   // who may ask: the coordinators
	Now      func() time.Time
	Log      *slog.Logger
}

// The bounds of a responder: an answer takes milliseconds, and one coordinator
// asks one thing at a time.
const (
	answerTimeout = 10 * time.Second
	maxAnswering  = 8
)

// Responder answers challenges for one node.
type Responder struct {
	opts  ResponderOptions
	slots chan struct{}

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	mu   sync.Mutex // guards host, and that no stream is begun after stop
	host host.Host
	wg   sync.WaitGroup
}

// NewResponder checks that nothing is missing. Start lets it answer.
func NewResponder(opts ResponderOptions) (*Responder, error) {
	if opts.Key == nil || opts.Sequence == nil || opts.Load == nil || opts.Profile == nil || opts.Allow == nil {
		return nil, errors.New("uptime responder: key, sequence, load, profile and allow must all be set")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Responder{opts: opts, slots: make(chan struct{}, maxAnswering), ctx: ctx, stop: stop}, nil
}

// Start answers Protocol on h until Close.
func (r *Responder) Start(h host.Host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.host = h
	h.SetStreamHandler(Protocol, r.serve)
}

// Close answers no more and waits for what is being answered.
func (r *Responder) Close() {
	r.mu.Lock()
	if r.host != nil {
		r.host.RemoveStreamHandler(Protocol)
	}
	r.stop()
	r.mu.Unlock()
	r.wg.Wait()
}

func (r *Responder) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return false
	}
	select {
	case r.slots <- struct{}{}:
		r.wg.Add(1)
		return true
	default:
		return false
	}
}

func (r *Responder) serve(stream network.Stream) {
	from := stream.Conn().RemotePeer()
	if !r.opts.Allow(from) || !r.begin() {
		r.opts.Log.Debug("uptime challenge turned away", "peer", from)
		_ = stream.Reset()
		return
	}
	defer func() { <-r.slots; r.wg.Done() }()
	release := context.AfterFunc(r.ctx, func() { _ = stream.Reset() })
	defer release()
	if err := r.answer(stream); err != nil {
		r.opts.Log.Warn("uptime challenge not answered", "peer", from, "error", err)
		_ = stream.Reset()
	}
}

func (r *Responder) answer(stream network.Stream) error {
	// Wall clock: stream deadlines are the operating system's.
	if err := stream.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	raw, err := attest.ReadFrame(stream, maxChallenge)
	if err != nil {
		return err
	}
	var c challenge
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("read challenge: %w", err)
	}
	signed, err := r.sign(c.Nonce)
	if err != nil {
		return err
	}
	data, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	if err := attest.WriteFrame(stream, data); err != nil {
		return err
	}
	return stream.Close()
}

// sign makes the statement over nonce. The sequence number is used up before
// anything is signed.
func (r *Responder) sign(nonce [32]byte) (attest.SignedUptime, error) {
	seq, err := r.opts.Sequence.Next()
	if err != nil {
		return attest.SignedUptime{}, err
	}
	s := attest.SignedUptime{Uptime: attest.Uptime{
		Node: crypto.PubkeyToAddress(r.opts.Key.PublicKey), Seq: seq, Nonce: nonce,
		LoadPermille: min(r.opts.Load(), attest.FullLoadPermille), ProfileDigest: r.opts.Profile(), At: r.opts.Now(),
	}}
	s.NodeSig, err = attest.Sign(s.Uptime.Hash(r.opts.Domain), r.opts.Key)
	return s, err
}
