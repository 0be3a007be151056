package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/scheduler"
)

// vector is one message as every implementation must sign, write and read it. Bytes are
// in hexadecimal digits.
type vector struct {
	Kind        string `json:"kind"`
	Number      int32  `json:"number"`
	Payload     string `json:"payload"`
	SigningHash string `json:"signing_hash"`
	Envelope    string `json:"envelope"`
}

type vectors struct {
	Key      string   `json:"key"` // private, of the signer of all of them
	Signer   string   `json:"signer"`
	Messages []vector `json:"messages"`
}

// samples are a message of each kind with every field set.
func samples(t testing.TB) []proto.Message {
	t.Helper()
	o := sampleOffer(t)
	o.Providers = []string{"cpu", "openvino"}
	offer, err := NewOffer(o)
	if err != nil {
		t.Fatal(err)
	}
	b := sampleBid()
	b.Provider, b.Trust = "cpu", scheduler.TrustDevice
	task, clinic, node, key := o.Task[:], o.Clinic[:], b.Node[:], b.HPKEKey
	word := bytes.Repeat([]byte{7}, 32)
	const fence, reason = 3, "a reason"
	return []proto.Message{
		offer,
		NewBid(b),
		&BidReply{Task: task, Won: true, Reason: reason},
		&Award{Task: task, Fence: fence, Node: node, Clinic: clinic, Package: o.Package[:], PriceGwei: 1234, LeaseMs: 60_000, DeadlineMs: offer.DeadlineMs,
			PayloadCid: offer.PayloadCid, ResultKey: key, Commit: true},
		&Accept{Task: task, Fence: fence, Clinic: clinic, Accepted: true, Reason: reason, Promise: bytes.Repeat([]byte{9}, 74)},
		&Grant{Task: task, Fence: fence, Node: node, WrappedKey: bytes.Repeat([]byte{5}, 80), Manifest: []byte{8, 1}},
		&Progress{Task: task, Fence: fence, Clinic: clinic, Phase: Phase_PHASE_QUEUED, Stage: "inference", Permille: 500},
		&ProgressAck{Task: task, Fence: fence, Renewed: true, Reason: reason},
		&Failure{Task: task, Fence: fence, Clinic: clinic, Reason: reason},
		&FetchRequest{Task: task, Fence: fence, Clinic: clinic, FirstChunk: 7},
		&FetchReply{Task: task, Granted: true, Reason: reason},
		&ResultHeader{Task: task, Fence: fence, Clinic: clinic, Receipt: []byte(`{}`), ReceiptSignature: bytes.Repeat([]byte{6}, 65), Encapsulation: key, Manifest: []byte{8, 1}, Salt: word},
		&ResultReply{Task: task, Wanted: true, Settled: true, Reason: reason},
		&ResultAck{Task: task, Fence: fence, Settled: true, Receipt: []byte(`{}`), Reason: reason, Voucher: []byte(`{}`)},
		NewNotice(sampleNotice()),
		&Cancel{Task: task, Fence: fence, Node: node, Clinic: clinic, Reason: reason},
		&CancelAck{Task: task, Fence: fence, Held: true},
		&GrantRequest{Task: task, Fence: fence, Clinic: clinic, HpkeKey: key},
		&Refusal{Task: task, Reason: reason, Version: 1},
		&Commitment{Task: task, Fence: fence, Clinic: clinic, Commitment: word},
		&CommitmentAck{Task: task, Fence: fence, Reveal: true, Reason: reason},
		&VoucherRequest{Clinic: clinic, Node: node, OwedGwei: 1234, Voucher: []byte(`{}`)},
		&VoucherReply{Clinic: clinic, Node: node, Voucher: []byte(`{}`), Reason: reason},
		&RecheckRequest{Task: task, Fence: fence, Clinic: clinic, HpkeKey: key},
		&RecheckGrant{Task: task, Fence: fence, PayloadKey: bytes.Repeat([]byte{5}, 80), PayloadManifest: []byte{8, 1}, ResultKey: bytes.Repeat([]byte{6}, 80), ResultManifest: []byte{8, 2}, Consent: bytes.Repeat([]byte{7}, 65), Promise: bytes.Repeat([]byte{8}, 74)},
	}
}

// TestSamplesAreWhole: each kind has a sample, and each sample sets every field, so that
// no new kind or field is left out of the golden vectors.
func TestSamplesAreWhole(t *testing.T) {
	kinds := map[Kind]bool{}
	for _, m := range samples(t) {
		kinds[kindOf(m)] = true
		if blank := blank(kindOf(m)); blank == nil || blank.ProtoReflect().Type() != m.ProtoReflect().Type() {
			t.Errorf("%T is read as %T", m, blank)
		}
		fields := m.ProtoReflect().Descriptor().Fields()
		for n := range fields.Len() {
			if field := fields.Get(n); !m.ProtoReflect().Has(field) {
				t.Errorf("the sample of %T does not set %s", m, field.Name())
			}
		}
	}
	values := Kind(0).Descriptor().Values()
	for n := range values.Len() {
		if kind := Kind(values.Get(n).Number()); kind != Kind_KIND_UNSPECIFIED && !kinds[kind] {
			t.Errorf("%v has no sample", kind)
		}
	}
}

// TestGoldenVectors: no message may come to be written or signed differently. The file is
// written anew by -update; other implementations test themselves with it.
func TestGoldenVectors(t *testing.T) {
	const path = "testdata/vectors.json"
	key := testKey(t)
	now := vectors{Key: hex.EncodeToString(key.D.FillBytes(make([]byte, 32)))}
	for _, m := range samples(t) {
		data := encoded(t, m)
		e := &Envelope{}
		if err := proto.Unmarshal(data, e); err != nil {
			t.Fatal(err)
		}
		hash := signingHash(e.Kind, e.Payload)
		now.Signer = hex.EncodeToString(e.Signer)
		now.Messages = append(now.Messages, vector{Kind: e.Kind.String(), Number: int32(e.Kind), Payload: hex.EncodeToString(e.Payload),
			SigningHash: hex.EncodeToString(hash[:]), Envelope: hex.EncodeToString(data)})
	}
	if *update {
		text, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var golden vectors
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Messages) != len(now.Messages) || golden.Key != now.Key || golden.Signer != now.Signer {
		t.Fatalf("%s holds %d messages of %s, want %d of %s", path, len(golden.Messages), golden.Signer, len(now.Messages), now.Signer)
	}
	for n, want := range golden.Messages {
		if now.Messages[n] != want {
			t.Errorf("%s is written or signed differently than before: raise the version, or run with -update if nobody speaks it yet", want.Kind)
		}
		data, err := hex.DecodeString(want.Envelope)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := Decode(data)
		if err != nil || int32(signed.Kind) != want.Number || hex.EncodeToString(signed.Signer[:]) != golden.Signer {
			t.Errorf("%s is read as %v by %s: %v", want.Kind, signed.Kind, signed.Signer, err)
		}
	}
}

// TestSignatureBindsKindAndPayload: a signature of one message fits no other one, even
// where both are written with the same bytes.
func TestSignatureBindsKindAndPayload(t *testing.T) {
	for _, m := range samples(t) {
		e := &Envelope{}
		if err := proto.Unmarshal(encoded(t, m), e); err != nil {
			t.Fatal(err)
		}
		right := e.Kind
		for other := range Kind_name {
			e.Kind = Kind(other)
			if _, err := e.Verify(); (err == nil) != (e.Kind == right) {
				t.Errorf("a signature of %v fits %v: %v", right, e.Kind, err)
			}
		}
		e.Kind = right
		e.Payload[len(e.Payload)-1] ^= 1
		if _, err := e.Verify(); err == nil {
			t.Errorf("a signature of %v fits another payload", right)
		}
	}
}

// value reads a message as its domain value where it has one, and writes that again.
func value(m proto.Message) (again proto.Message, err error) {
	switch m := m.(type) {
	case *Offer:
		o, err := m.Value()
		if err != nil {
			return nil, err
		}
		return NewOffer(o)
	case *Bid:
		b, err := m.Value()
		return NewBid(b), err
	case *Notice:
		n, err := m.Value()
		return NewNotice(n), err
	}
	return m, nil
}

// FuzzEveryKind feeds each kind's decoder and its checks. What they take is the same when
// it is written and read again.
func FuzzEveryKind(f *testing.F) {
	for _, m := range samples(f) {
		payload, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(kindOf(m)), payload)
	}
	f.Add(uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, kind uint8, payload []byte) {
		data, err := proto.Marshal(&Envelope{Version: Version, Kind: Kind(kind), Payload: payload, Signer: make([]byte, 20), Signature: make([]byte, 65)})
		if err != nil {
			t.Fatal(err)
		}
		_, m, err := Parse(data)
		if err != nil {
			return
		}
		once, err := value(m)
		if err != nil {
			return
		}
		twice, err := value(once)
		if err != nil {
			t.Fatalf("%v that was taken is refused when it is written again: %v", Kind(kind), err)
		}
		if !proto.Equal(once, twice) {
			t.Fatalf("%v changes when it is written again:\n%v\n%v", Kind(kind), once, twice)
		}
	})
}
