package metric_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent/metric"
)

var update = flag.Bool("update", false, "write the reference anew")

// referencePath is the page that operators read.
const referencePath = "../../packaging/docs/metrics.md"

func TestReferenceIsFresh(t *testing.T) {
	if *update {
		if err := os.MkdirAll(filepath.Dir(referencePath), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(referencePath, metric.Reference(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(referencePath)
	if err != nil || !bytes.Equal(page, metric.Reference()) {
		t.Errorf("%s is not what the list says (%v); run go test ./agent/metric -update", referencePath, err)
	}
}

// Prometheus' conventions, as far as a name and its words show them.
func TestNamesFollowTheConventions(t *testing.T) {
	word := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	notBase := regexp.MustCompile(`_(ms|milliseconds|minutes|hours|days|kb|kib|mb|mib|gb|gib|percent|fahrenheit|kwh|tops|gwei|wei)(_|$)`)
	named := map[string]bool{}
	for _, m := range metric.All() {
		switch {
		case named[m.Name]:
			t.Errorf("%s stands in the list twice", m.Name)
		case !word.MatchString(m.Name) || strings.HasPrefix(m.Name, metric.Prefix):
			t.Errorf("%s is no name", m.Name)
		case (m.Kind == metric.Counter) != strings.HasSuffix(m.Name, "_total"):
			t.Errorf("%s is a %s: counters, and only they, end in _total", m.Name, m.Kind)
		case m.Kind == metric.Histogram && !strings.HasSuffix(m.Name, "_seconds"):
			t.Errorf("%s: a histogram of durations ends in _seconds", m.Name)
		case notBase.MatchString(m.Name):
			t.Errorf("%s has a unit that is no base unit", m.Name)
		case regexp.MustCompile(`_(count|sum|bucket|info)$`).MatchString(m.Name) && m.Name != "build_info":
			t.Errorf("%s ends as the series of a histogram do", m.Name)
		case !strings.HasSuffix(m.Help, ".") || len(m.Help) < 10:
			t.Errorf("%s: %q is no sentence", m.Name, m.Help)
		case len(m.Roles) == 0:
			t.Errorf("%s is nobody's", m.Name)
		}
		named[m.Name] = true
		seen := map[string]bool{}
		for _, l := range m.Labels {
			if !word.MatchString(l.Name) || seen[l.Name] || (l.Values == nil) == (l.Meaning == "") || l.Values != nil && len(l.Values) == 0 {
				t.Errorf("%s: label %+v is not understood", m.Name, l)
			}
			seen[l.Name] = true
			if slices.Contains(l.Values, "") {
				t.Errorf("%s: label %s has an empty value, which is as none", m.Name, l.Name)
			}
		}
	}
}

// scraped are the series that read writes, and what is refused of them.
func scraped(t *testing.T, read func(metric.Sheet)) (map[string]float64, error) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(metric.From(read)); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	series := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetName() + "=" + l.GetValue()
			}
			switch {
			case m.GetCounter() != nil:
				series[name] = m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				series[name] = m.GetGauge().GetValue()
			default:
				series[name] = float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return series, err
}

func TestASheetTakesWhatTheListHas(t *testing.T) {
	got, err := scraped(t, func(s metric.Sheet) {
		s.Count("node_bids_total", 3)
		s.Sum("node_job_energy_joules_total", 1.5, "basis", "wall")
		s.Flag("node_closed", true)
		s.Time("start_timestamp_seconds", time.UnixMilli(1500))
		s.Time("node_profile_timestamp_seconds", time.Time{})
		s.Counts("clinic_rechecks_total", "answer", map[string]uint64{"granted": 2})
		s.Counts("market_ignored_total", "reason", map[string]uint64{"rate": 1}, "kind", "offer")
		s.Counts("node_not_bid_total", "reason", map[string]uint64{"lottery": 4})
		s.Times("node_run_seconds", metric.Durations{Bounds: []time.Duration{time.Second, time.Minute}, Counts: []uint64{1, 2, 3}, Sum: time.Hour})
		s.Times("node_wait_seconds", metric.Durations{})
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"medhive_node_bids_total": 3, "medhive_node_job_energy_joules_total basis=wall": 1.5, "medhive_node_closed": 1, "medhive_start_timestamp_seconds": 1.5,
		"medhive_clinic_rechecks_total answer=granted": 2, "medhive_clinic_rechecks_total answer=refused": 0, "medhive_node_not_bid_total reason=lottery": 4,
		"medhive_market_ignored_total kind=offer reason=rate": 1, "medhive_market_ignored_total kind=offer reason=expired": 0, "medhive_node_run_seconds": 6,
	}
	for series, v := range want {
		if at, there := got[series]; !there || at != v {
			t.Errorf("%s is %v (there: %t), want %v", series, at, there, v)
		}
	}
	for _, absent := range []string{"medhive_node_profile_timestamp_seconds", "medhive_node_wait_seconds"} {
		if _, there := got[absent]; there {
			t.Errorf("%s is unknown and is there", absent)
		}
	}
}

func TestWhatTheListLacksIsRefused(t *testing.T) {
	for name, write := range map[string]func(metric.Sheet){
		"a name":            func(s metric.Sheet) { s.Count("node_wishes_total", 1) },
		"a kind":            func(s metric.Sheet) { s.Gauge("node_bids_total", 1) },
		"a label":           func(s metric.Sheet) { s.Count("node_bids_total", 1, "patient", "x") },
		"no label":          func(s metric.Sheet) { s.Count("node_not_bid_total", 1) },
		"another label":     func(s metric.Sheet) { s.Count("node_not_bid_total", 1, "why", "x") },
		"a value":           func(s metric.Sheet) { s.Count("node_jobs_total", 1, "outcome", "lost") },
		"a histogram":       func(s metric.Sheet) { s.Times("node_bids_total", metric.Durations{Counts: []uint64{1}}) },
		"a word in a count": func(s metric.Sheet) { s.Counts("clinic_rechecks_total", "answer", map[string]uint64{"perhaps": 1}) },
	} {
		if _, err := scraped(t, write); err == nil || !strings.Contains(err.Error(), "the list has no") && !strings.Contains(err.Error(), "; the list has") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A name that a person's file has in another encoding costs its own series, not the process.
func TestALabelThatIsNoTextIsRefused(t *testing.T) {
	got, err := scraped(t, func(s metric.Sheet) {
		s.Gauge("site_deliveries", 1, "destination", "Archiv S\xfcd", "state", "waiting")
		s.Count("node_bids_total", 3)
	})
	if err == nil || got["medhive_node_bids_total"] != 3 {
		t.Errorf("%v, %v", got, err)
	}
}

// A histogram's buckets never fall and end at its count, whatever was counted.
func TestHistogramsAddUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint64Max(1<<40), 1, 12).Draw(r, "counts")
		d := metric.Durations{Counts: counts, Sum: time.Duration(rapid.Int64Min(0).Draw(r, "sum"))}
		for i := range len(counts) - 1 {
			d.Bounds = append(d.Bounds, time.Duration(i+1)*time.Second)
		}
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(metric.From(func(s metric.Sheet) { s.Times("node_run_seconds", d) }))
		families, err := registry.Gather()
		if err != nil || len(families) != 1 {
			r.Fatalf("%d families, %v", len(families), err)
		}
		h, total, below := families[0].GetMetric()[0].GetHistogram(), uint64(0), uint64(0)
		for _, n := range counts {
			total += n
		}
		for i, b := range h.GetBucket() {
			if b.GetCumulativeCount() != below+counts[i] || b.GetUpperBound() != d.Bounds[i].Seconds() {
				r.Fatalf("bucket %d holds %d below %v", i, b.GetCumulativeCount(), b.GetUpperBound())
			}
			below = b.GetCumulativeCount()
		}
		if h.GetSampleCount() != total || len(h.GetBucket()) != len(d.Bounds) || h.GetSampleSum() != d.Sum.Seconds() {
			r.Fatalf("%d of %d counted", h.GetSampleCount(), total)
		}
	})
}
