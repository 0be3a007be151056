package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/agent/warning"
)

// File is where a role remembers what it has told, below the role's folder.
const File = "notified.json"

// Pauses before a message that was not taken is sent again.
const (
	firstPause   = 10 * time.Second
	longestPause = 30 * time.Minute
	// finalPause is after a refusal that only a person mends: they may have.
	finalPause = time.Hour
	// failures in a row after which the board says that a way does not work.
	failuresShown = 3
)

// Config is what a notifier needs.
type Config struct {
	Settings Settings
	Board    *warning.Board
	Who      Who
	Path     string // of its memory; empty: nothing outlives the process
	Log      *slog.Logger
	ways     []Way // of tests, instead of those of the settings
}

// Notifier sends what a board says.
type Notifier struct {
	conf  Config
	rules Rules
	log   *slog.Logger

	mu     sync.Mutex // guards memory, which is by the name of the way
	memory map[string][]told
}

// New checks the settings. What an earlier life told is not told again.
func New(conf Config) (*Notifier, error) {
	if err := conf.Settings.Check(); err != nil {
		return nil, err
	}
	if conf.ways == nil {
		conf.ways = conf.Settings.Ways()
	}
	n := &Notifier{conf: conf, rules: conf.Settings.Rules.orDefault(), log: quiet(conf.Log), memory: map[string][]told{}}
	if err := n.recall(); err != nil {
		n.log.Warn("what was told before is not known; it is told again", "error", err)
	}
	return n, nil
}

// Run sends until ctx ends.
func (n *Notifier) Run(ctx context.Context) {
	var ways sync.WaitGroup
	for _, way := range n.conf.ways {
		ways.Go(func() { n.serve(ctx, way) })
	}
	ways.Wait()
}

// attempt is where a way's sending stands.
type attempt struct {
	sent     allowance
	failures int       // in a row
	notYet   time.Time // no attempt before; zero: at once
}

// serve sends by one way until ctx ends.
func (n *Notifier) serve(ctx context.Context, way Way) {
	var try attempt
	for {
		changed := n.conf.Board.Changed()
		now := time.Now()
		next := n.step(ctx, way, &try, now)
		timer := time.NewTimer(max(0, time.Until(next)))
		alarm := timer.C
		if next.IsZero() {
			alarm = nil // never
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-alarm:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// step sends what is due, if it may, and returns when to look again; zero: when the board
// changes.
func (n *Notifier) step(ctx context.Context, way Way, try *attempt, now time.Time) time.Time {
	up := slices.DeleteFunc(n.conf.Board.List(), func(w warning.Warning) bool {
		return w.Code == warning.NotifyFails && w.Subject == way.Name() // it can't tell of itself
	})
	m := n.conf.Who.message(now)
	var next time.Time
	n.update(way, func(memory []told) []told {
		awaited, until := n.awaited(memory)
		memory = observe(memory, slices.Concat(up, awaited), now)
		m.Raised, m.Still, m.Passed, next = n.rules.plan(memory, up, now)
		if len(awaited) > 0 && (next.IsZero() || until.Before(next)) {
			next = until
		}
		return memory
	})
	if len(m.Raised)+len(m.Still)+len(m.Passed) == 0 {
		return next
	}
	if now.Before(try.notYet) {
		return try.notYet
	}
	if wait := try.sent.wait(n.rules.Hourly, now); wait > 0 {
		return now.Add(wait)
	}
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	err := way.Send(sending, m)
	cancel()
	if err != nil {
		return n.failed(ctx, way, try, err)
	}
	*try = attempt{sent: append(try.sent.recent(now), now)}
	n.conf.Board.Clear(warning.NotifyFails, way.Name())
	n.update(way, func(memory []told) []told { return remember(memory, m, now) })
	n.log.Info("told the operator", "way", way.Name(), "raised", len(m.Raised), "still", len(m.Still), "passed", len(m.Passed))
	return time.Now() // something may be due already that was not then
}

// awaited are those that were told and that the board has not looked at since the role started:
// nobody may say of them that they have passed. until is when they count as passed at the latest.
func (n *Notifier) awaited(memory []told) (list []warning.Warning, until time.Time) {
	for _, t := range memory {
		if end, is := n.conf.Board.Awaited(t.Warning.Code, t.Warning.Subject); is {
			list, until = append(list, t.Warning), end
		}
	}
	return list, until
}

// failed says when to try again.
func (n *Notifier) failed(ctx context.Context, way Way, try *attempt, err error) time.Time {
	if ctx.Err() != nil {
		return time.Time{}
	}
	pause := min(longestPause, firstPause<<min(try.failures, 10)) // the shift stays far from overflow
	var final Final
	if errors.As(err, &final) {
		pause = finalPause
	}
	try.failures++
	try.notYet = time.Now().Add(pause)
	n.log.Warn("a notification was not taken", "way", way.Name(), "again_in", pause, "error", err)
	if pause == finalPause || try.failures >= failuresShown {
		n.conf.Board.Raise(warning.Of(warning.NotifyFails, way.Name(), "notifications by %s are not taken: %v", way.Name(), err))
	}
	return try.notYet
}

// update changes what a way has told, and keeps it on disk where it is another than before.
func (n *Notifier) update(way Way, change func([]told) []told) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.memory[way.Name()]
	after := change(before)
	if slices.Equal(before, after) {
		return
	}
	n.memory[way.Name()] = after
	if err := n.keep(); err != nil {
		n.log.Warn("what was told is not kept; after a restart it is told again", "error", err)
	}
}

// maxMemory bounds the file: a board has few hundred warnings.
const maxMemory = 4 << 20

// recall reads the memory.
func (n *Notifier) recall() error {
	if n.conf.Path == "" {
		return nil
	}
	data, err := readBounded(n.conf.Path, maxMemory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(n.conf.Path), err)
	}
	kept := map[string][]told{}
	if err := json.Unmarshal(data, &kept); err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(n.conf.Path), err)
	}
	n.memory = kept
	return nil
}

// keep writes the memory. n.mu is held.
func (n *Notifier) keep() error {
	if n.conf.Path == "" {
		return nil
	}
	data, err := json.Marshal(n.memory)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(n.conf.Path), "."+File+".*")
	if err != nil {
		return pathless(err)
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), n.conf.Path)
}
