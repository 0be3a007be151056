package power

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/medhive/medhive/hwprobe/device"
)

// maxDeclaredWatts is far above what any node takes: a whole rack.
const maxDeclaredWatts = 100_000

// Find looks for everything here that tells power, and makes a meter of it. It never
// fails: what can't be read is a note, and a machine without sensors measures nothing.
// Plugs and NVIDIA's library are asked once, for 10 s at most.
func Find(ctx context.Context, roots device.Roots, conf Config) (*Meter, []Note) {
	roots = roots.OrDefault()
	if conf.Every <= 0 {
		conf.Every = DefaultEvery
	}
	conf.Every = min(conf.Every, maxEvery)
	return find(ctx, sysfs{os.DirFS(roots.Sys)}, os.DirFS(roots.Dev), conf)
}

func find(ctx context.Context, t sysfs, dev fs.FS, conf Config) (*Meter, []Note) {
	walls, notes, release := findPlugs(ctx, conf)
	var plans []plan
	if walls != nil {
		plans = append(plans, plan{basis: Wall, sensors: walls})
	}
	chips := hwmons(t)
	found := look(ctx, t, dev, conf, chips)
	plans = append(plans, boards(t, chips, found)...)
	notes = append(notes, found.notes...)
	if p, ok := sumOf(found); ok {
		plans = append(plans, p)
		notes = append(notes, leftOut(p)...)
	}
	if len(plans) == 0 && len(notes) == 0 {
		notes = []Note{{
			Text: "no sensor here tells what the machine takes: virtual machines hide the processor's counters, and many small boards have none",
			Fix:  "name a smart plug (Shelly or Tasmota) that feeds this machine with --plug, or declare what it takes with --declared-watts",
		}}
	}
	m := newMeter(conf.Every, plans)
	m.release = release
	if len(plans) == 0 {
		m.why = notes[0].Text
	}
	return m, append(notes, m.declare(conf)...)
}

// machine is what was found of the parts that compute, and of their sensors.
type machine struct {
	processor *sensor   // of its packages; nil where none can be read
	platform  *sensor   // RAPL's psys; nil where there is none
	onCards   []*sensor // of cards
	cards     []card    // all that are there, with a sensor or without
	notes     []Note
}

// look finds the sensors of the parts that compute.
func look(ctx context.Context, t sysfs, dev fs.FS, conf Config, chips []hwmon) (found machine) {
	found.processor, found.platform, found.notes = rapl(t)
	var integrated []string
	for _, h := range chips {
		s := gpuSensor(t, h)
		switch {
		case h.name == "amdgpu" && inProcessor(t, h):
			integrated = append(integrated, h.address)
			if found.processor == nil { // RAPL's package is the same, and more exact
				found.processor = s
			}
		case s != nil:
			found.onCards = append(found.onCards, s)
		}
	}
	found.cards = cards(t, integrated)
	if conf.NVML != nil && mayHaveNVIDIA(dev, found.cards) {
		s, notes := nvml(ctx, conf)
		found.notes = append(found.notes, notes...)
		if s != nil {
			found.onCards = append(found.onCards, s)
		}
	}
	if module := jetson(t, chips); module != nil && module.basis == Package && found.processor == nil {
		found.processor = module
	}
	return found
}

// boards are the plans that measure the whole machine behind its power supply, the one
// that says most first.
func boards(t sysfs, chips []hwmon, found machine) (plans []plan) {
	for _, s := range []*sensor{acpiMeter(t, chips), jetson(t, chips), battery(t)} {
		if s != nil && s.basis == Board {
			plans = append(plans, plan{basis: Board, sensors: []*sensor{s}})
		}
	}
	// Whether the platform's counter holds a card depends on how the board is wired, and
	// can't be read anywhere: with cards the parts are summed instead.
	if found.platform == nil || len(found.cards)+len(found.onCards) > 0 {
		return plans
	}
	p := plan{basis: Board, sensors: []*sensor{found.platform}}
	if found.processor != nil {
		p.within = []*sensor{found.processor}
	}
	return append(plans, p)
}

// sumOf is the plan that adds up processor and cards. It is false where neither tells.
func sumOf(found machine) (plan, bool) {
	p := plan{basis: Package}
	if found.processor != nil {
		p.sensors = append(p.sensors, found.processor)
	} else {
		p.missing = append(p.missing, CPU)
	}
	p.sensors = append(p.sensors, found.onCards...)
	for _, c := range found.cards {
		if !slices.ContainsFunc(found.onCards, func(s *sensor) bool { return slices.Contains(s.parts, c.part) }) {
			p.missing = append(p.missing, c.part)
		}
	}
	return p, len(p.sensors) > 0
}

// leftOut tells an operator which parts the sum lacks.
func leftOut(p plan) []Note {
	if len(p.missing) == 0 {
		return nil
	}
	return []Note{{
		Text: fmt.Sprintf("no sensor here tells what %s takes", strings.Join(p.missing, " and ")),
		Fix:  "name a smart plug (Shelly or Tasmota) that feeds this machine with --plug; it measures all of it",
	}}
}

// declare takes what the operator says, if it can be true.
func (m *Meter) declare(conf Config) []Note {
	if conf.DeclaredWatts == 0 && conf.DeclaredIdleWatts == 0 {
		return nil
	}
	work, rest := conf.DeclaredWatts, conf.DeclaredIdleWatts
	if !(work > 0 && work <= maxDeclaredWatts && rest >= 0 && rest <= work) || math.IsNaN(rest) {
		return []Note{{
			Text: "the declared watts are not used",
			Fix:  fmt.Sprintf("declare between 0 and %d W at work, and idle no more than that", maxDeclaredWatts),
		}}
	}
	m.declared, m.rest = work, rest
	return nil
}

// findPlugs makes sensors of the plugs and asks each once, so that a wrong address is
// told at once. One that doesn't answer now stays: it may later. With an address that
// can't be right there is no figure of the wall at all, since the others alone would tell
// less than the machine takes.
func findPlugs(ctx context.Context, conf Config) (list []*sensor, notes []Note, release func()) {
	release = func() {}
	if len(conf.Plugs) == 0 {
		return nil, nil, release
	}
	if len(conf.Plugs) > maxPlugs {
		return nil, []Note{{Text: fmt.Sprintf("%d plugs are named, and none is used", len(conf.Plugs)), Fix: fmt.Sprintf("name at most %d, all that feed this machine", maxPlugs)}}, release
	}
	transport := conf.Transport
	if transport == nil {
		own := plugTransport()
		transport, release = own, own.CloseIdleConnections
	}
	troubles := make([]error, len(conf.Plugs))
	plugs := make([]*plug, len(conf.Plugs))
	var asking sync.WaitGroup
	for i, address := range conf.Plugs {
		if plugs[i], troubles[i] = newPlug(address, transport); troubles[i] != nil {
			notes = append(notes, Note{
				Text: fmt.Sprintf("plug %d is not used, nor any other: %v", i+1, troubles[i]),
				Fix:  "correct the address; of a strip of outlets add ?channel=0 or the like",
			})
			continue
		}
		asking.Go(func() {
			one, cancel := context.WithTimeout(ctx, readTimeout)
			defer cancel()
			_, troubles[i] = plugs[i].read(one)
		})
	}
	asking.Wait()
	if len(notes) > 0 {
		return nil, notes, release
	}
	for i, p := range plugs {
		s := &sensor{name: fmt.Sprintf("plug %d", i+1), basis: Wall, parts: []string{Machine}, read: p.read}
		if p.family != unknownFamily {
			s.name = p.family.String()
		}
		list = append(list, s)
		if troubles[i] != nil {
			notes = append(notes, Note{
				Text: fmt.Sprintf("plug %d tells nothing now: %v", i+1, troubles[i]),
				Fix:  "open its address in a browser on this machine; it is asked again whenever power is measured",
			})
		}
	}
	return list, notes, release
}
