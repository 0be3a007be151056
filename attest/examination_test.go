package attest

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// examination is a whole and valid one: node key 1.
func examination(t testing.TB) Examination {
	t.Helper()
	key, node := keyOf(t, 1)
	at := time.UnixMilli(1_790_000_000_123).UTC()
	e := Examination{
		Node: node, ID: [32]byte{7}, Subject: ComputeRate, ProfileDigest: models.DigestOf([]byte("profile")), ClaimMOPS: 900_000,
		Work: models.DigestOf([]byte("work")), Size: 9_000_000, AskedAt: at, TookMS: 10_500, Outcome: Proved,
	}
	c := Commitment{Node: node, Challenge: e.ID, Seed: [32]byte{8}, Work: e.Work, Root: [32]byte{9}, ProfileDigest: e.ProfileDigest, At: at.Add(time.Second)}
	e.Answer = &SignedCommitment{c, sign(t, c.Hash(testDomain), key)}
	return e
}

func TestExaminationHashesEqualGoEthereums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		c := Commitment{
			Node: drawAddress(t, "node"), Challenge: drawBytes32(t, "challenge"), Seed: drawBytes32(t, "seed"), Work: drawBytes32(t, "work"),
			Root: drawBytes32(t, "root"), ProfileDigest: drawBytes32(t, "profile"), At: drawTime(t, "at"),
		}
		want := reference(t, d, commitmentType, apitypes.TypedDataMessage{
			"node": c.Node.Hex(), "challenge": c.Challenge[:], "seed": c.Seed[:], "work": c.Work[:], "root": c.Root[:],
			"profileDigest": c.ProfileDigest[:], "at": number(uint64(unixMilli(c.At))),
		})
		if got := c.Hash(d); got != want {
			t.Fatalf("commitment %x, apitypes %x", got, want)
		}
		e := Examination{
			Node: c.Node, ID: c.Challenge, Subject: Subject(rapid.String().Draw(t, "subject")), ProfileDigest: c.ProfileDigest,
			ClaimMOPS: rapid.Uint64().Draw(t, "claim"), Work: c.Work, Size: rapid.Uint64().Draw(t, "size"), AskedAt: drawTime(t, "asked"),
			TookMS: rapid.Uint64().Draw(t, "took"), Outcome: Outcome(rapid.String().Draw(t, "outcome")), Prompted: rapid.Bool().Draw(t, "prompted"),
		}
		commitment := make([]byte, 32)
		if rapid.Bool().Draw(t, "answered") {
			e.Answer, commitment = &SignedCommitment{Commitment: c}, want[:]
		}
		want = reference(t, d, examinationType, apitypes.TypedDataMessage{
			"node": e.Node.Hex(), "id": e.ID[:], "subject": string(e.Subject), "profileDigest": e.ProfileDigest[:], "claimMops": number(e.ClaimMOPS),
			"work": e.Work[:], "size": number(e.Size), "askedAt": number(uint64(unixMilli(e.AskedAt))), "tookMs": number(e.TookMS),
			"outcome": string(e.Outcome), "prompted": e.Prompted, "commitment": commitment,
		})
		if got := e.Hash(d); got != want {
			t.Fatalf("examination %x, apitypes %x", got, want)
		}
	})
}

func TestExaminationVerify(t *testing.T) {
	for name, c := range map[string]struct {
		alter func(e *Examination)
		sound bool
		is    error
	}{
		"whole":                  {func(*Examination) {}, true, nil},
		"missed":                 {func(e *Examination) { e.Outcome, e.Answer, e.TookMS = Missed, nil, 0 }, true, nil},
		"of memory":              {func(e *Examination) { e.Subject = MemorySize }, true, nil},
		"missed, with an answer": {func(e *Examination) { e.Outcome = Missed }, false, nil},
		"proved by nothing":      {func(e *Examination) { e.Answer = nil }, false, nil},
		"proved in no time":      {func(e *Examination) { e.TookMS = 0 }, false, nil},
		"another node":           {func(e *Examination) { e.Node[0]++ }, false, ErrSignature},
		"another challenge":      {func(e *Examination) { e.ID[0]++ }, false, ErrSignature},
		"another work":           {func(e *Examination) { e.Work[0]++ }, false, ErrSignature},
		"another profile":        {func(e *Examination) { e.ProfileDigest[0]++ }, false, ErrSignature},
		"another root":           {func(e *Examination) { e.Answer.Commitment.Root[0]++ }, false, ErrSignature},
		"nobody's":               {func(e *Examination) { e.Node = common.Address{} }, false, nil},
		"an odd subject":         {func(e *Examination) { e.Subject = "patience" }, false, nil},
		"an odd outcome":         {func(e *Examination) { e.Outcome = "fine" }, false, nil},
		"an absurd size":         {func(e *Examination) { e.Size = math.MaxUint64 }, false, nil},
		"an absurd claim":        {func(e *Examination) { e.ClaimMOPS = math.MaxUint64 }, false, nil},
		"without a time":         {func(e *Examination) { e.AskedAt = time.Time{} }, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := examination(t)
			c.alter(&e)
			err := e.Verify(testDomain)
			if (err == nil) != c.sound || (c.is != nil && !errors.Is(err, c.is)) {
				t.Errorf("verify says %v", err)
			}
		})
	}
}

func TestAFigureIsTheWorkOverTheTime(t *testing.T) {
	e := examination(t)
	if got := e.Figure(); got != 857_142 { // 9·10¹² operations in 10.5 s
		t.Errorf("%d MOPS, want 857142", got)
	}
	e.Subject = MemorySize
	if got := e.Figure(); got != e.Size {
		t.Errorf("%d bytes, want %d", got, e.Size)
	}
	e.Outcome = Missed
	if e.Figure() != 0 {
		t.Error("what was missed has a figure")
	}
	e = Examination{Outcome: Proved, Subject: ComputeRate, Size: math.MaxUint64, TookMS: 1}
	if e.Figure() != 0 {
		t.Error("more than any number is a figure")
	}
}

func TestTheCoordinatorStandsByItsExamination(t *testing.T) {
	key, coordinator := keyOf(t, 3)
	e := examination(t)
	s := SignedExamination{e, sign(t, e.Hash(testDomain), key)}
	if err := s.Verify(testDomain, coordinator); err != nil {
		t.Error(err)
	}
	if err := s.Verify(testDomain, e.Node); !errors.Is(err, ErrSignature) {
		t.Errorf("signed by somebody else: %v", err)
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSignedExamination(data)
	if err != nil || back.Verify(testDomain, coordinator) != nil || len(data) > MaxExaminationBytes {
		t.Errorf("%d bytes came back as %+v: %v", len(data), back, err)
	}
}

func FuzzDecodeExaminations(f *testing.F) {
	key, _ := keyOf(f, 3)
	e := examination(f)
	for _, v := range []any{SignedExamination{e, sign(f, e.Hash(testDomain), key)}, *e.Answer} {
		data, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := DecodeSignedExamination(data); err == nil {
			_ = s.Examination.Figure()
			_ = s.Examination.Verify(testDomain)
		}
		if c, err := DecodeSignedCommitment(data); err == nil {
			_ = c.Verify(testDomain)
		}
	})
}
