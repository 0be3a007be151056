package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
)

func TestProbeTellsTierAndWhy(t *testing.T) {
	p := newPerson(t)
	var seen report
	picture := filepath.Join(p.home, "probe.svg")
	p.ask(&seen, "probe", "--duration", "1s", "--explain", "--picture", picture)
	if seen.Version != hwprobe.ProfileVersion || seen.TOPS.Median <= 0 || seen.Mode != hwprobe.Brief || len(seen.Reasons) == 0 || len(seen.Explained) == 0 || len(seen.Providers) == 0 {
		t.Errorf("%+v: want a measured rate, reasons and providers", seen)
	}
	svg, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(svg, new(struct{})); err != nil || !bytes.Contains(svg, []byte("int8 TOPS sustained")) {
		t.Errorf("%v in\n%s", err, svg)
	}
	out, stderr, code := p.run("probe", "--duration", "200ms", "--declared-watts", "40")
	for _, want := range []string{"int8", "declared", "certified", "tier", "providers", "medhive probe --explain"} {
		if !strings.Contains(out, want) {
			t.Errorf("exit %d; %q is missing in\n%s", code, want, out)
		}
	}
	if !strings.Contains(stderr, "measuring: int8") {
		t.Errorf("progress %q", stderr)
	}
}

func TestProbeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"two modes":             {[]string{"--quick", "--certify"}, exitUsage, "exclude each other"},
		"a mode and a length":   {[]string{"--certify", "--duration", "1s"}, exitUsage, "exclude each other"},
		"a negative length":     {[]string{"--duration", "-1s"}, exitUsage, "no length"},
		"an unknown provider":   {[]string{"--duration", "1s", "--provider", "abacus"}, exitFailure, "known are"},
		"a provider that lacks": {[]string{"--duration", "1s", "--provider", "qnn"}, exitFailure, "it needs"},
		"no library":            {[]string{"--duration", "1s", "--ort-lib", "nowhere.so"}, exitFailure, "make deps"},
	} {
		_, stderr, code := newPerson(t).run(append([]string{"probe"}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d; stderr %q, want %q in it", name, code, c.code, stderr, c.says)
		}
	}
}

func TestMeasuringProcessRefusesGarbage(t *testing.T) {
	p := newPerson(t)
	c := p.command(t.Context(), "probe-measure")
	c.Stdin = strings.NewReader("GET / HTTP/1.1\r\n\r\n")
	if out, err := c.CombinedOutput(); err == nil {
		t.Errorf("it measured: %s", out)
	}
}

func TestAgeInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Second: "0 minutes ago", 90 * time.Minute: "90 minutes ago", 5 * time.Hour: "5 hours ago", 72 * time.Hour: "3 days ago",
	} {
		if got := age(d); got != want {
			t.Errorf("%v: %q; want %q", d, got, want)
		}
	}
}

// A running node tells its profile and its metrics at its local door.
func TestNodeShowsItsProfile(t *testing.T) {
	w := newTown(t, "anna")
	document, _, code := w.run("node", "profile", "--name", "anna")
	p, err := hwprobe.ReadProfile([]byte(document))
	if code != exitOK || err != nil {
		t.Fatalf("exit %d, %v in\n%s", code, err, document)
	}
	status := w.status("anna")
	if p.Version != hwprobe.ProfileVersion || p.TOPS.Median <= 0 || p.Identity.Node != status.Address || status.ProfileMode != string(hwprobe.Brief) || len(status.Explained) == 0 {
		t.Errorf("profile %+v, status %+v", p, status)
	}
	metrics, _, code := w.run("node", "metrics", "--name", "anna")
	if code != exitOK || !strings.Contains(metrics, "# HELP medhive_node_tier ") || !strings.Contains(metrics, `medhive_node_profile_operations_per_second{of="median",precision="int8",provider="cpu"}`) {
		t.Errorf("exit %d:\n%s", code, metrics)
	}
	text, _, _ := w.run("node", "status", "--name", "anna")
	if !strings.Contains(text, "profile") || !strings.Contains(text, "minutes ago (brief") {
		t.Errorf("the age of the profile is missing in\n%s", text)
	}
	if _, stderr, code := w.run("node", "metrics", "--name", "nobody"); code != exitFailure || !strings.Contains(stderr, "--name") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// A driver that hangs takes a part of what a quick probe has left, and no more.
func TestTryProvidersEnds(t *testing.T) {
	o := runner.Options{Command: []string{"/bin/sh", "-c", "exec sleep 600"}, Library: "none.so"}
	stages, began := 0, time.Now()
	all, judged, err := tryProviders(t.Context(), o, began.Add(400*time.Millisecond), func(stage string, done float64) {
		if stage == "providers" {
			stages++
		}
	})
	took := time.Since(began)
	if err != nil || len(all) != len(ort.KnownProviders()) || len(judged) != 0 || stages != len(all)+1 || took > time.Minute {
		t.Errorf("%v after %v: %d tried, %d judged, %d times progress", err, took, len(all), len(judged), stages)
	}
	for _, trial := range all {
		if trial.Available || trial.Words == "" || trial.Fix == "" {
			t.Errorf("%+v", trial)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := tryProviders(ended, o, time.Time{}, func(string, float64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// Who measures some power still hears what would measure it better.
func TestProbeTellsOfBetterPower(t *testing.T) {
	const note = "only root may read the counters; write a udev rule"
	for basis, rows := range map[power.Basis]int{power.Unmeasured: 1, power.Declared: 1, power.Package: 1} {
		text := fmt.Sprint(profileRows(hwprobe.Profile{Watts: hwprobe.Watts{Basis: basis, Value: 40, Note: note}}))
		if strings.Count(text, note) != rows {
			t.Errorf("%s: %s", basis, text)
		}
	}
}
