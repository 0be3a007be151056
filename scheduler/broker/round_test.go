package broker

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler"
)

func TestWhenARoundIsDecided(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	first := begin.Add(time.Second)
	for name, c := range map[string]struct {
		round round
		live  int
		class scheduler.Class
		after time.Duration // since the first bid
		want  bool
	}{
		"nobody has bid":                     {round{}, 0, scheduler.STAT, 0, false},
		"spares alone, but plenty":           {round{}, scheduler.LotteryWanted, scheduler.Routine, 0, true},
		"two, while others are asked":        {round{firstBid: first, asked: 5, asking: 1}, 2, scheduler.STAT, 0, false},
		"two, and all who were asked":        {round{firstBid: first, asked: 5}, 2, scheduler.STAT, 0, true},
		"one, and all who were asked":        {round{firstBid: first, asked: 5}, 1, scheduler.STAT, time.Second, false},
		"eight for an emergency":             {round{firstBid: first}, 8, scheduler.STAT, 0, true},
		"eight at once for a routine task":   {round{firstBid: first}, 8, scheduler.Routine, 0, false},
		"eight that have gathered":           {round{firstBid: first}, 8, scheduler.Routine, gathering, true},
		"twenty at once":                     {round{firstBid: first}, scheduler.LotteryWanted, scheduler.Routine, 0, true},
		"three soon":                         {round{firstBid: first}, 3, scheduler.Routine, gathering, false},
		"three, and others had time":         {round{firstBid: first}, 3, scheduler.Routine, earlyChoice, true},
		"two, and others had time":           {round{firstBid: first}, 2, scheduler.Routine, earlyChoice, false},
		"two long after, but no window over": {round{firstBid: first}, 2, scheduler.Urgent, time.Minute, false},
	} {
		if got := c.round.decided(c.live, c.class, first.Add(c.after)); got != c.want {
			t.Errorf("%s: decided %v", name, got)
		}
	}
}

// A round's timer never lies in the past while its window is open, or its loop would spin.
func TestRoundsTimerLiesAhead(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) time.Time {
			return begin.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, label)))
		}
		r := round{windowEnd: begin.Add(2 * time.Second), announceAt: at("announce"), announced: rapid.Bool().Draw(t, "announced")}
		if rapid.Bool().Draw(t, "bid") {
			r.firstBid = at("first bid")
		}
		now := at("now")
		next := r.next(now)
		if next.After(r.windowEnd) || next.Before(r.windowEnd) && !next.After(now) {
			t.Fatalf("at %v the timer is %v, the window ends at %v", now.Sub(begin), next.Sub(begin), r.windowEnd.Sub(begin))
		}
	})
}

func TestPatienceEndsAfterTwiceThePromiseAndALease(t *testing.T) {
	if got := patience(time.Minute, 10*time.Second); got != 130*time.Second {
		t.Errorf("%v", got)
	}
}

// A sealed value opens under its own bucket, key and secret, and nowhere else.
func TestSealedValuesStayInTheirPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		aead, err := sealer([32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		other, err := sealer([32]byte{2})
		if err != nil {
			t.Fatal(err)
		}
		s := store{aead: aead}
		key, value := rapid.SliceOf(rapid.Byte()).Draw(t, "key"), append([]byte("{"), rapid.SliceOf(rapid.Byte()).Draw(t, "value")...)
		sealed := s.seal(tasksBucket, key, value)
		if got, err := s.open(tasksBucket, key, sealed); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("%q, %v", got, err)
		}
		changed := bytes.Clone(sealed)
		changed[rapid.IntRange(1, len(changed)-1).Draw(t, "at")] ^= 1
		for name, open := range map[string]func() ([]byte, error){
			"another bucket": func() ([]byte, error) { return s.open(groupsBucket, key, sealed) },
			"another key":    func() ([]byte, error) { return s.open(tasksBucket, append(bytes.Clone(key), 0), sealed) },
			"another secret": func() ([]byte, error) { return store{aead: other}.open(tasksBucket, key, sealed) },
			"no secret":      func() ([]byte, error) { return store{}.open(tasksBucket, key, sealed) },
			"a changed byte": func() ([]byte, error) { return s.open(tasksBucket, key, changed) },
		} {
			if got, err := open(); err == nil {
				t.Fatalf("%s: opened as %q", name, got)
			}
		}
		plain := store{}.seal(tasksBucket, key, value)
		if got, err := s.open(tasksBucket, key, plain); err != nil || !bytes.Equal(got, value) {
			t.Fatalf("a readable value: %q, %v", got, err)
		}
	})
}
