package agent

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/testdata"
)

// A reader's word is signed once, with the promise of the node whose result was read.
func TestAReadersWordIsSignedOnce(t *testing.T) {
	key, path := freshKey(t), filepath.Join(t.TempDir(), "state.db")
	copies := answers(classifier(), key.Address(), 0.9, 0.8)
	v := checker(t, path, canary.Rates{}, key)
	task := models.DigestOf([]byte("task"))
	for n := range copies {
		copies[n].signed.Receipt.Clinic = key.Address()
		copies[n].signed.Receipt.Task = models.DigestOf([]byte{byte(n)})
	}
	chosen := copies[1].signed
	node, promise := promiseTo(t, key.Address(), chosen.Receipt.Task, chosen.Receipt.Fence)
	chosen.Receipt.Node = node
	if own, err := v.whose(task); err != nil || own != task {
		t.Errorf("a task without copies is read as %s, %v", own.Short(), err)
	}
	for _, o := range []broker.Outcome{
		{Task: task, Result: []byte{1}, Receipt: chosen},
		{Task: task, Receipt: copies[0].signed}, // a restart after the delivery: the results are gone
		{Task: task, Result: []byte{1}},         // the clinic's own
	} {
		if err := v.chosen(o); err != nil {
			t.Fatal(err)
		}
	}
	if own, err := v.whose(task); err != nil || own != chosen.Receipt.Task {
		t.Errorf("the result that counts is that of %s, %v", own.Short(), err)
	}
	rejected := ReaderFeedback{Reason: attest.ReaderMissed}
	for range 2 {
		if err := v.read(task, rejected, chosen, promise, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.read(task, ReaderFeedback{Accepted: true}, chosen, promise, time.Now()); !errors.Is(err, ErrReadBefore) {
		t.Errorf("another word: %v", err)
	}
	_, list, err := v.waiting()
	if err != nil || len(list) != 1 {
		t.Fatalf("%d verdicts, %v", len(list), err)
	}
	said := list[0].Verdict
	if err := said.Verify(judgeDomain); err != nil || said.Verdict.Kind != attest.CheckReader || said.Verdict.Result != attest.JudgedInvalid ||
		said.Verdict.Reason != attest.ReaderMissed || said.Verdict.Node != node || *list[0].Receipt != chosen {
		t.Errorf("%+v, %v", said, err)
	}
}

func TestReadersSayWhy(t *testing.T) {
	for f, ok := range map[ReaderFeedback]bool{
		{Accepted: true}: true, {Reason: attest.ReaderOther}: true,
		{}: false, {Accepted: true, Reason: attest.ReaderOther}: false, {Reason: "because of mister smith"}: false,
	} {
		if err := f.validate(); (err == nil) != ok {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// The whole way: a node computes, a person rejects the delivered result, and
// the next epoch counts it for the node, whose work stays paid.
func TestAReadersWordReachesTheEpoch(t *testing.T) {
	home := t.TempDir()
	loopback, network := []string{"/ip4/127.0.0.1/tcp/0"}, NetworkPath(home)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	chain, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: network, Listen: "127.0.0.1:0"})
	must(err)
	t.Cleanup(func() { closing(t, chain.Close) })
	coordinator, err := StartCoordinator(t.Context(), CoordinatorConfig{
		State: CoordinatorState(home), NetworkPath: network, Network: chain.Network(), Listen: loopback, ChallengeEvery: time.Hour,
	})
	must(err)
	t.Cleanup(func() { closing(t, coordinator.Close) })
	n, err := ReadNetwork(network)
	must(err)
	node, err := StartNode(t.Context(), NodeConfig{
		Name: "node", State: NodeState(home, "node"), Listen: loopback, Network: n, Jurisdiction: "DE", PriceGwei: 1, Provider: "cpu",
		MemoryBytes: 2 << 30, ProbeDuration: 200 * time.Millisecond,
	})
	must(err)
	t.Cleanup(func() { closing(t, node.Close) })
	clinic, err := StartClinic(t.Context(), ClinicConfig{
		Name: "clinic", State: ClinicState(home, "clinic"), Listen: loopback, Network: n, Log: slog.New(slog.DiscardHandler),
	})
	must(err)
	t.Cleanup(func() { closing(t, clinic.Close) })
	study := filepath.Join(home, "study.zip")
	must(os.WriteFile(study, testdata.SmallStudy(), 0o600))
	report, err := clinic.Submit(t.Context(), Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: 5 * time.Minute,
	})
	must(err)

	stated, err := clinic.Read(t.Context(), report.Task, ReaderFeedback{Reason: attest.ReaderOutline})
	must(err)
	if !stated {
		t.Fatal("the word stays at the clinic, though a node computed the result")
	}
	if _, err := clinic.Read(t.Context(), report.Task, ReaderFeedback{Accepted: true}); !errors.Is(err, ErrReadBefore) {
		t.Errorf("a second, other word is taken: %v", err)
	}
	if _, err := clinic.Read(t.Context(), models.DigestOf([]byte("none")), ReaderFeedback{Accepted: true}); !errors.Is(err, broker.ErrUnknownTask) {
		t.Errorf("a task that is none: %v", err)
	}
	must(coordinator.AwaitReceipt(t.Context(), report.Receipt.Receipt))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for owed := 1; owed > 0; <-tick.C {
		_, list, err := clinic.checks.waiting()
		must(err)
		if owed = len(list); t.Context().Err() != nil {
			t.Fatal("the coordinator never took the word")
		}
	}
	_, err = coordinator.CloseEpoch(t.Context())
	must(err)
	bundle, err := epoch.Archive(coordinator.EpochsFolder()).Latest()
	must(err)
	if v := bundle.Inputs.Window.Verdicts; len(v) != 1 || v[0].Verdict.Kind != attest.CheckReader {
		t.Fatalf("the epoch holds %+v", v)
	}
	if l := bundle.Summary.Lines[0]; l.Read != 1 || l.Rejected != 1 || l.Accepted != 1 {
		t.Errorf("the node's line: %+v", l.Line)
	}
}
