package agent_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata/peers"
	"github.com/medhive/medhive/testdata/planted"
)

// sent are the planted studies that go through a whole site, few enough for a test: between
// them they have identifiers of every kind. 0: bits above the pixels, an attribute that the
// model needs. 9: a private block in an item, the derivation. 15: ISO 2022, five sequences
// deep, behind a compressed frame. 16: overlay data, a digital signature. 24: file meta, a
// number's place. 36: text in pixels and a flag that says so; 38: nothing but the text; 39:
// text that a person blacks out.
func sent() []int {
	return []int{0, 9, 15, 16, 24, planted.FirstBurned, planted.SilentBurned, planted.BlackedOut}
}

// analysed of them leave the clinic; the two others stay with it.
const analysed = 6

const wireSite = `
[intake]
quiet = "6s"
keep-free-gib = 0
[dicom]
listen = "127.0.0.1:0"
[audit]
site = "House 7"
basis = "consent"
syslog = %q
[audit.tls]
authority = %q
certificate = %q
key = %q
[[destination]]
name = "archive"
kind = "dicom"
address = %q
called-ae = %q
`

const wireRules = `
[[rule]]
name = "brain"
match = { modality = ["MR"] }
model = "t1-tissue"
within = "8m"
destinations = ["archive"]
`

// patience is for a machine that runs much else.
const patience = 4 * time.Minute

// siteWire is a site between dcmsend, an archive, a node and a collector of audit messages.
type siteWire struct {
	t       *testing.T
	home    string
	around  *agent.Tapped
	site    *site.Site
	archive *peers.Server
	metrics string

	collecting sync.Mutex // guards collected
	collected  bytes.Buffer
}

// Studies come by dcmsend to a site with a node, and results reach the archive: of two hundred
// identifiers none is in what leaves the clinic's process elsewhere – streams, the chain, audit
// messages, metrics –, in the payloads as the node opens them, in logs, in what is exported of
// the audit log, or on any disk but the clinic's own. What has text in its pixels is held.
func TestNoneOfTwoHundredLeavesASite(t *testing.T) {
	studies := planted.Sow(t, t.TempDir())
	find := planted.NewFinder(studies)
	w := startSiteWire(t)
	for _, n := range sent() {
		out, err := peers.Run(t, "dcmsend", "-aec", "MEDHIVE", "+sd", "127.0.0.1", w.port(), studies[n].Folder)
		if err != nil {
			t.Fatalf("study %d: %v\n%s", n, err, out)
		}
	}
	w.await(map[worklist.State]int{worklist.Delivered: analysed - 1, worklist.Held: 3})
	w.decide()
	w.await(map[worklist.State]int{worklist.Delivered: analysed, worklist.Held: 2})
	held, err := w.site.Held(t.Context())
	if err != nil || len(held) != 2 {
		t.Fatalf("%d held, %v", len(held), err)
	}
	for _, h := range held {
		if h.StudyUID != studyUID(planted.FirstBurned) && h.StudyUID != studyUID(planted.SilentBurned) {
			t.Errorf("another study is held: case %s", h.ID)
		}
		look, err := w.site.Look(t.Context(), h.ID, "dr-b")
		if err != nil || look.Doubt == nil || len(look.Doubt.Held.Images) == 0 || len(look.Doubt.Held.Images[0].Picture) == 0 {
			t.Errorf("nothing to look at of case %s: %v", h.ID, err)
		}
	}
	w.checkTaps(find)
	total := 0
	for place, data := range w.left() {
		total += len(data)
		for id := range find.In(data) {
			plant := studies[id.Study].Plants[id.Plant]
			t.Errorf("%s: study %d's %s (%s) left the clinic", place, id.Study, plant.Kind, plant.Where)
		}
		t.Logf("%-40s %d bytes", place, len(data))
	}
	t.Logf("%d studies of 24 images by dcmsend, %d analysed, 2 held: nothing in %d bytes", len(sent()), analysed, total)
}

// studyUID is what planted calls a study.
func studyUID(n int) string { return fmt.Sprintf("1.2.826.0.1.3680043.9.7777.%d", n) }

func startSiteWire(t *testing.T) *siteWire {
	t.Helper()
	w := &siteWire{t: t, home: t.TempDir(), around: agent.StartTapped(t), archive: peers.StoreSCP(t)}
	certificates := peers.NewCertificates(t)
	collector, err := tls.Listen("tcp", "127.0.0.1:0", certificates.ServerTLS(t))
	if err != nil {
		t.Fatal(err)
	}
	var collecting sync.WaitGroup
	collecting.Go(func() { w.collect(collector, &collecting) })
	t.Cleanup(func() {
		if err := collector.Close(); err != nil {
			t.Error(err)
		}
		collecting.Wait()
	})
	text := fmt.Sprintf(wireSite, collector.Addr(), certificates.Authority, certificates.Client, certificates.ClientKey, w.archive.Address, w.archive.AETitle)
	for name, text := range map[string]string{"site.toml": text, "rules.toml": wireRules} {
		if err := os.WriteFile(filepath.Join(w.home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conf, err := site.Read(filepath.Join(w.home, "site.toml"))
	if err != nil {
		t.Fatal(err)
	}
	w.metrics = fmt.Sprintf("127.0.0.1:%d", peers.Port(t))
	w.around.Conf.Metrics = w.metrics
	if w.site, err = site.Start(t.Context(), w.around.Conf, conf); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.site.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// collect keeps what comes to the collector, as it was before it was encrypted.
func (w *siteWire) collect(l net.Listener, all *sync.WaitGroup) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // it was closed
		}
		all.Go(func() {
			defer c.Close()
			part := make([]byte, 1<<16)
			for {
				n, err := c.Read(part)
				w.collecting.Lock()
				w.collected.Write(part[:n])
				w.collecting.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
}

func (w *siteWire) port() string {
	w.t.Helper()
	status, err := w.site.Status()
	if err != nil {
		w.t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(status.DICOM)
	if err != nil {
		w.t.Fatal(err)
	}
	return port
}

// await waits until there are so many cases of each state, and none of another.
func (w *siteWire) await(want map[worklist.State]int) {
	w.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		changed := w.site.Changed()
		list, err := w.site.Worklist(worklist.Filter{})
		if err != nil {
			w.t.Fatal(err)
		}
		counts, all := map[worklist.State]int{}, 0
		for _, c := range list {
			counts[c.State]++
		}
		for state, n := range want {
			if counts[state] == n {
				all += n
			}
		}
		if all == len(sent()) && len(list) == all {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			for _, c := range list {
				w.t.Logf("case %s of %s is %s: %s", c.ID, c.StudyUID, c.State, c.Reason)
			}
			w.t.Fatalf("the cases are %v, want %v", counts, want)
		}
	}
}

// decide has the text of a held study blacked out.
func (w *siteWire) decide() {
	w.t.Helper()
	cases, err := w.site.Worklist(worklist.Filter{StudyUID: studyUID(planted.BlackedOut)})
	if err != nil || len(cases) != 1 {
		w.t.Fatalf("%d cases, %v", len(cases), err)
	}
	x, y, width, height := planted.Text()
	regions := []clinic.Redaction{{X: x, Y: y, Width: width, Height: height}}
	if _, err := w.site.Decide(w.t.Context(), cases[0].ID, "dr-b", quarantine.Decision{Choice: quarantine.Redact, Regions: regions}, "a name"); err != nil {
		w.t.Fatal(err)
	}
}

// checkTaps fails where a tap missed what it was there for, or the search finds nothing.
func (w *siteWire) checkTaps(find *planted.Finder) {
	w.t.Helper()
	const smallest = 2 * 36 * 36 // bytes of a slice's pixels
	left := w.around.Left(w.t)
	if n := w.around.Payloads(); n < analysed || len(left["streams"]) < n*planted.Slices*smallest || len(left["payloads"]) < n*planted.Slices*smallest {
		w.t.Errorf("%d payloads of %d bytes and %d bytes of streams were captured", n, len(left["payloads"]), len(left["streams"]))
	}
	if len(left["calls of the chain"]) == 0 {
		w.t.Error("the clinic never asked the chain")
	}
	var results []byte
	for _, file := range w.archive.Files(w.t) {
		data, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		results = append(results, data...)
	}
	const patientsNumber = 1 // of a study's plants: some studies share names
	whose := map[int]bool{}
	for id := range find.In(results) {
		if id.Plant == patientsNumber {
			whose[id.Study] = true
		}
	}
	for _, n := range sent() {
		if stays := n == planted.FirstBurned || n == planted.SilentBurned; whose[n] == stays {
			w.t.Errorf("study %d: results in the archive %v", n, whose[n])
		}
	}
	if len(find.In(agent.OnDisk(w.t, filepath.Join(w.around.Conf.State, "site", "inbox")))) == 0 {
		w.t.Error("the search finds nothing where the studies lie themselves")
	}
}

// left is all that leaves the clinic for others than its archive, and what could.
func (w *siteWire) left() map[string][]byte {
	w.t.Helper()
	left := w.around.Left(w.t)
	left["audit messages by syslog"] = w.messages()
	page, err := http.Get("http://" + w.metrics + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer page.Body.Close()
	if left["metrics"], err = io.ReadAll(page.Body); err != nil || page.StatusCode != http.StatusOK {
		w.t.Fatalf("metrics: %s, %v", page.Status, err)
	}
	place, err := site.AuditOf(w.around.Conf.State)
	if err != nil {
		w.t.Fatal(err)
	}
	var fhir, xml bytes.Buffer
	asFHIR, asXML := audit.NewFHIRWriter(&fhir, audit.Reporting{Site: "House 7"}), audit.NewDICOMWriter(&xml, audit.Reporting{Site: "House 7"})
	kinds, told := map[audit.Kind]int{}, map[string]bool{} // how many lines; the cases of disclosures
	err = audit.Read(w.t.Context(), place.Folder, place.Key, audit.Span{}, func(line audit.Line) error {
		kinds[line.Kind]++
		if line.Kind == audit.Disclosure { // again, where a node gave up
			told[line.Case] = true
		}
		return errors.Join(asFHIR.Write(line), asXML.Write(line))
	})
	if err := errors.Join(err, asFHIR.Close()); err != nil {
		w.t.Fatal(err)
	}
	for kind, n := range map[audit.Kind]int{audit.Intake: len(sent()), audit.Hold: 3, audit.Release: 1, audit.View: 2} {
		if kinds[kind] != n {
			w.t.Errorf("%d lines of %s in the audit log, want %d", kinds[kind], kind, n)
		}
	}
	cases, err := w.site.Worklist(worklist.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range cases {
		if told[c.ID] != (c.State == worklist.Delivered) {
			w.t.Errorf("case %s is %s; a disclosure is on record: %v", c.ID, c.State, told[c.ID])
		}
	}
	left["the audit log as FHIR"], left["the audit log as DICOM messages"] = fhir.Bytes(), xml.Bytes()
	left["the audit log itself"] = agent.OnDisk(w.t, place.Folder)
	left["the quarantine on disk"] = agent.OnDisk(w.t, filepath.Join(w.around.Conf.State, "site", "quarantine.db"))
	return left
}

// messages waits until the collector has of each study its intake and what became of it at the
// least, and gives all that came to it.
func (w *siteWire) messages() []byte {
	w.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		w.collecting.Lock()
		all := bytes.Clone(w.collected.Bytes())
		w.collecting.Unlock()
		if n := bytes.Count(all, []byte("</AuditMessage>")); n >= 2*len(sent()) {
			return all
		}
		select {
		case <-look.C:
		case <-limit.C:
			w.t.Fatalf("%d bytes of audit messages came", len(all))
		}
	}
}
