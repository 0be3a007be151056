package attest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// MaxWalletSignatureBytes bounds what a contract wallet is shown: a Safe of thirty owners
// needs 1950 bytes.
const MaxWalletSignatureBytes = 2 << 10

// ErrUnchecked says that nobody could be asked whether a wallet stands by a signature. The
// statement is neither valid nor forged: keep it and check it again later.
var ErrUnchecked = errors.New("signature could not be checked")

// Wallets asks contract wallets on the chain of a Domain whether they stand by a signature
// (EIP-1271). An error means that it could not be asked; it is never an answer.
type Wallets interface {
	IsValidSignature(ctx context.Context, wallet common.Address, hash [32]byte, sig []byte) (bool, error)
}

// WalletSignature is a signature in the form of a contract wallet, 1 to
// MaxWalletSignatureBytes of raw bytes, empty if the signer is no wallet. Its text form is
// 0x and hex digits. It is a string so that statements stay comparable.
type WalletSignature string

// MarshalText implements encoding.TextMarshaler.
func (s WalletSignature) MarshalText() ([]byte, error) {
	return []byte("0x" + hex.EncodeToString([]byte(s))), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *WalletSignature) UnmarshalText(text []byte) error {
	const want = "wallet's signature: want 0x and 2 to %d hex digits"
	digits, prefixed := strings.CutPrefix(string(text), "0x")
	if !prefixed || digits == "" || len(digits) > 2*MaxWalletSignatureBytes {
		return fmt.Errorf(want, 2*MaxWalletSignatureBytes)
	}
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return fmt.Errorf(want, 2*MaxWalletSignatureBytes)
	}
	*s = WalletSignature(raw)
	return nil
}

// ErrNoJudgement says that a wallet was asked and came to no answer, since it ran out of gas
// for one. It stands beside ErrUnchecked; asking again brings nothing.
var ErrNoJudgement = errors.New("the wallet came to no judgement")

// ErrDisowned says that the contract wallet which is said to have signed was asked and does
// not stand by it. It is an ErrSignature. A wallet may have changed its owners since.
var ErrDisowned = fmt.Errorf("wallet does not stand by it: %w", ErrSignature)

// party is a signature under hash that who, a key or a wallet, is said to have made. There
// are two forms, and nothing is ever taken for both, so that everybody can tell without a
// chain which statements need one:
//   - sig, 65 bytes: it recovers to who, also when who is an account that delegates by
//     EIP-7702, whose key stays valid. No contract is asked.
//   - wallet, sig zero, of any length: the contract at who accepts it.
type party struct {
	who     common.Address
	hash    [32]byte
	sig     Signature
	wallet  WalletSignature
	onChain bool // a contract will look at it too, and is stricter
}

// verify reports whether who stands by the hash. Without wallets no contract is asked: the
// second form is then ErrUnchecked.
func (p party) verify(ctx context.Context, d Domain, wallets Wallets) error {
	if p.wallet == "" {
		if p.onChain {
			return verifyOnChain(p.hash, p.sig, p.who)
		}
		return d.verifySigner(p.hash, p.sig, p.who)
	}
	if !p.sig.IsZero() {
		return fmt.Errorf("signed twice; give the key's signature or the wallet's: %w", ErrSignature)
	}
	if len(p.wallet) > MaxWalletSignatureBytes {
		return fmt.Errorf("%d bytes, the limit is %d; sign with fewer owners: %w", len(p.wallet), MaxWalletSignatureBytes, ErrSignature)
	}
	if wallets == nil {
		return fmt.Errorf("wallet %s can't be asked without a chain; check it where one is connected: %w", p.who, ErrUnchecked)
	}
	stands, err := wallets.IsValidSignature(ctx, p.who, p.hash, []byte(p.wallet))
	if err != nil {
		return fmt.Errorf("ask wallet %s: %w; check it again later: %w", p.who, err, ErrUnchecked)
	}
	if !stands {
		return fmt.Errorf("wallet %s: %w; sign with the wallet of that address on the same chain and contract", p.who, ErrDisowned)
	}
	return nil
}
