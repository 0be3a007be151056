package device

import (
	"fmt"
	"slices"
	"strings"
)

// Trial is how an execution provider did on this machine.
type Trial struct {
	Provider string
	Works    bool
	Fix      string // what to install where it does not
}

// Matched holds the accelerators against the trials of execution providers: an
// accelerator keeps those providers that work. One that has none left can't be used, and
// says what to install for the best that could drive it. Without trials nothing changes.
func (i Inventory) Matched(trials []Trial) Inventory {
	if len(trials) == 0 {
		return i
	}
	i.Accelerators = slices.Clone(i.Accelerators)
	for n := range i.Accelerators {
		i.Accelerators[n] = i.Accelerators[n].matched(trials)
	}
	return i
}

func (a Accelerator) matched(trials []Trial) Accelerator {
	if a.State != Present {
		return a // its own trouble comes first
	}
	could := a.Providers
	a.Providers = nil
	fix := "install a build of ONNX Runtime with one of them"
	for _, name := range slices.Backward(could) { // the best one's fix stays
		n := slices.IndexFunc(trials, func(t Trial) bool { return t.Provider == name })
		switch {
		case n < 0:
		case trials[n].Works:
			a.Providers = append(a.Providers, name)
		case trials[n].Fix != "":
			fix = fmt.Sprintf("for %s, %s", name, trials[n].Fix)
		}
	}
	slices.Reverse(a.Providers)
	if len(a.Providers) == 0 {
		a.Providers = could
		a.Fact = unusable("no execution provider that could drive it works here (tried: "+strings.Join(could, ", ")+")", fix)
	}
	return a
}
