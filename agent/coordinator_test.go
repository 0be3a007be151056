package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/attest/uptime"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/models"
)

// prompt is how long a coordinator may take to end; the chain's own limit on a
// request is four times that.
const prompt = 5 * time.Second

// gate stands before the chain's RPC and can be shut: requests hang in it then.
type gate struct {
	url     string
	shut    atomic.Bool
	arrived chan struct{} // gets one when a request hangs
}

func newGate(t *testing.T, rpc string) *gate {
	t.Helper()
	behind, err := url.Parse(rpc)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{arrived: make(chan struct{}, 1)}
	through := httputil.NewSingleHostReverseProxy(behind)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.shut.Load() {
			through.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the asker gave up
		select {
		case g.arrived <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// village is a development chain behind a gate, and a coordinator.
type village struct {
	*Coordinator
	t     *testing.T
	home  string
	chain *Chain
	gate  *gate
	conf  CoordinatorConfig
	log   *rolelog
}

func newVillage(t *testing.T, challengeEvery time.Duration) *village {
	t.Helper()
	v := &village{t: t, home: t.TempDir(), log: &rolelog{}}
	path := NetworkPath(v.home)
	var err error
	v.chain, err = StartChain(t.Context(), ChainConfig{Home: v.home, NetworkPath: path, Listen: "127.0.0.1:0"})
	v.must(err)
	t.Cleanup(func() { closing(t, v.chain.Close) })
	n := v.chain.Network()
	v.gate = newGate(t, n.RPC)
	n.RPC = v.gate.url
	v.conf = CoordinatorConfig{
		State: CoordinatorState(v.home), NetworkPath: path, Network: n, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Regions: []string{"DE"},
		ChallengeEvery: challengeEvery, Log: slog.New(slog.NewTextHandler(v.log, nil)),
	}
	v.open()
	t.Cleanup(func() {
		if v.Coordinator != nil {
			closing(t, v.Close)
		}
	})
	return v
}

func (v *village) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *village) open() {
	v.t.Helper()
	var err error
	v.Coordinator, err = StartCoordinator(v.t.Context(), v.conf)
	v.must(err)
}

// end closes the coordinator and says how long that took.
func (v *village) end() time.Duration {
	v.t.Helper()
	begun := time.Now()
	v.must(v.Close())
	v.Coordinator = nil
	return time.Since(begun)
}

// forget makes the next look at the registry go to the chain.
func (v *village) forget() {
	v.registry.mu.Lock()
	defer v.registry.mu.Unlock()
	v.registry.taken = time.Time{}
}

// villager is a party with a key and a host.
type villager struct {
	v    *village
	dir  string
	key  *identity.Key
	host host.Host
}

func (v *village) villager() *villager {
	v.t.Helper()
	key, err := identity.Generate()
	v.must(err)
	h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
	v.must(err)
	v.t.Cleanup(func() { closing(v.t, h.Close) })
	return &villager{v, v.t.TempDir(), key, h}
}

// connect dials the coordinator, as it is now.
func (p *villager) connect() {
	p.v.t.Helper()
	p.v.must(p.host.Connect(p.v.t.Context(), peer.AddrInfo{ID: p.v.host.ID(), Addrs: p.v.host.Addrs()}))
}

// register enters the villager as a node.
func (p *villager) register() {
	p.v.t.Helper()
	_, err := enrol(p.v.t.Context(), p.v.Coordinator.chain, NodeConfig{
		State: p.dir, Network: p.v.chain.Network(), Jurisdiction: "DE", Log: quiet(nil),
	}, p.key, nil)
	p.v.must(err)
}

// machine is the villager's profile.
func (p *villager) machine() hwprobe.Profile { return claiming(p.key.Address(), 50) }

// answer lets the villager answer challenges.
func (p *villager) answer() {
	p.v.t.Helper()
	db, err := bolt.Open(filepath.Join(p.dir, "node.db"), 0o600, nil)
	p.v.must(err)
	p.v.t.Cleanup(func() { closing(p.v.t, db.Close) })
	sequence, err := uptime.NewBoltSequence(db)
	p.v.must(err)
	responder, err := uptime.NewResponder(uptime.ResponderOptions{
		Key: p.key.ECDSA(), Domain: p.v.conf.Network.Domain(), Sequence: sequence, Load: func() uint32 { return 0 },
		Profile: func() models.Digest { return p.machine().Digest() }, Allow: func(peer.ID) bool { return true },
	})
	p.v.must(err)
	responder.Start(p.host)
	p.v.t.Cleanup(responder.Close)
}

func (p *villager) profile() error {
	p.v.t.Helper()
	machine := p.machine()
	raw, err := json.Marshal(machine)
	p.v.must(err)
	signed, err := signProfile(p.key.ECDSA(), p.v.conf.Network.Domain(), attest.ProfileStatement{Node: p.key.Address(), ProfileDigest: machine.Digest(), Profile: raw, At: time.Now()})
	p.v.must(err)
	return p.submit(func(ctx context.Context) error { return intake.Submit(ctx, p.host, p.v.host.ID(), signed) })
}

// work submits a receipt that a clinic has accepted.
func (p *villager) work(task string) error {
	p.v.t.Helper()
	s := p.receipt(task)
	return p.submit(func(ctx context.Context) error { return intake.Submit(ctx, p.host, p.v.host.ID(), s) })
}

// receipt is one that a clinic of its own has accepted.
func (p *villager) receipt(task string) attest.SignedReceipt {
	p.v.t.Helper()
	clinic, err := identity.Generate()
	p.v.must(err)
	now, domain := time.Now(), p.v.conf.Network.Domain()
	r := attest.Receipt{
		Task: models.DigestOf([]byte(task)), Fence: 1, Node: p.key.Address(), Clinic: clinic.Address(),
		RequestHash: models.DigestOf([]byte("request")), ManifestDigest: models.DigestOf([]byte("manifest")),
		WeightsDigest: models.DigestOf([]byte("weights")), Provider: "cpu", Runtime: "onnxruntime 1.30.0",
		OutputHash: models.DigestOf([]byte("output")), StartedAt: now.Add(-time.Second), FinishedAt: now,
		Deadline: now.Add(time.Minute), EnergyBasis: hwprobe.Unmeasured, PriceGwei: 1,
	}
	s := attest.SignedReceipt{Receipt: r, Acceptance: attest.Acceptance{Receipt: r.Hash(domain), Accepted: true, At: now}}
	s.NodeSig, err = attest.Sign(r.Hash(domain), p.key.ECDSA())
	p.v.must(err)
	s.ClinicSig, err = attest.Sign(s.Acceptance.Hash(domain), clinic.ECDSA())
	p.v.must(err)
	return s
}

// submit sends until the coordinator has said yes or no.
func (p *villager) submit(send func(context.Context) error) error {
	ticker := time.NewTicker(registryPause / 4)
	defer ticker.Stop()
	for {
		if err := send(p.v.t.Context()); !errors.Is(err, intake.ErrBusy) {
			return err
		}
		<-ticker.C
	}
}

// veto refuses the pending root as the guardian does.
func (v *village) veto() {
	v.t.Helper()
	ctx, client := v.t.Context(), v.Coordinator.chain
	faucet, err := v.conf.Network.developmentKey("faucet.key")
	v.must(err)
	guardian, err := v.conf.Network.developmentKey("guardian.key")
	v.must(err)
	_, err = client.Fund(ctx, faucet, guardian.Address(), devEther())
	v.must(err)
	pending, err := client.PendingRoot(ctx)
	v.must(err)
	_, err = client.Veto(ctx, guardian, pending.Root)
	v.must(err)
}

func TestAVetoDoesNotStopTheCoordinator(t *testing.T) {
	v := newVillage(t, time.Hour)
	node := v.villager()
	node.register()
	node.answer()
	node.connect()
	v.must(node.profile())
	v.must(node.work("the first study"))
	v.must(v.ChallengeAll(t.Context()))
	_, err := v.chain.Advance(t.Context(), time.Hour)
	v.must(err)
	first, err := v.CloseEpoch(t.Context())
	v.must(err)
	v.veto()
	v.end()

	v.open()
	v.log.mu.Lock()
	said := v.log.text.String()
	v.log.mu.Unlock()
	if !strings.Contains(said, "level=ERROR") || !strings.Contains(said, "guardian refused this root") || !strings.Contains(said, "find out why") {
		t.Errorf("the start does not tell of the veto and what to do:\n%s", said)
	}
	node.connect()
	v.must(node.work("the second study"))
	_, err = v.chain.Advance(t.Context(), time.Hour)
	v.must(err)
	second, err := v.CloseEpoch(t.Context())
	v.must(err)
	pending, err := v.Coordinator.chain.PendingRoot(t.Context())
	v.must(err)
	if first.Number != 1 || second.Number != 2 || pending.Epoch != 2 || second.Receipts != 2 { // the vetoed epoch's receipt counts again
		t.Errorf("epochs %d and %d with %d receipts; the chain's root is of epoch %d", first.Number, second.Number, second.Receipts, pending.Epoch)
	}
	v.verifies(first, second)
}

// verifies recomputes what was published: two epochs, of which the chain holds the
// second.
func (v *village) verifies(first, second EpochReport) {
	v.t.Helper()
	ctx, n := v.t.Context(), v.chain.Network()
	if !IsArchive(v.EpochsFolder()) || IsArchive(first.Folder) || IsArchive(v.home) {
		v.t.Error("an archive is taken for one epoch, or the other way round")
	}
	all, err := VerifyArchive(ctx, v.EpochsFolder(), &n)
	v.must(err)
	if len(all.Differences) > 0 || !slices.Equal(all.Epochs, []EpochReport{first, second}) || !slices.Equal(all.OnChain, []uint64{2}) {
		v.t.Errorf("the archive: %+v", all)
	}
	vetoed, err := VerifyEpoch(ctx, first.Folder, &n)
	v.must(err)
	if len(vetoed.Differences) > 0 || len(vetoed.OnChain) > 0 || len(vetoed.Chain) != 1 || !strings.Contains(vetoed.Chain[0], "is of epoch 2") {
		v.t.Errorf("the vetoed epoch: %+v", vetoed)
	}
	one, err := VerifyEpoch(ctx, second.Folder, nil)
	v.must(err)
	if given := strings.Join(one.Given, "; "); strings.Contains(given, "after epoch") || !strings.Contains(given, "registry") || !strings.Contains(given, "pool of") {
		v.t.Errorf("taken as given: %s", given)
	}
	forge(v.t, second.Folder)
	all, err = VerifyArchive(ctx, v.EpochsFolder(), &n)
	v.must(err)
	if len(all.Differences) != 1 || !strings.Contains(all.Differences[0], "epoch 2 line") {
		v.t.Errorf("a forged line: %v", all.Differences)
	}
}

// forge changes a figure of a published epoch.
func forge(t *testing.T, folder string) {
	t.Helper()
	path := filepath.Join(folder, epoch.SummaryFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte(`"asked": `), []byte(`"asked": 1`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherRootOnChainIsADifference(t *testing.T) {
	root := chain.Root{Epoch: 3, Root: [32]byte{1}, DatasetHash: [32]byte{2}}
	head := epoch.Summary{Number: 3, ChainID: 7, Root: root.Root, DatasetHash: root.DatasetHash}
	network := Network{Contracts: chain.Addresses{ChainID: 7}}
	for name, test := range map[string]struct {
		alter func(*epoch.Summary)
		says  string
	}{
		"none":              {func(*epoch.Summary) {}, ""},
		"another root":      {func(s *epoch.Summary) { s.Root[0]++ }, "epoch 3 root on chain (active)"},
		"another data set":  {func(s *epoch.Summary) { s.DatasetHash[0]++ }, "dataset_hash"},
		"of another chain":  {func(s *epoch.Summary) { s.ChainID++ }, "chain_id"},
		"of another market": {func(s *epoch.Summary) { s.Registry[0]++ }, "registry"},
	} {
		w, mine := newWalk("epochs"), head
		test.alter(&mine)
		w.heads[3] = mine
		w.network = network
		w.hold(root, "active")
		found := strings.Join(w.verdict.Differences, "; ")
		if !strings.Contains(found, test.says) || (found == "") != (test.says == "") || !slices.Equal(w.verdict.OnChain, []uint64{3}) {
			t.Errorf("%s: %q", name, found)
		}
	}
}

func TestAStrangerIsRefusedAndComesBackRegistered(t *testing.T) {
	v := newVillage(t, time.Hour)
	node := v.villager()
	node.connect()
	if err := node.profile(); !refusedByName(err, node.key.Address()) {
		t.Fatalf("a stranger's profile: %v", err)
	}
	node.register()
	v.must(node.profile())
	v.must(node.work("a study"))
}

func TestCloseDoesNotWaitForAChainThatHangs(t *testing.T) {
	v := newVillage(t, 20*time.Millisecond)
	v.gate.shut.Store(true)
	v.forget()
	<-v.gate.arrived
	if took := v.end(); took > prompt {
		t.Errorf("close took %v", took)
	}
}

func TestAStartThatNobodyWaitsForEnds(t *testing.T) {
	v := newVillage(t, time.Hour)
	v.end()
	v.gate.shut.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := StartCoordinator(ctx, v.conf)
		ended <- err
	}()
	<-v.gate.arrived
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it started all the same")
		}
	case <-time.After(prompt):
		t.Fatal("the start goes on")
	}
	v.gate.shut.Store(false)
	v.open() // nothing was left locked
}

func TestARunningCoordinatorOutlivesTheContextOfItsStart(t *testing.T) {
	v := newVillage(t, time.Hour)
	v.end()
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	v.Coordinator, err = StartCoordinator(ctx, v.conf)
	cancel()
	v.must(err)
	node := v.villager()
	node.connect()
	node.register()
	v.must(node.profile())
}

func TestALostDiskEndsTheRole(t *testing.T) {
	v := newVillage(t, 20*time.Millisecond)
	node := v.villager()
	node.register()
	node.connect()
	v.must(v.db.Close())
	v.forget()
	select {
	case err := <-v.Done():
		if err == nil || !strings.Contains(err.Error(), "check the coordinator's disk") {
			t.Errorf("reason: %v", err)
		}
	case <-time.After(4 * prompt):
		t.Fatal("nobody is told that outcomes are lost")
	}
}

func TestACoordinatorMustListenSomewhere(t *testing.T) {
	v := newVillage(t, time.Hour)
	v.end()
	v.conf.Listen = nil
	if _, err := StartCoordinator(t.Context(), v.conf); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("without an address: %v", err)
	}
}
