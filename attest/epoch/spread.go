package epoch

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// leastSpan is work enough for a goroutine of its own.
const leastSpan = 64

// spread runs work over the parts of [0, n), on all cores, and returns when all are done.
func spread(n int, work func(from, to int)) {
	cores := runtime.GOMAXPROCS(0)
	if n <= leastSpan || cores == 1 {
		if n > 0 {
			work(0, n)
		}
		return
	}
	const rounds = 8 // parts for each core, so that a slow one does not hold up the rest
	span := max(leastSpan, (n+rounds*cores-1)/(rounds*cores))
	var group errgroup.Group
	group.SetLimit(cores)
	for from := 0; from < n; from += span {
		group.Go(func() error {
			work(from, min(from+span, n))
			return nil
		})
	}
	_ = group.Wait() // work does not fail
}
