package clinic

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// optional is what the policy's options make of e in place of the Basic Profile's action;
// chosen is false if none of them speaks for e. A date never leaves as it stands, whichever
// option keeps its attribute.
func (p *profile) optional(e *dicom.Element) (kept *dicom.Element, chosen bool) {
	vr := vrOf(e)
	if vr == "DA" || vr == "DT" || vr == "TM" {
		if !p.policy.RetainDates {
			return nil, false
		}
		row := rowFor(e.Tag)
		if row != nil && row.Options&ShiftsDates == 0 {
			return nil, false
		}
		moved := moved(e, p.shiftDays)
		return moved, moved != nil || row == nil
	}
	if !p.policy.keeps(e.Tag) {
		return nil, false
	}
	switch vr {
	case "UN":
		return nil, false
	case "SQ":
		return p.inside(e), true
	case "AS":
		return age(e), true
	}
	return e, true
}

// keeps says that one of the policy's options keeps the attribute, unless it is a date.
func (p Policy) keeps(t tag.Tag) bool {
	if !p.RetainDevice && !p.RetainCharacteristics {
		return false
	}
	row := rowFor(t)
	return row != nil && (p.RetainDevice && row.Options&KeepsDevice != 0 || p.RetainCharacteristics && row.Options&KeepsCharacteristics != 0)
}

// Forms of dates and times (PS3.5 section 6.2): DA, TM, and DT, of which a zone is not
// kept: it tells where the clinic is.
var (
	dateForm     = regexp.MustCompile(`^[0-9]{8}$`)
	timeForm     = regexp.MustCompile(`^[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?$`)
	dateTimeForm = regexp.MustCompile(`^([0-9]{8})(([0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?)?)([+-][0-9]{4})?$`)
)

// moved moves the dates of e by days and leaves the time of the day. nil: e holds something
// that is no date, or a year without a day.
func moved(e *dicom.Element, days int) *dicom.Element {
	values := textOf(e)
	if values == nil {
		return nil
	}
	vr := vrOf(e)
	for n, v := range values {
		switch parts := dateTimeForm.FindStringSubmatch(v); {
		case v == "":
		case vr == "TM" && timeForm.MatchString(v):
		case vr == "DA" && dateForm.MatchString(v):
			values[n] = movedDate(v, days)
		case vr == "DT" && parts != nil:
			values[n] = movedDate(parts[1], days)
			if values[n] != "" {
				values[n] += parts[2]
			}
		default:
			return nil
		}
		if v != "" && values[n] == "" {
			return nil
		}
	}
	return textElement(e.Tag, vr, values...)
}

// movedDate moves a date of eight digits; "" if there is no such day.
func movedDate(date string, days int) string {
	const form = "20060102"
	day, err := time.Parse(form, date)
	if err != nil {
		return ""
	}
	if day = day.AddDate(0, 0, days); day.Year() < 1 || day.Year() > lastYear {
		return ""
	}
	return day.Format(form)
}

// ageForm is what an AS holds (PS3.5 section 6.2).
var ageForm = regexp.MustCompile(`^([0-9]{3})([DWMY])$`)

// oldestAge is the age in years from which on all are told alike: of older people there
// are so few that an age names them (45 CFR 164.514(b)(2)(i)(C)).
const oldestAge = 90

// age keeps ages below oldestAge as they are; nil if e holds no age.
func age(e *dicom.Element) *dicom.Element {
	values := textOf(e)
	if values == nil {
		return nil
	}
	for n, v := range values {
		parts := ageForm.FindStringSubmatch(v)
		if parts == nil {
			if v != "" {
				return nil
			}
			continue
		}
		count, _ := strconv.Atoi(parts[1]) // three digits
		perYear := map[string]float64{"Y": 1, "M": 12, "W": 52.1775, "D": 365.2425}[parts[2]]
		if float64(count)/perYear >= oldestAge {
			values[n] = fmt.Sprintf("%03dY", oldestAge)
		}
	}
	return textElement(e.Tag, "AS", values...)
}
