package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/score"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// exampleNode is a node in the middle of a day.
func exampleNode() agent.NodeStatus {
	return agent.NodeStatus{
		Name: "node", Address: "0x52908400098527886E0F7030069857D2E4169EE7", Recipient: "0x8ba1f109551bD432803012645Ac136ddd64DBA72", Jurisdiction: "DE",
		Tier: "tier 2", TOPS: 52.13, Provider: "cuda", Accelerators: []string{"NVIDIA L4"}, Power: "71 W (board)", ProfileAt: noon.Add(-26 * time.Hour), Certified: true,
		Mode: "working", Capacity: 2, Queue: 4, Running: 3, Waiting: 1, Undelivered: 1, Done: 1204, Disputed: 2, Failed: 1, Peers: 12, Outbox: 3,
		Jobs:   []agent.JobLine{{Task: "3f9a01c2", Class: "stat", Stage: "inferring", Done: 0.62}},
		Earned: agent.EarnedSpans{TodayGwei: 3_200_000_000, TodayStudies: 12, WeekGwei: 21_400_000_000, WeekStudies: 96, PayableGwei: 1_500_000_000}, ClaimedWei: "12500000000000000000",
		Score: &agent.NodeScore{PublishedScore: agent.PublishedScore{ScoreHead: agent.ScoreHead{Epoch: 42},
			Line: epoch.Line{Line: score.Line{Factors: score.Shares{C: score.One / 2, A: score.One, Q: score.One, N: score.One / 4}, Gate: score.GateOpen, Reward: score.Wei{Int: big.NewInt(2e18)}}}}},
		Warnings: []warning.Warning{
			{Code: warning.NoPeers, Severity: warning.Critical, Text: "no peer is connected", Fix: "check the network file", Since: noon.Add(-3 * time.Hour)},
			{Code: warning.DiskLow, Severity: warning.Caution, Text: strings.Repeat("the disk is nearly full ", 8), Fix: "free some", Since: noon.Add(-5 * 24 * time.Hour)},
		},
		Up: 50 * time.Hour,
	}
}

func TestStatusIsOneScreen(t *testing.T) {
	n, c, o := exampleNode(), agent.ClinicStatus{Address: "0xC1", Regions: []string{"DE", "FR"}, Listed: 40, Known: 31, Peers: 9, Up: 2 * time.Hour}, agent.CoordinatorStatus{Address: "0xC0", Addresses: []string{"/ip4/192.0.2.1/tcp/9400"}, Epoch: 42, Nodes: 40, Peers: 50, Up: int64(time.Hour)}
	list := []roleStatus{{Role: warning.Node, Name: "node", Running: true, Node: &n}, {Role: warning.Clinic, Name: "clinic", Running: true, Clinic: &c, Site: &site.Status{AETitle: "MEDHIVE", DICOM: "127.0.0.1:11112"}},
		{Role: warning.Coordinator, Name: "coordinator", Running: true, Coordinator: &o}, {Role: warning.Node, Name: "second"}, {Role: warning.Node, Name: "third", Fault: "permission denied; try with sudo"}}
	var b bytes.Buffer
	const columns = 80
	if err := printRoles(&b, list, noon, columns); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"node: working: bidding · up 2 days", "tier 2, 52.13 TOPS int8 by cuda on NVIDIA L4", "certified", "1 of 2 places busy, 1 of 4 waiting, 1 results on their way", "3f9a01c2 stat inferring 62 %",
		"epoch 42: compute 0.500, availability 1.000", "3.2 HIVE today by 12 studies", "12.5 HIVE of rewards", "critical  no peer is connected (no-peers, for 3 h)", "fix: check the network file", "(disk-low, for 5 days)",
		"clinic: takes studies", "31 known of 40 registered, in DE, FR", "DICOM MEDHIVE at 127.0.0.1:11112", "coordinator: epoch 42", "node second: not running", "medhive node run", "node third: does not answer", "try with sudo",
	} {
		if !strings.Contains(text, want) && !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if utf8.RuneCountInString(line) > columns {
			t.Errorf("longer than %d: %q", columns, line)
		}
	}
	if lines := strings.Count(text, "\n"); lines > 50 {
		t.Errorf("five roles take %d lines", lines)
	}
}

func TestWrappedTextLosesNoWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-zé]{1,30} {1,3}){0,30}`).Draw(t, "text")
		columns, indent := rapid.IntRange(20, 120).Draw(t, "columns"), rapid.IntRange(0, 15).Draw(t, "indent")
		got := wrap(text, columns, indent)
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
			t.Fatalf("%q became %q", text, got)
		}
		for i, line := range strings.Split(got, "\n") {
			at := utf8.RuneCountInString(line)
			if i == 0 {
				at += indent
			}
			if at > columns && len(strings.Fields(line)) > 1 {
				t.Fatalf("line %d of %d columns: %q", i, columns, line)
			}
		}
	})
}

func TestEarningsAreReckonedInTheOperatorsMoney(t *testing.T) {
	e := agent.Earnings{Node: "0x1", Recipient: "0x2", Days: 7, Money: agent.Money{Currency: "EUR", PerHIVE: 0.5, PerKWh: 0.3},
		Lines: []agent.EarningsLine{{Day: "2026-11-22", Model: "t1-tissue@1.0.0", Receipts: 10, Clinics: 2, Gwei: 4_000_000_000, Joules: 7.2e6, Measured: 8}},
		Epochs: []agent.EpochReward{
			{Epoch: 8, Day: "2026-11-22", RewardWei: hives(2), ComputeWei: hives(1), AvailabilityWei: hives(1), QualityWei: hives(0), NetworkWei: hives(0)},
			{Epoch: 7, Day: "2026-11-22", RewardWei: hives(1), ComputeWei: hives(0), AvailabilityWei: hives(0), QualityWei: hives(1), NetworkWei: hives(0)},
		}}
	var b bytes.Buffer
	if err := printEarnings(&b, e); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"4 HIVE by 10 studies, 3 HIVE of rewards by 2 epochs", "2.000 kWh for 8 of 10 studies, 0.60 EUR", "3.50 EUR earned, 2.90 EUR after the measured power, at 0.5 EUR a HIVE",
		"2026-11-22 t1-tissue@1.0.0 10 2 4 2.00 2.0000", "2026-11-22 2 3 1 1 1 0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := printEarnings(&b, agent.Earnings{Days: 7, Lines: []agent.EarningsLine{{Day: "2026-11-22", Receipts: 1, Gwei: 1}}}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "not measured") || strings.Contains(text, "worth") || strings.Contains(text, "0.00 ") {
		t.Errorf("what nobody measured or quoted is shown as a figure:\n%s", text)
	}
}

func hives(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }

func TestStatusAndLogsOfAHome(t *testing.T) {
	p := newPerson(t)
	if _, stderr, code := p.run("status"); code != exitFailure || !strings.Contains(stderr, "medhive node run") {
		t.Errorf("an empty home: exit %d: %s", code, stderr)
	}
	if _, stderr, code := p.run("logs"); code != exitFailure || !strings.Contains(stderr, "medhive node run") {
		t.Errorf("an empty home: exit %d: %s", code, stderr)
	}
	state := agent.NodeState(p.home, "node")
	if err := os.MkdirAll(filepath.Dir(logbook.Path(state)), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.LoadOrCreate(filepath.Join(state, "node.key")); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, code := p.run("status"); code != exitFailure || !strings.Contains(stdout, "node: not running") || !strings.Contains(stderr, "start one") {
		t.Errorf("a stopped node: exit %d: %s%s", code, stdout, stderr)
	}
	if _, stderr, code := p.run("logs"); code != exitFailure || !strings.Contains(stderr, "has no log of its own yet") {
		t.Errorf("no log: exit %d: %s", code, stderr)
	}
	if err := os.WriteFile(logbook.Path(state), []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, _, code := p.run("logs", "-n", "2"); code != exitOK || stdout != "two\nthree\n" {
		t.Errorf("exit %d: %q", code, stdout)
	}
	if _, stderr, code := p.run("logs", "--role", "clinic"); code != exitUsage || !strings.Contains(stderr, "--role node --name node") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	door, err := api.Serve(state, map[string]api.Handler{})
	if err != nil {
		t.Fatal(err)
	}
	if stdout, _, code := p.run("status"); code != exitFailure || !strings.Contains(stdout, "does not answer") {
		t.Errorf("a node of another version: exit %d: %s", code, stdout)
	}
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
}

// Who may not look into a service's folder is not told that nothing runs.
func TestWhatAStrangerSeesOfAService(t *testing.T) {
	home := filepath.Join(t.TempDir(), "service")
	if _, err := rolesAt([]string{home}); !errors.Is(err, errNoRole) {
		t.Errorf("nothing is there: %v", err)
	}
	said := noRole([]string{"/var/lib/medhive"}).Error()
	if !strings.Contains(said, "/var/lib/medhive") || !strings.Contains(said, "sudo") || strings.Contains(said, "has run") {
		t.Error(said)
	}
	if err := os.Mkdir(home, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := rolesAt([]string{home}); os.Geteuid() != 0 && (errors.Is(err, errNoRole) || !strings.Contains(err.Error(), home)) { // root looks everywhere
		t.Errorf("a closed folder: %v", err)
	}
}

func TestLogsAreFollowed(t *testing.T) {
	p := newPerson(t)
	state := agent.NodeState(p.home, "node")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.LoadOrCreate(filepath.Join(state, "node.key")); err != nil {
		t.Fatal(err)
	}
	book, err := logbook.Open(logbook.Options{Path: logbook.Path(state)})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if _, err := book.Write([]byte("before\n")); err != nil {
		t.Fatal(err)
	}
	d := p.start("logs", "logs", "-f")
	d.await("before")
	// It may not follow yet when the line before has been shown: lines are written until one
	// is seen.
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				_, _ = book.Write([]byte("after\n")) // it never fails
			}
		}
	}()
	d.await("after")
	close(stop)
	<-done
	if code := d.stop(patience); code != exitOK {
		t.Errorf("exit %d", code)
	}
}

// TestFixesNameCommandsThatExist reads every `medhive …` in the catalogue of warnings.
func TestFixesNameCommandsThatExist(t *testing.T) {
	named, seen := regexp.MustCompile("`medhive ([^`]*)`"), 0
	for _, k := range warning.Catalogue() {
		for _, m := range named.FindAllStringSubmatch(k.Fix+" "+k.Means, -1) {
			seen++
			if err := known(strings.Fields(m[1])); err != nil {
				t.Errorf("%s: `medhive %s`: %v", k.Code, m[1], err)
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d commands were read; the catalogue has more", seen)
	}
}

// known says whether the words are a command and its flags.
func known(words []string) error {
	c, rest, err := newRoot(nil, nil).Find(words)
	if err != nil {
		return err
	}
	if c.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return fmt.Errorf("%s has no %q", c.CommandPath(), rest[0])
	}
	return c.ParseFlags(rest)
}

func TestWarningsAreListed(t *testing.T) {
	p := newPerson(t)
	var list []warning.Kind
	p.ask(&list, "warnings")
	if len(list) != len(warning.Catalogue()) {
		t.Errorf("%d kinds", len(list))
	}
	if text, _, code := p.run("warnings"); code != exitOK || !containsAll(text, []string{"disk-low (warning)", "fix: "}) {
		t.Errorf("exit %d: %s", code, text)
	}
	if _, stderr, code := p.run("notify", "test", "node"); code != exitFailure || !strings.Contains(stderr, "notify-webhook") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
