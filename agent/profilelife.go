package agent

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/power"
)

// outranks reports whether a stored profile stays although there is a newer one: a shorter
// look at the same machine, with power no better measured, does not throw a certificate
// away.
func outranks(old, young Probed, now time.Time) bool {
	if !old.Profile.Certified || young.Profile.Mode.Covers(old.Profile.Mode) || old.Profile.Watts.Basis.Rank() < young.Profile.Watts.Basis.Rank() {
		return false
	}
	asked := ProbeConfig{Mode: young.Profile.Mode, Power: young.Power.Sources}
	return len(outdated(old, asked, present{young.Library, young.Power.Basis, hwprobe.Changes(old.Profile.Devices, young.Profile.Devices), now})) == 0
}

// present is what a stored profile is compared with.
type present struct {
	runtime string      // as Probed.Library
	basis   power.Basis // as Powered.Basis
	changes []string    // of the devices
	at      time.Time
}

// outdated says why a stored profile no longer speaks for the machine; pure.
func outdated(kept Probed, want ProbeConfig, now present) (reasons []string) {
	p := kept.Profile
	if kept.Library != now.runtime {
		reasons = append(reasons, "ONNX Runtime is another one")
	}
	if !p.Mode.Covers(want.Mode) {
		reasons = append(reasons, fmt.Sprintf("it was a %s look; a %s one is wanted", p.Mode, want.Mode))
	}
	if p.Mode == hwprobe.Brief && p.TOPS.Seconds < want.Duration.Seconds() {
		reasons = append(reasons, fmt.Sprintf("it took %.1f s; %.1f s are wanted", p.TOPS.Seconds, want.Duration.Seconds()))
	}
	switch age := now.at.Sub(p.At); {
	case age > ProfileLife:
		reasons = append(reasons, fmt.Sprintf("it is %.0f days old", age.Hours()/24))
	case age < -time.Minute:
		reasons = append(reasons, "it is from the future: a clock was wrong, then or now")
	case age > FlaggedLife && len(p.Flags) > 0:
		reasons = append(reasons, fmt.Sprintf("it was %s, which counts for %v", p.Flags[0].Code, FlaggedLife))
	case age > FlaggedLife && kept.Power.Basis == power.Wall && p.Watts.Basis != power.Wall:
		reasons = append(reasons, "the smart plug did not answer then")
	}
	reasons = append(reasons, kept.repowered(want.Power, now.basis)...)
	return append(reasons, now.changes...)
}

// repowered says what can be told of power now and could not be when p was measured. That
// less is named now is no reason: what was measured stays true.
func (p Probed) repowered(want PowerSources, basis power.Basis) (reasons []string) {
	if basis.Rank() > p.Power.Basis.Rank() {
		reasons = append(reasons, fmt.Sprintf("power has a better basis now: %s, before %s", basis, cmp.Or(p.Power.Basis, power.Unmeasured)))
	}
	was := p.Power.Sources
	if a, b := slices.Sorted(slices.Values(want.Plugs)), slices.Sorted(slices.Values(was.Plugs)); len(a) > 0 && !slices.Equal(a, b) {
		reasons = append(reasons, "the smart plugs are others")
	}
	declared := want.DeclaredWatts != was.DeclaredWatts || want.DeclaredIdleWatts != was.DeclaredIdleWatts
	if declared && p.Profile.Watts.Basis.Rank() <= power.Declared.Rank() { // a sensor's word stands above
		reasons = append(reasons, "the declared watts are others")
	}
	return reasons
}
