package agent

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

// forger runs jobs as a node does, but on half of each image: its results are consistent,
// and wrong.
type forger struct{ worker.Executor }

func (f forger) Execute(ctx context.Context, job worker.Job, progress func(string, float64)) (worker.Output, error) {
	half, err := halved(job.Payload)
	if err != nil {
		return worker.Output{}, err
	}
	job.Payload = half
	return f.Executor.Execute(ctx, job, progress)
}

// unpackExample writes the reference model's example, a small part of a head, as a study.
func unpackExample(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join("..", "models", "reference", "example.tar"))
	if err != nil {
		return err
	}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		file, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(h.Name)), file, 0o600); err != nil {
			return err
		}
	}
}

// halved blackens the last third of each file of a study, where its pixels are.
func halved(study []byte) ([]byte, error) {
	var out bytes.Buffer
	r, w := tar.NewReader(bytes.NewReader(study)), tar.NewWriter(&out)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.Bytes(), w.Close()
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		clear(data[len(data)-len(data)/3:])
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
}

// hospital is a network of an honest node and one that lies, with a coordinator that checks.
type hospital struct {
	t           *testing.T
	home        string
	network     Network
	coordinator *Coordinator
	manifest    models.Digest // of the model
	honest, bad common.Address
	log         *slog.Logger
}

func newHospital(t *testing.T) *hospital {
	t.Helper()
	h := &hospital{t: t, home: t.TempDir(), log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))}
	loopback := []string{"/ip4/127.0.0.1/tcp/0"}
	path := NetworkPath(h.home)
	chain, err := StartChain(t.Context(), ChainConfig{Home: h.home, NetworkPath: path, Listen: "127.0.0.1:0"})
	h.must(err)
	t.Cleanup(func() { closing(t, chain.Close) })
	studies := filepath.Join(h.home, "studies")
	h.must(unpackExample(filepath.Join(studies, "head")))
	h.must(os.WriteFile(filepath.Join(studies, "a note.txt"), []byte("no study"), 0o600))
	h.coordinator, err = StartCoordinator(t.Context(), CoordinatorConfig{
		State: CoordinatorState(h.home), NetworkPath: path, Network: chain.Network(), Listen: loopback, ChallengeEvery: time.Hour, Regions: []string{"DE"},
		Canaries: studies, CanaryEvery: time.Millisecond, CanaryListen: loopback, Rechecks: true, Log: h.log,
		CanaryLife: 1, canaryLinger: time.Nanosecond,
	})
	h.must(err)
	t.Cleanup(func() { closing(t, h.coordinator.Close) })
	h.network, err = ReadNetwork(path)
	h.must(err)
	catalog, err := OpenCatalog(h.home)
	h.must(err)
	pkg, err := catalog.Find("t1-tissue")
	h.must(err)
	h.manifest = pkg.ManifestDigest()
	h.honest = h.node("honest", func(e executor) worker.Executor { return e })
	h.bad = h.node("liar", func(e executor) worker.Executor { return forger{e} })
	return h
}

func (h *hospital) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hospital) node(name string, wrap func(executor) worker.Executor) common.Address {
	h.t.Helper()
	n, err := startNode(h.t.Context(), NodeConfig{
		Name: name, State: NodeState(h.home, name), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Network: h.network, Jurisdiction: "DE", PriceGwei: 1, Provider: "cpu",
		MemoryBytes: 2 << 30, ProbeDuration: 200 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	}, wrap)
	h.must(err)
	h.t.Cleanup(func() { closing(h.t, n.Close) })
	h.must(h.coordinator.AwaitNode(h.t.Context(), n.key.Address()))
	return n.key.Address()
}

func (h *hospital) key(node common.Address) canary.Key {
	return canary.Key{Node: node, Model: h.manifest, Provider: "cpu"}
}

// awaitHistory returns a node's record once it is what is wanted.
func (h *hospital) awaitHistory(node common.Address, wanted func(canary.History) bool) canary.History {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 4*time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		record, err := h.coordinator.canaries.book.history(h.key(node))
		h.must(err)
		if wanted(record) {
			return record
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			h.t.Fatalf("the record of %s is %+v", node, record)
		}
	}
}

// awaitReleased returns once no verdict is held back.
func (h *hospital) awaitReleased() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		keys, _, err := h.coordinator.canaries.book.held(0)
		h.must(err)
		if len(keys) == 0 {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			h.t.Fatalf("%d verdicts are still held back", len(keys))
		}
	}
}

// closed closes an epoch and returns its verdicts.
func (h *hospital) closed() []attest.SignedVerdict {
	h.t.Helper()
	_, err := h.coordinator.CloseEpoch(h.t.Context())
	h.must(err)
	bundle, err := epoch.Archive(h.coordinator.EpochsFolder()).Latest()
	h.must(err)
	return bundle.Inputs.Window.Verdicts
}

// A node that lies is found by a canary that a clinic of the coordinator's sends, with the
// figures and the evidence published; an honest one is found valid; a task is run again where
// its clinic allows it. The next epoch's canaries come from another name.
func TestCanariesAndRerunsTellHonestNodesFromLiars(t *testing.T) {
	h := newHospital(t)
	k := h.coordinator.canaries
	k.draw(dueCheck{Key: h.key(h.bad), At: time.Now()}) // both get it: the clinic is new, and compares all
	h.awaitHistory(h.honest, func(r canary.History) bool { return r.Valid > 0 && r.Invalid == 0 })
	h.awaitHistory(h.bad, func(r canary.History) bool { return r.Invalid > 0 && r.Valid == 0 })
	if spent := h.coordinator.Checked(); spent.Checks <= 0 || spent.Jobs != 0 {
		t.Errorf("canaries are accounted as %+v", spent)
	}
	for _, v := range h.closed() {
		if v.Verdict.Kind == attest.CheckCanary {
			t.Error("a verdict on a canary is published while its clinic's name is in use")
		}
	}
	h.awaitReleased() // the epoch was the last of its clinic's life
	first := map[common.Address]bool{}
	for _, v := range h.closed() {
		if v.Verdict.Kind == attest.CheckCanary {
			first[v.Verdict.Clinic] = true
			h.checkVerdict(v)
		}
	}
	if len(first) != 1 || first[h.coordinator.key.Address()] {
		t.Errorf("canaries came from %v; want one clinic that is not the coordinator", first)
	}

	clinic, err := StartClinic(t.Context(), ClinicConfig{
		Name: "clinic", State: ClinicState(h.home, "clinic"), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Network: h.network, Rechecks: true, Log: slog.New(slog.DiscardHandler),
	})
	h.must(err)
	t.Cleanup(func() { closing(t, clinic.Close) })
	study := filepath.Join(h.home, "studies", "head")
	report, err := clinic.Submit(t.Context(), Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(h.home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: 3 * time.Minute,
		Copying: scheduler.Replicated, Copies: 2,
	})
	h.must(err)
	if report.Verified == "" {
		t.Error("the report does not say that two results differ")
	}
	t.Log("the clinic says:", report.Verified)
	// The results differ, so the coordinator runs both again, and knows who is right.
	h.awaitHistory(h.honest, func(r canary.History) bool { return r.Valid > 1 && r.Invalid == 0 })
	h.awaitHistory(h.bad, func(r canary.History) bool { return r.Invalid > 1 && r.Valid == 0 })
	k.draw(dueCheck{Key: h.key(h.bad), At: time.Now()})
	h.awaitHistory(h.bad, func(r canary.History) bool { return r.Invalid > 2 && r.Valid == 0 })
	kinds := map[attest.CheckKind]int{}
	for _, v := range h.closed() {
		if v.Verdict.Kind == attest.CheckReplica && v.Verdict.Clinic != clinic.key.Address() {
			continue // a canary clinic compares as any clinic does
		}
		kinds[v.Verdict.Kind]++
	}
	h.awaitReleased()
	if counts := h.coordinator.Checks(); counts.Canaries.Made == 0 || counts.Reruns.Made != 2 || counts.Reruns.Drawn != 2 {
		t.Errorf("checks are counted as %+v", counts)
	}
	for _, v := range h.closed() {
		if v.Verdict.Kind != attest.CheckReplica {
			kinds[v.Verdict.Kind]++
		}
		if v.Verdict.Kind == attest.CheckCanary && first[v.Verdict.Clinic] {
			t.Error("a canary of the next epoch came from a name that was published")
		}
		if v.Verdict.Checker == h.coordinator.key.Address() {
			h.checkVerdict(v)
		}
	}
	if kinds[attest.CheckCanary] == 0 || kinds[attest.CheckRerun] != 2 || kinds[attest.CheckReplica] != 2 {
		t.Errorf("the epoch holds %v", kinds)
	}
	h.recheckEvidence()
}

// recheckEvidence wants anybody with the program to be able to judge the newest epoch's
// verdicts again, and to notice evidence that is not a verdict's.
func (h *hospital) recheckEvidence() {
	h.t.Helper()
	conf := EvidenceConfig{AuditConfig: AuditConfig{Network: h.network}, Home: h.home, Compute: true}
	canaries := 0
	look := func(v CheckedVerdict) error {
		if v.Kind == attest.CheckCanary {
			canaries++
		}
		if v.Kind == attest.CheckCanary && (v.Says != EvidenceHolds || !v.Computed) || v.Kind == attest.CheckRerun && v.Says != EvidenceUnverified {
			h.t.Errorf("the evidence of a %s %s: %s", v.Kind, v.Says, v.Detail)
		}
		return nil
	}
	if _, err := CheckEvidence(h.t.Context(), conf, look); err != nil || canaries == 0 {
		h.t.Errorf("%d canaries were judged again: %v", canaries, err)
	}
	conf.Node, conf.Compute = h.coordinator.key.Address(), false
	_, err := CheckEvidence(h.t.Context(), conf, func(v CheckedVerdict) error {
		h.t.Errorf("a verdict on %s was looked at, which nobody asked about", v.Node)
		return nil
	})
	h.must(err)
	conf.From = h.coordinator.EpochsFolder()
	if _, err := CheckEvidence(h.t.Context(), conf, nil); err == nil || !strings.Contains(err.Error(), "running coordinator") {
		h.t.Errorf("evidence from a folder: %v", err)
	}
}

// Evidence is a verdict's only if each of their parts is the same.
func TestEvidenceIsOfOneVerdict(t *testing.T) {
	v := attest.Verdict{Kind: attest.CheckCanary, Node: common.Address{1}, Clinic: common.Address{2}, Task: models.Digest{3}, Fence: 4, Receipt: [32]byte{5},
		Manifest: models.Digest{6}, Against: [32]byte{7}, Result: attest.JudgedInvalid, Figures: attest.Figures{DicePPM: 8}, Reason: "findings differ"}
	e := Evidence{Kind: v.Kind, Node: v.Node, Clinic: v.Clinic, Task: v.Task, Fence: v.Fence, Receipt: v.Receipt, Manifest: v.Manifest, Reference: v.Against,
		Result: v.Result, Figures: v.Figures, Reason: v.Reason}
	if !e.about(v) {
		t.Fatal("it is")
	}
	for name, alter := range map[string]func(*attest.Verdict){
		"kind": func(v *attest.Verdict) { v.Kind = attest.CheckRerun }, "node": func(v *attest.Verdict) { v.Node[0]++ }, "clinic": func(v *attest.Verdict) { v.Clinic[0]++ },
		"task": func(v *attest.Verdict) { v.Task[0]++ }, "fence": func(v *attest.Verdict) { v.Fence++ }, "receipt": func(v *attest.Verdict) { v.Receipt[0]++ },
		"manifest": func(v *attest.Verdict) { v.Manifest[0]++ }, "reference": func(v *attest.Verdict) { v.Against[0]++ }, "result": func(v *attest.Verdict) { v.Result = attest.JudgedValid },
		"figures": func(v *attest.Verdict) { v.Figures.Mismatched++ }, "reason": func(v *attest.Verdict) { v.Reason = "" },
	} {
		other := v
		if alter(&other); e.about(other) {
			t.Errorf("evidence of a verdict of another %s passes", name)
		}
	}
}

// stranger is somebody who is connected to the coordinator.
func (h *hospital) stranger() host.Host {
	h.t.Helper()
	key, err := identity.Generate()
	h.must(err)
	j, err := Reach{}.join(h.t.TempDir(), key, []string{"/ip4/127.0.0.1/tcp/0"}, h.network, p2p.Options{}, slog.New(slog.DiscardHandler))
	h.must(err)
	h.t.Cleanup(func() { closing(h.t, j.close) })
	h.must(j.host.Connect(h.t.Context(), j.peers[0]))
	return j.host
}

// checkVerdict wants a verdict of the coordinator's to be right, and its evidence to be
// there.
func (h *hospital) checkVerdict(v attest.SignedVerdict) {
	h.t.Helper()
	h.must(v.Verify(h.network.Domain()))
	want := attest.JudgedValid
	if v.Verdict.Node == h.bad {
		want = attest.JudgedInvalid
	}
	if v.Verdict.Result != want {
		h.t.Errorf("%s of %s is %s (%s)", v.Verdict.Kind, v.Verdict.Node, v.Verdict.Result, v.Verdict.Reason)
	}
	stranger := h.stranger()
	e, err := FetchEvidence(h.t.Context(), stranger, h.coordinator.host.ID(), v.Verdict.Evidence)
	h.must(err)
	if e.Node != v.Verdict.Node || e.Result != v.Verdict.Result || e.Receipt != v.Verdict.Receipt || (e.Findings != nil) != (v.Verdict.Kind == attest.CheckCanary) {
		h.t.Errorf("the evidence says %+v", e)
	}
	if v.Verdict.Kind == attest.CheckCanary {
		h.checkFiles(stranger, e)
	}
	if _, err := FetchEvidence(h.t.Context(), stranger, h.coordinator.host.ID(), [32]byte{1}); err == nil {
		h.t.Error("there is evidence under a hash that nobody named")
	}
}

// checkFiles wants anybody to be able to check a canary's verdict from what is given.
func (h *hospital) checkFiles(stranger host.Host, e Evidence) {
	h.t.Helper()
	fetch := func(hash [32]byte) []byte {
		data, err := FetchEvidenceFile(h.t.Context(), stranger, h.coordinator.host.ID(), hash)
		h.must(err)
		return data
	}
	study, answer, output := fetch(e.Study), fetch(e.Answer), fetch(e.Output)
	catalog, err := OpenCatalog(h.home)
	h.must(err)
	pkg, err := catalog.Find("t1-tissue")
	h.must(err)
	h.must(e.Check(pkg.Manifest, answer, output))
	if e.Reference != e.Answer || len(study) == 0 {
		h.t.Errorf("the evidence names %s as reference, %s as the right answer", e.Reference, e.Answer)
	}
	lie := e
	lie.Result = attest.JudgedValid
	if e.Result == attest.JudgedValid {
		lie.Result = attest.JudgedInvalid
	}
	if lie.Check(pkg.Manifest, answer, output) == nil || e.Check(pkg.Manifest, output, answer) == nil && e.Output != models.Digest(e.Answer) {
		h.t.Error("evidence that lies is believed")
	}
}

// Pauses are what a memoryless clock gives: never negative, bounded, growing with the draw.
func TestPauseOf(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := rapid.Float64Range(0, 0.999999).Draw(rt, "a"), rapid.Float64Range(0, 0.999999).Draw(rt, "b")
		const mean = time.Minute
		p, q := pauseOf(mean, min(a, b)), pauseOf(mean, max(a, b))
		if p < 0 || q < p || q > 10*mean {
			rt.Fatalf("%v, %v", p, q)
		}
	})
	sum := time.Duration(0)
	for n := range 1000 {
		sum += pauseOf(time.Minute, (float64(n)+0.5)/1000)
	}
	if mean := sum / 1000; mean < 58*time.Second || mean > 62*time.Second {
		t.Errorf("the mean is %v", mean)
	}
}
