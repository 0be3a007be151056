package market

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

func newKey(t testing.TB) *identity.Key {
	t.Helper()
	key, err := identity.Generate()
	must(t, err)
	return key
}

// encoded is an offer's or notice's envelope, signed by key, after changes to the message
// and then to the envelope.
func encoded[M proto.Message](t testing.TB, key *identity.Key, message M, change func(M), reseal func(*wire.Envelope)) []byte {
	t.Helper()
	if change != nil {
		change(message)
	}
	data, err := wire.Encode(message, key.ECDSA())
	must(t, err)
	if reseal == nil {
		return data
	}
	e := &wire.Envelope{}
	must(t, proto.Unmarshal(data, e))
	reseal(e)
	data, err = proto.Marshal(e)
	must(t, err)
	return data
}

// is compares a check's error with a refusal, or with none.
func is(err error, want *refusal) bool {
	if want == nil {
		return err == nil
	}
	return errors.Is(err, want)
}

// TestOfferValidation names every defence, and on which list it stands.
func TestOfferValidation(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	m := newMember(t, Options{Clock: now}).market
	key, other := newKey(t), newKey(t)
	message := func(change func(*wire.Offer)) []byte {
		x, err := wire.NewOffer(offerOf(key, now.Now(), "task"))
		must(t, err)
		return encoded(t, key, x, change, nil)
	}
	envelope := func(change func(*wire.Envelope)) []byte {
		x, err := wire.NewOffer(offerOf(key, now.Now(), "task"))
		must(t, err)
		return encoded(t, key, x, nil, change)
	}
	de := OfferTopic("DE", 0)
	for name, c := range map[string]struct {
		data   []byte
		author peer.ID
		topic  string
		want   *refusal
	}{
		"good":                {message(nil), key.PeerID(), de, nil},
		"good in AT":          {message(nil), key.PeerID(), OfferTopic("AT", 0), nil},
		"good for tier 4":     {message(func(o *wire.Offer) { o.MinTier = 4 }), key.PeerID(), OfferTopic("DE", 4), nil},
		"smuggled to FR":      {message(nil), key.PeerID(), OfferTopic("FR", 0), ErrRejectRegion},
		"among the notices":   {message(nil), key.PeerID(), NoticeTopic("DE"), ErrRejectRegion},
		"for a lower tier":    {message(nil), key.PeerID(), OfferTopic("DE", 1), ErrRejectTier},
		"for a higher tier":   {message(func(o *wire.Offer) { o.MinTier = 2 }), key.PeerID(), de, ErrRejectTier},
		"for no tier":         {message(func(o *wire.Offer) { o.MinTier = 256 }), key.PeerID(), de, ErrRejectTier},
		"oversized":           {make([]byte, wire.MaxOffer+1), key.PeerID(), de, ErrRejectSize},
		"noise":               {[]byte("noise"), key.PeerID(), de, ErrRejectSchema},
		"a bid":               {encoded(t, key, wire.NewBid(scheduler.Bid{}), nil, nil), key.PeerID(), de, ErrRejectSchema},
		"malformed":           {message(func(o *wire.Offer) { o.Task = nil }), key.PeerID(), de, ErrRejectSchema},
		"a later version":     {envelope(func(e *wire.Envelope) { e.Version = 2 }), key.PeerID(), de, ErrIgnoreVersion},
		"expired":             {message(func(o *wire.Offer) { o.ExpiresMs = now.Now().UnixMilli() }), key.PeerID(), de, ErrIgnoreExpired},
		"lives too long":      {message(func(o *wire.Offer) { o.ExpiresMs += 3_600_000 }), key.PeerID(), de, ErrIgnoreAhead},
		"said by another":     {message(nil), other.PeerID(), de, ErrRejectAuthor},
		"in another's name":   {message(func(o *wire.Offer) { a := other.Address(); o.Clinic = a[:] }), other.PeerID(), de, ErrRejectAuthor},
		"signature broken":    {envelope(func(e *wire.Envelope) { e.Signature[9] ^= 1 }), key.PeerID(), de, ErrRejectSignature},
		"said in two ways":    {append(message(nil), 0x08, 1), key.PeerID(), de, ErrRejectSchema}, // the version once more
		"with something more": {append(message(nil), 0x78, 1), key.PeerID(), de, ErrRejectSchema}, // an unknown field
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := m.checkOffer(c.topic, c.author, c.data); !is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	closed := newMember(t, Options{Clock: now, Allow: func(common.Address) bool { return false }}).market
	if _, err := closed.checkOffer(de, key.PeerID(), message(nil)); !errors.Is(err, ErrIgnoreNotListed) {
		t.Errorf("not listed: %v", err)
	}
}

// TestNoticeValidation: as above.
func TestNoticeValidation(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	key, other := newKey(t), newKey(t)
	message := func(change func(*wire.Notice)) []byte {
		return encoded(t, key, wire.NewNotice(noticeOf(key, now.Now())), change, nil)
	}
	envelope := func(change func(*wire.Envelope)) []byte {
		return encoded(t, key, wire.NewNotice(noticeOf(key, now.Now())), nil, change)
	}
	move := func(d time.Duration) func(*wire.Notice) {
		return func(n *wire.Notice) { n.IssuedMs += d.Milliseconds(); n.ExpiresMs += d.Milliseconds() }
	}
	de := NoticeTopic("DE")
	for name, c := range map[string]struct {
		data   []byte
		author peer.ID
		topic  string
		want   *refusal
	}{
		"good":              {message(nil), key.PeerID(), de, nil},
		"a clock ahead":     {message(move(clockSkew)), key.PeerID(), de, nil},
		"of the future":     {message(move(clockSkew + time.Millisecond)), key.PeerID(), de, ErrIgnoreAhead},
		"expired":           {message(move(-scheduler.MaxNoticeLife)), key.PeerID(), de, ErrIgnoreExpired},
		"lives too long":    {message(func(n *wire.Notice) { n.ExpiresMs++ }), key.PeerID(), de, ErrRejectSchema},
		"of tier 5":         {message(func(n *wire.Notice) { n.Tier = 5 }), key.PeerID(), de, ErrRejectSchema},
		"among the offers":  {message(nil), key.PeerID(), OfferTopic("DE", 2), ErrRejectRegion},
		"smuggled to FR":    {message(nil), key.PeerID(), NoticeTopic("FR"), ErrRejectRegion},
		"oversized":         {make([]byte, wire.MaxOffer+1), key.PeerID(), de, ErrRejectSize},
		"noise":             {[]byte("noise"), key.PeerID(), de, ErrRejectSchema},
		"a later version":   {envelope(func(e *wire.Envelope) { e.Version = 2 }), key.PeerID(), de, ErrIgnoreVersion},
		"said by another":   {message(nil), other.PeerID(), de, ErrRejectAuthor},
		"in another's name": {message(func(n *wire.Notice) { a := other.Address(); n.Node = a[:] }), other.PeerID(), de, ErrRejectAuthor},
		"signature broken":  {envelope(func(e *wire.Envelope) { e.Signature[9] ^= 1 }), key.PeerID(), de, ErrRejectSignature},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMember(t, Options{Clock: now}).market
			if _, err := m.checkNotice(c.topic, c.author, c.data); !is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	closed := newMember(t, Options{Clock: now, AllowNode: func(common.Address) bool { return false }}).market
	if _, err := closed.checkNotice(de, key.PeerID(), message(nil)); !errors.Is(err, ErrIgnoreNotListed) {
		t.Errorf("not listed: %v", err)
	}
}

// TestReplayedNoticeIsIgnored: gossip forgets a message long before a notice expires, and
// then anybody may say it again, word for word.
func TestReplayedNoticeIsIgnored(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	m := newMember(t, Options{Clock: now}).market
	key := newKey(t)
	at := func(issued time.Time) []byte {
		return encoded(t, key, wire.NewNotice(noticeOf(key, issued)), nil, nil)
	}
	start := now.Now()
	now.advance(time.Minute)
	check := func(data []byte) error {
		_, err := m.checkNotice(NoticeTopic("DE"), key.PeerID(), data)
		return err
	}
	must(t, check(at(start.Add(time.Second))))
	for name, data := range map[string][]byte{"the same": at(start.Add(time.Second)), "an older one": at(start)} {
		if err := check(data); !errors.Is(err, ErrIgnoreReplayed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := encoded(t, key, wire.NewNotice(noticeOf(key, start.Add(3*time.Second))), nil, func(e *wire.Envelope) { e.Signature[9] ^= 1 })
	if err := check(broken); !errors.Is(err, ErrRejectSignature) {
		t.Errorf("a forged newer one: %v", err)
	}
	must(t, check(at(start.Add(2*time.Second)))) // the forged one has changed nothing
}

// TestFloodOfNoticesIsIgnored: defence: a bucket for each node. A node that says something
// new without end is heard a few times, and then seldom.
func TestFloodOfNoticesIsIgnored(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	m := newMember(t, Options{Clock: now}).market
	loud, quiet := newKey(t), newKey(t)
	heard := func(key *identity.Key) (n float64) {
		for range 3 * int(noticeRate.burst) {
			now.advance(time.Millisecond) // each is newer than the one before
			data := encoded(t, key, wire.NewNotice(noticeOf(key, now.Now())), nil, nil)
			if _, err := m.checkNotice(NoticeTopic("DE"), key.PeerID(), data); err == nil {
				n++
			} else if !errors.Is(err, ErrIgnoreRate) {
				t.Fatal(err)
			}
		}
		return n
	}
	if got := heard(loud); got != noticeRate.burst {
		t.Errorf("%v notices at once, want %v", got, noticeRate.burst)
	}
	if got := heard(quiet); got != noticeRate.burst {
		t.Errorf("another node suffers: %v of its notices are heard", got)
	}
	now.advance(20 * time.Second)
	if got := heard(loud); got != 1 {
		t.Errorf("%v notices after 20 s, want 1", got)
	}
}

// received is a message as gossip hands it to a validator.
func received(topic string, author *identity.Key, data []byte) *pubsub.Message {
	return &pubsub.Message{Message: &pb.Message{From: []byte(author.PeerID()), Data: data, Topic: &topic}}
}

// TestWhoPaysForARefusal: what no honest peer forwards is rejected; of what is ignored,
// only what an honest peer seldom sends counts against the sender.
func TestWhoPaysForARefusal(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	author, relay := newKey(t), newKey(t)
	message := func(key *identity.Key, change func(*wire.Offer), reseal func(*wire.Envelope)) []byte {
		x, err := wire.NewOffer(offerOf(key, now.Now(), "task"))
		must(t, err)
		return encoded(t, key, x, change, reseal)
	}
	expired := message(author, func(o *wire.Offer) { o.ExpiresMs = 1 }, nil)
	later := message(author, nil, func(e *wire.Envelope) { e.Version = 2 })
	good := message(author, nil, nil)
	forged := message(author, nil, func(e *wire.Envelope) { e.Signature[9] ^= 1 })
	for name, c := range map[string]struct {
		data    []byte
		from    *identity.Key
		listed  bool
		flooded bool
		want    pubsub.ValidationResult
		reason  *refusal
		useless uint64
	}{
		"good":                       {good, relay, true, false, pubsub.ValidationAccept, nil, 0},
		"forged":                     {forged, relay, true, false, pubsub.ValidationReject, ErrRejectSignature, 0},
		"expired":                    {expired, relay, true, false, pubsub.ValidationIgnore, ErrIgnoreExpired, 1},
		"of a later version":         {later, relay, true, false, pubsub.ValidationIgnore, ErrIgnoreVersion, 0},
		"of a stranger":              {good, relay, false, false, pubsub.ValidationIgnore, ErrIgnoreNotListed, 0},
		"a flood's, from its relay":  {good, relay, true, true, pubsub.ValidationIgnore, ErrIgnoreRate, 0},
		"a flood's, from its clinic": {good, author, true, true, pubsub.ValidationIgnore, ErrIgnoreRate, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMember(t, Options{Clock: now, Allow: func(common.Address) bool { return c.listed }}).market
			for c.flooded && m.clinics.take(bucketOf{author.Address(), "DE"}, 0) == 0 { // until the bucket is empty
			}
			judge := validator(m, m.offers, m.checkOffer)
			if got := judge(t.Context(), c.from.PeerID(), received(OfferTopic("DE", 0), author, c.data)); got != c.want {
				t.Errorf("judged %v, want %v", got, c.want)
			}
			s := m.Stats()
			if s.Useless != c.useless {
				t.Errorf("%d useless messages, want %d", s.Useless, c.useless)
			}
			for counted, n := range s.Offers.Ignored {
				if want := c.reason != nil && counted == c.reason.name; (n == 1) != want {
					t.Errorf("%d ignored as %s", n, counted)
				}
			}
			if c.want == pubsub.ValidationAccept && s.Offers.Accepted != 1 {
				t.Errorf("counted %+v", s.Offers)
			}
		})
	}
}

func TestEveryRefusalIsOnOneList(t *testing.T) {
	names := map[string]bool{}
	for _, list := range [][]*refusal{ignored, rejected} {
		for _, r := range list {
			if names[r.name] {
				t.Errorf("%s is counted twice", r.name)
			}
			names[r.name] = true
		}
	}
	if len(names) != 12 {
		t.Errorf("%d refusals, want 12", len(names))
	}
}

// FuzzGossip: nothing is accepted but what its author signed, and nothing panics.
func FuzzGossip(f *testing.F) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	private, err := crypto.ToECDSA(common.LeftPadBytes([]byte{7}, 32)) // fixed, so that a found input stays one
	must(f, err)
	key, err := identity.FromECDSA(private)
	must(f, err)
	m := newMember(f, Options{Clock: now}).market
	x, err := wire.NewOffer(offerOf(key, now.Now(), "task"))
	must(f, err)
	f.Add(encoded(f, key, x, nil, nil))
	f.Add(encoded(f, key, wire.NewNotice(noticeOf(key, now.Now())), nil, nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := m.checkOffer(OfferTopic("DE", 0), key.PeerID(), data); err == nil && o.Clinic != key.Address() {
			t.Fatalf("an offer of %s was accepted", o.Clinic)
		}
		if n, err := m.checkNotice(NoticeTopic("DE"), key.PeerID(), data); err == nil && n.Node != key.Address() {
			t.Fatalf("a notice of %s was accepted", n.Node)
		}
	})
}

func BenchmarkValidateOffer(b *testing.B) {
	key := newKey(b)
	m := newMember(b, Options{}).market
	n := 0
	messages := make([][]byte, 100)
	for i := range messages {
		x, err := wire.NewOffer(offerOf(key, time.Now(), fmt.Sprint(i)))
		must(b, err)
		messages[i] = encoded(b, key, x, nil, nil)
	}
	for b.Loop() {
		m.clinics = newBuckets(m.options.Clock, offerRate)
		if _, err := m.checkOffer(OfferTopic("DE", 0), key.PeerID(), messages[n%len(messages)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
