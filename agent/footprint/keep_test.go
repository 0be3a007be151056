package footprint

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestKeepReleasesWhenSettledAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), settled+2*again+time.Second)
		defer stop()
		began := time.Now()
		var at []time.Duration
		keep(ctx, slog.New(slog.DiscardHandler), func() (Released, error) {
			at = append(at, time.Since(began))
			return Released{}, errors.New("a kernel that refuses") // is no reason to stop
		})
		want := []time.Duration{settled, settled + again, settled + 2*again}
		if len(at) != len(want) {
			t.Fatalf("released at %v, want %v", at, want)
		}
		for n := range at {
			if at[n] != want[n] {
				t.Errorf("release %d at %v, want %v", n, at[n], want[n])
			}
		}
	})
}
