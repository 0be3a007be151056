package worker

import (
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// Mode is what its operator lets a node take on. It survives restarts.
type Mode string

// The modes.
const (
	Working  Mode = "working"  // it bids
	Draining Mode = "draining" // no bids; what it has accepted is finished
	Paused   Mode = "paused"   // no bids; running jobs are finished, waiting ones go back to their clinics
)

// The reasons of a mode for not bidding, and of a pause for giving a job back.
var (
	errDraining = errors.New("the node is being drained; `medhive node resume` ends that")
	errPaused   = errors.New("the node is paused; `medhive node resume` ends that")
)

var (
	modeBucket = []byte("worker.mode.v1")
	modeKey    = []byte("mode")
)

func (s store) mode() (Mode, error) {
	mode := Working
	err := s.db.View(func(tx *bbolt.Tx) error {
		if data := tx.Bucket(modeBucket).Get(modeKey); data != nil {
			mode = Mode(data)
		}
		return nil
	})
	if err == nil && mode != Working && mode != Draining && mode != Paused {
		err = fmt.Errorf("it is in mode %.20q; want %s, %s or %s", string(mode), Working, Draining, Paused)
	}
	return mode, err
}

func (s store) putMode(m Mode) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(modeBucket).Put(modeKey, []byte(m)) })
}

// Drain stops bidding and lets every accepted job end, queued ones too, so that the node
// can be stopped without a loss: Status.Idle tells when. It holds over restarts.
func (w *Worker) Drain() error { return w.setMode(Draining) }

// Pause stops bidding and begins nothing more: running jobs end, and those that wait go
// back to their clinics, who find another node. It holds over restarts.
func (w *Worker) Pause() error { return w.setMode(Paused) }

// Resume ends Drain and Pause.
func (w *Worker) Resume() error { return w.setMode(Working) }

// Mode is what the operator lets the node take on.
func (w *Worker) Mode() Mode {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mode
}

// setMode persists the mode, then acts by it.
func (w *Worker) setMode(m Mode) error {
	w.switching.Lock()
	defer w.switching.Unlock()
	if err := w.store.putMode(m); err != nil {
		return fmt.Errorf("set the node to %s: %w; check the space on its disk", m, err)
	}
	w.mu.Lock()
	before := w.mode
	w.mode = m
	w.turns.held = nil
	if m == Paused {
		w.turns.giveBack(errPaused)
	}
	w.mu.Unlock()
	if before != m {
		w.Log.Info("node's mode changed", "from", string(before), "to", string(m))
		w.stir()
	}
	return nil
}

// closed is why the node bids for nothing at this moment; nil where it does. w.mu is not
// held: Open is the agent's.
func (w *Worker) closed(now time.Time) error {
	w.mu.Lock()
	mode, undelivered := w.mode, w.undelivered()
	w.mu.Unlock()
	switch {
	case mode == Draining:
		return errDraining
	case mode == Paused:
		return errPaused
	case undelivered >= maxUndelivered:
		return fmt.Errorf("%d results wait for their clinics: %w", undelivered, errUndelivered)
	}
	if err := w.Open(now); err != nil {
		return fmt.Errorf("%w: %w", errClosed, err)
	}
	return nil
}

// undelivered counts the results that are on their way; w.mu is held.
func (w *Worker) undelivered() int {
	n := 0
	for _, j := range w.jobs {
		if !j.slot {
			n++
		}
	}
	return n
}
