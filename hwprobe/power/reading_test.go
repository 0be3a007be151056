package power

import (
	"slices"
	"strings"
	"testing"
)

func TestReadingsOverAndOf(t *testing.T) {
	sum := Reading{Basis: Package, MeanWatts: 100, Coverage: []string{CPU}, Missing: []string{"gpu 0000:01:00.0"}}
	idle := Reading{Basis: Package, MeanWatts: 30, Coverage: []string{CPU}}
	if r := sum.Over(idle); r.IdleWatts != 30 || r.AboveIdleWatts != 70 {
		t.Errorf("%+v", r)
	}
	if r := idle.Over(sum); r.AboveIdleWatts != 0 {
		t.Errorf("less than idle: %+v", r)
	}
	for _, other := range []Reading{{Basis: Wall, MeanWatts: 30, Coverage: []string{CPU}}, {Basis: Package, MeanWatts: 30, Coverage: []string{CPU, Memory}}, {Basis: Unmeasured}} {
		if r := sum.Over(other); r.IdleWatts != 0 || r.AboveIdleWatts != 0 {
			t.Errorf("%+v over %+v", r, other)
		}
	}
	cards := Reading{Basis: Package, MeanWatts: 100, Coverage: []string{"gpu 0000:01:00.0"}, Missing: []string{CPU}}
	wall := Reading{Basis: Wall, MeanWatts: 100, Coverage: []string{Machine}}
	for _, c := range []struct {
		r    Reading
		kind string
		want Basis
	}{
		{sum, CPU, Package}, {sum, GPU, Unmeasured}, {sum, NPU, Package}, {idle, GPU, Package}, // graphics inside the processor
		{cards, GPU, Package}, {cards, CPU, Unmeasured}, {wall, GPU, Wall}, {wall, CPU, Wall},
		{Reading{Basis: Declared}, GPU, Declared}, {unmeasured(0, "no sensor"), CPU, Unmeasured},
	} {
		got := c.r.Of(c.kind)
		if got.Basis != c.want || got.Basis == Unmeasured && (got.Note == "" || got.MeanWatts != 0) {
			t.Errorf("%+v of %s: %+v; want %s", c.r, c.kind, got, c.want)
		}
	}
	if text := sum.Over(idle).String(); !strings.Contains(text, "100.0 W, package") || !strings.Contains(text, "30.0 W idle") {
		t.Error(text)
	}
	if text := unmeasured(0, "no sensor").String(); text != "unmeasured (no sensor)" {
		t.Error(text)
	}
}

func TestBasesAreRanked(t *testing.T) {
	order := []Basis{Wall, Board, Package, Declared, Unmeasured}
	if !slices.IsSortedFunc(order, func(a, b Basis) int { return b.Rank() - a.Rank() }) || Unmeasured.Rank() != 0 || Basis("guessed").Rank() != 0 {
		t.Error("wall > board > package > declared > unmeasured")
	}
}
