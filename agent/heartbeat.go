package agent

import (
	"context"
	"time"

	"github.com/medhive/medhive/attest/intake"
)

// beat writes down that the coordinator lives, and says so if it did not for a while.
func (c *Coordinator) beat(ctx context.Context) error {
	from, to, err := c.store.Beat(ctx, time.Now())
	if err == nil && !to.IsZero() {
		c.conf.Log.Warn("this coordinator was not there for a while; what it asked then counts for nobody", "from", from, "to", to)
	}
	return err
}

// keepBeating beats until ctx ends. A beat that the disk does not take is a gap, and so an
// outage, once it takes the next one.
func (c *Coordinator) keepBeating(ctx context.Context) {
	for pass(ctx, intake.BeatEvery) {
		if err := c.beat(ctx); err != nil && ctx.Err() == nil {
			c.conf.Log.Error("the coordinator's life can't be written down", "error", err)
		}
	}
}
