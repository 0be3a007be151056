package route

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"MR", "MR", true}, {"MR", "mr ", true}, {"MR", "MRI", false}, {"MR*", "MRI", true},
		{"*t1*", "Sag T1 MPRAGE", true}, {"?T1", "XT1", true}, {"?T1", "T1", false}, {"*", "", false}, {"*", " ", false},
		{"a*b*c", "a-b-b-c", true}, {"a*b*c", "a-c-b", false}, {"head  ct", "HEAD CT", true},
		{"STRASSE", "straſſe", true}, {"größe", "GRÖSSE", false}, {"ΣΑΣ", "σας", true},
		{"re:^t[12]\\b", "T2 flair", true}, {"re:^t[12]$", "T2 flair", false}, {"re:.", "\xff\xfe", true},
		{"1.2.3", "1.2.3", true}, {"1.2.3", "1x2y3", false}, {"*\uFFFD", "x\xff", true},
	} {
		p, err := compilePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.matches(c.value); got != c.want {
			t.Errorf("%q holds %q: %t; want %t", c.pattern, c.value, got, c.want)
		}
	}
}

// A glob means what the regular expression means that is written out of it.
func TestGlobIsItsExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		glob := rapid.StringMatching(`[ab*?]{1,12}`).Draw(t, "glob")
		text := rapid.StringMatching(`[ab]{1,16}`).Draw(t, "text")
		p, err := compilePattern(glob)
		if err != nil {
			t.Fatal(err)
		}
		expression := strings.NewReplacer("*", ".*", "?", ".").Replace(glob)
		want := regexp.MustCompile("^(?:" + expression + ")$").MatchString(text)
		if got := p.matches(text); got != want {
			t.Fatalf("%q holds %q: %t; want %t", glob, text, got, want)
		}
	})
}

func TestAges(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		age   Age
		text  string
		holds map[string]bool
	}{
		{ParseAge("018Y"), "18y", map[string]bool{"18y-": true, "-17y": false, "18y": true, "-18y": true, "19y-": false}},
		{ParseAge("006M"), "6m", map[string]bool{"6m": true, "-1y": true, "0d-28d": false, "0y": true}},
		{ParseAge("028D"), "28d", map[string]bool{"0d-28d": true, "-27d": false, "4w": true}},
		{ParseAge("003W"), "21d", map[string]bool{"21d": true, "3w": true}},
		{ParseAge("000D"), "0d", map[string]bool{"-28d": true}},
		{AgeBetween(day(2008, 11, 22), day(2026, 11, 22)), "18y", map[string]bool{"18y-": true, "-17y": false}},
		{AgeBetween(day(2008, 11, 23), day(2026, 11, 22)), "17y", map[string]bool{"18y-": false, "-17y": true}},
		{AgeBetween(day(2024, 2, 29), day(2026, 2, 28)), "23m", map[string]bool{"-1y": true}},
		{AgeBetween(day(2024, 2, 29), day(2026, 3, 1)), "2y", map[string]bool{"2y": true}},
		{AgeBetween(day(2026, 1, 31), day(2026, 3, 1)), "1m", map[string]bool{"1m": true}},
		{AgeBetween(day(2026, 1, 31), day(2026, 1, 30)), nothing, map[string]bool{"0d-": false, "-99y": false}},
		{AgeBetween(time.Time{}, day(2026, 1, 30)), nothing, nil},
		// Weeks and days are counted as days, however long the months between were.
		{AgeBetween(day(2026, 2, 1), day(2026, 3, 1)), "1m", map[string]bool{"0d-28d": true, "-27d": false, "4w": true, "1m-": true}},
		{AgeBetween(day(2026, 2, 1), day(2026, 3, 2)), "1m", map[string]bool{"0d-28d": false, "0w-4w": true}},
		{AgeBetween(day(2026, 3, 1), day(2026, 4, 4)), "1m", map[string]bool{"0w-4w": true, "5w-": false}},
		{AgeBetween(day(2026, 3, 1), day(2026, 4, 5)), "1m", map[string]bool{"0w-4w": false, "5w-": true}},
		{ParseAge("034D"), "1m", map[string]bool{"0w-4w": true, "4w": true}},
		{ParseAge("005W"), "1m", map[string]bool{"0w-4w": false, "5w": true, "35d": true}},
		{ParseAge(""), nothing, map[string]bool{"0d-": false}},
		{ParseAge("18"), nothing, nil}, {ParseAge("-18Y"), nothing, nil}, {ParseAge("1234Y"), nothing, nil}, {ParseAge("+18Y"), nothing, nil}, {ParseAge("1 8Y"), nothing, nil},
	} {
		if c.age.String() != c.text {
			t.Errorf("%+v is %s; want %s", c.age, c.age, c.text)
		}
		for text, want := range c.holds {
			r, err := parseAgeRange(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.holds(c.age); got != want {
				t.Errorf("%s holds %s: %t; want %t", text, c.age, got, want)
			}
		}
	}
}

// Nobody grows younger, and a birthday is the day the years change.
func TestAgeGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := time.Date(1900+rapid.IntRange(0, 120).Draw(t, "year"), 1, 1+rapid.IntRange(0, 365).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		at := birth.AddDate(0, 0, rapid.IntRange(0, 40000).Draw(t, "later"))
		a, b := AgeBetween(birth, at), AgeBetween(birth, at.AddDate(0, 0, 1))
		if a.Months < 0 || a.Months > b.Months || a.Days+1 != b.Days {
			t.Fatalf("%+v on one day, %+v on the next", a, b)
		}
	})
}

func TestHoursAndDays(t *testing.T) {
	berlin, err := loadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 7, day, hour, minute, 0, 0, berlin) } // the 13th is a Monday
	for _, c := range []struct {
		name        string
		hours, days []string
		now         time.Time
		want        bool
	}{
		{"begin counts in", []string{"08:00-18:00"}, nil, at(13, 8, 0), true},
		{"end does not", []string{"08:00-18:00"}, nil, at(13, 18, 0), false},
		{"to midnight", []string{"08:00-24:00"}, nil, at(13, 23, 59), true},
		{"past midnight", []string{"22:00-06:00"}, nil, at(13, 5, 59), true},
		{"past midnight, by noon", []string{"22:00-06:00"}, nil, at(13, 12, 0), false},
		{"Friday's night on Saturday", []string{"22:00-06:00"}, []string{"fri"}, at(18, 3, 0), true},
		{"Friday's night on Friday morning", []string{"22:00-06:00"}, []string{"fri"}, at(17, 3, 0), false},
		{"over the weekend", nil, []string{"fri-mon"}, at(19, 3, 0), true},
		{"in the week", nil, []string{"fri-mon"}, at(15, 3, 0), false},
		{"one of two windows", []string{"06:00-08:00", "16:00-20:00"}, nil, at(15, 17, 0), true},
		{"one of two days", nil, []string{"mon", "wed"}, at(15, 17, 0), true},
	} {
		cond, faults := compileMatch(Match{Hours: c.hours, Days: c.days}, "", berlin)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if got := cond.calendar.holds(c.now.UTC()); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// What a rule set decides for made-up studies obeys what its comments promise.
func TestDecisionKeepsItsPromises(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "MR", "CT", "US", "*", "?R", "head"})
	words := rapid.SliceOfN(word, 0, 3)
	match := rapid.Custom(func(t *rapid.T) Match {
		clean := func(list []string) []string {
			return slices.DeleteFunc(list, func(s string) bool { return s == "" })
		}
		return Match{Modality: clean(words.Draw(t, "modality")), BodyPart: clean(words.Draw(t, "body part"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
			r := Rule{
				Name: "r" + string(rune('a'+i)), Group: rapid.SampledFrom([]string{"", "g", "h"}).Draw(t, "group"),
				Continue: rapid.Bool().Draw(t, "continue"), Off: rapid.Bool().Draw(t, "off"),
				Match: match.Draw(t, "match"), Unless: match.Draw(t, "unless"),
				Budget: Budget{DayCount: rapid.IntRange(0, 2).Draw(t, "count")},
			}
			if r.Ignore = rapid.Bool().Draw(t, "ignore"); !r.Ignore {
				r.Model = "m"
			} else {
				r.Continue = false
			}
			rules = append(rules, r)
		}
		set, err := Compile(rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		facts := Facts{Modalities: words.Draw(t, "modalities"), BodyParts: words.Draw(t, "parts")}
		spent := Spent{"ra": {DayCount: rapid.IntRange(0, 3).Draw(t, "spent")}}
		d := Decide(set, facts, noon, spent)
		closed, shut := map[string]bool{}, false
		taken := 0
		for i, line := range d.Explain {
			met := !slices.ContainsFunc(line.Conditions, func(c Condition) bool { return !c.Held })
			switch line.Verdict {
			case Taken, Ignored, OverBudget:
				if !met || closed[line.Group] || shut || rules[i].Off {
					t.Fatalf("rule %d of %+v", i, d.Explain)
				}
				if line.Verdict == Taken {
					taken++
				}
				closed[line.Group] = closed[line.Group] || !rules[i].Continue || line.Verdict == OverBudget
				shut = shut || line.Verdict == Ignored && line.Group == ""
			case Missed:
				if met {
					t.Fatalf("rule %d missed nothing: %+v", i, line)
				}
			case Preceded:
				if !closed[line.Group] && !shut {
					t.Fatalf("nothing precedes rule %d: %+v", i, d.Explain)
				}
			}
		}
		if taken != len(d.Routes) || len(d.Explain) != len(rules) {
			t.Fatalf("%d taken, %d routes", taken, len(d.Routes))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(clinicRules), "MR", "head")
	f.Add([]byte("[[rule]]\nname=\"a\"\nmodel=\"m\"\nmatch.age=[\"6m-2y\"]\n"), "\xff", "")
	f.Fuzz(func(t *testing.T, data []byte, modality, description string) {
		rules, err := Parse(data)
		if err != nil {
			return
		}
		d := Decide(rules, Facts{Modalities: []string{modality}, StudyDescription: description, Age: ParseAge(description)}, noon, nil)
		if len(d.Explain) != rules.Len() || len(d.Routes) > rules.Len() {
			t.Fatalf("%d rules, %d lines, %d routes", rules.Len(), len(d.Explain), len(d.Routes))
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("*a?b*", "xaybz")
	f.Add("re:^(a|b)*$", "abab")
	f.Fuzz(func(t *testing.T, source, value string) {
		p, err := compilePattern(source)
		if err != nil {
			return
		}
		if p.matches(value) != p.matches(value+"  ") && len(value) < maxFactBytes-2 && p.expr == nil {
			t.Fatal("padding changes a match")
		}
	})
}
