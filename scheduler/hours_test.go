package scheduler

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// at is a moment of the week of Sunday, 1 March 2026, such as "Mon 18:00".
func at(t testing.TB, text string) time.Time {
	t.Helper()
	day, clock, _ := strings.Cut(text, " ")
	n, err := parseDay(day)
	if err != nil {
		t.Fatal(err)
	}
	minutes, err := parseTime(clock)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 3, 1+n, 0, minutes, 59, 0, time.UTC)
}

func TestHours(t *testing.T) {
	for text, c := range map[string]struct{ open, closed string }{
		"":                                     {"Mon 00:00, Sun 23:59", ""},
		"Mon-Fri 18:00-08:00, Sat-Sun":         {"Mon 18:00, Tue 07:59, Fri 18:00, Sat 07:59, Sat 12:00, Sun 23:59", "Mon 00:00, Mon 17:59, Tue 08:00, Fri 17:59"},
		"18:00-08:00":                          {"Mon 18:00, Mon 07:59, Sun 23:59, Sun 00:00", "Mon 08:00, Sun 17:59"},
		"08:00-12:00,13:00-17:00":              {"Wed 08:00, Wed 11:59, Wed 13:00", "Wed 07:59, Wed 12:00, Wed 12:59, Wed 17:00"},
		"sun 22:00-02:00":                      {"Sun 22:00, Mon 01:59", "Sun 21:59, Mon 02:00, Sun 01:00"},
		"Sat 22:00-02:00":                      {"Sat 22:00, Sun 01:59", "Sun 02:00, Sat 01:00"},
		"Fri-Mon":                              {"Fri 00:00, Sat 12:00, Sun 12:00, Mon 23:59", "Tue 00:00, Thu 23:59"},
		"Tue 00:00-24:00":                      {"Tue 00:00, Tue 23:59", "Mon 23:59, Wed 00:00"},
		"Tue 20:00-00:00":                      {"Tue 20:00, Tue 23:59", "Wed 00:00, Tue 00:00"},
		"  Mon   9:30-10:00 ,Wed  ":            {"Mon 09:30, Wed 00:00", "Mon 09:29, Mon 10:00, Thu 00:00"},
		"Mon-Sun 00:00-24:00, Mon 08:00-09:00": {"Mon 08:30, Sun 00:00, Sat 23:59", ""},
	} {
		t.Run(text, func(t *testing.T) {
			h, err := ParseHours(text)
			if err != nil {
				t.Fatal(err)
			}
			if h.String() != strings.TrimSpace(text) {
				t.Errorf("reads back as %q", h)
			}
			for list, want := range map[string]bool{c.open: true, c.closed: false} {
				for moment := range strings.SplitSeq(list, ", ") {
					if moment != "" && h.Contains(at(t, moment)) != want {
						t.Errorf("%s: open is %v", moment, !want)
					}
				}
			}
		})
	}
}

func TestHoursRefused(t *testing.T) {
	for _, text := range []string{"Mon-", "Mo", "8-12", "08:00", "08:00-08:00", "24:00-08:00", "08:60-09:00", "25:00-26:00", "-1:00-02:00",
		"Mon Tue 08:00-09:00", "08:00-12:00 Mon", "Mon,", ",", "Mon;Tue", "008:00-09:00", "8:0-9:00", "24:01-24:02", strings.Repeat("Mon,", 51) + "Mon"} {
		if h, err := ParseHours(text); err == nil {
			t.Errorf("%q is read as %v", text, h)
		} else if len(text) < maxHoursText && !strings.Contains(err.Error(), "want a form such as") {
			t.Errorf("%q: %v does not say what to write", text, err)
		}
	}
}

func TestHoursChange(t *testing.T) {
	h, err := ParseHours("Mon-Fri 18:00-08:00, Sat-Sun")
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{"Mon 09:15": "Mon 18:00", "Mon 18:00": "Tue 08:00", "Sun 12:00": "Mon 00:00"} {
		if got := h.Change(at(t, from)); got.Weekday() != at(t, want).Weekday() || got.Format("15:04:05") != want[4:]+":00" {
			t.Errorf("after %s it changes at %v, want %s", from, got, want)
		}
	}
	if !(Hours{}).Change(epoch).IsZero() {
		t.Error("what is always open closes")
	}
	always, err := ParseHours("Mon-Sun")
	if err != nil || !always.Change(epoch).IsZero() {
		t.Errorf("every day changes at %v, %v", always.Change(epoch), err)
	}
}

// TestHoursInTheirZone: opening hours are read off the wall, also in the night when the
// clocks are changed.
func TestHoursInTheirZone(t *testing.T) {
	summer := time.FixedZone("summer", 2*3600)
	h, err := ParseHours("08:00-09:00")
	if err != nil {
		t.Fatal(err)
	}
	moment := time.Date(2026, 7, 1, 6, 30, 0, 0, time.UTC)
	if h.Contains(moment) || !h.Contains(moment.In(summer)) {
		t.Error("06:30 UTC is 08:30 in the machine's zone")
	}
	rapid.Check(t, func(t *rapid.T) {
		moment := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0).In(summer)
		if next := h.Change(moment); !next.After(moment) || next.Sub(moment) > 24*time.Hour || h.Contains(next) == h.Contains(moment) {
			t.Fatalf("after %v it changes at %v", moment, next)
		}
	})
}

func FuzzParseHours(f *testing.F) {
	for _, seed := range []string{"", "Mon-Fri 18:00-08:00, Sat-Sun", "08:00-09:00", "Mon-", ":-:", "Sun-Mon 23:59-00:01"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHours(text)
		if err != nil {
			return
		}
		again, err := ParseHours(h.String())
		if err != nil || len(again.open) != len(h.open) {
			t.Fatalf("%q reads back with %v", h, err)
		}
		open := h.open == nil
		for minute := range h.open {
			open = open || h.open[minute]
			if h.open[minute] != again.open[minute] {
				t.Fatalf("%q reads back otherwise at minute %d", h, minute)
			}
		}
		if !open {
			t.Fatalf("%q is never open", text)
		}
	})
}
