package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata"
	"github.com/medhive/medhive/testdata/peers"
)

// house is a clinic's site beside a network, with an archive that takes its results.
type house struct {
	*town
	archive *peers.Server
	daemon  *daemon
	port    int // of its DICOM door
}

// siteText is a site that takes studies at a port and sends results to an archive.
func siteText(port int, archive *peers.Server, more string) string {
	return fmt.Sprintf(`[intake]
quiet = "600ms"
[dicom]
listen = "127.0.0.1:%d"
[[destination]]
name = "pacs"
kind = "dicom"
address = %q
called-ae = %q
commit = %v
%s`, port, archive.Address, archive.AETitle, archive.AETitle == "ORTHANC", more)
}

const siteRules = `[[rule]]
name = "brain"
match = { modality = ["MR"] }
model = "t1-tissue"
within = "4m"
destinations = ["pacs"]
`

func newHouse(t *testing.T, w *town, archive *peers.Server, more string) *house {
	t.Helper()
	h := &house{town: w, archive: archive, port: peers.Port(t)}
	h.file(siteFile, []byte(siteText(h.port, archive, more)))
	h.file(rulesFile, []byte(siteRules))
	h.open()
	return h
}

// open starts the clinic, or starts it again.
func (h *house) open() {
	h.t.Helper()
	h.daemon = h.start("clinic", "clinic", "run", "--site", filepath.Join(h.home, siteFile), "--lease", "3s", "--compare=false")
	h.daemon.await("medhive clinic worklist")
}

// unpacked is a study's zip as a folder.
func unpacked(t *testing.T, data []byte) string {
	t.Helper()
	folder := t.TempDir()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%04d.dcm", n)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// send has dcmsend bring a folder to the site's door.
func (h *house) send(folder string) {
	h.t.Helper()
	if out, err := peers.Run(h.t, "dcmsend", "-aec", "MEDHIVE", "+sd", "127.0.0.1", strconv.Itoa(h.port), folder); err != nil {
		h.t.Fatalf("dcmsend: %v\n%s", err, out)
	}
}

// cases lists the worklist.
func (h *house) cases() (list []site.Entry) {
	h.t.Helper()
	h.ask(&list, "clinic", "worklist")
	return list
}

// awaitCase waits until the only case is in a state.
func (h *house) awaitCase(state worklist.State) site.Entry {
	h.t.Helper()
	deadline := time.NewTimer(2 * patience)
	defer deadline.Stop()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	var list []site.Entry
	for {
		select {
		case <-deadline.C:
			h.t.Fatalf("no case is %s: %+v", state, list)
		case <-h.daemon.done:
			h.t.Fatal("the clinic ended")
		case <-tick.C:
		}
		if list = h.cases(); len(list) == 1 && list[0].State == state {
			return list[0]
		}
	}
}

// studyOf is the Study Instance UID of a stored file, as dcmdump prints it.
func studyOf(t *testing.T, path string) string {
	t.Helper()
	return element(t, path, "0020,000d")
}

func element(t *testing.T, path, tag string) string {
	t.Helper()
	out, err := peers.Run(t, "dcmdump", "+P", tag, path)
	if err != nil {
		t.Fatalf("dcmdump: %v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(out, "[")
	value, _, _ := strings.Cut(rest, "]")
	return value
}

func TestAStudyFromAModalityComesBackIntoItsStudy(t *testing.T) {
	h := newHouse(t, newTown(t, "nina"), peers.StoreSCP(t), "")
	folder := unpacked(t, testdata.SmallStudy())
	var byHand agent.Report // the same study, whose result goes into a folder, is another task
	h.ask(&byHand, h.submitArgs(folder)...)
	h.send(folder)
	done := h.awaitCase(worklist.Delivered)
	if done.Task == byHand.Task || done.Rule != "brain" || done.Terms.Destinations[0] != "pacs" || done.PriceGwei == 0 || done.Subject.PatientID == "" {
		t.Errorf("the case: %+v", done)
	}
	want := studyOf(t, filepath.Join(folder, "0000.dcm"))
	stored := h.archive.Files(t)
	if len(stored) != 3 { // segmentation, report, capture
		t.Fatalf("the archive has %d objects", len(stored))
	}
	for _, path := range stored {
		if got := studyOf(t, path); got != want {
			t.Errorf("an object is in study %s, want %s", got, want)
		}
		if got := element(t, path, "0010,0020"); got != done.Subject.PatientID {
			t.Errorf("an object is of patient %q, want %q", got, done.Subject.PatientID)
		}
	}
	var report audit.Report
	h.ask(&report, "clinic", "audit", "verify")
	if !report.Sound() || !report.Remembered {
		t.Errorf("the audit log: %+v", report)
	}
	h.send(folder) // again: every instance is known, and nothing is done twice
	var deliveries []outbox.Delivery
	h.ask(&deliveries, "clinic", "outbox")
	if list := h.cases(); len(list) != 1 || len(deliveries) != 1 || len(h.archive.Files(t)) != 3 {
		t.Errorf("after the same study again: %d cases, %d deliveries", len(list), len(deliveries))
	}
	h.saysNothingOf(done)
	if code := h.daemon.stop(shutdown); code != exitOK {
		t.Errorf("the clinic ended with %d", code)
	}
}

// saysNothingOf wants that the clinic's log names no patient and no study.
func (h *house) saysNothingOf(e site.Entry) {
	h.t.Helper()
	for _, secret := range []string{e.StudyUID, e.Subject.PatientID, e.Subject.PatientName, e.Subject.Accession, h.home} {
		if secret != "" && strings.Contains(h.daemon.said(), secret) && secret != h.home {
			h.t.Errorf("the log holds %q", secret)
		}
	}
}

func TestAnArchiveThatIsAwayGetsTheResultLater(t *testing.T) {
	h := newHouse(t, newTown(t, "olga"), peers.StoreSCP(t), "")
	h.archive.Stop()
	h.send(unpacked(t, testdata.SmallStudy()))
	waiting := h.awaitCase(worklist.Delivering)
	h.daemon.cmd.Process.Kill()
	<-h.daemon.done
	h.archive.Start(t)
	h.open()
	var tried site.Retried
	h.ask(&tried, "clinic", "outbox", "retry")
	done := h.awaitCase(worklist.Delivered)
	if done.ID != waiting.ID || done.Task != waiting.Task || len(h.archive.Files(t)) != 3 {
		t.Errorf("case %s became %s, task %s became %s, %d objects", waiting.ID, done.ID, waiting.Task.Short(), done.Task.Short(), len(h.archive.Files(t)))
	}
	var clinic agent.ClinicStatus
	h.ask(&clinic, "clinic", "status")
	if !clinic.Serving {
		t.Error("the clinic behind the site takes no studies of commands")
	}
}
