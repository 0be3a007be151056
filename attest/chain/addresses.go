package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
)

// maxAddressesBytes bounds an address book's file; a real one has 300 bytes.
const maxAddressesBytes = 4096

// Addresses is where the contracts are: what everyone who takes part has to
// agree on. Its JSON form is stable.
type Addresses struct {
	ChainID     uint64         `json:"chainId"`
	Token       common.Address `json:"token"`
	Registry    common.Address `json:"registry"`
	Distributor common.Address `json:"distributor"`
	Disputes    common.Address `json:"disputes"`
	Escrow      common.Address `json:"escrow"`
	// Timelock administers the others; zero where an account does, as on a
	// development chain.
	Timelock common.Address `json:"timelock,omitzero"`
	// DeployBlock is the block of the first contract: no event is older.
	DeployBlock uint64 `json:"deployBlock"`
}

// Validate says whether every field but Timelock and DeployBlock is set.
func (a Addresses) Validate() error {
	none := common.Address{}
	switch {
	case a.ChainID == 0:
		return errors.New("addresses: chainId is missing")
	case a.Token == none:
		return errors.New("addresses: token is missing")
	case a.Registry == none:
		return errors.New("addresses: registry is missing")
	case a.Distributor == none:
		return errors.New("addresses: distributor is missing")
	case a.Disputes == none || a.Escrow == none:
		return errors.New("addresses: disputes or escrow is missing; the book is of contracts from before there were any: deploy them anew, on a development chain by a fresh --home")
	}
	return nil
}

// DecodeAddresses reads an address book from at most 4 KiB of JSON.
func DecodeAddresses(r io.Reader) (Addresses, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxAddressesBytes+1))
	if err != nil {
		return Addresses{}, fmt.Errorf("read contract addresses: %w", err)
	}
	if len(text) > maxAddressesBytes {
		return Addresses{}, fmt.Errorf("read contract addresses: more than %d bytes", maxAddressesBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var a Addresses
	if err := decoder.Decode(&a); err != nil {
		return Addresses{}, fmt.Errorf("read contract addresses: %w", err)
	}
	if decoder.More() {
		return Addresses{}, errors.New("read contract addresses: more than one value")
	}
	if err := a.Validate(); err != nil {
		return Addresses{}, err
	}
	return a, nil
}

// LoadAddresses reads the address book that Save wrote.
func LoadAddresses(path string) (Addresses, error) {
	file, err := os.Open(path)
	if err != nil {
		return Addresses{}, fmt.Errorf("open contract addresses: %w; copy the file from whoever deployed the contracts", err)
	}
	defer file.Close()
	return DecodeAddresses(file)
}

// Save writes the address book to path, whole or not at all.
func (a Addresses) Save(path string) error {
	if err := a.Validate(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("encode contract addresses: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("save contract addresses: %w", err)
	}
	defer func() {
		temporary.Close()
		os.Remove(temporary.Name())
	}()
	const readable = 0o644 // addresses are public
	if err := temporary.Chmod(readable); err != nil {
		return fmt.Errorf("save contract addresses: %w", err)
	}
	if _, err := temporary.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("save contract addresses: %w", err)
	}
	if err := temporary.Sync(); err != nil {
		return fmt.Errorf("save contract addresses: %w", err)
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("save contract addresses: %w", err)
	}
	return nil
}
