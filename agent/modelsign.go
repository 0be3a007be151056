package agent

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/medhive/medhive/models"
)

const maxPublisherKey = 4 << 10

// PublisherKeyPath is where a home keeps the key that signs packages.
func PublisherKeyPath(home string) string { return filepath.Join(home, "publisher.key") }

// SignedModel is what signing a package gave.
type SignedModel struct {
	Model     string        `json:"model"`
	Package   models.Digest `json:"package"`
	Publisher string        `json:"publisher"` // as the manifest names it
	Minisign  string        `json:"minisign"`  // the same key as minisign writes it
	NewKey    bool          `json:"new_key"`
}

// SignModel names the key's owner as the publisher in the manifest of the package folder,
// writes SHA256SUMS over all of its files, and signs that. An empty keyPath means the
// home's own key, which is made where there is none, and trusted in this home from then
// on. Signing changes the manifest, and so the package's digest, only the first time.
func SignModel(home, folder, keyPath string) (SignedModel, error) {
	if _, err := readManifest(folder); err != nil {
		return SignedModel{}, err // before a key is made for nothing
	}
	if err := checkCard(folder); err != nil {
		return SignedModel{}, err
	}
	own := keyPath == ""
	if own {
		keyPath = PublisherKeyPath(home)
	}
	key, fresh, err := publisherKey(keyPath, own)
	if err != nil {
		return SignedModel{}, err
	}
	if fresh {
		packages, err := OpenStore(home)
		if err != nil {
			return SignedModel{}, err
		}
		if err := packages.Trust(key.Publisher(), "this home's own key"); err != nil {
			return SignedModel{}, err
		}
	}
	out := SignedModel{Publisher: key.Publisher(), Minisign: key.Minisign(), NewKey: fresh}
	if err := namePublisher(folder, key.Publisher()); err != nil {
		return out, err
	}
	// Sums and signature of an earlier state would only be in the way.
	for _, old := range []string{models.SignatureFile, models.SumsFile} {
		if err := os.Remove(filepath.Join(folder, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return out, fmt.Errorf("sign package: remove the old %s: %w", old, models.WithoutPath(err))
		}
	}
	sums, err := models.SumFolder(folder)
	if err != nil {
		return out, err
	}
	checked, err := models.VerifyFolder(folder)
	if err != nil {
		return out, err
	}
	signature, err := key.Sign(sums.Text(), checked.Name()+" "+checked.Digest.String())
	if err != nil {
		return out, err
	}
	for name, data := range map[string][]byte{models.SumsFile: sums.Text(), models.SignatureFile: signature} {
		if err := writeFileDurably(filepath.Join(folder, name), data, 0o644); err != nil {
			return out, err
		}
	}
	if checked, err = models.VerifyFolder(folder); err != nil {
		return out, err
	}
	out.Model, out.Package = checked.Name(), checked.Digest
	return out, nil
}

// publisherKey reads the key, or, if it may, makes one that only its owner can read.
func publisherKey(path string, create bool) (key models.PublisherKey, fresh bool, err error) {
	text, err := models.ReadBounded(path, maxPublisherKey)
	if err == nil {
		key, err = models.ParsePublisherKey(text)
		return key, false, err
	}
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return key, false, fmt.Errorf("read publisher key: %w; name another with --key, or leave it out for the home's own", models.WithoutPath(err))
	}
	if key, err = models.NewPublisherKey(rand.Reader); err != nil {
		return key, false, err
	}
	if text, err = key.MarshalText(); err != nil {
		return key, false, err
	}
	if err := makeState(filepath.Dir(path)); err != nil {
		return key, false, err
	}
	return key, true, writeFileDurably(path, text, 0o600)
}

// readManifest reads the manifest of a package folder that is to be signed.
func readManifest(folder string) (models.Manifest, error) {
	text, err := models.ReadBounded(filepath.Join(folder, models.ManifestFile), models.MaxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return models.Manifest{}, fmt.Errorf("sign package: the folder has no %s; complete the draft and save it under that name", models.ManifestFile)
	}
	if err != nil {
		return models.Manifest{}, fmt.Errorf("sign package: %w", models.WithoutPath(err))
	}
	return models.ParseManifest(text)
}

// checkCard wants a model card, if there is one, without lines that a draft left open.
func checkCard(folder string) error {
	card, err := models.ReadBounded(filepath.Join(folder, models.CardFile), models.MaxCardBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sign package: %w", models.WithoutPath(err))
	}
	for line := range strings.Lines(string(card)) {
		if strings.HasPrefix(line, "TODO") || strings.HasPrefix(line, "# TODO") {
			return fmt.Errorf("sign package: %s has lines that begin with TODO; write what belongs there, then sign", models.CardFile)
		}
	}
	return nil
}

// namePublisher writes the publisher into the manifest unless it stands there.
func namePublisher(folder, publisher string) error {
	m, err := readManifest(folder)
	if err != nil {
		return err
	}
	switch m.Publisher {
	case publisher:
		return nil
	case "":
		m.Publisher = publisher
		return writeManifest(filepath.Join(folder, models.ManifestFile), m)
	}
	return fmt.Errorf("sign package: its manifest names another publisher, %s; sign with that key, or take the line out", m.Publisher)
}

// writeManifest replaces a manifest by what it holds now.
func writeManifest(path string, m models.Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return writeFileDurably(path, append(text, '\n'), 0o644)
}
