package notify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/agent/warning"
)

// wire is a way that notes what it was given, and fails as it is told to.
type wire struct {
	mu    sync.Mutex // guards the fields below
	taken []Message
	tries int
	fault error
}

func (w *wire) Name() string { return "wire" }

func (w *wire) Send(_ context.Context, m Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries++
	if w.fault == nil {
		w.taken = append(w.taken, m)
	}
	return w.fault
}

func (w *wire) set(fault error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}

func (w *wire) seen() (taken []Message, tries int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Message(nil), w.taken...), w.tries
}

// sending runs a notifier for one wire in virtual time; pass lets time go by.
func sending(t *testing.T, path string, rules Rules, during func(board *warning.Board, w *wire, pass func(time.Duration))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		board, w := warning.Open(warning.Options{}), &wire{}
		if path != "" {
			board = warning.Open(warning.Options{Path: filepath.Join(filepath.Dir(path), warning.File)})
		}
		n, err := New(Config{Settings: Settings{Rules: rules}, Board: board, Who: Who{Role: "node", Machine: "box"}, Path: path, ways: []Way{w}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); n.Run(ctx) }()
		during(board, w, func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		})
		stop()
		<-done
	})
}

func TestAWarningIsToldOnceAndWhenItPasses(t *testing.T) {
	sending(t, "", Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		board.Raise(warning.Of(warning.DiskLow, "", "1 GiB is free"))
		pass(time.Minute)
		if _, tries := w.seen(); tries != 0 {
			t.Error("it was told before it had held for long enough")
		}
		pass(2 * time.Minute)
		board.Raise(warning.Of(warning.DiskLow, "", "0.9 GiB are free")) // another text is no news
		pass(time.Hour)
		if taken, _ := w.seen(); len(taken) != 1 || len(taken[0].Raised) != 1 || taken[0].Raised[0].Code != warning.DiskLow {
			t.Fatalf("%+v", taken)
		}
		board.Clear(warning.DiskLow, "")
		pass(3 * time.Minute)
		if taken, _ := w.seen(); len(taken) != 2 || len(taken[1].Passed) != 1 {
			t.Fatalf("%+v", taken)
		}
	})
}

func TestWhatComesAndGoesIsNobodysAlarm(t *testing.T) {
	sending(t, "", Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		for range 30 {
			board.Raise(warning.Of(warning.DiskLow, "", "1 GiB is free"))
			pass(time.Minute)
			board.Clear(warning.DiskLow, "")
			pass(time.Minute)
		}
		if _, tries := w.seen(); tries != 0 {
			t.Errorf("%d messages of a warning that never held for two minutes", tries)
		}
	})
}

func TestAMessageThatIsNotTakenIsSentAgainAndTheBoardSaysSo(t *testing.T) {
	sending(t, "", Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		w.set(errors.New("the line is cut"))
		board.Raise(warning.Of(warning.DiskLow, "", "1 GiB is free"))
		pass(time.Hour)
		_, tries := w.seen()
		list := board.List()
		if tries < 4 || tries > 15 {
			t.Errorf("%d attempts in an hour", tries)
		}
		if len(list) != 2 || !shows(list, warning.NotifyFails) {
			t.Errorf("the board says %+v", list)
		}
		w.set(nil)
		pass(time.Hour)
		if taken, _ := w.seen(); len(taken) != 1 || len(taken[0].Raised) != 1 {
			t.Errorf("%+v; want the disk alone", taken)
		}
		if shows(board.List(), warning.NotifyFails) {
			t.Error("the board still says that messages are not taken")
		}
	})
}

func TestARefusalForGoodIsNotHammered(t *testing.T) {
	sending(t, "", Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		w.set(Final{errors.New("the password is wrong")})
		board.Raise(warning.Of(warning.DiskLow, "", "1 GiB is free"))
		pass(3 * time.Hour)
		if _, tries := w.seen(); tries < 2 || tries > 4 {
			t.Errorf("%d attempts in three hours", tries)
		}
		if !shows(board.List(), warning.NotifyFails) {
			t.Error("the board does not say so")
		}
	})
}

func TestAFloodIsFewMessagesAndNothingIsLost(t *testing.T) {
	sending(t, "", Rules{Hourly: 3, After: time.Second}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		for i := range 60 {
			board.Raise(warning.Of(warning.ModelLeftOut, string(rune('A'+i)), "it is not offered"))
			pass(10 * time.Second)
		}
		if taken, _ := w.seen(); len(taken) != 3 {
			t.Errorf("%d messages in ten minutes; want 3", len(taken))
		}
		pass(2 * time.Hour)
		taken, _ := w.seen()
		said := map[string]bool{}
		for _, m := range taken {
			for _, one := range m.Raised {
				said[one.Subject] = true
			}
		}
		if len(said) != 60 {
			t.Errorf("%d of 60 warnings were told", len(said))
		}
	})
}

func TestARestartTellsNothingTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	raise := func(board *warning.Board, _ *wire, pass func(time.Duration)) {
		board.Raise(warning.Of(warning.DiskLow, "", "1 GiB is free"))
		pass(10 * time.Minute)
	}
	sending(t, path, Rules{}, raise)
	sending(t, path, Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		raise(board, w, pass)
		if _, tries := w.seen(); tries != 0 {
			t.Error("what was told before the restart was told again")
		}
		board.Clear(warning.DiskLow, "")
		pass(10 * time.Minute)
		if taken, _ := w.seen(); len(taken) != 1 || len(taken[0].Passed) != 1 {
			t.Errorf("%+v; want that the disk has room again", taken)
		}
	})
}

// A board is empty after a restart until somebody has looked: that is no all-clear.
func TestARestartTellsOfNothingThatItHasPassedBeforeSomebodyLooked(t *testing.T) {
	for name, c := range map[string]struct {
		during func(board *warning.Board, pass func(time.Duration))
		want   int // messages that it has passed
	}{
		"nobody has looked yet":    {func(_ *warning.Board, pass func(time.Duration)) { pass(50 * time.Minute) }, 0},
		"nobody looks for an hour": {func(_ *warning.Board, pass func(time.Duration)) { pass(2 * time.Hour) }, 1},
		"it still holds": {func(board *warning.Board, pass func(time.Duration)) {
			pass(40 * time.Minute)
			board.Hold("epoch", []warning.Warning{warning.Of(warning.EpochFails, "", "closing the epoch failed")})
			pass(2 * time.Hour)
		}, 0},
		"it has passed meanwhile": {func(board *warning.Board, pass func(time.Duration)) {
			board.Hold("epoch", nil)
			pass(10 * time.Minute)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), File)
			sending(t, path, Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
				board.Hold("epoch", []warning.Warning{warning.Of(warning.EpochFails, "", "closing the epoch failed")})
				pass(10 * time.Minute)
				if taken, _ := w.seen(); len(taken) != 1 {
					t.Fatalf("%d messages before the restart", len(taken))
				}
			})
			sending(t, path, Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
				c.during(board, pass)
				taken, _ := w.seen()
				if len(taken) != c.want || len(taken) == 1 && len(taken[0].Passed) != 1 {
					t.Errorf("%+v; want %d messages that it has passed", taken, c.want)
				}
			})
		})
	}
}

func TestADamagedMemoryDoesNotStopAnything(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	sending(t, path, Rules{}, func(board *warning.Board, w *wire, pass func(time.Duration)) {
		board.Raise(warning.Of(warning.DiskLow, "", "1 GiB is free"))
		pass(10 * time.Minute)
		if taken, _ := w.seen(); len(taken) != 1 {
			t.Errorf("%d messages", len(taken))
		}
	})
}

func shows(list []warning.Warning, code warning.Code) bool {
	for _, w := range list {
		if w.Code == code {
			return true
		}
	}
	return false
}
