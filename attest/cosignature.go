package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
)

// MaxCoSignatureBytes bounds a co-signature's JSON.
const MaxCoSignatureBytes = 1 << 10

// maxTotalBits is the width of a cumulative total on chain: uint128.
const maxTotalBits = 128

// EpochDomain is the domain of co-signatures: only the RewardDistributor at distributor
// counts them.
func EpochDomain(chainID *big.Int, distributor common.Address) Domain {
	return Domain{ChainID: chainID, Registry: distributor}
}

// EpochStatement is what a second coordinator found when it computed an epoch itself.
type EpochStatement struct {
	Epoch           uint64   // from 1
	Root            [32]byte // of the Merkle tree of cumulative claims
	DatasetHash     [32]byte // of the published inputs
	CumulativeTotal *big.Int // in wei, 0 ≤ total < 2¹²⁸; nil counts as 0
}

const epochType = "Epoch(uint64 epoch,bytes32 root,bytes32 datasetHash,uint128 cumulativeTotal)"

var epochTypeHash = crypto.Keccak256Hash([]byte(epochType))

// Hash is the EIP-712 digest that a co-signer signs, d being an EpochDomain.
func (e EpochStatement) Hash(d Domain) [32]byte {
	total := new(big.Int)
	if e.CumulativeTotal != nil {
		total.Set(e.CumulativeTotal)
	}
	var w words
	w.word(epochTypeHash)
	w.uint64(e.Epoch)
	w.word(e.Root)
	w.word(e.DatasetHash)
	w.word([32]byte(math.U256Bytes(total)))
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (e EpochStatement) Validate() error {
	if e.Epoch == 0 || e.Root == [32]byte{} || e.DatasetHash == [32]byte{} {
		return fmt.Errorf("co-signature of epoch %d: number, root or dataset hash is empty; name all three", e.Epoch)
	}
	if t := e.CumulativeTotal; t != nil && (t.Sign() < 0 || t.BitLen() > maxTotalBits) {
		return fmt.Errorf("co-signature of epoch %d: total has %d bits or is negative; want 0 to 2^%d - 1 wei", e.Epoch, t.BitLen(), maxTotalBits)
	}
	return nil
}

// CoSignature is the signature of a co-signer's key under an epoch. A contract wallet is no
// co-signer: RewardDistributor recovers keys, and one that it can't recover would keep the
// root from being posted.
type CoSignature struct {
	Statement EpochStatement
	Signer    common.Address
	Sig       Signature
}

// Raw is the signature as RewardDistributor takes it.
func (s CoSignature) Raw() []byte { return s.Sig[:] }

// Verify checks bounds and that Signer signed with its key, d being an EpochDomain.
// Whether that signer counts is the contract's to know.
func (s CoSignature) Verify(d Domain) error {
	if err := s.Statement.Validate(); err != nil {
		return err
	}
	if s.Signer == (common.Address{}) {
		return fmt.Errorf("co-signature of epoch %d: signer is the zero address; name the co-signer", s.Statement.Epoch)
	}
	if err := verifyOnChain(s.Statement.Hash(d), s.Sig, s.Signer); err != nil {
		return fmt.Errorf("co-signature of epoch %d: %w", s.Statement.Epoch, err)
	}
	return nil
}

type coSignatureJSON struct {
	Epoch           uint64         `json:"epoch"`
	Root            common.Hash    `json:"root"`
	DatasetHash     common.Hash    `json:"dataset_hash"`
	CumulativeTotal string         `json:"cumulative_total_wei"` // decimal: no JSON number holds it
	Signer          common.Address `json:"signer"`
	Sig             Signature      `json:"sig"`
}

// MarshalJSON writes the canonical form.
func (s CoSignature) MarshalJSON() ([]byte, error) {
	total := new(big.Int)
	if s.Statement.CumulativeTotal != nil {
		total = s.Statement.CumulativeTotal
	}
	e := s.Statement
	return json.Marshal(coSignatureJSON{e.Epoch, e.Root, e.DatasetHash, total.String(), s.Signer, s.Sig})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *CoSignature) UnmarshalJSON(data []byte) error {
	var j coSignatureJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("co-signature: %w", err)
	}
	const maxDigits = 39 // of 2¹²⁸
	total := new(big.Int)
	if _, ok := total.SetString(j.CumulativeTotal[:min(len(j.CumulativeTotal), maxDigits+1)], 10); !ok || len(j.CumulativeTotal) > maxDigits {
		return errors.New("co-signature: the total is not a number of wei; send it in decimal digits")
	}
	*s = CoSignature{EpochStatement{j.Epoch, j.Root, j.DatasetHash, total}, j.Signer, j.Sig}
	return nil
}

// DecodeCoSignature reads at most MaxCoSignatureBytes of canonical JSON; white space
// between tokens is allowed. It checks bounds, not the signature.
func DecodeCoSignature(data []byte) (CoSignature, error) {
	var s CoSignature
	if err := decode("co-signature", data, MaxCoSignatureBytes, &s); err != nil {
		return CoSignature{}, err
	}
	return s, s.Statement.Validate()
}
