package attest

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func drawText(t *rapid.T, label string, limit int) string {
	return rapid.StringN(0, -1, limit).Draw(t, label)
}

func drawSignature(t *rapid.T, label string) Signature {
	return Signature(rapid.SliceOfN(rapid.Byte(), 65, 65).Draw(t, label))
}

func drawWallet(t *rapid.T) WalletSignature {
	return WalletSignature(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "wallet"))
}

// TestBinaryFormsHoldEverything: what is appended is read back, and says the same in JSON.
func TestBinaryFormsHoldEverything(t *testing.T) {
	prefix := []byte("before")
	t.Run("receipt", rapid.MakeCheck(func(t *rapid.T) {
		s := SignedReceipt{Receipt: Receipt{
			Task: drawBytes32(t, "task"), Fence: rapid.Uint64().Draw(t, "fence"), Node: drawAddress(t, "node"), Clinic: drawAddress(t, "clinic"),
			RequestHash: drawBytes32(t, "request"), ManifestDigest: drawBytes32(t, "manifest"), WeightsDigest: drawBytes32(t, "weights"),
			Provider: drawText(t, "provider", MaxProviderBytes), Runtime: drawText(t, "runtime", MaxRuntimeBytes), OutputHash: drawBytes32(t, "output"),
			StartedAt: drawTime(t, "started"), FinishedAt: drawTime(t, "finished"), Deadline: drawTime(t, "deadline"),
			EnergyMilliJ: rapid.Uint64().Draw(t, "energy"), EnergyBasis: drawText(t, "basis", MaxEnergyBasisBytes), PriceGwei: rapid.Uint64().Draw(t, "price"),
		}, NodeSig: drawSignature(t, "node sig"), ClinicSig: drawSignature(t, "clinic sig"), WalletSig: drawWallet(t),
			Acceptance: Acceptance{Receipt: drawBytes32(t, "receipt"), Accepted: rapid.Bool().Draw(t, "accepted"), Reason: drawText(t, "reason", MaxReasonBytes), At: drawTime(t, "at")},
		}
		data, err := s.AppendBinary(bytes.Clone(prefix))
		if err != nil || !bytes.HasPrefix(data, prefix) {
			t.Fatalf("append: %v", err)
		}
		var got SignedReceipt
		if err := got.UnmarshalBinary(data[len(prefix):]); err != nil || got != s {
			t.Fatalf("read %+v, %v; want %+v", got, err, s)
		}
	}))
	t.Run("verdict", rapid.MakeCheck(func(t *rapid.T) {
		s := SignedVerdict{Verdict: Verdict{
			Kind: CheckKind(rapid.SampledFrom(checkKinds).Draw(t, "kind")), Node: drawAddress(t, "node"), Clinic: drawAddress(t, "clinic"), Task: drawBytes32(t, "task"),
			Fence: rapid.Uint64().Draw(t, "fence"), Receipt: drawBytes32(t, "receipt"), Manifest: drawBytes32(t, "manifest"),
			Provider: drawText(t, "provider", MaxProviderBytes), Against: drawBytes32(t, "against"), Result: Judgement(rapid.SampledFrom(judgements).Draw(t, "result")),
			Figures: Figures{rapid.Uint32().Draw(t, "dice"), rapid.Uint32().Draw(t, "delta"), rapid.Uint32().Draw(t, "findings"), rapid.Uint64().Draw(t, "mismatched")},
			Reason:  drawText(t, "reason", MaxVerdictReasonBytes), Evidence: drawBytes32(t, "evidence"), Checker: drawAddress(t, "checker"), At: drawTime(t, "at"),
		}, CheckerSig: drawSignature(t, "sig"), WalletSig: drawWallet(t)}
		if s.Verdict.Kind.NeedsPromise() {
			s.Promise = Pledge{drawTime(t, "promised"), drawSignature(t, "promise")}
		}
		if s.Verdict.Kind.NeedsConsent() {
			s.Consent = drawSignature(t, "consent")
			if rapid.Bool().Draw(t, "with the node's promise") {
				s.Promise = Pledge{drawTime(t, "promised"), drawSignature(t, "promise")}
			}
		}
		data, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got SignedVerdict
		if err := got.UnmarshalBinary(data); err != nil || got != s {
			t.Fatalf("read %+v, %v; want %+v", got, err, s)
		}
	}))
	t.Run("pledge", rapid.MakeCheck(func(t *rapid.T) {
		g := Pledge{drawTime(t, "at"), drawSignature(t, "sig")}
		data, err := g.AppendBinary(nil)
		var got Pledge
		if err != nil || got.UnmarshalBinary(data) != nil || got != g || got.UnmarshalBinary(append(data, 0)) == nil {
			t.Fatalf("read %+v, %v; want %+v and nothing behind it", got, err, g)
		}
	}))
	t.Run("challenge", rapid.MakeCheck(func(t *rapid.T) {
		c := Challenge{Node: drawAddress(t, "node"), Nonce: drawBytes32(t, "nonce"), AskedAt: drawTime(t, "asked"), Outcome: Outcome(rapid.SampledFrom(outcomes).Draw(t, "outcome"))}
		if rapid.Bool().Draw(t, "answered") {
			c.Answer = &SignedUptime{Uptime{drawAddress(t, "who"), rapid.Uint64().Draw(t, "seq"), drawBytes32(t, "over"), rapid.Uint32().Draw(t, "load"), models.Digest(drawBytes32(t, "profile")), drawTime(t, "at")}, drawSignature(t, "sig")}
		}
		data, err := c.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got Challenge
		if err := got.UnmarshalBinary(data); err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("read %+v, %v; want %+v", got, err, c)
		}
	}))
}

// TestBinaryFormsRefuse: what has no form is not written, and no other bytes are read.
func TestBinaryFormsRefuse(t *testing.T) {
	unknown := signedVerdict(t, CheckCanary)
	unknown.Verdict.Kind = "guess"
	if _, err := unknown.AppendBinary(nil); err == nil {
		t.Error("an unknown kind was written")
	}
	long := signedReceipt(t)
	long.Receipt.Runtime = string(make([]byte, maxTextBytes+1))
	if _, err := long.AppendBinary(nil); err == nil {
		t.Error("a text of 64 KiB was written")
	}
	whole, err := signedReceipt(t).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := new(SignedReceipt).UnmarshalBinary(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were read as a receipt", n, len(whole))
		}
	}
	if err := new(SignedReceipt).UnmarshalBinary(append(bytes.Clone(whole), 0)); err == nil {
		t.Error("a receipt with a byte too many was read")
	}
	newer := bytes.Clone(whole)
	newer[0]++
	if err := new(SignedReceipt).UnmarshalBinary(newer); err == nil {
		t.Error("another version was read")
	}
}

func FuzzBinaryForms(f *testing.F) {
	receipt, err := signedReceipt(f).AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	verdict, err := signedVerdict(f, CheckReplica).AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	challenge, err := Challenge{Node: signedReceipt(f).Receipt.Node, AskedAt: time.UnixMilli(5).UTC(), Outcome: Timeout}.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{receipt, verdict, challenge} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r SignedReceipt
		if r.UnmarshalBinary(data) == nil {
			if again, err := r.AppendBinary(nil); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("a receipt has two forms: %v", err)
			}
		}
		var v SignedVerdict
		if v.UnmarshalBinary(data) == nil {
			if again, err := v.AppendBinary(nil); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("a verdict has two forms: %v", err)
			}
		}
		var c Challenge
		if c.UnmarshalBinary(data) == nil {
			if again, err := c.AppendBinary(nil); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("a challenge has two forms: %v", err)
			}
		}
	})
}
