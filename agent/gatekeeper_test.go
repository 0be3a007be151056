package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
)

func TestGaugeHoldsUntilTheFigureHasComeBack(t *testing.T) {
	g := gauge{flag: "--max-watts", unit: "W", limit: 100, back: 95}
	at := func(w float64) *float64 { return &w }
	for _, step := range []struct {
		name   string
		figure *float64
		shut   bool
		says   string
	}{
		{"below the limit", at(99), false, ""},
		{"at the limit", at(100), false, ""},
		{"above it", at(101), true, "101 W"},
		{"just below again", at(99), true, "bids again at 95"},
		{"far enough below", at(95), false, ""},
		{"no sensor answers", nil, true, "no sensor"},
		{"it answers again", at(99), false, ""},
	} {
		g.take(step.figure)
		err := g.refuse()
		if (err != nil) != step.shut || err != nil && !strings.Contains(err.Error(), step.says) {
			t.Errorf("%s: %v; want shut: %t, saying %q", step.name, err, step.shut, step.says)
		}
	}
	if err := (&gauge{}).refuse(); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

// keeperOf makes a gatekeeper for a machine whose processor tells its energy and, at
// celsius m°C, its temperature.
func keeperOf(t *testing.T, limits Limits, roots device.Roots) (*gatekeeper, error) {
	t.Helper()
	meter, _ := power.Find(t.Context(), roots, power.Config{})
	t.Cleanup(func() { closing(t, meter.Close) })
	return newGatekeeper(t.Context(), &Node{conf: NodeConfig{Roots: roots, Provider: "cpu"}, energy: &energy{meter: meter}}, limits)
}

func heat(t *testing.T, roots device.Roots, millidegrees string) {
	t.Helper()
	zone := filepath.Join(roots.Sys, "class", "thermal", "thermal_zone0")
	if err := os.MkdirAll(zone, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"type": "x86_pkg_temp", "temp": millidegrees} {
		path := filepath.Join(zone, name)
		if err := os.WriteFile(path+".new", []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGatekeeperRefusesLimitsThatNothingMeasures(t *testing.T) {
	bare := device.Roots{Sys: t.TempDir(), Proc: t.TempDir(), Dev: t.TempDir()}
	for name, test := range map[string]struct {
		limits Limits
		says   string
	}{
		"hours that are none":      {Limits{Hours: "whenever"}, "--hours"},
		"watts without a sensor":   {Limits{MaxWatts: 100}, "--plug"},
		"degrees without a sensor": {Limits{MaxCelsius: 80}, "--max-temperature"},
	} {
		if _, err := keeperOf(t, test.limits, bare); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v; want a refusal that names %s", name, err, test.says)
		}
	}
	if g, err := keeperOf(t, Limits{}, bare); err != nil || g.open(time.Now()) != nil {
		t.Errorf("without limits: %v", err)
	}
}

func TestGatekeeperKeepsTheHours(t *testing.T) {
	bare := device.Roots{Sys: t.TempDir(), Proc: t.TempDir(), Dev: t.TempDir()}
	g, err := keeperOf(t, Limits{Hours: "Mon-Fri 18:00-08:00, Sat-Sun"}, bare)
	if err != nil {
		t.Fatal(err)
	}
	tuesday := time.Date(2026, 11, 24, 0, 0, 0, 0, time.Local)
	for hour, open := range map[int]bool{3: true, 7: true, 8: false, 12: false, 17: false, 18: true, 23: true} {
		err := g.open(tuesday.Add(time.Duration(hour) * time.Hour))
		if (err == nil) != open || err != nil && !strings.Contains(err.Error(), "opens Tue 18:00") {
			t.Errorf("Tuesday at %d: %v; want open: %t", hour, err, open)
		}
	}
}

func TestGatekeeperWatchesWattsAndHeat(t *testing.T) {
	machine := newSocket(t)
	roots := device.Roots(machine.roots)
	roots.Proc = t.TempDir()
	heat(t, roots, "40000")
	synctest.Test(t, func(t *testing.T) {
		g, err := keeperOf(t, Limits{MaxWatts: 50, MaxCelsius: 80}, roots)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.watch(ctx) }()
		synctest.Wait()
		if err := g.open(time.Now()); err == nil || !strings.Contains(err.Error(), "--max-watts") {
			t.Errorf("before the first look at power: %v; want it shut", err)
		}
		// run lets the machine take watts for two looks.
		run := func(watts float64) {
			for range 2 * int(gateEvery/time.Second) {
				machine.use(watts)
				<-time.After(time.Second)
			}
			synctest.Wait()
		}
		if run(20); g.open(time.Now()) != nil {
			t.Errorf("at 20 W and 40 °C: %v", g.open(time.Now()))
		}
		run(80)
		if err := g.open(time.Now()); err == nil || !strings.Contains(err.Error(), "W, and --max-watts is 50") {
			t.Errorf("at 80 W: %v", err)
		}
		heat(t, roots, "85000")
		run(20)
		if err := g.open(time.Now()); err == nil || !strings.Contains(err.Error(), "85 °C") {
			t.Errorf("at 85 °C: %v", err)
		}
		heat(t, roots, "60000")
		if run(20); g.open(time.Now()) != nil {
			t.Errorf("cool again: %v", g.open(time.Now()))
		}
		stop()
		<-done
	})
}

// A card that computes must be known to be cool, whatever the processor says.
func TestGatekeeperIsShutWhileTheCardIsNotKnown(t *testing.T) {
	roots := device.Roots{Sys: t.TempDir(), Proc: t.TempDir(), Dev: t.TempDir()}
	heat(t, roots, "40000")
	synctest.Test(t, func(t *testing.T) {
		g, err := keeperOf(t, Limits{MaxCelsius: 80}, roots)
		if err != nil {
			t.Fatal(err)
		}
		var started int
		var reports chan device.NVMLReport // nil: there is no driver
		g.graphics = func(context.Context, time.Duration) (<-chan device.NVMLReport, error) {
			if started++; reports == nil {
				return nil, errors.New("no driver")
			}
			return reports, nil
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.watch(ctx) }()
		step := func(name string, open bool, wait time.Duration) {
			t.Helper()
			<-time.After(wait)
			synctest.Wait()
			if err := g.open(time.Now()); (err == nil) != open {
				t.Errorf("%s: %v; want open: %t", name, err, open)
			}
		}
		card := func(celsius ...uint32) (r device.NVMLReport) {
			for _, c := range celsius {
				r.Devices = append(r.Devices, device.NVMLDevice{Celsius: c})
			}
			return r
		}
		step("nobody reports of the card", false, 2*gateEvery)
		reports = make(chan device.NVMLReport)
		step("nor later", false, cardsAgain+gateEvery)
		reports <- card(50, 60)
		step("cool cards", true, 0)
		reports <- card(50, 90)
		step("a hot one", false, 0)
		reports <- card(50, 60)
		step("cool again", true, 0)
		reports <- card(50, 0)
		step("one that does not tell", false, 0)
		reports <- card(60)
		step("the others are gone", true, 0)
		step("no report for a while", false, cardsFresh+2*gateEvery)
		reports <- card(60)
		step("it is back", true, 0)
		close(reports)
		step("the reports have ended", false, 0)
		reports = nil
		if step("and are asked for again, not often", false, 3*cardsAgain); started < 4 || started > 6 {
			t.Errorf("reports were begun %d times", started)
		}
		stop()
		<-done
	})
}

func TestCardsAreWatchedWhereTheyCompute(t *testing.T) {
	bare := device.Roots{Sys: t.TempDir(), Proc: t.TempDir(), Dev: t.TempDir()}
	carded := device.Roots{Sys: t.TempDir(), Proc: t.TempDir(), Dev: t.TempDir()}
	card := filepath.Join(carded.Sys, "bus", "pci", "devices", "0000:01:00.0")
	if err := os.MkdirAll(card, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(card, "uevent"), []byte("DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2684\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		provider string
		roots    device.Roots
		want     bool
	}{
		{"cpu", carded, false}, {"cuda", carded, true}, {"cuda", bare, true}, {"webgpu", carded, true}, {"webgpu", bare, false}, {"rocm", carded, false},
	} {
		if got := computesOnNVIDIA(t.Context(), test.roots, test.provider); got != test.want {
			t.Errorf("%s, a card on the bus %t: watched %t", test.provider, test.roots == carded, got)
		}
	}
}
