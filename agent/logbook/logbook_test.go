package logbook

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func write(t *testing.T, b *Book, text string) {
	t.Helper()
	if n, err := b.Write([]byte(text)); err != nil || n != len(text) {
		t.Fatalf("%d, %v", n, err)
	}
}

func TestALogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log", "medhive.log")
	b, err := Open(Options{Path: path, MaxBytes: 100, Keep: 2})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		write(t, b, fmt.Sprintf("line %02d of the log\n", n)) // 19 bytes: five a file
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Size() > 100 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info, err)
		}
	}
	end, err := Tail(path, 2, 10_000)
	if err != nil || !strings.HasPrefix(string(end), "line 85") || !strings.HasSuffix(string(end), "line 99 of the log\n") {
		t.Errorf("%v: %s", err, end)
	}
	var out bytes.Buffer
	if err := Print(&out, path, 7); err != nil || strings.Count(out.String(), "\n") != 7 || !strings.HasPrefix(out.String(), "line 93") {
		t.Errorf("%v: %s", err, &out)
	}
}

func TestARestartGoesOnInTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "medhive.log")
	for _, text := range []string{"first life\n", "second life\n"} {
		b, err := Open(Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		write(t, b, text)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "first life\nsecond life\n" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestALogThatCantBeWrittenIsStillInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log", "medhive.log")
	b, err := Open(Options{Path: path, MaxBytes: 30})
	if err != nil {
		t.Fatal(err)
	}
	write(t, b, "a line of twenty-one\n")
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	write(t, b, "another that needs a new file\n")
	if got := b.Newest(10); len(got) != 2 || got[1] != "another that needs a new file" {
		t.Errorf("%q", got)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, b, "it can be written again\n")
	if data, err := os.ReadFile(path); err != nil || string(data) != "it can be written again\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := Open(Options{})
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for n := range rapid.IntRange(1, 50).Draw(t, "lines") {
			last = fmt.Sprint(n) + strings.Repeat("x", rapid.IntRange(0, memoryBytes/10).Draw(t, "length"))
			if _, err := b.Write([]byte(last + "\n")); err != nil {
				t.Fatal(err)
			}
			total := 0
			for _, l := range b.lines {
				total += len(l)
			}
			if total != b.bytes || total > memoryBytes || len(b.lines) > memoryLines {
				t.Fatalf("%d bytes in %d lines, %d counted", total, len(b.lines), b.bytes)
			}
		}
		if got := b.Newest(1); len(got) != 1 || got[0] != last {
			t.Fatal("the newest line is not the last one written")
		}
	})
}

// slate is a writer whose text can be read while it is written.
type slate struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *slate) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *slate) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestFollowingGoesOnWhenTheFileIsParted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "medhive.log")
	synctest.Test(t, func(t *testing.T) {
		b, err := Open(Options{Path: path, MaxBytes: 60, Keep: 2})
		if err != nil {
			t.Fatal(err)
		}
		write(t, b, "before anybody followed\n")
		ctx, stop := context.WithCancel(t.Context())
		out, done := &slate{}, make(chan error, 1)
		go func() { done <- Follow(ctx, out, path) }()
		synctest.Wait()
		want := ""
		for n := range 12 {
			line := fmt.Sprintf("line %02d of this log\n", n)
			want += line
			write(t, b, line)
			<-time.After(2 * followEvery)
		}
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if out.String() != want {
			t.Errorf("followed %q, want %q", out.String(), want)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheJournalIsKnownByItsStream(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	for stream, want := range map[string]bool{"": false, "8:1": false, "nonsense": false, fmt.Sprintf("%d:%d", stat.Dev, stat.Ino): true} {
		if got := InJournal(f, func(string) string { return stream }); got != want {
			t.Errorf("%q: %t", stream, got)
		}
	}
}

func FuzzLastLines(f *testing.F) {
	f.Add([]byte("a\nb\nc\n"), 2)
	f.Add([]byte("no end"), 1)
	f.Fuzz(func(t *testing.T, data []byte, lines int) {
		lines = min(max(lines, 0), 1000)
		got := lastLines(data, lines)
		if !bytes.HasSuffix(data, got) || bytes.Count(bytes.TrimSuffix(got, []byte("\n")), []byte("\n")) >= max(1, lines) {
			t.Errorf("%d lines of %q: %q", lines, data, got)
		}
	})
}
