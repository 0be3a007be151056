package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"
)

// doorOf is a door whose users, of the role reader, have all the same password.
func doorOf(t *testing.T, conf Config, users ...string) (*Door, string) {
	t.Helper()
	conf.Roles, conf.Cookie, conf.Local = file("").Roles, "test", "this-machine"
	conf.Users = file("")
	if len(users) > 0 {
		conf.Users = file(filepath.Join(t.TempDir(), "users"))
		for _, name := range users {
			if err := conf.Users.Add(name, "reader", password); err != nil {
				t.Fatal(err)
			}
		}
	}
	pages := []Page{{"GET /{$}", Least, func(v *Visit) error { v.Send([]byte("hello " + v.Who + ", " + v.RoleName())); return nil }}}
	operations := []Operation{
		{Method: "GET", Path: "/name", Role: Least, Out: "", Answer: func(v *Visit) (any, error) { return v.Who, nil }},
		{Method: "POST", Path: "/end", Role: 3, In: "", Out: "", Answer: func(v *Visit) (any, error) { return v.Who, nil }},
	}
	d, err := New(conf, pages, operations)
	if err != nil {
		t.Fatal(err)
	}
	return d, conf.Users.Path
}

// visitFrom is a request from an address.
func visitFrom(d *Door, remote string) *Visit {
	r := httptest.NewRequest(http.MethodPost, "/login", nil)
	r.RemoteAddr = remote
	return &Visit{door: d, W: httptest.NewRecorder(), R: r}
}

func TestAHangUpTakesNoFailuresBack(t *testing.T) {
	told := 0
	h := &hand{time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)} // it stands: a hash may take longer than a pause
	b, _ := doorOf(t, Config{Now: h.now, Logged: func(who string, in bool) error {
		if told++; who != "" || in {
			t.Errorf("told is %q, %v", who, in)
		}
		return nil
	}}, "the-admin")
	try := func(ctx context.Context) error {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/login", nil)
		v := &Visit{door: b, W: httptest.NewRecorder(), R: r}
		return v.login(loginForm{Name: "the-admin", Password: "wrong wrong wrong"})
	}
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	for range freeFailures - 1 {
		if err := try(t.Context()); !errors.Is(err, errPassword) {
			t.Fatal(err)
		}
	}
	for range hashesAtOnce { // others are being looked at: the next one has to wait, and is gone meanwhile
		b.users.places <- struct{}{}
	}
	if err := try(gone); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for range hashesAtOnce {
		<-b.users.places
	}
	if err := try(t.Context()); !errors.Is(err, errPassword) {
		t.Errorf("a try that was not looked at counts: %v", err)
	}
	if err := try(t.Context()); !errors.Is(err, errPause) {
		t.Errorf("after %d failures and a hang-up: %v, want a pause", freeFailures, err)
	}
	if told != freeFailures {
		t.Errorf("%d failures are recorded", told)
	}
}

func TestANetworkHasOneCount(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:4000":             "192.0.2.7",
		"[::ffff:192.0.2.7]:4000":    "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1":   "2001:db8:1:2::/64",
		"[2001:db8:1:2::ffff]:50000": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":           "fe80::/64",
		"a socket":                   "a socket",
	} {
		v := &Visit{R: &http.Request{RemoteAddr: remote}}
		if got := v.address(); got != want {
			t.Errorf("%s counts as %s, want %s", remote, got, want)
		}
	}
}
