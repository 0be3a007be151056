package attest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// The binary forms hold the same values as the JSON forms in a third of the bytes and a
// fiftieth of the time. Numbers are big-endian, times unix milliseconds in eight bytes,
// texts and wallets' signatures stand behind two bytes of length. Every value has exactly
// one form, and every form that is read back has exactly one value.

// binaryVersion is the first byte of each form.
const binaryVersion = 1

// errForm says that bytes are no form of a statement.
var errForm = errors.New("not the binary form of this version")

// maxTextBytes is what two bytes of length can say.
const maxTextBytes = math.MaxUint16

// appender writes a form; fault is the first text that is too long.
type appender struct {
	b     []byte
	fault error
}

func (a *appender) uint8(v uint8)            { a.b = append(a.b, v) }
func (a *appender) uint32(v uint32)          { a.b = binary.BigEndian.AppendUint32(a.b, v) }
func (a *appender) uint64(v uint64)          { a.b = binary.BigEndian.AppendUint64(a.b, v) }
func (a *appender) word(v [32]byte)          { a.b = append(a.b, v[:]...) }
func (a *appender) address(v common.Address) { a.b = append(a.b, v[:]...) }
func (a *appender) signature(v Signature)    { a.b = append(a.b, v[:]...) }
func (a *appender) wallet(v WalletSignature) { a.text(string(v)) }
func (a *appender) time(v time.Time)         { a.uint64(uint64(unixMilli(v))) }
func (a *appender) done() ([]byte, error)    { return a.b, a.fault }
func (a *appender) code(v string, of []string) {
	for i, known := range of {
		if v == known {
			a.uint8(uint8(i))
			return
		}
	}
	a.fault = errors.Join(a.fault, fmt.Errorf("%.20q has no binary form", v))
}

func (a *appender) text(v string) {
	if len(v) > maxTextBytes {
		a.fault = errors.Join(a.fault, fmt.Errorf("text of %d bytes has no binary form", len(v)))
		v = ""
	}
	a.b = append(binary.BigEndian.AppendUint16(a.b, uint16(len(v))), v...)
}

// reader takes a form apart. After the first fault everything is zero.
type reader struct {
	b     []byte
	fault bool
}

func (r *reader) take(n int) []byte {
	if r.fault || len(r.b) < n {
		r.fault = true
		return make([]byte, n)
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) uint8() uint8            { return r.take(1)[0] }
func (r *reader) uint32() uint32          { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64          { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) word() [32]byte          { return [32]byte(r.take(32)) }
func (r *reader) address() common.Address { return common.Address(r.take(common.AddressLength)) }
func (r *reader) signature() Signature    { return Signature(r.take(len(Signature{}))) }
func (r *reader) version()                { r.fault = r.uint8() != binaryVersion || r.fault }

func (r *reader) bool() bool {
	v := r.uint8()
	r.fault = r.fault || v > 1
	return v == 1
}

func (r *reader) time() time.Time {
	ms := r.uint64()
	if ms > latestMilli {
		r.fault = true
		return time.Time{}
	}
	return fromMilli(int64(ms))
}

func (r *reader) code(of []string) string {
	at := r.uint8()
	if int(at) >= len(of) {
		r.fault = true
		return ""
	}
	return of[at]
}

// text reads at most limit bytes.
func (r *reader) text(limit int) string {
	n := int(binary.BigEndian.Uint16(r.take(2)))
	if n > limit {
		r.fault = true
		return ""
	}
	return string(r.take(n))
}

func (r *reader) wallet() WalletSignature { return WalletSignature(r.text(MaxWalletSignatureBytes)) }

func (r *reader) done(what string) error {
	if r.fault || len(r.b) > 0 {
		return fmt.Errorf("read %s: %w; send it as it was encoded", what, errForm)
	}
	return nil
}

// AppendBinary appends the binary form to b.
func (s SignedReceipt) AppendBinary(b []byte) ([]byte, error) {
	a, r := appender{b: b}, s.Receipt
	a.uint8(binaryVersion)
	a.word(r.Task)
	a.uint64(r.Fence)
	a.address(r.Node)
	a.address(r.Clinic)
	a.word(r.RequestHash)
	a.word(r.ManifestDigest)
	a.word(r.WeightsDigest)
	a.text(r.Provider)
	a.text(r.Runtime)
	a.word(r.OutputHash)
	a.time(r.StartedAt)
	a.time(r.FinishedAt)
	a.time(r.Deadline)
	a.uint64(r.EnergyMilliJ)
	a.text(r.EnergyBasis)
	a.uint64(r.PriceGwei)
	a.signature(s.NodeSig)
	a.word(s.Acceptance.Receipt)
	if s.Acceptance.Accepted {
		a.uint8(1)
	} else {
		a.uint8(0)
	}
	a.text(s.Acceptance.Reason)
	a.time(s.Acceptance.At)
	a.signature(s.ClinicSig)
	a.wallet(s.WalletSig)
	return a.done()
}

// UnmarshalBinary reads what AppendBinary wrote. It checks the bounds of the parts, no
// signature.
func (s *SignedReceipt) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	r.version()
	var v SignedReceipt
	v.Receipt = Receipt{
		Task: r.word(), Fence: r.uint64(), Node: r.address(), Clinic: r.address(),
		RequestHash: r.word(), ManifestDigest: r.word(), WeightsDigest: r.word(),
		Provider: r.text(MaxProviderBytes), Runtime: r.text(MaxRuntimeBytes), OutputHash: r.word(),
		StartedAt: r.time(), FinishedAt: r.time(), Deadline: r.time(),
		EnergyMilliJ: r.uint64(), EnergyBasis: r.text(MaxEnergyBasisBytes), PriceGwei: r.uint64(),
	}
	v.NodeSig = r.signature()
	v.Acceptance = Acceptance{Receipt: r.word(), Accepted: r.bool(), Reason: r.text(MaxReasonBytes), At: r.time()}
	v.ClinicSig, v.WalletSig = r.signature(), r.wallet()
	if err := r.done("signed receipt"); err != nil {
		return err
	}
	*s = v
	return nil
}

// The words that have a code, by their code. New ones go to the end.
var (
	checkKinds = []string{string(CheckCanary), string(CheckReplica), string(CheckRerun), string(CheckLapse), string(CheckReader)}
	judgements = []string{string(JudgedValid), string(JudgedInvalid), string(JudgedUnchecked)}
	outcomes   = []string{string(Answered), string(Refused), string(Timeout), string(OwnOutage)}
)

// AppendBinary appends the binary form to b.
func (s SignedVerdict) AppendBinary(b []byte) ([]byte, error) {
	a, v := appender{b: b}, s.Verdict
	a.uint8(binaryVersion)
	a.code(string(v.Kind), checkKinds)
	a.address(v.Node)
	a.address(v.Clinic)
	a.word(v.Task)
	a.uint64(v.Fence)
	a.word(v.Receipt)
	a.word(v.Manifest)
	a.text(v.Provider)
	a.word(v.Against)
	a.code(string(v.Result), judgements)
	a.uint32(v.Figures.DicePPM)
	a.uint32(v.Figures.ProbabilityDeltaPPM)
	a.uint32(v.Figures.Findings)
	a.uint64(v.Figures.Mismatched)
	a.text(v.Reason)
	a.word(v.Evidence)
	a.address(v.Checker)
	a.time(v.At)
	a.signature(s.CheckerSig)
	a.wallet(s.WalletSig)
	if !s.Consent.IsZero() {
		if !v.Kind.NeedsConsent() {
			a.fault = errors.Join(a.fault, fmt.Errorf("a %.20q with a consent has no binary form", v.Kind))
		}
		a.signature(s.Consent)
	}
	if v.Kind.NeedsPromise() || !s.Promise.IsZero() {
		if !v.Kind.NeedsPromise() && s.Consent.IsZero() {
			a.fault = errors.Join(a.fault, fmt.Errorf("a %.20q with a promise has no binary form", v.Kind))
		}
		a.time(s.Promise.At)
		a.signature(s.Promise.NodeSig)
	}
	return a.done()
}

// UnmarshalBinary reads what AppendBinary wrote. It checks the bounds of the parts, no
// signature.
func (s *SignedVerdict) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	r.version()
	var v SignedVerdict
	v.Verdict = Verdict{
		Kind: CheckKind(r.code(checkKinds)), Node: r.address(), Clinic: r.address(), Task: r.word(), Fence: r.uint64(),
		Receipt: r.word(), Manifest: r.word(), Provider: r.text(MaxProviderBytes), Against: r.word(), Result: Judgement(r.code(judgements)),
		Figures: Figures{DicePPM: r.uint32(), ProbabilityDeltaPPM: r.uint32(), Findings: r.uint32(), Mismatched: r.uint64()},
		Reason:  r.text(MaxVerdictReasonBytes), Evidence: r.word(), Checker: r.address(), At: r.time(),
	}
	v.CheckerSig, v.WalletSig = r.signature(), r.wallet()
	consents := v.Verdict.Kind.NeedsConsent() && len(r.b) > 0 // logs from before there were consents have none
	if consents {
		v.Consent = r.signature()
		r.fault = r.fault || v.Consent.IsZero()
	}
	if v.Verdict.Kind.NeedsPromise() || consents && len(r.b) > 0 {
		v.Promise = Pledge{At: r.time(), NodeSig: r.signature()}
		r.fault = r.fault || consents && v.Promise.IsZero()
	}
	if err := r.done("signed verdict"); err != nil {
		return err
	}
	*s = v
	return nil
}

// AppendBinary appends the binary form to b.
func (c Challenge) AppendBinary(b []byte) ([]byte, error) {
	a := appender{b: b}
	a.uint8(binaryVersion)
	a.address(c.Node)
	a.word(c.Nonce)
	a.time(c.AskedAt)
	a.code(string(c.Outcome), outcomes)
	if c.Answer == nil {
		a.uint8(0)
		return a.done()
	}
	u := c.Answer.Uptime
	a.uint8(1)
	a.address(u.Node)
	a.uint64(u.Seq)
	a.word(u.Nonce)
	a.uint32(u.LoadPermille)
	a.word(u.ProfileDigest)
	a.time(u.At)
	a.signature(c.Answer.NodeSig)
	return a.done()
}

// UnmarshalBinary reads what AppendBinary wrote. It checks the bounds of the parts, no
// signature.
func (c *Challenge) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	r.version()
	v := Challenge{Node: r.address(), Nonce: r.word(), AskedAt: r.time(), Outcome: Outcome(r.code(outcomes))}
	if r.bool() {
		v.Answer = &SignedUptime{Uptime: Uptime{
			Node: r.address(), Seq: r.uint64(), Nonce: r.word(), LoadPermille: r.uint32(), ProfileDigest: r.word(), At: r.time(),
		}}
		v.Answer.NodeSig = r.signature()
	}
	if err := r.done("challenge"); err != nil {
		return err
	}
	*c = v
	return nil
}
