package epoch

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// rewrite alters a file and fails when nothing changed.
func rewrite(t testing.TB, path string, alter func([]byte) []byte) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	after := alter(bytes.Clone(before))
	if bytes.Equal(before, after) {
		t.Fatal("the test altered nothing")
	}
	if err := os.WriteFile(path, after, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	cases := map[string]func([]byte) []byte{
		"cut":         func(text []byte) []byte { return text[:len(text)/2] },
		"unknown key": func(text []byte) []byte { return bytes.Replace(text, []byte(`{`), []byte(`{"more":1,`), 1) },
		"two objects": func(text []byte) []byte { return append(text, text...) },
		"empty":       func([]byte) []byte { return nil },
		"other input": func(text []byte) []byte {
			return bytes.Replace(text, []byte(`"registry_block":7`), []byte(`"registry_block":8`), 1)
		},
	}
	for name, alter := range cases {
		w := newWorld(t)
		dir := w.write(w.build(w.inputs(), State{}), filepath.Join(t.TempDir(), "1"))
		rewrite(t, filepath.Join(dir, InputsFile), alter)
		if _, err := Read(dir); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

// FuzzVerify feeds any two files: Verify may find differences or fail, never panic.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	dir := w.write(w.build(w.inputs(), State{}), filepath.Join(f.TempDir(), "1"))
	inputs, err := os.ReadFile(filepath.Join(dir, InputsFile))
	w.must(err)
	summary, err := os.ReadFile(filepath.Join(dir, SummaryFile))
	w.must(err)
	f.Add(inputs, summary)
	f.Add([]byte(`{}`), []byte(`{}`))
	f.Add([]byte(`{"registrations":[{}],"previous":{"nodes":[{"tier":9}]}}`), []byte(`{"lines":[{},{}]}`))
	f.Fuzz(func(t *testing.T, inputs, summary []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{InputsFile: inputs, SummaryFile: summary} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := Verify(dir); err == nil && len(found) == 0 {
			b, err := Read(dir)
			if err != nil {
				t.Fatalf("verified, but not readable: %v", err)
			}
			for _, l := range b.Summary.Leaves() {
				if _, _, err := b.Proof(l.Node); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestCompareRegistrations(t *testing.T) {
	w := newWorld(t)
	rows := w.inputs().Registrations
	swapped := []Registration{rows[2], rows[0], rows[1]}
	if found := CompareRegistrations(rows, swapped); len(found) > 0 {
		t.Errorf("another order: %v", found)
	}
	inactive := append([]Registration{}, rows...)
	inactive[1].Active = false
	for name, got := range map[string][]Registration{"one is left out": rows[:2], "one is exiting": inactive, "a stranger": append(append([]Registration{}, rows...), Registration{Node: w.party("liz")})} {
		if found := CompareRegistrations(rows, got); len(found) != 1 {
			t.Errorf("%s: %v", name, found)
		}
	}
	odd := append([]Registration{}, rows...)
	odd[0].Jurisdiction = "d\xff" // an epoch writes it as unknown
	got := append([]Registration{}, rows...)
	got[0].Jurisdiction = ""
	if found := CompareRegistrations(odd, got); len(found) > 0 {
		t.Errorf("an odd row: %v", found)
	}
}
