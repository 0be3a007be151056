package power

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// patience is how long the end of a recording waits for samples taken at that
	// moment: files answer in well under a millisecond, a plug nearby within this.
	patience = 200 * time.Millisecond
	// linger is how long sensors go on after the last recording, so that a busy node
	// does not start NVIDIA's child for every job.
	linger = time.Minute
)

// Meter reads a machine's sensors in the background while a recording is open. It is
// safe for concurrent use.
type Meter struct {
	every          time.Duration
	plans          []plan // best first
	sensors        []*sensor
	declared, rest float64 // watts by the operator's word, at work and idle; 0: none
	why            string  // why there is nothing better than declared, or nothing
	release        func()  // lets go of what sensors share

	loops sync.WaitGroup // one for each sensor that runs

	mu      sync.Mutex // guards the fields below, and every sensor's curve
	open    map[*Recording]struct{}
	shares  []*Recording // shared ones that overlap an open one, by start
	stop    context.CancelFunc
	resting *time.Timer   // ends the sensors, when nothing is open
	news    chan struct{} // closed, and made anew, with each sample
	closed  bool
}

func newMeter(every time.Duration, plans []plan) *Meter {
	m := &Meter{every: every, plans: plans, release: func() {}, open: map[*Recording]struct{}{}, news: make(chan struct{})}
	for _, p := range plans {
		for _, s := range slices.Concat(p.sensors, p.within) {
			if !slices.Contains(m.sensors, s) {
				s.poke = make(chan struct{}, 1)
				m.sensors = append(m.sensors, s)
			}
		}
	}
	return m
}

// Basis is the best that a reading can have here while all sensors answer.
func (m *Meter) Basis() Basis {
	switch {
	case len(m.plans) > 0:
		return m.plans[0].basis
	case m.declared > 0:
		return Declared
	default:
		return Unmeasured
	}
}

// Sources names the sensors behind Basis.
func (m *Meter) Sources() []string {
	if len(m.plans) == 0 {
		return nil
	}
	names := make([]string, len(m.plans[0].sensors))
	for i, s := range m.plans[0].sensors {
		names[i] = s.name
	}
	return names
}

// Start begins a recording of all that the machine takes. It does not wait for sensors.
func (m *Meter) Start() *Recording { return m.begin(false) }

// StartShared begins a recording that gets its share: at any moment the machine's power
// is split evenly among the shared recordings that are open then. Shares of spans that
// overlap add up to what the machine took while any of them was open.
func (m *Meter) StartShared() *Recording { return m.begin(true) }

func (m *Meter) begin(shared bool) *Recording {
	r := &Recording{meter: m, shared: shared, start: time.Now()}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[r] = struct{}{}
	if shared {
		m.shares = append(m.shares, r)
	}
	if m.resting != nil {
		m.resting.Stop()
		m.resting = nil
	}
	if m.stop == nil && !m.closed {
		var ctx context.Context
		ctx, m.stop = context.WithCancel(context.Background())
		for _, s := range m.sensors {
			m.loops.Go(func() { s.run(ctx, m.every, m.takes(s), m.misses(s)) })
		}
		return r
	}
	m.pokeAll()
	return r
}

// takes puts a sensor's samples on its curve.
func (m *Meter) takes(s *sensor) func(sample) {
	return func(got sample) {
		m.mu.Lock()
		defer m.mu.Unlock()
		s.curve.add(got)
		m.tell()
	}
}

// misses notes why a sensor gave no sample.
func (m *Meter) misses(s *sensor) func(why string) {
	return func(why string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		s.curve.fail(why)
		m.tell()
	}
}

// tell wakes whoever waits for samples. Callers hold mu.
func (m *Meter) tell() {
	close(m.news)
	m.news = make(chan struct{})
}

// pokeAll asks every sensor for a sample now. Callers hold mu.
func (m *Meter) pokeAll() {
	for _, s := range m.sensors {
		select {
		case s.poke <- struct{}{}:
		default: // it is asked already
		}
	}
}

// await waits until every sensor has told of t or later, but not longer than patience.
func (m *Meter) await(t time.Time) {
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for {
		m.mu.Lock()
		late := slices.ContainsFunc(m.sensors, func(s *sensor) bool {
			n := len(s.curve.points)
			// A watched one can't be asked, and one in trouble won't answer in time.
			return s.watch == nil && s.curve.why == "" && (n == 0 || s.curve.points[n-1].at.Before(t))
		})
		news := m.news
		m.mu.Unlock()
		if !late {
			return
		}
		select {
		case <-news:
		case <-enough.C:
			return
		}
	}
}

// forget drops what no open recording needs. Callers hold mu.
func (m *Meter) forget() {
	oldest := time.Now()
	for r := range m.open {
		if r.start.Before(oldest) {
			oldest = r.start
		}
	}
	m.shares = slices.DeleteFunc(m.shares, func(s *Recording) bool { return !s.end.IsZero() && s.end.Before(oldest) })
	for _, s := range m.sensors {
		s.curve.forget(oldest)
	}
}

// doze stops the sensors, unless a recording has begun meanwhile.
func (m *Meter) doze() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.open) == 0 && m.stop != nil {
		m.stop()
		m.stop = nil
	}
}

// Close ends the sensors. Recordings that are open still may be stopped; they miss what
// comes after.
func (m *Meter) Close() error {
	m.mu.Lock()
	m.closed = true
	if m.stop != nil {
		m.stop()
		m.stop = nil
	}
	if m.resting != nil {
		m.resting.Stop()
	}
	m.mu.Unlock()
	m.loops.Wait()
	m.release()
	return nil
}
