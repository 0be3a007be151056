package runner

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/internal/phantom"
)

// A quarantine begins with the third failure in a row, keeps its beginning, and ends with
// a success.
func TestRecord(t *testing.T) {
	pkg := phantom.Thresholds()
	rapid.Check(t, func(rt *rapid.T) {
		var r record
		now, row := time.Unix(1_700_000_000, 0), 0
		var began time.Time
		for range rapid.IntRange(1, 30).Draw(rt, "jobs") {
			now = now.Add(time.Minute)
			if rapid.Bool().Draw(rt, "succeeds") {
				r.succeed()
				row = 0
			} else {
				row++
				if row == failuresToQuarantine {
					began = now
				}
				if begins := r.fail(pkg, "it crashed", now); (begins != nil) != (row == failuresToQuarantine) {
					rt.Errorf("failure %d in a row begins a quarantine: %v", row, begins)
				}
			}
			switch q := r.quarantine; {
			case (q != nil) != (row >= failuresToQuarantine):
				rt.Errorf("%d failures in a row: %v", row, q)
			case q != nil && (q.Tries != row || !q.Since.Equal(began) || q.Digest != pkg.Digest()):
				rt.Errorf("%+v after %d since %v", q, row, began)
			}
		}
	})
}

func TestQuarantineSpeaks(t *testing.T) {
	var r record
	for range failuresToQuarantine {
		r.fail(phantom.Thresholds(), "runner memory: the job needs more\n\x1b[31m", time.Unix(1_700_000_000, 0))
	}
	text := r.quarantine.Error()
	for _, words := range []string{"thresholds", "2023-11-14T22:13:20Z", "3 runners in a row", "the job needs more", "restart the node"} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is not in %q", words, text)
		}
	}
	if strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("not printable: %q", text)
	}
}
