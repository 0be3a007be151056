package agent

import (
	"context"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/scheduler/broker"
)

// texts is what warnings say.
func texts(list []warning.Warning) string {
	var said []string
	for _, w := range list {
		said = append(said, w.Text)
	}
	return strings.Join(said, "; ")
}

func TestRoomIsJudged(t *testing.T) {
	for free, want := range map[uint64]warning.Code{0: warning.DiskFull, leastDisk - 1: warning.DiskFull, leastDisk: warning.DiskLow, lowDisk - 1: warning.DiskLow, lowDisk: ""} {
		list := roomWarnings(free)
		if want == "" && len(list) > 0 || want != "" && (len(list) != 1 || list[0].Code != want || list[0].Fix == "") {
			t.Errorf("%d bytes: %+v, want %q", free, list, want)
		}
	}
}

// stubChain is a chain whose newest block was made at head.
type stubChain struct {
	head time.Time
	err  error
}

func (s stubChain) ChainTime(context.Context) (time.Time, error) { return s.head, s.err }

func TestAChainIsUnreachableOrBehind(t *testing.T) {
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		chain       stubChain
		development bool
		want        warning.Code
	}{
		"it is up to date":                      {stubChain{head: now.Add(-time.Minute)}, false, ""},
		"it sleeps":                             {stubChain{head: now.Add(-time.Hour)}, false, warning.ChainBehind},
		"a development chain's clock is a toy":  {stubChain{head: now.Add(-time.Hour)}, true, ""},
		"it does not answer":                    {stubChain{err: errors.New("dial tcp: refused")}, false, warning.ChainUnreachable},
		"a development chain does not answer":   {stubChain{err: errors.New("dial tcp: refused")}, true, warning.ChainUnreachable},
		"its clock is ahead, as doctor reports": {stubChain{head: now.Add(time.Hour)}, false, ""},
	} {
		list := chainWarnings(t.Context(), test.chain, test.development, now)
		if test.want == "" && len(list) > 0 || test.want != "" && (len(list) != 1 || list[0].Code != test.want) {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

func TestADepositIsHeldAgainstTheLastDay(t *testing.T) {
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	day := []broker.Owed{{At: now.Add(-time.Hour), RecentGwei: 3e9}, {At: now.Add(-2 * time.Hour), RecentGwei: 2e9}, {At: now.Add(-48 * time.Hour), RecentGwei: 100e9}}
	for name, test := range map[string]struct {
		hive int64
		owed []broker.Owed
		want warning.Severity
	}{
		"no work":         {0, nil, ""},
		"old work":        {0, day[2:], ""},
		"enough":          {5, day, ""},
		"less than a day": {4, day, warning.Caution},
		"nothing":         {0, day, warning.Critical},
	} {
		free := chain.Funds{FreeWei: new(big.Int).Mul(big.NewInt(test.hive), big.NewInt(weiPerHIVE))}
		if got := warning.Worst(depositWarnings(free, test.owed, now)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAScoreWarnsOfWhatItThreatens(t *testing.T) {
	s := &NodeScore{Explained: []score.Sentence{{About: "reward", Mood: score.MoodFact, Text: "12 HIVE"}, {About: "uptime", Mood: score.MoodNotice, Text: "the mean falls"},
		{About: "gate", Mood: score.MoodPenalty, Text: "suspended"}, {About: "network", Mood: score.MoodAdvice, Text: "a TPM key would add"}}}
	list := scoreWarnings(s)
	if len(list) != 2 || list[0].Code != warning.ScoreFalls || list[1].Code != warning.Suspended || list[1].Severity != warning.Critical || list[0].Subject != "uptime" {
		t.Errorf("%+v", list)
	}
	if scoreWarnings(nil) != nil {
		t.Error("a node without a score is warned of one")
	}
}

func TestRolesAreFoundByTheirKeys(t *testing.T) {
	home := t.TempDir()
	for _, path := range []string{"node/node.key", "second/node.key", "clinic/clinic.key", "coordinator/coordinator.key", "chain/poster.key", "models/x"} {
		full := filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	for _, p := range RoleCall(home, filepath.Join(home, "nowhere")) {
		said = append(said, string(p.Role)+" "+p.Name)
	}
	if got := strings.Join(said, ", "); got != "node node, node second, clinic clinic, coordinator coordinator" {
		t.Error(got)
	}
}

func TestVouchersThatCanBeReadAgainAreNoWarning(t *testing.T) {
	c := &Clinic{warnings: warning.Open(warning.Options{})}
	c.holdVouchers(errors.New("the database is closed"))
	if list := c.warnings.List(); len(list) != 1 || list[0].Code != warning.StateUnreadable || list[0].Subject != "vouchers" {
		t.Errorf("%+v", list)
	}
	c.holdVouchers(nil)
	if list := c.warnings.List(); len(list) != 0 {
		t.Errorf("%+v is still up", list)
	}
}
