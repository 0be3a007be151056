package route

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Age is how old a patient is, in whole months and in whole days: what is asked in years or
// months is held against the one, what is asked in weeks or days against the other. The zero
// value is not known.
type Age struct {
	Months int
	Days   int // all of them, not those after the months
	Known  bool
}

// daysAMonth is a month of the Gregorian year, with which weeks and days are turned into
// months.
const daysAMonth = 365.2425 / 12

// maxAgeDigits is the length of the number of an Age String (PS3.5 6.2).
const maxAgeDigits = 3

// ParseAge reads an Age String (PS3.5 6.2): three digits and D, W, M or Y. Fewer digits are
// taken too, since archives send them. What can't be read is not known.
func ParseAge(text string) Age {
	age, _ := parseSpan(strings.Trim(text, " \x00"))
	if !age.known {
		return Age{}
	}
	months := age.n
	if age.days {
		months = int(float64(age.n) / daysAMonth)
	}
	return Age{Months: months, Days: age.inDays(), Known: true}
}

// AgeBetween is the age at a time of who was born on a day. A time before birth is not known.
func AgeBetween(birth, at time.Time) Age {
	if birth.IsZero() || at.Before(birth) {
		return Age{}
	}
	by, bm, bd := birth.Date()
	y, m, d := at.Date()
	months := (y-by)*12 + int(m) - int(bm)
	if d < bd {
		months--
	}
	midnight := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	return Age{Months: months, Days: int(midnight(y, m, d).Sub(midnight(by, bm, bd)) / (24 * time.Hour)), Known: true}
}

// String is the age in its largest fitting unit.
func (a Age) String() string {
	switch {
	case !a.Known:
		return nothing
	case a.Months >= 24:
		return fmt.Sprintf("%dy", a.Months/12)
	case a.Months >= 1:
		return fmt.Sprintf("%dm", a.Months)
	}
	return fmt.Sprintf("%dd", a.Days)
}

// span is a number of months, or of days.
type span struct {
	n     int
	days  bool
	known bool
}

// parseSpan reads "18Y", "6M", "3W" or "28D", in either case. step is the unit itself.
func parseSpan(text string) (length, step span) {
	if len(text) < 2 || len(text) > maxAgeDigits+1 {
		return length, step
	}
	digits, unit := text[:len(text)-1], text[len(text)-1]
	n, err := strconv.Atoi(digits)
	if err != nil || strings.Trim(digits, "0123456789") != "" {
		return length, step
	}
	switch unit {
	case 'Y', 'y':
		step = span{12, false, true}
	case 'M', 'm':
		step = span{1, false, true}
	case 'W', 'w':
		step = span{7, true, true}
	case 'D', 'd':
		step = span{1, true, true}
	default:
		return length, step
	}
	return span{n * step.n, step.days, true}, step
}

// inDays is about how many days it is.
func (s span) inDays() int {
	if s.days {
		return s.n
	}
	return int(float64(s.n) * daysAMonth)
}

// of is the age in the span's unit.
func (s span) of(a Age) int {
	if s.days {
		return a.Days
	}
	return a.Months
}

// ageRange holds ages from from up to, not with, until.
type ageRange struct{ from, until span } // an end that is not known is open

// parseAgeRange reads "18y-", "-17y", "6m-2y" or "65y". Its last age counts in whole: "17y" ends
// where 18 years begin, "4w" where 35 days do.
func parseAgeRange(text string) (ageRange, error) {
	low, high, ranged := strings.Cut(strings.ReplaceAll(text, " ", ""), "-")
	if !ranged {
		high = low
	}
	var r ageRange
	var step span
	r.from, _ = parseSpan(low)
	r.until, step = parseSpan(high)
	r.until.n += step.n
	switch {
	case low != "" && !r.from.known || high != "" && !r.until.known:
		return r, fmt.Errorf("age %.40q: want a number and d, w, m or y, as in 18y- or 0d-28d", text)
	case low == "" && high == "":
		return r, fmt.Errorf("age %.40q: it names no age; write 18y- or -17y", text)
	case r.from.known && r.until.known && r.from.inDays() >= r.until.inDays():
		return r, fmt.Errorf("age %.40q: it ends before it begins", text)
	}
	return r, nil
}

func (r ageRange) holds(a Age) bool {
	return a.Known && (!r.from.known || r.from.of(a) >= r.from.n) && (!r.until.known || r.until.of(a) < r.until.n)
}
