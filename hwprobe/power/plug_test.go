package power

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func answerOf(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "plugs", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestParsePlugs(t *testing.T) {
	for _, c := range []struct {
		parse   func([]byte, int) (float64, error)
		answer  string // a file of testdata/plugs, or the text itself
		channel int
		watts   float64
		why     string // part of the error; "" where there is none
	}{
		{parseShelly1, "shelly1-status", -1, 61.73, ""},
		{parseShelly1, "shelly1-status", 0, 61.73, ""},
		{parseShelly1, "shelly1-status", 1, 0, "no outlet of that number"},
		{parseShelly1, "shelly1-em", -1, 0, "several outlets"},
		{parseShelly1, "shelly1-em", 0, 1182.44, ""},
		{parseShelly1, `{"meters":[]}`, -1, 0, "measures no power"},
		{parseShelly1, `{"meters":[{"power":0,"is_valid":false}]}`, -1, 0, "measures no power"},
		{parseShelly1, `{"meters":[{}]}`, -1, 0, "measures no power"},
		{parseShelly1, `{"meters":[{"power":1e9}]}`, -1, 0, "more than a plug can carry"},
		{parseShelly1, `{"meters":[{"power":-5}]}`, -1, 0, "flows back"},
		{parseShelly1, `{"meters":"none"}`, -1, 0, "neither"},
		{parseShelly1, ``, -1, 0, "neither"},
		{parseShelly2, "shelly2-status", -1, 214.6, ""},
		{parseShelly2, "shelly2-pm-mini", -1, 18.4, ""},
		{parseShelly2, "shelly2-pro4pm", -1, 0, "several outlets"},
		{parseShelly2, "shelly2-pro4pm", 0, 102.5, ""},
		{parseShelly2, "shelly2-pro4pm", 1, 0, "outlet is off"},
		{parseShelly2, "shelly2-pro4pm", 3, 0, ""}, // on, and nothing is plugged in
		{parseShelly2, "shelly2-pro4pm", 7, 0, "measures no power"},
		{parseShelly2, "shelly2-relay", -1, 0, "measures no power"},
		{parseShelly2, `{"em1:0":{"id":0,"act_power":501.8}}`, -1, 501.8, ""},
		{parseShelly2, `{"switch:0":{"apower":"high"}}`, -1, 0, "measures no power"},
		{parseShelly2, `{"switch:999":{"apower":5},"switch":{"apower":5},"light:0":{"apower":5}}`, -1, 0, "measures no power"},
		{parseShelly2, `[1]`, -1, 0, "neither"},
		{parseTasmota, "tasmota-status8", -1, 143, ""},
		{parseTasmota, "tasmota-status8", 0, 143, ""},
		{parseTasmota, "tasmota-status8", 2, 0, "no outlet of that number"},
		{parseTasmota, "tasmota-dual", -1, 0, "several outlets"},
		{parseTasmota, "tasmota-dual", 0, 143.2, ""},
		{parseTasmota, "tasmota-relay", -1, 0, "measures no power"},
		{parseTasmota, "tasmota-locked", -1, 0, "wants a password"},
		{parseTasmota, `{"StatusSNS":{"ENERGY":{}}}`, -1, 0, "measures no power"},
		{parseTasmota, `{"StatusSNS":{"ENERGY":{"Power":null}}}`, -1, 0, "measures no power"},
		{parseTasmota, `{"StatusSNS":{"ENERGY":{"Power":[null]}}}`, -1, 0, "measures no power"},
		{parseTasmota, `{"StatusSNS":{"ENERGY":{"Power":[]}}}`, -1, 0, "measures no power"},
		{parseTasmota, `{"Command":"Unknown"}`, -1, 0, "neither"},
		{parseTasmota, `<html>`, -1, 0, "neither"},
	} {
		body := []byte(c.answer)
		if !strings.ContainsAny(c.answer, "{[<") && c.answer != "" {
			body = answerOf(t, c.answer)
		}
		watts, err := c.parse(body, c.channel)
		if watts != c.watts || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s, channel %d: %v W, %v; want %v, %q", c.answer, c.channel, watts, err, c.watts, c.why)
		}
	}
}

func TestPlugAddresses(t *testing.T) {
	for _, good := range []string{"http://192.168.1.20", "http://192.168.1.20/", "https://plug.lan:8443", "http://user:secret@plug", "http://plug?channel=3", "http://[::1]:80"} {
		if _, err := newPlug(good, nil); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "192.168.1.20", "ftp://plug", "http://", "http://plug/cm?cmnd=Power%20off", "http://plug/rpc", "http://plug?channel=-1", "http://plug?channel=x",
		"http://plug?channel=1&channel=2", "http://plug?cmnd=Power", "http://plug#1", "http://pl ug", "http://user:secret@", "file:///etc/shadow",
	} {
		if _, err := newPlug(bad, nil); err == nil {
			t.Errorf("%q: accepted", bad)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error repeats it: %v", bad, err)
		}
	}
}

// serve is a plug on this machine, with answers by path.
func serve(t testing.TB, answers map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, h := range answers {
		mux.HandleFunc(path, h)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func says(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }
}

func shelly2(t testing.TB) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly2-about")), "/rpc/Shelly.GetStatus": says(answerOf(t, "shelly2-status"))}
}

func TestPlugsOverHTTP(t *testing.T) {
	locked := func(user, password string, text []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = w.Write(text)
		}
	}
	tasmotaSays := func(w http.ResponseWriter, r *http.Request) {
		text := answerOf(t, "tasmota-status8")
		if q := r.URL.Query(); q.Get("cmnd") != "Status 8" || q.Get("user") != "admin" || q.Get("password") != "joker" {
			text = answerOf(t, "tasmota-locked")
		}
		_, _ = w.Write(text)
	}
	for name, c := range map[string]struct {
		answers map[string]http.HandlerFunc
		user    string // before the host
		watts   float64
		family  family
		why     string
	}{
		"Shelly":                {shelly2(t), "", 214.6, gen2, ""},
		"older Shelly":          {map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly1-about")), "/status": says(answerOf(t, "shelly1-status"))}, "", 61.73, gen1, ""},
		"with a password":       {map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly1-about")), "/status": locked("admin", "joker", answerOf(t, "shelly1-status"))}, "admin:joker@", 61.73, gen1, ""},
		"a wrong password":      {map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly1-about")), "/status": locked("admin", "joker", nil)}, "admin:jester@", 0, gen1, "wants a password"},
		"Tasmota":               {map[string]http.HandlerFunc{"/cm": tasmotaSays}, "admin:joker@", 143, tasmota, ""},
		"Tasmota, locked":       {map[string]http.HandlerFunc{"/cm": tasmotaSays}, "", 0, tasmota, "wants a password"},
		"a page for everything": {map[string]http.HandlerFunc{"/": says([]byte("<html>welcome"))}, "", 0, unknownFamily, "neither a Shelly nor a Tasmota"},
		"nothing there":         {map[string]http.HandlerFunc{}, "", 0, unknownFamily, "neither a Shelly nor a Tasmota"},
		"elsewhere": {map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		}}, "", 0, unknownFamily, "neither"},
		"endless": {map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly2-about")), "/rpc/Shelly.GetStatus": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.CopyN(w, zeros{}, 10*maxPlugBytes)
		}}, "", 0, gen2, "neither"},
		"too long": {map[string]http.HandlerFunc{
			"/shelly": says(answerOf(t, "shelly2-about")), "/rpc/Shelly.GetStatus": says(append(answerOf(t, "shelly2-status"), bytes.Repeat([]byte{' '}, maxPlugBytes)...)),
		}, "", 0, gen2, "neither"},
		"a server in trouble": {map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly2-about")), "/rpc/Shelly.GetStatus": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}}, "", 0, gen2, "HTTP status 503"},
		"cut short": {map[string]http.HandlerFunc{"/shelly": says(answerOf(t, "shelly2-about")), "/rpc/Shelly.GetStatus": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write([]byte("{"))
		}}, "", 0, gen2, "can't be reached"},
	} {
		transport := plugTransport()
		p, err := newPlug(strings.Replace(serve(t, c.answers), "http://", "http://"+c.user, 1), transport)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.read(t.Context())
		transport.CloseIdleConnections()
		if got.watts != c.watts || p.family != c.family || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v W of a %v, %v; want %v, %v, %q", name, got.watts, p.family, err, c.watts, c.family, c.why)
		}
		if err == nil && (got.at.IsZero() || got.counts) {
			t.Errorf("%s: %+v", name, got)
		}
		if err != nil && (strings.Contains(err.Error(), "jester") || strings.Contains(err.Error(), "127.0.0.1")) {
			t.Errorf("%s: the error names an address or a password: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestPlugThatHangs(t *testing.T) {
	asked := make(chan struct{}, 1)
	address := serve(t, map[string]http.HandlerFunc{"/": func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}})
	p, err := newPlug(address, plugTransport())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(50*time.Millisecond))
	defer cancel()
	if _, err := p.read(ctx); !errors.Is(err, errSilent) {
		t.Errorf("%v; want that it gave no answer", err)
	}
	<-asked
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.read(ended); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("%v", err)
	}
}

// A plug gives figures of the wall; its address stays on this machine.
func TestFindPlugs(t *testing.T) {
	answered := make(chan struct{}, 100)
	answers := shelly2(t)
	status := answers["/rpc/Shelly.GetStatus"]
	answers["/rpc/Shelly.GetStatus"] = func(w http.ResponseWriter, r *http.Request) {
		status(w, r)
		answered <- struct{}{}
	}
	address := serve(t, answers)
	m, notes := find(t.Context(), tree(nil), fstest.MapFS{}, Config{Every: time.Millisecond, Plugs: []string{address, address}})
	defer closeMeter(t, m)
	if len(notes) != 0 || m.Basis() != Wall {
		t.Fatalf("%v, %+v", m.Basis(), notes)
	}
	rec := m.Start()
	for range 10 {
		<-answered
	}
	r := rec.Stop()
	if r.Basis != Wall || !near(r.MeanWatts, 2*214.6) || len(r.Coverage) != 1 || strings.Contains(r.String(), "127.0.0.1") {
		t.Errorf("%+v; want two plugs of 214.6 W", r)
	}
}

func TestFindPlugsThatAreWrong(t *testing.T) {
	good := serve(t, shelly2(t))
	gone := httptest.NewServer(nil)
	gone.Close()
	many := strings.Split(strings.Repeat(good+" ", maxPlugs+1), " ")[:maxPlugs+1]
	for name, c := range map[string]struct {
		plugs []string
		basis Basis // that may still come
		why   string
	}{
		"one address of two is none": {[]string{good, "plug2:joker@lan"}, Unmeasured, "plug 2 is not used, nor any other"},
		"nobody is there yet":        {[]string{good, gone.URL}, Wall, "plug 2 tells nothing now: it can't be reached"},
		"too many":                   {many, Unmeasured, "9 plugs are named"},
	} {
		m, notes := find(t.Context(), tree(nil), fstest.MapFS{}, Config{Every: time.Second, Plugs: c.plugs})
		if m.Basis() != c.basis || len(notes) != 1 || !strings.Contains(notes[0].Text, c.why) || notes[0].Fix == "" || strings.Contains(notes[0].Text, "joker") {
			t.Errorf("%s: %s, %+v", name, m.Basis(), notes)
		}
		if r := m.Start().Stop(); r.Basis != Unmeasured || r.Note == "" {
			t.Errorf("%s: %+v", name, r)
		}
		closeMeter(t, m)
	}
}

func FuzzPlugAnswers(f *testing.F) {
	entries, err := os.ReadDir(filepath.Join("testdata", "plugs"))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		f.Add(answerOf(f, strings.TrimSuffix(e.Name(), ".json")), 0)
		f.Add(answerOf(f, strings.TrimSuffix(e.Name(), ".json")), -1)
	}
	f.Fuzz(func(t *testing.T, body []byte, channel int) {
		if channel < -1 || channel > 255 { // newPlug lets no other through
			return
		}
		for _, parse := range []func([]byte, int) (float64, error){parseShelly1, parseShelly2, parseTasmota} {
			if watts, err := parse(body, channel); !(watts >= 0 && watts <= maxPlugWatts) || err != nil && watts != 0 {
				t.Fatalf("%v W, %v", watts, err)
			}
		}
		_ = shellyFamily(body).String()
	})
}

func FuzzPlugAddress(f *testing.F) {
	f.Add("http://admin:joker@192.168.1.20?channel=1")
	f.Add("http://[::1%25eth0]:80/")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := newPlug(text, nil)
		if err != nil {
			return
		}
		if p.base.Host == "" || p.base.Path != "" || p.base.User != nil || p.channel < -1 || p.channel > 255 {
			t.Fatalf("%q: %+v", text, p)
		}
	})
}
