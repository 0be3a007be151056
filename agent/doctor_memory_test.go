package agent

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestMemoryCheckKnowsWhenAStudyCouldBeSwapped(t *testing.T) {
	const heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	const swap = heading + "/dev/dm-1                               partition\t8388604\t\t0\t\t-2\n"
	for name, test := range map[string]struct {
		swaps    string
		lockable uint64
		locked   bool
		want     CheckState
	}{
		"no swap":                     {heading, 8 << 20, false, CheckOK},
		"no /proc":                    {"", 0, false, CheckOK},
		"swap and a small limit":      {swap, 8 << 20, false, CheckWarn},
		"swap and a limit as large":   {swap, 1 << 30, true, CheckOK},
		"swap and a limit in use":     {swap, 1 << 30, false, CheckWarn},
		"swap and root, without need": {swap, 8 << 20, true, CheckOK},
	} {
		got := memoryCheck(test.swaps, test.lockable, test.locked)
		if got.State != test.want || got.What == "" || (got.Fix == "") != (got.State == CheckOK) {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}
}

// The try takes no memory, so a study that no machine could hold is answered, too.
func TestLocksAnswersForAnySize(t *testing.T) {
	if locks(-1) || locks(1<<62) {
		t.Error("more than there is was locked")
	}
	if !locks(0) {
		t.Error("nothing could not be locked")
	}
}

func TestANodeWarnsOfSwapOnce(t *testing.T) {
	for state, lines := range map[CheckState]int{CheckOK: 0, CheckWarn: 1} {
		var out bytes.Buffer
		warnOfSwap(slog.New(slog.NewTextHandler(&out, nil)), Check{Name: "memory", State: state, What: "there is swap", Cause: "a study is on disk", Fix: "raise the limit"})
		got := out.String()
		if strings.Count(got, "\n") != lines || strings.Contains(got, "raise the limit") != (lines > 0) || strings.Contains(got, "level=WARN") != (lines > 0) {
			t.Errorf("%s: %q", state, got)
		}
	}
}
