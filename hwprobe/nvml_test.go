package hwprobe

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/rate"
)

// One child's reports serve the power meter and the conditions of a run.
func TestNVMLTap(t *testing.T) {
	source := make(chan device.NVMLReport)
	tap := &nvmlTap{ask: func(context.Context, time.Duration) (<-chan device.NVMLReport, error) { return source, nil }}
	to, err := tap.reports(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c := rate.Conditions{Celsius: known(60)}
	tap.add(&c)
	if *c.Celsius != 60 || c.Throttle != nil {
		t.Errorf("before the first report: %+v", c)
	}
	source <- device.NVMLReport{Devices: []device.NVMLDevice{
		{Celsius: 71, PowerMilliW: 250_000, Throttle: []string{"idle", "power cap"}},
		{Celsius: 84, Throttle: []string{"power cap", "heat", "heat"}},
		{Index: 2}, // tells nothing
	}}
	if got := <-to; len(got.Devices) != 3 || got.Devices[0].PowerMilliW != 250_000 {
		t.Errorf("passed on: %+v", got)
	}
	tap.add(&c)
	if *c.Celsius != 84 || !slices.Equal(c.Throttle, []string{"heat"}) {
		t.Errorf("%v °C, %q; want the hottest GPU and heat alone: every card works at its power limit", *c.Celsius, c.Throttle)
	}
	close(source)
	if _, open := <-to; open {
		t.Error("the child ended and its reports go on")
	}
}

func TestNVMLTapEnds(t *testing.T) {
	broken := errors.New("no driver")
	tap := &nvmlTap{ask: func(context.Context, time.Duration) (<-chan device.NVMLReport, error) { return nil, broken }}
	if _, err := tap.reports(t.Context(), time.Second); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	source := make(chan device.NVMLReport, 1)
	tap.ask = func(context.Context, time.Duration) (<-chan device.NVMLReport, error) { return source, nil }
	to, err := tap.reports(ctx, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	source <- device.NVMLReport{} // nobody reads it any more
	for range to {
	}
}
