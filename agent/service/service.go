// Package service tells the machine's service manager (systemd, by sd_notify) how a role
// does: ready, what it is at, stopping, and a watchdog's beat for as long as the role
// answers a question about itself. In: the role's words and a check. Out: datagrams to
// $NOTIFY_SOCKET. Without a manager every call is silent and free. It starts nothing,
// and never says that a role lives that did not just prove it.
package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/daemon"
)

// beatsPerInterval is how often the check is made within the manager's watchdog interval:
// one that is late leaves time for another before the manager kills the process.
const beatsPerInterval = 4

// Check proves that a role's main loop turns: by a question that goes through it and comes
// back. An error, or no answer before its context ends, keeps the beat back.
type Check func(ctx context.Context) error

// Supervision is what a manager is told of one role that has started.
type Supervision struct {
	log    *slog.Logger
	notify func(state string) error
	stop   context.CancelFunc
	loop   sync.WaitGroup
}

// Begin tells the manager that the role is ready and what it is at, and from then on beats
// its watchdog after each check that holds. The caller closes it before it stops the role.
func Begin(ctx context.Context, log *slog.Logger, words string, check Check) *Supervision {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the service manager's watchdog is not served; correct WatchdogSec= of the unit", "err", err)
	}
	return begin(ctx, log, send, interval, words, check)
}

// begin is Begin with the manager's two sides given. interval 0: no watchdog.
func begin(ctx context.Context, log *slog.Logger, notify func(string) error, interval time.Duration, words string, check Check) *Supervision {
	ctx, stop := context.WithCancel(ctx)
	s := &Supervision{log: log, notify: notify, stop: stop}
	s.say(daemon.SdNotifyReady + "\nSTATUS=" + line(words))
	if interval > 0 {
		s.loop.Go(func() { s.beat(ctx, interval/beatsPerInterval, check) })
	}
	return s
}

// Status shows in `systemctl status` what the role is at. It must name no patient.
func (s *Supervision) Status(words string) { s.say("STATUS=" + line(words)) }

// Reloading brackets the reading of a new configuration; the caller calls what it returns
// when that is done.
func (s *Supervision) Reloading() (done func()) {
	s.say(daemon.SdNotifyReloading)
	return func() { s.say(daemon.SdNotifyReady) }
}

// Close says that the role stops, and ends the beat: from here on the manager's
// TimeoutStopSec= counts.
func (s *Supervision) Close() {
	s.say(daemon.SdNotifyStopping + "\nSTATUS=stopping")
	s.stop()
	s.loop.Wait()
}

// beat asks the role every period, and tells the manager of each answer.
func (s *Supervision) beat(ctx context.Context, period time.Duration, check Check) {
	turn := time.NewTicker(period)
	defer turn.Stop()
	for {
		s.ask(ctx, period, check)
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}

// ask makes one check within a period.
func (s *Supervision) ask(ctx context.Context, period time.Duration, check Check) {
	within, done := context.WithTimeout(ctx, period)
	defer done()
	switch err := check(within); {
	case err == nil:
		s.say(daemon.SdNotifyWatchdog)
	case ctx.Err() == nil:
		s.log.Warn("the role does not answer its own watchdog; the service manager restarts it if that goes on", "err", err)
	}
}

// say sends what a manager can do without: a lost datagram is told and passed over.
func (s *Supervision) say(state string) {
	if err := s.notify(state); err != nil {
		s.log.Warn("the service manager was not told; look at NOTIFY_SOCKET and the unit's NotifyAccess=", "err", err)
	}
}

func send(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}

// maxWords bounds a status in bytes: a datagram holds it with room to spare.
const maxWords = 512

// line makes words that a role composed fit into one assignment of a datagram: no
// character ends the line, and nothing after one can pass for another assignment.
func line(words string) string {
	words = strings.ToValidUTF8(words, "?")
	if len(words) > maxWords {
		words = strings.ToValidUTF8(words[:maxWords], "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, words)
}
