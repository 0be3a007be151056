package hwprobe

import (
	"fmt"
	"strings"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/inference/ort"
)

// String is the figure with its basis, or why there is none: never 0 W.
func (w Watts) String() string {
	if w.Basis == Unmeasured {
		return fmt.Sprintf("%s (%s)", w.Basis, w.Note)
	}
	text := fmt.Sprintf("%.1f W, %s (%s)", w.Value, w.Basis, strings.Join(w.Sources, ", "))
	if w.Idle > 0 {
		text += fmt.Sprintf("; %.1f W idle, %.1f W above", w.Idle, w.AboveIdle)
	}
	if len(w.Missing) > 0 {
		text += "; without " + strings.Join(w.Missing, ", ")
	}
	return text
}

// advise puts the meter's notes, each with what to do, to the figure's own. What the
// figure says already is not said again, but what to do about it is.
func (w *Watts) advise(notes []power.Note) {
	for _, n := range notes {
		text := n.Text
		if n.Fix != "" {
			text += "; " + n.Fix
		}
		switch {
		case w.Note == "":
			w.Note = text
		case !strings.Contains(w.Note, n.Text):
			w.Note += "; " + text
		case !strings.Contains(w.Note, n.Fix):
			w.Note = strings.Replace(w.Note, n.Text, text, 1)
		}
	}
}

// Explain says in sentences why the machine has its tier, what the next one needs, what
// keeps it from being certified, and what on this machine would help. Each ends in what
// to do where something can be done.
func Explain(p Profile) (lines []string) {
	add := func(format string, values ...any) { lines = append(lines, fmt.Sprintf(format, values...)) }
	add("The tier is decided by the median of %d windows of the dense int8 rate, measured through %s: %s TOPS (%s).",
		p.TOPS.Windows, p.TOPS.Provider, figure(p.TOPS.Median), p.TOPS.Basis)
	for _, r := range p.Reasons {
		met := "not met"
		if r.Met {
			met = "met"
		}
		add("%s, %v (%s): %s.", r.Rule, r.Tier, met, r.Text)
	}
	add("%s", explainEfficiency(p))
	for _, f := range p.Flags {
		add("The measurement is %s: %s.", f.Code, f.Text)
	}
	if !p.Certified {
		add("%s", explainCertificate(p))
	}
	for _, text := range unusedDevices(p) {
		add("%s", text)
	}
	if p.Watts.Note != "" {
		add("Power: %s.", p.Watts.Note)
	}
	for _, l := range p.Lacking {
		add("Not measured: %s.", l)
	}
	for _, n := range p.Devices.Notes {
		add("%s", note(n))
	}
	return lines
}

func explainEfficiency(p Profile) string {
	e := Efficiency(p)
	switch {
	case p.Tier == Unqualified:
		return "Efficiency does not scale the reward of an unqualified machine."
	case p.Watts.Basis == power.Declared:
		return "Efficiency counts 0, which pays the low end of the tier's band: the watts are declared, not measured; give it a sensor or a smart plug."
	case p.Watts.Basis.Rank() >= power.Package.Rank() && !p.paysForWatts():
		return fmt.Sprintf("Efficiency counts 0, which pays the low end of the tier's band: more than %d TOPS/W is no machine's, so that the watts must lack what computed; give it a sensor or a smart plug that measures all of it.", maxTOPSPerWatt)
	case !p.paysForWatts():
		return "Efficiency counts 0, which pays the low end of the tier's band: power is unmeasured; give it a sensor or a smart plug."
	default:
		return fmt.Sprintf("Efficiency counts %.2f, between 0 for the low end of the tier's band and 1 for all of it, on the basis %s.", e, p.Watts.Basis)
	}
}

func explainCertificate(p Profile) string {
	switch {
	case len(p.Flags) > 0:
		return "A flagged run never certifies: mend that, then run `medhive probe --certify`."
	case p.Mode == Full && p.TOPS.Seconds >= rate.CertifyLength.Seconds():
		return "It is not certified: this system tells neither pressure nor other processes' time, so that nobody could see whether it was quiet; run it on Linux with /proc."
	default:
		return fmt.Sprintf("It is not certified: that takes %d s without a flag; run `medhive probe --certify`.", int(rate.CertifyLength.Seconds()))
	}
}

// unusedDevices are the accelerators that were not measured, each with the way to use it;
// equal ones share a line.
func unusedDevices(p Profile) (lines []string) {
	type kind struct{ name, text string }
	var kinds []kind
	addresses := map[kind][]string{}
	for _, a := range p.Devices.Accelerators {
		k := kind{name: NameOf(a)}
		switch {
		case a.State == device.Unusable || a.State == device.Unknown:
			k.text = ": " + sentence(a.Fact)
		case p.TOPS.Provider == ort.CPU && len(a.Providers) > 0:
			k.text = fmt.Sprintf(" was not measured: try `medhive probe --provider %s`.", a.Providers[0])
		default:
			continue
		}
		if addresses[k] == nil {
			kinds = append(kinds, k)
		}
		addresses[k] = append(addresses[k], a.Address)
	}
	for _, k := range kinds {
		where := addresses[k][0]
		if n := len(addresses[k]) - 1; n > 0 {
			where += fmt.Sprintf(" and %d more", n)
		}
		lines = append(lines, k.name+" ("+where+")"+k.text)
	}
	return lines
}

// note is a fact about the machine as a whole: what is so, and what to do.
func note(f device.Fact) string {
	text := strings.TrimSuffix(f.Why, ".")
	if f.Fix != "" {
		text += "; " + strings.TrimSuffix(f.Fix, ".")
	}
	return "Noted: " + text + "."
}

// sentence is a fact with its reason and what to do.
func sentence(f device.Fact) string {
	parts := []string{string(f.State)}
	if f.Why != "" {
		parts = append(parts, f.Why)
	}
	text := strings.Join(parts, ", because ")
	if f.Fix != "" {
		text += "; " + f.Fix
	}
	return strings.TrimSuffix(text, ".") + "."
}

// Age is how long ago the profile was measured; 0 where its time is in the future or
// unknown (version 1).
func (p Profile) Age(now time.Time) time.Duration {
	if p.At.IsZero() {
		return 0
	}
	return max(0, now.Sub(p.At))
}
