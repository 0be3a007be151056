package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// password is everybody's in tests.
const password = "correct horse battery"

// clinicUsers is a file with one user of each role, made once: each costs a hash.
var clinicUsers = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "users-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) // what stays is of no harm
	path := filepath.Join(folder, "users")
	for _, role := range []Role{Viewer, Reader, Releaser, Admin} {
		if err := AddUser(path, "the-"+role.String(), role, password); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(path)
})

// guest is a browser without a screen.
type guest struct {
	*http.Client
	t    *testing.T
	at   string
	site *fake
	log  *bytes.Buffer
	// users is the file of those who log in; empty: nobody does.
	users string
}

// door opens a dashboard; users says whether people log in.
func door(t *testing.T, users bool) *guest {
	t.Helper()
	g := &guest{t: t, site: newFake(t), log: &bytes.Buffer{}}
	now := time.Now() // it stands: on a busy machine a hash may take longer than a pause
	conf := Config{Now: func() time.Time { return now }, Site: g.site, Log: slog.New(slog.NewTextHandler(g.log, nil)), Done: t.Context().Done()}
	if users {
		text, err := clinicUsers()
		if err != nil {
			t.Fatal(err)
		}
		conf.Users = filepath.Join(t.TempDir(), "users")
		if err := os.WriteFile(conf.Users, text, 0o600); err != nil {
			t.Fatal(err)
		}
		conf.Secure, g.users = true, conf.Users
	}
	b, err := New(conf)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(b)
	if users {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	g.at = server.URL
	g.Client = server.Client()
	g.forget()
	g.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return g
}

// forget throws the cookies away.
func (g *guest) forget() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	g.Jar = jar
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

func (g *guest) ask(method, path, kind string, header http.Header, body string) answer {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.at+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	for key, values := range header {
		r.Header[key] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	response, err := g.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer{response, string(data)}
}

func (g *guest) get(path string) answer { g.t.Helper(); return g.ask("GET", path, "", nil, "") }

var tokenField = regexp.MustCompile(`name="token" value="([0-9a-f]{64})"`)

// token is that of a page's forms.
func (g *guest) token(page string) string {
	g.t.Helper()
	found := tokenField.FindStringSubmatch(g.get(page).body)
	if found == nil {
		g.t.Fatalf("%s has no form", page)
	}
	return found[1]
}

// send sends a form as its page does.
func (g *guest) send(page, path string, form url.Values) answer {
	g.t.Helper()
	form.Set("token", g.token(page))
	return g.ask("POST", path, "application/x-www-form-urlencoded", nil, form.Encode())
}

func (g *guest) login(role Role) {
	g.t.Helper()
	g.forget()
	if a := g.send("/login", "/login", url.Values{"name": {"the-" + role.String()}, "password": {password}}); a.StatusCode != http.StatusSeeOther {
		g.t.Fatalf("log in as %s: %d %s", role, a.StatusCode, a.body)
	}
}

func TestPagesSayWhatAPersonNeeds(t *testing.T) {
	g := door(t, false)
	for path, words := range map[string][]string{
		"/":                     {"Oduya, Amara", "PN20417", "STAT", "62 %", "to be looked at", "no node offered", "88 of 176"},
		"/?show=held":           {"Lindqvist, Per"},
		"/cases/" + deliveredID: {"Marchetti, Giulia", "A20377", "overlay.png", "White matter", "638.2 ml", "Accept", "outline is wrong", "0.00125 HIVE", "1988-01-12", "/images/0/87", "of 176", "scout &lt;b&gt;"},
		"/cases/" + deliveredID + "?row=1&image=99": {"/images/1/2", "Image 3 of 3"},
		"/cases/" + failedID:                        {"no node offered within the time", "Try it again"},
		"/held":                                     {"Lindqvist, Per", "looks like text"},
		"/held/" + heldID:                           {"Black out and release", "Release as it is", "Refuse", "/held/" + heldID + "/pictures/0", `x="14"`},
		"/rules":                                    {"t1-tissue", "Try the rules"},
		"/deliveries":                               {"pacs", "waiting", "check that it runs", "Try now"},
		"/costs":                                    {"t1-tissue@1.0.0", "0.00375 HIVE"},
		"/status":                                   {"41.0 GiB of 200.0 GiB", "127.0.0.1:11112", "MEDHIVE"},
		"/audit":                                    {"Verify the whole log", "FHIR AuditEvents"},
	} {
		a := g.get(path)
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
		for _, word := range words {
			if !strings.Contains(a.body, word) {
				t.Errorf("%s does not say %q", path, word)
			}
		}
		if policy := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; script-src 'self';") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		if strings.Contains(a.body, "style=") || strings.Contains(a.body, "onclick") || strings.Contains(a.body, "/srv/") {
			t.Errorf("%s has what the policy forbids, or a folder's path", path)
		}
	}
	if a := g.get("/?show=held"); strings.Contains(a.body, "Marchetti") {
		t.Error("the tab of held cases shows others")
	}
	for _, path := range []string{"/nowhere", "/cases/ffff", "/held/" + heldID + "/pictures/7", "/cases/" + failedID + "/overlay.png", "/?show=all",
		"/cases/" + deliveredID + "/images/0/176", "/cases/" + deliveredID + "/images/2/0", "/cases/" + deliveredID + "/images/-1/0", "/cases/" + deliveredID + "/images/0/x"} {
		if a := g.get(path); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, a.StatusCode)
		}
	}
	if strings.Contains(g.log.String(), "Marchetti") || strings.Contains(g.log.String(), "PN203") {
		t.Errorf("the log names a patient: %s", g.log)
	}
}

// TestAResultIsReadWithoutItsImages: a study of which a file is damaged keeps its page.
func TestAResultIsReadWithoutItsImages(t *testing.T) {
	g := door(t, false)
	g.site.unreadable = true
	a := g.get("/cases/" + deliveredID)
	for _, word := range []string{"images can't be listed", "Marchetti, Giulia", "638.2 ml", "Accept"} {
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, word) {
			t.Errorf("%d, and the page does not say %q", a.StatusCode, word)
		}
	}
}

func TestLooksAreRecordedOnce(t *testing.T) {
	g := door(t, false)
	for range 3 {
		g.get("/")
	}
	seen := g.site.entries(audit.View)
	if len(seen) != 1 || seen[0].Count != 6 || seen[0].Actor != LocalUser {
		t.Fatalf("three looks at one list are %+v, want one of six cases", seen)
	}
	g.get("/cases/" + deliveredID)
	g.get("/cases/" + deliveredID + "/overlay.png")
	if seen = g.site.entries(audit.View); len(seen) != 3 || seen[1].Case != deliveredID || seen[2].Reason != "the picture of the result" {
		t.Errorf("a case and its picture are %+v", seen[1:])
	}
	for _, n := range []string{"0", "1", "2"} { // leafing is one look
		if a := g.get("/cases/" + deliveredID + "/images/0/" + n); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "image/png" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("image %s: %d, %v", n, a.StatusCode, a.Header)
		}
	}
	if seen = g.site.entries(audit.View); len(seen) != 4 || seen[3].Reason != "the images of the study" || seen[3].Case != deliveredID {
		t.Errorf("leafing through a study is %+v", seen[3:])
	}
}

func TestFormsDoWhatTheySay(t *testing.T) {
	g := door(t, false)
	state := func(id string) worklist.Case {
		e, err := g.site.Case(id)
		if err != nil {
			t.Fatal(err)
		}
		return e.Case
	}
	page := "/cases/" + deliveredID
	if a := g.send(page, page+"/read", url.Values{"word": {"reject"}}); a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, "choose one of the reasons") {
		t.Errorf("rejected without a reason: %d", a.StatusCode)
	}
	g.send(page, page+"/read", url.Values{"word": {"reject"}, "reason": {"outline is wrong"}})
	if c := state(deliveredID); c.State != worklist.Rejected || c.Reading.Code != "outline is wrong" || c.Reading.By != LocalUser {
		t.Errorf("rejected: %+v", c.Reading)
	}
	page = "/cases/" + failedID
	g.send(page, page+"/again", url.Values{})
	if c := state(failedID); c.State != worklist.Routed {
		t.Errorf("again: %s", c.State)
	}
	page = "/held/" + heldID
	if body := g.get(page).body; !strings.Contains(body, "12 further frames") || strings.Contains(body, "selected") || !strings.Contains(body, `data-draw="all"`) {
		t.Error("a region is proposed for one image, though others are alike")
	}
	g.site.doubt.Held.Alike = 0
	if body := g.get(page).body; !strings.Contains(body, `value="`+heldImage+`" selected`) || !strings.Contains(body, `data-draw="`+heldImage+`"`) {
		t.Error("a region is not proposed for its image")
	}
	region := func(x string) url.Values {
		return url.Values{"choice": {"redact"}, "image": {everyImage, heldImage}, "x": {x, ""}, "y": {"2", ""}, "width": {"3", ""}, "height": {"4", ""}}
	}
	for _, wrong := range []url.Values{
		region("one"), region("-1"), {"choice": {"redact"}}, {"choice": {"redact"}, "image": {"all"}, "x": {"1", "2"}, "y": {"1"}, "width": {"1"}, "height": {"1"}},
	} {
		if a := g.send(page, page+"/decide", wrong); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %d", wrong, a.StatusCode)
		}
	}
	if a := g.send(page, page+"/decide", region("1")); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("black out: %d %s", a.StatusCode, a.body)
	}
	if got := state(heldID).Policy.Redactions; len(got) != 1 || got[0].X != 1 || got[0].SOPInstanceUID != "" {
		t.Errorf("blacked out: %+v", got)
	}
	a := g.send("/rules", "/rules/try", url.Values{"study": {deliveredID}, "rules": {strings.ReplaceAll(fakeRules, "\n", "\r\n")}})
	if !strings.Contains(a.body, "t1-tissue</strong> by rule brain") || strings.Contains(a.body, "not in force") {
		t.Errorf("the rules as they stand: %d %s", a.StatusCode, a.body)
	}
	a = g.send("/rules", "/rules/try", url.Values{"study": {deliveredID}, "rules": {strings.Replace(fakeRules, `"MR"`, `"CT"`, 1)}})
	if !strings.Contains(a.body, "No model sees this study") || !strings.Contains(a.body, "not in force") {
		t.Errorf("other rules: %d", a.StatusCode)
	}
	if a = g.send("/rules", "/rules/try", url.Values{"study": {deliveredID}, "rules": {"[[rule]]\nmodell = 1"}}); !strings.Contains(a.body, "did you mean") {
		t.Errorf("faulty rules: %d", a.StatusCode)
	}
	if a = g.send("/audit", "/audit/verify", url.Values{}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/audit" {
		t.Errorf("verify: %d", a.StatusCode)
	}
	if a = g.get("/audit"); !strings.Contains(a.body, "25 %") || a.Header.Get("Refresh") == "" {
		t.Errorf("while it is verified: %d, refresh %q", a.StatusCode, a.Header.Get("Refresh"))
	}
	if a = g.get("/audit"); !strings.Contains(a.body, "none was changed") || a.Header.Get("Refresh") != "" {
		t.Errorf("when it is verified: %d, refresh %q", a.StatusCode, a.Header.Get("Refresh"))
	}
	a = g.send("/audit", "/audit/export", url.Values{"format": {"fhir"}})
	if !json.Valid([]byte(a.body)) || !strings.Contains(a.Header.Get("Content-Disposition"), "audit.json") || len(g.site.entries(audit.Export)) != 1 {
		t.Errorf("export: %d %.200s", a.StatusCode, a.body)
	}
	g.send("/deliveries", "/deliveries/retry", url.Values{"destination": {"pacs"}})
	if got := g.site.entries("retry"); len(got) != 1 || got[0].Peer != "pacs" {
		t.Errorf("retry: %+v", got)
	}
}

func TestNamesAreNoMarkup(t *testing.T) {
	g := door(t, false)
	hostile := `<script src=//evil.example></script>"'^&`
	for n := range g.site.cases {
		s := &g.site.cases[n].Subject
		s.PatientName, s.PatientID, s.Description, s.Sex, s.Modalities = hostile, hostile, hostile, hostile, []string{hostile}
		g.site.cases[n].Reason = hostile
	}
	for _, path := range []string{"/", "/cases/" + deliveredID, "/held", "/held/" + heldID} {
		if a := g.get(path); a.StatusCode != http.StatusOK || strings.Contains(a.body, "<script src=//") || !strings.Contains(a.body, "&lt;script src=//evil.example&gt;") {
			t.Errorf("%s: %d, or a name became markup", path, a.StatusCode)
		}
	}
}

func TestALongWorklistIsLeafedThrough(t *testing.T) {
	g := door(t, false)
	one := g.site.cases[2]
	for n := range 2 * pageSize {
		one.ID = fmt.Sprintf("%012x", n)
		g.site.cases = append(g.site.cases, one)
	}
	rows := func(page string) int { return strings.Count(g.get(page).body, `<th scope="row"`) }
	if n := rows("/"); n != pageSize {
		t.Errorf("%d rows on the first page", n)
	}
	if n := rows("/?page=3"); n != 6 {
		t.Errorf("%d rows on the last page, want 6", n)
	}
	if body := g.get("/?page=2&show=done").body; !strings.Contains(body, `href="/?page=1&amp;show=done"`) || !strings.Contains(body, `href="/?page=3&amp;show=done"`) {
		t.Error("a page does not lead to its neighbours")
	}
	if a := g.get("/?page=0"); a.StatusCode != http.StatusBadRequest {
		t.Errorf("page 0: %d", a.StatusCode)
	}
}
