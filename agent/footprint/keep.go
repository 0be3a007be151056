package footprint

import (
	"context"
	"log/slog"
	"time"
)

const (
	// settled is when a role that is ready has met its first peers.
	settled = 30 * time.Second
	// again is how often a role is made small after that: a job or a study touches as much as
	// a start, and one release takes less than a tenth of a second of a core.
	again = 10 * time.Minute
)

// Keep makes this process small when its role, which is ready now, has settled, and again and
// again until ctx ends.
func Keep(ctx context.Context, log *slog.Logger) {
	keep(ctx, log, Release)
}

// keep is Keep with what it does given.
func keep(ctx context.Context, log *slog.Logger, release func() (Released, error)) {
	timer := time.NewTimer(settled)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		// A role goes on without: it is only larger than it could be.
		if done, err := release(); err != nil {
			log.Debug("memory was not given back", "error", err)
		} else {
			log.Debug("memory was given back", "program_bytes", done.Before.Program-done.After.Program, "private_bytes", done.Before.Private-done.After.Private)
		}
		timer.Reset(again)
	}
}
