package clinic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

func arrivalOf(result string) arrival {
	return arrival{models.DigestOf([]byte("task")), models.DigestOf([]byte(result))}
}

// What may lie with the clinic's machine, and what only the result does.
func TestWhoseFaultAReadersEndIs(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		ours bool
	}{
		"no failure":             {nil, false},
		"a refusal":              {&dcm.Refusal{What: "no", Do: "nothing"}, false},
		"out of time":            {&runner.Failure{Reason: runner.Timeout, Detail: "late"}, true},
		"killed":                 {fmt.Errorf("read: %w", &runner.Failure{Reason: runner.Crashed, Detail: "signal: killed"}), true},
		"the machine stops":      {&runner.Failure{Reason: runner.Crashed, Detail: "signal: terminated"}, true},
		"Ctrl-C":                 {&runner.Failure{Reason: runner.Crashed, Detail: "signal: interrupt"}, true},
		"its own memory cap":     {&runner.Failure{Reason: runner.Memory, Detail: "signal: killed"}, false},
		"a panic":                {&runner.Failure{Reason: runner.Crashed, Detail: "exit status 2 (panic in signal: killed)"}, false},
		"a wild pointer":         {&runner.Failure{Reason: runner.Crashed, Detail: "signal: segmentation fault"}, false},
		"a forbidden call":       {&runner.Failure{Reason: runner.Crashed, Detail: "it asked the kernel for what no computation needs, and was ended: signal: bad system call"}, false},
		"what no reader says":    {&runner.Failure{Reason: runner.Protocol, Detail: "signal: killed"}, false},
		"no reader at all, late": {fmt.Errorf("%w: %w", ErrNotJudged, &runner.Failure{Reason: runner.Timeout}), true},
	} {
		if got := isOurs(c.err); got != c.ours {
			t.Errorf("%s: %v; want %v", name, got, c.ours)
		}
	}
}

// A loaded clinic costs no node a verdict: it looks again, alone, and where that is no
// better, when the result comes again. What hangs every reader is refused in the end.
func TestALoadedClinicLooksAgain(t *testing.T) {
	late := &runner.Failure{Reason: runner.Timeout, Detail: "late"}
	crash := &runner.Failure{Reason: runner.Crashed, Detail: "exit status 2"}
	good := []dcm.File{{Name: recordFile}}
	type end struct {
		err   error
		reads int // that it takes
	}
	for name, c := range map[string]struct {
		reads []error // how they end; the last one for ever
		ends  []end   // of one arrival after the other: nil is a result, else what the error is
	}{
		"at once":                {[]error{nil}, []end{{nil, 1}}},
		"the second time, alone": {[]error{late, nil}, []end{{nil, 2}}},
		"a crash is a verdict":   {[]error{crash}, []end{{crash, 1}}},
		"and so it is alone":     {[]error{late, crash}, []end{{crash, 2}}},
		"when it comes again":    {[]error{late, late, late, nil}, []end{{ErrNotJudged, 2}, {nil, 2}}},
		"never":                  {[]error{late}, []end{{ErrNotJudged, 2}, {ErrNotJudged, 2}, {late, 2}, {ErrNotJudged, 2}}},
		"no reader can start":    {[]error{ErrNotJudged}, []end{{ErrNotJudged, 1}, {ErrNotJudged, 1}, {ErrNotJudged, 1}, {ErrNotJudged, 1}}},
	} {
		l, read := newLooks(), 0
		for n, want := range c.ends {
			before := read
			files, err := l.at(t.Context(), arrivalOf(name), func() ([]dcm.File, error) {
				err := c.reads[min(read, len(c.reads)-1)]
				read++
				if err != nil {
					return nil, err
				}
				return good, nil
			})
			if !errors.Is(err, want.err) || (want.err != ErrNotJudged) == errors.Is(err, ErrNotJudged) || (err == nil) != (len(files) == 1) || read-before != want.reads {
				t.Errorf("%s, arrival %d: %d files, %v after %d reads; want %v after %d", name, n, len(files), err, read-before, want.err, want.reads)
			}
		}
	}
}

// Each result has its own count, and a list of strangers' results does not grow for ever.
func TestLooksAreBounded(t *testing.T) {
	l := newLooks()
	late := func() ([]dcm.File, error) { return nil, &runner.Failure{Reason: runner.Timeout} }
	for n := range maxRemembered + 10 {
		if _, err := l.at(t.Context(), arrivalOf(fmt.Sprint(n)), late); !errors.Is(err, ErrNotJudged) {
			t.Fatalf("result %d: %v; its first look is not its last", n, err)
		}
	}
	if len(l.unjudged) != maxRemembered {
		t.Errorf("%d are remembered; at most %d", len(l.unjudged), maxRemembered)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.at(ctx, arrivalOf("0"), late); !errors.Is(err, ErrNotJudged) {
		t.Errorf("with the clinic going: %v", err)
	}
}

// The second look has the clinic's machine for itself, as far as results go.
func TestTheSecondLookIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLooks()
		look := func(name string, read func() ([]dcm.File, error)) {
			if _, err := l.at(t.Context(), arrivalOf(name), read); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		release := make(chan struct{})
		go look("long", func() ([]dcm.File, error) { <-release; return nil, nil })
		synctest.Wait() // it reads
		var reads atomic.Int32
		go look("late", func() ([]dcm.File, error) {
			if reads.Add(1) == 1 {
				return nil, &runner.Failure{Reason: runner.Timeout}
			}
			return nil, nil
		})
		synctest.Wait()
		if n := reads.Load(); n != 1 {
			t.Errorf("%d looks beside another result; want the first one alone to be", n)
		}
		close(release)
		synctest.Wait()
		if n := reads.Load(); n != 2 {
			t.Errorf("%d looks", n)
		}
	})
}

// killer ends every reader as soon as the door tells its process id.
type killer struct {
	slog.Handler
	t *testing.T

	mu     sync.Mutex // guards killed
	killed int
}

func (k *killer) Enabled(context.Context, slog.Level) bool { return true }

func (k *killer) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "pid" {
			return true
		}
		p, err := os.FindProcess(int(a.Value.Int64()))
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			k.t.Error(err)
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.killed++
		return false
	})
	return nil
}

// The whole way, with readers that something kills, and with ones that never end.
func TestAReaderThatIsKilledIsNoVerdict(t *testing.T) {
	near, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, near, takeIn(t, smallStudy, pkg), pkg)
	result := answer(t, ready.Payload, pkg)
	deed := &killer{Handler: slog.DiscardHandler, t: t}
	d := confined(t, near, "reader")
	d.child.Log = slog.New(deed)
	for n := range maxUnjudged {
		_, err := d.Restore(t.Context(), ready.Task, result, stamp())
		if last := n == maxUnjudged-1; errors.Is(err, ErrNotJudged) == last || refused(err) != last {
			t.Errorf("time %d: %v", n, err)
		}
	}
	if deed.killed != 2*maxUnjudged {
		t.Errorf("%d readers were killed; want two each time", deed.killed)
	}

	d = confined(t, near, "reader-hangs")
	d.child.Timeout = 2 * time.Second
	if _, err := d.Restore(t.Context(), ready.Task, result, stamp()); !errors.Is(err, ErrNotJudged) || refused(err) || !strings.Contains(err.Error(), "did not end within") {
		t.Errorf("out of time: %v", err)
	}
}
