package worker

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// Histogram counts durations. Counts[n] are those of at most Bounds[n] that no earlier
// bound holds; the last count is of longer ones.
type Histogram struct {
	Bounds []time.Duration `json:"bounds_ns"`
	Counts []uint64        `json:"counts"`
	Sum    time.Duration   `json:"sum_ns"`
}

// bounds span a look at the queue and a long study, four steps a decade apart.
func bounds() []time.Duration {
	return []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second,
		15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
}

func newHistogram() Histogram {
	b := bounds()
	return Histogram{Bounds: b, Counts: make([]uint64, len(b)+1)}
}

func (h *Histogram) observe(d time.Duration) {
	at, _ := slices.BinarySearch(h.Bounds, d)
	h.Counts[at]++
	h.Sum += d
}

func (h Histogram) clone() Histogram {
	h.Counts = slices.Clone(h.Counts)
	return h
}

// Stats counts what a worker saw and did since it was made.
type Stats struct {
	Offers    uint64            `json:"offers"`   // heard on gossip
	Asks      uint64            `json:"asks"`     // asked directly
	NotBid    map[string]uint64 `json:"not_bid"`  // offers and asks without a bid, by reason
	Bids      uint64            `json:"bids"`     // sent
	Lost      uint64            `json:"lost"`     // bids that brought no award
	Awards    uint64            `json:"awards"`   // accepted
	Declined  map[string]uint64 `json:"declined"` // awards, by reason
	Queued    uint64            `json:"queued"`   // times that a job waited for its turn
	Preempted uint64            `json:"preempted"`
	Resumed   uint64            `json:"resumed"`   // jobs that went on after a restart
	Revoked   uint64            `json:"revoked"`   // leases that clinics declared gone
	Cancelled uint64            `json:"cancelled"` // jobs and bids that clinics withdrew
	Failed    uint64            `json:"failed"`    // jobs that brought no receipt, whatever the reason
	Receipts  uint64            `json:"receipts"`  // with both signatures
	Unsigned  uint64            `json:"unsigned"`  // results that clinics took without signing
	Notices   uint64            `json:"notices"`   // sent
	Vouchers  uint64            `json:"vouchers"`  // taken that say more than the one before
	// VouchersRefused were forged, another's, unreadable, or said less than the one before.
	VouchersRefused uint64 `json:"vouchers_refused"`

	FetchedBytes   uint64 `json:"fetched_bytes"`   // of ciphertext
	RefetchedBytes uint64 `json:"refetched_bytes"` // of them, brought before by a stream that was cut

	Wait    Histogram `json:"wait"`    // of jobs for their turn
	Fetch   Histogram `json:"fetch"`   // of payloads
	Run     Histogram `json:"run"`     // of the executor
	Deliver Histogram `json:"deliver"` // from the sealed result to the clinic's verdict
}

// counters are the worker's Stats under their own lock.
type counters struct {
	mu sync.Mutex // guards s
	s  Stats
}

func newCounters() *counters {
	return &counters{s: Stats{NotBid: map[string]uint64{}, Declined: map[string]uint64{},
		Wait: newHistogram(), Fetch: newHistogram(), Run: newHistogram(), Deliver: newHistogram()}}
}

func (c *counters) count(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.s)
}

// Stats is a copy of the worker's counters.
func (w *Worker) Stats() Stats {
	c := w.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.s
	s.NotBid, s.Declined = maps.Clone(s.NotBid), maps.Clone(s.Declined)
	s.Wait, s.Fetch, s.Run, s.Deliver = s.Wait.clone(), s.Fetch.clone(), s.Run.clone(), s.Deliver.clone()
	return s
}

// otherReason is that of an error without a word of its own.
const otherReason = "other"

// reasons are the words that refusals are counted under, so that what a stranger says
// never becomes a metric's label. The first that fits counts.
func reasons() []reason {
	return []reason{
		{errDraining, "draining"}, {errPaused, "paused"}, {errClosed, "closed"}, {errUndelivered, "undelivered"},
		{scheduler.ErrExposure, "exposure"}, {scheduler.ErrUnsecured, "no deposit"}, {errAccounts, "accounts"},
		{errConduct, "clinic's conduct"}, {errUndecided, "undecided bids"}, {errNotAllowed, "clinic not listed"}, {errTooMany, "rate"}, {errNoPlace, "no place"}, {errStrangers, "strangers"}, {errKnown, "known"},
		{errPayload, "payload size"}, {errExpired, "expired"},
		{scheduler.ErrModel, "model"}, {scheduler.ErrTier, "tier"}, {scheduler.ErrTrust, "trust"}, {scheduler.ErrResidency, "residency"},
		{scheduler.ErrProvider, "provider"}, {scheduler.ErrPrice, "price"}, {scheduler.ErrMemory, "memory"}, {scheduler.ErrDeadline, "deadline"},
		{scheduler.ErrLottery, "lottery"}, {scheduler.ErrStaleFence, "stale fence"},
		{errNotMine, "not mine"}, {errNoBid, "no bid"}, {errTerms, "terms"}, {errBusy, "busy"}, {errGrant, "grant"}, {errStopping, "stopping"},
	}
}

type reason struct {
	err  error
	word string
}

// word is what a refusal is counted under.
func word(err error) string {
	for _, r := range reasons() {
		if errors.Is(err, r.err) {
			return r.word
		}
	}
	return otherReason
}
