package site

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/testdata"
	"github.com/medhive/medhive/testdata/peers"
)

// TestMain lets the test binary be what a clinic and a node start: the confined reader, the
// runner and the measuring processes.
func TestMain(m *testing.M) {
	roles := map[string]func() error{
		"reader":             func() error { return clinic.Serve(os.Stdin, os.Stdout) },
		"runner":             func() error { return runner.Main(os.Stdin, os.Stdout) },
		agent.MeasureCommand: func() error { return hwprobe.Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }) },
		agent.ProveCommand:   func() error { return challenge.Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }) },
		agent.NVMLCommand:    func() error { return errors.New("the tests ask no driver") },
	}
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hospital is a site among the peers that hospitals have, and a market of one real node.
type hospital struct {
	*Site
	t    *testing.T
	home string
	who  agent.ClinicConfig
	port int // of the DICOM door
	said *bytes.Buffer
	lock *sync.Mutex

	store   *peers.Server  // storescp
	archive *peers.Archive // an Orthanc that is asked to commit itself
	web     *peers.Archive // an Orthanc that gets results by STOW-RS
	query   *peers.Server  // dcmqrscp
	records *recordKeeper  // FHIR
	fhir    string         // its address
	share   string         // a folder
	secure  peers.Certificates
}

// study is one of its own, with the pixels of the small study.
type study struct {
	uid    string
	folder string
}

// newHospital starts the peers and the market.
func newHospital(t *testing.T) *hospital {
	t.Helper()
	h := &hospital{t: t, home: t.TempDir(), port: peers.Port(t), said: &bytes.Buffer{}, lock: &sync.Mutex{}, secure: peers.NewCertificates(t)}
	h.share = filepath.Join(h.home, "share")
	for _, folder := range []string{h.share, filepath.Join(h.home, "drop")} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	us := peers.Destination{AETitle: "MEDHIVE", Port: h.port}
	var starting sync.WaitGroup
	starting.Go(func() { h.want(h.openMarket()) })
	h.store, h.query = peers.StoreSCP(t), peers.Dcmqrscp(t, us)
	h.archive, h.web = peers.Orthanc(t, us), peers.Orthanc(t)
	h.records = &recordKeeper{reports: map[string]map[string]any{}}
	keeper := httptest.NewServer(h.records)
	t.Cleanup(keeper.Close)
	h.fhir = keeper.URL + "/fhir"
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return h
}

// want notes an error that there should not be.
func (h *hospital) want(err error) {
	if err != nil {
		h.t.Error(err)
	}
}

// openMarket starts a chain, a coordinator and a node.
func (h *hospital) openMarket() error {
	loopback, path := []string{"/ip4/127.0.0.1/tcp/0"}, agent.NetworkPath(h.home)
	log := slog.New(slog.DiscardHandler)
	chain, err := agent.StartChain(h.t.Context(), agent.ChainConfig{Home: h.home, NetworkPath: path, Listen: "127.0.0.1:0", Log: log})
	if err != nil {
		return err
	}
	h.t.Cleanup(func() { h.want(chain.Close()) })
	coordinator, err := agent.StartCoordinator(h.t.Context(), agent.CoordinatorConfig{
		State: agent.CoordinatorState(h.home), NetworkPath: path, Network: chain.Network(), Listen: loopback, ChallengeEvery: time.Hour, Log: log,
	})
	if err != nil {
		return err
	}
	h.t.Cleanup(func() { h.want(coordinator.Close()) })
	network, err := agent.ReadNetwork(path)
	if err != nil {
		return err
	}
	node, err := agent.StartNode(h.t.Context(), agent.NodeConfig{
		Name: "node", State: agent.NodeState(h.home, "node"), Listen: loopback, Network: network, Jurisdiction: "DE", PriceGwei: 1000, Provider: "cpu",
		MemoryBytes: 2 << 30, Promise: time.Minute, Queue: len(ways), ProbeDuration: 200 * time.Millisecond, Log: log,
	})
	if err != nil {
		return err
	}
	h.t.Cleanup(func() { h.want(node.Close()) })
	h.who = agent.ClinicConfig{
		Name: "clinic", State: agent.ClinicState(h.home, "clinic"), Listen: loopback, Network: network,
		Log: slog.New(slog.NewTextHandler(locked{h.lock, h.said}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	return nil
}

// open starts the site with a DICOM door of the given kind.
func (h *hospital) open(door TLS) {
	h.t.Helper()
	conf, err := Parse(fmt.Sprintf(`[intake]
quiet = "600ms"
keep-free-gib = 0
[dicom]
listen = "127.0.0.1:%d"
[web]
listen = "127.0.0.1:0"
[[watch]]
folder = "drop"
every = "200ms"
[[archive]]
name = "orthanc"
address = %q
called-ae = "ORTHANC"
[[archive]]
name = "dcmqrscp"
address = %q
called-ae = "TESTPACS"
[[archive]]
name = "wado"
url = %q
[[destination]]
name = "storescp"
kind = "dicom"
address = %q
called-ae = "STORESCP"
[[destination]]
name = "committing"
kind = "dicom"
address = %q
called-ae = "ORTHANC"
commit = true
[[destination]]
name = "web"
kind = "stow"
url = %q
[[destination]]
name = "share"
kind = "folder"
folder = "share"
[[destination]]
name = "fhir"
kind = "fhir"
url = %q
`, h.port, h.archive.Address, h.query.Address, h.archive.Web, h.store.Address, h.archive.Address, h.web.Web, h.fhir))
	if err != nil {
		h.t.Fatal(err)
	}
	conf.DICOM.TLS = door
	conf.resolve(h.home)
	rules := `[[rule]]
name = "brain"
match = { modality = ["MR"] }
model = "t1-tissue"
destinations = ["storescp", "committing", "web", "share", "fhir"]
forms = ["seg", "sr", "sc", "pdf", "fhir"]
`
	if err := os.WriteFile(conf.Rules, []byte(rules), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if h.Site, err = Start(h.t.Context(), h.who, conf); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if h.Site != nil {
			h.shut()
		}
	})
}

func (h *hospital) shut() {
	h.t.Helper()
	h.want(h.Close())
	h.Site = nil
}

// saysNothing wants that the log names no patient, study or folder.
func (h *hospital) saysNothing() {
	h.t.Helper()
	planted, err := testdata.Identifiers()
	if err != nil {
		h.t.Fatal(err)
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.said.Len() == 0 {
		h.t.Fatal("there is no log")
	}
	for _, id := range planted {
		for _, form := range id.Bytes {
			if bytes.Contains(h.said.Bytes(), form) {
				h.t.Errorf("the log holds the %s", id.Attribute)
			}
		}
	}
	for _, secret := range []string{uidRoot, h.home} {
		if strings.Contains(h.said.String(), secret) {
			h.t.Errorf("the log holds %q", secret)
		}
	}
}

// uidRoot begins the UIDs of the small study, and uidOwn ends it.
const (
	uidRoot = "1.3.6.1.4.1.32473.20240311."
	uidOwn  = "142233"
)

// sibling is study n: the small one with UIDs of its own.
func (h *hospital) sibling(n int) study {
	h.t.Helper()
	own := fmt.Sprintf("1422%02d", 40+n)
	s := study{uid: uidRoot + own + ".1000", folder: h.t.TempDir()}
	data := testdata.SmallStudy()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		h.t.Fatal(err)
	}
	for n, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			h.t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			h.t.Fatal(err)
		}
		content = bytes.ReplaceAll(content, []byte(uidRoot+uidOwn), []byte(uidRoot+own))
		if err := os.WriteFile(filepath.Join(s.folder, fmt.Sprintf("%03d.dcm", n)), content, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	return s
}

// read gives the files of a folder.
func (h *hospital) read(folder string) (files [][]byte) {
	h.t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			h.t.Fatal(err)
		}
		files = append(files, data)
	}
	return files
}

func (h *hospital) tool(name string, args ...string) {
	h.t.Helper()
	if out, err := peers.Run(h.t, name, args...); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
}

func (h *hospital) imports(path string) {
	h.t.Helper()
	if got, err := h.inbox.Import(h.t.Context(), inbox.Origin{Way: inbox.WaySubmit}, path); err != nil || len(got.Studies) != 1 || got.Refused+got.Foreign > 0 {
		h.t.Fatalf("import: %+v, %v", got, err)
	}
}

func (h *hospital) fetches(s study, from string) {
	h.t.Helper()
	if got, err := h.Fetch(h.t.Context(), s.uid, from); err != nil || got.Instances != len(h.read(s.folder)) {
		h.t.Fatalf("fetch from %s: %+v, %v", from, got, err)
	}
}

// lookUp is an Orthanc's own id of a study.
func (h *hospital) lookUp(archive *peers.Archive, uid string) string {
	h.t.Helper()
	var found []struct{ ID, Type string }
	if err := json.Unmarshal(archive.Ask(h.t, http.MethodPost, "tools/lookup", uid), &found); err != nil || len(found) != 1 || found[0].Type != "Study" {
		h.t.Fatalf("Orthanc finds %+v, %v", found, err)
	}
	return found[0].ID
}

// await waits until a study's only case is as wanted.
func (h *hospital) await(s study, wanted func(worklist.State) bool) worklist.Case {
	h.t.Helper()
	limit := time.NewTimer(wayPatience)
	defer limit.Stop()
	for {
		changed := h.book.Changed()
		list, err := h.book.List(worklist.Filter{StudyUID: s.uid})
		if err != nil {
			h.t.Fatal(err)
		}
		if len(list) == 1 && wanted(list[0].State) {
			return list[0]
		}
		select {
		case <-changed:
		case <-limit.C:
			deliveries, err := h.Deliveries(100)
			h.t.Fatalf("study %s: %+v\n%+v %v", s.uid, list, deliveries, err)
		}
	}
}
