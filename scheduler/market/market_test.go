package market

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// testLimit is far beyond what any step takes; it turns a hang into a failure.
const testLimit = 30 * time.Second

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(time.Duration) <-chan time.Time { return nil }

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type member struct {
	key    *identity.Key
	host   host.Host
	market *Market
}

func newMember(t testing.TB, o Options) member {
	t.Helper()
	key, err := identity.Generate()
	must(t, err)
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics())
	must(t, err)
	t.Cleanup(func() { h.Close() })
	m, err := New(t.Context(), h, o)
	must(t, err)
	t.Cleanup(func() { m.Close() })
	return member{key, h, m}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func offerOf(key *identity.Key, now time.Time, name string) scheduler.Offer {
	return scheduler.Offer{
		Task: models.DigestOf([]byte(name)), Package: models.DigestOf([]byte("package")), Clinic: key.Address(),
		Payload: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", PayloadBytes: 100, Deadline: now.Add(time.Hour),
		Expires: now.Add(time.Minute), Residency: []string{"DE", "AT"}, CeilingGwei: 1, Round: 1, Threshold: math.MaxUint64, Addresses: []string{},
	}
}

func TestOffersReachTheirRegionsOnly(t *testing.T) {
	clinic := newMember(t, Options{})
	subscribed := map[string]<-chan Received{}
	previous := clinic
	for _, region := range []string{"DE", "AT", "FR"} { // a chain: no node but the first is connected to the clinic
		m := newMember(t, Options{})
		must(t, m.host.Connect(t.Context(), peer.AddrInfo{ID: previous.host.ID(), Addrs: previous.host.Addrs()}))
		previous = m
		for _, joined := range []string{"DE", "AT", "FR"} {
			_, err := m.market.join(joined) // everyone relays, one subscribes
			must(t, err)
		}
		offers, err := m.market.Subscribe(t.Context(), region)
		must(t, err)
		subscribed[region] = offers
	}
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	o := offerOf(clinic.key, time.Now(), "task")
	for _, region := range []string{"DE", "AT"} {
		for round := uint32(1); ; round++ { // the chain's mesh may still be forming: later rounds follow, as a broker's do
			o.Round = round
			must(t, clinic.market.Publish(ctx, o, clinic.key))
			select {
			case got := <-subscribed[region]:
				if got.Offer.Task != o.Task || got.Clinic != clinic.host.ID() {
					t.Errorf("%s got %+v", region, got)
				}
			case <-time.After(500 * time.Millisecond):
				continue
			case <-ctx.Done():
				t.Fatalf("%s heard nothing", region)
			}
			break
		}
	}
	select {
	case got := <-subscribed["FR"]:
		t.Errorf("FR heard of %+v", got.Offer)
	default:
	}
}

func TestPublishWaitsForSomebody(t *testing.T) {
	clinic, node := newMember(t, Options{}), newMember(t, Options{})
	alone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := clinic.market.Publish(alone, offerOf(clinic.key, time.Now(), "task"), clinic.key); err == nil {
		t.Error("an offer was published to nobody")
	}
	published := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	go func() { published <- clinic.market.Publish(ctx, offerOf(clinic.key, time.Now(), "task"), clinic.key) }()
	offers, err := node.market.Subscribe(t.Context(), "AT")
	must(t, err)
	must(t, node.host.Connect(ctx, peer.AddrInfo{ID: clinic.host.ID(), Addrs: clinic.host.Addrs()}))
	must(t, <-published)
	select {
	case <-offers:
	case <-ctx.Done():
		t.Error("the node that was waited for heard nothing")
	}
	o := offerOf(clinic.key, time.Now(), "task")
	o.Residency = nil
	if err := clinic.market.Publish(ctx, o, clinic.key); err == nil {
		t.Error("an offer without residency was published")
	}
	must(t, node.market.Close())
	if _, open := <-offers; open {
		t.Error("a closed market still delivers")
	}
}

// TestValidation names every defence, and on which list it stands.
func TestValidation(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	m := newMember(t, Options{Clock: now, Allow: func(a common.Address) bool { return a != common.HexToAddress("0x1") }}).market
	key, err := identity.Generate()
	must(t, err)
	other, err := identity.Generate()
	must(t, err)
	good := offerOf(key, now.Now(), "task")
	message := func(change func(*wire.Offer)) []byte {
		x, err := wire.NewOffer(good)
		must(t, err)
		change(x)
		data, err := wire.Encode(x, key.ECDSA())
		must(t, err)
		return data
	}
	envelope := func(change func(*wire.Envelope)) []byte {
		e := &wire.Envelope{}
		must(t, proto.Unmarshal(message(func(*wire.Offer) {}), e))
		change(e)
		data, err := proto.Marshal(e)
		must(t, err)
		return data
	}
	bid, err := wire.Encode(wire.NewBid(scheduler.Bid{}), key.ECDSA())
	must(t, err)
	for name, c := range map[string]struct {
		data   []byte
		author peer.ID
		topic  string
		want   error
	}{
		"good":                {message(func(*wire.Offer) {}), key.PeerID(), Topic("DE"), nil},
		"good in AT":          {message(func(*wire.Offer) {}), key.PeerID(), Topic("AT"), nil},
		"smuggled to FR":      {message(func(*wire.Offer) {}), key.PeerID(), Topic("FR"), ErrRejectRegion},
		"oversized":           {make([]byte, wire.MaxOffer+1), key.PeerID(), Topic("DE"), ErrRejectSize},
		"noise":               {[]byte("noise"), key.PeerID(), Topic("DE"), ErrRejectSchema},
		"a bid":               {bid, key.PeerID(), Topic("DE"), ErrRejectSchema},
		"malformed":           {message(func(o *wire.Offer) { o.Task = nil }), key.PeerID(), Topic("DE"), ErrRejectSchema},
		"a later version":     {envelope(func(e *wire.Envelope) { e.Version = 2 }), key.PeerID(), Topic("DE"), ErrIgnoreVersion},
		"expired":             {message(func(o *wire.Offer) { o.ExpiresMs = now.Now().UnixMilli() }), key.PeerID(), Topic("DE"), ErrIgnoreExpired},
		"lives too long":      {message(func(o *wire.Offer) { o.ExpiresMs += 3_600_000 }), key.PeerID(), Topic("DE"), ErrRejectLife},
		"replayed by another": {message(func(*wire.Offer) {}), other.PeerID(), Topic("DE"), ErrRejectAuthor},
		"in another's name":   {message(func(o *wire.Offer) { a := other.Address(); o.Clinic = a[:] }), other.PeerID(), Topic("DE"), ErrRejectAuthor},
		"signature broken":    {envelope(func(e *wire.Envelope) { e.Signature[9] ^= 1 }), key.PeerID(), Topic("DE"), ErrRejectSignature},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := m.check(c.topic, c.author, c.data); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	closed := newMember(t, Options{Clock: now, Allow: func(common.Address) bool { return false }}).market
	if _, err := closed.check(Topic("DE"), key.PeerID(), message(func(*wire.Offer) {})); !errors.Is(err, ErrIgnoreNotListed) {
		t.Errorf("not listed: %v", err)
	}
}

func TestFloodOfOneClinicIsIgnored(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	b := newBuckets(now)
	loud, quiet := common.HexToAddress("0x1"), common.HexToAddress("0x2")
	taken := 0
	for range 10 * offersBurst {
		if b.take(loud) {
			taken++
		}
	}
	if taken != offersBurst {
		t.Errorf("%d offers at once, want %d", taken, offersBurst)
	}
	if !b.take(quiet) {
		t.Error("another clinic suffers from the flood")
	}
	now.advance(time.Second)
	taken = 0
	for range offersBurst {
		if b.take(loud) {
			taken++
		}
	}
	if taken != offersPerSecond {
		t.Errorf("%d offers in the next second, want %d", taken, offersPerSecond)
	}
	for n := range 2 * maxBuckets { // sybil clinics: memory stays bounded
		b.take(common.BytesToAddress([]byte{1, byte(n >> 8), byte(n)}))
	}
	if len(b.levels) > maxBuckets {
		t.Errorf("%d buckets, want at most %d", len(b.levels), maxBuckets)
	}
}

func BenchmarkValidateOffer(b *testing.B) {
	key, err := identity.Generate()
	must(b, err)
	m := newMember(b, Options{}).market
	n := 0
	messages := make([][]byte, 100)
	for i := range messages {
		x, err := wire.NewOffer(offerOf(key, time.Now(), fmt.Sprint(i)))
		must(b, err)
		messages[i], err = wire.Encode(x, key.ECDSA())
		must(b, err)
	}
	for b.Loop() {
		m.buckets.levels = map[common.Address]bucket{}
		if _, err := m.check(Topic("DE"), key.PeerID(), messages[n%len(messages)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
