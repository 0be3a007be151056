package uptime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/attest"
)

// Protocol is the stream on which the coordinator challenges a node: one frame
// with the challenge, one with the signed statement (attest.WriteFrame, JSON).
const Protocol protocol.ID = "/medhive/uptime/1"

// maxChallenge bounds the challenge's frame in bytes.
const maxChallenge = 256

type challenge struct {
	Nonce common.Hash `json:"nonce"`
}

// errInvalid marks an answer that came back and is not valid: a refusal, where
// other errors are timeouts.
var errInvalid = errors.New("answer is not valid")

// ask challenges one node and returns its statement, verified against the nonce
// and the node's address.
func ask(ctx context.Context, h host.Host, domain attest.Domain, to Target, nonce [32]byte) (attest.SignedUptime, error) {
	none := attest.SignedUptime{}
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, "uptime"), to.Peer, Protocol) // over a relay too: it is small
	if err != nil {
		return none, fmt.Errorf("challenge %s: %w", to.Node, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer stop()
	fail := func(err error) (attest.SignedUptime, error) {
		_ = stream.Reset()
		return none, fmt.Errorf("challenge %s: %w", to.Node, err)
	}
	data, err := json.Marshal(challenge{nonce})
	if err != nil {
		return fail(err)
	}
	if err := attest.WriteFrame(stream, data); err != nil {
		return fail(err)
	}
	if err := stream.CloseWrite(); err != nil {
		return fail(err)
	}
	raw, err := attest.ReadFrame(stream, attest.MaxUptimeBytes)
	if err != nil {
		return fail(err)
	}
	_ = stream.Close() // the answer is here: nothing hangs on how the stream ends
	answer, err := attest.DecodeSignedUptime(raw)
	if err == nil {
		err = attest.Challenge{Node: to.Node, Nonce: nonce, AskedAt: answer.Uptime.At, Outcome: attest.Answered, Answer: &answer}.Verify(domain)
	}
	if err != nil {
		return none, fmt.Errorf("challenge %s: %w: %w", to.Node, errInvalid, err)
	}
	return answer, nil
}

// Target is a node to challenge.
type Target struct {
	Node common.Address
	Peer peer.ID
}
