package support

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of the search for keys.
const (
	maxSecretFile  = 64 << 10 // bytes; keys are shorter
	maxSecretFiles = 10_000
	maxDepth       = 4 // of folders below a home
)

// secretMarks are what names of files with secrets hold.
func secretMarks() []string {
	return []string{"key", "secret", "token", "pass", "credential", "users", "keystore", ".pem"}
}

// Secrets adds what every file below these homes holds whose name says that it is a key, a
// token or a password. A file that can't be read is no harm: what this user can't read can't
// be in the bundle. More files than anybody has are an error, since some would go unseen.
func (w *Words) Secrets(homes ...string) error {
	seen := 0
	for _, home := range homes {
		err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
			rel, below := filepath.Rel(home, path)
			switch {
			case err != nil || below != nil:
				return nil
			case d.IsDir():
				if strings.Count(rel, string(filepath.Separator)) >= maxDepth {
					return filepath.SkipDir
				}
				return nil
			case !d.Type().IsRegular() || !secretName(rel):
				return nil
			}
			if seen++; seen > maxSecretFiles {
				return fmt.Errorf("more than %d files may hold keys below %s; name a smaller folder with --home", maxSecretFiles, home)
			}
			w.file(path)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// file adds what one file holds.
func (w *Words) file(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if data, err := io.ReadAll(io.LimitReader(f, maxSecretFile)); err == nil && len(data) > 0 {
		w.Bytes(data)
	}
}

// File adds what a file holds that the settings name as a secret.
func (w *Words) File(path string) { w.file(path) }

// secretName reports whether a file, or a folder above it, is called like one with keys.
func secretName(path string) bool {
	low := strings.ToLower(path)
	for _, mark := range secretMarks() {
		if strings.Contains(low, mark) {
			return true
		}
	}
	return false
}
