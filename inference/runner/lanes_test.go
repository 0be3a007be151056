package runner

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
)

// A model's second process goes when it was idle for a while; the last one stays.
func TestThin(t *testing.T) {
	for name, c := range map[string]struct {
		busy  bool
		stamp uint64
		alone bool
		goes  bool
	}{
		"idle since":             {stamp: 5, goes: true},
		"used meanwhile":         {stamp: 4},
		"busy":                   {stamp: 5, busy: true},
		"the model's last":       {stamp: 5, alone: true},
		"used, and last as well": {stamp: 1, alone: true},
	} {
		p := NewPool(Options{})
		pl := &place{pkg: phantom.Thresholds()}
		l := &lane{place: pl, used: 5, busy: c.busy}
		pl.lanes = []*lane{l}
		if !c.alone {
			pl.lanes = append(pl.lanes, &lane{place: pl})
		}
		p.places[pl.pkg.Digest()] = pl
		p.thin(l, c.stamp)
		if gone := !slices.Contains(pl.lanes, l); gone != c.goes {
			t.Errorf("%s: gone %v", name, gone)
		}
	}
}

// The budget holds whole caps: a first lane may push idle ones out, oldest first, a second
// one may not, and a Stat job may also ask a routine one to give way.
func TestMakeRoom(t *testing.T) {
	const claim = 100
	for name, c := range map[string]struct {
		budget   int64
		priority Priority
		second   bool // of a model that has one
		idle     bool // the others are
		room     bool
		victims  int
		gaveWay  bool
		fails    bool
	}{
		"room for all":                {budget: 300, room: true},
		"an idle one goes":            {budget: 200, idle: true, room: true, victims: 1},
		"both go":                     {budget: 100, idle: true, room: true, victims: 2},
		"busy ones stay":              {budget: 200},
		"a second lane pushes nobody": {budget: 200, idle: true, second: true},
		"a stat job's does":           {budget: 200, idle: true, second: true, priority: Stat, room: true, victims: 1},
		"a stat job is given way":     {budget: 200, priority: Stat, gaveWay: true},
		"a cap beyond the budget":     {budget: 99, fails: true},
	} {
		p := NewPool(Options{BudgetBytes: c.budget})
		gaveWay := 0
		older, newer := &Process{}, &Process{}
		other := &place{pkg: phantom.Endless()}
		for n, process := range []*Process{newer, older} {
			other.lanes = append(other.lanes, &lane{place: other, process: process, charge: claim, used: uint64(2 - n), busy: !c.idle, giveWay: func() { gaveWay++ }})
		}
		p.places[other.pkg.Digest()] = other
		pl := &place{pkg: phantom.Thresholds()}
		if c.second {
			pl = other
		}
		room, victims, err := p.makeRoom(&lane{place: pl, charge: claim, priority: c.priority})
		if room != c.room || len(victims) != c.victims || (gaveWay > 0) != c.gaveWay || gaveWay > 1 || (err != nil) != c.fails {
			t.Errorf("%s: room %v, %d victims, %d gave way, %v", name, room, len(victims), gaveWay, err)
		}
		if len(victims) > 0 && victims[0] != older {
			t.Errorf("%s: the newer one went first", name)
		}
	}
}

// A child that hangs while it starts is a failed try like another.
func TestHangingStartIsAFailure(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Command: []string{program, "trial-stranger", "mute"}, Provider: ort.CPU, MemoryBytes: 1 << 30}
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	_, err = open(t.Context(), o, true, 100*time.Millisecond)
	if failure, ok := err.(*Failure); !ok || failure.Reason != Timeout {
		t.Errorf("%v; want a timeout", err)
	}
}
