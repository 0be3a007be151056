package market

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

func inDE(who common.Address) bucketOf { return bucketOf{who, "DE"} }

func TestFloodOfOneClinicIsIgnored(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	b := newBuckets(now, offerRate)
	loud, quiet := common.HexToAddress("0x1"), common.HexToAddress("0x2")
	taken := func(tries float64) (n float64) {
		for range int(tries) {
			if b.take(inDE(loud), 0) == 0 {
				n++
			}
		}
		return n
	}
	if got := taken(10 * offerRate.burst); got != offerRate.burst {
		t.Errorf("%v offers at once, want %v", got, offerRate.burst)
	}
	if b.take(inDE(quiet), 0) != 0 || b.take(bucketOf{loud, "AT"}, 0) != 0 {
		t.Error("another clinic or region suffers from the flood")
	}
	now.advance(time.Second)
	if got := taken(offerRate.burst); got != offerRate.perSecond {
		t.Errorf("%v offers in the next second, want %v", got, offerRate.perSecond)
	}
	wait := b.take(inDE(loud), 0)
	now.advance(wait - time.Millisecond)
	if b.take(inDE(loud), 0) == 0 {
		t.Error("a token came earlier than was said")
	}
	now.advance(time.Millisecond)
	if b.take(inDE(loud), 0) != 0 {
		t.Errorf("no token after the %v that were said", wait)
	}
}

// TestSybilsDoNotPushOutTheKnown: names cost an attacker nothing, so a full memory keeps
// whom it knows.
func TestSybilsDoNotPushOutTheKnown(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	b, n, burdened := newBuckets(now, offerRate), newNewest(), newBurdens(now)
	known := common.HexToAddress("0x1")
	minute := said{issued: now.Now(), expires: now.Now().Add(time.Minute)}
	name := func(i int) common.Address {
		return common.BytesToAddress([]byte{1, byte(i >> 16), byte(i >> 8), byte(i)})
	}
	b.take(inDE(known), 0)
	n.note(known, minute, now.Now())
	for i := range 2 * maxBuckets {
		b.take(inDE(name(i)), 0)
		n.note(name(i), minute, now.Now())
		burdened.add(peer.ID(name(i).Hex()))
	}
	if len(b.levels.of) != maxBuckets || len(n.of.of) != maxBuckets || len(burdened.by.of) != maxBurdened {
		t.Errorf("%d buckets, %d notices, %d burdens are remembered", len(b.levels.of), len(n.of.of), len(burdened.by.of))
	}
	if b.take(inDE(known), 0) != 0 || !n.note(known, said{issued: now.Now().Add(1), expires: now.Now().Add(time.Minute)}, now.Now()) {
		t.Error("who was known before is not heard any more")
	}
	if n.note(known, minute, now.Now()) {
		t.Error("an old notice counts as news")
	}
	now.advance(30 * time.Minute) // the flood is over
	newcomer := name(3 * maxBuckets)
	if b.take(inDE(newcomer), 0) != 0 || !n.note(newcomer, said{issued: now.Now(), expires: now.Now().Add(time.Minute)}, now.Now()) {
		t.Error("a newcomer is not heard after the flood")
	}
	burdened.add(peer.ID("newcomer"))
	if _, known := burdened.by.of["newcomer"]; !known {
		t.Error("a newcomer's useless messages are free after the flood")
	}
}

// TestBucketProperty: in any stretch of time at most burst + rate · t tokens are given.
func TestBucketProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := &clock{now: time.UnixMilli(1_800_000_000_000)}
		r := rate{perSecond: rapid.Float64Range(0.01, 100).Draw(t, "per second"), burst: rapid.Float64Range(1, 300).Draw(t, "burst")}
		b := newBuckets(now, r)
		type taken struct{ at time.Time }
		var given []taken
		for _, step := range rapid.SliceOfN(rapid.Int64Range(0, 2_000), 1, 200).Draw(t, "steps in ms") {
			now.advance(time.Duration(step) * time.Millisecond)
			if wait := b.take(inDE(common.Address{}), 0); wait == 0 {
				given = append(given, taken{now.Now()})
			} else if wait < 0 {
				t.Fatalf("wait %v", wait)
			}
		}
		for first := range given {
			for last := first; last < len(given); last++ {
				most := r.burst + r.perSecond*given[last].at.Sub(given[first].at).Seconds() + 1e-6
				if n := float64(last - first + 1); n > most {
					t.Fatalf("%v tokens in %v, at most %v", n, given[last].at.Sub(given[first].at), most)
				}
			}
		}
	})
}

func TestUselessMessagesCostAndAreForgotten(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	b := newBurdens(now)
	for range freeUseless {
		b.add("peer")
	}
	if got := b.score("peer"); got != 0 {
		t.Errorf("a peer within the free count scores %v", got)
	}
	for range freeUseless + 1 {
		b.add("peer")
	}
	if got := b.score("peer"); got > graylistThreshold {
		t.Errorf("twice the free count scores %v, want it graylisted under %v", got, graylistThreshold)
	}
	if b.score("another") != 0 {
		t.Error("another peer pays")
	}
	now.advance(uselessHalf)
	if got := b.score("peer"); got < -20 {
		t.Errorf("after a half life the score is %v", got)
	}
}

func TestTopics(t *testing.T) {
	for topic, want := range map[string]bool{
		OfferTopic("DE", 0): true, OfferTopic("DE", MaxTier): true, NoticeTopic("DE"): true,
		OfferTopic("DE", 5): false, OfferTopic("de", 0): false, OfferTopic("DE", 10): false, OfferTopic("", 0): false,
		NoticeTopic("D"): false, NoticeTopic("DE/"): false, "": false, "/medhive/1/offer/DE": false, "/medhive/1/offer/DEx0": false,
		"/medhive/1/notice/": false, "/medhive/2/notice/DE": false, "anything": false,
	} {
		if ours(topic) != want {
			t.Errorf("%q is ours: %v", topic, ours(topic))
		}
	}
	region, tier, is := offerTopicOf(OfferTopic("AT", 3))
	if region != "AT" || tier != 3 || !is {
		t.Errorf("%s, %d, %v", region, tier, is)
	}
}

// TestSubscriptionFlood: topics that a stranger invents are not remembered.
func TestSubscriptionFlood(t *testing.T) {
	named := func(topics ...string) (all []*pb.RPC_SubOpts) {
		for _, topic := range topics {
			all = append(all, &pb.RPC_SubOpts{Subscribe: proto.Bool(true), Topicid: proto.String(topic)})
		}
		return all
	}
	kept, err := subscriptions{}.FilterIncomingSubscriptions("", named("invented", OfferTopic("DE", 1), "/medhive/1/offer/DE/9", NoticeTopic("DE")))
	if err != nil || len(kept) != 2 {
		t.Errorf("kept %v, %v", kept, err)
	}
	if _, err := (subscriptions{}).FilterIncomingSubscriptions("", named(make([]string, maxSubscriptions+1)...)); err == nil {
		t.Error("any number of topics in one message is taken")
	}
	if (MaxTier+2)*MaxRegions > maxSubscriptions {
		t.Error("a relay of MaxRegions names more topics than its peers take")
	}
}
