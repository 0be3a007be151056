package route

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones on machines that have none: containers, Windows
)

// minutesADay is the end of the last window of a day.
const minutesADay = 24 * 60

// window is a part of the day in minutes of the wall clock. Where until <= from it goes past midnight.
type window struct{ from, until int }

// calendar is when a rule holds: windows of the day on days of the week, in one zone.
type calendar struct {
	windows []window // none: the whole day
	days    [7]bool  // by time.Weekday
	anyDay  bool
	zone    *time.Location
}

// holds says whether now lies in a window that began on one of the days.
func (c calendar) holds(now time.Time) bool {
	now = now.In(c.zone)
	minute := now.Hour()*60 + now.Minute()
	today, yesterday := now.Weekday(), (now.Weekday()+6)%7
	if len(c.windows) == 0 {
		return c.day(today)
	}
	for _, w := range c.windows {
		if w.from < w.until {
			if minute >= w.from && minute < w.until && c.day(today) {
				return true
			}
			continue
		}
		if minute >= w.from && c.day(today) || minute < w.until && c.day(yesterday) {
			return true
		}
	}
	return false
}

func (c calendar) day(d time.Weekday) bool { return c.anyDay || c.days[d] }

// parseWindow reads "08:00-18:00". 24:00 is the end of a day.
func parseWindow(text string) (window, error) {
	from, until, ranged := strings.Cut(strings.ReplaceAll(text, " ", ""), "-")
	var w window
	var ok, alsoOK bool
	w.from, ok = clockMinutes(from)
	w.until, alsoOK = clockMinutes(until)
	if !ranged || !ok || !alsoOK || w.from == minutesADay || w.from == w.until {
		return w, fmt.Errorf("hours %.40q: want a window as in 08:00-18:00 or 22:00-06:00", text)
	}
	return w, nil
}

func clockMinutes(text string) (int, bool) {
	if len(text) != len("00:00") || text[2] != ':' {
		return 0, false
	}
	hour, err := strconv.ParseUint(text[:2], 10, 8)
	minute, err2 := strconv.ParseUint(text[3:], 10, 8)
	total := int(hour)*60 + int(minute)
	if err != nil || err2 != nil || minute > 59 || total > minutesADay {
		return 0, false
	}
	return total, true
}

// weekdays are the names that rules use, in time.Weekday's order.
var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseDays reads "mon" or "fri-mon" into days.
func parseDays(text string, days *[7]bool) error {
	first, last, ranged := strings.Cut(strings.ToLower(strings.ReplaceAll(text, " ", "")), "-")
	if !ranged {
		last = first
	}
	from, until := weekday(first), weekday(last)
	if from < 0 || until < 0 {
		return fmt.Errorf("day %.40q: want mon, tue, wed, thu, fri, sat or sun, or two of them as in mon-fri", text)
	}
	for d := from; ; d = (d + 1) % 7 {
		days[d] = true
		if d == until {
			return nil
		}
	}
}

func weekday(name string) int {
	for i, known := range weekdays {
		if name == known {
			return i
		}
	}
	return -1
}

// loadZone reads an IANA name. Local is refused: a rule must mean the same on every machine.
func loadZone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("zone %q: name the zone itself, as in Europe/Berlin, so that the rule means the same on every machine", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %.60q is not known; write an IANA name as in Europe/Berlin", name)
	}
	return zone, nil
}
