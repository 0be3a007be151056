package site

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// recordKeeper is a small FHIR server: it takes a transaction's resources, gives them ids, and
// shows one of them again.
type recordKeeper struct {
	mu      sync.Mutex // guards all
	reports map[string]map[string]any
	looks   int
	away    bool
}

func (k *recordKeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.Method == http.MethodGet {
		k.looks++
		report := k.reports[strings.TrimPrefix(r.URL.Path, "/fhir/DiagnosticReport/")]
		if k.away || report == nil {
			http.Error(w, "come back later, PAT-4711", http.StatusServiceUnavailable)
			return
		}
		json.NewEncoder(w).Encode(report)
		return
	}
	var b struct {
		Entry []struct{ Resource map[string]any }
	}
	if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
		http.Error(w, "no transaction", http.StatusBadRequest)
		return
	}
	var entries []map[string]any
	for _, e := range b.Entry {
		kind, id := fmt.Sprint(e.Resource["resourceType"]), fmt.Sprint(len(k.reports)+1)
		if kind == "DiagnosticReport" {
			e.Resource["id"] = id
			k.reports[id] = e.Resource
		}
		entries = append(entries, map[string]any{"response": map[string]any{"status": "201", "location": kind + "/" + id + "/_history/1"}})
	}
	json.NewEncoder(w).Encode(map[string]any{"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
}

// edit changes every report.
func (k *recordKeeper) edit(with map[string]any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, report := range k.reports {
		for name, value := range with {
			report[name] = value
		}
	}
}

const ehrRules = `[[rule]]
name = "brain"
match = { modality = ["MR"] }
model = "t1-tissue"
destinations = ["ehr"]
`

// report is a result's record.
const report = `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0b1c2d3e-0000-4000-8000-000000000001",
"resource":{"resourceType":"DiagnosticReport","status":"preliminary","code":{"text":"Tissue"}}}]}`

// recorded is a site whose results go to a record system, and the oracle's answer for it.
func recorded(t *testing.T, feedback time.Duration) (*lodging, *recordKeeper) {
	t.Helper()
	k := &recordKeeper{reports: map[string]map[string]any{}}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	return lodgeWith(t, ehrRules, func(c *Config) {
		c.Destinations = append(c.Destinations, Destination{Name: "ehr", Kind: KindFHIR, URL: server.URL + "/fhir", Feedback: &feedback})
	}, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) {
		r, err := done(t, s)
		if err == nil {
			err = os.WriteFile(filepath.Join(s.Out, hex.EncodeToString(r.Task[:]), "fhir.json"), []byte(report), 0o600)
		}
		return r, err
	}), k
}

// TestAReaderSpeaksInTheRecordSystem also over a restart: the look that finds the word is the
// first one of a new life.
func TestAReaderSpeaksInTheRecordSystem(t *testing.T) {
	for name, c := range map[string]struct {
		edit  map[string]any
		state worklist.State
		code  string
	}{
		"final":            {map[string]any{"status": "final"}, worklist.Accepted, ""},
		"entered in error": {map[string]any{"status": "entered-in-error"}, worklist.Rejected, attest.ReaderOther},
		"cancelled with a reason": {map[string]any{"status": "cancelled", "conclusionCode": []any{map[string]any{"text": "about PAT-4711",
			"coding": []any{map[string]any{"code": "a-finding-is-missed"}}}}}, worklist.Rejected, attest.ReaderMissed},
	} {
		t.Run(name, func(t *testing.T) {
			l, k := recorded(t, time.Hour)
			l.bring("1.2.20")
			l.await("1.2.20", worklist.Delivered)
			l.shut()
			k.edit(c.edit)
			l.open()
			got := l.await("1.2.20", c.state)
			if got.Reading.Code != c.code || got.Reading.By != "fhir:ehr" {
				t.Errorf("read: %+v", got.Reading)
			}
			if !slices.Equal(l.oracle.read, []agent.ReaderFeedback{{Accepted: c.state == worklist.Accepted, Reason: c.code}}) {
				t.Errorf("the clinic states %+v", l.oracle.read)
			}
			if e := l.entries()[audit.Verdict]; len(e) != 1 || e[0].Actor != "fhir:ehr" {
				t.Errorf("audit: %+v", e)
			}
			l.shut()
			k.edit(map[string]any{"status": "final"}) // another word, too late
			l.open()
			l.listens(t, time.Hour).round(t.Context())
			if again := l.await("1.2.20", c.state); again.Reading != got.Reading || len(l.oracle.read) != 1 {
				t.Errorf("it became %+v", again.Reading)
			}
			for _, secret := range []string{"1.2.20", "PAT-4711", "about", l.home} {
				if strings.Contains(l.log(), secret) {
					t.Errorf("the log holds %q", secret)
				}
			}
		})
	}
}

// listens is a listener of the lodging's own making, for a site that has none.
func (l *lodging) listens(t *testing.T, window time.Duration) *listener {
	t.Helper()
	d, err := l.conf.DestinationNamed("ehr")
	if err != nil {
		t.Fatal(err)
	}
	l.unread.mu.Lock()
	l.unread.names = []string{"ehr"}
	l.unread.mu.Unlock()
	cases, err := l.book.List(worklist.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		l.unread.note(c)
	}
	made, err := l.listener(d)
	if err != nil {
		t.Fatal(err)
	}
	made.window = window
	return made
}

func TestWhoeverSpeaksFirstIsHeard(t *testing.T) {
	l, k := recorded(t, 0) // nobody asks by itself
	l.bring("1.2.21")
	c := l.await("1.2.21", worklist.Delivered)
	if k.looks != 0 || len(l.unread.at("ehr", time.Time{})) != 0 {
		t.Fatal("a record system is asked that is not to be")
	}
	listening := l.listens(t, time.Hour)
	if pause := listening.round(t.Context()); pause != firstLook || l.await("1.2.21", worklist.Delivered).Reading != (worklist.Reading{}) {
		t.Errorf("an unchanged report was taken for a word; pause %v", pause)
	}
	if _, err := l.Read(t.Context(), c.ID, "dr-a", agent.ReaderFeedback{Reason: attest.ReaderOutline}); err != nil {
		t.Fatal(err)
	}
	k.edit(map[string]any{"status": "final"})
	before := k.looks
	l.listens(t, time.Hour).round(t.Context())
	if got := l.await("1.2.21", worklist.Rejected); got.Reading.By != "dr-a" || k.looks != before {
		t.Errorf("%+v after %d looks", got.Reading, k.looks)
	}
}

func TestOldReportsAndAbsentSystemsAreLeftAlone(t *testing.T) {
	l, k := recorded(t, 0)
	l.bring("1.2.22")
	l.await("1.2.22", worklist.Delivered)
	k.edit(map[string]any{"status": "final"})
	l.listens(t, time.Nanosecond).round(t.Context())
	if k.looks != 0 {
		t.Error("a report was looked at after its time")
	}
	k.away = true
	listening := l.listens(t, time.Hour)
	for n, want := range []time.Duration{firstPause, 2 * firstPause, 4 * firstPause} {
		if got := listening.round(t.Context()); got != want {
			t.Errorf("away for the %d. time: pause %v, want %v", n+1, got, want)
		}
	}
	k.away = false
	listening.round(t.Context())
	l.await("1.2.22", worklist.Accepted)
	if strings.Contains(l.log(), "PAT-4711") {
		t.Error("the log repeats the server")
	}
}

func TestTheAuditComesBeforeTheWord(t *testing.T) {
	l, k := recorded(t, 0)
	l.bring("1.2.23")
	c := l.await("1.2.23", worklist.Delivered)
	k.edit(map[string]any{"status": "final"})
	if err := l.audit.Close(); err != nil {
		t.Fatal(err)
	}
	listening := l.listens(t, time.Hour)
	listening.round(t.Context())
	if got := l.await("1.2.23", worklist.Delivered); got.ID != c.ID {
		t.Error("another case")
	}
	l.openAuditAgain()
	l.listens(t, time.Hour).round(t.Context())
	l.await("1.2.23", worklist.Accepted)
}

// A report rests longer the older it is, and every system is asked on and on for the whole
// window and no longer.
func TestReportsAreLookedAtLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = 30 * 24 * time.Hour
		var at []time.Duration
		start := time.Now()
		waiting := &unread{names: []string{"ehr"}}
		waiting.note(worklist.Case{ID: "a", State: worklist.Delivered, Terms: worklist.Terms{Destinations: []string{"pacs", "ehr"}}, At: worklist.Times{Delivered: start}})
		waiting.note(worklist.Case{ID: "elsewhere", State: worklist.Delivered, Terms: worklist.Terms{Destinations: []string{"pacs"}}, At: worklist.Times{Delivered: start}})
		waiting.note(worklist.Case{ID: "silent", State: worklist.Delivered, Terms: worklist.Terms{Silent: true, Destinations: []string{"ehr"}}, At: worklist.Times{Delivered: start}})
		l := &listener{destination: "ehr", window: window, unread: waiting, log: slog.New(slog.DiscardHandler), hear: func(_ context.Context, id string) error {
			if id != "a" {
				t.Errorf("case %s was looked at", id)
			}
			at = append(at, time.Since(start))
			return nil
		}}
		ctx, stop := context.WithTimeout(t.Context(), 2*window)
		defer stop()
		l.run(ctx)
		if len(at) < 100 || len(at) > 300 || at[0] != 0 || at[len(at)-1] > window || at[len(at)-1] < window-lastLook-firstLook {
			t.Fatalf("%d looks, from %v to %v", len(at), at[0], at[len(at)-1])
		}
		for n := 1; n < len(at); n++ {
			if pause := at[n] - at[n-1]; pause < lookAgain(at[n-1]) || pause > lookAgain(at[n-1])+firstLook {
				t.Fatalf("look %d after %v, a pause of %v", n, at[n], pause)
			}
		}
	})
}

// Whatever looks end with, a system is asked no more than once in the pause that is due, and a
// settled case never again.
func TestAListenerKeepsItsPauses(t *testing.T) {
	answers := map[string]error{
		"nothing": nil, "settled": errSettled, "away": &outbox.Failure{Fault: outbox.Unreachable, Err: errors.New("the connection failed")},
		"odd": &outbox.Failure{Fault: outbox.Other, Err: errors.New("the answer is no JSON")}, "full": errors.New("the disk is full"),
	}
	var words []string
	for word := range answers {
		words = append(words, word)
	}
	slices.Sort(words)
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			waiting := &unread{names: []string{"ehr"}}
			last, over := map[string]time.Time{}, map[string]bool{}
			for _, id := range []string{"a", "b"} {
				waiting.note(worklist.Case{ID: id, State: worklist.Delivered, Terms: worklist.Terms{Destinations: []string{"ehr"}}, At: worklist.Times{Delivered: start}})
			}
			var said bytes.Buffer
			l := &listener{destination: "ehr", window: time.Hour, unread: waiting, log: slog.New(slog.NewTextHandler(&said, nil))}
			l.hear = func(_ context.Context, id string) error {
				if over[id] {
					rt.Fatalf("case %s was settled", id)
				}
				if before, looked := last[id]; looked && time.Since(before) < firstPause {
					rt.Fatalf("case %s again after %v", id, time.Since(before))
				}
				last[id] = time.Now()
				word := rapid.SampledFrom(words).Draw(rt, "answer")
				over[id] = word == "settled"
				return answers[word]
			}
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Minute)
			defer stop()
			l.run(ctx)
			if len(last) != 2 {
				rt.Fatalf("only %d cases were looked at", len(last))
			}
		})
	})
}

func TestReasonsOfARecordSystem(t *testing.T) {
	for _, reason := range attest.ReaderReasons() {
		for _, word := range []string{reason, strings.ToUpper(reason), strings.ReplaceAll(reason, " ", "-"), " " + strings.ReplaceAll(reason, " ", "_")} {
			if got := reasonAmong([]string{"x", word, attest.ReaderOther}); got != reason {
				t.Errorf("%q is %q, want %q", word, got, reason)
			}
		}
	}
	for _, words := range [][]string{nil, {"outline"}, {"the outline is wrong"}} {
		if got := reasonAmong(words); got != attest.ReaderOther {
			t.Errorf("%q is %q", words, got)
		}
	}
}

func TestHowLongReadersAreListenedTo(t *testing.T) {
	of := func(line string) (Config, error) {
		return Parse("[[destination]]\nname = \"ehr\"\nkind = \"fhir\"\nurl = \"https://ehr.example/fhir\"\n" + line)
	}
	for line, want := range map[string]time.Duration{"": defaultFeedback, "feedback = \"24h\"": 24 * time.Hour, "feedback = \"0s\"": 0} {
		c, err := of(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if got := c.Destinations[0].feedback(); got != want || (len(c.listened()) == 1) != (want > 0) {
			t.Errorf("%q: %v, want %v; asked: %v", line, got, want, c.listened())
		}
	}
	for _, line := range []string{"feedback = 24", "feedback = \"-1h\"", "feedback = \"10000h\"", "feedbak = \"24h\""} {
		if _, err := of(line); err == nil || !strings.Contains(err.Error(), "feedback") {
			t.Errorf("%s: %v", line, err)
		}
	}
	if _, err := Parse("[[destination]]\nname = \"share\"\nkind = \"folder\"\nfolder = \"x\"\nfeedback = \"24h\"\n"); err == nil {
		t.Error("a folder has no readers")
	}
}
