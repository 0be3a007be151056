package agreement

import (
	"testing"

	"github.com/medhive/medhive/inference"
)

func TestBoxDice(t *testing.T) {
	box := func(min, max [3]float64) inference.Box { return inference.Box{Min: min, Max: max} }
	unit := box([3]float64{}, [3]float64{1, 1, 1})
	for name, c := range map[string]struct {
		a, b inference.Box
		want float64
	}{
		"itself":      {unit, unit, 1},
		"half of it":  {unit, box([3]float64{}, [3]float64{1, 1, 0.5}), 2.0 / 3},
		"beside it":   {unit, box([3]float64{2, 0, 0}, [3]float64{3, 1, 1}), 0},
		"in pictures": {box([3]float64{}, [3]float64{4, 4, 0}), box([3]float64{2, 0, 0}, [3]float64{6, 4, 0}), 0.5},
		"points":      {box([3]float64{1, 1, 1}, [3]float64{1, 1, 1}), box([3]float64{1, 1, 1}, [3]float64{1, 1, 1}), 1},
		"far points":  {box([3]float64{1, 1, 1}, [3]float64{1, 1, 1}), box([3]float64{1, 1, 2}, [3]float64{1, 1, 2}), 0},
	} {
		if got := boxDice(c.a, c.b); got != c.want || boxDice(c.b, c.a) != got {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
