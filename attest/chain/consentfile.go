package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// maxConsentBytes bounds a consent's JSON; a real one has 600 bytes.
const maxConsentBytes = 4 << 10

// Consent is a node's signed agreement to be registered, as it travels from the
// node's machine to the operator's. Nothing in it is secret, and nobody but the
// operator that it names can use it.
type Consent struct {
	Registration Registration
	Signature    attest.Signature
}

type consentJSON struct {
	Operator     common.Address   `json:"operator"`
	Node         common.Address   `json:"node"`
	Recipient    common.Address   `json:"recipient"`
	Jurisdiction string           `json:"jurisdiction"`
	Voucher      common.Hash      `json:"voucher,omitzero"`
	Deadline     time.Time        `json:"deadline"`
	Signature    attest.Signature `json:"signature"`
}

// MarshalJSON writes the form that DecodeConsent reads.
func (c Consent) MarshalJSON() ([]byte, error) {
	r := c.Registration
	return json.Marshal(consentJSON{r.Operator, r.HotKey, r.Recipient, r.Jurisdiction, r.Voucher, r.Deadline.UTC(), c.Signature})
}

// DecodeConsent reads a consent and checks its bounds and, for the deployment of
// domain, that the node signed it.
func DecodeConsent(text []byte, domain attest.Domain) (Consent, error) {
	if len(text) > maxConsentBytes {
		return Consent{}, fmt.Errorf("consent: more than %d bytes", maxConsentBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var j consentJSON
	if err := decoder.Decode(&j); err != nil {
		return Consent{}, fmt.Errorf("consent: %w; take the file that `medhive node consent` wrote", err)
	}
	c := Consent{Registration{
		Operator: j.Operator, HotKey: j.Node, Recipient: j.Recipient, Jurisdiction: j.Jurisdiction, Voucher: j.Voucher, Deadline: j.Deadline,
	}, j.Signature}
	if err := c.Registration.Validate(); err != nil {
		return Consent{}, err
	}
	if c.Registration.Deadline.Unix() < 0 {
		return Consent{}, errors.New("consent: its deadline is before 1970; let the node sign a new one")
	}
	hash, err := c.Registration.Hash(domain)
	if err != nil {
		return Consent{}, err
	}
	signer, err := attest.Recover(hash, c.Signature)
	if err != nil {
		return Consent{}, fmt.Errorf("consent: %w", err)
	}
	if signer != c.Registration.HotKey {
		return Consent{}, fmt.Errorf("consent: not signed by node %s for this network; make it there with this network's file", c.Registration.HotKey)
	}
	return c, nil
}
