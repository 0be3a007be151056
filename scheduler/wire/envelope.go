// Package wire is what the task market says on the network: protobuf messages in
// signed envelopes, framed by a length. In: bytes from strangers, bounded before
// they are parsed. Out: a message whose signer is proven, as domain values where
// the core has them. It never decides whether a message is wanted.
package wire

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest"
)

//go:generate ./generate.sh

// Version is the envelope version that this code speaks.
const Version = 1

// Size limits, in bytes of an encoded envelope.
const (
	MaxOffer   = 1024      // gossip's IDONTWANT threshold; notices keep to it too
	MaxControl = 16 << 10  // everything but what carries a manifest
	MaxBulk    = 512 << 10 // grants and result headers: a manifest of some 4,000 chunks
)

// domain separates envelope signatures from statements and transactions.
const domain = "medhive/envelope/1\x00"

// Errors of Decode. They decide between ignoring and rejecting a message.
var (
	ErrVersion   = errors.New("this message speaks another version; speak version 1, or update medhive")
	ErrSize      = errors.New("the message is larger than its limit")
	ErrMalformed = errors.New("the message is malformed")
	ErrSignature = errors.New("the message is not signed by the one it names")
)

// Signed is a message whose signature was checked.
type Signed struct {
	Kind    Kind
	Message proto.Message
	Signer  common.Address
}

// blank is an empty message of the kind, nil for an unknown one.
func blank(kind Kind) proto.Message {
	switch kind {
	case Kind_KIND_OFFER:
		return &Offer{}
	case Kind_KIND_BID:
		return &Bid{}
	case Kind_KIND_BID_REPLY:
		return &BidReply{}
	case Kind_KIND_AWARD:
		return &Award{}
	case Kind_KIND_ACCEPT:
		return &Accept{}
	case Kind_KIND_GRANT:
		return &Grant{}
	case Kind_KIND_PROGRESS:
		return &Progress{}
	case Kind_KIND_PROGRESS_ACK:
		return &ProgressAck{}
	case Kind_KIND_FAILURE:
		return &Failure{}
	case Kind_KIND_FETCH_REQUEST:
		return &FetchRequest{}
	case Kind_KIND_FETCH_REPLY:
		return &FetchReply{}
	case Kind_KIND_RESULT_HEADER:
		return &ResultHeader{}
	case Kind_KIND_RESULT_REPLY:
		return &ResultReply{}
	case Kind_KIND_RESULT_ACK:
		return &ResultAck{}
	case Kind_KIND_NOTICE:
		return &Notice{}
	case Kind_KIND_CANCEL:
		return &Cancel{}
	case Kind_KIND_CANCEL_ACK:
		return &CancelAck{}
	case Kind_KIND_GRANT_REQUEST:
		return &GrantRequest{}
	case Kind_KIND_REFUSAL:
		return &Refusal{}
	case Kind_KIND_COMMITMENT:
		return &Commitment{}
	case Kind_KIND_COMMITMENT_ACK:
		return &CommitmentAck{}
	case Kind_KIND_VOUCHER_REQUEST:
		return &VoucherRequest{}
	case Kind_KIND_VOUCHER_REPLY:
		return &VoucherReply{}
	case Kind_KIND_RECHECK_REQUEST:
		return &RecheckRequest{}
	case Kind_KIND_RECHECK_GRANT:
		return &RecheckGrant{}
	}
	return nil
}

// kindOf is the kind that carries m.
func kindOf(m proto.Message) Kind {
	switch m.(type) {
	case *Offer:
		return Kind_KIND_OFFER
	case *Bid:
		return Kind_KIND_BID
	case *BidReply:
		return Kind_KIND_BID_REPLY
	case *Award:
		return Kind_KIND_AWARD
	case *Accept:
		return Kind_KIND_ACCEPT
	case *Grant:
		return Kind_KIND_GRANT
	case *Progress:
		return Kind_KIND_PROGRESS
	case *ProgressAck:
		return Kind_KIND_PROGRESS_ACK
	case *Failure:
		return Kind_KIND_FAILURE
	case *FetchRequest:
		return Kind_KIND_FETCH_REQUEST
	case *FetchReply:
		return Kind_KIND_FETCH_REPLY
	case *ResultHeader:
		return Kind_KIND_RESULT_HEADER
	case *ResultReply:
		return Kind_KIND_RESULT_REPLY
	case *ResultAck:
		return Kind_KIND_RESULT_ACK
	case *Notice:
		return Kind_KIND_NOTICE
	case *Cancel:
		return Kind_KIND_CANCEL
	case *CancelAck:
		return Kind_KIND_CANCEL_ACK
	case *GrantRequest:
		return Kind_KIND_GRANT_REQUEST
	case *Refusal:
		return Kind_KIND_REFUSAL
	case *Commitment:
		return Kind_KIND_COMMITMENT
	case *CommitmentAck:
		return Kind_KIND_COMMITMENT_ACK
	case *VoucherRequest:
		return Kind_KIND_VOUCHER_REQUEST
	case *VoucherReply:
		return Kind_KIND_VOUCHER_REPLY
	case *RecheckRequest:
		return Kind_KIND_RECHECK_REQUEST
	case *RecheckGrant:
		return Kind_KIND_RECHECK_GRANT
	}
	return Kind_KIND_UNSPECIFIED
}

// signingHash is keccak256(domain ‖ kind ‖ payload): over the payload's bytes as
// they travel, so no second encoding of a message can share its signature.
func signingHash(kind Kind, payload []byte) [32]byte {
	var k [4]byte
	binary.BigEndian.PutUint32(k[:], uint32(kind))
	return crypto.Keccak256Hash([]byte(domain), k[:], payload)
}

// Encode signs m and returns its envelope's bytes.
func Encode(m proto.Message, key *ecdsa.PrivateKey) ([]byte, error) {
	kind := kindOf(m)
	if kind == Kind_KIND_UNSPECIFIED {
		return nil, fmt.Errorf("encode %T: not a message of the market", m)
	}
	payload, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %v: %w", kind, err)
	}
	sig, err := attest.Sign(signingHash(kind, payload), key)
	if err != nil {
		return nil, fmt.Errorf("encode %v: %w", kind, err)
	}
	signer := crypto.PubkeyToAddress(key.PublicKey)
	data, err := proto.Marshal(&Envelope{Version: Version, Kind: kind, Payload: payload, Signer: signer[:], Signature: sig[:]})
	if err != nil {
		return nil, fmt.Errorf("encode %v: %w", kind, err)
	}
	return data, nil
}

// Parse reads an envelope and its message without checking the signature: what a
// gossip validator can refuse cheaply comes first. Verify must follow. An envelope has
// one encoding: fields in order, each once, none that is unknown or zero. So nobody can
// make a second message of a signed one.
func Parse(data []byte) (*Envelope, proto.Message, error) {
	if len(data) > MaxBulk {
		return nil, nil, fmt.Errorf("%d bytes, the limit is %d: %w", len(data), MaxBulk, ErrSize)
	}
	e := &Envelope{}
	if err := proto.Unmarshal(data, e); err != nil {
		return nil, nil, fmt.Errorf("envelope: %w", ErrMalformed)
	}
	if e.Version != Version {
		return nil, nil, fmt.Errorf("envelope of version %d: %w", e.Version, ErrVersion)
	}
	if once, err := (proto.MarshalOptions{Deterministic: true}).Marshal(e); err != nil || !bytes.Equal(once, data) || len(e.ProtoReflect().GetUnknown()) > 0 {
		return nil, nil, fmt.Errorf("envelope that is not written in its one way: %w", ErrMalformed)
	}
	m := blank(e.Kind)
	if m == nil {
		return nil, nil, fmt.Errorf("message of kind %d: %w", e.Kind, ErrMalformed)
	}
	if len(e.Signer) != common.AddressLength || len(e.Signature) != len(attest.Signature{}) {
		return nil, nil, fmt.Errorf("%v: signer of %d and signature of %d bytes: %w", e.Kind, len(e.Signer), len(e.Signature), ErrMalformed)
	}
	if err := proto.Unmarshal(e.Payload, m); err != nil {
		return nil, nil, fmt.Errorf("%v: %w", e.Kind, ErrMalformed)
	}
	return e, m, nil
}

// Verify checks the envelope's signature and returns its signer.
func (x *Envelope) Verify() (common.Address, error) {
	named := common.BytesToAddress(x.Signer)
	signer, err := attest.Recover(signingHash(x.Kind, x.Payload), attest.Signature(x.Signature))
	if err != nil {
		return named, fmt.Errorf("%v: %w: %w", x.Kind, ErrSignature, err)
	}
	if signer != named {
		return named, fmt.Errorf("%v: names %s: %w", x.Kind, named, ErrSignature)
	}
	return signer, nil
}

// Peer is the libp2p identity of the signer, whose key is in the signature. Verify must
// come before.
func (x *Envelope) Peer() (peer.ID, error) {
	raw := bytes.Clone(x.Signature)
	if len(raw) != crypto.SignatureLength {
		return "", fmt.Errorf("%v: signature of %d bytes: %w", x.Kind, len(raw), ErrMalformed)
	}
	raw[crypto.RecoveryIDOffset] -= 27 // what Ethereum adds to the recovery id
	hash := signingHash(x.Kind, x.Payload)
	public, err := crypto.SigToPub(hash[:], raw)
	if err != nil {
		return "", fmt.Errorf("%v: %w: %w", x.Kind, ErrSignature, err)
	}
	key, err := libp2pcrypto.UnmarshalSecp256k1PublicKey(crypto.CompressPubkey(public))
	if err != nil {
		return "", fmt.Errorf("%v: %w: %w", x.Kind, ErrSignature, err)
	}
	return peer.IDFromPublicKey(key)
}

// Decode is Parse and Verify.
func Decode(data []byte) (Signed, error) {
	e, m, err := Parse(data)
	if err != nil {
		return Signed{}, err
	}
	signer, err := e.Verify()
	if err != nil {
		return Signed{}, err
	}
	return Signed{Kind: e.Kind, Message: m, Signer: signer}, nil
}

// Write sends one signed message: its length as a varint, then the envelope.
func Write(w io.Writer, m proto.Message, key *ecdsa.PrivateKey) error {
	data, err := Encode(m, key)
	if err != nil {
		return err
	}
	if len(data) > MaxBulk {
		return fmt.Errorf("send %v: %d bytes, the limit is %d: %w", kindOf(m), len(data), MaxBulk, ErrSize)
	}
	frame := binary.AppendUvarint(make([]byte, 0, len(data)+binary.MaxVarintLen32), uint64(len(data)))
	if _, err := w.Write(append(frame, data...)); err != nil {
		return fmt.Errorf("send %v: %w", kindOf(m), err)
	}
	return nil
}

// Reader reads framed messages; raw bytes may follow them on the same stream.
type Reader struct {
	*bufio.Reader
	foreign func() // answers a message of a version that is not spoken here; may be nil
}

// NewReader wraps a stream. All reading must go through the result.
func NewReader(r io.Reader) Reader { return Reader{Reader: bufio.NewReaderSize(r, 32<<10)} }

// Next reads one message of at most limit bytes and checks its signature. A clean
// end between two messages is io.EOF.
func (r Reader) Next(limit int) (Signed, error) {
	size, err := binary.ReadUvarint(r.Reader)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return Signed{}, io.EOF
		}
		return Signed{}, fmt.Errorf("read message length: %w", err)
	}
	if size == 0 || size > uint64(limit) {
		return Signed{}, fmt.Errorf("message of %d bytes, the limit is %d: %w", size, limit, ErrSize)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r.Reader, data); err != nil {
		return Signed{}, fmt.Errorf("read message of %d bytes: %w", size, err)
	}
	signed, err := Decode(data)
	if errors.Is(err, ErrVersion) && r.foreign != nil {
		r.foreign()
	}
	return signed, err
}

// Refused is a peer's Refusal where another answer was wanted.
type Refused struct {
	Reason  string // printable ASCII, at most 200 bytes
	Version uint32 // the envelope version that the peer speaks; 0: it refuses for another reason
}

// Error implements error.
func (r *Refused) Error() string {
	if r.Version != 0 {
		return fmt.Sprintf("the peer speaks version %d of the market's messages and this program version %d; update the older one", r.Version, Version)
	}
	return "the peer refused: " + r.Reason
}

// Expect reads the next message and wants it to be a T signed by from. A Refusal in its
// place is a *Refused error.
func Expect[T proto.Message](r Reader, limit int, from common.Address) (T, error) {
	var none T
	s, err := r.Next(limit)
	if err != nil {
		return none, err
	}
	if s.Signer != from {
		return none, fmt.Errorf("%v signed by %s on a stream of %s: %w", s.Kind, s.Signer, from, ErrSignature)
	}
	if m, ok := s.Message.(T); ok {
		return m, nil
	}
	if no, ok := s.Message.(*Refusal); ok {
		return none, &Refused{Reason: Reason(no.Reason), Version: no.Version}
	}
	return none, fmt.Errorf("got %v, want %T: %w", s.Kind, none, ErrMalformed)
}
