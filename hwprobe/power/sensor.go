package power

import (
	"context"
	"sync"
	"time"
)

// readTimeout bounds one reading of a sensor.
const readTimeout = 2 * time.Second

// sensor is one thing that tells power or energy. Either read or watch is set.
type sensor struct {
	name  string   // for a person, and for the profile: no address of a network
	basis Basis    // of a figure that rests on it
	parts []string // that it covers, sorted

	// read takes one sample. Its error says in words what is wrong, without a path.
	read func(ctx context.Context) (sample, error)
	// watch emits samples until ctx ends or the sensor does, whose end it explains.
	watch func(ctx context.Context, every time.Duration, emit func(sample)) error

	turn  sync.Mutex    // held while it runs: one that ends slowly is not joined by a second
	poke  chan struct{} // asks for a sample now
	curve curve         // guarded by its meter's mu
}

// retryAfter is the pause before a watched sensor that ended is started again: such an
// end is a child that crashed, and starting it costs more than a sample.
const retryAfter = 30 * time.Second

// run samples until ctx ends, handing over each sample or why there is none.
func (s *sensor) run(ctx context.Context, every time.Duration, emit func(sample), fail func(why string)) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.watch != nil {
		for ctx.Err() == nil {
			err := s.watch(ctx, every, emit)
			if ctx.Err() != nil {
				return
			}
			fail(err.Error())
			s.pause(ctx, time.After(retryAfter), nil)
		}
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		one, cancel := context.WithTimeout(ctx, readTimeout)
		got, err := s.read(one)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			fail(err.Error())
		default:
			emit(got)
		}
		if !s.pause(ctx, tick.C, s.poke) {
			return
		}
	}
}

// pause waits for either channel. It is false when ctx ended.
func (s *sensor) pause(ctx context.Context, a <-chan time.Time, b <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-a:
		return true
	case <-b:
		return true
	}
}
