package attest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// MaxOwnerBindingBytes bounds a signed owner binding's JSON, a wallet's signature included.
const MaxOwnerBindingBytes = 1<<10 + 2*MaxWalletSignatureBytes

// OwnerBinding is an owner's word that a node is theirs: what it earns goes to the wallet
// that signs this. The code stands on the node's own screen, so that only who stands before
// the machine, or has access to it, binds it.
type OwnerBinding struct {
	Node     common.Address
	Owner    common.Address // the wallet that is paid
	Code     [32]byte       // that the node showed
	Deadline time.Time      // until when the code holds, in whole milliseconds
}

const ownerBindingType = "OwnerBinding(address node,address owner,bytes32 code,uint64 deadline)"

var ownerBindingTypeHash = crypto.Keccak256Hash([]byte(ownerBindingType))

// Hash is the EIP-712 digest that the owner's wallet signs.
func (b OwnerBinding) Hash(d Domain) [32]byte {
	var w words
	w.word(ownerBindingTypeHash)
	w.address(b.Node)
	w.address(b.Owner)
	w.word(b.Code)
	w.time(b.Deadline)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (b OwnerBinding) Validate() error {
	switch {
	case b.Node == (common.Address{}) || b.Owner == (common.Address{}):
		return errors.New("owner binding: node or owner is the zero address; name both")
	case b.Node == b.Owner:
		return errors.New("owner binding: the owner is the node's own key; name a wallet whose key is not on the machine")
	case b.Code == [32]byte{}:
		return errors.New("owner binding: no code; take the one that the node shows")
	}
	return checkTime("owner binding", b.Deadline)
}

// SignedOwnerBinding is the statement with the owner's signature: a key's, or a wallet's.
type SignedOwnerBinding struct {
	Binding   OwnerBinding
	OwnerSig  Signature
	WalletSig WalletSignature // instead of OwnerSig, when the owner is a contract wallet
}

// Verify checks bounds and that Binding.Owner signed; a contract wallet is asked through
// wallets, which may be nil where there is none.
func (s SignedOwnerBinding) Verify(ctx context.Context, d Domain, wallets Wallets) error {
	if err := s.Binding.Validate(); err != nil {
		return err
	}
	p := party{who: s.Binding.Owner, hash: s.Binding.Hash(d), sig: s.OwnerSig, wallet: s.WalletSig}
	if err := p.verify(ctx, d, wallets); err != nil {
		return fmt.Errorf("owner binding of %s: %w", s.Binding.Node, err)
	}
	return nil
}

type ownerBindingJSON struct {
	Node       common.Address  `json:"node"`
	Owner      common.Address  `json:"owner"`
	Code       common.Hash     `json:"code"`
	DeadlineMS int64           `json:"deadline_ms"`
	OwnerSig   Signature       `json:"owner_sig"`
	WalletSig  WalletSignature `json:"wallet_sig,omitempty"`
}

// MarshalJSON writes the canonical form.
func (s SignedOwnerBinding) MarshalJSON() ([]byte, error) {
	b := s.Binding
	return json.Marshal(ownerBindingJSON{b.Node, b.Owner, b.Code, unixMilli(b.Deadline), s.OwnerSig, s.WalletSig})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedOwnerBinding) UnmarshalJSON(data []byte) error {
	var j ownerBindingJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("owner binding: %w", err)
	}
	*s = SignedOwnerBinding{OwnerBinding{j.Node, j.Owner, j.Code, fromMilli(j.DeadlineMS)}, j.OwnerSig, j.WalletSig}
	return nil
}

// DecodeSignedOwnerBinding reads at most MaxOwnerBindingBytes of canonical JSON; white space
// between tokens is allowed. It checks bounds, not the signature.
func DecodeSignedOwnerBinding(data []byte) (SignedOwnerBinding, error) {
	var s SignedOwnerBinding
	if err := decode("signed owner binding", data, MaxOwnerBindingBytes, &s); err != nil {
		return SignedOwnerBinding{}, err
	}
	return s, s.Binding.Validate()
}
