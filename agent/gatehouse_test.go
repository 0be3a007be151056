package agent

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// New limits hold from the next look on, and what watched for the old ones has ended.
func TestGatehouseWatchesTheLimitsInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		roots := device.Roots{Sys: t.TempDir(), Proc: t.TempDir(), Dev: t.TempDir()}
		heat(t, roots, "90000")
		keeper := func(l Limits) *gatekeeper {
			k, err := keeperOf(t, l, roots)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		h := &gatehouse{keeper: keeper(Limits{}), changed: make(chan struct{}, 1)}
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { h.watch(ctx) })
		for _, step := range []struct {
			limits Limits
			says   string // empty: open
		}{
			{Limits{MaxCelsius: 80}, "90 °C"},
			{Limits{MaxCelsius: 95}, ""},
			{Limits{Hours: "Mon 00:00-00:01"}, "it is closed now"},
			{Limits{}, ""},
		} {
			h.replace(keeper(step.limits))
			synctest.Wait()
			err := h.open(time.Date(2026, 1, 6, 12, 0, 0, 0, time.UTC)) // a Tuesday
			if (err == nil) != (step.says == "") || err != nil && !strings.Contains(err.Error(), step.says) {
				t.Errorf("%+v: %v, want %q", step.limits, err, step.says)
			}
		}
		stop()
		watching.Wait()
	})
}
