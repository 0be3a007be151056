package site

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// openOutbox opens the outbox with a carrier for each destination of the site file.
func (s *Site) openOutbox() error {
	carriers := map[string]outbox.Carrier{}
	for _, d := range s.conf.Destinations {
		c, err := s.carrier(d)
		if err != nil {
			return fmt.Errorf("destination %s: %w", d.Name, err)
		}
		carriers[d.Name] = c
	}
	key, err := s.keys.of("outbox")
	if err != nil {
		return err
	}
	s.outbox, err = outbox.Open(filepath.Join(s.folder, "outbox.db"), key, outbox.Config{
		Carriers: carriers, Life: s.conf.Delivery.For, Changed: s.delivered, Log: s.log,
	})
	return err
}

// ours says that this site made an object: an archive that forwards studies by itself sends
// results back, and they must not make a study of their own.
func (s *Site) ours(sopInstanceUID string) bool {
	has, err := s.outbox.Has(sopInstanceUID)
	if err != nil {
		s.log.Error("whether an object is a result of this site can't be looked up", "error", err)
	}
	return has
}

// deliver runs the outbox until ctx ends. What it could not tell before the last end of the
// process is looked up first.
func (s *Site) deliver(ctx context.Context) {
	waiting, err := s.book.List(worklist.Filter{States: []worklist.State{worklist.Delivering}})
	if err != nil {
		s.log.Error("the worklist can't be read", "error", err)
	}
	for _, c := range waiting {
		if err := s.settle(c); err != nil {
			s.log.Error("a delivery could not be noted", "case", c.ID, "error", err)
		}
	}
	s.outbox.Run(ctx)
}

// delivered hears of each change of a delivery.
func (s *Site) delivered(d outbox.Delivery) {
	for _, id := range d.Cases {
		c, err := s.book.Get(id)
		if err == nil && c.State == worklist.Delivering {
			err = s.settle(c)
		}
		if err != nil && !errors.Is(err, worklist.ErrUnknownCase) {
			s.log.Error("a delivery could not be noted; the next start does it", "case", id, "error", err)
		}
	}
}

// handOver gives a case's result to the outbox, or closes one that goes nowhere.
func (s *Site) handOver(c worklist.Case) error {
	if c.Terms.Silent || len(c.Terms.Destinations) == 0 {
		_, err := s.apply(c.ID, worklist.Arrive{})
		return err
	}
	if err := s.put(c, c.Task, s.resultFolder(c.Task), false); err != nil {
		return err
	}
	if err := s.supersede(c, c.Task, c.Revision); err != nil {
		return err
	}
	c, err := s.apply(c.ID, worklist.Deliver{})
	if err != nil {
		return err
	}
	return s.settle(c)
}

// resultFolder is where the clinic put the result of a task.
func (s *Site) resultFolder(task models.Digest) string {
	return filepath.Join(s.spool(), hex.EncodeToString(task[:]))
}

// put hands a folder to the outbox for each destination of the case's rule.
func (s *Site) put(c worklist.Case, task models.Digest, folder string, notice bool) error {
	p := outbox.Parcel{Case: c.ID, Task: task, Notice: notice, Folder: folder, Priority: int(c.Terms.Priority)}
	var forms []outbox.Form
	for _, f := range c.Terms.Forms {
		forms = append(forms, outbox.Form(f))
	}
	for _, name := range c.Terms.Destinations {
		p.Destinations = append(p.Destinations, outbox.Destination{Name: name, Forms: forms})
	}
	_, err := s.outbox.Put(p)
	return err
}

// settle looks at what has become of a case's deliveries: it has arrived when every
// destination has it.
func (s *Site) settle(c worklist.Case) error {
	all, err := s.outbox.Of(c.Task)
	if err != nil {
		return err
	}
	var fault outbox.Fault
	arrived := 0
	for _, d := range all {
		if d.Notice || !slices.Contains(c.Terms.Destinations, d.Destination) {
			continue
		}
		switch d.State {
		case outbox.Delivered, outbox.Withdrawn: // a person gave it up, which is on record
			arrived++
		default:
			if d.Fault != "" {
				fault = d.Fault
			}
		}
	}
	if arrived < len(c.Terms.Destinations) {
		if fault == "" || string(fault) == c.Reason {
			return nil
		}
		_, err := s.apply(c.ID, worklist.Stuck{Reason: string(fault)})
		return err
	}
	for _, d := range all {
		if d.Notice || d.State != outbox.Delivered || !slices.Contains(c.Terms.Destinations, d.Destination) {
			continue
		}
		e := entryOf(audit.Delivery, c)
		e.Peer, e.Count = d.Destination, len(d.Items)
		if err := s.record(e); err != nil {
			return err
		}
	}
	s.log.Info("a result was delivered", "case", c.ID, "destinations", len(c.Terms.Destinations))
	_, err = s.apply(c.ID, worklist.Arrive{})
	return err
}
