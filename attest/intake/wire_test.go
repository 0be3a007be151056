package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/attest/uptime"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/models"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// role is one party with its key, host and state.
type role struct {
	key  *identity.Key
	host host.Host
	db   *bbolt.DB
}

func newRole(t testing.TB) role {
	t.Helper()
	key, err := identity.Generate()
	must(t, err)
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Identity(key.Libp2p()))
	must(t, err)
	t.Cleanup(func() { _ = h.Close() })
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "state.db"), 0o600, nil)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return role{key, h, db}
}

var domain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}

// TestFromTheWireToAProof walks one epoch as the roles do: a node answers
// challenges, says what it is made of and works for a clinic; the coordinator
// takes it all in, seals, builds, publishes; anybody verifies; the node claims.
func TestFromTheWireToAProof(t *testing.T) {
	ctx := t.Context()
	coordinator, node, clinic := newRole(t), newRole(t), newRole(t)
	for _, r := range []role{node, clinic} {
		must(t, r.host.Connect(ctx, peer.AddrInfo{ID: coordinator.host.ID(), Addrs: coordinator.host.Addrs()}))
	}
	store, err := intake.NewBolt(coordinator.db)
	must(t, err)
	server := intake.New(store, domain, intake.Options{})
	server.Start(coordinator.host)
	defer server.Close()

	profile := hwprobe.Profile{
		Version: hwprobe.ProfileVersion, Mode: hwprobe.Brief, Identity: hwprobe.Identity{Node: node.key.Address().Hex(), Trust: hwprobe.TrustSoftware},
		TOPS: hwprobe.TOPS{Median: 50}, Watts: hwprobe.Watts{Basis: hwprobe.Unmeasured},
	}
	sequence, err := uptime.NewBoltSequence(node.db)
	must(t, err)
	responder, err := uptime.NewResponder(uptime.ResponderOptions{
		Key: node.key.ECDSA(), Domain: domain, Sequence: sequence, Load: func() uint32 { return 0 },
		Profile: profile.Digest, Allow: func(p peer.ID) bool { return p == coordinator.key.PeerID() },
	})
	must(t, err)
	responder.Start(node.host)
	defer responder.Close()
	challenger, err := uptime.NewChallenger(coordinator.host, uptime.ChallengerOptions{
		Domain: domain, Ledger: store, Interval: time.Minute,
		Targets: func(context.Context) []uptime.Target {
			return []uptime.Target{{Node: node.key.Address(), Peer: node.key.PeerID()}}
		},
	})
	must(t, err)
	must(t, challenger.Trigger(ctx))

	must(t, intake.Submit(ctx, node.host, coordinator.key.PeerID(), signedProfile(t, node, profile)))
	job := judged(t, node, clinic)
	must(t, intake.Submit(ctx, clinic.host, coordinator.key.PeerID(), job))
	must(t, intake.Submit(ctx, node.host, coordinator.key.PeerID(), job)) // both report: it counts once

	archive := epoch.Archive(filepath.Join(t.TempDir(), "epochs"))
	previous := epoch.State{}
	if latest, err := archive.Latest(); err == nil {
		previous = latest.State()
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	window, err := store.Seal(previous.Number + 1)
	must(t, err)
	bundle, err := epoch.Build(epoch.Inputs{
		ChainID: domain.ChainID.Uint64(), Registry: domain.Registry, Number: previous.Number + 1,
		From: 1_000, To: 1_060, Pool: score.Wei{Int: big.NewInt(1e18)}, Parameters: score.DefaultParameters(),
		Registrations: []epoch.Registration{{Node: node.key.Address(), Jurisdiction: "DE", Trust: score.TrustSoftware, Active: true}},
		Clinics:       []common.Address{clinic.key.Address()}, Window: window,
	}, previous)
	must(t, err)
	must(t, bundle.Write(archive.Dir(bundle.Summary.Number)))

	if found, err := archive.Verify(); err != nil || len(found) > 0 {
		t.Fatalf("the published epoch differs: %v, %v", found, err)
	}
	line := bundle.Summary.Lines[0]
	if line.Accepted != 1 || line.Answered != 1 || line.Tier != 2 || line.Gate != score.GateOpen {
		t.Errorf("line %+v", line)
	}
	latest, err := archive.Latest()
	must(t, err)
	amount, proof, err := latest.Proof(node.key.Address())
	must(t, err)
	if amount.Sign() <= 0 || !epoch.VerifyProof(bundle.Summary.Root, epoch.Leaf{Node: node.key.Address(), Cumulative: amount}, proof) {
		t.Errorf("%s wei are not proved", amount)
	}
}

func signedProfile(t testing.TB, node role, profile hwprobe.Profile) attest.SignedProfile {
	t.Helper()
	raw, err := json.Marshal(profile)
	must(t, err)
	s := attest.SignedProfile{Statement: attest.ProfileStatement{Node: node.key.Address(), ProfileDigest: profile.Digest(), Profile: raw, At: time.Now()}}
	s.NodeSig, err = attest.Sign(s.Statement.Hash(domain), node.key.ECDSA())
	must(t, err)
	return s
}

// judged is a receipt that the node signed and the clinic accepted.
func judged(t testing.TB, node, clinic role) attest.SignedReceipt {
	t.Helper()
	now := time.Now()
	r := attest.Receipt{
		Task: models.DigestOf([]byte("task")), Fence: 1, Node: node.key.Address(), Clinic: clinic.key.Address(),
		RequestHash: models.DigestOf([]byte("request")), ManifestDigest: models.DigestOf([]byte("manifest")),
		WeightsDigest: models.DigestOf([]byte("weights")), Provider: "cpu", Runtime: "onnxruntime 1.30.0",
		OutputHash: models.DigestOf([]byte("output")), StartedAt: now.Add(-time.Second), FinishedAt: now,
		Deadline: now.Add(time.Minute), EnergyBasis: hwprobe.Unmeasured, PriceGwei: 1,
	}
	hash := r.Hash(domain)
	nodeSig, err := attest.Sign(hash, node.key.ECDSA())
	must(t, err)
	verdict := attest.Acceptance{Receipt: hash, Accepted: true, At: now}
	clinicSig, err := attest.Sign(verdict.Hash(domain), clinic.key.ECDSA())
	must(t, err)
	return attest.SignedReceipt{Receipt: r, NodeSig: nodeSig, Acceptance: verdict, ClinicSig: clinicSig}
}
