package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/footprint"
	"github.com/medhive/medhive/agent/service"
)

// hangups are the SIGHUPs that a role gets from now on, of which it no longer dies; stop gives
// them back. Under nohup there are none.
func hangups() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(c, syscall.SIGHUP)
	}
	return c, func() { signal.Stop(c) }
}

// attendance is what a running role waits for.
type attendance struct {
	hangups <-chan os.Signal
	failed  <-chan error // one value: why it can't go on; nil: it tells nobody
	from    config.Source
	reread  func(ctx context.Context) error // has the role take its settings anew
	log     *slog.Logger
	alive   service.Check // what the service manager's watchdog is beaten for
}

// wait tells the service manager, if there is one, that the role has started and does what the
// words say, keeps the process small, and returns at the end of ctx, or with a failure of the role. A SIGHUP has the settings read
// again; where none were read from a file, it is a terminal that was closed, and the end.
func (a attendance) wait(ctx context.Context, words string) error {
	supervised := service.Begin(ctx, a.log, words, a.alive)
	defer supervised.Close()
	resting, rested := context.WithCancel(ctx)
	var keeper sync.WaitGroup
	keeper.Go(func() { footprint.Keep(resting, a.log) })
	defer keeper.Wait()
	defer rested()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-a.failed:
			return err
		case <-a.hangups:
			if a.from.File == "" {
				return nil
			}
			reloaded := supervised.Reloading()
			if err := a.reread(ctx); err != nil {
				a.log.Error("the settings stay as they are", "error", err)
			}
			reloaded()
		}
	}
}

// rereadNothing looks at a role's settings again, none of which can change while it runs.
func rereadNothing(old *config.Table, from config.Source, log *slog.Logger) func(context.Context) error {
	return func(context.Context) error {
		fresh, _ := config.TableOf(old.Role) // it is a role's
		if err := fresh.Load(from); err != nil {
			return err
		}
		for _, c := range config.Changes(old, fresh) {
			log.Info("a setting has changed and takes effect at the next start", "key", c.Key)
		}
		return nil
	}
}
