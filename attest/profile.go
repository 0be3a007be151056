package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// MaxProfileBytes bounds the profile inside a statement, MaxProfileStatementBytes the whole.
const (
	MaxProfileBytes          = 64 << 10
	MaxProfileStatementBytes = MaxProfileBytes + 2<<10
)

// ProfileStatement is what a node says it is made of: the JSON of a hardware
// profile, bound by its digest.
type ProfileStatement struct {
	Node          common.Address
	ProfileDigest models.Digest   // SHA-256 of Profile, compacted
	Profile       json.RawMessage // canonical JSON, at most MaxProfileBytes
	At            time.Time       // the node's clock, in whole milliseconds
}

const profileType = "Profile(address node,bytes32 profileDigest,uint64 at)"

var profileTypeHash = crypto.Keccak256Hash([]byte(profileType))

// Hash is the EIP-712 digest that the node signs.
func (p ProfileStatement) Hash(d Domain) [32]byte {
	var w words
	w.word(profileTypeHash)
	w.address(p.Node)
	w.word(p.ProfileDigest)
	w.time(p.At)
	return d.digest(w.hash())
}

// Validate checks bounds and that Profile has the digest that is signed.
func (p ProfileStatement) Validate() error {
	if p.Node == (common.Address{}) {
		return errors.New("profile: node is the zero address; name the node")
	}
	if len(p.Profile) == 0 || len(p.Profile) > MaxProfileBytes {
		return fmt.Errorf("profile of %s has %d bytes; want 1 to %d", p.Node, len(p.Profile), MaxProfileBytes)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, p.Profile); err != nil {
		return fmt.Errorf("profile of %s: %w; send the JSON of a probe", p.Node, err)
	}
	if models.DigestOf(compact.Bytes()) != p.ProfileDigest {
		return fmt.Errorf("profile of %s does not have the digest %s; sign the profile that is sent", p.Node, p.ProfileDigest.Short())
	}
	return checkTime("profile", p.At)
}

type profileJSON struct {
	Node          common.Address  `json:"node"`
	ProfileDigest models.Digest   `json:"profile_digest"`
	Profile       json.RawMessage `json:"profile"`
	AtMS          int64           `json:"at_ms"`
}

// MarshalJSON writes the canonical form.
func (p ProfileStatement) MarshalJSON() ([]byte, error) {
	return json.Marshal(profileJSON{p.Node, p.ProfileDigest, p.Profile, unixMilli(p.At)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (p *ProfileStatement) UnmarshalJSON(data []byte) error {
	var j profileJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("profile statement: %w", err)
	}
	*p = ProfileStatement{j.Node, j.ProfileDigest, j.Profile, fromMilli(j.AtMS)}
	return nil
}

// SignedProfile is the statement with the node's signature.
type SignedProfile struct {
	Statement ProfileStatement
	NodeSig   Signature
}

// Verify checks bounds, the digest and that Statement.Node signed.
func (s SignedProfile) Verify(d Domain) error {
	if err := s.Statement.Validate(); err != nil {
		return err
	}
	if err := d.verifySigner(s.Statement.Hash(d), s.NodeSig, s.Statement.Node); err != nil {
		return fmt.Errorf("profile of %s: %w", s.Statement.Node, err)
	}
	return nil
}

type signedProfileJSON struct {
	Statement ProfileStatement `json:"statement"`
	NodeSig   Signature        `json:"node_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedProfile) MarshalJSON() ([]byte, error) { return json.Marshal(signedProfileJSON(s)) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedProfile) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedProfileJSON)(s))
}

// DecodeSignedProfile reads at most MaxProfileStatementBytes of canonical JSON;
// white space between tokens is allowed. It checks bounds, not the signature.
func DecodeSignedProfile(data []byte) (SignedProfile, error) {
	var s SignedProfile
	if err := decode("signed profile", data, MaxProfileStatementBytes, &s); err != nil {
		return SignedProfile{}, err
	}
	return s, s.Statement.Validate()
}
