package metric

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sheet takes the figures of one scrape. Labels are names and values in turn, in the order
// of the metric's list.
type Sheet struct {
	to    chan<- prometheus.Metric
	known map[string]Metric
}

// From is a collector that reads figures when somebody scrapes.
func From(read func(Sheet)) prometheus.Collector {
	return collector{read: read, known: byName()}
}

type collector struct {
	read  func(Sheet)
	known map[string]Metric
}

// Describe implements prometheus.Collector. It describes nothing in advance: what is
// unknown is absent.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) { c.read(Sheet{to, c.known}) }

// Count writes a counter.
func (s Sheet) Count(name string, n uint64, labels ...string) {
	s.write(name, Counter, float64(n), labels)
}

// Sum writes a counter of another unit than pieces: seconds, joules.
func (s Sheet) Sum(name string, v float64, labels ...string) { s.write(name, Counter, v, labels) }

// Gauge writes a figure that rises and falls.
func (s Sheet) Gauge(name string, v float64, labels ...string) { s.write(name, Gauge, v, labels) }

// Flag writes a gauge that is 1 or 0.
func (s Sheet) Flag(name string, on bool, labels ...string) {
	v := 0.0
	if on {
		v = 1
	}
	s.Gauge(name, v, labels...)
}

// Time writes a gauge that is a moment, in Unix seconds; the zero time is none.
func (s Sheet) Time(name string, at time.Time, labels ...string) {
	if !at.IsZero() {
		s.Gauge(name, float64(at.UnixMilli())/float64(time.Second/time.Millisecond), labels...)
	}
}

// Counts writes one series for each word of label, whose closed list is filled up with 0.
// The other labels stand before it.
func (s Sheet) Counts(name, label string, by map[string]uint64, before ...string) {
	l, _ := s.known[name].label(label)
	for _, word := range l.Values {
		s.Count(name, by[word], append(slices.Clip(before), label, word)...)
	}
	for word, n := range by {
		if !slices.Contains(l.Values, word) {
			s.Count(name, n, append(slices.Clip(before), label, word)...)
		}
	}
}

// Durations is a histogram in the making: Counts[n] are those of at most Bounds[n] that no
// earlier bound holds, and the last of Counts is of longer ones.
type Durations struct {
	Bounds []time.Duration
	Counts []uint64
	Sum    time.Duration
}

// Times writes a histogram in seconds. One that nothing was counted in yet is left out.
func (s Sheet) Times(name string, d Durations, labels ...string) {
	if len(d.Counts) != len(d.Bounds)+1 {
		return
	}
	below, total := make(map[float64]uint64, len(d.Bounds)), uint64(0)
	for i, n := range d.Counts {
		total += n
		if i < len(d.Bounds) {
			below[d.Bounds[i].Seconds()] = total
		}
	}
	names, values := pairs(labels)
	desc, err := s.describe(name, Histogram, names, values)
	if err != nil {
		s.to <- prometheus.NewInvalidMetric(desc, err)
		return
	}
	made, err := prometheus.NewConstHistogram(desc, total, d.Sum.Seconds(), below, values...)
	s.give(desc, made, err)
}

// give hands a series over. One that Prometheus can't take, such as one whose label is no text,
// costs itself and not the process.
func (s Sheet) give(desc *prometheus.Desc, made prometheus.Metric, err error) {
	if err != nil {
		made = prometheus.NewInvalidMetric(desc, err)
	}
	s.to <- made
}

func (s Sheet) write(name string, kind Kind, v float64, labels []string) {
	names, values := pairs(labels)
	desc, err := s.describe(name, kind, names, values)
	if err != nil {
		s.to <- prometheus.NewInvalidMetric(desc, err)
		return
	}
	as := prometheus.GaugeValue
	if kind == Counter {
		as = prometheus.CounterValue
	}
	made, err := prometheus.NewConstMetric(desc, as, v, values...)
	s.give(desc, made, err)
}

// describe finds the metric in the list and holds the series against it.
func (s Sheet) describe(name string, kind Kind, names, values []string) (*prometheus.Desc, error) {
	m, ok := s.known[name]
	desc := prometheus.NewDesc(Prefix+name, m.Help, names, nil)
	if !ok || m.Kind != kind {
		return desc, fmt.Errorf("metric %s: the list has no %s of this name", name, kind)
	}
	if len(names) != len(m.Labels) {
		return desc, fmt.Errorf("metric %s: %d labels; the list has %d", name, len(names), len(m.Labels))
	}
	for i, l := range m.Labels {
		if names[i] != l.Name {
			return desc, fmt.Errorf("metric %s: label %s; the list has %s in its place", name, names[i], l.Name)
		}
		if l.Values != nil && !slices.Contains(l.Values, values[i]) {
			return desc, fmt.Errorf("metric %s: the list has no such value of label %s", name, l.Name)
		}
	}
	return desc, nil
}

func pairs(labels []string) (names, values []string) {
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	return names, values
}
