package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// runLimit bounds one run, from the first submission to the last look at the files.
const runLimit = 4 * time.Minute

// maxLives bounds how often a study is submitted again until it is delivered.
const maxLives = 4

// squeeze slows the links of a town so that the step of a cell lasts about a second,
// and brings the faults that last the whole job.
func squeeze(t *town, c cell, payload, result int) error {
	// A step of one second; the link's own speed is no limit for anything else here.
	inOneSecond := func(bytes int) int { return bytes * 8 / 1000 }
	everyRole := append(nodeNames(), string(clinic), string(coordinator))
	if _, err := t.links.join(string(clinic)); err != nil {
		return err
	}
	var errs []error
	switch {
	case c.Fault == rate:
		for _, r := range everyRole {
			errs = append(errs, t.links.limit(r, 8000))
		}
	case c.Fault == loss:
		for _, r := range everyRole {
			errs = append(errs, t.links.lose(r, 50))
		}
	case c.Step == fetching:
		errs = append(errs, t.links.limit(string(clinic), inOneSecond(payload)))
	case c.Step == returning:
		for _, r := range nodeNames() {
			errs = append(errs, t.links.limit(r, inOneSecond(result)))
		}
	}
	err := errors.Join(errs...)
	if errors.Is(err, errNoNamespaces) && !c.spaced() {
		return nil // on a plain loopback the step is as short as it is
	}
	return err
}

// once runs a cell for the number'th time in a town.
func (t *town) once(ctx context.Context, c cell, study string, number, of int) attempt {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	name := fmt.Sprintf("c%03d", number)
	a := attempt{name: name, awards: map[award][]string{}, landed: "never came to the step"}
	if c.Role == standing {
		if err := t.start(ctx, name+standingSuffix); err != nil {
			return a.lost(err)
		}
	}
	var how []string
	if c.Fault == hedge {
		how = []string{"--priority", "stat", "--hedge"}
	}
	began := time.Now()
	s, err := t.submit(name, study, how...)
	if err != nil {
		return a.lost(err)
	}
	strike := func() error { return t.strike(ctx, c, s, &a, number, of) }
	if c.Step == throughout {
		a.landed, strike = throughout, func() error { return nil }
	}
	if err := strike(); err != nil {
		s.kill()
		return a.lost(err)
	}
	var seen map[string]written
	for life := 1; ; life++ {
		r, err := s.result(ctx)
		a.noteAwards(s.events())
		t.offers = append(t.offers, s.offers()...)
		files, lookErr := s.delivered()
		if lookErr != nil {
			return a.lost(lookErr)
		}
		if a.twice == "" {
			a.twice = rewritten(seen, files)
		}
		seen = files
		if err == nil {
			a.report, a.delivered = r, r.State == "delivered"
			break
		}
		// The clinic that was killed on purpose has not failed by itself.
		if murdered := c.kills() && (c.Role == clinic || c.Role == standing) && life == 1; !murdered {
			a.again++
			a.trouble = err.Error()
		}
		if life == maxLives || ctx.Err() != nil {
			return a.lost(err)
		}
		if s, err = t.submit(name, study, how...); err != nil {
			return a.lost(err)
		}
	}
	a.took = time.Since(began)
	return t.askAgain(ctx, a, name, study, seen, how)
}

// askAgain submits a delivered study once more: it must be the same task with the same
// winner, and no file may change.
func (t *town) askAgain(ctx context.Context, a attempt, name, study string, seen map[string]written, how []string) attempt {
	if !a.delivered {
		return a.lost(fmt.Errorf("the clinic ended with state %q", a.report.State))
	}
	s, err := t.submit(name, study, how...)
	if err != nil {
		return a.lost(err)
	}
	r, err := s.result(ctx)
	if err != nil {
		return a.lost(fmt.Errorf("asked again after delivery: %w", err))
	}
	a.noteAwards(s.events())
	files, err := s.delivered()
	if err != nil {
		return a.lost(err)
	}
	switch {
	case len(files) == 0:
		return a.lost(errors.New("the clinic says delivered, and no file is there"))
	case a.twice == "" && (r.Task != a.report.Task || r.Fence != a.report.Fence || !strings.EqualFold(r.Winner, a.report.Winner)):
		a.twice = "asked again, the clinic names another task, fence or winner"
	case a.twice == "":
		a.twice = rewritten(seen, files)
	}
	return a
}

// lost ends an attempt without a result.
func (a attempt) lost(err error) attempt {
	a.delivered, a.trouble = false, err.Error()
	return a
}

// spread is over which time the faults of one cell are laid, from the step's event on:
// about as long as the step lasts, so that each run hits another moment of it.
func spread(s step) time.Duration {
	switch s {
	case bidTaken: // until the award
		return 1400 * time.Millisecond
	case fetching, returning: // on a squeezed link
		return 1200 * time.Millisecond
	case inferring:
		return 700 * time.Millisecond
	case finished: // files are being written, the receipt is on its way
		return 200 * time.Millisecond
	default:
		return 60 * time.Millisecond
	}
}

// strike waits for the step, does what the cell says, and brings the roles back. Even
// runs bring them back at once, odd ones when the lease has lapsed.
func (t *town) strike(ctx context.Context, c cell, s *submission, a *attempt, number, of int) error {
	e, err := s.awaitStep(ctx, c.Step)
	if err != nil {
		return err
	}
	if err := pause(ctx, spread(c.Step)*time.Duration(number)/time.Duration(of)); err != nil {
		return err
	}
	victim := t.victim(c.Role, e)
	if c.Role == standing {
		victim = a.name + standingSuffix
	}
	a.landed = s.landed()
	a.missed = !s.alive() && (c.Step != finished || c.Role == clinic || c.Role == standing) // the others have work after it
	absence := time.Duration(0)
	if number%2 == 1 {
		absence = lease + time.Second
	}
	switch c.Fault {
	case kill, hedge:
		if c.Role == clinic {
			s.kill()
			a.landed = s.landed()
			return pause(ctx, absence)
		}
		t.roles[victim].kill()
		if err := pause(ctx, absence); err != nil {
			return err
		}
		if err := t.start(ctx, victim); err != nil || c.Role != standing {
			return err
		}
		return t.unasked(ctx, s, a)
	case partition:
		if err := t.links.detach(victim); err != nil {
			return err
		}
		return errors.Join(pause(ctx, time.Second+absence), t.links.attach(victim))
	case cut:
		return t.cutThrice(ctx, victim)
	case forward, backward:
		return t.misdate(ctx, c, victim, s)
	}
	return fmt.Errorf("no such fault: %s", c.Fault)
}

// unaskedLimit is how long a clinic that was started again may take to deliver what it
// owes without being asked.
const unaskedLimit = 60 * time.Second

// unasked waits for the results of a clinic that was killed and runs again.
func (t *town) unasked(ctx context.Context, s *submission, a *attempt) error {
	ctx, cancel := context.WithTimeout(ctx, unaskedLimit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		files, err := s.delivered()
		if err != nil || len(files) > 0 {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			a.again, a.trouble = a.again+1, "the clinic that was started again delivered nothing until it was asked"
			return nil
		}
	}
}

// victim is the name of the process that a role means at this event.
func (t *town) victim(r role, e event) string {
	if r != node {
		return string(r)
	}
	if name, known := t.named[strings.ToLower(e.Node)]; known {
		return name
	}
	return nodeNames()[0] // before the first bid any node will do
}

// cutThrice resets the connections between a node and the clinic three times.
func (t *town) cutThrice(ctx context.Context, victim string) error {
	for n := range 3 {
		if n > 0 {
			if err := pause(ctx, 300*time.Millisecond); err != nil {
				return err
			}
		}
		if err := t.links.reset(victim, string(clinic)); err != nil {
			return err
		}
	}
	return nil
}

// misdate moves the wall clock of one role by an hour until the job is over, then
// starts the role again with the right time.
func (t *town) misdate(ctx context.Context, c cell, victim string, s *submission) error {
	by := time.Hour
	if c.Fault == backward {
		by = -by
	}
	if c.Role == clinic {
		return jump(ctx, s.cmd.Process.Pid, by)
	}
	if err := jump(ctx, t.roles[victim].cmd.Process.Pid, by); err != nil {
		return err
	}
	select {
	case <-s.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	t.roles[victim].stop()
	return t.start(ctx, victim)
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
