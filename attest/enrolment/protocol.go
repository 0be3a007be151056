package enrolment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

// Protocol is the stream on which a node and a vendor speak with a coordinator about
// devices: one request frame, one reply frame (attest.WriteFrame), both JSON.
const Protocol protocol.ID = "/medhive/device/1"

// Bounds of the frames in bytes. A reply holds a voucher or a challenge.
const (
	maxRequest = attest.MaxDeviceProofBytes + 2*MaxPublicBytes + 2<<10
	maxReply   = attest.MaxDeviceVoucherBytes + 4<<10
)

// replyTimeout bounds one exchange.
const replyTimeout = 30 * time.Second

// maxLifeBytes bounds the name of a process.
const maxLifeBytes = 64

// What is asked for.
const (
	kindVoucher = "voucher" // keep this voucher
	kindRevoke  = "revoke"  // and take this one back
	kindFind    = "find"    // the voucher of this device
	kindBegin   = "begin"   // a challenge and a question for this device
	kindProve   = "prove"   // the answers to both
	kindHere    = "here"    // this process of the node lives
)

type request struct {
	Kind       string                         `json:"kind"`
	Voucher    *attest.SignedDeviceVoucher    `json:"voucher,omitempty"`
	Revocation *attest.SignedDeviceRevocation `json:"revocation,omitempty"`
	Proof      *attest.SignedDeviceProof      `json:"proof,omitempty"`
	Device     *attest.DeviceKey              `json:"device,omitempty"`
	Keys       *Keys                          `json:"keys,omitempty"`
	Secret     []byte                         `json:"secret,omitempty"`
	Life       string                         `json:"life,omitempty"`
}

type reply struct {
	Done      bool                        `json:"done,omitempty"`
	Refusal   string                      `json:"refusal,omitempty"`
	Unknown   bool                        `json:"unknown,omitempty"` // no such voucher
	Voucher   *attest.SignedDeviceVoucher `json:"voucher,omitempty"`
	Challenge *Challenge                  `json:"challenge,omitempty"`
	Nonce     common.Hash                 `json:"nonce,omitzero"`
	AskedAtMS int64                       `json:"asked_at_ms,omitempty"`
	Flags     []Flag                      `json:"flags,omitempty"`
}

// Refusal is the coordinator's no: asking again won't help until something changes.
type Refusal struct{ Text string }

func (r *Refusal) Error() string { return "coordinator refused: " + r.Text }

// Offer brings a vendor's voucher to the coordinator. Anyone may carry it.
func Offer(ctx context.Context, h host.Host, coordinator peer.ID, s attest.SignedDeviceVoucher) error {
	return asDone(exchange(ctx, h, coordinator, request{Kind: kindVoucher, Voucher: &s}))
}

// Revoke brings a vendor's revocation to the coordinator. Anyone may carry it.
func Revoke(ctx context.Context, h host.Host, coordinator peer.ID, s attest.SignedDeviceRevocation) error {
	return asDone(exchange(ctx, h, coordinator, request{Kind: kindRevoke, Revocation: &s}))
}

func asDone(r reply, err error) error {
	if err == nil && !r.Done {
		err = errors.New("the coordinator's answer says nothing; it may be of another version")
	}
	return err
}

// Find asks for a device's voucher; ErrNoVoucher if the coordinator knows none.
func Find(ctx context.Context, h host.Host, coordinator peer.ID, device attest.DeviceKey) (attest.SignedDeviceVoucher, error) {
	r, err := exchange(ctx, h, coordinator, request{Kind: kindFind, Device: &device})
	switch {
	case err != nil:
		return attest.SignedDeviceVoucher{}, err
	case r.Unknown:
		return attest.SignedDeviceVoucher{}, ErrNoVoucher
	case r.Voucher == nil || r.Voucher.Voucher.Device != device:
		return attest.SignedDeviceVoucher{}, errors.New("the coordinator answered with another device's voucher")
	}
	return *r.Voucher, r.Voucher.Voucher.Validate()
}

// Here tells the coordinator that this process of the node lives, and hears whether another
// one does too. life is made up once when the process begins.
func Here(ctx context.Context, h host.Host, coordinator peer.ID, life string) ([]Flag, error) {
	r, err := exchange(ctx, h, coordinator, request{Kind: kindHere, Life: life})
	return r.Flags, err
}

// ErrChip says that the device's own TPM did not do what it should: no coordinator is at fault.
var ErrChip = errors.New("the TPM does not do what it should")

// Chip is a TPM.
type Chip interface {
	// Answer reads the secret of a challenge.
	Answer(ctx context.Context, c Challenge) (secret []byte, err error)
	// Quote is the TPM's word over data.
	Quote(ctx context.Context, data [32]byte) (attest.Quote, error)
}

// Prover is a node with its device.
type Prover struct {
	Key     *identity.Key
	Domain  attest.Domain
	Voucher attest.SignedDeviceVoucher
	Keys    Keys
	Chip    Chip
}

// Prove shows the coordinator the device: it answers a challenge that only this TPM can read,
// and a question together with the node's key. A *Refusal says why it doesn't count, ErrChip
// that the TPM failed.
func (p Prover) Prove(ctx context.Context, h host.Host, coordinator peer.ID) ([]Flag, error) {
	asked, err := exchange(ctx, h, coordinator, request{Kind: kindBegin, Voucher: &p.Voucher, Keys: &p.Keys})
	if err != nil {
		return nil, err
	}
	if asked.Challenge == nil || asked.AskedAtMS <= 0 {
		return nil, errors.New("the coordinator asks nothing; it may be of another version")
	}
	secret, err := p.Chip.Answer(ctx, *asked.Challenge)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChip, err)
	}
	proof := attest.SignedDeviceProof{Voucher: p.Voucher, Proof: attest.DeviceProof{
		Node: p.Key.Address(), Voucher: p.Voucher.Voucher.Hash(p.Domain), Nonce: asked.Nonce, AskedAt: time.UnixMilli(asked.AskedAtMS).UTC(),
	}}
	digest := proof.Proof.Hash(p.Domain)
	if proof.Quote, err = p.Chip.Quote(ctx, digest); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChip, err)
	}
	if proof.NodeSig, err = attest.Sign(digest, p.Key.ECDSA()); err != nil {
		return nil, err
	}
	r, err := exchange(ctx, h, coordinator, request{Kind: kindProve, Proof: &proof, Secret: secret})
	return r.Flags, asDone(r, err)
}

// exchange is one request and its reply on a stream of its own.
func exchange(ctx context.Context, h host.Host, to peer.ID, q request) (reply, error) {
	data, err := json.Marshal(q)
	if err != nil {
		return reply{}, fmt.Errorf("ask the coordinator about a device: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, replyTimeout)
	defer cancel()
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, "device"), to, Protocol) // over a relay too: it is small
	if err != nil {
		return reply{}, fmt.Errorf("ask the coordinator about a device: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer stop()
	fail := func(err error) (reply, error) {
		_ = stream.Reset()
		return reply{}, fmt.Errorf("ask the coordinator about a device: %w", errors.Join(err, ctx.Err()))
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
	_ = stream.Close() // the reply is here: nothing hangs on how the stream ends
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return reply{}, fmt.Errorf("read the coordinator's answer about a device: %w", err)
	}
	if r.Refusal != "" {
		return r, &Refusal{r.Refusal}
	}
	return r, nil
}
