package enrolment

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

var (
	start = time.UnixMilli(1_790_000_000_000).UTC()
	ann   = common.HexToAddress("0xa1")
	ben   = common.HexToAddress("0xb2")
)

// heard is one word of a process, so many minutes after the start.
type heard struct {
	life string
	at   int
}

func TestTwoMachinesWithOneKeyAreNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		words []heard
		want  bool // noticed at the last word
	}{
		"one process":                          {[]heard{{"a", 0}, {"a", 5}, {"a", 10}}, false},
		"a restart":                            {[]heard{{"a", 0}, {"b", 5}, {"b", 10}}, false},
		"many restarts":                        {[]heard{{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}, {"e", 4}, {"f", 5}, {"g", 6}, {"h", 7}, {"i", 8}, {"j", 9}, {"j", 14}}, false},
		"a late word of a process that ended":  {[]heard{{"a", 0}, {"b", 5}, {"a", 5}}, false},
		"a copy":                               {[]heard{{"a", 0}, {"b", 5}, {"a", 10}}, true},
		"a copy, heard from the other":         {[]heard{{"a", 0}, {"b", 5}, {"a", 10}, {"b", 11}}, true},
		"a copy that ended a day ago":          {[]heard{{"a", 0}, {"b", 5}, {"a", 10}, {"a", 5 + 24*60}}, false},
		"a copy that ended an hour ago":        {[]heard{{"a", 0}, {"b", 5}, {"a", 10}, {"a", 65}}, true},
		"the first goes on alone after a day":  {[]heard{{"a", 0}, {"b", 5}, {"a", 2 * 24 * 60}}, false},
		"a copy that was there from the start": {[]heard{{"a", 0}, {"b", 0}, {"a", 5}, {"b", 5}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSightings()
			var since time.Time
			for _, w := range c.words {
				since = s.hear(ann, w.life, start.Add(time.Duration(w.at)*time.Minute))
			}
			if got := !since.IsZero(); got != c.want {
				t.Fatalf("noticed: %t, want %t", got, c.want)
			}
			last := start.Add(time.Duration(c.words[len(c.words)-1].at) * time.Minute)
			if flags := s.flags(ann, last); (len(flags) == 1) != c.want {
				t.Fatalf("flags %v", flags)
			}
			if flags := s.flags(ben, last); len(flags) != 0 {
				t.Fatalf("another node has flags %v", flags)
			}
		})
	}
}

// TestARestartIsNeverACopy: however often a node starts again, as long as its processes
// follow each other nothing is noticed.
func TestARestartIsNeverACopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := newSightings(), start
		for i := range rapid.IntRange(1, 20).Draw(t, "processes") {
			for range rapid.IntRange(1, 5).Draw(t, "words") {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "pause")))
				if since := s.hear(ann, string(rune('a'+i)), now); !since.IsZero() {
					t.Fatal("a restart was taken for a copy")
				}
			}
		}
	})
}

// TestACopyIsNoticedWithinTwoRounds: two that speak in turn every few minutes, beginning at
// different times, are noticed when each was heard twice.
func TestACopyIsNoticedWithinTwoRounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSightings()
		const every = 5 * time.Minute
		offset := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(every)-1).Draw(t, "offset"))
		for round := range 3 {
			at := start.Add(time.Duration(round) * every)
			a := s.hear(ann, "a", at)
			b := s.hear(ann, "b", at.Add(offset))
			if round >= 2 && (a.IsZero() || b.IsZero()) {
				t.Fatalf("not noticed in round %d", round)
			}
		}
	})
}

func TestASharedDeviceIsToldToBoth(t *testing.T) {
	s := newSightings()
	s.share(ann, ben, start)
	for node, other := range map[common.Address]common.Address{ann: ben, ben: ann} {
		flags := s.flags(node, start.Add(time.Hour))
		if len(flags) != 1 || flags[0].Other == nil || *flags[0].Other != other {
			t.Errorf("%s: %v", node, flags)
		}
	}
	if all := s.all(start.Add(time.Hour)); len(all) != 2 {
		t.Errorf("%v", all)
	}
	if all := s.all(start.Add(FlagLife)); len(all) != 0 {
		t.Errorf("a flag never ends: %v", all)
	}
}
