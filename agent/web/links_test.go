package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var tokenField = regexp.MustCompile(`name="token" value="([0-9a-f]{64})"`)

// browse asks a door as a browser of this machine does and remembers its cookie.
type browse struct {
	d      *Door
	cookie string
}

func (b *browse) ask(method, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:4000"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: b.d.cookieName(), Value: b.cookie})
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	b.d.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c.Value
	}
	return w
}

// enter opens a link and presses its button.
func (b *browse) enter(link string) *httptest.ResponseRecorder {
	page := b.ask("GET", link, nil, nil).Body.String()
	found := tokenField.FindStringSubmatch(page)
	if found == nil {
		return httptest.NewRecorder()
	}
	at, err := url.Parse(link)
	if err != nil {
		return httptest.NewRecorder()
	}
	return b.ask("POST", "/enter", url.Values{"token": {found[1]}, "key": {at.Query().Get("key")}}, nil)
}

func TestALinkLetsOneIn(t *testing.T) {
	h := &hand{time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)}
	d, _ := doorOf(t, Config{Now: h.now})
	stranger := &browse{d: d}
	if a := stranger.ask("GET", "/", nil, nil); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/login" {
		t.Fatalf("without a link: %d", a.Code)
	}
	link := d.Link()
	stranger.ask("GET", link, nil, nil) // a look at the page uses nothing up
	one := &browse{d: d}
	before := d.Link()
	if a := one.enter(link); a.Code != http.StatusSeeOther || one.ask("GET", "/", nil, nil).Body.String() != "hello this-machine, admin" {
		t.Fatalf("with a link: %d", a.Code)
	}
	if a := stranger.enter(link); a.Code != http.StatusUnauthorized || !strings.Contains(a.Body.String(), "used already") {
		t.Errorf("a link that was used: %d", a.Code)
	}
	if a := stranger.ask("GET", "/", nil, nil); a.Code != http.StatusSeeOther {
		t.Errorf("who was not let in: %d", a.Code)
	}
	h.at = h.at.Add(LinkLife)
	if a := stranger.enter(before); a.Code != http.StatusUnauthorized {
		t.Errorf("a link that is too old: %d", a.Code)
	}
	first := d.Link()
	for range maxLinks {
		h.at = h.at.Add(time.Millisecond)
		d.Link()
	}
	if a := stranger.enter(first); a.Code != http.StatusUnauthorized || len(d.links.open) > maxLinks {
		t.Errorf("the oldest of too many links: %d, %d are kept", a.Code, len(d.links.open))
	}
	for range freeFailures {
		stranger.enter("/enter?key=AAAAAAAAAAAAAAAAAAAAAAAAAA")
	}
	if a := stranger.enter("/enter?key=AAAAAAAAAAAAAAAAAAAAAAAAAA"); a.Code != http.StatusTooManyRequests {
		t.Errorf("who guesses at links: %d", a.Code)
	}
	if a := (&browse{d: d}).enter(d.Link()); a.Code != http.StatusSeeOther {
		t.Errorf("somebody's guesses keep out who has a link: %d", a.Code)
	}
}

func TestADoorWithoutUsersIsThisMachinesAlone(t *testing.T) {
	for name, open := range map[string]bool{"open": true, "by links": false} {
		d, _ := doorOf(t, Config{Open: open})
		b := &browse{d: d}
		for what, change := range map[string]func(*http.Request){
			"from another machine": func(r *http.Request) { r.RemoteAddr = "192.0.2.7:4000" },
			"by another name":      func(r *http.Request) { r.Host = "rebound.example" },
			"through a proxy":      func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.7") },
			"through another":      func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") },
		} {
			if a := b.ask("GET", "/login", nil, change); a.Code != http.StatusMisdirectedRequest {
				t.Errorf("%s: %s: %d", name, what, a.Code)
			}
		}
		if a := b.ask("GET", "/", nil, func(r *http.Request) { r.Host = "[::1]:9402"; r.RemoteAddr = "[::1]:4000" }); a.Code == http.StatusMisdirectedRequest {
			t.Errorf("%s: by its own name: %d", name, a.Code)
		}
	}
}

func TestProgramsShowTokens(t *testing.T) {
	d, path := doorOf(t, Config{}, "anna")
	token, err := file(path).AddToken("robot", "reader")
	if err != nil {
		t.Fatal(err)
	}
	b := &browse{d: d}
	ask := func(method, path, token string) *httptest.ResponseRecorder {
		return b.ask(method, APIBase+path, nil, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
		})
	}
	if a := ask("GET", "/name", token); a.Code != http.StatusOK || !strings.Contains(a.Body.String(), "robot") || len(a.Result().Cookies()) != 0 {
		t.Errorf("with its token: %d %s", a.Code, a.Body)
	}
	for what, wrong := range map[string]string{"none": "", "another": token + "A", "the hash itself": hashOfToken(token), "a password": password} {
		if a := ask("GET", "/name", wrong); a.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, a.Code)
		}
	}
	if a := ask("POST", "/end", token); a.Code != http.StatusForbidden {
		t.Errorf("beyond its role: %d", a.Code)
	}
	if err := visitFrom(d, "192.0.2.1:5").login(loginForm{"robot", token}); err == nil {
		t.Error("a token is taken for a password")
	}
	if _, err := file(path).AddToken("robot", "admin"); err != nil {
		t.Fatal(err)
	}
	if a := ask("GET", "/name", token); a.Code != http.StatusUnauthorized {
		t.Errorf("a token that was replaced: %d", a.Code)
	}
}

// TestEachAnswerIsGuarded wants what keeps pages from being framed, cached or fed by others.
func TestEachAnswerIsGuarded(t *testing.T) {
	d, _ := doorOf(t, Config{})
	for _, path := range []string{"/", "/login", "/static/style.css", "/nowhere", "/openapi.json", APIBase + "/name"} {
		a := (&browse{d: d}).ask("GET", path, nil, nil)
		for key, value := range headers {
			if a.Header().Get(key) != value {
				t.Errorf("%s: %s is %q", path, key, a.Header().Get(key))
			}
		}
	}
}
