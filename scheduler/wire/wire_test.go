package wire

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"math"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

var update = flag.Bool("update", false, "write the golden files")

// testKey is a fixed key, so that golden envelopes stay the same.
func testKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.ToECDSA(common.LeftPadBytes(big.NewInt(7).Bytes(), 32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sampleOffer(t testing.TB) scheduler.Offer {
	return scheduler.Offer{
		Task: models.DigestOf([]byte("task")), Package: models.DigestOf([]byte("package")), Clinic: crypto.PubkeyToAddress(testKey(t).PublicKey),
		Addresses: []string{"/ip4/192.0.2.1/tcp/4001", "/ip6/2001:db8::1/tcp/4001"}, Payload: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
		PayloadBytes: 1 << 20, MemoryBytes: 1 << 30, Class: scheduler.Urgent, Deadline: time.UnixMilli(1_800_000_000_000), Expires: time.UnixMilli(1_799_999_000_000),
		Residency: []string{"DE", "AT"}, MinTier: 1, MinTrust: scheduler.TrustDevice, CeilingGwei: 5000, Round: 2, Threshold: math.MaxUint64,
	}
}

func sampleBid() scheduler.Bid {
	return scheduler.Bid{
		Task: models.DigestOf([]byte("task")), Package: models.DigestOf([]byte("package")), Round: 2, Node: common.HexToAddress("0x01"), Clinic: common.HexToAddress("0x02"),
		PriceGwei: 1234, Promise: 7 * time.Second, Hold: 5 * time.Second, Tier: 3, Trust: scheduler.TrustSoftware, Jurisdiction: "DE", MemoryBytes: 1 << 33,
		Profile: models.DigestOf([]byte("profile")), HPKEKey: bytes.Repeat([]byte{9}, 32), Addresses: []string{"/ip4/192.0.2.2/tcp/4001"},
	}
}

func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := Encode(m, testKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOfferAndBidSurviveTheWire(t *testing.T) {
	want := sampleOffer(t)
	message, err := NewOffer(want)
	if err != nil {
		t.Fatal(err)
	}
	data := encoded(t, message)
	if len(data) > MaxOffer {
		t.Errorf("an offer has %d bytes, the limit is %d", len(data), MaxOffer)
	}
	s, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Message.(*Offer).Value(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("offer came out as %+v, %v", got, err)
	}
	bid := sampleBid()
	s, err = Decode(encoded(t, NewBid(bid)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Message.(*Bid).Value(); err != nil || !reflect.DeepEqual(got, bid) {
		t.Errorf("bid came out as %+v, %v", got, err)
	}
}

func TestLargestOfferFitsGossip(t *testing.T) {
	o := sampleOffer(t)
	o.Addresses = []string{strings.Repeat("/ip6/2001:db8::ffff/tcp/65535", 1), "/ip6/2001:db8::fffe/tcp/65535", "/ip4/203.0.113.255/tcp/65535", "/dns4/a-rather-long-name.clinic.example.org/tcp/65535"}
	o.Residency = strings.Split("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT", " ")
	o.CeilingGwei, o.PayloadBytes, o.MemoryBytes = math.MaxUint64, scheduler.MaxPayloadBytes, math.MaxInt64
	o.Threshold = math.MaxUint64 - 1
	for range scheduler.MaxProviders {
		o.Providers = append(o.Providers, strings.Repeat("x", scheduler.MaxProviderName))
	}
	m, err := NewOffer(o)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(encoded(t, m)); n > MaxOffer {
		t.Errorf("%d bytes, the limit is %d", n, MaxOffer)
	}
}

// TestOfferOfTheFirstRelease: what was signed before offers named providers is still read,
// and an offer that names none is still written so.
func TestOfferOfTheFirstRelease(t *testing.T) {
	m, err := NewOffer(sampleOffer(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/offer.bin")
	if err != nil {
		t.Fatal(err)
	}
	if got := encoded(t, m); !bytes.Equal(got, want) {
		t.Error("an offer is encoded or signed differently than before")
	}
	if _, err := Decode(want); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encoded(t, NewBid(sampleBid()))
	change := func(f func(*Envelope)) []byte {
		e := &Envelope{}
		if err := proto.Unmarshal(good, e); err != nil {
			t.Fatal(err)
		}
		f(e)
		data, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"noise":               {[]byte("noise"), ErrMalformed},
		"empty":               {nil, ErrVersion},
		"a later version":     {change(func(e *Envelope) { e.Version = 2 }), ErrVersion},
		"unknown kind":        {change(func(e *Envelope) { e.Kind = 99 }), ErrMalformed},
		"no kind":             {change(func(e *Envelope) { e.Kind = 0 }), ErrMalformed},
		"other kind":          {change(func(e *Envelope) { e.Kind = Kind_KIND_ACCEPT }), ErrSignature},
		"payload is noise":    {change(func(e *Envelope) { e.Payload = []byte{0xff} }), ErrMalformed},
		"payload was changed": {change(func(e *Envelope) { e.Payload = append(e.Payload, 0x30, 1) }), ErrSignature},
		"another signer":      {change(func(e *Envelope) { e.Signer[0] ^= 1 }), ErrSignature},
		"short signer":        {change(func(e *Envelope) { e.Signer = e.Signer[1:] }), ErrMalformed},
		"short signature":     {change(func(e *Envelope) { e.Signature = e.Signature[1:] }), ErrMalformed},
		"broken signature":    {change(func(e *Envelope) { e.Signature[40] ^= 1 }), ErrSignature},
		"other recovery id":   {change(func(e *Envelope) { e.Signature[64] ^= 7 }), ErrSignature},
		"oversized":           {make([]byte, MaxBulk+1), ErrSize},
		"written in two ways": {append(bytes.Clone(good), 0x08, 1), ErrMalformed}, // the version once more
		"something unknown":   {append(bytes.Clone(good), 0x78, 1), ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode(c.data); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestVersionRefusalSaysWhatToSpeak(t *testing.T) {
	data, err := proto.Marshal(&Envelope{Version: 7, Kind: Kind_KIND_BID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(data); err == nil || !strings.Contains(err.Error(), "speak version 1") {
		t.Errorf("got %v", err)
	}
}

func TestFraming(t *testing.T) {
	key := testKey(t)
	self := crypto.PubkeyToAddress(key.PublicKey)
	var stream bytes.Buffer
	for range 2 {
		if err := Write(&stream, &BidReply{Won: true}, key); err != nil {
			t.Fatal(err)
		}
	}
	stream.WriteString("raw bytes follow")
	r := NewReader(&stream)
	for range 2 {
		if m, err := Expect[*BidReply](r, MaxControl, self); err != nil || !m.Won {
			t.Fatal(m, err)
		}
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "raw bytes follow" {
		t.Errorf("left %q, %v", rest, err)
	}
	frame := func() []byte {
		var b bytes.Buffer
		if err := Write(&b, &BidReply{Won: true}, key); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}()
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"end":            {nil, io.EOF},
		"cut length":     {[]byte{0x80}, io.ErrUnexpectedEOF},
		"cut message":    {frame[:len(frame)-1], io.ErrUnexpectedEOF},
		"empty message":  {[]byte{0}, ErrSize},
		"over the limit": {binary.AppendUvarint(nil, MaxControl+1), ErrSize},
		"absurd length":  {binary.AppendUvarint(nil, math.MaxUint64), ErrSize},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewReader(bytes.NewReader(c.data)).Next(MaxControl); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := Expect[*Bid](NewReader(bytes.NewReader(frame)), MaxControl, self); !errors.Is(err, ErrMalformed) {
		t.Errorf("another message: %v", err)
	}
	if _, err := Expect[*BidReply](NewReader(bytes.NewReader(frame)), MaxControl, common.Address{}); !errors.Is(err, ErrSignature) {
		t.Errorf("another signer: %v", err)
	}
}

func TestOfferValueRefuses(t *testing.T) {
	for name, change := range map[string]func(*Offer){
		"short task":          func(o *Offer) { o.Task = o.Task[1:] },
		"no package":          func(o *Offer) { o.Package = nil },
		"long clinic":         func(o *Offer) { o.Clinic = append(o.Clinic, 0) },
		"five addresses":      func(o *Offer) { o.Addresses = append(o.Addresses, make([][]byte, 3)...) },
		"address noise":       func(o *Offer) { o.Addresses[0] = []byte{1, 2, 3} },
		"payload noise":       func(o *Offer) { o.PayloadCid = []byte{1} },
		"endless payload cid": func(o *Offer) { o.PayloadCid = make([]byte, 65) },
		"class":               func(o *Offer) { o.Class = 3 },
		"huge class":          func(o *Offer) { o.Class = 256 },
		"no payload":          func(o *Offer) { o.PayloadBytes = 0 },
		"huge payload":        func(o *Offer) { o.PayloadBytes = math.MaxInt64 },
		"no residency":        func(o *Offer) { o.Residency = nil },
		"17 regions":          func(o *Offer) { o.Residency = make([]string, 17) },
		"lower-case region":   func(o *Offer) { o.Residency = []string{"de"} },
		"round 0":             func(o *Offer) { o.Round = 0 },
		"before 1970":         func(o *Offer) { o.ExpiresMs = -1 },
		"after all time":      func(o *Offer) { o.DeadlineMs = math.MaxInt64 },
		"nine providers":      func(o *Offer) { o.Providers = strings.Split("a b c d e f g h i", " ") },
		"nameless provider":   func(o *Offer) { o.Providers = []string{""} },
		"provider in words":   func(o *Offer) { o.Providers = []string{"any you like"} },
	} {
		t.Run(name, func(t *testing.T) {
			m, err := NewOffer(sampleOffer(t))
			if err != nil {
				t.Fatal(err)
			}
			change(m)
			if _, err := m.Value(); !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReasonIsHarmless(t *testing.T) {
	if got := Reason("a\x1b[31m\nb\x00ü"); got != "a [31m b  " {
		t.Errorf("%q", got)
	}
	if got := Reason(strings.Repeat("x", 1000)); len(got) != maxReason {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzDecode(f *testing.F) {
	m, err := NewOffer(sampleOffer(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded(f, m))
	f.Add(encoded(f, NewBid(sampleBid())))
	f.Add(encoded(f, &ResultHeader{Task: []byte{1}, Manifest: make([]byte, 100)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, _, err := Parse(data)
		if err != nil {
			return
		}
		if again, err := proto.Marshal(e); err != nil || !bytes.Equal(again, data) {
			t.Fatal("an envelope was taken that has a second encoding")
		}
	})
}

func FuzzFraming(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, &BidReply{}, testKey(f)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		for {
			if _, err := r.Next(MaxControl); err != nil {
				return
			}
		}
	})
}
