package market

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// testLimit is far beyond what any step takes; it turns a hang into a failure.
const testLimit = 2 * time.Minute

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
		must(t, m.market.Relay([]string{"DE", "AT", "FR"})) // everyone relays, one subscribes
		offers, err := m.market.Subscribe(t.Context(), region, 0)
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
	offers, err := node.market.Subscribe(t.Context(), "AT", MaxTier)
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

// connect joins two members.
func connect(t testing.TB, a, b member) {
	t.Helper()
	must(t, a.host.Connect(t.Context(), peer.AddrInfo{ID: b.host.ID(), Addrs: b.host.Addrs()}))
}

// next waits for one message.
func next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case got, open := <-c:
		if !open {
			t.Fatal("the channel is closed")
		}
		return got
	case <-time.After(testLimit):
		t.Fatal("nothing was heard")
	}
	panic("not reached")
}

func TestOffersReachTheirTierOnly(t *testing.T) {
	clinic, small, big := newMember(t, Options{}), newMember(t, Options{}), newMember(t, Options{})
	toSmall, err := small.market.Subscribe(t.Context(), "DE", 1)
	must(t, err)
	toBig, err := big.market.Subscribe(t.Context(), "DE", 3)
	must(t, err)
	connect(t, clinic, small)
	connect(t, clinic, big)
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	o := offerOf(clinic.key, time.Now(), "for the big one")
	o.Residency, o.MinTier = []string{"DE"}, 2
	must(t, clinic.market.Publish(ctx, o, clinic.key))
	if got := next(t, toBig); got.Offer.Task != o.Task {
		t.Errorf("the node of tier 3 got %+v", got.Offer)
	}
	easy := offerOf(clinic.key, time.Now(), "for anybody")
	easy.Residency = []string{"DE"}
	must(t, clinic.market.Publish(ctx, easy, clinic.key))
	if got := next(t, toSmall); got.Offer.Task != easy.Task { // were the first one on its way, it would come first
		t.Errorf("the node of tier 1 got an offer for tier %d", got.Offer.MinTier)
	}
	if got := next(t, toBig); got.Offer.Task != easy.Task {
		t.Errorf("the node of tier 3 got %+v, want what anybody may do", got.Offer)
	}
	for name, wrong := range map[string]func() error{
		"tier 5 published":  func() error { o.MinTier = 5; return clinic.market.Publish(ctx, o, clinic.key) },
		"tier 5 subscribed": func() error { _, err := small.market.Subscribe(ctx, "DE", 5); return err },
		"tier 255":          func() error { _, err := small.market.Subscribe(ctx, "DE", 255); return err },
		"no region":         func() error { _, err := small.market.Subscribe(ctx, "", 0); return err },
		"notices of none":   func() error { _, err := small.market.Notices(ctx, []string{"de"}); return err },
		"too many relayed":  func() error { return small.market.Relay(make([]string, MaxRegions+1)) },
	} {
		if wrong() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func noticeOf(key *identity.Key, issued time.Time) scheduler.Notice {
	return scheduler.Notice{
		Node: key.Address(), Addresses: []string{"/ip4/192.0.2.1/tcp/4001"}, Jurisdiction: "DE", Tier: 2, Provider: "cpu", MemoryBytes: 1 << 30,
		PriceGwei: 5, Profile: models.DigestOf([]byte("profile")), Free: 2, StatFree: 1, Issued: issued, Expires: issued.Add(scheduler.MaxNoticeLife),
		Models: []scheduler.Holding{{Package: models.DigestOf([]byte("package")), Promise: time.Second}},
	}
}

// TestNoticesReachClinics has a relay in the middle that reads nothing, as a coordinator.
func TestNoticesReachClinics(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	node, relay, clinic := newMember(t, Options{Clock: now}), newMember(t, Options{Clock: now}), newMember(t, Options{Clock: now})
	must(t, relay.market.Relay([]string{"DE", "FR"}))
	heard, err := clinic.market.Notices(t.Context(), []string{"DE", "FR", "DE"})
	must(t, err)
	connect(t, node, relay)
	connect(t, clinic, relay)
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	for clinic.market.Stats().Notices.Accepted == 0 { // until the mesh has formed
		must(t, node.market.Announce(ctx, noticeOf(node.key, now.Now()), node.key))
		select {
		case got := <-heard:
			if got.Notice.Node != node.key.Address() || got.Node != node.host.ID() || got.Notice.Free != 2 || len(got.Notice.Models) != 1 {
				t.Errorf("the clinic heard %+v", got)
			}
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the clinic heard nothing")
		}
		now.advance(30 * time.Second)
	}
	if s := node.market.Stats(); s.Notices.Published == 0 || s.Notices.Accepted != 0 {
		t.Errorf("the node counted %+v", s)
	}
}

// TestNodesDoNotHearEachOther: a node that announces itself is told nothing of the others,
// or a thousand nodes would each check a thousand notices.
func TestNodesDoNotHearEachOther(t *testing.T) {
	first, second, clinic := newMember(t, Options{}), newMember(t, Options{}), newMember(t, Options{})
	heard, err := clinic.market.Notices(t.Context(), []string{"DE"})
	must(t, err)
	for _, node := range []member{first, second} {
		connect(t, node, clinic)
		must(t, node.market.Announce(t.Context(), noticeOf(node.key, time.Now()), node.key))
		if got := next(t, heard); got.Notice.Node != node.key.Address() {
			t.Errorf("heard of %s", got.Notice.Node)
		}
	}
	for _, node := range []member{first, second} {
		if known := clinic.market.pubsub.ListPeers(NoticeTopic("DE")); slices.Contains(known, node.host.ID()) {
			t.Error("a node is a member of the notices' topic")
		}
	}
}

func TestAnnounceKeepsToItsRate(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	node, clinic := newMember(t, Options{Clock: now}), newMember(t, Options{Clock: now})
	heard, err := clinic.market.Notices(t.Context(), []string{"DE"})
	must(t, err)
	connect(t, node, clinic)
	announce := func() error {
		now.advance(time.Millisecond)
		return node.market.Announce(t.Context(), noticeOf(node.key, now.Now()), node.key)
	}
	for range int(ownNoticeRate.burst) {
		must(t, announce())
		next(t, heard)
	}
	if err := announce(); !errors.Is(err, ErrTooSoon) {
		t.Errorf("a sixth notice at once: %v", err)
	}
	now.advance(22 * time.Second)
	must(t, announce())
	next(t, heard)
}

// TestPublishKeepsToTheRate: more than the rate would be ignored by everybody, so routine
// offers wait, and an emergency does not wait with them.
func TestPublishKeepsToTheRate(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	node, clinic := newMember(t, Options{Clock: now}), newMember(t, Options{Clock: now})
	offers, err := node.market.Subscribe(t.Context(), "DE", 0)
	must(t, err)
	connect(t, node, clinic)
	o := offerOf(clinic.key, now.Now(), "task")
	o.Residency = []string{"DE"}
	publish := func(ctx context.Context) error {
		o.Round++
		return clinic.market.Publish(ctx, o, clinic.key)
	}
	for range int(ownOfferRate.burst) - statReserve {
		must(t, publish(t.Context()))
		next(t, offers)
	}
	full, cancel := context.WithCancel(t.Context())
	cancel()
	if err := publish(full); !errors.Is(err, context.Canceled) {
		t.Errorf("a routine offer beyond the rate: %v", err)
	}
	o.Class = scheduler.STAT
	must(t, publish(t.Context()))
	next(t, offers)
	o.Class = scheduler.Routine
	now.advance(time.Second)
	must(t, publish(t.Context()))
	next(t, offers)
	if s := node.market.Stats().Offers; s.Ignored["rate"] != 0 || s.Accepted != uint64(ownOfferRate.burst)-statReserve+2 {
		t.Errorf("the node counted %+v", s)
	}
}
