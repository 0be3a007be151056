package dicomweb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestValuesMatch(t *testing.T) {
	for _, c := range []struct {
		vr, have, want string
		match          bool
	}{
		{"LO", "HEAD", "HEAD", true}, {"LO", "HEAD", "head", false}, {"LO", "HEAD", "H*", true}, {"LO", "HEAD", "?EAD", true}, {"LO", "HEAD", "?HEAD", false},
		{"LO", "a/b[c]", "a*[c]", true}, {"LO", "a/b", "a?b", true}, {"LO", `a\b`, `a\b`, true}, {"LO", "abc", "[a-c]*", false}, {"LO", "", "*x", false},
		{"PN", "Müller^Anna", "MÜLLER*", true}, {"UI", "1.2", "1.3,1.2", true}, {"UI", "1.2", `1.3\1.2`, true}, {"UI", "1.2", "1.*", false},
		{"US", "7", "7", true}, {"US", "7", "*7", false}, {"IS", "7", "07", false},
		{"DA", "20260304", "20260304", true}, {"DA", "20260304", "20260301-20260304", true}, {"DA", "20260304", "20260305-", false}, {"DA", "20260304", "-20260303", false},
		{"DA", "20260304", "202603", true}, {"DA", "soon", "soon", true}, {"DA", "soon", "20260304", false}, {"DA", "20260304", "-", false}, {"DA", "20260304", "20269999-", false},
		{"DT", "20260304120000.5+0100", "20260304110000-20260304110001", true}, {"DT", "20260304120000-0500", "20260304170000+0000", true},
		{"DT", "20260304120000-0500", "20260304110000-0500-20260304130000-0500", true}, {"DT", "20260304120000", "20260304120001-", false},
	} {
		if got := matchValue(c.vr, c.have, c.want); got != c.match {
			t.Errorf("%s %q against %q: %v", c.vr, c.have, c.want, got)
		}
	}
}

// Dates of one form match a range as their digits do.
func TestRangesOfDates(t *testing.T) {
	day := rapid.Custom(func(t *rapid.T) string {
		return time.Date(2026, 1, 1+rapid.IntRange(0, 800).Draw(t, "day"), 0, 0, 0, 0, time.UTC).Format("20060102")
	})
	rapid.Check(t, func(t *rapid.T) {
		have, low, high := day.Draw(t, "have"), day.Draw(t, "low"), day.Draw(t, "high")
		for want, inside := range map[string]bool{
			low + "-" + high: low <= have && have <= high, low + "-": low <= have, "-" + high: have <= high, low: have == low,
		} {
			if got := matchTime(have, want); got != inside {
				t.Fatalf("%s in %s: %v", have, want, got)
			}
		}
	})
}

// A hostile pattern against a long value ends in no time that a person notices.
func TestPatternsDoNotBlowUp(t *testing.T) {
	have := strings.Repeat("a", maxWorkitemBytes)
	if wildcard(have, strings.Repeat("*a", maxKeyValue/2-1)+"b") {
		t.Error("matched what it cannot")
	}
}

func TestSearchesAreBounded(t *testing.T) {
	many := map[string][]string{}
	for n := range maxKeys + 1 {
		many[fmt.Sprintf("%08X", n)] = []string{"x"}
	}
	for name, query := range map[string]map[string][]string{
		"many conditions": many,
		"a long value":    {"PatientID": {strings.Repeat("x", maxKeyValue+1)}},
		"a deep path":     {strings.Repeat("00404021.", maxDepth) + "0020000D": {"1"}},
		"a negative page": {"offset": {"-1"}},
		"an odd tag":      {"0020": {"1"}},
	} {
		if _, err := readSearch(query); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if s, err := readSearch(map[string][]string{"limit": {"1000000"}}); err != nil || s.limit != maxFound {
		t.Errorf("a limit of a million: %d, %v", s.limit, err)
	}
}

// A range that can be none is not tried at each of its dashes: a search may hold many of
// them against many values.
func TestLongRangesTakeNoLonger(t *testing.T) {
	if !matchTime("20260304", "20260304000000.000000+0000-20260304235959.999999+0000") {
		t.Error("the longest range there is does not match")
	}
	least := func(want string) time.Duration { // of several tries: the machine may be busy
		shortest := time.Hour
		for range 20 {
			began := time.Now()
			for range 100 {
				matchTime("20260304", want)
			}
			shortest = min(shortest, time.Since(began))
		}
		return shortest
	}
	short, long := least(strings.Repeat("-", maxTimeRange)), least(strings.Repeat("-", maxKeyValue))
	if long > 4*short {
		t.Errorf("it takes %s, a short one %s", long, short)
	}
}
