package agent

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/hwprobe/power"
)

func TestPowerIsExamined(t *testing.T) {
	checks := powerChecks(power.Board, []string{"RAPL psys"}, nil)
	judged(t, named(t, checks, "power"), CheckOK)
	if !strings.Contains(checks[0].What, "board") || !strings.Contains(checks[0].What, "RAPL psys") {
		t.Errorf("%+v", checks[0])
	}
	for _, basis := range []power.Basis{power.Package, power.Unmeasured} {
		checks := powerChecks(basis, nil, []power.Note{{Text: "only root may read them", Fix: "a udev rule"}, {Text: "a card is left out", Fix: "a plug"}})
		if len(checks) != 2 {
			t.Fatalf("%+v; want one a note", checks)
		}
		for _, c := range checks {
			judged(t, c, CheckWarn)
		}
	}
	for _, c := range checkPower(t.Context(), DoctorConfig{}) { // of this machine, whatever it has
		judged(t, c, c.State)
		if c.State == CheckFail {
			t.Errorf("%+v: no machine needs a sensor", c)
		}
	}
}

// The plugs that were named when the machine was measured are asked.
func TestDoctorKnowsThePlugs(t *testing.T) {
	conf, _ := brief(t, t.TempDir(), someMachine(t))
	conf.Power.Plugs = []string{"http://127.0.0.1:1"} // nobody listens there
	if _, err := MachineProfile(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	for _, c := range checkPower(t.Context(), DoctorConfig{Home: conf.Home}) {
		if strings.HasPrefix(c.Cause, "plug 1 tells nothing now") {
			return
		}
	}
	t.Error("no check tells of the plug that does not answer")
}
