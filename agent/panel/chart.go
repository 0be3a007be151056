package panel

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/history"
)

// A chart's own coordinates; the page stretches it to its place, lines stay thin.
const (
	chartWide = 600
	chartHigh = 120
)

// chart is a figure over time: lines in a frame whose words stand around it as text.
type chart struct {
	Title, Unit string
	Now         string // the newest value, as text; empty: none
	Top, Bottom string // what the upper and the lower edge are
	From, Until time.Time
	Lines       []line
	Bars        []bar
	Says        string // for who does not see it
}

// line is one series of a chart.
type line struct {
	Name, Class string
	Path        string // of SVG, in chart coordinates
	Area        string // between the extremes; empty: none
}

// bar is one step of an amount.
type bar struct {
	X, Y, Width, Height string
	Says                string
}

// drawn is a series and its colour.
type drawn struct {
	span  history.Span
	name  string
	class string
}

// levels draws levels over time, from zero where they begin near it; pure.
func levels(title string, from, until time.Time, series ...drawn) chart {
	c := chart{Title: title, Unit: series[0].span.Series.Unit, From: from, Until: until}
	least, most := math.Inf(1), math.Inf(-1)
	for _, d := range series {
		for _, p := range d.span.Points {
			least, most = min(least, float64(p.Min)), max(most, float64(p.Max))
		}
	}
	if math.IsInf(least, 0) {
		c.Says = title + ": nothing was measured in this time."
		return c
	}
	bottom, top := frame(least, most)
	c.Top, c.Bottom = number(top), number(bottom)
	c.Lines = linesWithin(from, until, bottom, top, series)
	if points := series[0].span.Points; len(points) > 0 {
		last := points[len(points)-1].Mean()
		c.Now = number(last)
		c.Says = fmt.Sprintf("%s from %s to %s: between %s and %s %s, at the end %s.", title, clock(from), clock(until), number(least), number(most), c.Unit, c.Now)
	}
	return c
}

// shares draws a level of which 0 and 100 are the ends; pure.
func shares(title string, from, until time.Time, d drawn) chart {
	c := levels(title, from, until, d)
	if len(c.Lines) > 0 {
		const none, all = 0, 100
		c.Top, c.Bottom = number(all), number(none)
		c.Lines = linesWithin(from, until, none, all, []drawn{d})
	}
	return c
}

// linesWithin are the lines of series in a frame.
func linesWithin(from, until time.Time, bottom, top float64, series []drawn) (list []line) {
	y := func(v float64) string { return coordinate(chartHigh * (1 - (v-bottom)/(top-bottom))) }
	x := func(at time.Time) string {
		return coordinate(min(chartWide, max(0, chartWide*float64(at.Sub(from))/float64(until.Sub(from)))))
	}
	for n, d := range series {
		if len(d.span.Points) == 0 {
			continue
		}
		l := line{Name: d.name, Class: d.class, Path: path(d.span, x, func(p history.Point) string { return y(p.Mean()) })}
		if n == 0 {
			l.Area = area(d.span, x, y)
		}
		list = append(list, l)
	}
	return list
}

// path is a line through points, broken where steps lack a figure.
func path(s history.Span, x func(time.Time) string, y func(history.Point) string) string {
	var b strings.Builder
	for n, p := range s.Points {
		middle := p.At.Add(s.Step / 2)
		command := "L"
		if n == 0 || p.At.Sub(s.Points[n-1].At) > gapSteps*s.Step {
			command = "M"
		}
		fmt.Fprintf(&b, "%s%s %s", command, x(middle), y(p))
		if command == "M" && (n+1 == len(s.Points) || s.Points[n+1].At.Sub(p.At) > gapSteps*s.Step) {
			b.WriteString("h1") // one that is alone would not be seen
		}
	}
	return b.String()
}

// gapSteps without a figure break a line: one may come late.
const gapSteps = 2

// area is what lies between the extremes of each unbroken part.
func area(s history.Span, x func(time.Time) string, y func(float64) string) string {
	var b strings.Builder
	for begin := 0; begin < len(s.Points); {
		end := begin + 1
		for end < len(s.Points) && s.Points[end].At.Sub(s.Points[end-1].At) <= gapSteps*s.Step {
			end++
		}
		part := s.Points[begin:end]
		for n, p := range part {
			fmt.Fprintf(&b, "%s%s %s", map[bool]string{true: "M", false: "L"}[n == 0], x(p.At.Add(s.Step/2)), y(float64(p.Max)))
		}
		for n := len(part) - 1; n >= 0; n-- {
			fmt.Fprintf(&b, "L%s %s", x(part[n].At.Add(s.Step/2)), y(float64(part[n].Min)))
		}
		b.WriteString("Z")
		begin = end
	}
	return b.String()
}

// amounts draws an amount of each step as a bar from zero; pure.
func amounts(title string, from, until time.Time, s history.Span) chart {
	c := chart{Title: title, Unit: s.Series.Unit, From: from, Until: until}
	most, sum := 0.0, 0.0
	for _, p := range s.Points {
		most, sum = max(most, p.Sum), sum+p.Sum
	}
	c.Says = fmt.Sprintf("%s from %s to %s: %s in all.", title, clock(from), clock(until), number(sum))
	c.Now = number(sum)
	if most == 0 {
		return c
	}
	c.Bottom, c.Top = "0", number(most)
	scale := float64(chartWide) / float64(until.Sub(from))
	width := max(1, scale*float64(s.Step)-1)
	for _, p := range s.Points {
		high := chartHigh * p.Sum / most
		at := scale * float64(p.At.Sub(from))
		if p.Sum <= 0 || at+width < 0 || at > chartWide {
			continue
		}
		c.Bars = append(c.Bars, bar{X: coordinate(max(0, at)), Y: coordinate(chartHigh - high), Width: coordinate(min(width, chartWide-max(0, at))), Height: coordinate(high),
			Says: fmt.Sprintf("%s: %s %s", clock(p.At), number(p.Sum), s.Series.Unit)})
	}
	return c
}

// frame is from where to where a chart goes: from zero, unless that would press the values
// together at the top.
func frame(least, most float64) (bottom, top float64) {
	const flat = 0.5 // of the height is used at least
	bottom = 0
	if least > 0 && (most-least) > 0 && least > most*flat && (most-least) > most*0.02 {
		bottom = round(least-(most-least)/2, false)
	} else if least < 0 {
		bottom = round(least, false)
	}
	top = round(most, true)
	if top <= bottom {
		top = bottom + 1
	}
	return bottom, top
}

// round moves a value up or down to one of two digits, as people like edges.
func round(v float64, up bool) float64 {
	const nothing = 1e-9 // of any unit that is drawn
	if math.Abs(v) < nothing {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	if up {
		return math.Ceil(v/unit) * unit
	}
	return math.Floor(v/unit) * unit
}

// coordinate is one of SVG, to a tenth.
func coordinate(v float64) string { return fmt.Sprintf("%.1f", v) }

// number writes a figure with three digits.
func number(v float64) string {
	if math.Abs(v) >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func clock(at time.Time) string { return at.Local().Format("2006-01-02 15:04") }
