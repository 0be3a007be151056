package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"
)

// recordSystem is a small FHIR server: transactions all or nothing, conditional creates,
// updates as creates, references between the entries resolved.
type recordSystem struct {
	mu        sync.Mutex                // guards all
	resources map[string]map[string]any // by "Type/id"
	posts     int
	next      int
	answer    func(w http.ResponseWriter) bool // after the transaction; true: it answered itself
	silent    bool                             // it does not say where resources lie
	secret    string
}

func (s *recordSystem) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	if s.secret != "" && r.Header.Get("Authorization") != s.secret {
		http.Error(w, "who are you, Max Mustermann?", http.StatusUnauthorized)
		return
	}
	data, err := io.ReadAll(r.Body)
	var b struct {
		Type  string
		Entry []struct {
			FullURL  string
			Resource map[string]any
			Request  struct{ Method, URL, IfNoneExist string }
		}
	}
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if r.Method == http.MethodGet {
		s.show(w, r)
		return
	}
	if err != nil || b.Type != "transaction" || r.Header.Get("Content-Type") != mediaType {
		http.Error(w, "no transaction", http.StatusBadRequest)
		return
	}
	changed, names, status, places := maps.Clone(s.resources), map[string]string{}, []string{}, []string{}
	for _, e := range b.Entry {
		key, state := e.Request.URL, "200"
		if e.Request.Method == http.MethodPost {
			query, err := url.ParseQuery(e.Request.IfNoneExist)
			if err != nil || query.Get("identifier") == "" {
				http.Error(w, "no condition", http.StatusBadRequest)
				return
			}
			if key = s.find(changed, e.Request.URL, query.Get("identifier")); key == "" {
				s.next++
				key, state = fmt.Sprintf("%s/%d", e.Request.URL, s.next), "201"
			}
		}
		if state == "201" || e.Request.Method == http.MethodPut {
			changed[key] = e.Resource
		}
		names[e.FullURL] = key
		status, places = append(status, state), append(places, key)
	}
	for key, resource := range changed { // urn:uuid names become the server's own
		text, _ := json.Marshal(resource)
		for name, own := range names {
			text = bytes.ReplaceAll(text, []byte(`"reference":"`+name+`"`), []byte(`"reference":"`+own+`"`))
		}
		var resolved map[string]any
		if json.Unmarshal(text, &resolved) == nil {
			changed[key] = resolved
		}
	}
	s.resources = changed
	if s.answer != nil && s.answer(w) {
		return
	}
	entries := []map[string]any{}
	for n, state := range status {
		response := map[string]any{"status": state}
		if !s.silent {
			response["location"] = "https://another.example/fhir/" + places[n] + "/_history/1"
		}
		entries = append(entries, map[string]any{"response": response})
	}
	json.NewEncoder(w).Encode(map[string]any{"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
}

// find is the resource of a kind with an identifier, "system|value".
func (s *recordSystem) find(among map[string]map[string]any, kind, identifier string) string {
	for key, resource := range among {
		list, _ := resource["identifier"].([]any)
		for _, i := range list {
			own, _ := i.(map[string]any)
			if strings.HasPrefix(key, kind+"/") && fmt.Sprint(own["system"], "|", own["value"]) == identifier {
				return key
			}
		}
	}
	return ""
}

// kinds are how many resources of each type there are.
func (s *recordSystem) kinds() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := map[string]int{}
	for key := range s.resources {
		kind, _, _ := strings.Cut(key, "/")
		count[kind]++
	}
	return count
}

// bundle is what a real result n gives.
func bundle(t *testing.T, n int) []byte {
	t.Helper()
	m := models.Manifest{ID: "t1-tissue", Version: "1.0.0", Title: "Tissue", Labels: []models.Label{{Value: 1, Name: "White matter"}}}
	data, err := report.FHIR(report.Chart{
		Seed: models.DigestOf([]byte{byte(n)}), StudyUID: "1.2.3", StudyDate: "20260301", PatientID: "P-1", Issued: someTime,
	}, report.Contents{Measurements: []report.Measurement{
		{Concept: models.Code{Value: "118565006", Scheme: "SCT", Meaning: "Volume"}, Unit: models.Code{Value: "ml", Scheme: "UCUM", Meaning: "milliliter"}, Segment: 1, SegmentName: "White matter", Value: 512.25},
	}}, m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bundled is the one item of a bundle on disk.
func bundled(t *testing.T, data []byte) []Item {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fhir.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return []Item{{Form: Record, File: "fhir.json", Path: path}}
}

func recordServer(t *testing.T, s *recordSystem) *url.URL {
	t.Helper()
	s.resources = map[string]map[string]any{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + "/fhir")
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func TestRecordsAreThereOnce(t *testing.T) {
	for _, put := range []bool{false, true} {
		t.Run(fmt.Sprintf("put %v", put), func(t *testing.T) {
			s := &recordSystem{}
			carrier := FHIR(FHIRServer{Base: recordServer(t, s), Put: put})
			took := 0
			taken := func(Item) error { took++; return nil }
			s.answer = func(w http.ResponseWriter) bool { // the connection breaks after the server did it all
				if s.posts > 1 {
					return false
				}
				panic(http.ErrAbortHandler)
			}
			var failure *Failure
			if err := carrier.Carry(t.Context(), bundled(t, bundle(t, 1)), taken); !errors.As(err, &failure) || failure.Fault != Unreachable || took != 0 {
				t.Fatalf("a connection that broke: %v", err)
			}
			for range 2 {
				if err := carrier.Carry(t.Context(), bundled(t, bundle(t, 1)), taken); err != nil {
					t.Fatal(err)
				}
			}
			if err := carrier.Carry(t.Context(), bundled(t, bundle(t, 2)), taken); err != nil { // another result of the model
				t.Fatal(err)
			}
			if want := map[string]int{"DiagnosticReport": 2, "Observation": 2, "Device": 1}; !maps.Equal(s.kinds(), want) || took != 3 {
				t.Errorf("the server has %v, want %v", s.kinds(), want)
			}
			for key, resource := range s.resources {
				if !strings.HasPrefix(key, "Observation/") {
					continue
				}
				device, _ := resource["device"].(map[string]any)
				if name, _ := device["reference"].(string); s.resources[name] == nil {
					t.Errorf("%s refers to %q, which is not there", key, name)
				}
			}
		})
	}
}

func TestRecordsAreRefusedInFixedWords(t *testing.T) {
	say := func(status int, body string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter) bool
		secret string
		fault  Fault
	}{
		{"no password", nil, "Bearer x", Denied},
		{"a server that restarts", say(503, ""), "", Unreachable},
		{"no room", say(507, ""), "", NoRoom},
		{"an unknown patient", say(422, `{"resourceType":"OperationOutcome","text":"no Max Mustermann"}`), "", NotTaken},
		{"sent elsewhere", func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "https://example.org/")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}, "", NotTaken},
		{"a page instead of an answer", say(200, "<html>"), "", NotTaken},
		{"one entry of three", say(200, `{"resourceType":"Bundle","type":"transaction-response","entry":[{"response":{"status":"201"}}]}`), "", NotTaken},
		{"an entry that failed", say(200, `{"resourceType":"Bundle","type":"transaction-response","entry":[{"response":{"status":"201"}},{"response":{"status":"409"}},{"response":{"status":"201"}}]}`), "", NotTaken},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &recordSystem{answer: c.answer, secret: c.secret}
			base := recordServer(t, s)
			err := FHIR(FHIRServer{Base: base}).Carry(t.Context(), bundled(t, bundle(t, 1)), func(Item) error { return errors.New("taken") })
			var failure *Failure
			if !errors.As(err, &failure) || failure.Fault != c.fault {
				t.Errorf("%v, want %q", err, c.fault)
			}
			if text := fmt.Sprint(err, causeOf(err)); strings.Contains(text, "Mustermann") || strings.Contains(text, base.Host) {
				t.Errorf("the error repeats the server: %s", text)
			}
		})
	}
	s := &recordSystem{secret: "Bearer x"}
	base, took := recordServer(t, s), 0
	err := FHIR(FHIRServer{Base: base, Authorization: func() (string, error) { return "Bearer x", nil }}).Carry(t.Context(), bundled(t, bundle(t, 1)), func(Item) error { took++; return nil })
	if err != nil || took != 1 {
		t.Errorf("with the password: %v", err)
	}
}

// npm's fhir validates the transactions.
func TestTransactionsAreValidFHIR(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for name, put := range map[string]bool{"create.json": false, "put.json": true} {
		data, entries, err := transactionOf(bundle(t, 1), put)
		if err != nil || entries != 3 {
			t.Fatalf("%d entries, %v", entries, err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: install nodejs, or run make test-tools")
	}
	out, err := exec.Command(node, append([]string{filepath.Join("..", "..", "..", "packaging", "checks", "read.js")}, paths...)...).Output()
	if err != nil {
		t.Fatalf("%v: run packaging/checks/install.sh if a module is missing\n%s", err, out)
	}
	var seen map[string]struct{ Resources, Warnings []string }
	if err := json.Unmarshal(out, &seen); err != nil || len(seen) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, s := range seen {
		if !slices.Equal(s.Resources, []string{"DiagnosticReport", "Observation", "Device"}) {
			t.Errorf("%s holds %v", name, s.Resources)
		}
		for _, w := range s.Warnings { // the validator has no copies of the code systems
			if !strings.Contains(w, "could not be found") && !strings.Contains(w, "not found in value set") {
				t.Errorf("%s: %s", name, w)
			}
		}
	}
}

func FuzzTransaction(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Device","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:oid:2.25.1"}]}}]}`), true)
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1/../x","resource":{"resourceType":"Device"}}]}`), false)
	f.Fuzz(func(t *testing.T, data []byte, put bool) {
		made, entries, err := transactionOf(data, put)
		if err != nil {
			return
		}
		var b transactionBundle
		if err := json.Unmarshal(made, &b); err != nil || len(b.Entry) != entries {
			t.Fatalf("%v: %s", err, made)
		}
		for _, e := range b.Entry {
			if put && (e.Request.Method != http.MethodPut || strings.Count(e.Request.URL, "/") != 1) || !put && e.Request.IfNoneExist == "" {
				t.Fatalf("an entry that would be there twice: %s", made)
			}
		}
	})
}
