package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/attest"
)

// Protocol is the stream on which a statement goes to the coordinator: one
// request frame, one reply frame (attest.WriteFrame), both JSON.
const Protocol protocol.ID = "/medhive/intake/1"

// Bounds of the frames in bytes.
const (
	maxRequest = attest.MaxProfileStatementBytes + 1<<10
	maxReply   = 4 << 10
	maxRefusal = 1 << 10 // of a refusal's text
)

// The kinds of statements.
const (
	kindReceipt = "receipt"
	kindProfile = "profile"
	kindVerdict = "verdict"

	// kindLife carries no statement: it asks which life of the coordinator this is.
	kindLife = "life"
)

type request struct {
	Kind      string          `json:"kind"`
	Statement json.RawMessage `json:"statement"`
}

type reply struct {
	Stored  bool   `json:"stored"`
	Again   bool   `json:"again,omitempty"`   // not stored now: send it again later
	Refusal string `json:"refusal,omitempty"` // why it was refused for good
	Life    string `json:"life,omitempty"`    // the answer to kindLife
}

// Refusal is the coordinator's no: sending the statement again won't help.
type Refusal struct{ Text string }

func (r *Refusal) Error() string { return "coordinator refused the statement: " + r.Text }

// ErrBusy says that the coordinator could not store the statement now: keep it
// and send it again later.
var ErrBusy = errors.New("coordinator is busy; the statement is kept and sent again later")

// replyTimeout bounds a submission when ctx has no deadline.
const replyTimeout = 30 * time.Second

// Submit sends one statement to the coordinator and returns nil once it is
// durable there. A *Refusal is final; any other error (the network, ErrBusy)
// means: send it again later, it is safe to send twice.
func Submit[S attest.SignedReceipt | attest.SignedProfile | attest.SignedVerdict](ctx context.Context, h host.Host, coordinator peer.ID, statement S) error {
	kind := kindReceipt
	switch any(statement).(type) {
	case attest.SignedProfile:
		kind = kindProfile
	case attest.SignedVerdict:
		kind = kindVerdict
	}
	body, err := json.Marshal(statement)
	if err != nil {
		return fmt.Errorf("submit %s: %w", kind, err)
	}
	data, err := json.Marshal(request{kind, body})
	if err != nil {
		return fmt.Errorf("submit %s: %w", kind, err)
	}
	ctx, cancel := context.WithTimeout(ctx, replyTimeout)
	defer cancel()
	answer, err := exchange(ctx, h, coordinator, data)
	if err != nil {
		return fmt.Errorf("submit %s to coordinator %s: %w; it is safe to send it again", kind, coordinator, err)
	}
	switch {
	case answer.Stored:
		return nil
	case answer.Again:
		return fmt.Errorf("submit %s to coordinator %s: %w", kind, coordinator, ErrBusy)
	}
	return &Refusal{answer.Refusal}
}

// Life asks which life of the coordinator this is: a word that is another one after each of
// its starts. Behind a new one may stand a store that was restored from a backup, which
// lacks what was acknowledged since; who keeps that sends it again.
func Life(ctx context.Context, h host.Host, coordinator peer.ID) (string, error) {
	data, err := json.Marshal(request{Kind: kindLife, Statement: json.RawMessage("null")})
	if err != nil {
		return "", fmt.Errorf("ask the coordinator's life: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, replyTimeout)
	defer cancel()
	answer, err := exchange(ctx, h, coordinator, data)
	if err == nil && answer.Life == "" {
		err = ErrBusy
	}
	if err != nil {
		return "", fmt.Errorf("ask the coordinator's life: %w; it is asked again later", err)
	}
	return answer.Life, nil
}

// exchange is one request and its reply on a stream of its own.
func exchange(ctx context.Context, h host.Host, to peer.ID, data []byte) (reply, error) {
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, "intake"), to, Protocol) // over a relay too: it is small
	if err != nil {
		return reply{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer stop()
	fail := func(err error) (reply, error) {
		_ = stream.Reset()
		return reply{}, errors.Join(err, ctx.Err())
	}
	if err := attest.WriteFrame(stream, data); err != nil {
		return fail(err)
	}
	if err := stream.CloseWrite(); err != nil {
		return fail(err)
	}
	raw, err := attest.ReadFrame(stream, maxReply)
	if err != nil {
		return fail(err)
	}
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return fail(fmt.Errorf("reply: %w", err))
	}
	_ = stream.Close() // the reply is here: nothing hangs on how the stream ends
	return r, nil
}

// send writes the reply and ends the stream.
func send(stream network.Stream, r reply) error {
	if len(r.Refusal) > maxRefusal {
		r.Refusal = r.Refusal[:maxRefusal]
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := attest.WriteFrame(stream, data); err != nil {
		return err
	}
	return stream.Close()
}
