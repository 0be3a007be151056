package agent

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference"
)

// socket is a tree of /sys with one processor package, whose energy a test decides.
type socket struct {
	t     *testing.T
	roots hwprobe.Roots

	mu    sync.Mutex // guards used
	used  float64    // joules
	first uint64     // µJ that the counter began with
}

func newSocket(t *testing.T) *socket {
	t.Helper()
	s := &socket{t: t, roots: hwprobe.Roots{Sys: filepath.Join(t.TempDir(), "sys"), Dev: t.TempDir()}, first: 262_143_000_000} // about to wrap
	dir := filepath.Join(s.roots.Sys, "class", "powercap", "intel-rapl:0")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"name": "package-0", "max_energy_range_uj": "262143328850"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.use(0)
	return s
}

// use lets the package take so many joules more.
func (s *socket) use(joules float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used += joules
	value := (s.first + uint64(s.used*1e6)) % 262_143_328_850
	// In one step, as the kernel does it: a sensor must not find the file empty.
	name := filepath.Join(s.roots.Sys, "class", "powercap", "intel-rapl:0", "energy_uj")
	if err := os.WriteFile(name+".new", fmt.Appendf(nil, "%d\n", value), 0o600); err != nil {
		s.t.Error(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		s.t.Error(err)
	}
}

func (s *socket) total() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

func TestReceiptEnergy(t *testing.T) {
	for name, c := range map[string]struct {
		reading power.Reading
		want    jobEnergy
	}{
		"a job":                {power.Reading{Basis: power.Package, Joules: 412.3456}, jobEnergy{412_346, "package"}},
		"at the wall":          {power.Reading{Basis: power.Wall, Joules: 1}, jobEnergy{1000, "wall"}},
		"by declaration":       {power.Reading{Basis: power.Declared, Joules: 65}, jobEnergy{65_000, "declared"}},
		"unmeasured":           {power.Reading{Basis: power.Unmeasured, Note: "no sensor"}, jobEnergy{0, "unmeasured"}},
		"nothing is no figure": {power.Reading{Basis: power.Package, Joules: 0.0001}, jobEnergy{0, "unmeasured"}},
		"nor is this":          {power.Reading{Basis: power.Package, Joules: math.NaN()}, jobEnergy{0, "unmeasured"}},
		"nor this":             {power.Reading{Basis: power.Package, Joules: math.Inf(1)}, jobEnergy{0, "unmeasured"}},
	} {
		if got := receiptEnergy(c.reading); got != c.want {
			t.Errorf("%s: %+v; want %+v", name, got, c.want)
		}
	}
}

// Two jobs that overlap share what the machine takes meanwhile, over a wrap of its
// counter, and their receipts add up to it.
func TestJobsShareTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newSocket(t)
		meter, _ := power.Find(t.Context(), box.roots, power.Config{})
		e := &energy{meter: meter, joules: map[power.Basis]float64{}}
		defer closing(t, e.close)
		spend := func(watts float64, seconds int) {
			for range seconds {
				<-time.After(time.Second / 2) // between two samples
				box.use(watts)
				<-time.After(time.Second / 2)
			}
		}
		if text := e.String(); !strings.Contains(text, "no job yet; measured by: package") {
			t.Error(text)
		}
		long := e.begin()
		spend(60, 10)
		short := e.begin()
		spend(100, 10)
		failed := e.begin() // its third of ten seconds is in no receipt
		spend(90, 10)
		failed.Stop()
		first := e.settle(short, "cpu")
		spend(60, 10)
		second := e.settle(long, "cpu")
		if first != (jobEnergy{500_000 + 300_000, "package"}) || second != (jobEnergy{600_000 + 500_000 + 300_000 + 600_000, "package"}) {
			t.Errorf("%+v and %+v", first, second)
		}
		if sum := e.total()[power.Package] + 300; math.Abs(sum-box.total()) > 1e-6 {
			t.Errorf("%v J in receipts and in the failed job; the machine took %v", sum, box.total())
		}
		if text := e.String(); text != "the last job took 2000 J in 40.0 s (package)" {
			t.Error(text)
		}
		onCard := e.begin()
		spend(60, 5)
		if got := e.settle(onCard, "cuda"); got.basis != "package" { // no card is left out: it is in the processor
			t.Errorf("%+v", got)
		}
	})
}

// A job that waits for a runner takes nothing of what others' work costs; one that is given
// up and begins anew counts from there.
func TestAWaitingJobTakesNoShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newSocket(t)
		meter, _ := power.Find(t.Context(), box.roots, power.Config{})
		e := &energy{meter: meter, joules: map[power.Basis]float64{}}
		defer closing(t, e.close)
		spend := func(watts float64, seconds int) {
			for range seconds {
				<-time.After(time.Second / 2)
				box.use(watts)
				<-time.After(time.Second / 2)
			}
		}
		cpu := inference.Result{Findings: inference.Findings{Provider: "cpu"}}
		type told = func(stage string, done float64)
		type took struct {
			jobEnergy
			err error
		}
		run := func(work func(told)) <-chan took {
			ended := make(chan took, 1)
			go func() {
				_, got, err := e.of(nil, func(progress func(stage string, done float64)) (inference.Result, error) {
					work(progress)
					return cpu, nil
				})
				ended <- took{got, err}
			}()
			return ended
		}
		seconds := func(n int) { <-time.After(time.Duration(n) * time.Second) }
		first := run(func(tell told) {
			tell(inference.StageReading, 0)
			tell(inference.StageReading, 1)
			tell(inference.StageInference, 0)
			seconds(10)
			tell(inference.StageReport, 1)
		})
		second := run(func(tell told) {
			seconds(10) // for a runner
			tell(inference.StageReading, 0)
			seconds(5)
			tell(inference.StageReading, 1)
			seconds(5)
			tell(inference.StageInference, 1)
		})
		third := run(func(tell told) {
			seconds(20)
			tell(inference.StageReading, 0)
			tell(inference.StageInference, 0.5)
			seconds(10)
			tell(inference.StageReading, 0) // anew
			seconds(10)
		})
		silent := run(func(told) { seconds(5) })
		spend(60, 10)
		spend(100, 10)
		spend(30, 10)
		spend(40, 12)
		for name, c := range map[string]struct {
			got  took
			want uint64
		}{"first": {<-first, 600_000}, "second": {<-second, 1_000_000}, "third": {<-third, 400_000}, "silent": {<-silent, 0}} {
			// A sample is up to a second of one job's beside the next one's.
			if off := math.Abs(float64(c.got.milliJ) - float64(c.want)); c.got.err != nil || off > 0.05*float64(c.want) || (c.got.basis == "unmeasured") != (c.want == 0) {
				t.Errorf("%s: %+v; want %d mJ", name, c.got, c.want)
			}
		}
	})
}

// What fails has no figure, and leaves no share behind that others would lose.
func TestAFailedJobLeavesNoShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newSocket(t)
		meter, _ := power.Find(t.Context(), box.roots, power.Config{})
		e := &energy{meter: meter, joules: map[power.Basis]float64{}}
		defer closing(t, e.close)
		stages := 0
		count := func(string, float64) { stages++ }
		broken := errors.New("crashed")
		_, got, err := e.of(count, func(progress func(stage string, done float64)) (inference.Result, error) {
			progress(inference.StageReading, 0)
			progress(inference.StageInference, 0)
			return inference.Result{}, broken
		})
		if !errors.Is(err, broken) || got != (jobEnergy{}) || stages != 2 {
			t.Errorf("%+v, %v, %d stages", got, err, stages)
		}
		next := e.begin()
		<-time.After(1500 * time.Millisecond)
		box.use(50)
		<-time.After(1500 * time.Millisecond)
		if got := e.settle(next, "cpu"); got != (jobEnergy{50_000, "package"}) {
			t.Errorf("%+v; want all of it", got)
		}
	})
}

// A card that computes and tells no power leaves its jobs without a figure, whatever the
// processor took meanwhile.
func TestCardWithoutSensor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newSocket(t)
		dir := filepath.Join(box.roots.Sys, "bus", "pci", "devices", "0000:01:00.0")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"class": "0x030000", "vendor": "0x10de", "uevent": "DRIVER=nvidia"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		meter, _ := power.Find(t.Context(), box.roots, power.Config{})
		e := &energy{meter: meter, joules: map[power.Basis]float64{}}
		defer closing(t, e.close)
		for provider, want := range map[string]string{"cpu": "package", "cuda": "unmeasured"} {
			job := e.begin()
			<-time.After(1500 * time.Millisecond)
			box.use(50)
			<-time.After(1500 * time.Millisecond)
			if got := e.settle(job, provider); got.basis != want || (got.milliJ > 0) != (want != "unmeasured") {
				t.Errorf("%s: %+v; want %s", provider, got, want)
			}
		}
	})
}
