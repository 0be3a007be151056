package agent

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/update"
	"github.com/medhive/medhive/agent/warning"
)

func TestWhatAnOperatorHearsOfUpdates(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	apt := &update.Manager{Name: "dpkg", Command: "sudo apt update && sudo apt install medhive"}
	for _, c := range []struct {
		name   string
		found  update.Finding
		record update.Record
		err    error
		want   string // codes
		text   string
		fix    string
	}{
		{name: "nothing new", found: update.Finding{State: update.Current}},
		{name: "a new one", found: update.Finding{State: update.Available, Running: "1.0.0", Newest: "1.2.0"}, want: "update-available", text: "version 1.2.0 is there, and 1.0.0 runs", fix: "medhive update"},
		{name: "a package", found: update.Finding{State: update.Available, Newest: "1.2.0", Manager: apt}, want: "update-available", fix: "sudo apt update && sudo apt install medhive"},
		{name: "not its turn", found: update.Finding{State: update.Staged, Newest: "1.2.0", Why: "later"}},
		{name: "too old", found: update.Finding{State: update.Stranded, Newest: "1.2.0", Why: "it wants 1.1.0"}, want: "update-available", text: "it wants 1.1.0"},
		{name: "the place is silent", err: errors.New("fetch stable.json: the server answers 503"), want: "update-failed", text: "503"},
		{name: "it went back", found: update.Finding{State: update.Refused}, record: update.Record{Failure: "version 1.2.0: it started 3 times", FailedAt: noon}, want: "update-failed", text: "it started 3 times", fix: "--forgive"},
	} {
		var codes []string
		for _, w := range updateWarnings(c.found, c.record, c.err) {
			codes = append(codes, string(w.Code))
			if !strings.Contains(w.Text, c.text) || !strings.Contains(w.Fix, c.fix) || strings.HasSuffix(w.Text, "; ") {
				t.Errorf("%s: %+v", c.name, w)
			}
			if _, known := warning.Find(w.Code); !known {
				t.Errorf("%s: %s is in no catalogue", c.name, w.Code)
			}
		}
		if got := strings.Join(codes, " "); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

func TestTheStatusLineOfUpdates(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var k upkeep
	if got := k.words(noon); got != "" {
		t.Errorf("before a look: %q", got)
	}
	k.prove(true)
	if got := k.words(noon); !strings.Contains(got, "proves itself") {
		t.Errorf("on probation: %q", got)
	}
	k.prove(false)
	k.keep(update.Finding{State: update.Current}, nil, noon)
	if got := k.words(noon.Add(7 * time.Minute)); got != "up to date, looked 7 min ago" {
		t.Error(got)
	}
	k.keep(update.Finding{}, errors.New("the server answers 503"), noon)
	if got := k.words(noon); got != "the last look failed: the server answers 503" {
		t.Error(got)
	}
	k.keep(update.Finding{State: update.Staged, Newest: "1.2.0", Why: "5 % take it"}, nil, noon)
	if got := k.words(noon); got != "1.2.0 is there: 5 % take it" {
		t.Error(got)
	}
}
