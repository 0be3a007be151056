package notify

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent/warning"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func up(code warning.Code, s warning.Severity, since time.Time) warning.Warning {
	return warning.Warning{Code: code, Severity: s, Text: "it is so", Fix: "mend it", Since: since}
}

func TestWhatIsWorthAMessage(t *testing.T) {
	r := Rules{After: 4 * time.Minute, Mute: []warning.Code{warning.ModelLeftOut}}.orDefault()
	disk := up(warning.DiskLow, warning.Caution, noon)
	worse := up(warning.DiskLow, warning.Critical, noon)
	for name, test := range map[string]struct {
		memory                []told
		up                    []warning.Warning
		at                    time.Time
		raised, still, passed int
		next                  time.Time
	}{
		"nothing is wrong":               {at: noon},
		"too young":                      {up: []warning.Warning{disk}, at: noon.Add(time.Minute), next: noon.Add(4 * time.Minute)},
		"old enough":                     {up: []warning.Warning{disk}, at: noon.Add(4 * time.Minute), raised: 1},
		"critical waits a quarter":       {up: []warning.Warning{up(warning.NoPeers, warning.Critical, noon)}, at: noon.Add(time.Minute), raised: 1},
		"too mild":                       {up: []warning.Warning{up(warning.MeasurementOld, warning.Notice, noon)}, at: noon.Add(time.Hour)},
		"muted":                          {up: []warning.Warning{up(warning.ModelLeftOut, warning.Caution, noon)}, at: noon.Add(time.Hour)},
		"told already":                   {memory: []told{{Warning: disk, At: noon}}, up: []warning.Warning{disk}, at: noon.Add(time.Hour), next: noon.Add(24 * time.Hour)},
		"told a day ago":                 {memory: []told{{Warning: disk, At: noon}}, up: []warning.Warning{disk}, at: noon.Add(24 * time.Hour), still: 1},
		"told, and worse now":            {memory: []told{{Warning: disk, At: noon}}, up: []warning.Warning{worse}, at: noon.Add(time.Second), raised: 1},
		"told, and milder now":           {memory: []told{{Warning: worse, At: noon}}, up: []warning.Warning{disk}, at: noon.Add(time.Second), next: noon.Add(24 * time.Hour)},
		"gone for a moment":              {memory: []told{{Warning: disk, At: noon, Gone: noon.Add(time.Minute)}}, at: noon.Add(2 * time.Minute), next: noon.Add(5 * time.Minute)},
		"gone for good":                  {memory: []told{{Warning: disk, At: noon, Gone: noon.Add(time.Minute)}}, at: noon.Add(5 * time.Minute), passed: 1},
		"another subject is another one": {memory: []told{{Warning: disk, At: noon}}, up: []warning.Warning{disk, {Code: warning.DiskLow, Subject: "b", Severity: warning.Caution, Since: noon}}, at: noon.Add(time.Hour), raised: 1, next: noon.Add(24 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			raised, still, passed, next := r.plan(test.memory, test.up, test.at)
			if len(raised) != test.raised || len(still) != test.still || len(passed) != test.passed || !next.Equal(test.next) {
				t.Errorf("raised %v, still %v, passed %v, next %v", raised, still, passed, next)
			}
		})
	}
}

// TestEveryToldWarningIsToldToHavePassed drives a way through any history of a board: what was
// told is told to have passed once it stays away, nothing passes that was not told, nothing is
// told twice in a row, and a board that rests makes the way rest.
func TestEveryToldWarningIsToldToHavePassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rules{After: 3 * time.Minute, Again: time.Hour}.orDefault()
		codes := []warning.Code{warning.DiskLow, warning.NoPeers, warning.Suspended}
		var memory []told
		board := map[warning.Code]warning.Warning{}
		open := map[warning.Code]bool{} // told, and not told to have passed
		now := noon
		list := func() (l []warning.Warning) {
			for _, c := range codes {
				if w, is := board[c]; is {
					l = append(l, w)
				}
			}
			return l
		}
		look := func() (told int) {
			memory = observe(memory, list(), now)
			m := Message{}
			m.Raised, m.Still, m.Passed, _ = r.plan(memory, list(), now)
			for _, w := range m.Raised {
				if open[w.Code] {
					t.Fatalf("%s was raised twice", w.Code)
				}
				open[w.Code] = true
			}
			for _, w := range slices.Concat(m.Still, m.Passed) {
				if !open[w.Code] {
					t.Fatalf("%s is said to hold on or to have passed, and was never told", w.Code)
				}
			}
			for _, w := range m.Passed {
				delete(open, w.Code)
			}
			memory = remember(memory, m, now)
			return len(m.Raised) + len(m.Still) + len(m.Passed)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second)
			code := rapid.SampledFrom(codes).Draw(t, "code")
			if rapid.Bool().Draw(t, "raise") {
				if _, is := board[code]; !is {
					board[code] = up(code, warning.Caution, now)
				}
			} else {
				delete(board, code)
			}
			look()
		}
		clear(board)
		look()
		now = now.Add(r.After)
		look()
		if len(open) > 0 || len(memory) > 0 {
			t.Fatalf("%v were told and never told to have passed; %v is remembered", open, memory)
		}
		now = now.Add(r.Again)
		if look() != 0 {
			t.Fatal("an empty board has something to tell")
		}
	})
}

func TestNoMoreMessagesAnHourThanAllowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 5).Draw(t, "most")
		var sent allowance
		now := noon
		for range 40 {
			now = now.Add(time.Duration(rapid.IntRange(0, 1800).Draw(t, "seconds")) * time.Second)
			wait := sent.wait(most, now)
			if wait < 0 || wait > time.Hour {
				t.Fatalf("wait %v", wait)
			}
			now = now.Add(wait)
			sent = append(sent.recent(now), now)
			if len(sent) > most {
				t.Fatalf("%d messages in an hour, %d allowed", len(sent), most)
			}
		}
	})
}
