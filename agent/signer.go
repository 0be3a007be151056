package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

// maxPasswordBytes bounds a password's file.
const maxPasswordBytes = 1 << 10

// SignerConfig says where the key of a transaction is. Exactly one of Key, Keystore
// and Clef is named.
type SignerConfig struct {
	Key      string // file of a plain hot key
	Keystore string // file in Ethereum's keystore format, locked by a password
	Password io.Reader
	Clef     string         // clef.ipc or http:// address of an external signer; hardware wallets are reached through it
	Account  common.Address // which of the external signer's accounts; zero: its only one
}

// OpenSigner opens the one key that is named.
func OpenSigner(c SignerConfig) (chain.Signer, error) {
	named := 0
	for _, place := range []string{c.Key, c.Keystore, c.Clef} {
		if place != "" {
			named++
		}
	}
	if named != 1 {
		return nil, errors.New("name one place of the key that signs: --keystore, --clef or --key")
	}
	switch {
	case c.Key != "":
		key, err := identity.Load(c.Key)
		if err != nil {
			return nil, err
		}
		return key, nil
	case c.Keystore != "":
		return openKeystore(c.Keystore, c.Password)
	}
	clef, err := chain.DialClef(c.Clef, c.Account)
	if err != nil {
		return nil, err
	}
	return clef, nil
}

func openKeystore(path string, password io.Reader) (chain.Signer, error) {
	if password == nil {
		return nil, errors.New("the keystore is locked: name the file that holds its password with --password-file, or - for a line on standard input")
	}
	text, err := io.ReadAll(io.LimitReader(password, maxPasswordBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the keystore's password: %w", pathless(err))
	}
	if len(text) > maxPasswordBytes {
		return nil, fmt.Errorf("the keystore's password is longer than %d bytes; that file holds something else", maxPasswordBytes)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", pathless(err))
	}
	defer file.Close()
	locked, err := io.ReadAll(io.LimitReader(file, chain.MaxKeystoreBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read keystore: %w", pathless(err))
	}
	store, err := chain.OpenKeystore(locked, strings.TrimSuffix(line, "\r"))
	if err != nil {
		return nil, err
	}
	return store, nil
}
