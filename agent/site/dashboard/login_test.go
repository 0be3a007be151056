package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/medhive/medhive/scheduler/clinic/audit"
)

func TestAHangUpTakesNoFailuresBack(t *testing.T) {
	text, err := clinicUsers()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "users")
	if err := replace(path, text); err != nil {
		t.Fatal(err)
	}
	site := newFake(t)
	b, err := New(Config{Site: site, Users: path})
	if err != nil {
		t.Fatal(err)
	}
	try := func(ctx context.Context) error {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/login", nil)
		v := &visit{Board: b, w: httptest.NewRecorder(), r: r}
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
	if told := site.entries(audit.Login); len(told) != freeFailures {
		t.Errorf("%d failures are recorded", len(told))
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
		v := &visit{r: &http.Request{RemoteAddr: remote}}
		if got := v.address(); got != want {
			t.Errorf("%s counts as %s, want %s", remote, got, want)
		}
	}
}

func TestANewPasswordEndsSessions(t *testing.T) {
	g := door(t, true)
	g.login(Reader)
	if a := g.get("/"); a.StatusCode != http.StatusOK {
		t.Fatalf("logged in: %d", a.StatusCode)
	}
	if err := AddUser(g.users, "the-reader", Reader, password+" anew"); err != nil {
		t.Fatal(err)
	}
	if a := g.get("/"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login" {
		t.Errorf("a session of the old password: %d", a.StatusCode)
	}
	if a := g.send("/login", "/login", url.Values{"name": {"the-reader"}, "password": {password + " anew"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the new password: %d", a.StatusCode)
	}
	if a := g.get("/"); a.StatusCode != http.StatusOK {
		t.Errorf("a session of the new password: %d", a.StatusCode)
	}
}
