package chain

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/accounts/external"
	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

// Signer pays for transactions and signs them. *identity.Key is one, for the hot
// key of a role; OpenKeystore and DialClef return others, for keys that don't
// live on the machine that works.
type Signer interface {
	Address() common.Address
	// SignTransaction signs tx for the chain of that id and changes nothing else
	// in it. It may wait for a person.
	SignTransaction(ctx context.Context, tx *types.Transaction, chainID *big.Int) (*types.Transaction, error)
}

// MaxKeystoreBytes bounds a keystore file; a real one has 500 bytes.
const MaxKeystoreBytes = 16 << 10

// Keystore is a key from a password-protected file, in memory until the process
// ends.
type Keystore struct {
	key     *ecdsa.PrivateKey
	address common.Address
}

// OpenKeystore reads a key in Ethereum's keystore format (Web3 Secret Storage,
// version 3), as geth, clef, foundry's cast and most wallets write it.
func OpenKeystore(text []byte, password string) (*Keystore, error) {
	if len(text) > MaxKeystoreBytes {
		return nil, fmt.Errorf("read keystore: more than %d bytes; this is no keystore of one key", MaxKeystoreBytes)
	}
	key, err := keystore.DecryptKey(text, password)
	if errors.Is(err, keystore.ErrDecrypt) {
		return nil, errors.New("open keystore: the password does not fit; try again")
	}
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w; name a keystore file of version 3, as geth and clef write them", err)
	}
	return &Keystore{key: key.PrivateKey, address: crypto.PubkeyToAddress(key.PrivateKey.PublicKey)}, nil
}

// Address is the account that the key opens.
func (k *Keystore) Address() common.Address { return k.address }

// SignTransaction is Signer's.
func (k *Keystore) SignTransaction(_ context.Context, tx *types.Transaction, chainID *big.Int) (*types.Transaction, error) {
	signed, err := types.SignTx(tx, types.LatestSignerForChainID(chainID), k.key)
	if err != nil {
		return nil, fmt.Errorf("sign transaction: %w", err)
	}
	return signed, nil
}

// Clef signs through a program that keeps the keys and asks a person: clef, or
// any other that speaks its JSON-RPC. Hardware wallets are reached through it.
type Clef struct {
	signer  *external.ExternalSigner
	account accounts.Account
}

// DialClef connects to the signer at endpoint, an IPC path or an HTTP address.
// account is the one that signs; zero takes the signer's only one.
func DialClef(endpoint string, account common.Address) (*Clef, error) {
	if strings.HasPrefix(endpoint, "http://") || strings.HasPrefix(endpoint, "https://") {
		// over HTTP the signer is another machine's or a browser's neighbour: allowed, as clef allows it
	} else if _, err := os.Stat(endpoint); err != nil {
		return nil, errors.New("connect to the external signer: its socket is not there; start clef, and name the path of its clef.ipc or its http:// address")
	}
	signer, err := external.NewExternalSigner(endpoint)
	if err != nil {
		return nil, fmt.Errorf("connect to the external signer: %w; is clef running?", withoutURL(err))
	}
	known := signer.Accounts()
	if account == (common.Address{}) && len(known) == 1 {
		account = known[0].Address
	}
	for _, candidate := range known {
		if candidate.Address == account {
			return &Clef{signer: signer, account: candidate}, nil
		}
	}
	return nil, fmt.Errorf("connect to the external signer: it offers %d accounts, and not the one that is wanted; name one of its accounts with --account", len(known))
}

// Address is the account that signs.
func (c *Clef) Address() common.Address { return c.account.Address }

// SignTransaction asks the external signer, which may ask a person.
func (c *Clef) SignTransaction(_ context.Context, tx *types.Transaction, chainID *big.Int) (*types.Transaction, error) {
	signed, err := c.signer.SignTx(c.account, tx, chainID)
	if err != nil {
		return nil, fmt.Errorf("the external signer did not sign: %w", withoutURL(err))
	}
	return signed, nil
}

// signed has signer sign tx and holds what comes back against what was asked: a
// signer in another process may return anything.
func signed(ctx context.Context, signer Signer, tx *types.Transaction, chainID *big.Int) (*types.Transaction, error) {
	got, err := signer.SignTransaction(ctx, tx, chainID)
	if err != nil {
		return nil, err
	}
	rules := types.LatestSignerForChainID(chainID)
	from, err := types.Sender(rules, got)
	if err != nil {
		return nil, fmt.Errorf("sign transaction: %w", err)
	}
	if from != signer.Address() {
		return nil, fmt.Errorf("sign transaction: signed by %s, want %s", from, signer.Address())
	}
	if rules.Hash(got) != rules.Hash(tx) {
		return nil, errors.New("sign transaction: the signer changed the transaction; approve it as it is")
	}
	return got, nil
}
