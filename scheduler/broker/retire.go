package broker

import "time"

const (
	// retention is how long an ended task is kept after it was submitted: a month's questions
	// can be answered. A result that nobody took over is kept until somebody does.
	retention   = 30 * 24 * time.Hour
	retireEvery = 24 * time.Hour
	retireBatch = 500 // records of one transaction, so that no task waits long for its write
)

// retire removes old tasks, now and every day. It costs nothing but room if it fails.
func (b *Broker) retire() {
	for {
		removed, err := b.retireBefore(b.Clock.Now().Add(-retention))
		if err != nil {
			b.Log.Warn("old tasks not removed; it is tried again tomorrow", "error", err)
		}
		if removed > 0 {
			b.Log.Info("old tasks removed", "tasks", removed, "ended", "over 30 days ago")
		}
		select {
		case <-b.Clock.After(retireEvery):
		case <-b.ctx.Done():
			return
		}
	}
}

func (b *Broker) retireBefore(before time.Time) (removed int, err error) {
	for from := []byte(nil); b.ctx.Err() == nil; {
		n, next, err := b.store.retire(before, from, retireBatch)
		removed += n
		if err != nil || next == nil {
			return removed, err
		}
		from = next
	}
	return removed, nil
}
