package attest

import (
	"crypto/ecdsa"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// signedVerdict is a whole and valid one: node key 1, clinic key 2, which signs it.
func signedVerdict(t testing.TB, kind CheckKind) SignedVerdict {
	t.Helper()
	key, clinic := keyOf(t, 2)
	r := signedReceipt(t).Receipt
	v := Verdict{
		Kind: kind, Node: r.Node, Clinic: clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(testDomain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Against: [32]byte{4}, Result: JudgedInvalid, Figures: Figures{931_000, 250_000, 1, 40_123},
		Reason: "findings differ", Evidence: [32]byte{5}, Checker: clinic, At: r.FinishedAt.Add(time.Minute),
	}
	if kind == CheckLapse {
		v.Receipt, v.Against, v.Provider, v.Figures, v.Reason, v.Evidence = [32]byte{}, [32]byte{}, "", Figures{}, "not delivered", [32]byte{}
	}
	if kind == CheckReader {
		v.Against, v.Figures, v.Reason, v.Evidence = [32]byte{}, Figures{}, ReaderMissed, [32]byte{}
	}
	s := SignedVerdict{Verdict: v, CheckerSig: sign(t, v.Hash(testDomain), key)}
	if kind.NeedsPromise() {
		node, _ := keyOf(t, 1)
		s.Promise = pledge(t, promised(v, r.StartedAt), node)
	}
	if kind == CheckCanary || kind == CheckRerun {
		s.Consent = sign(t, Consent{v.Receipt, v.Clinic, v.Checker}.Hash(testDomain), key)
	}
	return s
}

// promised is what a node says that takes the lease which v is about.
func promised(v Verdict, at time.Time) Promise {
	return Promise{Task: v.Task, Fence: v.Fence, Node: v.Node, Clinic: v.Clinic, At: at}
}

func pledge(t testing.TB, p Promise, key *ecdsa.PrivateKey) Pledge {
	t.Helper()
	return Pledge{p.At, sign(t, p.Hash(testDomain), key)}
}

// TestALapseNeedsTheNodesPromise: keys of clinics cost nothing, so what a clinic says of a
// node that promised it nothing is no verdict.
func TestALapseNeedsTheNodesPromise(t *testing.T) {
	node, _ := keyOf(t, 1)
	stranger, _ := keyOf(t, 3)
	good := signedVerdict(t, CheckLapse)
	v, at := good.Verdict, good.Promise.At
	other := func(alter func(p *Promise)) Pledge {
		p := promised(v, at)
		alter(&p)
		g := pledge(t, p, node)
		g.At = at
		return g
	}
	for name, given := range map[string]Pledge{
		"none":                           {},
		"a stranger's":                   pledge(t, promised(v, at), stranger),
		"of another task":                other(func(p *Promise) { p.Task[0]++ }),
		"under another fence":            other(func(p *Promise) { p.Fence++ }),
		"to another clinic":              other(func(p *Promise) { p.Clinic[0]++ }),
		"of another time":                other(func(p *Promise) { p.At = p.At.Add(time.Millisecond) }),
		"a signature without its time":   {NodeSig: good.Promise.NodeSig},
		"a time without its signature":   {At: at},
		"the verdict's, not a promise's": {at, sign(t, v.Hash(testDomain), node)},
	} {
		s := good
		s.Promise = given
		if err := s.Verify(testDomain); err == nil {
			t.Errorf("a lapse was taken with this promise: %s", name)
		}
	}
	elsewhere := testDomain
	elsewhere.Registry[0]++
	if err := good.Promise.Verify(elsewhere, promised(v, at)); !errors.Is(err, ErrSignature) {
		t.Errorf("on another network: %v, want ErrSignature", err)
	}
	replica := signedVerdict(t, CheckReplica)
	replica.Promise = good.Promise
	if err := replica.Verify(testDomain); err == nil {
		t.Error("a replica was taken with a promise: one verdict would have two forms")
	}
	if _, err := replica.AppendBinary(nil); err == nil {
		t.Error("a replica with a promise has a binary form, which loses the promise")
	}
	canary := signedVerdict(t, CheckCanary)
	canary.Promise = pledge(t, promised(canary.Verdict, at), node)
	if err := canary.Verify(testDomain); err != nil {
		t.Errorf("a canary with the node's promise: %v", err)
	}
	canary.Promise = pledge(t, promised(canary.Verdict, at), stranger)
	if err := canary.Verify(testDomain); err == nil {
		t.Error("a canary was taken with a stranger's promise")
	}
	canary.Consent = Signature{}
	if _, err := canary.AppendBinary(nil); err == nil {
		t.Error("a canary with a promise and no consent has a binary form, which reads one as the other")
	}
}

// TestACoordinatorsJudgementNeedsTheClinicsConsent: the thief of a coordinator's key could
// say of any receipt that it was a canary, or that it ran the task again.
func TestACoordinatorsJudgementNeedsTheClinicsConsent(t *testing.T) {
	clinic, _ := keyOf(t, 2)
	thief, _ := keyOf(t, 3)
	for _, kind := range []CheckKind{CheckCanary, CheckRerun} {
		good := signedVerdict(t, kind)
		if err := good.Verify(testDomain); err != nil {
			t.Fatal(err)
		}
		c := Consent{good.Verdict.Receipt, good.Verdict.Clinic, good.Verdict.Checker}
		other := func(alter func(c *Consent)) Signature {
			altered := c
			alter(&altered)
			return sign(t, altered.Hash(testDomain), clinic)
		}
		for name, given := range map[string]Signature{
			"none":                           {},
			"the coordinator's own":          sign(t, c.Hash(testDomain), thief),
			"to another coordinator":         other(func(c *Consent) { c.Checker[0]++ }),
			"of another receipt":             other(func(c *Consent) { c.Receipt[0]++ }),
			"of another clinic":              other(func(c *Consent) { c.Clinic[0]++ }),
			"the verdict's, not a consent's": sign(t, good.Verdict.Hash(testDomain), clinic),
		} {
			s := good
			s.Consent = given
			if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
				t.Errorf("a %s was taken with this consent: %s (%v)", kind, name, err)
			}
		}
	}
	for _, kind := range []CheckKind{CheckReplica, CheckLapse, CheckReader} {
		s := signedVerdict(t, kind)
		s.Consent = signedVerdict(t, CheckCanary).Consent
		if err := s.Verify(testDomain); err == nil {
			t.Errorf("a %s was taken with a consent: one verdict would have two forms", kind)
		}
		if _, err := s.AppendBinary(nil); err == nil {
			t.Errorf("a %s with a consent has a binary form", kind)
		}
	}
}

// TestAVerdictFromBeforeConsentsIsReadFromALog: a coordinator's log may hold one when it is
// updated; it is read, and no longer valid.
func TestAVerdictFromBeforeConsentsIsReadFromALog(t *testing.T) {
	s := signedVerdict(t, CheckCanary)
	s.Consent = Signature{}
	data, err := s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var read SignedVerdict
	if err := read.UnmarshalBinary(data); err != nil || read != s {
		t.Fatalf("read %+v, %v", read, err)
	}
	if err := read.UnmarshalBinary(append(data, make([]byte, len(Signature{}))...)); err == nil {
		t.Error("a consent of zeros was read: one verdict would have two forms")
	}
}

func TestConsentHashesEqualGoEthereums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		c := Consent{drawBytes32(t, "receipt"), drawAddress(t, "clinic"), drawAddress(t, "checker")}
		want := reference(t, d, consentType, apitypes.TypedDataMessage{
			"receipt": c.Receipt[:], "clinic": c.Clinic.Hex(), "checker": c.Checker.Hex(),
		})
		if got := c.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	})
}

func TestPromiseHashesEqualGoEthereums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		p := Promise{drawBytes32(t, "task"), rapid.Uint64().Draw(t, "fence"), drawAddress(t, "node"), drawAddress(t, "clinic"), drawTime(t, "at")}
		want := reference(t, d, promiseType, apitypes.TypedDataMessage{
			"task": p.Task[:], "fence": number(p.Fence), "node": p.Node.Hex(), "clinic": p.Clinic.Hex(), "at": number(uint64(unixMilli(p.At))),
		})
		if got := p.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	})
}

func TestVerdictHashesEqualGoEthereums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		v := Verdict{
			Kind: CheckKind(rapid.String().Draw(t, "kind")), Node: drawAddress(t, "node"), Clinic: drawAddress(t, "clinic"), Task: drawBytes32(t, "task"),
			Fence: rapid.Uint64().Draw(t, "fence"), Receipt: drawBytes32(t, "receipt"), Manifest: drawBytes32(t, "manifest"),
			Provider: rapid.String().Draw(t, "provider"), Against: drawBytes32(t, "against"), Result: Judgement(rapid.String().Draw(t, "result")),
			Figures: Figures{rapid.Uint32().Draw(t, "dice"), rapid.Uint32().Draw(t, "delta"), rapid.Uint32().Draw(t, "findings"), rapid.Uint64().Draw(t, "mismatched")},
			Reason:  rapid.String().Draw(t, "reason"), Evidence: drawBytes32(t, "evidence"), Checker: drawAddress(t, "checker"), At: drawTime(t, "at"),
		}
		want := reference(t, d, verdictType, apitypes.TypedDataMessage{
			"kind": string(v.Kind), "node": v.Node.Hex(), "clinic": v.Clinic.Hex(), "task": v.Task[:], "fence": number(v.Fence), "receipt": v.Receipt[:],
			"manifest": v.Manifest[:], "provider": v.Provider, "against": v.Against[:], "result": string(v.Result),
			"dicePpm": number(uint64(v.Figures.DicePPM)), "probabilityDeltaPpm": number(uint64(v.Figures.ProbabilityDeltaPPM)),
			"findings": number(uint64(v.Figures.Findings)), "mismatched": number(v.Figures.Mismatched),
			"reason": v.Reason, "evidence": v.Evidence[:], "checker": v.Checker.Hex(), "at": number(uint64(unixMilli(v.At))),
		})
		if got := v.Hash(d); got != want {
			t.Fatalf("hash %x, apitypes %x", got, want)
		}
	})
}

func TestSignedVerdictVerify(t *testing.T) {
	for _, kind := range []CheckKind{CheckCanary, CheckReplica, CheckRerun, CheckLapse, CheckReader} {
		s := signedVerdict(t, kind)
		if err := s.Verify(testDomain); err != nil {
			t.Errorf("a valid %s was refused: %v", kind, err)
		}
		if got, err := DecodeSignedVerdict(encode(t, s)); err != nil || got != s {
			t.Errorf("%s decoded as %+v, %v", kind, got, err)
		}
	}
	_, node := keyOf(t, 1)
	stranger, other := keyOf(t, 3)
	clinicKey, _ := keyOf(t, 2)
	cases := map[string]struct {
		kind  CheckKind
		alter func(v *Verdict)
		says  string
	}{
		"unknown kind":             {CheckCanary, func(v *Verdict) { v.Kind = "guess" }, "is unknown"},
		"unknown result":           {CheckCanary, func(v *Verdict) { v.Result = "perhaps" }, "is unknown"},
		"node is the clinic":       {CheckCanary, func(v *Verdict) { v.Clinic = node }, "judges itself"},
		"node is the checker":      {CheckCanary, func(v *Verdict) { v.Checker = node }, "judges itself"},
		"no node":                  {CheckCanary, func(v *Verdict) { v.Node = common.Address{} }, "name all three"},
		"no task":                  {CheckCanary, func(v *Verdict) { v.Task = models.Digest{} }, "name the lease"},
		"no fence":                 {CheckCanary, func(v *Verdict) { v.Fence = 0 }, "name the lease"},
		"no manifest":              {CheckCanary, func(v *Verdict) { v.Manifest = models.Digest{} }, "model package"},
		"a stranger's replica":     {CheckReplica, func(v *Verdict) { v.Checker = other }, "clinic's to judge"},
		"a stranger's lapse":       {CheckLapse, func(v *Verdict) { v.Checker = other }, "clinic's to judge"},
		"canary without a receipt": {CheckCanary, func(v *Verdict) { v.Receipt = [32]byte{} }, "names a receipt"},
		"lapse with a receipt":     {CheckLapse, func(v *Verdict) { v.Receipt = [32]byte{1} }, "names a receipt"},
		"lapse that is valid":      {CheckLapse, func(v *Verdict) { v.Result, v.Reason = JudgedValid, "" }, "a lapse is invalid"},
		"lapse with figures":       {CheckLapse, func(v *Verdict) { v.Figures.Findings = 1 }, "a lapse is invalid"},
		"judged against nothing":   {CheckRerun, func(v *Verdict) { v.Against = [32]byte{} }, "against nothing"},
		"no provider":              {CheckRerun, func(v *Verdict) { v.Provider = "" }, "provider has 0 bytes"},
		"dice over one":            {CheckRerun, func(v *Verdict) { v.Figures.DicePPM = PartsPerMillion + 1 }, "parts per million"},
		"valid with a reason":      {CheckCanary, func(v *Verdict) { v.Result = JudgedValid }, "exactly when it is not valid"},
		"invalid without a reason": {CheckCanary, func(v *Verdict) { v.Reason = "" }, "exactly when it is not valid"},
		"unchecked without reason": {CheckCanary, func(v *Verdict) { v.Result, v.Reason = JudgedUnchecked, "" }, "exactly when it is not valid"},
		"a number in the reason":   {CheckCanary, func(v *Verdict) { v.Reason = "patient 4711" }, "a–z, space and hyphen"},
		"a long reason":            {CheckCanary, func(v *Verdict) { v.Reason = strings.Repeat("x", MaxVerdictReasonBytes+1) }, "at most"},
		"no time":                  {CheckCanary, func(v *Verdict) { v.At = time.Time{} }, "out of range"},
	}
	for name, c := range cases {
		s := signedVerdict(t, c.kind)
		c.alter(&s.Verdict)
		s.CheckerSig = sign(t, s.Verdict.Hash(testDomain), clinicKey)
		if err := s.Verify(testDomain); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
		}
	}
	s := signedVerdict(t, CheckCanary)
	s.CheckerSig = sign(t, s.Verdict.Hash(testDomain), stranger)
	if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
		t.Errorf("a stranger's signature: %v, want ErrSignature", err)
	}
	s = signedVerdict(t, CheckCanary)
	s.Verdict.Result, s.Verdict.Reason = JudgedValid, ""
	if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
		t.Errorf("a turned verdict: %v, want ErrSignature", err)
	}
}

func FuzzDecodeSignedVerdict(f *testing.F) {
	f.Add(encode(f, signedVerdict(f, CheckCanary)))
	f.Add(encode(f, signedVerdict(f, CheckLapse)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSignedVerdict(data)
		if err != nil {
			return
		}
		if again, err := DecodeSignedVerdict(encode(t, s)); err != nil || again != s {
			t.Fatalf("decoded, encoded and decoded differs: %v", err)
		}
		_ = s.Verify(testDomain)
	})
}
