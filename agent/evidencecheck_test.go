package agent

import (
	"errors"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/models"
)

// A node answers for what it signed for: another file is none of its answers, whatever hashes
// the evidence names.
func TestEvidenceIsOfWhatTheNodeSignedFor(t *testing.T) {
	node, clinic := freshKey(t), freshKey(t)
	at := time.UnixMilli(1_800_000_000_000).UTC()
	some := models.DigestOf([]byte("some"))
	signed := attest.SignedReceipt{Receipt: attest.Receipt{
		Task: some, Fence: 1, Node: node.Address(), Clinic: clinic.Address(), RequestHash: some, ManifestDigest: some, WeightsDigest: some, Provider: "cpu",
		Runtime: "onnxruntime", OutputHash: models.DigestOf([]byte("output")), StartedAt: at, FinishedAt: at, EnergyBasis: "unmeasured",
	}}
	hash := signed.Receipt.Hash(judgeDomain)
	signed.Acceptance = attest.Acceptance{Receipt: hash, Accepted: true, At: at}
	var err, err2 error
	signed.NodeSig, err = attest.Sign(hash, node.ECDSA())
	signed.ClinicSig, err2 = attest.Sign(signed.Acceptance.Hash(judgeDomain), clinic.ECDSA())
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	e := evidenceOf(attest.CheckCanary, judgeDomain, signed, canary.Opinion{Judgement: attest.JudgedInvalid})
	if err := e.signedFor(judgeDomain); err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(*Evidence){
		"another output":  func(e *Evidence) { e.Output = models.DigestOf([]byte("rubbish")) },
		"another receipt": func(e *Evidence) { e.Receipt[0]++ },
		"a receipt that nobody signed": func(e *Evidence) {
			forged := signed
			forged.Receipt.OutputHash = models.DigestOf([]byte("rubbish"))
			e.Signed, e.Output, e.Receipt = &forged, forged.Receipt.OutputHash, forged.Receipt.Hash(judgeDomain)
		},
		"no receipt": func(e *Evidence) { e.Signed = nil },
	} {
		other := e
		alter(&other)
		if err := other.signedFor(judgeDomain); err == nil || errors.Is(err, errUnsigned) != (other.Signed == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A coordinator can't make a right answer wrong by holding it against another one than its own.
func TestTheCheckersOwnAnswerOverrules(t *testing.T) {
	m := classifier()
	list := answers(m, judgeClinic, 0.9, 0.9, 0.4)
	encoded := make([][]byte, len(list))
	for n, c := range list {
		var err error
		if encoded[n], err = c.result.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	answer, right, wrong := encoded[0], encoded[1], encoded[2]
	own, others := common.Hash{1}, common.Hash{2}
	for name, c := range map[string]struct {
		result    attest.Judgement
		reference common.Hash
		output    []byte
		want      bool
	}{
		"a right answer against another reference":  {attest.JudgedInvalid, others, right, true},
		"a wrong answer against another reference":  {attest.JudgedInvalid, others, wrong, false},
		"a wrong answer against the checker's own":  {attest.JudgedInvalid, own, wrong, false},
		"an answer that its kind of provider gives": {attest.JudgedValid, others, wrong, false},
	} {
		e := Evidence{Result: c.result, Answer: own, Reference: c.reference}
		if got := e.overruled(m, answer, c.output); got != c.want {
			t.Errorf("%s: overruled %v", name, got)
		}
	}
}
