package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/agent/device"
	"github.com/medhive/medhive/attest/identity"
)

// The files of a node's key: plain, or sealed to the machine's TPM. A node has one of them.
const (
	nodeKeyFile   = "node.key"
	sealedKeyFile = "node.key.sealed"
)

// NodeKey is the key of the node whose folder is state: the plain file, or what the machine's
// TPM unseals, or a new plain one where there is neither. tpm is device.Open's path; it is
// looked at for a sealed key only.
func NodeKey(ctx context.Context, state, tpm string) (*identity.Key, error) {
	sealed, err := readSealed(state)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return identity.LoadOrCreate(filepath.Join(state, nodeKeyFile))
	}
	chip, err := device.Open(ctx, tpm)
	if errors.Is(err, device.ErrNoTPM) {
		return nil, fmt.Errorf("this node's key is sealed to its machine's TPM: %w; run the node in its own machine, or begin anew under another --name", err)
	}
	if err != nil {
		return nil, err
	}
	return unsealKey(ctx, chip, *sealed)
}

// KnownNodeKey is NodeKey that makes none: fs.ErrNotExist where there is none.
func KnownNodeKey(ctx context.Context, state, tpm string) (*identity.Key, error) {
	sealed, err := readSealed(state)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return identity.Load(filepath.Join(state, nodeKeyFile))
	}
	return NodeKey(ctx, state, tpm)
}

// readSealed is the sealed key of a node; nil if it has none.
func readSealed(state string) (*device.Sealed, error) {
	data, err := readBounded(filepath.Join(state, sealedKeyFile), device.MaxSealedBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the node's sealed key: %w", pathless(err))
	}
	sealed, err := device.DecodeSealed(data)
	if err != nil {
		return nil, fmt.Errorf("read the node's sealed key: %w", err)
	}
	return &sealed, nil
}

func unsealKey(ctx context.Context, chip *device.TPM, sealed device.Sealed) (*identity.Key, error) {
	scalar, err := chip.Unseal(ctx, sealed)
	if errors.Is(err, device.ErrOtherDevice) {
		return nil, fmt.Errorf("this node's key: %w: this disk was moved or copied; run the node in its own machine, or begin anew under another --name", err)
	}
	if err != nil {
		return nil, err
	}
	private, err := crypto.ToECDSA(scalar)
	if err != nil {
		return nil, errors.New("what the TPM unsealed is no node's key; restore the file from its backup")
	}
	return identity.FromECDSA(private)
}

// makeSealedKey makes a node's key that leaves the machine in no file. It is read back before
// it is kept: what the TPM doesn't give out again is no key. Where another process was first,
// its key is the node's.
func makeSealedKey(ctx context.Context, state string, chip *device.TPM) (*identity.Key, error) {
	made, err := identity.Generate()
	if err != nil {
		return nil, err
	}
	sealed, err := chip.Seal(ctx, crypto.FromECDSA(made.ECDSA()))
	if err != nil {
		return nil, err
	}
	key, err := unsealKey(ctx, chip, sealed)
	if err != nil {
		return nil, err
	}
	if key.Address() != made.Address() {
		return nil, errors.New("the TPM unseals another secret than it sealed; update its firmware, or leave it out with --tpm none")
	}
	data, err := json.Marshal(sealed)
	if err != nil {
		return nil, fmt.Errorf("keep the sealed key: %w", err)
	}
	err = writeNewDurably(filepath.Join(state, sealedKeyFile), append(data, '\n'), 0o600)
	if errors.Is(err, fs.ErrExist) {
		first, err := readSealed(state)
		if err != nil || first == nil {
			return nil, errors.Join(err, errors.New("another process makes this node's key; try again"))
		}
		return unsealKey(ctx, chip, *first)
	}
	return key, err
}

// hasKey reports whether a node has a key in a file of that name.
func hasKey(state, name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(state, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, pathless(err)
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", filepath.Base(path), limit)
	}
	return os.ReadFile(path)
}
