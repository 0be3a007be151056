package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// heldFolder holds a canary's study and answers until its clinic's name is over.
func heldFolder(state string) string { return filepath.Join(state, "canaries", "held") }

func blobName(hash common.Hash) string { return hex.EncodeToString(hash[:]) + evidenceBlob }

// holdFile keeps a study or an answer under its hash, durably, where nobody is given it yet.
func holdFile(state string, data []byte) error {
	err := os.MkdirAll(heldFolder(state), 0o700)
	if err == nil {
		err = writeFileDurably(filepath.Join(heldFolder(state), blobName(sha256.Sum256(data))), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the files of a canary: %w", pathless(err))
	}
	return nil
}

// publishFiles moves files to where who knows their hash is given them. Files that are there
// or gone are passed over: two results of one canary share its study. All that is given takes
// at most limit bytes then, see thinEvidence.
func publishFiles(state string, files []common.Hash, limit int64) error {
	err := os.MkdirAll(evidenceFolder(state), 0o700)
	for _, f := range files {
		if err == nil {
			err = os.Rename(filepath.Join(heldFolder(state), blobName(f)), filepath.Join(evidenceFolder(state), blobName(f)))
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("publish the files of a canary: %w", linkless(err))
	}
	return thinEvidence(evidenceFolder(state), limit)
}

// linkless is a rename's error without the paths.
func linkless(err error) error {
	var at *os.LinkError
	if errors.As(err, &at) {
		return at.Err
	}
	return pathless(err)
}

// dropFiles removes files of a canary that nobody will judge.
func dropFiles(state string, files []common.Hash) error {
	for _, f := range files {
		if err := os.Remove(filepath.Join(heldFolder(state), blobName(f))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the files of a canary: %w", pathless(err))
		}
	}
	return nil
}

// keepOnly removes all files of a folder but these.
func keepOnly(folder string, names map[string]bool) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err == nil && !names[e.Name()] {
			err = os.Remove(filepath.Join(folder, e.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("sweep the files of canaries: %w", pathless(err))
	}
	return nil
}

// thinEvidence removes the oldest studies and answers beyond limit bytes. The evidence itself,
// which is small, stays.
func thinEvidence(folder string, limit int64) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var blobs []fs.FileInfo
	total := int64(0)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), evidenceBlob) {
			continue
		}
		if info, err := e.Info(); err == nil {
			blobs, total = append(blobs, info), total+info.Size()
		}
	}
	slices.SortFunc(blobs, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, b := range blobs {
		if total <= limit || err != nil {
			break
		}
		total -= b.Size()
		err = os.Remove(filepath.Join(folder, b.Name()))
	}
	if err != nil {
		return fmt.Errorf("thin the evidence out: %w", pathless(err))
	}
	return nil
}
