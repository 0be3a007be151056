package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/wire"
)

const (
	// noticesPerLife is how often a notice is repeated within its life, so that two may be
	// lost.
	noticesPerLife = 3
	// noticeGap is the least time between two notices, and noticeRest that after the market
	// took no more (market.ErrTooSoon): it forgives a few in a row, and then one in 22 s.
	noticeGap  = 2 * time.Second
	noticeRest = 22 * time.Second
	// noticeSteady is how long a change must last before it is told: a node that is full for
	// a moment refuses a question in one round trip, and costs the network less so.
	noticeSteady = 5 * time.Second
	// noticePatience is how long a notice waits for another member of the market.
	noticePatience = 20 * time.Second
	// openEvery is how soon clinics hear that the opening hours or a limit have closed the
	// node, or opened it.
	openEvery = 10 * time.Second
)

// standing is what of a notice makes clinics ask or not ask.
type standing struct {
	free, stat int
	models     []models.Digest // sorted
	tariff     Tariff
}

// worthTelling reports whether clinics should hear of a change before the next notice is
// due: the models, the price or the promise are others, or the free places of either kind
// have come, gone, doubled or halved.
func (s standing) worthTelling(next standing) bool {
	return !slices.Equal(s.models, next.models) || s.tariff != next.tariff || muchElse(s.free, next.free) || muchElse(s.stat, next.stat)
}

func muchElse(before, now int) bool {
	low, high := min(before, now), max(before, now)
	return low != high && 2*low <= high
}

// stir makes the node look whether its notice is still true. It never blocks.
func (w *Worker) stir() {
	select {
	case w.stirred <- struct{}{}:
	default:
	}
}

// teller knows when the next notice is due.
type teller struct {
	every   time.Duration
	told    standing
	last    time.Time // of the latest notice; zero: none yet
	soonest time.Time // of the next
	since   time.Time // when what was told became untrue enough to be told again; zero: it is true
}

// look notes whether what was told is still true.
func (t *teller) look(now time.Time, next standing) {
	switch {
	case !t.told.worthTelling(next):
		t.since = time.Time{}
	case t.since.IsZero():
		t.since = now
	}
}

// due is when to say next, if nothing changes until then; look has been called for it. A
// node that takes no work says so once and then says nothing.
func (t teller) due(now time.Time, next standing) time.Time {
	if next.silent() && t.told.silent() {
		return now.Add(t.every)
	}
	due := t.last.Add(t.every)
	if !t.since.IsZero() && !t.last.IsZero() && t.since.Add(noticeSteady).Before(due) {
		due = t.since.Add(noticeSteady)
	}
	return latest(due, t.soonest)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// silent reports whether there is nothing to ask this node for.
func (s standing) silent() bool { return s.free+s.stat == 0 || len(s.models) == 0 }

// tell sends notices until ctx ends: one every NoticeEvery, and one at once when what it
// says has changed much.
func (w *Worker) tell(ctx context.Context) {
	if w.Holdings == nil {
		return
	}
	t := teller{every: w.NoticeEvery}
	for ctx.Err() == nil {
		now := w.Clock.Now()
		next := w.standing(now)
		t.look(now, next)
		due := t.due(now, next)
		if !now.Before(due) {
			w.announceAs(ctx, &t, next)
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.Clock.After(min(due.Sub(now), openEvery)):
		case <-w.stirred:
		}
	}
}

// announceAs sends a notice and notes what came of it.
func (w *Worker) announceAs(ctx context.Context, t *teller, next standing) {
	err := w.announce(ctx, next)
	now := w.Clock.Now()
	t.soonest = now.Add(noticeGap)
	switch {
	case err == nil:
		t.told, t.last, t.since = next, now, time.Time{}
		w.counters.count(func(s *Stats) { s.Notices++ })
		w.Log.Debug("notice sent", "free", next.free, "stat_free", next.stat, "models", len(next.models))
	case errors.Is(err, market.ErrTooSoon):
		t.soonest = now.Add(noticeRest)
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		w.Log.Debug("notice not sent; the next one tries again", "reason", err)
	default:
		t.soonest = now.Add(noticeRest)
		w.Log.Warn("notice not sent; clinics reach this node by gossip only until it is", "error", err)
	}
}

// standing is what a notice would say now. Places of the queue are none that clinics should
// ask for: a job would wait there.
func (w *Worker) standing(now time.Time) (s standing) {
	s.tariff = w.Tariff()
	for _, h := range w.holdings() {
		s.models = append(s.models, h.Package)
	}
	slices.SortFunc(s.models, func(a, b models.Digest) int { return slices.Compare(a[:], b[:]) })
	if w.closed(now) != nil {
		return s
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.free, s.stat = w.load.free(w.Capacity, w.StatPlaces)
	return s
}

// holdings are the packages of a notice, each with its promise.
func (w *Worker) holdings() []scheduler.Holding {
	list := slices.Clone(w.Holdings())
	list = list[:min(len(list), scheduler.MaxHoldings)]
	for n := range list {
		if list[n].Promise <= 0 {
			list[n].Promise = w.Tariff().Promise
		}
	}
	return list
}

// announce sends one notice.
func (w *Worker) announce(ctx context.Context, s standing) error {
	ctx, cancel := context.WithTimeout(ctx, noticePatience)
	defer cancel()
	issued := w.Clock.Now().Truncate(time.Millisecond)
	return w.Market.Announce(ctx, scheduler.Notice{
		Node: w.Key.Address(), Addresses: wire.HostAddresses(w.Host), Jurisdiction: w.Jurisdiction, Tier: w.Profile.Tier,
		Trust: w.Profile.Trust, Provider: w.Profile.Provider, MemoryBytes: w.Profile.MemoryBytes, PriceGwei: s.tariff.PriceGwei,
		Profile: w.Profile.Digest, Models: w.holdings(), Free: min(s.free, scheduler.MaxPlaces), StatFree: min(s.stat, scheduler.MaxPlaces),
		Issued: issued, Expires: issued.Add(min(noticesPerLife*w.NoticeEvery, scheduler.MaxNoticeLife)),
	}, w.Key)
}
