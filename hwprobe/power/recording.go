package power

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Recording is a span that is being measured. Stop ends it.
type Recording struct {
	meter  *Meter
	shared bool
	start  time.Time
	end    time.Time // zero while it runs
	once   sync.Once
	result Reading
}

// Stop ends the recording and says what it saw. It waits a fraction of a second for the
// sensors. Further calls return the same.
func (r *Recording) Stop() Reading {
	r.once.Do(func() { r.result = r.meter.finish(r) })
	return r.result
}

func (m *Meter) finish(r *Recording) Reading {
	m.mu.Lock()
	r.end = time.Now()
	running := m.stop != nil
	m.pokeAll()
	m.mu.Unlock()
	if running {
		m.await(r.end)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	reading := m.reading(r)
	delete(m.open, r)
	m.forget()
	if len(m.open) == 0 && m.stop != nil {
		m.resting = time.AfterFunc(linger, m.doze)
	}
	return reading
}

// reading puts together what a recording saw, from the best plan whose sensors all told
// of its whole span. Callers hold mu.
func (m *Meter) reading(r *Recording) Reading {
	span := r.end.Sub(r.start)
	if span <= 0 {
		return unmeasured(0, "the span is empty")
	}
	bounds, weights := r.split(m.shares)
	var passed []passedOver
	for _, p := range m.plans {
		got, err := p.measure(bounds, weights)
		if err != nil {
			passed = append(passed, passedOver{p.basis, err})
			continue
		}
		got.Span, got.MeanWatts = span, got.Joules/span.Seconds()
		got.Note = words(passed, got.Basis)
		if !r.shared {
			got.Trace = p.trace(r.start, r.end, m.every)
		}
		return got
	}
	if len(m.plans) == 0 && m.why != "" {
		passed = []passedOver{{Unmeasured, errors.New(m.why)}}
	}
	if m.declared == 0 {
		return unmeasured(span, words(passed, ""))
	}
	got := Reading{Basis: Declared, Span: span, Sources: []string{"the operator"}, Coverage: []string{Machine}, Note: words(passed, "")}
	for i, weight := range weights {
		got.Joules += m.declared * bounds[i+1].Sub(bounds[i]).Seconds() * weight
	}
	got.MeanWatts = got.Joules / span.Seconds()
	if !r.shared {
		got.IdleWatts, got.AboveIdleWatts = m.rest, m.declared-m.rest
	}
	return got
}

// split cuts the recording's span where shared recordings begin and end, and tells its
// share of each piece: 1 over how many were open then. One that isn't shared has it all.
func (r *Recording) split(shares []*Recording) (bounds []time.Time, weights []float64) {
	bounds = []time.Time{r.start, r.end}
	if !r.shared {
		return bounds, []float64{1}
	}
	inside := func(t time.Time) bool { return t.After(r.start) && t.Before(r.end) }
	for _, s := range shares {
		for _, t := range []time.Time{s.start, s.end} {
			if inside(t) {
				bounds = append(bounds, t)
			}
		}
	}
	slices.SortFunc(bounds, time.Time.Compare)
	bounds = slices.CompactFunc(bounds, time.Time.Equal)
	for i := range len(bounds) - 1 {
		sharers := 0
		for _, s := range shares {
			if !s.start.After(bounds[i]) && (s.end.IsZero() || !s.end.Before(bounds[i+1])) {
				sharers++
			}
		}
		weights = append(weights, 1/float64(max(1, sharers)))
	}
	return bounds, weights
}
