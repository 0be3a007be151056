package agent

import (
	"sync"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

// feedBuffer is how many steps wait for a listener that is slow: a task has about twenty,
// and its progress comes ten times a second.
const feedBuffer = 256

// FeedEvent is one step of one task, as the clinic's local door tells it.
type FeedEvent struct {
	broker.Event
	// Missed is how many steps this listener was not told before this one, because it was
	// too slow.
	Missed int `json:"missed,omitempty"`
}

// feed hands a clinic's events to whoever listens. It never waits for a listener. It is
// safe for concurrent use.
type feed struct {
	mu        sync.Mutex // guards the fields below, and every listener's missed
	listeners map[*listener]struct{}
}

// listener is one who listens, to all tasks or to one.
type listener struct {
	task   models.Digest // with its copies; zero: all
	events chan FeedEvent
	missed int
}

func newFeed() *feed { return &feed{listeners: map[*listener]struct{}{}} }

// publish tells everybody who listens to the event's task, or to the one that it copies.
func (f *feed) publish(e broker.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for l := range f.listeners {
		if !l.task.IsZero() && l.task != e.Task && l.task != e.Of {
			continue
		}
		select {
		case l.events <- FeedEvent{Event: e, Missed: l.missed}:
			l.missed = 0
		default:
			l.missed++
		}
	}
}

// listen begins to collect the events of a task, zero for all. The caller calls stop.
func (f *feed) listen(task models.Digest) (events <-chan FeedEvent, stop func()) {
	l := &listener{task: task, events: make(chan FeedEvent, feedBuffer)}
	f.mu.Lock()
	f.listeners[l] = struct{}{}
	f.mu.Unlock()
	return l.events, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, l)
	}
}
