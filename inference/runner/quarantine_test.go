package runner

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/models"
)

// Where no example can decide, a quarantine begins with the third failure in a row that no
// study before it explains, keeps its beginning, and ends with a success.
func TestRecord(t *testing.T) {
	pkg := phantom.Thresholds()
	rapid.Check(t, func(rt *rapid.T) {
		p := NewPool(Options{})
		pl := &place{pkg: pkg}
		row, blamed, seen := 0, 0, map[byte]bool{}
		var began time.Time
		for range rapid.IntRange(1, 30).Draw(rt, "jobs") {
			study := rapid.ByteRange(0, 5).Draw(rt, "study, 0 for none")
			if rapid.IntRange(0, 5).Draw(rt, "succeeds") == 0 {
				pl.record.succeed()
				row, blamed, began = 0, 0, time.Time{}
				clear(seen)
			} else {
				row++
				if study == 0 || !seen[study] {
					blamed++
				}
				seen[study] = true
				p.mu.Lock()
				p.blame(pl, models.Digest{study}, &Failure{Reason: Crashed, Detail: "it crashed"})
				p.mu.Unlock()
			}
			switch q := pl.record.quarantine; {
			case (q != nil) != (blamed >= failuresToQuarantine):
				rt.Errorf("%d failures in a row, %d that count: %v", row, blamed, q)
			case q == nil:
			case began.IsZero():
				began = q.Since
			case !q.Since.Equal(began):
				rt.Errorf("it began %v, and then %v", began, q.Since)
			}
			if q := pl.record.quarantine; q != nil && (q.Tries != row || q.Digest != pkg.Digest()) {
				rt.Errorf("%+v after %d", q, row)
			}
		}
	})
}

func TestQuarantineSpeaks(t *testing.T) {
	var r record
	for range failuresToQuarantine {
		r.fail(models.Digest{})
	}
	text := r.leave(phantom.Thresholds(), "runner memory: the job needs more\n\x1b[31m", time.Unix(1_700_000_000, 0)).Error()
	for _, words := range []string{"thresholds", "2023-11-14T22:13:20Z", "3 runners in a row", "the job needs more", "medhive model validate thresholds"} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is not in %q", words, text)
		}
	}
	if strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("not printable: %q", text)
	}
}
