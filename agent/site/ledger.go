package site

import (
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// ledger knows what each rule has spent, from the worklist: work that has not ended counts
// with what it may cost, work without a result with nothing.
type ledger struct {
	mu      sync.Mutex // guards charges
	charges map[string]charge
}

type charge struct {
	rule string
	at   time.Time // when the case was routed
	gwei uint64
}

func newLedger(cases []worklist.Case) *ledger {
	l := &ledger{charges: map[string]charge{}}
	for _, c := range cases {
		l.note(c)
	}
	return l
}

// note counts a case as it stands now, in place of how it stood before.
func (l *ledger) note(c worklist.Case) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gwei := mostGwei(c.Terms)
	switch c.State {
	case worklist.Received, worklist.NotAnalysed, worklist.Refused:
		delete(l.charges, c.ID)
		return
	case worklist.Analysed, worklist.Delivering, worklist.Delivered, worklist.Accepted, worklist.Rejected:
		gwei = c.PriceGwei
	}
	l.charges[c.ID] = charge{rule: c.Rule, at: c.At.Routed, gwei: gwei}
}

// spent sums what counts against budgets: since the beginning of the day and of the month.
func (l *ledger) spent(day, month time.Time) route.Spent {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := route.Spent{}
	for id, c := range l.charges {
		if c.at.Before(month) {
			delete(l.charges, id) // months only begin
			continue
		}
		use := sum[c.rule]
		use.MonthCount++
		use.MonthGwei += min(c.gwei, ^uint64(0)-use.MonthGwei)
		if !c.at.Before(day) {
			use.DayCount++
			use.DayGwei += min(c.gwei, ^uint64(0)-use.DayGwei)
		}
		sum[c.rule] = use
	}
	return sum
}
