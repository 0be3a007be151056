package dashboard

import (
	"html/template"
	"strings"

	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// words are how pages write the clinic's values.
func words() template.FuncMap {
	return template.FuncMap{
		"person": personName, "day": dicomDay, "state": stateWord, "tone": toneOf,
		"columns": func(name, currency string, list []BillLine) columns { return columns{name, currency, list} },
	}
}

// columns are a table of costs.
type columns struct {
	Name, Currency string
	List           []BillLine
}

// personName writes a PN (PS3.5 6.2): family, given; the first of its component groups.
func personName(pn string) string {
	first, _, _ := strings.Cut(pn, "=")
	parts := strings.Split(first, "^")
	family, given := strings.TrimSpace(parts[0]), strings.TrimSpace(strings.Join(parts[1:], " "))
	switch {
	case family == "" && given == "":
		return "no name"
	case family == "" || given == "":
		return family + given
	}
	return family + ", " + given
}

// dicomDay writes a DA (PS3.5 6.2).
func dicomDay(da string) string {
	if len(da) != 8 {
		return da
	}
	return da[:4] + "-" + da[4:6] + "-" + da[6:]
}

// stateWord is a state as a reader of pictures knows it.
func stateWord(s worklist.State) string {
	switch s {
	case worklist.Held:
		return "to be looked at"
	case worklist.Submitted:
		return "in analysis"
	case worklist.NotAnalysed:
		return "not analysed"
	}
	return string(s)
}

// toneOf is the colour of a state; the word says the same without it.
func toneOf(s worklist.State) string {
	switch s {
	case worklist.Delivered, worklist.Accepted:
		return "good"
	case worklist.Held:
		return "wait"
	case worklist.NotAnalysed, worklist.Refused, worklist.Rejected:
		return "bad"
	}
	return "work"
}
