package scheduler

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	minutesPerDay  = 24 * 60
	minutesPerWeek = 7 * minutesPerDay
	maxHoursText   = 200 // bytes of a text of opening hours
)

// Hours are a node's opening hours, repeated every week. The zero value is always open.
type Hours struct {
	text string
	open []bool // by minute of the week from Sunday 00:00; nil: always
}

var dayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseHours reads opening hours such as "Mon-Fri 18:00-08:00, Sat-Sun": spans, separated
// by commas, of days, of a time of day, or of both. A time without days is meant for every
// day, days without a time the whole day. A time that ends before it begins ends on the
// next day. The empty text is always open.
func ParseHours(text string) (Hours, error) {
	if strings.TrimSpace(text) == "" {
		return Hours{}, nil
	}
	if len(text) > maxHoursText {
		return Hours{}, fmt.Errorf("opening hours of %d bytes: want at most %d", len(text), maxHoursText)
	}
	h := Hours{text: strings.TrimSpace(text), open: make([]bool, minutesPerWeek)}
	for span := range strings.SplitSeq(text, ",") {
		if err := h.add(strings.Fields(span)); err != nil {
			return Hours{}, fmt.Errorf("opening hours %q: %w; want a form such as \"Mon-Fri 18:00-08:00, Sat-Sun\"", strings.TrimSpace(span), err)
		}
	}
	return h, nil
}

// add opens one span, given as its words.
func (h Hours) add(words []string) error {
	first, last, from, until := 0, 6, 0, minutesPerDay
	var err error
	switch {
	case len(words) == 1 && !strings.Contains(words[0], ":"):
		first, last, err = parseDays(words[0])
	case len(words) == 1:
		from, until, err = parseTimes(words[0])
	case len(words) == 2:
		if first, last, err = parseDays(words[0]); err == nil {
			from, until, err = parseTimes(words[1])
		}
	default:
		return fmt.Errorf("%d words", len(words))
	}
	if err != nil {
		return err
	}
	if until <= from {
		until += minutesPerDay
	}
	for day := first; ; day = (day + 1) % len(dayNames) {
		for minute := from; minute < until; minute++ {
			h.open[(day*minutesPerDay+minute)%minutesPerWeek] = true
		}
		if day == last {
			return nil
		}
	}
}

func parseDays(text string) (first, last int, err error) {
	from, to, ranged := strings.Cut(text, "-")
	if first, err = parseDay(from); err != nil || !ranged {
		return first, first, err
	}
	last, err = parseDay(to)
	return first, last, err
}

func parseDay(text string) (int, error) {
	for day, name := range dayNames {
		if strings.EqualFold(text, name) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%.12q is no day", text)
}

func parseTimes(text string) (from, until int, err error) {
	begin, end, ranged := strings.Cut(text, "-")
	if !ranged {
		return 0, 0, fmt.Errorf("%.12q is no span of time", text)
	}
	if from, err = parseTime(begin); err != nil {
		return 0, 0, err
	}
	if until, err = parseTime(end); err != nil {
		return 0, 0, err
	}
	if from == minutesPerDay || from == until {
		return 0, 0, fmt.Errorf("%.12q has no length", text)
	}
	return from, until, nil
}

// parseTime reads 00:00 to 24:00 as minutes of the day.
func parseTime(text string) (int, error) {
	hour, minute, found := strings.Cut(text, ":")
	h, herr := strconv.ParseUint(hour, 10, 8)
	m, merr := strconv.ParseUint(minute, 10, 8)
	total := int(h)*60 + int(m)
	if !found || len(hour) > 2 || len(minute) != 2 || herr != nil || merr != nil || m > 59 || total > minutesPerDay {
		return 0, fmt.Errorf("%.12q is no time of day", text)
	}
	return total, nil
}

// String is the text that the hours were read from.
func (h Hours) String() string { return h.text }

// Contains reports whether the hours are open at a time, by the clock on the wall of the
// time's own zone: time.Now has the machine's.
func (h Hours) Contains(t time.Time) bool {
	return h.open == nil || h.open[int(t.Weekday())*minutesPerDay+t.Hour()*60+t.Minute()]
}

// Change is when the hours next open, or close, after t; zero if they never do.
func (h Hours) Change(t time.Time) time.Time {
	if h.open == nil {
		return time.Time{}
	}
	now := h.Contains(t)
	next := t.Truncate(time.Minute)
	// One day more than a week: a day of a zone's change may have 25 hours.
	for range minutesPerWeek + minutesPerDay {
		if next = next.Add(time.Minute); h.Contains(next) != now {
			return next
		}
	}
	return time.Time{}
}
