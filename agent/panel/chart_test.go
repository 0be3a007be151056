package panel

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent/history"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// spanOf has a point each minute with these values; NaN leaves one out.
func spanOf(total bool, values ...float64) history.Span {
	s := history.Span{Series: history.Series{Name: "x", Unit: "W", Total: total}, Step: time.Minute}
	for n, v := range values {
		if !math.IsNaN(v) {
			s.Points = append(s.Points, history.Point{At: begin.Add(time.Duration(n) * time.Minute), Cell: history.Cell{N: 1, Sum: v, Min: float32(v), Max: float32(v)}})
		}
	}
	return s
}

func TestALineBreaksWhereNothingIsKnown(t *testing.T) {
	none := math.NaN()
	c := levels("Power", begin, begin.Add(10*time.Minute), drawn{spanOf(false, 10, 20, none, none, none, 30, 40, none, none, none, 5), "machine", "watts"})
	if n := strings.Count(c.Lines[0].Path, "M"); n != 3 {
		t.Errorf("the line has %d parts: %s", n, c.Lines[0].Path)
	}
	if c.Bottom != "0" || c.Top != "40" || c.Now != "5" || !strings.Contains(c.Says, "between 5 and 40 W, at the end 5") {
		t.Errorf("from %s to %s, now %s: %s", c.Bottom, c.Top, c.Now, c.Says)
	}
	if c := levels("Power", begin, begin.Add(time.Hour), drawn{spanOf(false), "machine", "watts"}); len(c.Lines) != 0 || !strings.Contains(c.Says, "nothing was measured") {
		t.Errorf("a chart of nothing: %+v", c)
	}
}

func TestBarsStandForAmounts(t *testing.T) {
	c := amounts("Jobs", begin, begin.Add(4*time.Minute), spanOf(true, 2, 0, 4, 1))
	if len(c.Bars) != 3 || c.Bars[1].Y != "0.0" || c.Bars[0].Height != "60.0" || c.Now != "7" {
		t.Errorf("%+v", c)
	}
	if c := amounts("Jobs", begin, begin.Add(time.Minute), spanOf(true, 0)); len(c.Bars) != 0 || c.Now != "0" {
		t.Errorf("a chart of no jobs: %+v", c)
	}
}

var coordinates = regexp.MustCompile(`-?\d+\.\d+|NaN|Inf`)

// TestChartsStayInTheirFrame draws any figures: nothing may stand out, and no word be lost.
func TestChartsStayInTheirFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e4, 1e6), 1, 60).Draw(t, "values")
		until := begin.Add(time.Duration(len(values)) * time.Minute)
		c := levels("Power", begin, until, drawn{spanOf(false, values...), "machine", "watts"})
		for _, text := range coordinates.FindAllString(c.Lines[0].Path+" "+c.Lines[0].Area, -1) {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || !(v >= -0.1 && v <= chartWide+0.1) {
				t.Fatalf("%s stands out of %s", text, c.Lines[0].Path)
			}
		}
		low, high := frame(-5, -5)
		if c.Top == c.Bottom || low >= high {
			t.Fatalf("a frame from %s to %s, or from %g to %g", c.Bottom, c.Top, low, high)
		}
	})
}

func TestFramesHoldTheirValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(-1e5, 1e7).Draw(t, "a"), rapid.Float64Range(-1e5, 1e7).Draw(t, "b")
		low, high := frame(min(a, b), max(a, b))
		if !(low <= min(a, b)+1e-6 && high >= max(a, b)-1e-6 && low < high) {
			t.Fatalf("%g and %g stand from %g to %g", a, b, low, high)
		}
	})
}

func TestLogLines(t *testing.T) {
	for text, want := range map[string]Line{
		`time=2026-11-22T09:29:11.750Z level=WARN msg="it broke" task=ab12 error="a \"b\" c"`: {At: time.Date(2026, 11, 22, 9, 29, 11, 750e6, time.UTC), Severity: Warn, Text: "it broke", Fields: []Field{{"task", "ab12"}, {"error", `a "b" c`}}},
		`level=DEBUG+2 msg=x`: {Severity: Debug, Text: "x"},
		`level=ERROR msg=`:    {Severity: Error},
		`no log line at all`:  {Severity: Info, Text: "no log line at all"},
		`level=INFO msg="cut`: {Severity: Info, Text: `level=INFO msg="cut`},
		"":                    {Severity: Info},
	} {
		got := parseLine(text)
		if got.Severity != want.Severity || got.Text != want.Text || !got.At.Equal(want.At) || len(got.Fields) != len(want.Fields) {
			t.Errorf("%q is %+v, want %+v", text, got, want)
			continue
		}
		for n := range got.Fields {
			if got.Fields[n] != want.Fields[n] {
				t.Errorf("%q has %+v", text, got.Fields[n])
			}
		}
	}
}

func FuzzLogLine(f *testing.F) {
	f.Add(`time=2026-11-22T09:29:11.750Z level=WARN msg="it broke" task=ab12 error="a \"b\" c"`)
	f.Add(`"k\x00"="v" =`)
	f.Fuzz(func(t *testing.T, text string) {
		l := parseLine(text)
		if len(l.Text) > maxLogText+3+len("�")*maxLogText || len(l.Fields) > maxFields || strings.ContainsAny(l.Text, "\n\r") {
			t.Errorf("%q is %+v", text, l)
		}
	})
}
