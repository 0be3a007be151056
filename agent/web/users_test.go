package web

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// password is everybody's in tests.
const password = "correct horse battery"

// file is a file of users of a test.
func file(path string) UserFile {
	return UserFile{Path: path, Roles: Roles{"viewer", "reader", "admin"}, Command: "medhive test user", Whose: "the test", Tokens: true}
}

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
		"a role of ours":    {"anna king " + hash, 0o600, "viewer, reader or admin", 0},
		"twice":             {"anna reader " + hash + "\nanna admin " + hash, 0o600, "line 2: the name stands there twice", 0},
		"a dear hash":       {"anna reader " + strings.Replace(hash, "m=65536", "m=99999999", 1), 0o600, "set it anew", 0},
		"a plain password":  {"anna reader secret", 0o600, "set it anew", 0},
		"a token":           {"robot viewer " + hashOfToken("secret"), 0o600, "", 1},
		"half a token":      {"robot viewer " + hashOfToken("secret")[:40], 0o600, "the token's hash is none", 0},
		"a strange name":    {"añna reader " + hash, 0o600, "letters, digits", 0},
	} {
		path := filepath.Join(t.TempDir(), "users")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		list, err := file(path).Read()
		switch {
		case c.says == "" && (err != nil || len(list) != c.n):
			t.Errorf("%s: %d users, %v", name, len(list), err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), path)):
			t.Errorf("%s: says %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "users")
	if err := file(path).Add("anna", "reader", "short"); err == nil || !strings.Contains(err.Error(), "12 or more") {
		t.Errorf("a short password: %v", err)
	}
	if err := file(path).Add("an na", "reader", password); err == nil {
		t.Error("a name with a space is taken")
	}
	if _, err := openUsers(file(path)); err == nil {
		t.Error("a dashboard that nobody can open is opened")
	}
}

func TestWhoIsRemovedIsOutAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	for _, name := range []string{"anna", "root"} {
		if err := file(path).Add(name, "reader", password); err != nil {
			t.Fatal(err)
		}
	}
	u, err := openUsers(file(path))
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
	if err := file(path).Remove("anna"); err != nil {
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
	at, anna := guess{address: "10.0.0.1"}, guess{"anna", "10.0.0.1"}
	for range freeFailures {
		if th.wait(anna, at) > 0 {
			t.Fatal("a few slips cost a pause")
		}
		th.failed(anna, at)
	}
	last := time.Duration(0)
	for range 12 {
		pause := th.wait(anna)
		if pause <= 0 || pause > longestPause || pause < last {
			t.Fatalf("a pause of %v after one of %v", pause, last)
		}
		last = pause
		h.at = h.at.Add(pause)
		if th.wait(anna) > 0 {
			t.Fatal("the pause does not end")
		}
		th.failed(anna)
	}
	if last != longestPause {
		t.Errorf("the longest pause is %v", last)
	}
	if th.wait(guess{"berta", "10.0.0.1"}) > 0 || th.wait(guess{"anna", "10.0.0.2"}) > 0 || th.wait(at, anna) != longestPause {
		t.Error("the pause is not of who failed")
	}
	th.passed("anna", "10.0.0.1")
	if th.wait(anna, at) > 0 {
		t.Error("who got in has to wait")
	}
	for n := range 2 * maxFailures {
		th.failed(guess{address: fmt.Sprint(n)})
	}
	if len(th.by) > maxFailures {
		t.Errorf("%d guesses are remembered", len(th.by))
	}
}

func TestAStrangerLocksNobodyOut(t *testing.T) {
	h := &hand{time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)}
	d, _ := doorOf(t, Config{Now: h.now}, "anna")
	try := func(from, password string) error { return visitFrom(d, from).login(loginForm{"anna", password}) }
	if err := try("192.0.2.1:5", password); err != nil {
		t.Fatal(err)
	}
	for range freeFailures + 2 {
		_ = try("198.51.100.1:5", "wrong wrong wrong")
	}
	if err := try("198.51.100.1:6", password); !errors.Is(err, errPause) {
		t.Errorf("who guesses: %v, want a pause", err)
	}
	if err := try("203.0.113.9:5", password); err != nil {
		t.Errorf("anna at another address: %v", err)
	}
	for n := range freeOfName { // from many addresses
		d.throttle.failed(guess{name: "anna"}, guess{"anna", fmt.Sprint(n)})
	}
	if err := try("203.0.113.77:5", password); !errors.Is(err, errPause) {
		t.Errorf("a name that the world guesses at, from a new address: %v, want a pause", err)
	}
	if err := try("192.0.2.1:6", password); err != nil {
		t.Errorf("anna where she was before: %v", err)
	}
}

func FuzzUsersFile(f *testing.F) {
	f.Add("anna reader " + "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("# \n\x00 admin $argon2id$$")
	f.Fuzz(func(t *testing.T, line string) {
		fields := strings.Fields(line)
		u, err := file("").parse(fields)
		if err != nil {
			return
		}
		again, err := file("").parse(strings.Fields(u.Name + " " + u.Role + " " + u.hash))
		if err != nil || again != u {
			t.Errorf("%q is read as %+v, and written it is %+v, %v", line, u, again, err)
		}
	})
}

func TestUsersAddedAtOnceAreAllThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	const many = 8
	failed := make(chan error, many)
	for n := range many {
		go func() {
			_, err := file(path).AddToken(fmt.Sprint("robot", n), "viewer")
			failed <- err
		}()
	}
	for range many {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if list, err := file(path).Read(); err != nil || len(list) != many {
		t.Errorf("%d of %d users are there, %v", len(list), many, err)
	}
}

// Root runs the command for an installed service, in a folder that the service's user may write
// to: that user can still change the file, and leads root to no other one.
func TestALockIsTheFoldersOwnersAndNoLink(t *testing.T) {
	if os.Geteuid() == 0 { // nobody else gives files away
		folder := filepath.Join(t.TempDir(), "node")
		const service = 12345
		if err := errors.Join(os.Mkdir(folder, 0o700), os.Chown(folder, service, service)); err != nil {
			t.Fatal(err)
		}
		if _, err := file(filepath.Join(folder, "users")).AddToken("robot", "viewer"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"users", ".users.lock"} {
			info, err := os.Stat(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != service || owner.Gid != service {
				t.Errorf("%s belongs to %+v", name, owner)
			}
		}
	}
	folder := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "nologin")
	if err := os.Symlink(elsewhere, filepath.Join(folder, ".users.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := file(filepath.Join(folder, "users")).AddToken("robot", "viewer"); err == nil {
		t.Error("a lock that is a link was followed")
	}
	if _, err := os.Lstat(elsewhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what the link names was made: %v", err)
	}
}
