package epoch

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/models"
)

// world is a small network with fixed keys, from which tests take statements.
type world struct {
	t     testing.TB
	keys  map[common.Address]*ecdsa.PrivateKey
	start time.Time
	seq   uint64
}

func newWorld(t testing.TB) *world {
	return &world{t: t, keys: map[common.Address]*ecdsa.PrivateKey{}, start: time.UnixMilli(1_790_000_000_000).UTC()}
}

// party is the address of a fixed key: the same name, the same key.
func (w *world) party(name string) common.Address {
	seed := sha256.Sum256([]byte(name))
	key, err := crypto.ToECDSA(seed[:])
	w.must(err)
	who := crypto.PubkeyToAddress(key.PublicKey)
	w.keys[who] = key
	return who
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sign(hash [32]byte, who common.Address) attest.Signature {
	sig, err := attest.Sign(hash, w.keys[who])
	w.must(err)
	return sig
}

var testDomain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}

// job is a judged receipt. An empty reason is an acceptance.
func (w *world) job(task, node, clinic string, fence uint64, took time.Duration, reason string) attest.SignedReceipt {
	s := attest.SignedReceipt{Receipt: attest.Receipt{
		Task: models.DigestOf([]byte(task)), Fence: fence, Node: w.party(node), Clinic: w.party(clinic),
		RequestHash: models.DigestOf([]byte("request")), ManifestDigest: models.DigestOf([]byte("manifest")), WeightsDigest: models.DigestOf([]byte("weights")),
		Provider: "cpu", Runtime: "onnxruntime 1.30.0", OutputHash: models.DigestOf([]byte("output")),
		StartedAt: w.start, FinishedAt: w.start.Add(took), EnergyBasis: "unmeasured",
	}}
	hash := s.Receipt.Hash(testDomain)
	s.NodeSig = w.sign(hash, s.Receipt.Node)
	s.Acceptance = attest.Acceptance{Receipt: hash, Accepted: reason == "", Reason: reason, At: w.start.Add(took)}
	s.ClinicSig = w.sign(s.Acceptance.Hash(testDomain), s.Receipt.Clinic)
	return s
}

// challenge is an uptime record; an answered one gets the next sequence number.
func (w *world) challenge(node string, n int, outcome attest.Outcome) attest.Challenge {
	c := attest.Challenge{Node: w.party(node), Nonce: sha256.Sum256(fmt.Append(nil, node, n, w.seq)), AskedAt: w.start.Add(time.Duration(n) * time.Minute), Outcome: outcome}
	if outcome == attest.Answered {
		w.seq++
		u := attest.Uptime{Node: c.Node, Seq: w.seq, Nonce: c.Nonce, LoadPermille: 100, At: c.AskedAt}
		c.Answer = &attest.SignedUptime{Uptime: u, NodeSig: w.sign(u.Hash(testDomain), c.Node)}
	}
	return c
}

// profile is a signed hardware profile with so many int8 TOPS.
func (w *world) profile(node string, tops float64) attest.SignedProfile {
	return w.signedProfile(node, w.document(node, tops, hwprobe.Watts{Basis: hwprobe.Unmeasured}))
}

// document is the JSON of node's profile.
func (w *world) document(node string, tops float64, watts hwprobe.Watts) json.RawMessage {
	raw, err := json.Marshal(hwprobe.Profile{
		Version: hwprobe.ProfileVersion, Mode: hwprobe.Brief, Identity: hwprobe.Identity{Node: w.party(node).Hex(), Trust: hwprobe.TrustSoftware},
		TOPS: hwprobe.TOPS{Median: tops, Best: tops}, Watts: watts,
	})
	w.must(err)
	return raw
}

func (w *world) signedProfile(node string, raw json.RawMessage) attest.SignedProfile {
	s := attest.SignedProfile{Statement: attest.ProfileStatement{Node: w.party(node), ProfileDigest: models.DigestOf(raw), Profile: raw, At: w.start}}
	s.NodeSig = w.sign(s.Statement.Hash(testDomain), s.Statement.Node)
	return s
}

// inputs is epoch 1: ten minutes, three nodes, one clinic, two accepted jobs, one dispute.
func (w *world) inputs() Inputs {
	return Inputs{
		Schema: Schema, ChainID: 1337, Registry: testDomain.Registry, Number: 1, From: 1000, To: 1600,
		Pool: score.Wei{Int: big.NewInt(2e15)}, Parameters: score.DefaultParameters(), Demand: score.Demand{Offers: 4, Unmet: 1}, RegistryBlock: 7,
		Registrations: []Registration{
			{Node: w.party("ann"), Jurisdiction: "DE", Trust: score.TrustSoftware, Active: true},
			{Node: w.party("ben"), Jurisdiction: "FR", Trust: score.TrustDevice, Active: true},
			{Node: w.party("eve"), Jurisdiction: "FR", Trust: score.TrustSoftware, Active: true},
		},
		Clinics: []common.Address{w.party("clinic")},
		Window: Window{
			Receipts: []attest.SignedReceipt{
				w.job("scan 1", "ann", "clinic", 1, 90*time.Second, ""),
				w.job("scan 2", "ben", "clinic", 2, 30*time.Second, ""),
				w.job("scan 3", "ann", "clinic", 1, 20*time.Second, "the output is empty"),
			},
			Profiles: []attest.SignedProfile{w.profile("ann", 20), w.profile("ben", 130.5)},
			Challenges: []attest.Challenge{
				w.challenge("ann", 1, attest.Answered), w.challenge("ann", 2, attest.Timeout),
				w.challenge("ben", 1, attest.Answered), w.challenge("ben", 2, attest.OwnOutage), w.challenge("ben", 3, attest.Answered),
				w.challenge("eve", 1, attest.Refused),
			},
		},
	}
}

func (w *world) build(in Inputs, prev State) Bundle {
	w.t.Helper()
	b, err := Build(in, prev)
	w.must(err)
	return b
}

// line is the line of a named node.
func (w *world) line(b Bundle, node string) Line {
	w.t.Helper()
	for _, l := range b.Summary.Lines {
		if l.Node == w.party(node) {
			return l
		}
	}
	w.t.Fatalf("%s has no line", node)
	return Line{}
}

// wallet is a chain on which every wallet says the same, and may change its mind.
type wallet struct {
	stands      bool
	from, until uint64 // blocks; until 0: for ever
	fault       error
}

// at is Auditor.Wallets.
func (s wallet) at(block uint64) attest.Wallets {
	s.stands = s.stands && block >= s.from && (s.until == 0 || block <= s.until)
	return s
}

func (s wallet) IsValidSignature(context.Context, common.Address, [32]byte, []byte) (bool, error) {
	return s.stands && s.fault == nil, s.fault
}
