package dashboard

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func TestFormsOfOthersAreRefused(t *testing.T) {
	g := door(t, false)
	path, form := "/held/"+heldID+"/decide", "choice=release&token="
	token := g.token("/held/" + heldID)
	for name, c := range map[string]struct {
		header http.Header
		body   string
	}{
		"no token":                 {nil, form},
		"a made-up token":          {nil, form + strings.Repeat("a", 64)},
		"from a page elsewhere":    {http.Header{"Sec-Fetch-Site": {"cross-site"}}, form + token},
		"from an origin of others": {http.Header{"Origin": {"https://evil.example"}}, form + token},
	} {
		if a := g.ask("POST", path, "application/x-www-form-urlencoded", c.header, c.body); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", name, a.StatusCode)
		}
	}
	g.forget() // another visitor has another token
	if a := g.ask("POST", path, "application/x-www-form-urlencoded", nil, form+token); a.StatusCode != http.StatusForbidden {
		t.Errorf("another visitor's token: %d", a.StatusCode)
	}
	if a := g.ask("POST", web.APIBase+"/held/"+heldID+"/decide", "text/plain", nil, `{"choice":"release"}`); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a program that sends no JSON: %d", a.StatusCode)
	}
	if a := g.ask("POST", web.APIBase+"/held/"+heldID+"/decide", "application/json", nil, `{"choice":"release"}`); a.StatusCode != http.StatusForbidden {
		t.Errorf("a program without a token: %d", a.StatusCode)
	}
	if e, err := g.site.Case(heldID); err != nil || e.State != worklist.Held {
		t.Errorf("the case is %s", e.State)
	}
	r := httptest.NewRequest("GET", "http://rebound.example/", nil)
	b, err := New(Config{Site: g.site})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "Oduya") {
		t.Errorf("a name that was made to lead here: %d", w.Code)
	}
	if a := g.ask("GET", "/", "", http.Header{"X-Forwarded-For": {"203.0.113.9"}}, ""); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("through a proxy: %d", a.StatusCode)
	}
}

func TestEachRoleSeesAndDoesItsOwn(t *testing.T) {
	g := door(t, true)
	if a := g.get("/"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login" || strings.Contains(a.body, "Oduya") {
		t.Errorf("a stranger: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	for _, o := range operations() {
		path := web.APIBase + strings.ReplaceAll(o.path, "{id}", heldID)
		if a := g.ask(o.method, path, "application/json", nil, "{}"); o.role > 0 && a.StatusCode != http.StatusUnauthorized {
			t.Errorf("a stranger: %s %s: %d", o.method, o.path, a.StatusCode)
		}
	}
	for _, role := range []Role{Viewer, Reader, Releaser, Admin} {
		g.login(role)
		token := g.token("/")
		for _, p := range pages() {
			method, path, _ := strings.Cut(p.pattern, " ")
			if path == "/{$}" {
				continue
			}
			path = strings.NewReplacer("{id}", heldID, "{n}", "0").Replace(path)
			form := url.Values{"token": {token}, "format": {"none"}, "choice": {"none"}, "word": {"none"}}
			g.site.refusal = ErrRefused // roles are asked here, not the site
			a := g.ask(method, path, "application/x-www-form-urlencoded", nil, form.Encode())
			if refused := a.StatusCode == http.StatusForbidden; refused != (role < p.role) {
				t.Errorf("%s, who needs to be %s: %s %s: %d", role, p.role, method, path, a.StatusCode)
			}
		}
	}
	g.login(Viewer)
	if body := g.get("/cases/" + deliveredID).body; strings.Contains(body, "Accept") || strings.Contains(body, `href="/audit"`) {
		t.Error("a viewer is shown what only others may do")
	}
}

// guesses are how many failed logins cost no pause.
const guesses = 5

func TestLogins(t *testing.T) {
	g := door(t, true)
	before := ""
	for _, c := range g.get("/login").Cookies() {
		before = c.Value
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Name != "__Host-medhive" {
			t.Errorf("the cookie is %+v", c)
		}
	}
	g.login(Reader)
	at, err := url.Parse(g.at)
	if err != nil {
		t.Fatal(err)
	}
	after := g.Jar.Cookies(at)
	if len(after) != 1 || after[0].Value == before || before == "" {
		t.Errorf("the cookie stays %v at the login", after)
	}
	if a := g.get("/"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "the-reader") {
		t.Errorf("logged in: %d", a.StatusCode)
	}
	if a := g.send("/", "/logout", url.Values{}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("log out: %d", a.StatusCode)
	}
	g.Jar.SetCookies(at, after) // who kept the old one
	if a := g.get("/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the old cookie: %d", a.StatusCode)
	}
	g.forget()
	for n := range guesses + 1 {
		a := g.send("/login", "/login", url.Values{"name": {"the-admin"}, "password": {"wrong wrong wrong"}})
		want := http.StatusUnauthorized
		if n == guesses {
			want = http.StatusTooManyRequests
		}
		if a.StatusCode != want || !strings.Contains(a.body, map[int]string{401: "Name or password is wrong", 429: "wait"}[want]) {
			t.Errorf("guess %d: %d", n+1, a.StatusCode)
		}
	}
	if in := g.site.entries(audit.Login); len(in) != 1+guesses || in[0].Outcome != audit.Success || in[0].Actor != "the-reader" || in[1].Outcome != audit.Serious || in[1].Actor != "" {
		t.Errorf("recorded are %+v", in)
	}
}

func TestProgramsGetTheSameAnswers(t *testing.T) {
	g := door(t, true)
	a := g.ask("POST", web.APIBase+"/session", "application/json", nil, `{"name":"the-releaser","password":"`+password+`"}`)
	var me web.Session
	if err := json.Unmarshal([]byte(a.body), &me); err != nil || me.Role != "releaser" {
		t.Fatalf("log in: %d %s", a.StatusCode, a.body)
	}
	var list []Entry
	if err := json.Unmarshal([]byte(g.get(web.APIBase+"/cases?state=held&state=delivered").body), &list); err != nil || len(list) != 2 {
		t.Errorf("cases: %v, %+v", err, list)
	}
	if a := g.get(web.APIBase + "/cases?limit=0"); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, "1 to 5000") {
		t.Errorf("a limit of 0: %d %s", a.StatusCode, a.body)
	}
	var held HeldCase
	if err := json.Unmarshal([]byte(g.get(web.APIBase+"/held/"+heldID).body), &held); err != nil || held.Doubt == nil || !bytes.Equal(held.Doubt.Held.Images[0].Picture, g.site.held) {
		t.Errorf("a held case: %v", err)
	}
	a = g.ask("POST", web.APIBase+"/held/"+heldID+"/decide", "application/json", http.Header{"X-Csrf-Token": {me.Token}}, `{"choice":"redact","regions":[{"x":1,"y":2,"width":3,"height":4}],"reason":"a name"}`)
	var c worklist.Case
	if err := json.Unmarshal([]byte(a.body), &c); err != nil || c.State != worklist.Routed || len(c.Policy.Redactions) != 1 || c.By != "the-releaser" {
		t.Errorf("decide: %d %s", a.StatusCode, a.body)
	}
	if a := g.get(web.APIBase + "/cases/" + deliveredID + "/overlay.png"); a.Header.Get("Content-Type") != "image/png" || a.body != string(g.site.overlay) {
		t.Errorf("a picture: %d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	if a := g.get(web.APIBase + "/deliveries"); strings.Contains(a.body, "/srv/") {
		t.Error("deliveries tell a folder")
	}
	if a := g.get(web.APIBase + "/audit"); a.StatusCode != http.StatusForbidden {
		t.Errorf("the audit log for a releaser: %d", a.StatusCode)
	}
	if a := g.get(web.APIBase + "/cases/ffff"); a.StatusCode != http.StatusNotFound || !strings.Contains(a.body, `{"error":`) {
		t.Errorf("no such case: %d %s", a.StatusCode, a.body)
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
