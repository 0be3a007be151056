package intake

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

var testDomain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keyOf is a fixed key: the same name, the same key.
func keyOf(t testing.TB, name string) (*ecdsa.PrivateKey, common.Address) {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key, err := crypto.ToECDSA(seed[:])
	must(t, err)
	return key, crypto.PubkeyToAddress(key.PublicKey)
}

// receipt is a judged receipt. An empty reason is an acceptance.
func receipt(t testing.TB, task, node, clinic string, fence uint64, reason string) attest.SignedReceipt {
	t.Helper()
	nodeKey, nodeAddress := keyOf(t, node)
	clinicKey, clinicAddress := keyOf(t, clinic)
	start := time.UnixMilli(1_790_000_000_000).UTC()
	s := attest.SignedReceipt{Receipt: attest.Receipt{
		Task: models.DigestOf([]byte(task)), Fence: fence, Node: nodeAddress, Clinic: clinicAddress,
		RequestHash: models.DigestOf([]byte("request")), ManifestDigest: models.DigestOf([]byte("manifest")), WeightsDigest: models.DigestOf([]byte("weights")),
		Provider: "cpu", Runtime: "onnxruntime 1.30.0", OutputHash: models.DigestOf([]byte("output")),
		StartedAt: start, FinishedAt: start.Add(time.Second), EnergyBasis: "unmeasured",
	}}
	hash := s.Receipt.Hash(testDomain)
	var err error
	s.NodeSig, err = attest.Sign(hash, nodeKey)
	must(t, err)
	s.Acceptance = attest.Acceptance{Receipt: hash, Accepted: reason == "", Reason: reason, At: start.Add(2 * time.Second)}
	s.ClinicSig, err = attest.Sign(s.Acceptance.Hash(testDomain), clinicKey)
	must(t, err)
	return s
}

func profile(t testing.TB, node, body string, at int64) attest.SignedProfile {
	t.Helper()
	key, address := keyOf(t, node)
	s := attest.SignedProfile{Statement: attest.ProfileStatement{Node: address, ProfileDigest: models.DigestOf([]byte(body)), Profile: json.RawMessage(body), At: time.UnixMilli(at).UTC()}}
	var err error
	s.NodeSig, err = attest.Sign(s.Statement.Hash(testDomain), key)
	must(t, err)
	return s
}

// ownProfile is a readable profile of version 2 that names node.
func ownProfile(node common.Address) string {
	return fmt.Sprintf(`{"version":2,"mode":"brief","identity":{"node":%q,"trust":"software"},"tops":{"median":20},"watts":{"basis":"unmeasured"}}`, node.Hex())
}

func answered(t testing.TB, node string, seq uint64) attest.Challenge {
	t.Helper()
	key, address := keyOf(t, node)
	u := attest.Uptime{Node: address, Seq: seq, Nonce: [32]byte{byte(seq)}, At: time.UnixMilli(5).UTC()}
	sig, err := attest.Sign(u.Hash(testDomain), key)
	must(t, err)
	return attest.Challenge{Node: address, Nonce: u.Nonce, AskedAt: u.At, Outcome: attest.Answered, Answer: &attest.SignedUptime{Uptime: u, NodeSig: sig}}
}

func openStore(t testing.TB, path string) (*Bolt, *bbolt.DB) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	store, err := NewBolt(db)
	must(t, err)
	return store, db
}

func newHost(t testing.TB) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	must(t, err)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// door is a coordinator that serves, and a peer connected to it.
type door struct {
	store       *Bolt
	server      *Server
	peer        host.Host
	coordinator peer.ID
}

func openDoor(t testing.TB, opts Options) *door {
	t.Helper()
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	return openDoorOn(t, store, opts)
}

func openDoorOn(t testing.TB, store Store, opts Options) *door {
	t.Helper()
	coordinator, other := newHost(t), newHost(t)
	server := New(store, testDomain, opts)
	server.Start(coordinator)
	t.Cleanup(server.Close)
	must(t, other.Connect(t.Context(), peer.AddrInfo{ID: coordinator.ID(), Addrs: coordinator.Addrs()}))
	bolt, _ := store.(*Bolt)
	return &door{bolt, server, other, coordinator.ID()}
}

func (d *door) receipt(t testing.TB, s attest.SignedReceipt) error {
	return Submit(t.Context(), d.peer, d.coordinator, s)
}

func TestAnAcknowledgedStatementIsOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	d := openDoorOn(t, store, Options{})
	r, p := receipt(t, "scan", "node", "clinic", 1, ""), profile(t, "node", `{"version":1}`, 10)
	must(t, d.receipt(t, r))
	must(t, d.receipt(t, r)) // again: no error, not twice
	must(t, Submit(t.Context(), d.peer, d.coordinator, p))
	must(t, Submit(t.Context(), d.peer, d.coordinator, p))
	d.server.Close()
	must(t, db.Close())
	again, _ := openStore(t, path)
	w, err := again.Seal(1)
	must(t, err)
	if len(w.Receipts) != 1 || w.Receipts[0] != r || len(w.Profiles) != 1 {
		t.Fatalf("after a restart the window holds %d receipts and %d profiles", len(w.Receipts), len(w.Profiles))
	}
}

func TestTheServerRefusesByNameAndLivesOn(t *testing.T) {
	d := openDoor(t, Options{Burst: 1000})
	accepted := receipt(t, "scan", "node", "clinic", 2, "")
	must(t, d.receipt(t, accepted))
	disputed := receipt(t, "scan 2", "node", "clinic", 1, "empty output")
	must(t, d.receipt(t, disputed))

	forged := receipt(t, "scan 3", "node", "clinic", 1, "")
	forged.NodeSig = receipt(t, "scan 3", "mallory", "clinic", 1, "").NodeSig
	tampered := receipt(t, "scan 4", "node", "clinic", 1, "")
	tampered.Receipt.OutputHash[3]++
	uncountersigned := receipt(t, "scan 5", "node", "clinic", 1, "")
	uncountersigned.ClinicSig = uncountersigned.NodeSig
	cases := map[string]struct {
		given attest.SignedReceipt
		says  string
	}{
		"forged":                  {forged, "node's signature"},
		"tampered":                {tampered, "about another receipt"},
		"not by the clinic":       {uncountersigned, "clinic's signature"},
		"stale fence":             {receipt(t, "scan", "other node", "clinic", 1, ""), "fence 1 is stale"},
		"same lease, other node":  {receipt(t, "scan", "other node", "clinic", 2, ""), "another receipt stands"},
		"accepted after dispute":  {receipt(t, "scan 2", "node", "clinic", 1, ""), "first word stands"},
		"finished before started": {func() attest.SignedReceipt { s := accepted; s.Receipt.FinishedAt = time.UnixMilli(9).UTC(); return s }(), "check the node's clock"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var refused *Refusal
			if err := d.receipt(t, c.given); !errors.As(err, &refused) || !strings.Contains(refused.Text, c.says) {
				t.Fatalf("error %v, want a refusal that says %q", err, c.says)
			}
		})
	}
	must(t, Submit(t.Context(), d.peer, d.coordinator, profile(t, "node", `{"version":1}`, 10)))
	var refused *Refusal
	_, node := keyOf(t, "node")
	_, mallory := keyOf(t, "mallory")
	for name, c := range map[string]struct {
		given attest.SignedProfile
		says  string
	}{
		"an older profile":   {profile(t, "node", ownProfile(node), 9), "a newer one stands"},
		"a copied profile":   {profile(t, "mallory", ownProfile(node), 20), "another node's"},
		"a nameless profile": {profile(t, "mallory", strings.Replace(ownProfile(mallory), mallory.Hex(), "", 1), 20), "another node's"},
	} {
		if err := Submit(t.Context(), d.peer, d.coordinator, c.given); !errors.As(err, &refused) || !strings.Contains(refused.Text, c.says) {
			t.Errorf("%s: %v; want a refusal that says %q", name, err, c.says)
		}
	}
	must(t, Submit(t.Context(), d.peer, d.coordinator, profile(t, "node", ownProfile(node), 11)))
	if err := Submit(t.Context(), d.peer, d.coordinator, profile(t, "node", `{"version":1}`, 30)); !errors.As(err, &refused) || !strings.Contains(refused.Text, "version 1") {
		t.Errorf("version 1 after version 2: %v", err)
	}
	must(t, Submit(t.Context(), d.peer, d.coordinator, profile(t, "node", `{"version":3}`, 31))) // of a node that is newer
	must(t, d.receipt(t, receipt(t, "scan 6", "node", "clinic", 1, "")))
	if w, err := d.store.Seal(1); err != nil || len(w.Receipts) != 3 {
		t.Errorf("the window holds %d receipts, want 3: %v", len(w.Receipts), err)
	}
}

func TestAJobOfAClosedEpochIsRefused(t *testing.T) {
	d := openDoor(t, Options{})
	must(t, d.receipt(t, receipt(t, "scan", "node", "clinic", 1, "")))
	_, err := d.store.Seal(1)
	must(t, err)
	var refused *Refusal
	if err := d.receipt(t, receipt(t, "scan", "other node", "clinic", 2, "")); !errors.As(err, &refused) || !strings.Contains(refused.Text, "counted in epoch 1") {
		t.Fatalf("error %v", err)
	}
	must(t, d.receipt(t, receipt(t, "scan", "node", "clinic", 1, ""))) // the same one again: acknowledged, not counted
	w, err := d.store.Seal(2)
	must(t, err)
	if len(w.Receipts) != 0 {
		t.Fatalf("%d receipts in epoch 2", len(w.Receipts))
	}
}

func TestRawStreams(t *testing.T) {
	d := openDoor(t, Options{})
	ask := func(raw string) reply {
		t.Helper()
		r, err := exchange(t.Context(), d.peer, d.coordinator, []byte(raw))
		must(t, err)
		return r
	}
	for name, raw := range map[string]string{
		"not JSON": "hello", "empty": "", "unknown kind": `{"kind":"wish","statement":{}}`, "no statement": `{"kind":"receipt"}`, "null": `{"kind":"receipt","statement":null}`,
	} {
		if r := ask(raw); r.Stored || r.Refusal == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	stream, err := d.peer.NewStream(t.Context(), d.coordinator, Protocol)
	must(t, err)
	if _, err := stream.Write([]byte{0xff, 0xff, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	if _, err := attest.ReadFrame(stream, maxReply); err == nil {
		t.Error("an absurd length was answered")
	}
	must(t, d.receipt(t, receipt(t, "scan", "node", "clinic", 1, "")))
}

func TestASilentPeerDoesNotHoldUpClose(t *testing.T) {
	d := openDoor(t, Options{Timeout: time.Hour})
	stream, err := d.peer.NewStream(t.Context(), d.coordinator, Protocol)
	must(t, err)
	_, err = stream.Write([]byte{0, 0, 0, 9, 'a'})
	must(t, err)
	d.server.Close()
	if _, err := attest.ReadFrame(stream, maxReply); err == nil {
		t.Error("a reply to half a request")
	}
}

func TestAPeerThatTalksTooMuchIsPutOff(t *testing.T) {
	now := time.UnixMilli(0)
	d := openDoor(t, Options{Burst: 2, PerSecond: 1, Now: func() time.Time { return now }})
	s := receipt(t, "scan", "node", "clinic", 1, "")
	must(t, d.receipt(t, s))
	must(t, d.receipt(t, s))
	if err := d.receipt(t, s); !errors.Is(err, ErrBusy) {
		t.Fatalf("the third at once: %v, want ErrBusy", err)
	}
}

func TestRates(t *testing.T) {
	r, now := newRates(2, 3), time.UnixMilli(0)
	count := func(from peer.ID) (n int) {
		for r.allow(from, now) {
			n++
		}
		return n
	}
	if n := count("a"); n != 3 {
		t.Errorf("at once %d, want the burst, 3", n)
	}
	if n := count("b"); n != 3 {
		t.Errorf("another peer %d, want 3", n)
	}
	now = now.Add(time.Second)
	if n := count("a"); n != 2 {
		t.Errorf("a second later %d, want 2", n)
	}
	for i := range 3 * maxBuckets {
		r.allow(peer.ID(fmt.Sprint(i)), now)
	}
	if len(r.buckets) > maxBuckets {
		t.Errorf("%d buckets", len(r.buckets))
	}
	now = now.Add(time.Hour)
	if !r.allow("new", now) {
		t.Error("old peers are never forgotten")
	}
}

// brokenStore is a disk that fails.
type brokenStore struct{}

func (brokenStore) Put(_ context.Context, statements []Statement) []error {
	return slices.Repeat([]error{errors.New("no space left on device")}, len(statements))
}

func TestWhatIsNotStoredIsNotAcknowledged(t *testing.T) {
	d := openDoorOn(t, brokenStore{}, Options{})
	if err := d.receipt(t, receipt(t, "scan", "node", "clinic", 1, "")); !errors.Is(err, ErrBusy) {
		t.Fatalf("error %v, want ErrBusy", err)
	}
}

func TestAdmit(t *testing.T) {
	_, stranger := keyOf(t, "stranger")
	_, unknown := keyOf(t, "unknown")
	d := openDoor(t, Options{Admit: func(_ context.Context, node common.Address) error {
		switch node {
		case stranger:
			return &Refusal{"the node is not registered; register it"}
		case unknown:
			return errors.New("the chain can't be reached")
		}
		return nil
	}})
	must(t, d.receipt(t, receipt(t, "scan", "node", "clinic", 1, "")))
	var refused *Refusal
	if err := d.receipt(t, receipt(t, "scan 2", "stranger", "clinic", 1, "")); !errors.As(err, &refused) {
		t.Errorf("a stranger: %v, want a refusal", err)
	}
	if err := d.receipt(t, receipt(t, "scan 3", "unknown", "clinic", 1, "")); !errors.Is(err, ErrBusy) {
		t.Errorf("when it can't be known: %v, want ErrBusy", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	const senders, each = 4, 8
	d := openDoor(t, Options{Burst: senders * each})
	var group errgroup.Group
	for n := range senders {
		group.Go(func() error {
			for i := range each {
				// Every statement is sent by two senders: it counts once.
				if err := d.receipt(t, receipt(t, fmt.Sprint("scan ", n/2, i), "node", "clinic", 1, "")); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, group.Wait())
	if w, err := d.store.Seal(1); err != nil || len(w.Receipts) != senders/2*each {
		t.Fatalf("%d receipts, want %d: %v", len(w.Receipts), senders/2*each, err)
	}
}

func FuzzTake(f *testing.F) {
	store, _ := openStore(f, filepath.Join(f.TempDir(), "coordinator.db"))
	server := New(store, testDomain, Options{})
	f.Cleanup(server.Close)
	for kind, statement := range map[string]any{kindReceipt: receipt(f, "scan", "node", "clinic", 1, ""), kindProfile: profile(f, "node", `{"version":1}`, 10)} {
		body, err := json.Marshal(statement)
		must(f, err)
		data, err := json.Marshal(request{kind, body})
		must(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := server.take(t.Context(), "", data)
		var refused *Refusal
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("a sender made an error of ours: %v", err)
		}
	})
}
