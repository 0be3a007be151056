package site

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/site/dashboard"
	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// program asks a site's dashboard as a program does.
type program struct {
	*lodging
	cookie, token string
}

func (p *program) ask(method, path, body string, into any) int {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.web.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", p.token)
	r.Header.Set("Cookie", p.cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		p.cookie = c.Name + "=" + c.Value
	}
	switch to := into.(type) {
	case nil:
	case *[]byte:
		*to = data
	default:
		if err := json.Unmarshal(data, into); err != nil {
			p.t.Fatalf("%s %s: %d %v %s", method, path, answer.StatusCode, err, data)
		}
	}
	return answer.StatusCode
}

// TestTheDashboardShowsAndMovesARealSite takes a held study through the dashboard's door to
// its reader's word.
func TestTheDashboardShowsAndMovesARealSite(t *testing.T) {
	held := &clinic.Held{Reasons: []string{"text may be burned in"}, Images: []clinic.HeldImage{{SOPInstanceUID: "1.2.30.1.1", Rows: 4, Columns: 4, Reasons: []string{"x"}, Picture: []byte("png")}}}
	l := lodgeWith(t, shareRules, func(c *Config) { c.Web.Listen = "127.0.0.1:0" }, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) {
		if !s.Policy.Released {
			return agent.Report{}, held
		}
		report, err := done(t, s)
		if err == nil {
			findings := `{"outcome":"completed","segments":[{"label":1,"name":"White matter","voxels":9,"volume_ml":512.5}]}`
			err = os.WriteFile(filepath.Join(report.Folder, "findings.json"), []byte(findings), 0o600)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(report.Folder, "overlay.png"), []byte("picture"), 0o600)
		}
		return report, err
	})
	p := &program{lodging: l}
	var me web.Session
	p.ask("GET", "/api/v1/session", "", &me)
	p.token = me.Token
	if st, err := l.Status(); err != nil || st.Dashboard != "http://"+l.web.Addr().String()+"/" {
		t.Errorf("the dashboard is said to be at %q, %v", st.Dashboard, err)
	}
	l.bring("1.2.30")
	c := l.await("1.2.30", worklist.Held)
	var page []byte
	if code := p.ask("GET", "/", "", &page); code != http.StatusOK || !bytes.Contains(page, []byte("Planted, Name")) || !bytes.Contains(page, []byte("text may be burned in")) {
		t.Errorf("the worklist: %d", code)
	}
	var rows []dashboard.Row
	p.ask("GET", "/api/v1/cases/"+c.ID+"/images", "", &rows)
	if len(rows) != 1 || rows[0].Images < 1 {
		t.Fatalf("its images are %+v", rows)
	}
	if p.ask("GET", "/cases/"+c.ID+"/images/0/0", "", &page); !bytes.HasPrefix(page, []byte("frame 0 of ")) {
		t.Errorf("its first image is %q", page)
	}
	for _, other := range []string{"/images/1/0", "/images/0/999"} {
		if code := p.ask("GET", "/cases/"+c.ID+other, "", nil); code != http.StatusNotFound {
			t.Errorf("%s: %d", other, code)
		}
	}
	var look dashboard.HeldCase
	p.ask("GET", "/api/v1/held/"+c.ID, "", &look)
	if look.Doubt == nil || string(look.Doubt.Held.Images[0].Picture) != "png" {
		t.Errorf("the held case is %+v", look)
	}
	if p.ask("GET", "/held/"+c.ID+"/pictures/0", "", &page); string(page) != "png" {
		t.Errorf("its picture is %q", page)
	}
	if code := p.ask("GET", "/held/"+c.ID+"/pictures/1", "", nil); code != http.StatusNotFound {
		t.Errorf("a picture that is none: %d", code)
	}
	if code := p.ask("POST", "/api/v1/held/"+c.ID+"/decide", `{"choice":"release","reason":"a ruler"}`, nil); code != http.StatusOK {
		t.Fatalf("release: %d", code)
	}
	c = l.await("1.2.30", worklist.Delivered)
	if code := p.ask("POST", "/api/v1/held/"+c.ID+"/decide", `{"choice":"release"}`, nil); code != http.StatusConflict {
		t.Errorf("release again: %d", code)
	}
	var result dashboard.Result
	p.ask("GET", "/api/v1/cases/"+c.ID+"/result", "", &result)
	if !result.Pictured || len(result.Figures) != 1 || result.Figures[0] != (dashboard.Figure{Name: "White matter", Value: 512.5, Unit: "ml"}) {
		t.Errorf("the result is %+v", result)
	}
	if p.ask("GET", "/cases/"+c.ID+"/overlay.png", "", &page); string(page) != "picture" {
		t.Errorf("its picture is %q", page)
	}
	var check dashboard.Verification
	p.ask("POST", "/api/v1/audit/verification", "{}", &check)
	if check.Began.IsZero() {
		t.Errorf("a verification that was begun is %+v", check)
	}
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for ; check.Running; <-ticks.C {
		p.ask("GET", "/api/v1/audit/verification", "", &check)
	}
	if check.Report == nil || !check.Report.Sound() || check.Report.Lines == 0 {
		t.Errorf("the verification came to %+v", check)
	}
	var x dashboard.Explanation
	p.ask("POST", "/api/v1/explain", `{"study":"`+c.ID+`"}`, &x)
	if len(x.Routes) != 1 || x.Routes[0].Rule != "brain" {
		t.Errorf("the rules say %+v", x)
	}
	p.ask("POST", "/api/v1/explain", `{"study":"1.2.30","rules":"[[rule]]\nname = \"none\"\nmatch = { modality = [\"CT\"] }\nmodel = \"x\""}`, &x)
	if len(x.Routes) != 0 || len(x.Lines) != 1 {
		t.Errorf("other rules say %+v", x)
	}
	for _, pages := range []string{"/held", "/rules", "/deliveries", "/costs", "/status", "/audit", "/cases/" + c.ID, "/held/" + c.ID} {
		if code := p.ask("GET", pages, "", &page); code != http.StatusOK {
			t.Errorf("%s: %d %s", pages, code, page)
		}
	}
	if code := p.ask("POST", "/api/v1/cases/"+c.ID+"/read", `{"accepted":false,"reason":"outline is wrong"}`, nil); code != http.StatusOK {
		t.Fatalf("reject: %d", code)
	}
	l.await("1.2.30", worklist.Rejected)
	var report audit.Report
	if p.ask("GET", "/api/v1/audit/verify", "", &report); !report.Sound() || report.Lines < 8 {
		t.Errorf("the audit log is %+v", report)
	}
	e := l.entries()
	if len(e[audit.Release]) != 1 || e[audit.Release][0].Actor != dashboard.LocalUser || len(e[audit.Verdict]) != 1 || len(e[audit.View]) < 5 {
		t.Errorf("recorded are %d decisions, %d verdicts, %d looks", len(e[audit.Release]), len(e[audit.Verdict]), len(e[audit.View]))
	}
	if strings.Contains(l.log(), "Planted") || strings.Contains(l.log(), "PAT-4711") || strings.Contains(l.log(), "1.2.30") {
		t.Error("the log names the patient or the study")
	}
}

func TestADashboardBeyondThisMachineWantsLogins(t *testing.T) {
	s := newSite(t.Context(), t.TempDir(), defaults(), nil)
	defer s.stop()
	s.conf.Web.Listen = "10.1.0.5:8443"
	if pages, err := s.dashboard(); pages != nil || err != nil {
		t.Errorf("without users there is one: %v", err)
	}
	s.conf.Web.Users = filepath.Join(t.TempDir(), "users")
	if _, err := s.dashboard(); err == nil || strings.Contains(err.Error(), s.conf.Web.Users) {
		t.Errorf("with a file that is not there: %v", err)
	}
	if _, err := Parse("[web]\nlisten = \"10.1.0.5:8443\"\nusers = \"users.txt\"\n"); err == nil || !strings.Contains(err.Error(), "tls.certificate") {
		t.Errorf("without TLS: %v", err)
	}
}

func TestTheDoorBelongsToDICOMwebAndToPages(t *testing.T) {
	l := lodgeWith(t, shareRules, func(c *Config) {
		c.Web.Listen, c.Web.Tokens = "127.0.0.1:0", filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(c.Web.Tokens, []byte(hex.EncodeToString(make([]byte, 24))+" ris\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, answered(t))
	p := &program{lodging: l}
	if code := p.ask("GET", "/dicom-web/workitems", "", nil); code != http.StatusUnauthorized {
		t.Errorf("DICOMweb without its token: %d", code)
	}
	if code := p.ask("GET", "/", "", nil); code != http.StatusUnauthorized {
		t.Errorf("the worklist, where others need a token and nobody has a login: %d", code)
	}
}
