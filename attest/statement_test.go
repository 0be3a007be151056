package attest

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// keyOf is a fixed key for tests: the scalar seed.
func keyOf(t testing.TB, seed byte) (*ecdsa.PrivateKey, common.Address) {
	t.Helper()
	key, err := crypto.ToECDSA(common.LeftPadBytes([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key, crypto.PubkeyToAddress(key.PublicKey)
}

var testDomain = Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0x00000000000000000000000000000000000000aa")}

// signedReceipt is a whole and valid receipt: node key 1, clinic key 2.
func signedReceipt(t testing.TB) SignedReceipt {
	t.Helper()
	nodeKey, node := keyOf(t, 1)
	clinicKey, clinic := keyOf(t, 2)
	start := time.UnixMilli(1_790_000_000_123).UTC()
	s := SignedReceipt{Receipt: Receipt{
		Task: models.DigestOf([]byte("task")), Fence: 3, Node: node, Clinic: clinic,
		RequestHash: models.DigestOf([]byte("request")), ManifestDigest: models.DigestOf([]byte("manifest")),
		WeightsDigest: models.DigestOf([]byte("weights")), Provider: "cpu", Runtime: "onnxruntime 1.30.0",
		OutputHash: models.DigestOf([]byte("output")), StartedAt: start, FinishedAt: start.Add(2 * time.Second),
		Deadline: start.Add(time.Minute), EnergyMilliJ: 42_000, EnergyBasis: "unmeasured", PriceGwei: 7_000_000,
	}}
	hash := s.Receipt.Hash(testDomain)
	s.NodeSig = sign(t, hash, nodeKey)
	s.Acceptance = Acceptance{Receipt: hash, Accepted: true, At: start.Add(3 * time.Second)}
	s.ClinicSig = sign(t, s.Acceptance.Hash(testDomain), clinicKey)
	return s
}

func sign(t testing.TB, hash [32]byte, key *ecdsa.PrivateKey) Signature {
	t.Helper()
	sig, err := Sign(hash, key)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// reference hashes a message with go-ethereum's generic EIP-712 code.
func reference(t *rapid.T, d Domain, typeText string, message apitypes.TypedDataMessage) [32]byte {
	name, list, _ := strings.Cut(strings.TrimSuffix(typeText, ")"), "(")
	var fields []apitypes.Type
	for field := range strings.SplitSeq(list, ",") {
		kind, key, _ := strings.Cut(field, " ")
		fields = append(fields, apitypes.Type{Name: key, Type: kind})
	}
	data := apitypes.TypedData{
		Types: apitypes.Types{
			"EIP712Domain": {{Name: "name", Type: "string"}, {Name: "version", Type: "string"}, {Name: "chainId", Type: "uint256"}, {Name: "verifyingContract", Type: "address"}},
			name:           fields,
		},
		PrimaryType: name,
		Domain:      apitypes.TypedDataDomain{Name: DomainName, Version: DomainVersion, ChainId: (*math.HexOrDecimal256)(d.ChainID), VerifyingContract: d.Registry.Hex()},
		Message:     message,
	}
	hash, _, err := apitypes.TypedDataAndHash(data)
	if err != nil {
		t.Fatalf("apitypes: %v", err)
	}
	return [32]byte(hash)
}

func number(v uint64) string { return new(big.Int).SetUint64(v).String() }

func drawBytes32(t *rapid.T, label string) [32]byte {
	return [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func drawAddress(t *rapid.T, label string) common.Address {
	return common.Address(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, label))
}

func drawTime(t *rapid.T, label string) time.Time {
	return fromMilli(rapid.Int64Range(0, latestMilli).Draw(t, label))
}

func drawDomain(t *rapid.T) Domain {
	id := drawBytes32(t, "chain id")
	return Domain{ChainID: new(big.Int).SetBytes(id[:]), Registry: drawAddress(t, "registry")}
}

func TestHashesEqualGoEthereums(t *testing.T) {
	t.Run("receipt", rapid.MakeCheck(func(t *rapid.T) {
		d := drawDomain(t)
		r := Receipt{
			Task: drawBytes32(t, "task"), Fence: rapid.Uint64().Draw(t, "fence"), Node: drawAddress(t, "node"), Clinic: drawAddress(t, "clinic"),
			RequestHash: drawBytes32(t, "request"), ManifestDigest: drawBytes32(t, "manifest"), WeightsDigest: drawBytes32(t, "weights"),
			Provider: rapid.String().Draw(t, "provider"), Runtime: rapid.String().Draw(t, "runtime"), OutputHash: drawBytes32(t, "output"),
			StartedAt: drawTime(t, "started"), FinishedAt: drawTime(t, "finished"), Deadline: drawTime(t, "deadline"),
			EnergyMilliJ: rapid.Uint64().Draw(t, "energy"), EnergyBasis: rapid.String().Draw(t, "basis"), PriceGwei: rapid.Uint64().Draw(t, "price"),
		}
		want := reference(t, d, receiptType, apitypes.TypedDataMessage{
			"task": r.Task[:], "fence": number(r.Fence), "node": r.Node.Hex(), "clinic": r.Clinic.Hex(),
			"requestHash": r.RequestHash[:], "manifestDigest": r.ManifestDigest[:], "weightsDigest": r.WeightsDigest[:],
			"provider": r.Provider, "runtime": r.Runtime, "outputHash": r.OutputHash[:],
			"startedAt": number(uint64(unixMilli(r.StartedAt))), "finishedAt": number(uint64(unixMilli(r.FinishedAt))), "deadline": number(uint64(unixMilli(r.Deadline))),
			"energyMilliJ": number(r.EnergyMilliJ), "energyBasis": r.EnergyBasis, "priceGwei": number(r.PriceGwei),
		})
		if got := r.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	}))
	t.Run("acceptance", rapid.MakeCheck(func(t *rapid.T) {
		d := drawDomain(t)
		a := Acceptance{Receipt: drawBytes32(t, "receipt"), Accepted: rapid.Bool().Draw(t, "accepted"), Reason: rapid.String().Draw(t, "reason"), At: drawTime(t, "at")}
		want := reference(t, d, acceptanceType, apitypes.TypedDataMessage{
			"receipt": a.Receipt[:], "accepted": a.Accepted, "reasonHash": crypto.Keccak256([]byte(a.Reason)), "at": number(uint64(unixMilli(a.At))),
		})
		if got := a.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	}))
	t.Run("uptime", rapid.MakeCheck(func(t *rapid.T) {
		d := drawDomain(t)
		u := Uptime{drawAddress(t, "node"), rapid.Uint64().Draw(t, "seq"), drawBytes32(t, "nonce"), rapid.Uint32().Draw(t, "load"), drawBytes32(t, "profile"), drawTime(t, "at")}
		want := reference(t, d, uptimeType, apitypes.TypedDataMessage{
			"node": u.Node.Hex(), "seq": number(u.Seq), "nonce": u.Nonce[:], "loadPermille": number(uint64(u.LoadPermille)), "profileDigest": u.ProfileDigest[:], "at": number(uint64(unixMilli(u.At))),
		})
		if got := u.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	}))
	t.Run("profile", rapid.MakeCheck(func(t *rapid.T) {
		d := drawDomain(t)
		p := ProfileStatement{Node: drawAddress(t, "node"), ProfileDigest: drawBytes32(t, "profile"), At: drawTime(t, "at")}
		want := reference(t, d, profileType, apitypes.TypedDataMessage{
			"node": p.Node.Hex(), "profileDigest": p.ProfileDigest[:], "at": number(uint64(unixMilli(p.At))),
		})
		if got := p.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	}))
}

func TestRecoverRefusesEveryOtherForm(t *testing.T) {
	key, who := keyOf(t, 1)
	hash := [32]byte(crypto.Keccak256([]byte("statement")))
	good := sign(t, hash, key)
	if got, err := Recover(hash, good); err != nil || got != who {
		t.Fatalf("recover: %s, %v; want %s", got, err, who)
	}
	highS := good
	s := new(big.Int).Sub(crypto.S256().Params().N, new(big.Int).SetBytes(good[32:64]))
	s.FillBytes(highS[32:64])
	highS[64] = 27 + (1 - (good[64] - 27))
	cases := map[string]Signature{"high s": highS, "zero": {}, "zero r and s": {64: 27}}
	for name, v := range map[string]byte{"v 0": 0, "v 1": 1, "v 26": 26, "v 29": 29, "v 255": 255} {
		sig := good
		sig[64] = v
		cases[name] = sig
	}
	for name, sig := range cases {
		if _, err := Recover(hash, sig); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: error %v, want ErrSignature", name, err)
		}
	}
}

func TestSignaturesAreLowSAndTheSigners(t *testing.T) {
	half := new(big.Int).Rsh(crypto.S256().Params().N, 1)
	rapid.Check(t, func(rt *rapid.T) {
		scalar := rapid.Byte().Filter(func(b byte) bool { return b > 0 }).Draw(rt, "key")
		hash := drawBytes32(rt, "hash")
		key, who := keyOf(t, scalar)
		sig := sign(t, hash, key)
		if new(big.Int).SetBytes(sig[32:64]).Cmp(half) > 0 {
			rt.Fatal("s is high")
		}
		if got, err := Recover(hash, sig); err != nil || got != who {
			rt.Fatalf("recovered %s, %v; want %s", got, err, who)
		}
	})
}

func TestSignedReceiptVerify(t *testing.T) {
	if err := signedReceipt(t).Verify(testDomain); err != nil {
		t.Fatalf("a valid receipt was refused: %v", err)
	}
	nodeKey, _ := keyOf(t, 1)
	clinicKey, _ := keyOf(t, 2)
	resign := func(s *SignedReceipt) {
		hash := s.Receipt.Hash(testDomain)
		s.NodeSig = sign(t, hash, nodeKey)
		s.Acceptance.Receipt = hash
		s.ClinicSig = sign(t, s.Acceptance.Hash(testDomain), clinicKey)
	}
	cases := map[string]struct {
		forge func(s *SignedReceipt)
		says  string
	}{
		"output hash altered":           {func(s *SignedReceipt) { s.Receipt.OutputHash[0]++ }, "about another receipt"},
		"fence altered":                 {func(s *SignedReceipt) { s.Receipt.Fence++ }, "about another receipt"},
		"node signature of another key": {func(s *SignedReceipt) { s.NodeSig = sign(t, s.Receipt.Hash(testDomain), clinicKey) }, "node's signature"},
		"clinic signed by the node":     {func(s *SignedReceipt) { s.ClinicSig = sign(t, s.Acceptance.Hash(testDomain), nodeKey) }, "clinic's signature"},
		"verdict turned":                {func(s *SignedReceipt) { s.Acceptance.Accepted, s.Acceptance.Reason = false, "no" }, "clinic's signature"},
		"no node signature":             {func(s *SignedReceipt) { s.NodeSig = Signature{} }, "v is 0"},
		"acceptance of another receipt": {func(s *SignedReceipt) {
			s.Acceptance.Receipt[5]++
			s.ClinicSig = sign(t, s.Acceptance.Hash(testDomain), clinicKey)
		}, "about another receipt"},
		"finished before it started": {func(s *SignedReceipt) { s.Receipt.FinishedAt = s.Receipt.StartedAt.Add(-time.Second); resign(s) }, "check the node's clock"},
		"a job of two days":          {func(s *SignedReceipt) { s.Receipt.FinishedAt = s.Receipt.StartedAt.Add(48 * time.Hour); resign(s) }, "check the node's clock"},
		"node is its own clinic":     {func(s *SignedReceipt) { s.Receipt.Clinic = s.Receipt.Node; resign(s) }, "its own work"},
		"dispute without a reason":   {func(s *SignedReceipt) { s.Acceptance.Accepted = false; resign(s) }, "say why"},
		"provider too long":          {func(s *SignedReceipt) { s.Receipt.Provider = strings.Repeat("x", 65); resign(s) }, "provider has 65 bytes"},
		"control character":          {func(s *SignedReceipt) { s.Receipt.Runtime = "a\nb"; resign(s) }, "can't be printed"},
		"fence 0":                    {func(s *SignedReceipt) { s.Receipt.Fence = 0; resign(s) }, "start at 1"},
		"no output hash":             {func(s *SignedReceipt) { s.Receipt.OutputHash = models.Digest{}; resign(s) }, "binds all four"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := signedReceipt(t)
			c.forge(&s)
			err := s.Verify(testDomain)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want one that says %q", err, c.says)
			}
		})
	}
	for name, d := range map[string]Domain{
		"another chain":    {ChainID: big.NewInt(1), Registry: testDomain.Registry},
		"another registry": {ChainID: testDomain.ChainID},
	} {
		if err := signedReceipt(t).Verify(d); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: error %v, want ErrSignature", name, err)
		}
	}
}

func TestProfileStatementBindsTheProfile(t *testing.T) {
	key, node := keyOf(t, 1)
	profile := json.RawMessage(`{"version":1,"tier":2}`)
	s := SignedProfile{Statement: ProfileStatement{Node: node, ProfileDigest: models.DigestOf(profile), Profile: profile, At: time.UnixMilli(5)}}
	s.NodeSig = sign(t, s.Statement.Hash(testDomain), key)
	if err := s.Verify(testDomain); err != nil {
		t.Fatal(err)
	}
	s.Statement.Profile = json.RawMessage(`{"version":1,"tier":4}`)
	if err := s.Verify(testDomain); err == nil || !strings.Contains(err.Error(), "does not have the digest") {
		t.Fatalf("a swapped profile gave %v", err)
	}
}

func TestChallengeVerify(t *testing.T) {
	key, node := keyOf(t, 1)
	answer := &SignedUptime{Uptime: Uptime{Node: node, Seq: 1, Nonce: [32]byte{9}, LoadPermille: 10, At: time.UnixMilli(7)}}
	answer.NodeSig = sign(t, answer.Uptime.Hash(testDomain), key)
	good := Challenge{Node: node, Nonce: [32]byte{9}, AskedAt: time.UnixMilli(6), Outcome: Answered, Answer: answer}
	if err := good.Verify(testDomain); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(c *Challenge){
		"another nonce":            func(c *Challenge) { c.Nonce[0]++ },
		"another node":             func(c *Challenge) { _, c.Node = keyOf(t, 3) },
		"answered without answer":  func(c *Challenge) { c.Answer = nil },
		"timeout with answer":      func(c *Challenge) { c.Outcome = Timeout },
		"unknown outcome":          func(c *Challenge) { c.Outcome = "perhaps" },
		"answer with altered load": func(c *Challenge) { a := *answer; a.Uptime.LoadPermille++; c.Answer = &a },
	}
	for name, alter := range cases {
		c := good
		alter(&c)
		if err := c.Verify(testDomain); err == nil {
			t.Errorf("%s was believed", name)
		}
	}
}

func BenchmarkReceipt(b *testing.B) {
	s := signedReceipt(b)
	b.Run("hash", func(b *testing.B) {
		for b.Loop() {
			s.Receipt.Hash(testDomain)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "hashes/s")
	})
	b.Run("recover", func(b *testing.B) {
		hash := s.Receipt.Hash(testDomain)
		for b.Loop() {
			if _, err := Recover(hash, s.NodeSig); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "recovers/s")
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if err := s.Verify(testDomain); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
	})
}
