package hwprobe

import (
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
)

func TestExplain(t *testing.T) {
	golden(t, "explain.txt", []byte(strings.Join(Explain(example()), "\n")+"\n"))
	for name, c := range map[string]struct {
		change func(*Profile)
		want   []string
	}{
		"a small machine": {func(p *Profile) {
			p.TOPS.Median, p.Watts = 0.885, Watts{Basis: Unmeasured, Note: "no sensor; a smart plug would measure it"}
		},
			[]string{"14.1 more (16.9 times this machine)", "does not scale the reward of an unqualified machine", "Power: no sensor; a smart plug"}},
		"declared":            {func(p *Profile) { p.Watts.Basis = power.Declared }, []string{"declared, not measured"}},
		"watts of too little": {func(p *Profile) { p.Watts.Value = 0.5 }, []string{"more than 30 TOPS/W is no machine's", "is no figure to divide by"}},
		"flagged": {func(p *Profile) { p.Flags = []rate.Flag{{Code: rate.Noisy, Text: "stop other work"}} },
			[]string{"The measurement is noisy: stop other work.", "never certifies"}},
		"a GPU that is not used": {func(p *Profile) { p.TOPS.Provider = "cpu" }, []string{"nvidia L4 (0000:01:00.0) was not measured: try `medhive probe --provider tensorrt`."}},
		"a GPU without a driver": {func(p *Profile) {
			p.Devices.Accelerators[0].Fact = device.Fact{State: device.Unusable, Why: "no driver is bound to it", Fix: "install NVIDIA's driver"}
		}, []string{"nvidia L4 (0000:01:00.0): unusable, because no driver is bound to it; install NVIDIA's driver."}},
		"lacks a precision": {func(p *Profile) { p.Lacking = []string{"fp16: no graph runs on webgpu"} }, []string{"Not measured: fp16"}},
		"the top":           {func(p *Profile) { p.TOPS.Median = 500 }, []string{"500 int8 TOPS sustained; tier 4 needs 450"}},
	} {
		p := example()
		c.change(&p)
		p.Judge()
		text := strings.Join(Explain(p), "\n")
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, text)
			}
		}
	}
}

func TestWattsInWords(t *testing.T) {
	for name, c := range map[string]struct {
		watts Watts
		want  string
	}{
		"unmeasured": {Watts{Basis: Unmeasured, Note: "no sensor"}, "unmeasured (no sensor)"},
		"measured": {Watts{Value: 71.5, Idle: 16, AboveIdle: 55.5, Basis: power.Package, Sources: []string{"NVML", "RAPL"}, Missing: []string{"memory"}},
			"71.5 W, package (NVML, RAPL); 16.0 W idle, 55.5 W above; without memory"},
	} {
		if got := c.watts.String(); got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
	w := Watts{Basis: Unmeasured, Note: "RAPL is root's"}
	w.advise([]power.Note{{Text: "RAPL is root's", Fix: "udev"}, {Text: "no plug", Fix: "name one with --plug"}})
	if w.Note != "RAPL is root's; udev; no plug; name one with --plug" {
		t.Error(w.Note)
	}
	w = Watts{Basis: power.Package, Note: "board: the battery rests"}
	w.advise([]power.Note{{Text: "a card is left out", Fix: "a plug"}, {Text: "the battery rests", Fix: "pull the cord"}, {Text: "a card is left out", Fix: "a plug"}})
	if w.Note != "board: the battery rests; pull the cord; a card is left out; a plug" {
		t.Error(w.Note)
	}
}

func TestAge(t *testing.T) {
	p := example()
	if got := p.Age(p.At.Add(time.Hour)); got != time.Hour {
		t.Error(got)
	}
	if p.Age(p.At.Add(-time.Hour)) != 0 || (Profile{}).Age(p.At) != 0 {
		t.Error("the future and the unknown are no age")
	}
}
