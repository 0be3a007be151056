package device

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/ort"
)

var update = flag.Bool("update", false, "write the golden inventories of testdata anew")

// fixture is the tree of a machine in testdata, whose nodes may all be used and whose
// mounted file systems have 1 GiB left each.
func fixture(name string) tree { return treeAt(filepath.Join("testdata", name)) }

func treeAt(dir string) tree {
	return tree{
		Roots:  Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")},
		usable: func(string) error { return nil },
		free:   func(string) (uint64, error) { return 1 << 30, nil },
	}
}

// copied is a fixture that a test may change.
func copied(t *testing.T, name string) (tree, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	return treeAt(dir), dir
}

// put writes a file into a copied tree, until the test ends.
func put(t *testing.T, content string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	before, err := os.ReadFile(file)
	if err != nil {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		undone := os.Remove(file)
		if err == nil {
			undone = os.WriteFile(file, before, 0o600)
		}
		if undone != nil {
			t.Error(undone)
		}
	})
}

// gone moves a file or folder out of a copied tree until the test ends; it must be there.
func gone(t *testing.T, path ...string) {
	t.Helper()
	file, aside := filepath.Join(path...), filepath.Join(t.TempDir(), "aside")
	if err := os.Rename(file, aside); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(os.RemoveAll(file), os.Rename(aside, file)); err != nil {
			t.Error(err)
		}
	})
}

// unreadable puts a folder where a file was: it can't be read, not even by root.
func unreadable(t *testing.T, path ...string) {
	t.Helper()
	gone(t, path...)
	if err := os.Mkdir(filepath.Join(path...), 0o755); err != nil {
		t.Fatal(err)
	}
}

// library answers with the report of a file in the tree; nil where it has none.
func library(dir string) func(context.Context) ([]byte, error) {
	report, err := os.ReadFile(filepath.Join(dir, "nvml.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return func(context.Context) ([]byte, error) { return report, err }
}

// inventory reads a tree as its machine would.
func inventory(t *testing.T, tr tree) Inventory {
	t.Helper()
	i := tr.read(t.Context(), Options{NVML: library(filepath.Dir(tr.Sys))})
	i.CPU.Arch = "" // of the machine that runs the test
	return i
}

// only is the one accelerator at an address.
func only(t *testing.T, i Inventory, address string) Accelerator {
	t.Helper()
	for _, a := range i.Accelerators {
		if a.Address == address {
			return a
		}
	}
	t.Fatalf("no accelerator at %s among %+v", address, i.Accelerators)
	return Accelerator{}
}

// machines are all fixtures.
func machines(t testing.TB) []string {
	t.Helper()
	names, err := entries("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, name := range names {
		if info, err := os.Stat(filepath.Join("testdata", name)); err == nil && info.IsDir() && name != "fuzz" {
			folders = append(folders, name)
		}
	}
	return folders
}

func TestEachMachineGivesItsGoldenInventory(t *testing.T) {
	all := machines(t)
	if len(all) < 12 {
		t.Fatalf("%d machines in testdata; there were 12", len(all))
	}
	for _, name := range all {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(inventory(t, fixture(name)), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name, "inventory.json")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(bytes.TrimSpace(want), got) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// What holds for every machine: nothing unsaid, nothing zero that was not told.
func TestInventoriesAreWhole(t *testing.T) {
	for _, name := range machines(t) {
		i := inventory(t, fixture(name))
		facts := append([]Fact{i.CPU.Fact, i.Memory.Fact}, i.Notes...)
		for _, d := range i.Disks {
			facts = append(facts, d.Fact)
		}
		for _, a := range i.Accelerators {
			facts = append(facts, a.Fact)
			if a.Address == "" || a.Vendor == "" || a.Model == "" || a.Kind != GPU && a.Kind != NPU {
				t.Errorf("%s: %+v lacks a name", name, a)
			}
			for _, p := range a.Providers {
				if ort.Remedy(p) == "" {
					t.Errorf("%s: %s is no provider that this program knows", name, p)
				}
			}
		}
		for _, f := range facts {
			switch f.State {
			case Present, Absent:
			case Unknown:
				if !strings.HasPrefix(f.Why, "unknown, because ") {
					t.Errorf("%s: %+v", name, f)
				}
				fallthrough
			case Unusable:
				if f.Why == "" || f.Fix == "" {
					t.Errorf("%s: %+v; want a reason and what to do", name, f)
				}
			default:
				t.Errorf("%s: %+v has no state", name, f)
			}
			if strings.Contains(f.Why+f.Fix, "testdata") {
				t.Errorf("%s: %+v tells a path", name, f)
			}
		}
	}
}

func TestNothingToRead(t *testing.T) {
	empty := t.TempDir()
	i := inventory(t, treeAt(empty))
	if i.CPU.Threads < 1 || i.CPU.State != Unknown {
		t.Errorf("%+v; want this process's own share, marked as such", i.CPU)
	}
	if i.Memory.State != Unknown || i.Memory.TotalBytes != 0 {
		t.Errorf("%+v; want unknown memory", i.Memory)
	}
	if len(i.Accelerators) != 0 || len(i.Disks) != 0 || len(i.Notes) != 2 || i.Notes[0].State != Unknown || i.Notes[1].State != Unknown {
		t.Errorf("%+v; want that neither disks nor the bus could be looked at", i)
	}
}

func TestThisMachineCanBeRead(t *testing.T) {
	i := Read(t.Context(), Roots{}, Options{})
	if i.CPU.Threads < 1 || i.Memory.State == Present && i.Memory.TotalBytes == 0 {
		t.Errorf("%+v", i)
	}
	again := Read(t.Context(), Roots{}, Options{})
	for n := range i.Disks { // others write to them meanwhile
		i.Disks[n].FreeBytes, again.Disks[n].FreeBytes = 0, 0
	}
	if !reflect.DeepEqual(i, again) {
		t.Errorf("read twice: %+v\nthen %+v", i, again)
	}
}

// factFiles are the files of a copied tree that Read may open.
func factFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	for _, root := range []string{"sys", "proc"} {
		err := filepath.WalkDir(filepath.Join(dir, root), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// overwrite changes a file until restore is called.
func overwrite(t *testing.T, file string, content []byte) (restore func()) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(file, before, 0o600); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read(b.Context(), Roots{}, Options{})
	}
}
