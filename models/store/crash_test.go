package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/store"
)

// writerVariable lets the test binary be a process that writes into the store of that
// folder until it is killed.
const writerVariable = "MEDHIVE_TEST_STORE_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerVariable); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver admits, holds, pins and removes, and prints a line before each act, so
// that a reader of the lines can kill it in the middle of any of them.
func writeForEver(dir string) error {
	s, err := store.Open(dir, nil)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		fmt.Println("admit")
		r, err := admit(s, "m", fmt.Sprintf("1.%d.%d", os.Getpid(), n), 64<<10)
		if err != nil {
			return err
		}
		fmt.Println("hold")
		if err := errors.Join(s.Hold(r.Digest, "writer"), s.Pin("m", r.Digest)); err != nil {
			return err
		}
		fmt.Println("release")
		if err := errors.Join(s.Release(r.Digest, "writer"), s.Unpin("m")); err != nil {
			return err
		}
		if n%3 == 2 {
			fmt.Println("remove")
			if err := s.Remove(r.Digest, false); err != nil {
				return err
			}
		}
	}
}

// A store whose writer is killed at any moment has whole packages and nothing else, and
// goes on.
func TestKilledWhileWriting(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "store")
	random := rand.New(rand.NewPCG(1, 2)) // the same acts are hit in every run, at other places
	const deaths = 25
	packages := 0
	for n := range deaths {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), writerVariable+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + random.IntN(12) {
			if !lines.Scan() || strings.HasPrefix(lines.Text(), "error") {
				t.Fatalf("death %d: the writer ended by itself: %s", n, lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // it was killed
		packages = inspect(t, dir)
	}
	if packages == 0 {
		t.Error("no package survived: the writer wrote nothing")
	}
}

// inspect opens the store and wants every package whole and no rest of a half one.
func inspect(t *testing.T, dir string) int {
	t.Helper()
	s, err := store.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	records, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var bytes int64
	for _, r := range records {
		bytes += r.Bytes
		if c, err := models.VerifyFolder(r.Folder); err != nil || c.Digest != r.Digest {
			t.Errorf("package %s: %v", r.Name(), err)
		}
	}
	if used, quota, err := s.Usage(); err != nil || used != bytes || quota != store.DefaultQuotaBytes {
		t.Errorf("%v: %d of %d bytes, want %d", err, used, quota, bytes)
	}
	for _, folder := range []string{"staging", "downloads"} {
		if rest, err := os.ReadDir(filepath.Join(dir, folder)); err != nil || len(rest) > 0 {
			t.Errorf("%s: %v, left %v", folder, err, rest)
		}
	}
	if halves, err := filepath.Glob(filepath.Join(dir, ".writing-*")); err != nil || len(halves) > 0 {
		t.Errorf("%v, left %v", err, halves)
	}
	// The dead one's holds are there until its next life takes them back.
	if err := s.ReleaseAll("writer"); err != nil {
		t.Error(err)
	}
	return len(records)
}
