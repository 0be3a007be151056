package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata"
	"github.com/medhive/medhive/testdata/peers"
)

// ways is a site whose archive is an Orthanc, spoken to by C-STORE, C-MOVE and DICOMweb.
type ways struct {
	*house
	orthanc *peers.Archive
	web     string // the site's own DICOMweb
	drop    string // the watched folder
}

func newWays(t *testing.T, w *town, more string) *ways {
	t.Helper()
	h := &house{town: w, port: peers.Port(t)}
	s := &ways{house: h, drop: filepath.Join(h.home, "drop")}
	s.orthanc = peers.Orthanc(t, peers.Destination{AETitle: "MEDHIVE", Port: h.port})
	h.archive = s.orthanc.Server
	if err := os.Mkdir(s.drop, 0o700); err != nil {
		t.Fatal(err)
	}
	s.web = fmt.Sprintf("127.0.0.1:%d", peers.Port(t))
	text := siteText(h.port, h.archive, fmt.Sprintf(`
[[destination]]
name = "web"
kind = "stow"
url = %q
[[archive]]
name = "orthanc"
address = %q
called-ae = "ORTHANC"
[[archive]]
name = "rs"
url = %q
[web]
listen = %q
[[watch]]
folder = "drop"
every = "200ms"
%s`, s.orthanc.Web, s.orthanc.Address, s.orthanc.Web, s.web, more))
	h.file(siteFile, []byte(text))
	h.file(rulesFile, []byte(strings.ReplaceAll(siteRules, `["pacs"]`, `["pacs", "web"]`)))
	h.open()
	return s
}

// results are the SOP classes of what Orthanc holds of the study beside its images.
func (s *ways) results(study string) map[string]int {
	s.t.Helper()
	classes := map[string]int{}
	for _, id := range s.orthanc.Instances(s.t) {
		var tags map[string]any
		if err := json.Unmarshal(s.orthanc.Ask(s.t, "GET", "instances/"+id+"/simplified-tags", ""), &tags); err != nil {
			s.t.Fatal(err)
		}
		if tags["StudyInstanceUID"] == study && tags["Modality"] != "MR" {
			classes[fmt.Sprint(tags["Modality"])]++
		}
	}
	return classes
}

func TestAStudyByItsUIDComesFromTheArchiveAndGoesBack(t *testing.T) {
	s := newWays(t, newTown(t, "paul"), "")
	folder := unpacked(t, testdata.SmallStudy())
	s.orthanc.Send(t, folder)
	study := studyOf(t, filepath.Join(folder, "0000.dcm"))
	for _, name := range []string{"orthanc", "rs", "pacs", "web"} {
		if _, stderr, code := s.run("clinic", "echo", name); code != exitOK {
			t.Errorf("echo %s: %s", name, stderr)
		}
	}
	var list []site.Entry
	s.ask(&list, "clinic", "submit", study, "--from", "orthanc")
	if len(list) != 1 || list[0].Subject.Source != "fetch ORTHANC" {
		t.Fatalf("the study by C-MOVE: %+v", list)
	}
	s.awaitCase(worklist.Delivered)
	if got := s.results(study); got["SEG"] != 1 || got["SR"] != 1 || len(got) != 3 {
		t.Errorf("Orthanc has %v of the result", got)
	}
	var got site.Fetched
	s.ask(&got, "clinic", "fetch", study, "--from", "rs") // the archive gives our own results back, too
	if got.Instances != len(s.orthanc.Instances(t)) {
		t.Errorf("by WADO-RS %d instances, Orthanc has %d", got.Instances, len(s.orthanc.Instances(t)))
	}
	if _, stderr, code := s.run("clinic", "fetch", "1.2.3.4", "--from", "orthanc"); code != exitFailure || !strings.Contains(stderr, "no such study") {
		t.Errorf("a study that is not there: exit %d, %s", code, stderr)
	}
	var explained []site.Explanation
	s.ask(&explained, "clinic", "route", study)
	if len(explained) != 1 || len(explained[0].Routes) != 1 || explained[0].Routes[0].Rule != "brain" {
		t.Errorf("explained: %+v", explained)
	}
	if list := s.cases(); len(list) != 1 {
		t.Errorf("our own results made cases: %+v", list)
	}
	var deliveries []outbox.Delivery
	s.ask(&deliveries, "clinic", "outbox")
	for _, d := range deliveries {
		if d.Destination == "pacs" && !d.Items[0].Committed {
			t.Errorf("Orthanc was not asked to commit itself: %+v", d)
		}
	}
	metrics, _, _ := s.run("clinic", "metrics")
	if !strings.Contains(metrics, `medhive_site_cases{state="delivered"} 1`) || !strings.Contains(metrics, "medhive_site_inbox_free_bytes") {
		t.Errorf("metrics: %s", metrics)
	}
	s.file(rulesFile, []byte(strings.ReplaceAll(siteRules, "t1-tissue", "no-such-model")))
	if _, stderr, code := s.run("clinic", "route", "reload"); code != exitFailure || !strings.Contains(stderr, "no-such-model") {
		t.Errorf("rules of a model that is not here: exit %d, %s", code, stderr)
	}
	s.file(rulesFile, []byte(siteRules))
	if _, stderr, code := s.run("clinic", "route", "reload"); code != exitOK {
		t.Errorf("reload: %s", stderr)
	}
	s.saysNothingOf(list[0])
}

func TestAnOrderByUPSIsDoneAndSaysSo(t *testing.T) {
	s := newWays(t, newTown(t, "rita"), "")
	folder := unpacked(t, testdata.SmallStudy())
	study := studyOf(t, filepath.Join(folder, "0000.dcm"))
	item := s.order(study)
	if state := s.stateOf(item); state != "SCHEDULED" {
		t.Errorf("before its study came the work item is %s", state)
	}
	s.stow(folder)
	s.awaitCase(worklist.Delivered)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for s.stateOf(item) != "COMPLETED" {
		select {
		case <-deadline.C:
			t.Fatalf("the work item is %s", s.stateOf(item))
		case <-tick.C:
		}
	}
	if got := s.results(study); got["SEG"] != 1 || got["SR"] != 1 {
		t.Errorf("Orthanc has %v of the result", got)
	}
	if text := string(s.http("GET", "/workitems/"+item, nil)); strings.Count(text, "0020000E") < 3 {
		t.Errorf("the work item names no outputs: %s", text)
	}
}

// http asks the site's DICOMweb.
func (s *ways) http(method, path string, body []byte) []byte {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.web+"/dicom-web"+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/dicom+json")
	if body != nil {
		r.Header.Set("Content-Type", "application/dicom+json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %v: %s", method, path, answer.Status, err, text)
	}
	return text
}

// order creates a work item for a study, as a RIS does.
func (s *ways) order(study string) (uid string) {
	s.t.Helper()
	uid = dicomweb.NewUID()
	s.http("POST", "/workitems?"+uid, []byte(fmt.Sprintf(`[{"00741200":{"vr":"CS","Value":["HIGH"]},"00404041":{"vr":"CS","Value":["READY"]},
"00741204":{"vr":"LO","Value":["Tissue volumes"]},"00404005":{"vr":"DT","Value":["20261122030000"]},"00741000":{"vr":"CS","Value":["SCHEDULED"]},
"00404018":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":["t1-tissue"]},"00080102":{"vr":"SH","Value":["99MEDHIVE"]},"00080104":{"vr":"LO","Value":["Tissue"]}}]},
"00404021":{"vr":"SQ","Value":[{"0020000D":{"vr":"UI","Value":[%q]}}]}}]`, study)))
	return uid
}

func (s *ways) stateOf(item string) string {
	s.t.Helper()
	var sets []map[string]struct{ Value []any }
	if err := json.Unmarshal(s.http("GET", "/workitems/"+item, nil), &sets); err != nil || len(sets) != 1 {
		s.t.Fatalf("the work item: %v", err)
	}
	return fmt.Sprint(sets[0]["00741000"].Value...)
}

// stow brings a folder by STOW-RS.
func (s *ways) stow(folder string) {
	s.t.Helper()
	client := dicomweb.Client{Base: &url.URL{Scheme: "http", Host: s.web, Path: "/dicom-web"}}
	var objects []dicomweb.Object
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range files {
		o, err := dicomweb.FileObject(path)
		if err != nil {
			s.t.Fatal(err)
		}
		objects = append(objects, o)
	}
	if _, err := client.Store(s.t.Context(), "", objects); err != nil {
		s.t.Fatal(err)
	}
}

func TestAFullDiskRefusesWithTheRightStatusAndAFolderIsTakenLater(t *testing.T) {
	s := newWays(t, newTown(t, "sven"), "")
	s.daemon.stop(shutdown)
	text, err := os.ReadFile(filepath.Join(s.home, siteFile))
	if err != nil {
		t.Fatal(err)
	}
	full := strings.Replace(string(text), "[intake]", "[intake]\nkeep-free-gib = 1000000", 1) // more than any disk has
	s.file(siteFile, []byte(full))
	s.open()
	folder := unpacked(t, testdata.SmallStudy())
	out, _ := peers.Run(t, "storescu", "-v", "-aec", "MEDHIVE", "127.0.0.1", strconv.Itoa(s.port), filepath.Join(folder, "0000.dcm"))
	if !strings.Contains(strings.ToLower(out), "a700") && !strings.Contains(out, "OutOfResources") {
		t.Errorf("storescu was told: %s", out)
	}
	for n, f := range []string{"0000.dcm", "0001.dcm"} {
		data, err := os.ReadFile(filepath.Join(folder, f))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.drop, fmt.Sprintf("%d.dcm", n)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list := s.cases(); len(list) != 0 {
		t.Errorf("cases of a full inbox: %+v", list)
	}
	s.daemon.stop(shutdown)
	s.file(siteFile, text)
	whole, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range whole[2:] {
		if err := os.Rename(path, filepath.Join(s.drop, filepath.Base(path))); err != nil {
			t.Fatal(err)
		}
	}
	s.open()
	if got := s.awaitCase(worklist.Delivered); got.Subject.Source != "folder" || got.Subject.Instances != len(whole) {
		t.Errorf("the folder's study: %+v", got.Subject)
	}
}
