package worker

import (
	"cmp"
	"time"
)

// defaultPromise is how long a job takes that nobody knows better.
const defaultPromise = time.Minute

// Tariff is what a node asks and promises, which its operator may change while it runs.
type Tariff struct {
	PriceGwei uint64        // for one task
	Promise   time.Duration // from award to result, for a job that is alone here; 0: a minute
}

// Tariff is what the node's next bid says.
func (w *Worker) Tariff() Tariff { return *w.tariff.Load() }

// SetTariff changes what bids and notices say from now on. Bids that were made stand.
func (w *Worker) SetTariff(t Tariff) {
	t.Promise = cmp.Or(max(t.Promise, 0), defaultPromise)
	w.tariff.Store(&t)
	w.stir()
}
