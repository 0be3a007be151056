package route

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// conditions are a Match with its patterns ready.
type conditions struct {
	texts     []textCondition
	ages      []ageRange
	ageText   string
	counts    []countRange
	countText string
	calendar  *calendar // nil: any time
	timeText  string
	prefix    string // before each key in what is explained
}

// textCondition is one list of patterns for one fact.
type textCondition struct {
	key      string
	patterns []pattern
	wanted   string
	saw      func(Facts) []string
}

// countRange holds numbers of instances, both ends in; high 0 is open.
type countRange struct{ low, high int }

// ways are the ways a study comes, for rules.
var ways = []string{"dimse", "stow", "folder", "submit", "fetch", "order"}

// compileMatch makes a Match ready.
func compileMatch(m Match, prefix string, zone *time.Location) (conditions, []error) {
	c := conditions{prefix: prefix}
	var faults []error
	check := func(key string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s%s: %w", prefix, key, err))
		}
	}
	one := func(get func(Facts) string) func(Facts) []string {
		return func(f Facts) []string { return []string{get(f)} }
	}
	for _, t := range []struct {
		key    string
		wanted []string
		saw    func(Facts) []string
	}{
		{"way", m.Way, one(func(f Facts) string { return f.Way })},
		{"calling-ae", m.CallingAE, one(func(f Facts) string { return f.CallingAE })},
		{"called-ae", m.CalledAE, one(func(f Facts) string { return f.CalledAE })},
		{"modality", m.Modality, func(f Facts) []string { return f.Modalities }},
		{"sop-class", m.SOPClass, func(f Facts) []string { return f.SOPClasses }},
		{"body-part", m.BodyPart, func(f Facts) []string { return f.BodyParts }},
		{"study-description", m.StudyDescription, one(func(f Facts) string { return f.StudyDescription })},
		{"series-description", m.SeriesDescription, func(f Facts) []string { return f.SeriesDescriptions }},
		{"manufacturer", m.Manufacturer, one(func(f Facts) string { return f.Manufacturer })},
		{"station", m.Station, one(func(f Facts) string { return f.Station })},
		{"institution", m.Institution, one(func(f Facts) string { return f.Institution })},
		{"referrer", m.Referrer, one(func(f Facts) string { return f.Referrer })},
		{"sex", m.Sex, one(func(f Facts) string { return f.Sex })},
	} {
		condition, err := compileTexts(t.key, t.wanted, t.saw)
		check(t.key, err)
		if err == nil && len(condition.patterns) > 0 {
			c.texts = append(c.texts, condition)
		}
	}
	for _, way := range m.Way {
		if !strings.ContainsAny(way, "*?") && !strings.HasPrefix(way, regexpPrefix) {
			check("way", oneOf("way", way, ways))
		}
	}
	for _, text := range m.Age {
		r, err := parseAgeRange(text)
		check("age", err)
		c.ages = append(c.ages, r)
	}
	for _, text := range m.Instances {
		r, err := parseCountRange(text)
		check("instances", err)
		c.counts = append(c.counts, r)
	}
	check("age", boundedList(m.Age))
	check("instances", boundedList(m.Instances))
	check("hours", boundedList(m.Hours))
	check("days", boundedList(m.Days))
	c.ageText, c.countText = strings.Join(m.Age, ", "), strings.Join(m.Instances, ", ")
	faults = append(faults, c.setTimes(m, zone)...)
	return c, faults
}

// setTimes makes hours, days and zone ready.
func (c *conditions) setTimes(m Match, zone *time.Location) (faults []error) {
	check := func(err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s%w", c.prefix, err))
		}
	}
	if m.Zone != "" {
		var err error
		zone, err = loadZone(m.Zone)
		check(err)
	}
	if len(m.Hours) == 0 && len(m.Days) == 0 {
		if m.Zone != "" {
			check(fmt.Errorf("zone %.60q without hours or days has no meaning; write them or remove it", m.Zone))
		}
		return faults
	}
	when := calendar{zone: zone, anyDay: len(m.Days) == 0}
	for _, text := range m.Hours {
		w, err := parseWindow(text)
		check(err)
		when.windows = append(when.windows, w)
	}
	for _, text := range m.Days {
		check(parseDays(text, &when.days))
	}
	c.calendar = &when
	c.timeText = strings.TrimSpace(strings.Join(m.Days, ", ") + " " + strings.Join(m.Hours, ", "))
	return faults
}

func boundedList(list []string) error {
	if len(list) > maxListEntries {
		return fmt.Errorf("%d entries: at most %d are taken", len(list), maxListEntries)
	}
	return nil
}

func compileTexts(key string, wanted []string, saw func(Facts) []string) (textCondition, error) {
	t := textCondition{key: key, saw: saw, wanted: strings.Join(wanted, ", ")}
	if err := boundedList(wanted); err != nil {
		return t, err
	}
	for _, source := range wanted {
		p, err := compilePattern(source)
		if err != nil {
			return t, err
		}
		t.patterns = append(t.patterns, p)
	}
	return t, nil
}

// parseCountRange reads "20-", "-500", "20-500" or "1".
func parseCountRange(text string) (countRange, error) {
	low, high, ranged := strings.Cut(strings.ReplaceAll(text, " ", ""), "-")
	if !ranged {
		high = low
	}
	fault := fmt.Errorf("instances %.40q: want numbers as in 20-, -500 or 20-500", text)
	var r countRange
	for _, end := range []struct {
		text string
		to   *int
	}{{low, &r.low}, {high, &r.high}} {
		if end.text == "" {
			continue
		}
		n, err := strconv.ParseUint(end.text, 10, 31)
		if err != nil || n == 0 {
			return r, fault
		}
		*end.to = int(n)
	}
	if r.low == 0 && r.high == 0 || r.high != 0 && r.high < r.low {
		return r, fault
	}
	return r, nil
}

func (r countRange) holds(n int) bool { return n >= r.low && (r.high == 0 || n <= r.high) }

// hold looks at every condition, so that what is explained is whole.
func (c conditions) hold(f Facts, now time.Time) []Condition {
	var seen []Condition
	add := func(key, wanted, saw string, held bool) {
		if saw == "" {
			saw = nothing
		}
		seen = append(seen, Condition{Key: c.prefix + key, Wanted: wanted, Saw: bounded(saw, maxExplainedText), Held: held})
	}
	for _, t := range c.texts {
		values := t.saw(f)
		values = values[:min(len(values), maxFactValues)]
		add(t.key, t.wanted, strings.Join(present(values), ", "), t.anyHolds(values))
	}
	if len(c.ages) > 0 {
		held := false
		for _, r := range c.ages {
			held = held || r.holds(f.Age)
		}
		add("age", c.ageText, f.Age.String(), held)
	}
	if len(c.counts) > 0 {
		held := false
		for _, r := range c.counts {
			held = held || f.InstanceCount > 0 && r.holds(f.InstanceCount)
		}
		add("instances", c.countText, strconv.Itoa(f.InstanceCount), held)
	}
	if c.calendar != nil {
		add("hours and days", c.timeText, now.In(c.calendar.zone).Format("Mon 15:04 MST"), c.calendar.holds(now))
	}
	return seen
}

func (t textCondition) anyHolds(values []string) bool {
	for _, value := range values {
		for _, p := range t.patterns {
			if p.matches(value) {
				return true
			}
		}
	}
	return false
}

// present leaves out what is empty or there already.
func present(values []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, value := range values {
		if value != "" && !seen[value] {
			seen[value] = true
			out = append(out, value)
		}
	}
	return out
}
