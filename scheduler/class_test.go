package scheduler

import "testing"

func TestParseClass(t *testing.T) {
	for name, want := range map[string]Class{"routine": Routine, "urgent": Urgent, "STAT": STAT, "stat": STAT, "Urgent": Urgent} {
		if got, err := ParseClass(name); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "class 3", "soon", "routine "} {
		if got, err := ParseClass(name); err == nil {
			t.Errorf("%q is %v", name, got)
		}
	}
}
