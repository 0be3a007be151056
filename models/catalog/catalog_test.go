package catalog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/internal/parcel"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/models/store"
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

func TestBuiltInAlone(t *testing.T) {
	for _, dir := range []string{"", filepath.Join(t.TempDir(), "absent")} {
		c, err := catalog.Open(dir)
		if err != nil || names(c) != "ct-lung-bone@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0" || len(c.Faults()) > 0 {
			t.Fatalf("%q: %v, %s, %v", dir, err, names(c), c.Faults())
		}
		e, err := c.Entry("t1-tissue")
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{"t1-tissue", "t1-tissue@1.0.0", e.Digest.String()} {
			if p, err := c.Find(ref); err != nil || p.Digest() != e.Digest || len(p.Weights) == 0 {
				t.Errorf("%s: %v", ref, err)
			}
		}
		if _, err := c.Find("t1-tissue@2.0.0"); err == nil || !strings.Contains(err.Error(), "t1-tissue@1.0.0") {
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
	if got, want := names(c), "bent@1.0.0 ct-lung-bone@1.0.0 lung@1.10.0 lung@1.10.0-rc.1 lung@1.9.0 radiograph-quality@1.0.0 t1-tissue@1.0.0"; got != want {
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

// fill puts a package into the store.
func fill(t *testing.T, packages *store.Store, p parcel.Parcel) store.Record {
	t.Helper()
	g, err := packages.Stage()
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := p.Write(g.Dir); err != nil {
		t.Fatal(err)
	}
	r, err := packages.Admit(g)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStoreAndPins(t *testing.T) {
	dir := t.TempDir()
	packages, err := store.Open(filepath.Join(dir, "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "a", "lung", "1.0.0", []byte("by hand"))
	older := fill(t, packages, parcel.Parcel{ID: "lung", Version: "1.1.0", Weights: []byte("older"), Study: []byte("study")})
	fill(t, packages, parcel.Parcel{ID: "lung", Version: "2.0.0", Weights: []byte("newer")})
	offered := func(c *catalog.Catalog) string {
		var list []string
		for _, e := range c.Offered() {
			list = append(list, e.Name())
		}
		return strings.Join(list, " ")
	}
	c, err := catalog.OpenWith(dir, packages)
	if err != nil || len(c.Faults()) > 0 {
		t.Fatalf("%v %v", err, c.Faults())
	}
	const all = "ct-lung-bone@1.0.0 lung@2.0.0 lung@1.1.0 lung@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0"
	if names(c) != all || offered(c) != all {
		t.Errorf("%s; offered %s", names(c), offered(c))
	}
	if err := packages.Pin("lung", older.Digest); err != nil {
		t.Fatal(err)
	}
	if c, err = catalog.OpenWith(dir, packages); err != nil {
		t.Fatal(err)
	}
	if got := names(c); got != "ct-lung-bone@1.0.0 lung@1.1.0 lung@2.0.0 lung@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0" ||
		offered(c) != "ct-lung-bone@1.0.0 lung@1.1.0 radiograph-quality@1.0.0 t1-tissue@1.0.0" {
		t.Errorf("pinned: %s; offered %s", got, offered(c))
	}
	if p, err := c.Find("lung"); err != nil || string(p.Weights) != "older" {
		t.Errorf("the pinned one: %v %s", err, p.Name())
	}
	e, err := c.Entry("lung")
	if err != nil || e.Origin != catalog.InStore || !e.Pinned {
		t.Fatalf("%v %+v", err, e)
	}
	if x, err := e.Example(); err != nil || string(x.Study) != "study" || string(x.Expected) != "{}" || x.Labels != nil {
		t.Errorf("example: %v %+v", err, x)
	}
	write(t, filepath.Join(older.Folder, "study.tar"), []byte("stuDy"))
	if _, err := e.Example(); err == nil || !strings.Contains(err.Error(), "fetch the package again") {
		t.Errorf("a bent example: %v", err)
	}
	if e, err = c.Entry("lung@2.0.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Example(); !errors.Is(err, catalog.ErrNoExample) {
		t.Errorf("no example: %v", err)
	}
	if got := len(c.Versions("lung")); got != 3 {
		t.Errorf("%d versions", got)
	}
}

func TestOfFolder(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a", "lung", "1.0.0", []byte("weights"))
	e, err := catalog.OfFolder(filepath.Join(dir, "a"))
	if err != nil || e.Name() != "lung@1.0.0" {
		t.Fatalf("%v %s", err, e.Name())
	}
	if p, err := e.Load(); err != nil || p.Digest() != e.Digest {
		t.Errorf("%v", err)
	}
	if _, err := catalog.OfFolder(dir); err == nil {
		t.Error("a folder without a package")
	}
}

func TestBuiltInExamples(t *testing.T) {
	c, err := catalog.Open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.List() {
		segments := e.Manifest.TaskKind() == models.Segmentation
		if x, err := e.Example(); err != nil || len(x.Study) == 0 || len(x.Expected) == 0 || (len(x.Labels) > 0) != segments {
			t.Errorf("%s: %v; run go generate ./models/reference ./inference", e.Name(), err)
		}
	}
}
