package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// manual writes all pages and completions and reads them back, by name.
func manual(t *testing.T) map[string][]byte {
	t.Helper()
	folder := t.TempDir()
	var stderr bytes.Buffer
	if code := execute(t.Context(), []string{"manual", folder}, nil, io.Discard, &stderr); code != exitOK {
		t.Fatalf("manual ends with %d: %s", code, stderr.String())
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[filepath.Base(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestManualHasAPageForEveryCommand(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1795324650")
	files := manual(t)
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		if _, there := files[name]; there == c.Hidden {
			t.Errorf("%s: there %t, hidden %t", name, there, c.Hidden)
		}
		for _, child := range c.Commands() {
			look(child)
		}
	}
	look(newRoot(nil, io.Discard))
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if !bytes.Contains(files["medhive."+shell], []byte("medhive")) {
			t.Errorf("no completion for %s", shell)
		}
	}
	if page := string(files["medhive-node-run.1"]); !strings.Contains(page, "Nov 2026") || !strings.Contains(page, "jurisdiction") {
		t.Errorf("the page of node run is dated or filled otherwise:\n%.400s", page)
	}
	for name, again := range manual(t) {
		if !bytes.Equal(files[name], again) {
			t.Errorf("%s is another one the second time", name)
		}
	}
}

func TestManualSaysWhatIsWrong(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	for _, args := range [][]string{{"manual"}, {"manual", t.TempDir()}} {
		var stderr bytes.Buffer
		if code := execute(t.Context(), args, nil, io.Discard, &stderr); code == exitOK || stderr.Len() == 0 {
			t.Errorf("%q ends with %d: %s", args, code, stderr.String())
		}
	}
}
