package site

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata/peers"
	"github.com/medhive/medhive/testdata/planted"
)

func answered(t *testing.T) func(context.Context, int, agent.Submission) (agent.Report, error) {
	return func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) }
}

func TestAnOrderByHL7MakesAStudyUrgent(t *testing.T) {
	l := lodgeWith(t, shareRules, func(c *Config) { c.HL7.Listen = "127.0.0.1:0" }, answered(t))
	conn, err := net.Dial("tcp", l.orderDoor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	message := "MSH|^~\\&|RIS|H|MEDHIVE|C|20260102||ORM^O01|1|P|2.3.1\rPID|||PAT-4711||Planted^Name\rORC|NW|1\rTQ1|||||||||S\rOBR|1|1|1|HEAD||||||||||||||ACC-7\r"
	if _, err := conn.Write([]byte("\x0b" + message + "\x1c\r")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	if err != nil || !bytes.Contains(answer[:n], []byte("MSA|AA|1")) {
		t.Fatalf("the order was answered with %q, %v", answer[:n], err)
	}
	l.bring("1.4.1") // of accession number ACC-7
	if c := l.await("1.4.1", worklist.Delivered); c.Terms.Priority != scheduler.STAT || c.Terms.PriorityBy != "order" {
		t.Errorf("the case is %s by %s", c.Terms.Priority, c.Terms.PriorityBy)
	}
	orders := l.entries()[audit.Order]
	if len(orders) != 1 || orders[0].Way != "hl7" || orders[0].Subject.Accession != "ACC-7" {
		t.Errorf("audit: %+v", orders)
	}
}

// An order that comes when its study waits for a place already: the case becomes urgent, and
// takes one of the places that are kept for emergencies.
func TestALateOrderRaisesACaseThatWaits(t *testing.T) {
	var others atomic.Bool
	let := make(chan struct{})
	l := lodgeWith(t, shareRules, func(c *Config) { c.HL7.Listen, c.Workers = "127.0.0.1:0", 1 }, func(ctx context.Context, n int, s agent.Submission) (agent.Report, error) {
		if n == 1 {
			select {
			case <-let:
			case <-ctx.Done():
				return agent.Report{}, ctx.Err()
			}
		} else {
			others.Store(s.Priority == scheduler.STAT)
		}
		return done(t, s)
	})
	defer close(let)
	l.bring("1.4.10")
	l.await("1.4.10", worklist.Submitted)
	l.bring("1.4.11")
	l.await("1.4.11", worklist.Routed)
	conn, err := net.Dial("tcp", l.orderDoor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	message := "MSH|^~\\&|RIS|H|MEDHIVE|C|20260102||ORM^O01|1|P|2.3.1\rPID|||PAT-4711||Planted^Name\rORC|NW|1\rTQ1|||||||||S\rOBR|1|1|1|HEAD||||||||||||||ACC-7\r"
	if _, err := conn.Write([]byte("\x0b" + message + "\x1c\r")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	if n, err := conn.Read(answer); err != nil || !bytes.Contains(answer[:n], []byte("MSA|AA|1")) {
		t.Fatalf("the order was answered with %q, %v", answer[:n], err)
	}
	c := l.await("1.4.11", worklist.Delivered) // while the first one still holds its place
	if c.Terms.Priority != scheduler.STAT || c.Terms.PriorityBy != "order" || !others.Load() {
		t.Errorf("the case is %s by %s", c.Terms.Priority, c.Terms.PriorityBy)
	}
	if started, err := l.book.List(worklist.Filter{StudyUID: "1.4.10"}); err != nil || started[0].State != worklist.Submitted || started[0].Terms.Priority != scheduler.Routine {
		t.Errorf("what had begun was changed: %+v, %v", started, err)
	}
}

// figures are what a collector of metrics is told.
func (l *lodging) figures() string {
	l.t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(meters{l.Site}.collector()); err != nil {
		l.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// Many systems put the accession number into OBR-3, and name no study.
func TestTheSiteFileSaysWhereTheAccessionNumberStands(t *testing.T) {
	l := lodgeWith(t, shareRules, func(c *Config) {
		own, err := Parse("[hl7]\nlisten = \"127.0.0.1:0\"\naccession = [\"OBR-3\", \"ORC-3\"]")
		if err != nil {
			t.Fatal(err)
		}
		c.HL7 = own.HL7
	}, answered(t))
	conn, err := net.Dial("tcp", l.orderDoor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for n, c := range []struct{ orders, want string }{
		{"ORC|NW|1\rTQ1|||||||||S\rOBR|1|1|ACC-7|HEAD\r", "MSA|AA|0"},
		{"ORC|NW|1||\rOBR|1|1||HEAD||||||||||||||ACC-8\r", "MSA|AR|1"}, // its usual place was not named
	} {
		message := fmt.Sprintf("MSH|^~\\&|RIS|H|MEDHIVE|C|20260102||ORM^O01|%d|P|2.3.1\rPID|||PAT-4711||Planted^Name\r%s", n, c.orders)
		if _, err := conn.Write([]byte("\x0b" + message + "\x1c\r")); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 4096)
		length, err := conn.Read(answer)
		if err != nil || !bytes.Contains(answer[:length], []byte(c.want)) {
			t.Fatalf("message %d was answered with %q, %v", n, answer[:length], err)
		}
	}
	if got := l.figures(); !strings.Contains(got, `medhive_site_orders_total{outcome="accepted"} 1`) || !strings.Contains(got, `medhive_site_orders_total{outcome="rejected"} 1`) {
		t.Errorf("the figures: %s", got)
	}
	l.bring("1.4.5") // of accession number ACC-7
	if c := l.await("1.4.5", worklist.Delivered); c.Terms.Priority != scheduler.STAT || c.Terms.PriorityBy != "order" {
		t.Errorf("the case is %s by %s", c.Terms.Priority, c.Terms.PriorityBy)
	}
}

func TestAModalityShowsItsCertificate(t *testing.T) {
	certificates := peers.NewCertificates(t)
	l := lodgeWith(t, shareRules, func(c *Config) {
		c.DICOM.Listen = "127.0.0.1:0"
		c.DICOM.TLS = TLS{Certificate: certificates.Server, Key: certificates.ServerKey, Authority: certificates.Authority}
	}, answered(t))
	image := filepath.Join(t.TempDir(), "1.dcm")
	if err := os.WriteFile(image, instance(t, "1.4.2", "1.4.2.1", "1.4.2.1.1"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.dicom.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	send := func(key, certificate string) string {
		out, _ := peers.Run(t, "storescu", "-v", "+tls", key, certificate, "+cf", certificates.Authority, "-aec", "MEDHIVE", "127.0.0.1", port, image)
		return out // its exit says little: the text does
	}
	if out := send(certificates.StrangerKey, certificates.Stranger); strings.Contains(out, "Received Store Response (Success)") {
		t.Errorf("a stranger's study was taken: %s", out)
	}
	if out := send(certificates.ClientKey, certificates.Client); !strings.Contains(out, "Received Store Response (Success)") {
		t.Errorf("storescu was told: %s", out)
	}
	l.await("1.4.2", worklist.Delivered)
}

// TestPlantedIdentifiersStayOutOfLogsAndRecords takes 40 studies with 200 identifiers in
// and looks through the log and everything that the site keeps but the studies themselves.
func TestPlantedIdentifiersStayOutOfLogsAndRecords(t *testing.T) {
	l := lodge(t, shareRules, answered(t))
	root := t.TempDir()
	studies := planted.Sow(t, root)
	if _, err := l.inbox.Import(t.Context(), inbox.Origin{Way: inbox.WaySubmit}, root); err != nil {
		t.Fatal(err)
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		changed := l.book.Changed()
		counts, err := l.book.Counts()
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		for state, n := range counts {
			if !state.Open() {
				ended += n
			}
		}
		if ended == len(studies) {
			break
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Fatalf("%d of %d studies have come through: %v", ended, len(studies), counts)
		}
	}
	l.shut()
	finder := planted.NewFinder(studies)
	look := func(where string, data []byte) {
		for id := range finder.In(data) {
			t.Errorf("%s holds identifier %d of study %d", where, id.Plant, id.Study)
		}
	}
	look("the log", []byte(l.log()))
	looked := 0
	err := filepath.WalkDir(filepath.Join(l.home, "c"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(path, ".dcm") {
			return err
		}
		data, err := os.ReadFile(path)
		look(filepath.Base(path), data)
		looked++
		return err
	})
	if err != nil || looked < 8 {
		t.Errorf("%d files were looked at, %v", looked, err)
	}
}
