package dashboard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFilesOfUsers(t *testing.T) {
	hash := hashOf(password)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		says string // empty: it is taken
		n    int
	}{
		"two and a comment": {"# who\nanna reader " + hash + "\n\nroot admin " + hash + "\n", 0o600, "", 2},
		"none":              {"", 0o600, "", 0},
		"open to others":    {"anna reader " + hash, 0o640, "chmod 600", 0},
		"no role":           {"anna " + hash, 0o600, "line 1: want a name, a role and a hash", 0},
		"a role of ours":    {"anna king " + hash, 0o600, "viewer, reader, releaser or admin", 0},
		"twice":             {"anna reader " + hash + "\nanna admin " + hash, 0o600, "line 2: the name stands there twice", 0},
		"a dear hash":       {"anna reader " + strings.Replace(hash, "m=65536", "m=99999999", 1), 0o600, "set the password anew", 0},
		"a plain password":  {"anna reader secret", 0o600, "set the password anew", 0},
		"a strange name":    {"añna reader " + hash, 0o600, "letters, digits", 0},
	} {
		path := filepath.Join(t.TempDir(), "users")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		list, err := ReadUsers(path)
		switch {
		case c.says == "" && (err != nil || len(list) != c.n):
			t.Errorf("%s: %d users, %v", name, len(list), err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), path)):
			t.Errorf("%s: says %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "users")
	if err := AddUser(path, "anna", Reader, "short"); err == nil || !strings.Contains(err.Error(), "12 or more") {
		t.Errorf("a short password: %v", err)
	}
	if err := AddUser(path, "an na", Reader, password); err == nil {
		t.Error("a name with a space is taken")
	}
	if _, err := openUsers(path); err == nil {
		t.Error("a dashboard that nobody can open is opened")
	}
}

func TestWhoIsRemovedIsOutAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	for _, name := range []string{"anna", "root"} {
		if err := AddUser(path, name, Reader, password); err != nil {
			t.Fatal(err)
		}
	}
	u, err := openUsers(path)
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	u.changed = func() { changes++ }
	for name, right := range map[string]bool{"anna": true, "nobody": false} {
		if _, ok, err := u.check(t.Context(), name, password); ok != right || err != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
	if _, ok, err := u.check(t.Context(), "anna", password+"!"); ok || err != nil {
		t.Errorf("another password: %v %v", ok, err)
	}
	if err := RemoveUser(path, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, known, err := u.named("anna"); known || err != nil || changes != 1 {
		t.Errorf("removed: %v %v, %d changes are told", known, err, changes)
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, known, err := u.named("root"); known || err == nil {
		t.Errorf("a file that can't be read lets people in: %v %v", known, err)
	}
}

// hand is a clock that a test moves.
type hand struct{ at time.Time }

func (h *hand) now() time.Time { return h.at }

func TestSessionsEndAfterAWorkingDay(t *testing.T) {
	h := &hand{time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)}
	s := newSessions(h.now)
	cookie := s.begin(User{Name: "anna"})
	h.at = h.at.Add(sessionLife - time.Second)
	if s.who(cookie).Name != "anna" || s.who(cookie+"x").Name != "" || s.who("").Name != "" {
		t.Error("a session is not whose it is")
	}
	h.at = h.at.Add(time.Second)
	if s.who(cookie).Name != "" {
		t.Error("a session goes on")
	}
	first := s.begin(User{Name: "first"})
	for n := range maxSessions {
		h.at = h.at.Add(time.Millisecond)
		s.begin(User{Name: fmt.Sprint(n)})
	}
	if s.who(first).Name != "" || len(s.open) > maxSessions {
		t.Errorf("%d sessions are kept", len(s.open))
	}
}

func TestGuessingGetsSlower(t *testing.T) {
	h := &hand{time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)}
	th := newThrottle(h.now)
	for range freeFailures {
		if th.wait("anna", "10.0.0.1") > 0 {
			t.Fatal("a few slips cost a pause")
		}
		th.failed("anna", "10.0.0.1")
	}
	last := time.Duration(0)
	for range 12 {
		pause := th.wait("anna")
		if pause <= 0 || pause > longestPause || pause < last {
			t.Fatalf("a pause of %v after one of %v", pause, last)
		}
		last = pause
		h.at = h.at.Add(pause)
		if th.wait("anna") > 0 {
			t.Fatal("the pause does not end")
		}
		th.failed("anna")
	}
	if last != longestPause {
		t.Errorf("the longest pause is %v", last)
	}
	if th.wait("berta") > 0 || th.wait("10.0.0.1", "anna") != longestPause {
		t.Error("the pause is not of who failed")
	}
	th.passed("anna")
	if th.wait("anna") > 0 {
		t.Error("who got in has to wait")
	}
	for n := range 2 * maxFailures {
		th.failed(fmt.Sprint(n))
	}
	if len(th.by) > maxFailures {
		t.Errorf("%d keys are remembered", len(th.by))
	}
}

func FuzzUsersFile(f *testing.F) {
	f.Add("anna reader " + "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("# \n\x00 admin $argon2id$$")
	f.Fuzz(func(t *testing.T, line string) {
		fields := strings.Fields(line)
		u, err := parseUser(fields)
		if err != nil {
			return
		}
		again, err := parseUser(strings.Fields(u.Name + " " + u.Role.String() + " " + u.hash))
		if err != nil || again != u {
			t.Errorf("%q is read as %+v, and written it is %+v, %v", line, u, again, err)
		}
	})
}
