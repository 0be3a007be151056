package attest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// MaxVerdictBytes bounds a signed verdict's JSON, a wallet's signature included.
const MaxVerdictBytes = 4<<10 + 2*MaxWalletSignatureBytes

// MaxVerdictReasonBytes bounds a verdict's reason.
const MaxVerdictReasonBytes = 64

// CheckKind is how a node's work was checked.
type CheckKind string

// The kinds of checks.
const (
	CheckCanary  CheckKind = "canary"  // against the known answer of a task that was made for it
	CheckReplica CheckKind = "replica" // against another node's copy of the same task
	CheckRerun   CheckKind = "rerun"   // against the checker's own run of the same task
	CheckLapse   CheckKind = "lapse"   // nothing to check: the award was taken and never delivered
)

// Judgement is what a check found.
type Judgement string

// The judgements.
const (
	JudgedValid     Judgement = "valid"
	JudgedInvalid   Judgement = "invalid"
	JudgedUnchecked Judgement = "unchecked" // could not be checked: it counts neither for nor against
)

// PartsPerMillion is the whole of a figure in parts per million.
const PartsPerMillion = 1_000_000

// Figures are what the comparison of two outputs measured. All are zero where nothing was compared.
type Figures struct {
	DicePPM             uint32 // Dice coefficient of the segmentations, the worst label's, in 10⁻⁶
	ProbabilityDeltaPPM uint32 // greatest difference of a probability, in 10⁻⁶
	Findings            uint32 // number of findings that differ
	Mismatched          uint64 // number of voxels or labels that differ
}

// Verdict is a checker's word about one task that a node ran.
type Verdict struct {
	Kind   CheckKind
	Node   common.Address
	Clinic common.Address // whose task it was
	Task   models.Digest
	Fence  uint64 // from 1

	Receipt  [32]byte      // Receipt.Hash of what was judged; zero exactly for a lapse
	Manifest models.Digest // of the model package
	Provider string        // the receipt's execution provider; may be empty for a lapse
	Against  [32]byte      // SHA-256 of the reference's or the other copy's output; zero for a lapse, a reader or what could not be checked

	Result   Judgement
	Figures  Figures
	Reason   string   // fixed words of the comparison, a–z, space and hyphen; empty exactly when valid
	Evidence [32]byte // SHA-256 of the published evidence file; zero: none

	Checker common.Address // who signs: a coordinator, or the clinic for a replica, a lapse or a reader
	At      time.Time      // the checker's clock, in whole milliseconds
}

const verdictType = "Verdict(string kind,address node,address clinic,bytes32 task,uint64 fence," +
	"bytes32 receipt,bytes32 manifest,string provider,bytes32 against,string result," +
	"uint32 dicePpm,uint32 probabilityDeltaPpm,uint32 findings,uint64 mismatched," +
	"string reason,bytes32 evidence,address checker,uint64 at)"

var verdictTypeHash = crypto.Keccak256Hash([]byte(verdictType))

// Hash is the EIP-712 digest that the checker signs.
func (v Verdict) Hash(d Domain) [32]byte {
	var w words
	w.word(verdictTypeHash)
	w.string(string(v.Kind))
	w.address(v.Node)
	w.address(v.Clinic)
	w.word(v.Task)
	w.uint64(v.Fence)
	w.word(v.Receipt)
	w.word(v.Manifest)
	w.string(v.Provider)
	w.word(v.Against)
	w.string(string(v.Result))
	w.uint64(uint64(v.Figures.DicePPM))
	w.uint64(uint64(v.Figures.ProbabilityDeltaPPM))
	w.uint64(uint64(v.Figures.Findings))
	w.uint64(v.Figures.Mismatched)
	w.string(v.Reason)
	w.word(v.Evidence)
	w.address(v.Checker)
	w.time(v.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature: known words, bounds, and that the parts
// fit each other: who may speak about what, and what each kind and judgement carries.
func (v Verdict) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	var none common.Address
	want(v.Node != none && v.Clinic != none && v.Checker != none, "node, clinic or checker is the zero address; name all three")
	want(v.Node != v.Clinic && v.Node != v.Checker, "node %s judges itself; have another party check it", v.Node)
	want(!v.Task.IsZero() && v.Fence > 0, "task or fence is empty; name the lease")
	want(!v.Manifest.IsZero(), "manifest is empty; name the model package")
	lapse := v.Kind == CheckLapse
	switch v.Kind {
	case CheckCanary, CheckRerun:
	case CheckReplica, CheckLapse, CheckReader:
		want(v.Checker == v.Clinic, "a %s is the clinic's to judge; sign with the clinic's key", v.Kind)
	default:
		want(false, "kind %.20q is unknown; want canary, replica, rerun, lapse or reader", v.Kind)
	}
	want(lapse == (v.Receipt == [32]byte{}), "a %s names a receipt, and only a lapse names none", v.Kind)
	switch v.Result {
	case JudgedValid, JudgedInvalid:
		want(v.Kind.compares() == (v.Against != [32]byte{}), "a %s judged %s against nothing, or against an output that it was not compared with; name one exactly where outputs were compared", v.Kind, v.Result)
	case JudgedUnchecked:
	default:
		want(false, "result %.20q is unknown; want valid, invalid or unchecked", v.Result)
	}
	if lapse {
		want(v.Result == JudgedInvalid && v.Figures == (Figures{}) && v.Against == [32]byte{}, "a lapse is invalid, with no figures and nothing compared")
	}
	v.validReader(want)
	if v.Provider != "" || !lapse {
		faults = append(faults, checkText("provider", v.Provider, MaxProviderBytes))
	}
	want(v.Figures.DicePPM <= PartsPerMillion && v.Figures.ProbabilityDeltaPPM <= PartsPerMillion, "a figure is over %d parts per million", PartsPerMillion)
	want((v.Result == JudgedValid) == (v.Reason == ""), "judged %s with %d bytes of reason; say why exactly when it is not valid", v.Result, len(v.Reason))
	want(plainWords(v.Reason), "reason has %d bytes or other characters than a–z, space and hyphen; want at most %d of them", len(v.Reason), MaxVerdictReasonBytes)
	faults = append(faults, checkTime("verdict", v.At))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("verdict on task %s: %w", v.Task.Short(), err)
	}
	return nil
}

// plainWords reports whether a published reason can hold no number and no name in another
// script: nothing of a patient's passes through it by accident.
func plainWords(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != ' ' && c != '-' {
			return false
		}
	}
	return len(s) <= MaxVerdictReasonBytes
}

type verdictJSON struct {
	Kind       CheckKind      `json:"kind"`
	Node       common.Address `json:"node"`
	Clinic     common.Address `json:"clinic"`
	Task       models.Digest  `json:"task"`
	Fence      uint64         `json:"fence"`
	Receipt    common.Hash    `json:"receipt"`
	Manifest   models.Digest  `json:"manifest"`
	Provider   string         `json:"provider"`
	Against    common.Hash    `json:"against"`
	Result     Judgement      `json:"result"`
	DicePPM    uint32         `json:"dice_ppm"`
	DeltaPPM   uint32         `json:"probability_delta_ppm"`
	Findings   uint32         `json:"findings"`
	Mismatched uint64         `json:"mismatched"`
	Reason     string         `json:"reason"`
	Evidence   common.Hash    `json:"evidence"`
	Checker    common.Address `json:"checker"`
	AtMS       int64          `json:"at_ms"`
}

// MarshalJSON writes the canonical form: fixed order, unix milliseconds.
func (v Verdict) MarshalJSON() ([]byte, error) {
	f := v.Figures
	return json.Marshal(verdictJSON{
		v.Kind, v.Node, v.Clinic, v.Task, v.Fence, v.Receipt, v.Manifest, v.Provider, v.Against, v.Result,
		f.DicePPM, f.ProbabilityDeltaPPM, f.Findings, f.Mismatched, v.Reason, v.Evidence, v.Checker, unixMilli(v.At),
	})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (v *Verdict) UnmarshalJSON(data []byte) error {
	var j verdictJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("verdict: %w", err)
	}
	*v = Verdict{
		j.Kind, j.Node, j.Clinic, j.Task, j.Fence, j.Receipt, j.Manifest, j.Provider, j.Against, j.Result,
		Figures{j.DicePPM, j.DeltaPPM, j.Findings, j.Mismatched}, j.Reason, j.Evidence, j.Checker, fromMilli(j.AtMS),
	}
	return nil
}

// SignedVerdict is the statement with the checker's signature: a key's, or a wallet's.
type SignedVerdict struct {
	Verdict    Verdict
	CheckerSig Signature
	WalletSig  WalletSignature // instead of CheckerSig, when the checker is a contract wallet
	Promise    Pledge          // the node's own yes to the award: of a lapse, of a reader, and of a coordinator's that knows it
	Consent    Signature       // the clinic's, of Consent: of a canary and a re-run alone
}

// Verify checks bounds, that Verdict.Checker signed with its key, that the node had promised
// what a lapse says it did not bring or a reader speaks of, and that the clinic let a
// coordinator judge. Whether that checker may judge is its caller's to know.
func (s SignedVerdict) Verify(d Domain) error { return s.VerifyWith(context.Background(), d, nil) }

// VerifyWith is Verify that also takes a contract wallet's word, if wallets is not nil.
func (s SignedVerdict) VerifyWith(ctx context.Context, d Domain, wallets Wallets) error {
	return s.verify(ctx, d, wallets, s.consented)
}

// VerifyWithoutConsent is VerifyWith for verdicts from before clinics consented to a
// coordinator's judgement: it does not look for the consent.
func (s SignedVerdict) VerifyWithoutConsent(ctx context.Context, d Domain, wallets Wallets) error {
	return s.verify(ctx, d, wallets, func(Domain) error { return nil })
}

func (s SignedVerdict) verify(ctx context.Context, d Domain, wallets Wallets, consented func(Domain) error) error {
	if err := s.Verdict.Validate(); err != nil {
		return err
	}
	if err := errors.Join(s.promised(d), consented(d)); err != nil {
		return fmt.Errorf("verdict on task %s: %w", s.Verdict.Task.Short(), err)
	}
	p := party{who: s.Verdict.Checker, hash: s.Verdict.Hash(d), sig: s.CheckerSig, wallet: s.WalletSig}
	if err := p.verify(ctx, d, wallets); err != nil {
		return fmt.Errorf("verdict on task %s: %w", s.Verdict.Task.Short(), err)
	}
	return nil
}

// promised wants the node's promise beside a lapse or a reader's word: keys of clinics cost
// nothing, so a clinic's word alone would let anybody speak against any node. Beside a
// coordinator's it may stand: without it the verdict counts only where its receipt is seen.
func (s SignedVerdict) promised(d Domain) error {
	v := s.Verdict
	switch {
	case s.Promise.IsZero() && !v.Kind.NeedsPromise():
		return nil
	case !v.Kind.NeedsPromise() && !v.Kind.NeedsConsent():
		return fmt.Errorf("a %s carries a promise; leave it out", v.Kind)
	case s.Promise.IsZero():
		return fmt.Errorf("a %s without the node's promise; add what the node signed when it took the award: %w", v.Kind, ErrSignature)
	}
	return s.Promise.Verify(d, Promise{Task: v.Task, Fence: v.Fence, Node: v.Node, Clinic: v.Clinic})
}

type signedVerdictJSON struct {
	Verdict    Verdict         `json:"verdict"`
	CheckerSig Signature       `json:"checker_sig"`
	WalletSig  WalletSignature `json:"wallet_sig,omitempty"`
	Promise    Pledge          `json:"promise,omitzero"`
	Consent    Signature       `json:"consent,omitzero"`
}

// MarshalJSON writes the canonical form.
func (s SignedVerdict) MarshalJSON() ([]byte, error) { return json.Marshal(signedVerdictJSON(s)) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedVerdict) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedVerdictJSON)(s))
}

// DecodeSignedVerdict reads at most MaxVerdictBytes of canonical JSON; white space
// between tokens is allowed. It checks bounds, not the signature.
func DecodeSignedVerdict(data []byte) (SignedVerdict, error) {
	var s SignedVerdict
	if err := decode("signed verdict", data, MaxVerdictBytes, &s); err != nil {
		return SignedVerdict{}, err
	}
	return s, s.Verdict.Validate()
}
