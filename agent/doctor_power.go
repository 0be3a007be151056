package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
)

// checkPower looks at what tells the machine's power, with the plugs that were named when
// it was last measured.
func checkPower(ctx context.Context, conf DoctorConfig) []Check {
	said := storedPower(conf.Home)
	c := power.Config{Plugs: said.Plugs, DeclaredWatts: said.DeclaredWatts, DeclaredIdleWatts: said.DeclaredIdleWatts}
	if len(conf.NVML) > 0 {
		c.NVML = device.NVMLChild{Command: conf.NVML}.Watch
	}
	meter, notes := power.Find(ctx, device.Roots{}, c)
	defer func() { _ = meter.Close() }() // nothing is recorded
	return powerChecks(meter.Basis(), meter.Sources(), notes)
}

// powerChecks are one where all is well, and otherwise one for each note. None fails: a
// node runs without sensors, and its receipts then say that energy is unmeasured.
func powerChecks(basis power.Basis, sources []string, notes []power.Note) []Check {
	c := Check{Name: "power", State: CheckOK, What: fmt.Sprintf("measured (%s) by %s", basis, strings.Join(sources, ", "))}
	if basis == power.Unmeasured {
		c.What = "not measured: receipts carry no energy, and the reward's efficiency has nothing to go by"
	}
	if len(notes) == 0 {
		return []Check{c}
	}
	checks := make([]Check, len(notes))
	for i, n := range notes {
		checks[i] = Check{Name: c.Name, State: CheckWarn, What: c.What, Cause: n.Text, Fix: n.Fix}
	}
	return checks
}
