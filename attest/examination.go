package attest

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// MaxCommitmentBytes bounds a signed commitment's JSON, MaxExaminationBytes a signed examination's.
const (
	MaxCommitmentBytes  = 2 << 10
	MaxExaminationBytes = MaxCommitmentBytes + 2<<10
)

// Commitment is a node's word, within the time that its profile's claim allows, that it has
// computed what a compute challenge asked for (hwprobe/challenge).
type Commitment struct {
	Node          common.Address
	Challenge     [32]byte      // the challenge's id
	Seed          [32]byte      // that the work was computed from
	Work          models.Digest // SHA-256 of the work's JSON
	Root          [32]byte      // over everything computed
	ProfileDigest models.Digest // the hardware profile whose claim is examined
	At            time.Time     // the node's clock, in whole milliseconds
}

const commitmentType = "Commitment(address node,bytes32 challenge,bytes32 seed,bytes32 work,bytes32 root,bytes32 profileDigest,uint64 at)"

var commitmentTypeHash = crypto.Keccak256Hash([]byte(commitmentType))

// Hash is the EIP-712 digest that the node signs.
func (c Commitment) Hash(d Domain) [32]byte {
	var w words
	w.word(commitmentTypeHash)
	w.address(c.Node)
	w.word(c.Challenge)
	w.word(c.Seed)
	w.word(c.Work)
	w.word(c.Root)
	w.word(c.ProfileDigest)
	w.time(c.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (c Commitment) Validate() error {
	if c.Node == (common.Address{}) {
		return fmt.Errorf("commitment to challenge %x: node is the zero address; name the node", c.Challenge[:4])
	}
	return checkTime("commitment", c.At)
}

type commitmentJSON struct {
	Node          common.Address `json:"node"`
	Challenge     common.Hash    `json:"challenge"`
	Seed          common.Hash    `json:"seed"`
	Work          models.Digest  `json:"work"`
	Root          common.Hash    `json:"root"`
	ProfileDigest models.Digest  `json:"profile_digest"`
	AtMS          int64          `json:"at_ms"`
}

// MarshalJSON writes the canonical form.
func (c Commitment) MarshalJSON() ([]byte, error) {
	return json.Marshal(commitmentJSON{c.Node, c.Challenge, c.Seed, c.Work, c.Root, c.ProfileDigest, unixMilli(c.At)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (c *Commitment) UnmarshalJSON(data []byte) error {
	var j commitmentJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("commitment: %w", err)
	}
	*c = Commitment{j.Node, j.Challenge, j.Seed, j.Work, j.Root, j.ProfileDigest, fromMilli(j.AtMS)}
	return nil
}

// SignedCommitment is the statement with the node's signature.
type SignedCommitment struct {
	Commitment Commitment
	NodeSig    Signature
}

// Verify checks bounds and that Commitment.Node signed.
func (s SignedCommitment) Verify(d Domain) error {
	if err := s.Commitment.Validate(); err != nil {
		return err
	}
	if err := d.verifySigner(s.Commitment.Hash(d), s.NodeSig, s.Commitment.Node); err != nil {
		return fmt.Errorf("commitment of %s: %w", s.Commitment.Node, err)
	}
	return nil
}

type signedCommitmentJSON struct {
	Commitment Commitment `json:"commitment"`
	NodeSig    Signature  `json:"node_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedCommitment) MarshalJSON() ([]byte, error) { return json.Marshal(signedCommitmentJSON(s)) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedCommitment) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedCommitmentJSON)(s))
}

// DecodeSignedCommitment reads at most MaxCommitmentBytes of canonical JSON; white space
// between tokens is allowed. It checks bounds, not the signature.
func DecodeSignedCommitment(data []byte) (SignedCommitment, error) {
	var s SignedCommitment
	if err := decode("signed commitment", data, MaxCommitmentBytes, &s); err != nil {
		return SignedCommitment{}, err
	}
	return s, s.Commitment.Validate()
}

// Subject is what an examination was about.
type Subject string

// The subjects of examinations.
const (
	ComputeRate Subject = "compute" // operations a second
	MemorySize  Subject = "memory"  // bytes that can be worked on at the speed of memory
)

// The outcomes of an examination, beside OwnOutage.
const (
	Proved Outcome = "proved" // in time and opened truly
	False  Outcome = "false"  // committed to something else than the work: nobody does that by accident
	Missed Outcome = "missed" // not ready, not there, or not in time
	Unable Outcome = "unable" // it says that its provider can't; who is asked should be able to
)

// Examination is the coordinator's record of one compute challenge. Who has the seed can
// compute the root of a proved one again; that it came in time is the coordinator's word.
type Examination struct {
	Node          common.Address
	ID            [32]byte
	Subject       Subject
	ProfileDigest models.Digest // the profile whose claim was examined
	ClaimMOPS     uint64        // its int8 rate in 10⁶ operations a second
	Work          models.Digest // SHA-256 of the work's JSON; zero if none was begun
	Size          uint64        // of the work: 10⁶ operations, or bytes of memory
	AskedAt       time.Time     // the coordinator's clock, in whole milliseconds
	TookMS        uint64        // from the seed's sending to the commitment's arrival; 0 unless proved
	Outcome       Outcome
	Prompted      bool              // a new profile of the operator's brought it about: he chose its time
	Answer        *SignedCommitment // exactly when Proved
}

const examinationType = "Examination(address node,bytes32 id,string subject,bytes32 profileDigest,uint64 claimMops,bytes32 work,uint64 size,uint64 askedAt,uint64 tookMs,string outcome,bool prompted,bytes32 commitment)"

var examinationTypeHash = crypto.Keccak256Hash([]byte(examinationType))

// Hash is the EIP-712 digest that the coordinator signs; commitment is the hash of the
// node's, zero where there is none.
func (e Examination) Hash(d Domain) [32]byte {
	var commitment [32]byte
	if e.Answer != nil {
		commitment = e.Answer.Commitment.Hash(d)
	}
	var w words
	w.word(examinationTypeHash)
	w.address(e.Node)
	w.word(e.ID)
	w.string(string(e.Subject))
	w.word(e.ProfileDigest)
	w.uint64(e.ClaimMOPS)
	w.word(e.Work)
	w.uint64(e.Size)
	w.time(e.AskedAt)
	w.uint64(e.TookMS)
	w.string(string(e.Outcome))
	w.bool(e.Prompted)
	w.word(commitment)
	return d.digest(w.hash())
}

// Figure is what was proved: 10⁶ operations a second of ComputeRate, bytes of MemorySize,
// nothing of any other outcome. A rate is rounded down.
func (e Examination) Figure() uint64 {
	if e.Outcome != Proved || e.TookMS == 0 {
		return 0
	}
	if e.Subject == MemorySize {
		return e.Size
	}
	const second = 1000
	high, low := bits.Mul64(e.Size, second)
	if high >= e.TookMS {
		return 0 // no machine: Verify refuses it
	}
	rate, _ := bits.Div64(high, low, e.TookMS)
	return rate
}

// maxSize is 2⁵⁰: 10²¹ operations or a pebibyte, more than any challenge asks for.
const maxSize = 1 << 50

// Verify checks that the record is whole: a proved one carries the node's signed
// commitment to this work, every other one carries none.
func (e Examination) Verify(d Domain) error {
	where := func() string { return fmt.Sprintf("examination %x of %s", e.ID[:4], e.Node) }
	if e.Node == (common.Address{}) {
		return fmt.Errorf("%s: node is the zero address; name the node", where())
	}
	if err := checkTime("examination", e.AskedAt); err != nil {
		return err
	}
	if e.Subject != ComputeRate && e.Subject != MemorySize {
		return fmt.Errorf("%s: subject %.20q is unknown; want compute or memory", where(), e.Subject)
	}
	if e.Size > maxSize || e.ClaimMOPS > maxSize {
		return fmt.Errorf("%s: size %d at a claim of %d is out of range; ask for less", where(), e.Size, e.ClaimMOPS)
	}
	switch e.Outcome {
	case False, Missed, Unable, OwnOutage:
		if e.Answer != nil || e.TookMS != 0 {
			return fmt.Errorf("%s: outcome %s with an answer; record it as proved or drop the answer", where(), e.Outcome)
		}
		return nil
	case Proved:
	default:
		return fmt.Errorf("%s: outcome %.20q is unknown; want proved, false, missed, unable or own-outage", where(), e.Outcome)
	}
	if e.Answer == nil || e.TookMS == 0 || e.Size == 0 {
		return fmt.Errorf("%s: proved without an answer, a time or a size; keep the signed commitment", where())
	}
	if c := e.Answer.Commitment; c.Node != e.Node || c.Challenge != e.ID || c.Work != e.Work || c.ProfileDigest != e.ProfileDigest {
		return fmt.Errorf("%s: the answer is another commitment's; commit to this challenge, work and profile with this node's key: %w", where(), ErrSignature)
	}
	return e.Answer.Verify(d)
}

type examinationJSON struct {
	Node          common.Address    `json:"node"`
	ID            common.Hash       `json:"id"`
	Subject       Subject           `json:"subject"`
	ProfileDigest models.Digest     `json:"profile_digest"`
	ClaimMOPS     uint64            `json:"claim_mops"`
	Work          models.Digest     `json:"work"`
	Size          uint64            `json:"size"`
	AskedAtMS     int64             `json:"asked_at_ms"`
	TookMS        uint64            `json:"took_ms"`
	Outcome       Outcome           `json:"outcome"`
	Prompted      bool              `json:"prompted,omitempty"`
	Answer        *SignedCommitment `json:"answer,omitempty"`
}

// MarshalJSON writes the canonical form.
func (e Examination) MarshalJSON() ([]byte, error) {
	return json.Marshal(examinationJSON{
		e.Node, e.ID, e.Subject, e.ProfileDigest, e.ClaimMOPS, e.Work, e.Size, unixMilli(e.AskedAt), e.TookMS, e.Outcome, e.Prompted, e.Answer,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (e *Examination) UnmarshalJSON(data []byte) error {
	var j examinationJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("examination: %w", err)
	}
	*e = Examination{j.Node, j.ID, j.Subject, j.ProfileDigest, j.ClaimMOPS, j.Work, j.Size, fromMilli(j.AskedAtMS), j.TookMS, j.Outcome, j.Prompted, j.Answer}
	return nil
}

// SignedExamination is the record with the coordinator's signature: what the node gets.
type SignedExamination struct {
	Examination    Examination
	CoordinatorSig Signature
}

// Verify checks the record and that coordinator signed it.
func (s SignedExamination) Verify(d Domain, coordinator common.Address) error {
	if err := s.Examination.Verify(d); err != nil {
		return err
	}
	if err := d.verifySigner(s.Examination.Hash(d), s.CoordinatorSig, coordinator); err != nil {
		return fmt.Errorf("examination of %s: %w", s.Examination.Node, err)
	}
	return nil
}

type signedExaminationJSON struct {
	Examination    Examination `json:"examination"`
	CoordinatorSig Signature   `json:"coordinator_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedExamination) MarshalJSON() ([]byte, error) {
	return json.Marshal(signedExaminationJSON(s))
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedExamination) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedExaminationJSON)(s))
}

// DecodeSignedExamination reads at most MaxExaminationBytes of canonical JSON; white space
// between tokens is allowed. It checks no signature.
func DecodeSignedExamination(data []byte) (SignedExamination, error) {
	var s SignedExamination
	return s, decode("signed examination", data, MaxExaminationBytes, &s)
}
