package broker

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a coordinator asks for, it gets three of a hundred tasks and one in advance, and
// never more than ten at once.
func TestAllowanceIsAShareOfTheTasks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, tasks, paid, burst := Allowance{Credit: recheckGrant}, 0, 0, 0
		for _, asks := range rapid.SliceOfN(rapid.Bool(), 1, 2000).Draw(t, "asks") {
			if !asks {
				a, burst = a.earned(), 0
				tasks++
				continue
			}
			next, err := a.spent(false)
			if err != nil {
				if !errors.Is(err, errAllowance) || a.Credit >= recheckGrant {
					t.Fatalf("refused with %+v: %v", a, err)
				}
				continue
			}
			a = next
			paid++
			burst++
			if 1000*paid > 1000+30*tasks || burst > 10 {
				t.Fatalf("%d grants of %d tasks, %d in a row", paid, tasks, burst)
			}
		}
		if free, err := a.spent(true); err != nil || free.Credit != a.Credit {
			t.Fatalf("a task whose results differ cost %d: %v", a.Credit-free.Credit, err)
		}
	})
}
