package panel

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/agent/web/openapi"
)

var writeOpenAPI = flag.Bool("openapi", false, "write openapi.json anew")

const password = "correct horse battery"

// guest asks a dashboard as a browser or a program of this machine.
type guest struct {
	t      *testing.T
	p      *Panel
	cookie *http.Cookie
	bearer string
}

func (g *guest) ask(method, path, kind, body string) *httptest.ResponseRecorder {
	g.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4000"
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if g.cookie != nil {
		r.AddCookie(g.cookie)
	}
	if g.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+g.bearer)
	}
	w := httptest.NewRecorder()
	g.p.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		g.cookie = c
	}
	return w
}

func (g *guest) get(path string) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.ask("GET", path, "", "")
}

var tokenField = regexp.MustCompile(`name="token" value="([0-9a-f]{64})"`)

// send sends a form of a page.
func (g *guest) send(page, path string, form url.Values) *httptest.ResponseRecorder {
	g.t.Helper()
	found := tokenField.FindStringSubmatch(g.get(page).Body.String())
	if found == nil {
		g.t.Fatalf("%s has no form", page)
	}
	form.Set("token", found[1])
	return g.ask("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

// entered is a guest who came by a link.
func entered(t *testing.T, f *fake) *guest {
	t.Helper()
	g := &guest{t: t, p: opened(t, f, "")}
	link := g.p.Link()
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if a := g.send(link, "/enter", url.Values{"key": {at.Query().Get("key")}}); a.Code != http.StatusSeeOther {
		t.Fatalf("the link: %d", a.Code)
	}
	return g
}

// Two nodes of a machine share a browser's cookies, whatever their ports.
func TestTwoNodesOfAMachineKeepTheirSessions(t *testing.T) {
	var names []string
	for _, mark := range []string{"", "52908400", "8ba1f109"} {
		p, err := New(Config{Node: newFake(), Mark: mark})
		if err != nil {
			t.Fatal(err)
		}
		g := &guest{t: t, p: p}
		g.get("/login")
		if g.cookie == nil || slices.Contains(names, g.cookie.Name) {
			t.Fatalf("%q: the cookie is %+v; taken are %v", mark, g.cookie, names)
		}
		names = append(names, g.cookie.Name)
	}
}

func TestPagesSayWhatAnOperatorNeeds(t *testing.T) {
	g := entered(t, newFake())
	for path, words := range map[string][]string{
		"/":                 {"working: bidding", "Tier 3", "185 TOPS", "NVIDIA RTX 4090", "286 W", "67 °C", "0.06125", "3f9a01c2", "62 %", "stat", "disk-low", "make room", "Power from", "paid", "Drain"},
		"/?span=year":       {`href="/?span=year" aria-current="page"`},
		"/earnings":         {"HIVE</strong> for ", "EUR", "t1-tissue@1.0.0", "lung-nodule@2.1.0", "kWh", "Payable now", "0.9 HIVE", "2026-11-22", "No more bids for"},
		"/score":            {"Epoch 412", "rewarded 9.4", "compute", "0.72", "0.31", "earns more", "notice", "two windows of 12 h", "Factors by epoch"},
		"/models":           {"offered", "not offered", "it did not pass validation", "860 an hour", "passed", "failed"},
		"/machine":          {"AMD Ryzen 9 7950X", "24.0 GiB", "182.310 TOPS proved", "throttled", "301.2 W, wall", "Not in it: the screen", "fp16 could not be measured"},
		"/network":          {"reachability: private", "through a relay", "coordinator", "198.51.100.4", "they called", "18 ms", "relayed"},
		"/log":              {"runner is warm", "t1-tissue@1.0.0", "model is left out"},
		"/log?least=error":  {"model is left out", `href="/log?least=error" aria-current="page"`},
		"/openapi.json":     {"MedHive node"},
		"/static/own.css":   {".chart"},
		"/static/style.css": {":root"},
	} {
		a := g.get(path)
		if a.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
			continue
		}
		for _, word := range words {
			if !strings.Contains(a.Body.String(), word) {
				t.Errorf("%s does not say %q", path, word)
			}
		}
		if strings.Contains(a.Body.String(), "style=") || strings.Contains(a.Body.String(), "ZgotmplZ") {
			t.Errorf("%s has what the policy forbids", path)
		}
	}
	if a := g.get("/log?least=error"); strings.Contains(a.Body.String(), "runner is warm") {
		t.Error("errors alone show others")
	}
	for path, code := range map[string]int{"/?span=decade": 400, "/log?least=loud": 400, "/earnings?days=0": 400, "/earnings?days=501": 400, "/nowhere": 404} {
		if a := g.get(path); a.Code != code {
			t.Errorf("%s: %d, want %d", path, a.Code, code)
		}
	}
}

// TestAFreshNodeIsShown wants that nothing is missed where nothing is known yet.
func TestAFreshNodeIsShown(t *testing.T) {
	f := newFake()
	f.bare = true
	g := entered(t, f)
	for path, words := range map[string][]string{
		"/": {"No job at this moment", "nothing was measured", "no sensor tells its power", "the chain does not answer"}, "/earnings": {"No receipts", "the chain does not answer", "unknown HIVE"},
		"/score": {"No epoch has scored"}, "/models": {"medhive model fetch"}, "/owner": {"nobody's yet", "no TPM", "Bind it to a wallet"}, "/network": {"No peer is connected", "not known yet"}, "/log": {"Nothing of this severity"},
	} {
		a := g.get(path)
		for _, word := range words {
			if a.Code != http.StatusOK || !strings.Contains(a.Body.String(), word) {
				t.Errorf("%s: %d, does not say %q", path, a.Code, word)
			}
		}
	}
}

func TestTheOperatorDrainsAndResumes(t *testing.T) {
	f := newFake()
	g := entered(t, f)
	for _, m := range []Mode{Draining, Paused, Working} {
		if a := g.send("/", "/mode", url.Values{"mode": {string(m)}}); a.Code != http.StatusSeeOther || f.mode != m {
			t.Errorf("%s: %d, the node is %s", m, a.Code, f.mode)
		}
	}
	if a := g.send("/", "/mode", url.Values{"mode": {"off"}}); a.Code != http.StatusBadRequest {
		t.Errorf("a mode that is none: %d", a.Code)
	}
	if a := g.ask("POST", "/mode", "application/x-www-form-urlencoded", "mode=paused"); a.Code != http.StatusForbidden || f.mode != Working {
		t.Errorf("without the form's token: %d", a.Code)
	}
	f.bare = true
	if a := g.send("/", "/mode", url.Values{"mode": {"paused"}}); a.Code != http.StatusInternalServerError || !strings.Contains(a.Body.String(), "make room") {
		t.Errorf("a node that can't: %d", a.Code)
	}
}

// TestTheOwnersLinkIsForAdmins: who may change the node shows and hides the code; who may
// look sees whose the machine is, and no link.
func TestTheOwnersLinkIsForAdmins(t *testing.T) {
	f := newFake()
	g := entered(t, f)
	if a := g.get("/owner"); !strings.Contains(a.Body.String(), "0xde709f2102306220921060314715629080e2fb77") || !strings.Contains(a.Body.String(), "2a018ad2db441a38") || strings.Contains(a.Body.String(), "<svg") {
		t.Errorf("before: %s", a.Body)
	}
	if a := g.send("/owner", "/owner", url.Values{}); a.Code != http.StatusSeeOther {
		t.Fatalf("show it: %d", a.Code)
	}
	if a := g.get("/owner"); !strings.Contains(a.Body.String(), "/bind/0011") || !strings.Contains(a.Body.String(), `<svg aria-label="QR code of the link"`) {
		t.Errorf("shown: %s", a.Body)
	}
	if a := g.send("/owner", "/owner", url.Values{"show": {"no"}}); a.Code != http.StatusSeeOther || f.binding {
		t.Fatalf("hide it: %d", a.Code)
	}
	f.binding = true
	users := UserFile(filepath.Join(t.TempDir(), "users"))
	token, err := users.AddToken("grafana", "viewer")
	if err != nil {
		t.Fatal(err)
	}
	if a := (&guest{t: t, p: opened(t, f, users.Path), bearer: token}).get("/owner"); a.Code != http.StatusOK || strings.Contains(a.Body.String(), "/bind/") || strings.Contains(a.Body.String(), `action="/owner"`) {
		t.Errorf("a viewer: %d %s", a.Code, a.Body)
	}
}

func TestEachRoleDoesItsOwn(t *testing.T) {
	f := newFake()
	users := UserFile(filepath.Join(t.TempDir(), "users"))
	viewer, err := users.AddToken("grafana", "viewer")
	if err != nil {
		t.Fatal(err)
	}
	admin, err := users.AddToken("robot", "admin")
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Add("anna", "viewer", password); err != nil {
		t.Fatal(err)
	}
	p := opened(t, f, users.Path)
	stranger := &guest{t: t, p: p}
	for _, o := range p.operations() {
		path := web.APIBase + strings.ReplaceAll(o.Path, "{name}", Watts)
		if a := stranger.ask(o.Method, path, "application/json", "{}"); a.Code != http.StatusUnauthorized {
			t.Errorf("a stranger: %s %s: %d", o.Method, o.Path, a.Code)
		}
		for token, may := range map[string]bool{viewer: o.Role <= Viewer, admin: true} {
			body := ""
			if o.In != nil {
				body = `{"mode":"paused"}`
			}
			if a := (&guest{t: t, p: p, bearer: token}).ask(o.Method, path, "application/json", body); (a.Code == http.StatusOK) != may {
				t.Errorf("%s %s: %d, may: %v", o.Method, o.Path, a.Code, may)
			}
		}
	}
	for _, page := range p.pages() {
		method, path, _ := strings.Cut(page.Pattern, " ")
		path = strings.TrimSuffix(path, "{$}")
		want := http.StatusSeeOther
		if method == "POST" {
			want = http.StatusUnauthorized
		}
		if a := stranger.ask(method, path, "application/x-www-form-urlencoded", ""); a.Code != want {
			t.Errorf("a stranger: %s: %d, want %d", page.Pattern, a.Code, want)
		}
	}
	if a := stranger.get("/enter?key=x"); a.Code == http.StatusOK {
		t.Error("a door with users takes links")
	}
	anna := &guest{t: t, p: p}
	if a := anna.send("/login", "/login", url.Values{"name": {"anna"}, "password": {password}}); a.Code != http.StatusSeeOther {
		t.Fatalf("log in: %d", a.Code)
	}
	if body := anna.get("/").Body.String(); strings.Contains(body, "Drain") || !strings.Contains(body, "anna") {
		t.Error("a viewer is shown what only an admin may do")
	}
	if a := anna.send("/", "/mode", url.Values{"mode": {"paused"}}); a.Code != http.StatusForbidden {
		t.Errorf("a viewer pauses: %d", a.Code)
	}
}

// described is what the OpenAPI document says beside its operations.
func described() openapi.Info {
	return openapi.Info{
		Title: "MedHive node", Summary: "What the operator's dashboard shows, for programs. There is no patient in it.", Roles: roles, Package: "panel",
		Cookie: "__Host-medhive-node", Session: "Set by POST " + web.APIBase + "/session. Its name goes on with -, and the first eight digits of the node's address; without TLS it begins with medhive-node. Send it back as it was set.",
		Schemes: openapi.Object{"bearer": openapi.Object{"type": "http", "scheme": "bearer", "description": "A token of medhive node user add NAME --token"}},
	}
}

// TestTheOpenAPIDocumentIsOfTheseRoutes makes the document anew. Run it with -args -openapi to
// write the file.
func TestTheOpenAPIDocumentIsOfTheseRoutes(t *testing.T) {
	operations := (&Panel{}).operations()
	made, err := openapi.Marshal(openapi.Document(described(), operations))
	if err != nil {
		t.Fatal(err)
	}
	if *writeOpenAPI {
		if err := os.WriteFile("openapi.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(openAPI, made) {
		t.Error("openapi.json is not of these routes: go test ./agent/panel -run OpenAPI -args -openapi")
	}
}

// TestAnswersAreAsTheDocumentSays holds real answers against their schemas.
func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	for _, bare := range []bool{false, true} {
		f := newFake()
		f.bare = bare
		g := entered(t, f)
		doc := openapi.Document(described(), g.p.operations())
		for _, o := range g.p.operations() {
			if o.Method != http.MethodGet {
				continue
			}
			a := g.get(web.APIBase + strings.ReplaceAll(o.Path, "{name}", Celsius))
			if a.Code != http.StatusOK {
				t.Errorf("%s: %d %s", o.Path, a.Code, a.Body)
				continue
			}
			for _, fault := range openapi.Faults(doc, described(), o, a.Body.Bytes()) {
				t.Error(fault)
			}
		}
	}
}

func TestProgramsReadSeries(t *testing.T) {
	g := entered(t, newFake())
	var span SeriesSpan
	if err := json.Unmarshal(g.get(web.APIBase+"/series/watts?span=week&steps=50").Body.Bytes(), &span); err != nil || span.Unit != "W" || len(span.Points) < 40 || len(span.Points) > 50 {
		t.Errorf("%d points of %q, %v", len(span.Points), span.Unit, err)
	}
	for path, code := range map[string]int{"/series/nothing": 404, "/series/watts?span=x": 400, "/series/watts?steps=0": 400, "/series/watts?steps=2001": 400, "/scores?limit=x": 400, "/log?limit=1001": 400} {
		if a := g.get(web.APIBase + path); a.Code != code {
			t.Errorf("%s: %d, want %d", path, a.Code, code)
		}
	}
}
