package catalog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/reference"
)

// put writes a package folder made from the reference manifest.
func put(t *testing.T, dir, folder, id, version string, weights []byte) {
	t.Helper()
	p, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	m := p.Manifest
	m.ID, m.Version = id, version
	m.Weights = models.Weights{File: "w.onnx", SHA256: models.DigestOf(weights), Bytes: int64(len(weights))}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, folder, catalog.ManifestFile), text)
	write(t, filepath.Join(dir, folder, "w.onnx"), weights)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(c *catalog.Catalog) string {
	var list []string
	for _, e := range c.List() {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestReferenceAlone(t *testing.T) {
	for _, dir := range []string{"", filepath.Join(t.TempDir(), "absent")} {
		c, err := catalog.Open(dir)
		if err != nil || names(c) != "t1-tissue@1.0.0" || len(c.Faults()) > 0 {
			t.Fatalf("%q: %v, %s, %v", dir, err, names(c), c.Faults())
		}
		e := c.List()[0]
		for _, ref := range []string{"t1-tissue", "t1-tissue@1.0.0", e.Digest.String()} {
			if p, err := c.Find(ref); err != nil || p.Digest() != e.Digest || len(p.Weights) == 0 {
				t.Errorf("%s: %v", ref, err)
			}
		}
		if _, err := c.Find("t1-tissue@2.0.0"); err == nil || !strings.Contains(err.Error(), "choose one of t1-tissue@1.0.0") {
			t.Errorf("an absent one: %v", err)
		}
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "lung", "1.9.0", []byte("old"))
	put(t, dir, "b", "lung", "1.10.0", []byte("new"))
	put(t, dir, "c", "lung", "1.10.0-rc.1", []byte("candidate"))
	put(t, dir, "d", "lung", "1.10.0", []byte("new")) // the same package again
	put(t, dir, "e", "lung", "1.9.0", []byte("forged"))
	put(t, dir, "f", "bent", "1.0.0", []byte("good"))
	write(t, filepath.Join(dir, "f", "w.onnx"), []byte("bad!"))
	write(t, filepath.Join(dir, "g", catalog.ManifestFile), []byte("{}"))
	put(t, dir, "h", "empty", "1.0.0", []byte("x"))
	if err := os.Remove(filepath.Join(dir, "h", "w.onnx")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "i", catalog.ManifestFile), bytes.Repeat([]byte(" "), models.MaxManifestBytes+1))
	write(t, filepath.Join(dir, "notes.txt"), []byte("hello"))
	write(t, filepath.Join(dir, "b", catalog.CardFile), []byte("# Lung"))
	c, err := catalog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(c), "bent@1.0.0 lung@1.10.0 lung@1.10.0-rc.1 lung@1.9.0 t1-tissue@1.0.0"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if faults := fmt.Sprint(c.Faults()); len(c.Faults()) != 4 {
		t.Errorf("faults %s; want those of e, g, h and i", faults)
	}
	newest, err := c.Find("lung")
	if err != nil || newest.Manifest.Version != "1.10.0" || string(newest.Weights) != "new" || newest.Card != "# Lung" {
		t.Errorf("%v %s", err, newest.Name())
	}
	if old, err := c.Find("lung@1.9.0"); err != nil || string(old.Weights) != "old" {
		t.Errorf("%v", err)
	}
	if _, err := c.Find("bent"); err == nil || !strings.Contains(err.Error(), "fetch the package again") {
		t.Errorf("bent weights: %v", err)
	}
	put(t, dir, "b", "lung", "1.10.0", []byte("swapped"))
	if _, err := c.Find("lung"); err == nil || !strings.Contains(err.Error(), "fetch the package again") && !strings.Contains(err.Error(), "restart") {
		t.Errorf("swapped on disk: %v", err)
	}
}
