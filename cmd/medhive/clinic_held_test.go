package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata"
	"github.com/medhive/medhive/testdata/peers"
)

// TestAHeldStudyWaitsForAPerson sends a study that says that text is burned into its pixels:
// nothing of it leaves before a person has looked at the picture and blacked a region out.
func TestAHeldStudyWaitsForAPerson(t *testing.T) {
	h := newHouse(t, newTown(t, "uwe"), peers.StoreSCP(t), "")
	folder := unpacked(t, testdata.SmallStudy())
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := peers.Run(t, "dcmodify", append([]string{"-nb", "-i", "(0028,0301)=YES"}, files[:10]...)...); err != nil {
		t.Fatalf("dcmodify: %v\n%s", err, out)
	}
	h.send(folder)
	held := h.awaitCase(worklist.Held)
	if len(h.archive.Files(t)) != 0 {
		t.Error("something was delivered of a study that is held")
	}
	pictures := filepath.Join(h.home, "pictures")
	stdout, stderr, code := h.run("clinic", "quarantine", "show", held.ID, "--out", pictures)
	if code != exitOK {
		t.Fatalf("show: %s", stderr)
	}
	shown, err := filepath.Glob(filepath.Join(pictures, "*.png"))
	if err != nil || len(shown) == 0 {
		t.Fatalf("no pictures: %v\n%s", err, stdout)
	}
	data, err := os.ReadFile(shown[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Errorf("the picture: %v", err)
	}
	if _, stderr, code := h.run("clinic", "quarantine", "redact", held.ID); code != exitUsage || !strings.Contains(stderr, "--region") {
		t.Errorf("a redaction of nothing: exit %d, %s", code, stderr)
	}
	var after site.Entry
	h.ask(&after, "clinic", "quarantine", "redact", held.ID, "--region", "0,0,4,4", "--reason", "a corner")
	if after.State != worklist.Routed || len(after.Policy.Redactions) != 1 || !after.Policy.Released {
		t.Errorf("after the word: %+v", after.Case)
	}
	h.awaitCase(worklist.Delivered)
	if n := len(h.archive.Files(t)); n != 3 {
		t.Errorf("%d objects were delivered", n)
	}
	var read site.Entry
	h.ask(&read, "clinic", "read", held.ID, "--accept")
	if read.State != worklist.Accepted {
		t.Errorf("the reader's word: %+v", read.Case)
	}
	var report audit.Report
	h.ask(&report, "clinic", "audit", "verify")
	export := filepath.Join(h.home, "audit.json")
	if _, stderr, code := h.run("clinic", "audit", "export", "--out", export); code != exitOK || !report.Sound() {
		t.Fatalf("export: %s; %+v", stderr, report)
	}
	text, err := os.ReadFile(export)
	if err != nil || !strings.Contains(string(text), "AuditEvent") || strings.Contains(string(text), held.StudyUID) {
		t.Errorf("the export without --identify: %v, %d bytes", err, len(text))
	}
	h.backUpAndRotate()
}

// backUpAndRotate copies the vault while the clinic runs, gives it another key, and finds
// that both are of use: the clinic goes on, and the backup opens with the keys of before.
func (h *house) backUpAndRotate() {
	h.t.Helper()
	state := filepath.Join(h.home, "clinic")
	keys := h.t.TempDir()
	for _, name := range []string{"vault.key", "pseudonym.key"} {
		data, err := os.ReadFile(filepath.Join(state, "vault-key", name))
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(keys, name), data, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	backup := filepath.Join(h.home, "vault.backup")
	for _, args := range [][]string{{"clinic", "vault", "backup", backup}, {"clinic", "vault", "rotate"}} {
		if _, stderr, code := h.run(args...); code != exitOK {
			h.t.Fatalf("%v: %s", args, stderr)
		}
	}
	if code := h.daemon.stop(shutdown); code != exitOK {
		h.t.Errorf("the clinic ended with %d", code)
	}
	if _, stderr, code := h.run("clinic", "vault", "restore", backup); code != exitFailure {
		h.t.Errorf("a backup was put over a vault: %s", stderr)
	}
	f, err := os.Open(backup)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	elsewhere := filepath.Join(h.t.TempDir(), "identities.db")
	if err := clinic.RestoreBackup(h.t.Context(), f, elsewhere, keys); err != nil {
		h.t.Errorf("the backup with the keys of before: %v", err)
	}
	h.open() // with the new key
}

func TestTheSiteCommandsSayWhatIsMissing(t *testing.T) {
	p := newPerson(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"clinic", "worklist"}, exitFailure, "start `medhive clinic run --site site.toml`"},
		{[]string{"clinic", "quarantine", "list"}, exitFailure, "medhive clinic run --site"},
		{[]string{"clinic", "outbox"}, exitFailure, "medhive clinic run --site"},
		{[]string{"clinic", "echo", "pacs"}, exitFailure, "medhive clinic init"},
		{[]string{"clinic", "fetch", "no-uid"}, exitUsage, "Study Instance UID"},
		{[]string{"clinic", "read", "abc"}, exitUsage, "--accept or --reject"},
		{[]string{"clinic", "audit", "verify"}, exitFailure, "there is no audit log"},
		{[]string{"clinic", "vault", "rotate"}, exitFailure, "there is no vault"},
	} {
		if _, stderr, code := p.run(c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, says %q", c.args, code, stderr)
		}
	}
	if _, stderr, code := p.run("clinic", "init"); code != exitOK {
		t.Fatal(stderr)
	}
	if _, stderr, code := p.run("clinic", "init"); code != exitFailure || !strings.Contains(stderr, "is there already") {
		t.Errorf("a second init: exit %d, %s", code, stderr)
	}
	if _, stderr, code := p.run("clinic", "echo", "pacs"); code != exitFailure || !strings.Contains(stderr, "nothing is called") {
		t.Errorf("echo of nobody: exit %d, %s", code, stderr)
	}
	study := p.file("small.zip", testdata.SmallStudy())
	stdout, stderr, code := p.run("clinic", "route", "--explain", study)
	if code != exitOK || !strings.Contains(stdout, "=> t1-tissue by rule brain-tissue") || !strings.Contains(stdout, "wants MR, saw MR") {
		t.Errorf("route: exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestRegions(t *testing.T) {
	for text, want := range map[string]clinic.Redaction{
		"1,2,3,4":       {X: 1, Y: 2, Width: 3, Height: 4},
		"1.2.3@0,0,9,8": {SOPInstanceUID: "1.2.3", Width: 9, Height: 8},
	} {
		if got, err := parseRegion(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1,2,3", "1,2,3,4,5", "a,b,c,d"} {
		if _, err := parseRegion(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
