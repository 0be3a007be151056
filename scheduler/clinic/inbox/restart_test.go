package inbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestARestartGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		b := openInbox(t, folder, Config{Conflict: HoldStudy})
		send(t, b, ct(study1, 1))
		if err := b.Expect(study1, 3); err != nil {
			t.Fatal(err)
		}
		other := ct(study1, 1)
		other.patient = "Seacole^Mary"
		_, err := sendBy(b, other, 0)
		mustBe(t, err, ErrConflict)
		first := b.room.used.Load()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}

		b = openInbox(t, folder, Config{Conflict: HoldStudy})
		if used := b.room.used.Load(); used != first || first == 0 {
			t.Errorf("%d bytes counted, before the restart %d", used, first)
		}
		if kept := send(t, b, ct(study1, 1)); !kept.Duplicate {
			t.Errorf("after a restart: %+v", kept)
		}
		send(t, b, ct(study1, 2))
		second := ct(study1, 3)
		second.series = study1 + ".2"
		send(t, b, second)
		s := next(t, b)
		if s.Completed != Counted || s.Instances != 3 || len(s.Series) != 2 || s.Conflicts != 1 || !s.Hold || s.Facts.PatientID != "4711" {
			t.Errorf("%+v", s)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}

		// It was handed out, and not taken.
		b = openInbox(t, folder, Config{})
		if again := next(t, b); again.StudyUID != study1 || again.Instances != 3 || again.Folder != s.Folder || again.Bytes != s.Bytes {
			t.Errorf("handed out again: %+v", again)
		}
		if err := b.Taken(s); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}

		b = openInbox(t, folder, Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if s, err := b.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a study that was taken comes again: %+v, %v", s, err)
		}
		if used := b.room.used.Load(); used != s.Bytes {
			t.Errorf("%d bytes counted, the study has %d", used, s.Bytes)
		}
		if kept := send(t, b, ct(study1, 2)); !kept.Duplicate {
			t.Errorf("a slice of the taken study: %+v", kept)
		}
		if err := b.Remove(study1, 0); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = openInbox(t, folder, Config{})
		if kept := send(t, b, ct(study1, 2)); kept.Duplicate || kept.Revision != 1 {
			t.Errorf("after it was removed: %+v", kept)
		}
		if left, err := os.ReadDir(filepath.Join(folder, "studies")); err != nil || len(left) != 1 {
			t.Errorf("%d folders, %v", len(left), err)
		}
	})
}

func TestAnotherSecretOpensNothing(t *testing.T) {
	folder := t.TempDir()
	b := openInbox(t, folder, Config{})
	send(t, b, ct(study1, 1))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(folder, [SecretBytes]byte{2}, Config{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("opened with another secret: %v", err)
	}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".dcm" {
			return err
		}
		data, err := os.ReadFile(path)
		for _, name := range []string{"777", "Nightingale", "4711"} {
			if bytes.Contains(data, []byte(name)) || strings.Contains(entry.Name(), name) {
				t.Errorf("%q stands in %s", name, entry.Name())
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestADamagedObjectIsSaidAndCanBeSentAgain(t *testing.T) {
	folder := t.TempDir()
	b := openInbox(t, folder, Config{})
	for n := 1; n <= 3; n++ {
		send(t, b, ct(study1, n))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "studies", "*", "images", "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if err := os.Truncate(files[0], 100); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(files[0]), "stray"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second start does not find it again
		b = openInbox(t, folder, Config{})
		if got := b.Arriving()[0].Instances; got != 2 {
			t.Errorf("%d instances, want 2", got)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b = openInbox(t, folder, Config{})
	if kept := send(t, b, ct(study1, 1)); kept.Duplicate {
		t.Error("the damaged object counts as one that lies there")
	}
	if s := finish(t, b, study1); s.Instances != 3 || len(objects(t, s)) != 3 {
		t.Errorf("%+v", s)
	}
}

// childFolder names, in the environment of a child, the inbox that it fills until it is killed.
const childFolder = "MEDHIVE_INBOX_CHILD"

// TestMain lets the test binary be the child that is killed, or that fills a file system.
func TestMain(m *testing.M) {
	var err error
	switch folder, small := os.Getenv(childFolder), os.Getenv(smallFolder); {
	case folder != "":
		err = fillForEver(folder)
	case small != "":
		err = fillSmall(small)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fillForEver receives instances by four senders into three studies, writes a line for each
// that is safe, and hands out studies.
func fillForEver(folder string) error {
	b, err := Open(folder, [SecretBytes]byte{1}, Config{KeepFree: 1, Quiet: 20 * time.Millisecond}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	life := os.Getpid()
	var mu sync.Mutex
	say := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(line)
	}
	go func() {
		for {
			s, err := b.Next(context.Background())
			if err == nil && s.Instances > 0 {
				err = b.Taken(s)
			}
			if err != nil {
				return
			}
		}
	}()
	for sender := range 4 {
		go func() {
			for n := 0; ; n++ {
				s := ct(fmt.Sprintf("1.2.840.777.%d", n%3), n)
				s.series = fmt.Sprintf("%s.%d.%d", s.study, life, sender)
				if _, err := sendBy(b, s, uint64(sender+1)); err == nil {
					say(s.uid())
				}
			}
		}()
	}
	select {}
}

// TestAKillLosesNothingThatWasAcknowledged kills a process that fills an inbox, again and
// again, and holds what it said against what is there.
func TestAKillLosesNothingThatWasAcknowledged(t *testing.T) {
	folder := t.TempDir()
	said := map[string]bool{}
	for life := range 6 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childFolder+"="+folder)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n := 0; ; n++ {
			line, err := lines.ReadString('\n')
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			said[strings.TrimSpace(line)] = true
			if n == 20*(life+1) {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed
	}
	if len(said) < 6*20 {
		t.Fatalf("only %d instances were acknowledged", len(said))
	}
	b := openInbox(t, folder, Config{})
	for _, p := range b.Arriving() {
		if err := b.Finish(p.StudyUID); err != nil {
			t.Fatal(err)
		}
	}
	waitUntil(t, func() bool { return len(b.Arriving()) == 0 })
	found := 0
	for n := range 3 {
		s, err := b.Study("1.2.840.777."+strconv.Itoa(n), -1)
		if err != nil {
			t.Fatal(err)
		}
		for uid := range objects(t, s) { // the latest revision holds all
			if said[uid] {
				found++
			}
		}
	}
	if found != len(said) {
		t.Errorf("%d of %d acknowledged instances are there", found, len(said))
	}
}
