package main

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe"
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
	if code != exitOK || !strings.Contains(metrics, "# HELP medhive_profile_tier ") || !strings.Contains(metrics, `medhive_profile_tops{of="median",precision="int8",provider="cpu"}`) {
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
