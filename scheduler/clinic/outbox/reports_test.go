package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// show answers a read of a resource, or a search for one by its identifier.
func (s *recordSystem) show(w http.ResponseWriter, r *http.Request) {
	if s.answer != nil && s.answer(w) {
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/fhir/")
	if name := r.URL.Query().Get("identifier"); name != "" {
		entries := []map[string]any{{"resource": map[string]any{"resourceType": "OperationOutcome"}}}
		if key := s.find(s.resources, path, name); key != "" {
			entries = append(entries, map[string]any{"resource": s.resources[key]})
		}
		json.NewEncoder(w).Encode(map[string]any{"resourceType": "Bundle", "type": "searchset", "entry": entries})
		return
	}
	resource, there := s.resources[path]
	if !there {
		http.Error(w, "no such resource", http.StatusNotFound)
		return
	}
	_, id, _ := strings.Cut(path, "/")
	resource["id"] = id
	json.NewEncoder(w).Encode(resource)
}

// edit changes the only report, as a person at the record system does.
func (s *recordSystem) edit(t testing.TB, with map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, resource := range s.resources {
		if strings.HasPrefix(key, kindReport+"/") {
			for name, value := range with {
				resource[name] = value
			}
			return
		}
	}
	t.Fatal("there is no report")
}

// delivered sends result 1 through a whole outbox, and returns where its report lies.
func delivered(t *testing.T, server FHIRServer) SentReport {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan Delivery, 16)
	o, err := Open(filepath.Join(t.TempDir(), "outbox.db"), [32]byte{1}, Config{Carriers: map[string]Carrier{"ehr": FHIR(server)}, Changed: func(d Delivery) { ended <- d }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); o.Run(ctx) }()
	defer func() {
		stop()
		<-done
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	items := bundled(t, bundle(t, 1))
	p := Parcel{Case: "c", Task: [32]byte{1}, Folder: filepath.Dir(items[0].Path), Destinations: []Destination{{Name: "ehr"}}}
	if _, err := o.Put(p); err != nil {
		t.Fatal(err)
	}
	for d := range ended {
		if d.State == Delivered {
			break
		}
	}
	all, err := o.Of(p.Task) // from the disk
	if err != nil || len(all) != 1 || all[0].Items[0].Report == nil {
		t.Fatalf("%+v, %v", all, err)
	}
	return *all[0].Items[0].Report
}

// kindsOfPlaces are servers that tell where a report lies, do not, and take our ids.
var kindsOfPlaces = []struct {
	name        string
	silent, put bool
}{{"the server names its place", false, false}, {"the server is silent", true, false}, {"the place is ours", false, true}}

func TestAReportIsFoundAgainAndItsReaderHeard(t *testing.T) {
	for _, c := range kindsOfPlaces {
		t.Run(c.name, func(t *testing.T) {
			s := &recordSystem{silent: c.silent}
			server := FHIRServer{Base: recordServer(t, s), Put: c.put}
			sent := delivered(t, server)
			if sent.Status != "preliminary" || (sent.ID == "") != c.silent || !strings.HasPrefix(sent.Name, uuidPrefix) {
				t.Fatalf("it remembers %+v", sent)
			}
			records := NewRecords(server)
			look := func() Opinion {
				o, err := records.Look(t.Context(), sent)
				if err != nil {
					t.Fatal(err)
				}
				return o
			}
			if o := look(); o.Given {
				t.Errorf("nobody has read it: %+v", o)
			}
			s.edit(t, map[string]any{"status": "final"})
			if o := look(); !o.Given || !o.Accepted || len(o.Words) != 0 {
				t.Errorf("accepted: %+v", o)
			}
			s.edit(t, map[string]any{"status": "entered-in-error", "conclusionCode": []any{map[string]any{"coding": []any{map[string]any{"code": "c1", "display": "Outline is wrong"}}, "text": "by hand"}},
				"extension": []any{map[string]any{"url": "x", "valueString": strings.Repeat("x", maxWordBytes+1)}, map[string]any{"url": "x", "valueCode": "other"}}})
			if o := look(); !o.Given || o.Accepted || !slices.Equal(o.Words, []string{"c1", "Outline is wrong", "by hand", "other"}) {
				t.Errorf("rejected: %+v", o)
			}
			s.edit(t, map[string]any{"conclusionCode": "none of FHIR", "extension": 7})
			if o := look(); !o.Given || o.Accepted || len(o.Words) != 0 {
				t.Errorf("rejected, and why can't be read: %+v", o)
			}
		})
	}
}

// Whatever states a report goes through, only one that differs from the one in which it was
// sent is a reader's word, and only the words of FHIR that say so.
func TestOnlyARealChangeIsAWord(t *testing.T) {
	accepted := []string{"final", "amended", "corrected", "appended"}
	rejected := []string{"cancelled", "entered-in-error"}
	silent := []string{"registered", "partial", "preliminary", "unknown", "", "FINAL", "final ", "accepted"}
	all := slices.Concat(accepted, rejected, silent)
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.SampledFrom([]string{"preliminary", "cancelled", "final"}).Draw(t, "sent")
		status := rapid.OneOf(rapid.SampledFrom(all), rapid.String()).Draw(t, "status")
		text, err := json.Marshal(status)
		if err != nil {
			t.Fatal(err)
		}
		got := opinionOf(resource{"status": text}, sent)
		changed := status != sent
		if want := changed && (slices.Contains(accepted, status) || slices.Contains(rejected, status)); got.Given != want {
			t.Fatalf("sent as %q, now %q: %+v", sent, status, got)
		}
		if got.Accepted != (got.Given && slices.Contains(accepted, status)) {
			t.Fatalf("sent as %q, now %q: %+v", sent, status, got)
		}
	})
	for _, other := range []string{"", "null", "7", `["final"]`, `{"value":"final"}`} { // none of FHIR
		if got := opinionOf(resource{"status": json.RawMessage(other), "Status": json.RawMessage(`"final"`)}, "preliminary"); got.Given {
			t.Errorf("status %s is taken for a word", other)
		}
	}
}

func TestAHostileRecordSystemIsNotBelieved(t *testing.T) {
	s := &recordSystem{}
	base := recordServer(t, s)
	sent := delivered(t, FHIRServer{Base: base})
	ours := fmt.Sprintf(`"identifier":[{"system":%q,"value":%q}]`, sent.System, sent.Name)
	followed := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer elsewhere.Close()
	named := SentReport{ID: sent.ID, System: sent.System, Name: sent.Name, Status: sent.Status}
	searched := named
	searched.ID = ""
	say := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		sent   SentReport
		fault  Fault
	}{
		{"sent elsewhere", func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusFound)
		}, named, NotTaken},
		{"away", say(503, "Max Mustermann"), named, Unreachable},
		{"who are you", say(401, "Max Mustermann"), named, Denied},
		{"gone", say(410, ""), named, NotTaken},
		{"a page", say(200, "<html>Max Mustermann"), named, Other},
		{"another's report", say(200, `{"resourceType":"DiagnosticReport","id":"`+sent.ID+`","status":"final","identifier":[{"system":"x","value":"Mustermann"}]}`), named, Other},
		{"another place", say(200, `{"resourceType":"DiagnosticReport","id":"99","status":"final",`+ours+`}`), named, Other},
		{"another kind", say(200, `{"resourceType":"Patient","id":"`+sent.ID+`","status":"final",`+ours+`}`), named, Other},
		{"deep", say(200, strings.Repeat(`{"a":`, 1<<17)), named, Other},
		{"endless", func(w http.ResponseWriter) {
			io.WriteString(w, `{"resourceType":"DiagnosticReport","id":"`+sent.ID+`",`+ours+`,"status":"final","x":"`)
			block := []byte(strings.Repeat("x", 1<<20))
			for n := 0; n < maxAnswerBytes*4; n += len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, named, Other},
		{"broken off", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{`)
		}, named, Unreachable},
		{"nothing found", say(200, `{"resourceType":"Bundle","type":"searchset"}`), searched, Other},
		{"two found", say(200, `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"DiagnosticReport","status":"final",`+ours+`}},{"resource":{"resourceType":"DiagnosticReport","status":"final",`+ours+`}}]}`), searched, Other},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.answer = func(w http.ResponseWriter) bool { c.answer(w); return true }
			ctx, done := context.WithTimeout(t.Context(), time.Minute)
			defer done()
			o, err := NewRecords(FHIRServer{Base: base}).Look(ctx, c.sent)
			var failure *Failure
			if !errors.As(err, &failure) || failure.Fault != c.fault || o.Given {
				t.Errorf("%+v, %v, want %q", o, err, c.fault)
			}
			if text := fmt.Sprint(err, causeOf(err)); strings.Contains(text, "Mustermann") || strings.Contains(text, base.Host) || strings.Contains(text, sent.Name) {
				t.Errorf("the error repeats the server: %s", text)
			}
		})
	}
	if followed != 0 {
		t.Error("the address of a redirection was called")
	}
}

func TestIDs(t *testing.T) {
	for location, want := range map[string]string{
		"DiagnosticReport/17": "17", "DiagnosticReport/17/_history/2": "17", "https://x/fhir/DiagnosticReport/a.b-c/_history/1": "a.b-c",
		"": "", "DiagnosticReport": "", "DiagnosticReport/": "", "Observation/17": "", "DiagnosticReport/..": "", "DiagnosticReport/../Patient": "",
		"DiagnosticReport/a?b": "", "DiagnosticReport/" + strings.Repeat("1", maxIDBytes+1): "",
	} {
		if got := idIn(location); got != want {
			t.Errorf("%.40q: %q, want %q", location, got, want)
		}
	}
}

func FuzzOpinion(f *testing.F) {
	sent := SentReport{ID: "17", System: uriNames, Name: "urn:uuid:1", Status: "preliminary"}
	f.Add([]byte(`{"resourceType":"DiagnosticReport","id":"17","status":"cancelled","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:1"}],"conclusionCode":[{"text":"other"}]}`), true)
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"DiagnosticReport","status":"final","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:1"}]}}]}`), false)
	f.Fuzz(func(t *testing.T, answer []byte, placed bool) {
		asked := sent
		if !placed {
			asked.ID = ""
		}
		report, err := reportIn(answer, asked)
		if err != nil {
			return
		}
		o := opinionOf(report, asked.Status)
		if o.Accepted && (!o.Given || len(o.Words) > 0) || len(o.Words) > maxWords {
			t.Fatalf("%+v", o)
		}
		if !report.isReport(sent) || placed && report.text("id") != sent.ID {
			t.Fatal("another's report is taken for ours")
		}
	})
}

// A base with a path of its own stays whole.
func TestLooksBelowTheBase(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.String())
		http.NotFound(w, r)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL + "/r4/tenant/")
	if err != nil {
		t.Fatal(err)
	}
	for _, sent := range []SentReport{{ID: "17", System: "s", Name: "n&x"}, {System: "s", Name: "n&x"}} {
		if _, err := NewRecords(FHIRServer{Base: base}).Look(t.Context(), sent); err == nil {
			t.Error("404 is no report")
		}
	}
	if want := []string{"GET /r4/tenant/DiagnosticReport/17", "GET /r4/tenant/DiagnosticReport?identifier=s%7Cn%26x"}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}
