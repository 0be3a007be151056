package agent

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/worker"
	"github.com/medhive/medhive/testdata"
)

// TestMain lets the test binary be the runner and the measuring process that a node
// starts, and the reader that a clinic starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "reader" {
		if err := clinic.Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == MeasureCommand {
		if err := hwprobe.Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == ProveCommand {
		if err := challenge.Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == NVMLCommand {
		os.Exit(1) // the tests ask no driver
	}
	if len(os.Args) > 1 && os.Args[1] == "runner" {
		if err := runner.Main(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// tap keeps every byte that goes out on a host's streams, before encryption.
type tap struct {
	host.Host

	mu   sync.Mutex // guards sent
	sent bytes.Buffer
}

func (t *tap) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := t.Host.NewStream(ctx, p, ids...)
	if err != nil {
		return nil, err
	}
	return &tappedStream{s, t}, nil
}

func (t *tap) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	t.Host.SetStreamHandler(id, func(s network.Stream) { handle(&tappedStream{s, t}) })
}

func (t *tap) SetStreamHandlerMatch(id protocol.ID, match func(protocol.ID) bool, handle network.StreamHandler) {
	t.Host.SetStreamHandlerMatch(id, match, func(s network.Stream) { handle(&tappedStream{s, t}) })
}

type tappedStream struct {
	network.Stream
	tap *tap
}

func (s *tappedStream) Write(p []byte) (int, error) {
	s.tap.mu.Lock()
	s.tap.sent.Write(p)
	s.tap.mu.Unlock()
	return s.Stream.Write(p)
}

// witness runs jobs as the node does and keeps the plaintext that it was given.
type witness struct {
	executor
	mu       sync.Mutex // guards payloads
	payloads [][]byte
}

func (w *witness) Execute(ctx context.Context, job worker.Job, progress func(string, float64)) (worker.Output, error) {
	w.mu.Lock()
	w.payloads = append(w.payloads, bytes.Clone(job.Payload))
	w.mu.Unlock()
	return w.executor.Execute(ctx, job, progress)
}

// rolelog collects everything that the roles log.
type rolelog struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *rolelog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// wired is a network of a clinic and a node in this process, whose wire is tapped.
type wired struct {
	home   string
	clinic *Clinic
	others struct {
		node        *Node
		coordinator *Coordinator
	}
	wire *tap     // what leaves the clinic
	seen *witness // what the node opens
	book *rolelog // what all roles log
}

func startWired(t *testing.T) *wired {
	t.Helper()
	w, conf := startAround(t)
	var err error
	if w.clinic, err = StartClinic(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, w.clinic.Close) })
	return w
}

// startAround starts all but the clinic, whose wire the configuration taps.
func startAround(t *testing.T) (*wired, ClinicConfig) {
	t.Helper()
	return startAroundWith(t, func(*NodeConfig) {})
}

// startAroundWith starts all but the clinic, with a node that change may set otherwise.
func startAroundWith(t *testing.T, change func(*NodeConfig)) (*wired, ClinicConfig) {
	t.Helper()
	w := &wired{home: t.TempDir(), seen: &witness{}, book: &rolelog{}}
	log := slog.New(slog.NewTextHandler(w.book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	loopback := []string{"/ip4/127.0.0.1/tcp/0"}
	network := NetworkPath(w.home)

	chain, err := StartChain(t.Context(), ChainConfig{Home: w.home, NetworkPath: network, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, chain.Close) })
	coordinator, err := StartCoordinator(t.Context(), CoordinatorConfig{
		State: CoordinatorState(w.home), NetworkPath: network, Network: chain.Network(), Listen: loopback, ChallengeEvery: time.Hour, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, coordinator.Close) })
	n, err := ReadNetwork(network)
	if err != nil {
		t.Fatal(err)
	}
	conf := NodeConfig{
		Name: "node", State: NodeState(w.home, "node"), Listen: loopback, Network: n, Jurisdiction: "DE", PriceGwei: 1, Provider: "cpu",
		MemoryBytes: 2 << 30, ProbeDuration: 200 * time.Millisecond, Log: log,
	}
	change(&conf)
	node, err := startNode(t.Context(), conf, func(e executor) worker.Executor { w.seen.executor = e; return w.seen })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, node.Close) })
	w.others.node, w.others.coordinator = node, coordinator
	return w, ClinicConfig{
		Name: "clinic", State: ClinicState(w.home, "clinic"), Listen: loopback, Network: n, Log: log,
		dress: func(h host.Host) host.Host { w.wire = &tap{Host: h}; return w.wire },
	}
}

func TestNothingThatIdentifiesThePatientLeavesTheClinic(t *testing.T) {
	w := startWired(t)
	home, clinic, wire, seen, book := w.home, w.clinic, w.wire, w.seen, w.book
	study := filepath.Join(home, "t1-study.zip")
	if err := os.WriteFile(study, testdata.T1Study(), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := clinic.Submit(t.Context(), Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: 3 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	wire.mu.Lock()
	defer wire.mu.Unlock()
	if wire.sent.Len() < 1<<20 || len(seen.payloads) != 1 || len(seen.payloads[0]) < 1<<20 {
		t.Fatalf("captured %d bytes of streams and %d payloads: the tap missed the study", wire.sent.Len(), len(seen.payloads))
	}
	places := map[string][]byte{"streams": wire.sent.Bytes(), "payload": seen.payloads[0], "logs": book.text.Bytes()}
	for name, data := range places {
		for _, found := range identifiersIn(t, data) {
			t.Errorf("%s hold the patient's %s", name, found)
		}
	}
	seg, err := os.ReadFile(filepath.Join(report.Folder, "seg.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	if len(identifiersIn(t, seg)) == 0 {
		t.Error("the delivered segmentation holds no identifier at all: identity was not restored, or the search finds nothing")
	}
}

// identifiersIn names the planted identifiers that data holds, in any of their
// forms and in any case.
func identifiersIn(t *testing.T, data []byte) (found []string) {
	t.Helper()
	planted, err := testdata.Identifiers()
	if err != nil {
		t.Fatal(err)
	}
	lower := bytes.ToLower(data)
	for _, id := range planted {
		for _, form := range id.Bytes {
			if bytes.Contains(data, form) || bytes.Contains(lower, bytes.ToLower(form)) {
				found = append(found, id.Attribute)
				break
			}
		}
		if wide := utf16(id.Text); bytes.Contains(data, wide) {
			found = append(found, id.Attribute+" in UTF-16")
		}
	}
	return found
}

// utf16 is the little-endian form of a text of the basic plane.
func utf16(text string) []byte {
	var wide []byte
	for _, r := range strings.ToValidUTF8(text, "") {
		wide = append(wide, byte(r), byte(r>>8))
	}
	return wide
}

func closing(t *testing.T, end func() error) {
	t.Helper()
	if err := end(); err != nil {
		t.Error(err)
	}
}
