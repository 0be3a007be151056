package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/scheduler"
)

// Limits are when a node takes work and what the machine may take meanwhile. The zero
// value limits nothing. They keep new work out; what runs is never dropped for them.
type Limits struct {
	Hours      string  // opening hours in the machine's zone, see scheduler.ParseHours; empty: always
	MaxWatts   float64 // of what the best sensor of power covers; 0: none
	MaxCelsius float64 // of the hottest part that computes; 0: none
}

const (
	// gateEvery is the time between two looks at power and heat: several samples of a
	// sensor, and short against a job.
	gateEvery = 5 * time.Second
	// cardsFresh is how old a card's figure may be, a report or two that got lost and a
	// card that was waking up included; then nothing is known of it.
	cardsFresh = 3 * gateEvery
	// cardsAgain is the pause before reports that ended, or never began, are asked for anew.
	cardsAgain = time.Minute
	// A limit that was passed is in force until the figure is so far below it that the
	// next job does not pass it at once.
	wattsBack   = 0.95 // share of the limit
	celsiusBack = 5    // °C below it
)

// gatekeeper says whether a node takes new work now. It is safe for concurrent use.
type gatekeeper struct {
	limits Limits // that it holds
	hours  scheduler.Hours
	meter  *power.Meter
	chips  *rate.Watch
	// graphics starts NVIDIA's reports; nil where no such card computes or no temperature is
	// asked for. Where it is set, the cards must be known: a cool processor says nothing of them.
	graphics func(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error)

	mu    sync.Mutex // guards the fields below
	watts gauge
	heat  gauge
}

// gauge is one figure against its limit.
type gauge struct {
	flag        string // that names the limit, for the operator
	unit        string
	limit, back float64 // of the same unit; limit 0: none
	value       float64
	known       bool // there was a figure at the last look
	beyond      bool // it passed the limit and has not come back
}

// take notes the figure of a look; nil where no sensor told one.
func (g *gauge) take(value *float64) {
	if g.known = value != nil; !g.known {
		return
	}
	g.value = *value
	switch {
	case g.value > g.limit:
		g.beyond = true
	case g.value <= g.back:
		g.beyond = false
	}
}

// refuse says why there is no work under this limit; nil where there is. A figure that
// nobody tells is no figure below the limit.
func (g *gauge) refuse() error {
	switch {
	case g.limit == 0:
		return nil
	case !g.known:
		return fmt.Errorf("no sensor tells what %s is to limit; it takes a few seconds after the start, and else look at `medhive probe` or leave the flag out", g.flag)
	case g.beyond:
		return fmt.Errorf("the machine is at %.0f %s, and %s is %.0f; it bids again at %.0f", g.value, g.unit, g.flag, g.limit, g.back)
	}
	return nil
}

// newGatekeeper checks the limits against what the machine can tell.
func newGatekeeper(ctx context.Context, n *Node, limits Limits) (g *gatekeeper, err error) {
	g = &gatekeeper{limits: limits, meter: n.energy.meter, watts: gauge{flag: "--max-watts", unit: "W", limit: limits.MaxWatts, back: wattsBack * limits.MaxWatts},
		heat: gauge{flag: "--max-temperature", unit: "°C", limit: limits.MaxCelsius, back: limits.MaxCelsius - celsiusBack}}
	if g.hours, err = scheduler.ParseHours(limits.Hours); err != nil {
		return nil, fmt.Errorf("--hours: %w", err)
	}
	if basis := g.meter.Basis(); limits.MaxWatts > 0 && basis.Rank() <= power.Declared.Rank() {
		return nil, fmt.Errorf("--max-watts %.0f: nothing measures what this machine takes (%s); name a smart plug with --plug, or leave the flag out", limits.MaxWatts, basis)
	}
	if limits.MaxCelsius > 0 {
		roots := n.conf.Roots.OrDefault()
		g.chips = rate.NewWatch(roots.Sys, roots.Proc)
		if computesOnNVIDIA(ctx, roots, n.conf.Provider) {
			self, err := os.Executable()
			if err != nil {
				return nil, fmt.Errorf("--max-temperature: find the program that asks the card: %w", err)
			}
			g.graphics = device.NVMLChild{Command: []string{self, NVMLCommand}}.Watch
		}
		if g.graphics == nil && g.chips.Sample().Celsius == nil {
			return nil, fmt.Errorf("--max-temperature %.0f: no sensor tells the temperature of what computes here; leave the flag out", limits.MaxCelsius)
		}
	}
	return g, nil
}

// computesOnNVIDIA reports whether jobs run on cards whose temperature NVIDIA's library tells.
// CUDA's cards need not stand on the bus that is seen (WSL, some containers).
func computesOnNVIDIA(ctx context.Context, roots device.Roots, provider string) bool {
	switch provider {
	case ort.CPU:
		return false
	case "cuda", "tensorrt":
		return true
	}
	return slices.ContainsFunc(device.Read(ctx, roots, device.Options{}).Accelerators, func(a device.Accelerator) bool {
		return a.Vendor == "nvidia" && strings.HasPrefix(a.Driver, "nvidia") && slices.Contains(a.Providers, provider)
	})
}

// open is nil where the node takes new work, and else says why not and what would help.
func (g *gatekeeper) open(now time.Time) error {
	if !g.hours.Contains(now) {
		return fmt.Errorf("it is closed now and opens %s (--hours %q)", g.hours.Change(now).Format("Mon 15:04"), g.hours)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.watts.refuse(), g.heat.refuse())
}

// limited says which limit on power or heat keeps work away; nil where none does. Opening
// hours are none: the operator knows them.
func (g *gatekeeper) limited() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.watts.refuse(), g.heat.refuse())
}

// watch looks at power and heat until ctx ends. Without limits on them it returns at once.
func (g *gatekeeper) watch(ctx context.Context) {
	if g.watts.limit == 0 && g.heat.limit == 0 {
		return
	}
	var recording *power.Recording
	if g.watts.limit > 0 {
		recording = g.meter.Start()
		defer func() { recording.Stop() }()
	}
	ticker := time.NewTicker(gateEvery)
	defer ticker.Stop()
	var cards cardHeat
	for {
		if g.heat.limit > 0 {
			cards.ask(ctx, g.graphics)
			g.look(&g.heat, g.hottest(cards.now()))
		}
		select {
		case <-ctx.Done():
			return
		case report, more := <-cards.reports:
			cards.take(report, more)
		case <-ticker.C:
			if recording == nil {
				continue
			}
			ended := recording
			recording = g.meter.Start() // before the other ends, so that sensors go on
			g.look(&g.watts, measured(ended.Stop()))
		}
	}
}

func (g *gatekeeper) look(of *gauge, value *float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of.take(value)
}

// measured is what a reading measured in watts; nil where it did not.
func measured(r power.Reading) *float64 {
	if r.Basis.Rank() <= power.Declared.Rank() {
		return nil
	}
	return &r.MeanWatts
}

// hottest is the temperature of what computes; nil where a card does that and cards is nil.
func (g *gatekeeper) hottest(cards *float64) *float64 {
	if g.graphics != nil && cards == nil {
		return nil
	}
	return hotter(g.chips.Sample().Celsius, cards)
}

// cardHeat is the temperature of the cards, from reports that may stop coming.
type cardHeat struct {
	reports <-chan device.NVMLReport // nil while there are none
	begun   time.Time                // when reports were last asked for
	celsius *float64                 // of the newest report
	at      time.Time                // when that came
}

// ask begins the reports, at most once in cardsAgain; start may be nil.
func (c *cardHeat) ask(ctx context.Context, start func(context.Context, time.Duration) (<-chan device.NVMLReport, error)) {
	if start == nil || c.reports != nil || time.Since(c.begun) < cardsAgain {
		return
	}
	c.begun = time.Now()
	c.reports, _ = start(ctx, gateEvery) // without them nothing is known of the cards, and refuse says so
}

// take notes a report; without more there will be none.
func (c *cardHeat) take(report device.NVMLReport, more bool) {
	c.celsius, c.at = hottestCard(report), time.Now()
	if !more {
		c.reports = nil
	}
}

// now is the temperature; nil where nothing fresh tells it.
func (c *cardHeat) now() *float64 {
	if time.Since(c.at) > cardsFresh {
		return nil
	}
	return c.celsius
}

// hottestCard is the temperature of the hottest card; nil where there is none, or where one
// of them does not tell.
func hottestCard(r device.NVMLReport) (celsius *float64) {
	for _, d := range r.Devices {
		if d.Celsius == 0 {
			return nil
		}
		c := float64(d.Celsius)
		celsius = hotter(celsius, &c)
	}
	return celsius
}

// hotter is the higher of two temperatures, of which either may be missing.
func hotter(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}
