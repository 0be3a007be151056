package attest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// MaxVoucherBytes bounds a signed voucher's JSON, a wallet's signature included.
const MaxVoucherBytes = 1<<10 + 2*MaxWalletSignatureBytes

// VoucherDomain is the domain of vouchers: only the JobEscrow at escrow pays them.
func VoucherDomain(chainID *big.Int, escrow common.Address) Domain {
	return Domain{ChainID: chainID, Registry: escrow}
}

// Voucher is a clinic's word that it owes a node TotalGwei in all, since ever. A newer one
// holds at least as much, so the largest is the only one that counts and losing one costs
// nothing.
type Voucher struct {
	Clinic    common.Address
	Node      common.Address
	TotalGwei uint64    // in 1e-9 HIVE, cumulative: it never falls
	At        time.Time // the clinic's clock, in whole milliseconds
}

const voucherType = "Voucher(address clinic,address node,uint64 totalGwei,uint64 at)"

var voucherTypeHash = crypto.Keccak256Hash([]byte(voucherType))

// Hash is the EIP-712 digest that the clinic signs, d being a VoucherDomain.
func (v Voucher) Hash(d Domain) [32]byte {
	var w words
	w.word(voucherTypeHash)
	w.address(v.Clinic)
	w.address(v.Node)
	w.uint64(v.TotalGwei)
	w.time(v.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (v Voucher) Validate() error {
	if v.Clinic == (common.Address{}) || v.Node == (common.Address{}) {
		return errors.New("voucher: clinic or node is the zero address; name both")
	}
	if v.Clinic == v.Node {
		return fmt.Errorf("voucher of %s to itself; name the node that worked", v.Clinic)
	}
	if v.TotalGwei == 0 {
		return fmt.Errorf("voucher of %s over nothing; write none before something is owed", v.Clinic)
	}
	return checkTime("voucher", v.At)
}

type voucherJSON struct {
	Clinic    common.Address `json:"clinic"`
	Node      common.Address `json:"node"`
	TotalGwei uint64         `json:"total_gwei"`
	AtMS      int64          `json:"at_ms"`
}

// MarshalJSON writes the canonical form.
func (v Voucher) MarshalJSON() ([]byte, error) {
	return json.Marshal(voucherJSON{v.Clinic, v.Node, v.TotalGwei, unixMilli(v.At)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (v *Voucher) UnmarshalJSON(data []byte) error {
	var j voucherJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("voucher: %w", err)
	}
	*v = Voucher{j.Clinic, j.Node, j.TotalGwei, fromMilli(j.AtMS)}
	return nil
}

// SignedVoucher is the statement with the clinic's signature: a key's, or a wallet's.
type SignedVoucher struct {
	Voucher   Voucher
	ClinicSig Signature
	WalletSig WalletSignature // instead of ClinicSig, when the clinic is a contract wallet
}

// Raw is the signature as JobEscrow takes it.
func (s SignedVoucher) Raw() []byte {
	if s.WalletSig != "" {
		return []byte(s.WalletSig)
	}
	return s.ClinicSig[:]
}

// Verify checks bounds and that Voucher.Clinic signed with its key, d being a VoucherDomain.
func (s SignedVoucher) Verify(d Domain) error { return s.VerifyWith(context.Background(), d, nil) }

// VerifyWith is Verify that also takes a contract wallet's word, if wallets is not nil.
func (s SignedVoucher) VerifyWith(ctx context.Context, d Domain, wallets Wallets) error {
	if err := s.Voucher.Validate(); err != nil {
		return err
	}
	p := party{who: s.Voucher.Clinic, hash: s.Voucher.Hash(d), sig: s.ClinicSig, wallet: s.WalletSig, onChain: true}
	if err := p.verify(ctx, d, wallets); err != nil {
		return fmt.Errorf("voucher of %s: %w", s.Voucher.Clinic, err)
	}
	return nil
}

type signedVoucherJSON struct {
	Voucher   Voucher         `json:"voucher"`
	ClinicSig Signature       `json:"clinic_sig"`
	WalletSig WalletSignature `json:"wallet_sig,omitempty"`
}

// MarshalJSON writes the canonical form.
func (s SignedVoucher) MarshalJSON() ([]byte, error) { return json.Marshal(signedVoucherJSON(s)) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedVoucher) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedVoucherJSON)(s))
}

// DecodeSignedVoucher reads at most MaxVoucherBytes of canonical JSON; white space between
// tokens is allowed. It checks bounds, not the signature.
func DecodeSignedVoucher(data []byte) (SignedVoucher, error) {
	var s SignedVoucher
	if err := decode("signed voucher", data, MaxVoucherBytes, &s); err != nil {
		return SignedVoucher{}, err
	}
	return s, s.Voucher.Validate()
}
