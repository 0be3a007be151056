package outbox

import (
	"log/slog"
	"time"
)

// Config of an Outbox. Zero values take the defaults named.
type Config struct {
	// Carriers by the names of their destinations.
	Carriers map[string]Carrier
	// First and Last are the pauses before another attempt: they double from the one to the
	// other, and each is shortened by up to a half at random. 0: 5 s and 1 h.
	First, Last time.Duration
	// Life is how long a delivery is tried; 0: 7 days.
	Life time.Duration
	// Attempt bounds one attempt; 0: 30 min.
	Attempt time.Duration
	// CommitWithin is how long an archive has for its word before it is asked again; 0: 1 h.
	CommitWithin time.Duration
	// Changed is told of each change of a delivery, in their order, while Run runs. After a
	// crash the last ones may not have been told: ask All at the start. May be nil.
	Changed func(Delivery)
	Log     *slog.Logger // nil: none
}

func (c Config) orDefault() Config {
	orElse := func(d *time.Duration, usual time.Duration) {
		if *d <= 0 {
			*d = usual
		}
	}
	const day = 24 * time.Hour
	orElse(&c.First, 5*time.Second)
	orElse(&c.Last, time.Hour)
	orElse(&c.Life, 7*day)
	orElse(&c.Attempt, 30*time.Minute)
	orElse(&c.CommitWithin, time.Hour)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
