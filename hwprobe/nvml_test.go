package hwprobe

import (
	"context"
	"errors"
	"reflect"
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
		{Celsius: 90, PowerMilliW: 250_000, Throttle: device.NVMLThrottle(1<<idleBit | 1<<brakeBit)}, // not the measured one
		{Celsius: 84, Throttle: device.NVMLThrottle(1<<capBit | 1<<heatBit)},
		{Index: 2}, // tells nothing
	}}
	if got := <-to; len(got.Devices) != 3 || got.Devices[0].PowerMilliW != 250_000 {
		t.Errorf("passed on: %+v", got)
	}
	tap.add(&c)
	if *c.Celsius != 84 || !slices.Equal(c.Throttle, []string{device.NVMLThermalHardware}) {
		t.Errorf("%v °C, %q; want the busy GPU's, and heat alone: every card works at its power limit", *c.Celsius, c.Throttle)
	}
	close(source)
	if _, open := <-to; open {
		t.Error("the child ended and its reports go on")
	}
}

// Bits of nvmlClocksEventReasons, as the child asks the library for them.
const (
	idleBit, settingBit, capBit, slowBit, syncBit = 0, 1, 2, 3, 4
	warmBit, heatBit, brakeBit, displayBit        = 5, 6, 7, 8
)

// Every reason that the child can tell, in the child's own words: what the card always
// says in a long product keeps no run from certifying, and all else does.
func TestEveryReasonOfNVML(t *testing.T) {
	for bit, throttles := range map[int]bool{
		idleBit: false, settingBit: false, capBit: false, displayBit: false,
		slowBit: true, syncBit: true, warmBit: true, heatBit: true, brakeBit: true,
	} {
		words := device.NVMLThrottle(1 << bit)
		if len(words) != 1 {
			t.Fatalf("bit %d is %q", bit, words)
		}
		var c rate.Conditions
		(&nvmlTap{newest: device.NVMLReport{Devices: []device.NVMLDevice{{Celsius: 70, Throttle: words}}}}).add(&c)
		flags := rate.Flags(rate.Figure{Median: 1, Best: 1, LastQuarter: 1}, rate.Surrounding([]rate.Second{{Span: time.Second, Conditions: c}}))
		if got := slices.ContainsFunc(flags, func(f rate.Flag) bool { return f.Code == rate.Throttled }); got != throttles || *c.Celsius != 70 {
			t.Errorf("%s: throttled %v, want %v (%v)", words[0], got, throttles, flags)
		}
	}
}

// Which GPU is measured is known as far as the others say that they are idle.
func TestComputing(t *testing.T) {
	idle, hot := device.NVMLDevice{Index: 0, Throttle: device.NVMLThrottle(1<<idleBit | 1<<slowBit)}, device.NVMLDevice{Index: 1, Throttle: device.NVMLThrottle(1 << heatBit)}
	lost, free := device.NVMLDevice{Index: 2, Error: device.NVMLLost}, device.NVMLDevice{Index: 3}
	for name, c := range map[string]struct{ all, want []device.NVMLDevice }{
		"none":             {nil, nil},
		"the only one":     {[]device.NVMLDevice{idle}, []device.NVMLDevice{idle}},
		"one of two":       {[]device.NVMLDevice{idle, hot}, []device.NVMLDevice{hot}},
		"beside a lost":    {[]device.NVMLDevice{lost, free}, []device.NVMLDevice{free}},
		"either":           {[]device.NVMLDevice{hot, free}, []device.NVMLDevice{hot, free}},
		"nobody computes":  {[]device.NVMLDevice{idle, idle}, nil},
		"busy, of several": {[]device.NVMLDevice{idle, free, idle}, []device.NVMLDevice{free}},
	} {
		if got := computing(c.all); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v; want %+v", name, got, c.want)
		}
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
	close(source)                 // as the child's end does, whichever of the two is seen first
	for range to {
	}
}
