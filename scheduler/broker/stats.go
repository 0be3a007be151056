package broker

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// Histogram counts durations. Counts[n] are those of at most Bounds[n], the last count
// those beyond every bound.
type Histogram struct {
	Bounds []time.Duration `json:"bounds"`
	Counts []uint64        `json:"counts"`
	Sum    time.Duration   `json:"sum"`
}

// awardBounds lie around what is promised from offer to award: a quarter of a second for
// an emergency, three for the rest.
func awardBounds() []time.Duration {
	return []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 10 * time.Minute}
}

func newHistogram(bounds []time.Duration) *Histogram {
	return &Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

func (h *Histogram) observe(d time.Duration) {
	at, _ := slices.BinarySearch(h.Bounds, d)
	h.Counts[at]++
	h.Sum += d
}

func (h *Histogram) clone() Histogram {
	return Histogram{Bounds: slices.Clone(h.Bounds), Counts: slices.Clone(h.Counts), Sum: h.Sum}
}

// Stats are what a broker did since it was started. Maps count by fixed words, which a
// peer can't choose.
type Stats struct {
	Submitted    uint64            `json:"submitted"` // copies of one task count each
	Rounds       uint64            `json:"rounds"`
	Announced    uint64            `json:"announced"` // offers published on gossip
	Asked        uint64            `json:"asked"`     // nodes asked directly
	AskAnswers   map[string]uint64 `json:"ask_answers"`
	Bids         uint64            `json:"bids"`
	BidsRefused  map[string]uint64 `json:"bids_refused"` // by criterion
	Awards       uint64            `json:"awards"`
	Reawards     uint64            `json:"reawards"` // awards of a task that another node had lost
	Accepted     uint64            `json:"accepted"`
	Losses       map[string]uint64 `json:"losses"` // leases that brought no result, by reason
	Regrants     uint64            `json:"regrants"`
	Results      map[string]uint64 `json:"results"` // accepted, disputed, refused, local
	LocalFailed  uint64            `json:"local_failed"`
	Withdrawn    uint64            `json:"withdrawn"` // cancellations that a node has confirmed
	Rechecks     map[string]uint64 `json:"rechecks"`  // re-runs that coordinators asked for: granted or refused
	Ended        map[string]uint64 `json:"ended"`     // by final state
	BytesSent    uint64            `json:"bytes_sent"`
	BytesResumed uint64            `json:"bytes_resumed"` // of payloads, not sent again after a cut
	Running      int               `json:"running"`       // tasks that have not ended
	NoShows      int               `json:"no_shows"`      // nodes remembered for bids that they did not honour

	// OfferToAward is the time from the first offer to a node's yes, by class.
	OfferToAward map[string]Histogram `json:"offer_to_award"`
}

// The reasons of Stats.Losses.
const (
	lossLapsed   = "lapsed"
	lossDeclined = "declined"       // while the bid was to be held
	lossSpare    = "spare declined" // a bid that was kept longer than its node promised
	lossSilent   = "no answer"
	lossGaveUp   = "gave up"
	lossRefused  = "result refused"
	lossDisputed = "result disputed"
	lossCalled   = "called off" // by the clinic: no fault of the node
)

// tally is Stats in the making.
type tally struct {
	mu     sync.Mutex // guards the fields below
	stats  Stats
	awards map[string]*Histogram
}

func newTally() *tally {
	t := &tally{awards: map[string]*Histogram{}, stats: Stats{AskAnswers: map[string]uint64{}, BidsRefused: map[string]uint64{},
		Losses: map[string]uint64{}, Results: map[string]uint64{}, Rechecks: map[string]uint64{}, Ended: map[string]uint64{}}}
	for class := range scheduler.STAT + 1 {
		t.awards[class.String()] = newHistogram(awardBounds())
	}
	return t
}

func (t *tally) count(change func(*Stats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.stats)
}

func (t *tally) awarded(class scheduler.Class, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Accepted++
	if h := t.awards[class.String()]; h != nil {
		h.observe(took)
	}
}

func (t *tally) snapshot() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.AskAnswers, s.BidsRefused, s.Losses = maps.Clone(s.AskAnswers), maps.Clone(s.BidsRefused), maps.Clone(s.Losses)
	s.Results, s.Rechecks, s.Ended = maps.Clone(s.Results), maps.Clone(s.Rechecks), maps.Clone(s.Ended)
	s.OfferToAward = make(map[string]Histogram, len(t.awards))
	for class, h := range t.awards {
		s.OfferToAward[class] = h.clone()
	}
	return s
}

// Stats is a snapshot for metrics.
func (b *Broker) Stats() Stats {
	s := b.tally.snapshot()
	b.mu.Lock()
	s.Running = len(b.tasks)
	b.mu.Unlock()
	s.NoShows = b.absent.len()
	return s
}

// criterion is the word that a refused bid is counted under.
func criterion(err error) string {
	for _, c := range []struct {
		err  error
		word string
	}{
		{scheduler.ErrModel, "model"}, {scheduler.ErrTier, "tier"}, {scheduler.ErrTrust, "trust"}, {scheduler.ErrResidency, "residency"},
		{scheduler.ErrProvider, "provider"}, {scheduler.ErrPrice, "price"}, {scheduler.ErrMemory, "memory"}, {scheduler.ErrDeadline, "deadline"},
		{scheduler.ErrOtherTask, "other task"}, {scheduler.ErrFinal, "ended"}, {ErrUnknownTask, "unknown task"},
		{ErrUnregistered, "unregistered"}, {ErrFull, "full"},
	} {
		if errors.Is(err, c.err) {
			return c.word
		}
	}
	return "other"
}
