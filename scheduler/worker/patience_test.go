package worker

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

func TestPatience(t *testing.T) {
	start := time.UnixMilli(1_800_000_000_000)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	strike := func(p patience, n int) patience {
		for range n {
			p = p.undecided(p.last, p.last.Add(DefaultHold))
		}
		return p
	}
	struck := func(n int) patience { return strike(patience{last: start}, n) }
	for name, test := range map[string]struct {
		p      patience
		places int
		now    time.Time
		banned bool
	}{
		"a stranger, an idle node":        {p: patience{}, places: 1, now: start},
		"a stranger that holds a quarter": {p: patience{open: 1}, places: 7, now: start, banned: true},
		"a stranger that holds less":      {p: patience{open: 1}, places: 8, now: start},
		"one that gave work":              {p: patience{open: 5, awarded: true}, places: 6, now: start},
		"one undecided":                   {p: struck(1), places: 1, now: at(5 * time.Second)},
		"two":                             {p: struck(2), places: 1, now: at(10 * time.Second), banned: true},
		"two, ten seconds later":          {p: struck(2), places: 1, now: at(20 * time.Second)},
		"three, ten seconds later":        {p: struck(3), places: 1, now: at(25 * time.Second), banned: true},
		"a hundred, eighty seconds later": {p: struck(100), places: 1, now: at(500*time.Second + lastBan)},
	} {
		if err := test.p.allows(test.places, test.now); (err != nil) != test.banned {
			t.Errorf("%s: %v", name, err)
		}
	}
	burst := patience{}
	for range 6 { // bids that were out together when the clinic was cut off
		burst = burst.undecided(start, at(DefaultHold))
	}
	if burst.strikes != 1 {
		t.Errorf("one cut is %d strikes", burst.strikes)
	}
	if late := strike(struck(5), 1); late.undecided(at(time.Hour), at(time.Hour+DefaultHold)).strikes != 1 {
		t.Error("old strikes are not forgiven")
	}
}

// A clinic that never decides gets less and less of a node's time, whatever its rhythm.
func TestDecoysGetLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(1_800_000_000_000)
		end := now.Add(20 * time.Minute)
		var p patience
		var held time.Duration
		for now.Before(end) {
			if p.allows(1, now) != nil {
				now = now.Add(time.Duration(rapid.IntRange(10, 2000).Draw(t, "ms")) * time.Millisecond)
				continue
			}
			began := now
			now = now.Add(DefaultHold)
			p = p.undecided(began, now)
			held += DefaultHold
		}
		if share := held.Seconds() / (20 * time.Minute).Seconds(); share > 0.08 {
			t.Fatalf("a decoy holds the node's only place for %.0f %% of the time", 100*share)
		}
	})
}

func TestPatienceIsBounded(t *testing.T) {
	w := &Worker{patience: map[common.Address]patience{}}
	now := time.UnixMilli(1_800_000_000_000)
	enter := func(n int) bool {
		clinic := common.BytesToAddress([]byte{byte(n), byte(n >> 8), 1})
		known := w.knowsPatience(clinic, now)
		if known {
			w.change(clinic, func(p patience) patience { return p.undecided(now, now) })
		}
		return known
	}
	for n := range maxPatience {
		if !enter(n) {
			t.Fatalf("clinic %d is not taken", n)
		}
	}
	paid := common.HexToAddress("0xbad")
	w.clinics = map[common.Address]conduct{paid: {Signed: 1}}
	if !w.knowsPatience(paid, now) {
		t.Error("strangers keep out a clinic that has paid")
	}
	w.change(paid, func(p patience) patience { return p.undecided(now, now) })
	for n := range 2 * maxPatience {
		now = now.Add(time.Millisecond)
		if !enter(maxPatience + n) {
			t.Fatal("strangers that were there before keep out another")
		}
	}
	if len(w.patience) > maxPatience {
		t.Errorf("memory without end: %d clinics", len(w.patience))
	}
	if w.patience[paid].strikes != 1 {
		t.Error("strangers wash out what a clinic did")
	}
	if now = now.Add(2 * strikesLast); !enter(maxPatience) || len(w.patience) != 1 {
		t.Errorf("%d clinics are remembered when all is quiet", len(w.patience))
	}
}
