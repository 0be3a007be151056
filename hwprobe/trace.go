package hwprobe

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
)

// TraceVersion is raised when a field changes its meaning.
const TraceVersion = 1

// Trace is the course of an int8 measurement: what the picture of a certificate shows.
type Trace struct {
	Version int     `json:"version"`
	Points  []Point `json:"points"` // by time
}

// Point is about one second of it. What is not known is absent.
type Point struct {
	Seconds  float64  `json:"s"` // end of the second, since the start
	TOPS     float64  `json:"tops"`
	Watts    *float64 `json:"watts,omitempty"`
	Celsius  *float64 `json:"celsius,omitempty"`
	Throttle []string `json:"throttle,omitempty"`
}

// maxPoints bounds a trace that is read: two hours.
const maxPoints = 7200

// ReadTrace reads what a probe wrote.
func ReadTrace(document []byte) (Trace, error) {
	const most = 4 << 20
	if len(document) > most {
		return Trace{}, fmt.Errorf("read trace: %d bytes; at most %d", len(document), most)
	}
	var t Trace
	if err := json.Unmarshal(document, &t); err != nil {
		return Trace{}, fmt.Errorf("read trace: %w", err)
	}
	if t.Version != TraceVersion || len(t.Points) > maxPoints {
		return Trace{}, fmt.Errorf("read trace: version %d with %d points; want %d and at most %d", t.Version, len(t.Points), TraceVersion, maxPoints)
	}
	for i, p := range t.Points {
		if p.TOPS < 0 || p.Seconds < 0 || i > 0 && p.Seconds < t.Points[i-1].Seconds {
			return Trace{}, fmt.Errorf("read trace: point %d is not after the one before, or negative", i)
		}
	}
	return t, nil
}

// traceOf joins the seconds of a run with the power of the steps that their middles
// fall into.
func traceOf(series []rate.Second, watts []power.Point) Trace {
	t := Trace{Version: TraceVersion, Points: []Point{}}
	for _, s := range series {
		p := Point{Seconds: rounded(s.End.Seconds()), TOPS: rounded(s.TOPS()), Celsius: s.Celsius, Throttle: s.Throttle}
		middle := s.End - s.Span/2
		if i := slices.IndexFunc(watts, func(w power.Point) bool { return w.At >= middle }); len(watts) > 0 {
			if i < 0 {
				i = len(watts) - 1
			}
			if i > 0 && middle-watts[i-1].At < watts[i].At-middle {
				i--
			}
			w := rounded(watts[i].Watts)
			p.Watts = &w
		}
		t.Points = append(t.Points, p)
	}
	return t
}

// span is the least and greatest of the values, and whether there is any.
func span(values []*float64) (low, high float64, any bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			low, high, any = min(low, *v), max(high, *v), true
		}
	}
	return low, high, any
}
