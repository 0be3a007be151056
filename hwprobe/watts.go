package hwprobe

import "fmt"

// String is the figure with its basis, or why there is none: never 0 W.
func (w Watts) String() string {
	if w.Basis == Unmeasured {
		return fmt.Sprintf("%s (%s)", w.Basis, w.Note)
	}
	return fmt.Sprintf("%.1f W at the %s (%s)", w.Value, w.Basis, w.Note)
}
