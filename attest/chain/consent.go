package chain

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest"
)

// registrationType is NodeRegistry's EIP-712 type of a hot key's consent.
const registrationType = "Registration(address operator,address hotKey,address recipient,bytes2 jurisdiction,bytes32 voucher,uint256 deadline)"

// Registration is what a node agrees to when it is registered. The hot key,
// which stays on the node, signs it; the operator, whose key doesn't, sends it.
type Registration struct {
	Operator     common.Address // the only account that may use the consent
	HotKey       common.Address
	Recipient    common.Address // cold address for earnings and the bond
	Jurisdiction string         // ISO 3166-1 alpha-2, upper case
	Voucher      [32]byte       // hash of a vendor's voucher, or zero
	Deadline     time.Time      // chain time, whole seconds
}

// Validate says what the registry would refuse.
func (r Registration) Validate() error {
	if r.Recipient == (common.Address{}) {
		return errors.New("registration: name a recipient for the node's earnings")
	}
	if r.Recipient == r.HotKey {
		return errors.New("registration: the recipient is the hot key itself; name a cold address, whose key is not on the node")
	}
	if _, err := countryCode(r.Jurisdiction); err != nil {
		return err
	}
	return nil
}

// Hash is the EIP-712 digest that the hot key signs.
func (r Registration) Hash(domain attest.Domain) ([32]byte, error) {
	code, err := countryCode(r.Jurisdiction)
	if err != nil {
		return [32]byte{}, err
	}
	word := func(address common.Address) []byte { return common.LeftPadBytes(address[:], 32) }
	structHash := crypto.Keccak256(
		crypto.Keccak256([]byte(registrationType)),
		word(r.Operator), word(r.HotKey), word(r.Recipient),
		common.RightPadBytes(code[:], 32), r.Voucher[:],
		common.LeftPadBytes(big.NewInt(r.Deadline.Unix()).Bytes(), 32),
	)
	separator := domain.Separator()
	return [32]byte(crypto.Keccak256([]byte{0x19, 0x01}, separator[:], structHash)), nil
}

// Sign is the hot key's consent; a key other than r.HotKey's is refused.
func (r Registration) Sign(domain attest.Domain, hot *ecdsa.PrivateKey) (attest.Signature, error) {
	if hot == nil || crypto.PubkeyToAddress(hot.PublicKey) != r.HotKey {
		return attest.Signature{}, fmt.Errorf("sign registration of node %s: not its key", r.HotKey)
	}
	hash, err := r.Hash(domain)
	if err != nil {
		return attest.Signature{}, err
	}
	return attest.Sign(hash, hot)
}

// countryCode checks an ISO 3166-1 alpha-2 code's form, not its existence.
func countryCode(code string) ([2]byte, error) {
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return [2]byte{}, fmt.Errorf("jurisdiction %.8q is not a country code; use ISO 3166-1 alpha-2 in upper case, for example DE", code)
	}
	return [2]byte{code[0], code[1]}, nil
}
