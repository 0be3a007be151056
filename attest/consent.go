package attest

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Consent is a clinic's word that a coordinator may judge the work of one receipt: that its
// task was a canary, or that it gave what is needed to run it again. Without it a coordinator,
// or the thief of its key, could take the pay of any work that it never looked at.
type Consent struct {
	Receipt [32]byte // Receipt.Hash
	Clinic  common.Address
	Checker common.Address // the coordinator
}

const consentType = "Consent(bytes32 receipt,address clinic,address checker)"

var consentTypeHash = crypto.Keccak256Hash([]byte(consentType))

// Hash is the EIP-712 digest that the clinic signs.
func (c Consent) Hash(d Domain) [32]byte {
	var w words
	w.word(consentTypeHash)
	w.word(c.Receipt)
	w.address(c.Clinic)
	w.address(c.Checker)
	return d.digest(w.hash())
}

// Verify checks that c.Clinic signed c with its key. A contract wallet gives no consent: its
// clinic's tasks are checked by replicas alone.
func (c Consent) Verify(d Domain, sig Signature) error {
	if err := d.verifySigner(c.Hash(d), sig, c.Clinic); err != nil {
		return fmt.Errorf("consent of clinic %s: %w", c.Clinic, err)
	}
	return nil
}

// NeedsConsent says whose judgement a clinic must have allowed: a coordinator's.
func (k CheckKind) NeedsConsent() bool { return k == CheckCanary || k == CheckRerun }

// consented wants the clinic's consent beside a coordinator's judgement and beside nothing
// else.
func (s SignedVerdict) consented(d Domain) error {
	v := s.Verdict
	switch {
	case !v.Kind.NeedsConsent() && !s.Consent.IsZero():
		return fmt.Errorf("a %s carries a consent; leave it out", v.Kind)
	case !v.Kind.NeedsConsent():
		return nil
	case s.Consent.IsZero():
		return fmt.Errorf("a %s without its clinic's consent; add what the clinic signed: %w", v.Kind, ErrSignature)
	}
	return Consent{Receipt: v.Receipt, Clinic: v.Clinic, Checker: v.Checker}.Verify(d, s.Consent)
}
