package hwprobe

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
)

// course is ten minutes in steps of 10 s: it warms up, and is throttled for a moment.
func course() Trace {
	t := Trace{Version: TraceVersion}
	for i := range 60 {
		x := float64(i)
		p := Point{Seconds: 10 * (x + 1), TOPS: rounded(121 - 3*(1-math.Exp(-x/12))), Watts: known(rounded(70 + 2*math.Sin(x/5))), Celsius: known(rounded(71 - 30*math.Exp(-x/9)))}
		if i == 40 {
			p.TOPS, p.Throttle = 96, []string{"heat <&> power"}
		}
		if i > 50 {
			p.Watts = nil // the source died
		}
		t.Points = append(t.Points, p)
	}
	return t
}

// wellFormed reads the picture as XML and returns all its text.
func wellFormed(t interface{ Fatalf(string, ...any) }, svg []byte) string {
	var words strings.Builder
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return words.String()
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if text, ok := token.(xml.CharData); ok {
			words.Write(text)
		}
	}
}

func TestPicture(t *testing.T) {
	svg := Picture(course(), example())
	golden(t, "certify.svg", svg)
	words := wellFormed(t, svg)
	for _, want := range []string{"118 int8 TOPS sustained, tier 2", "certified: 600 s", "power, package (W)", "temperature (°C)", "time (min)", "heat <&> power", "nvidia L4"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is missing in %s", want, words)
		}
	}
	for name, c := range map[string]struct {
		trace   Trace
		profile Profile
		want    []string
	}{
		"nothing": {Trace{}, Profile{}, []string{"nothing was measured", "no temperature sensor", "unknown processor"}},
		"a machine without sensors": {Trace{Points: []Point{{Seconds: 1, TOPS: 0.8}, {Seconds: 2, TOPS: 0.81}}}, Profile{Watts: Watts{Basis: Unmeasured}},
			[]string{"power is unmeasured", "time (s)"}},
		"one constant point": {Trace{Points: []Point{{Seconds: 1, Celsius: known(50)}}}, Profile{}, []string{"50"}},
		"flagged":            {course(), Profile{Flags: []rate.Flag{{Code: rate.Noisy, Text: "50 % went to </text>"}}}, []string{"not certified; noisy: 50 % went to </text>"}},
	} {
		words := wellFormed(t, Picture(c.trace, c.profile))
		for _, want := range c.want {
			if !strings.Contains(words, want) {
				t.Errorf("%s: %q is missing in %s", name, want, words)
			}
		}
	}
}

// Whatever the figures and names: XML, no NaN, and every curve within its panel.
func TestPictureProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var trace Trace
		value := rapid.Float64Range(-1e6, 1e9)
		for i := range rapid.IntRange(0, 30).Draw(rt, "n") {
			p := Point{Seconds: float64(i + 1), TOPS: rapid.Float64Range(0, 1e6).Draw(rt, "tops")}
			if rapid.Bool().Draw(rt, "known") {
				p.Watts, p.Celsius = known(value.Draw(rt, "watts")), known(value.Draw(rt, "celsius"))
			}
			trace.Points = append(trace.Points, p)
		}
		p := Profile{}
		p.Devices.CPU.Model = rapid.String().Draw(rt, "model")
		svg := Picture(trace, p)
		wellFormed(rt, svg)
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			rt.Fatalf("%s", svg)
		}
	})
}

func TestTrace(t *testing.T) {
	series := []rate.Second{
		{End: time.Second, Span: time.Second, Operations: 2e12, Conditions: rate.Conditions{Celsius: known(40)}},
		{End: 2100 * time.Millisecond, Span: 1100 * time.Millisecond, Operations: 1.1e12},
		{End: 3 * time.Second, Span: 900 * time.Millisecond, Operations: 0.9e12, Conditions: rate.Conditions{Throttle: []string{"heat"}}},
	}
	watts := []power.Point{{At: 500 * time.Millisecond, Watts: 10}, {At: 1500 * time.Millisecond, Watts: 20}, {At: 2500 * time.Millisecond, Watts: 30}}
	got := traceOf(series, watts)
	if got.Version != TraceVersion || len(got.Points) != 3 || got.Points[0].TOPS != 2 || *got.Points[0].Celsius != 40 || got.Points[1].Celsius != nil ||
		*got.Points[0].Watts != 10 || *got.Points[1].Watts != 20 || *got.Points[2].Watts != 30 || got.Points[2].Throttle[0] != "heat" {
		t.Errorf("%+v", got)
	}
	if got := traceOf(series, nil); got.Points[0].Watts != nil {
		t.Error("watts out of nothing")
	}
	document, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ReadTrace(document); err != nil || len(back.Points) != 3 {
		t.Errorf("%+v, %v", back, err)
	}
	for name, text := range map[string]string{"empty": "", "version": `{"version":9}`, "goes back": `{"version":1,"points":[{"s":2},{"s":1}]}`,
		"negative": `{"version":1,"points":[{"s":1,"tops":-1}]}`, "too many": `{"version":1,"points":[` + strings.Repeat(`{"s":1},`, maxPoints) + `{"s":1}]}`} {
		if _, err := ReadTrace([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzReadTrace(f *testing.F) {
	document, err := json.Marshal(course())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add([]byte(`{"version":1,"points":[{"s":1,"tops":1,"watts":1e308,"celsius":-1e308}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		trace, err := ReadTrace(document)
		if err == nil {
			wellFormed(t, Picture(trace, Profile{}))
		}
	})
}
