package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/inference/runner"
)

// The installed models are timed with their examples, each in a runner.
func TestTimeModels(t *testing.T) {
	conf, _ := brief(t, t.TempDir(), someMachine(t))
	conf, err := conf.complete()
	if err != nil {
		t.Fatal(err)
	}
	conf.Runner = testRunner(t)
	rates, err := conf.timeModels(t.Context(), 0)
	if err != nil || len(rates) == 0 {
		t.Fatalf("%v, %v", rates, err)
	}
	for _, r := range rates {
		if strings.HasPrefix(r.Model, "t1-tissue@") && r.Error != "" {
			t.Errorf("%+v; want a figure", r)
		}
		if r.Error == "" && (r.Runs < 1 || r.Seconds <= 0 || r.StudiesPerHour <= 0 || r.Basis == "") || r.Package.IsZero() || r.Provider != "cpu" {
			t.Errorf("%+v", r)
		}
	}
	if !slices.ContainsFunc(rates, func(r hwprobe.ModelRate) bool { return strings.HasPrefix(r.Model, "t1-tissue@") }) {
		t.Errorf("t1-tissue is missing in %+v", rates)
	}
	if rates, err := conf.timeModels(t.Context(), time.Nanosecond); err != nil || !strings.HasPrefix(rates[0].Error, "no time was left") {
		t.Errorf("without time: %+v, %v", rates, err)
	}
	conf.Provider = "qnn"
	if rates, err := conf.timeModels(t.Context(), 0); err != nil || rates[0].Error == "" {
		t.Errorf("a provider that no manifest permits here: %+v, %v", rates, err)
	}
}

// Each has its share, and what the quick ones leave goes to the slow ones.
func TestInShares(t *testing.T) {
	for name, c := range map[string]struct {
		takes  []time.Duration
		budget time.Duration
		done   []bool
	}{
		"none":                      {nil, time.Second, nil},
		"all fit":                   {[]time.Duration{1, 2, 3}, 12, []bool{true, true, true}},
		"a slow one comes first":    {[]time.Duration{6, 1, 1}, 12, []bool{true, true, true}},
		"one hangs":                 {[]time.Duration{1000, 1, 1}, 12, []bool{false, true, true}},
		"two hang":                  {[]time.Duration{1000, 1, 1000, 1}, 12, []bool{false, true, false, true}},
		"all hang":                  {[]time.Duration{1000, 1000}, 12, []bool{false, false}},
		"no limit":                  {[]time.Duration{500, 1, 500}, 0, []bool{true, true, true}},
		"no limit, and a true hang": {[]time.Duration{10000, 1}, 0, []bool{false, true}},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, done := time.Now(), make([]bool, len(c.takes))
			inShares(len(c.takes), c.budget*time.Second, func(i int, share time.Duration) bool {
				done[i] = c.takes[i]*time.Second <= share
				<-time.After(min(c.takes[i]*time.Second, share))
				return !done[i]
			})
			if took := time.Since(began); !slices.Equal(done, c.done) || c.budget > 0 && took > c.budget*time.Second {
				t.Errorf("%s: done %v after %v; want %v", name, done, took, c.done)
			}
		})
	}
}

func TestRatingWords(t *testing.T) {
	secret := filepath.Join("home", "anna")
	for want, err := range map[string]error{
		"":                        nil,
		"longer than the 4 s":     fmt.Errorf("wait: %w", errShare),
		"does not permit":         errNotPermitted,
		"its runner ended: crash": &runner.Failure{Reason: runner.Crashed, Detail: secret},
		"it could not be run":     &os.PathError{Op: "fork/exec", Path: secret, Err: os.ErrNotExist},
	} {
		if got := ratingWords(err, "a@1", 4*time.Second); !strings.Contains(got, want) || strings.Contains(got, secret) || (got == "") != (err == nil) {
			t.Errorf("%v: %q; want %q", err, got, want)
		}
	}
	if got := ratingWords(errShare, "a@1", -time.Second); strings.Contains(got, "0 s") || !strings.Contains(got, "no time was left") {
		t.Error(got)
	}
}

// testRunner is this binary as a runner.
func testRunner(t *testing.T) []string {
	t.Helper()
	command, err := ownRunner()
	if err != nil {
		t.Fatal(err)
	}
	return command
}
