package service

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// manager keeps what it is told.
type manager struct {
	mu   sync.Mutex // guards told
	told []string
}

func (m *manager) notify(state string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, state)
	return nil
}

// beats is how often the watchdog heard of the role.
func (m *manager) beats() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, state := range m.told {
		if state == "WATCHDOG=1" {
			n++
		}
	}
	return n
}

func alive(context.Context) error { return nil }

func TestWhatAManagerIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(manager)
		s := begin(t.Context(), slog.New(slog.DiscardHandler), m.notify, 0, "bidding\nREADY=0", alive)
		s.Status("2 jobs")
		done := s.Reloading()
		done()
		s.Close()
		want := []string{"READY=1\nSTATUS=bidding READY=0", "STATUS=2 jobs", "RELOADING=1", "READY=1", "STOPPING=1\nSTATUS=stopping"}
		if !slices.Equal(m.told, want) {
			t.Errorf("told %q; want %q", m.told, want)
		}
	})
}

func TestTheWatchdogIsBeatenWhileTheRoleAnswers(t *testing.T) {
	const interval = 20 * time.Second
	for _, c := range []struct {
		name  string
		check Check
		alive bool
	}{
		{"an answer", alive, true},
		{"an error", func(context.Context) error { return errors.New("the database is closed") }, false},
		{"no answer", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(manager)
				s := begin(t.Context(), slog.New(slog.DiscardHandler), m.notify, interval, "", c.check)
				for range 3 {
					before := m.beats()
					<-time.After(interval)
					synctest.Wait()
					if heard := m.beats() > before; heard != c.alive {
						t.Errorf("within an interval the watchdog was beaten: %t; want %t", heard, c.alive)
					}
				}
				s.Close()
				after := m.beats()
				<-time.After(interval)
				if m.beats() != after {
					t.Error("a role that stopped was said to live")
				}
			})
		})
	}
}

// A role that hangs for a while and recovers is not killed: the next check counts.
func TestARoleThatRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 20 * time.Second
		m, asked := new(manager), 0
		s := begin(t.Context(), slog.New(slog.DiscardHandler), m.notify, interval, "", func(ctx context.Context) error {
			if asked++; asked == 2 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		<-time.After(interval)
		synctest.Wait()
		if got := m.beats(); got < beatsPerInterval-1 {
			t.Errorf("%d beats in an interval with one hang; want at least %d", got, beatsPerInterval-1)
		}
		s.Close()
	})
}

// The datagrams reach a real socket under the names that systemd documents.
func TestBeginSpeaksToTheManagersSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", strconv.Itoa(int((time.Hour).Microseconds())))
	s := Begin(t.Context(), slog.New(slog.DiscardHandler), "bidding", alive)
	told := func() string {
		buffer := make([]byte, 4096)
		n, err := socket.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
	if got := told(); got != "READY=1\nSTATUS=bidding" {
		t.Errorf("first %q", got)
	}
	if got := told(); got != "WATCHDOG=1" {
		t.Errorf("then %q", got)
	}
	s.Close()
	if got := told(); !strings.HasPrefix(got, "STOPPING=1") {
		t.Errorf("at last %q", got)
	}
}

func TestWithoutAManagerNothingHappens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	s := Begin(t.Context(), slog.New(slog.DiscardHandler), "bidding", func(context.Context) error {
		t.Error("nobody asked for a check")
		return nil
	})
	s.Status("still")
	s.Close()
}

func TestWordsAreOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := line(string(rapid.SliceOf(rapid.Byte()).Draw(t, "words")))
		if len(got) > maxWords || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("%q", got)
		}
	})
	if got := line(strings.Repeat("é", maxWords)); len(got) != maxWords {
		t.Errorf("%d bytes of é; want %d", len(got), maxWords)
	}
}
