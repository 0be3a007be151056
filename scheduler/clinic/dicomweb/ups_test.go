package dicomweb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// worklist is a server with a book, and a clock that goes on by a minute a request.
type worklist struct {
	server *Server
	book   *Book
	now    time.Time
}

func newWorklist(t testing.TB) *worklist {
	t.Helper()
	l := &worklist{book: openBook(t, filepath.Join(t.TempDir(), "items.db"), nil), now: noon}
	var err error
	l.server, err = NewServer(Config{Workitems: l.book, Base: "/web", Now: func() time.Time { return l.now }})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *worklist) ask(t testing.TB, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	l.now = l.now.Add(time.Minute)
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, "/web/workitems"+path, bytes.NewReader(data))
	if body != nil {
		r.Header.Set("Content-Type", typeJSON)
	}
	w := httptest.NewRecorder()
	l.server.ServeHTTP(w, r)
	return w
}

// want asks and holds the status and the words of the Warning header against what is wanted.
func (l *worklist) want(t testing.TB, status int, warning, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	w := l.ask(t, method, path, body)
	if got := w.Header().Get("Warning"); w.Code != status || !strings.Contains(got, warning) || (warning == "") != (got == "") {
		t.Errorf("%s %s: %d, %q, want %d, %q: %s", method, path, w.Code, got, status, warning, w.Body)
	}
	return w
}

func state(to State, transaction string) []Dataset {
	return []Dataset{{tagState: text("CS", string(to)), tagTransaction: text("UI", transaction)}}
}

// A RIS asks for work, a performer does it, and the RIS sees how far it is.
func TestWorkFromTheRequestToItsOutput(t *testing.T) {
	l := newWorklist(t)
	created := l.want(t, 201, "", "POST", "?"+itemUID, []Dataset{asked()})
	if place := created.Header().Get("Location"); place != "http://example.com/web/workitems/"+itemUID || created.Header().Get("Content-Location") != place {
		t.Errorf("it lies at %q", place)
	}
	l.want(t, 409, "", "POST", "?"+itemUID, []Dataset{asked()})

	get := func() Dataset {
		t.Helper()
		w := l.want(t, 200, "", "GET", "/"+itemUID, nil)
		sets, err := DecodeDatasets(w.Body, 1)
		if err != nil || len(sets) != 1 || w.Header().Get("Content-Type") != typeJSON {
			t.Fatalf("%v, %v", sets, err)
		}
		if strings.Contains(fmt.Sprint(sets), lock) {
			t.Error("the transaction is given out")
		}
		return sets[0]
	}
	if got := get(); got.Text(tagState) != "SCHEDULED" || got.Text(tagSOPClass) != upsPush || got.Text(tagSOPInstance) != itemUID || got.Text(tagPatientID) != "4711" {
		t.Errorf("%+v", got)
	}
	l.want(t, 200, "", "POST", "/"+itemUID, []Dataset{{tagWorklistLabel: text("LO", "neuro")}})
	l.want(t, 409, "inconsistent", "PUT", "/"+itemUID+"/state", state(Completed, lock))
	l.want(t, 400, "The Transaction UID is missing.", "PUT", "/"+itemUID+"/state", state(InProgress, ""))
	l.want(t, 200, "", "PUT", "/"+itemUID+"/state", state(InProgress, lock))
	l.want(t, 409, "inconsistent", "PUT", "/"+itemUID+"/state", state(InProgress, otherLock))

	if item, err := l.book.Get(t.Context(), itemUID); err != nil || item.Performer != "192.0.2.1" {
		t.Errorf("its performer is %q, %v", item.Performer, err)
	}

	progress := []Dataset{{tagProgressInformation: sequence(Dataset{tagProgress: text("DS", "40")})}}
	l.want(t, 400, "The Transaction UID is missing.", "POST", "/"+itemUID, progress)
	l.want(t, 400, "The Transaction UID is incorrect.", "POST", "/"+itemUID+"?transaction-uid="+otherLock, progress)
	l.want(t, 200, "", "POST", "/"+itemUID+"?"+lock, progress)
	if got := get(); got.Items(tagProgressInformation)[0].Text(tagProgress) != "40" || got.Text(tagWorklistLabel) != "neuro" {
		t.Errorf("%+v", got)
	}
	l.want(t, 202, "", "POST", "/"+itemUID+"/cancelrequest", nil)
	l.want(t, 409, "inconsistent", "PUT", "/"+itemUID+"/state", state(Completed, lock))
	l.want(t, 200, "", "POST", "/"+itemUID+"?transaction-uid="+lock, []Dataset{{tagPerformedProcedure: at(t, Completed).Attributes[tagPerformedProcedure]}})
	l.want(t, 200, "", "PUT", "/"+itemUID+"/state", state(Completed, lock))
	l.want(t, 200, warnCompleted, "PUT", "/"+itemUID+"/state", state(Completed, lock))
	l.want(t, 400, "inconsistent", "POST", "/"+itemUID+"?transaction-uid="+lock, progress)
	l.want(t, 409, "inconsistent", "POST", "/"+itemUID+"/cancelrequest", nil)
	if got := get(); got.Text(tagState) != "COMPLETED" || len(got.Items(tagPerformedProcedure)) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWorkThatIsNotWantedAnyMore(t *testing.T) {
	l := newWorklist(t)
	withUID := asked()
	withUID[tagSOPInstance] = text("UI", itemUID)
	l.want(t, 201, "", "POST", "", withUID) // a data set alone, its UID within
	l.want(t, 202, "", "POST", "/"+itemUID+"/cancelrequest", []Dataset{{tagCancellationReason: text("LT", "wrong study")}})
	l.want(t, 202, warnCanceled, "POST", "/"+itemUID+"/cancelrequest", nil)
	item, err := l.book.Get(t.Context(), itemUID)
	if err != nil || item.State != Canceled || item.Attributes.Items(tagProgressInformation)[0].Text(tagCancellationReason) != "wrong study" {
		t.Errorf("%+v, %v", item, err)
	}
}

func TestWorkitemRequestsThatCannotBe(t *testing.T) {
	l := newWorklist(t)
	for name, c := range map[string]struct {
		method, path, contentType, body string
		status                          int
	}{
		"unknown":           {"GET", "/1.2.3", "", "", 404},
		"unknown state":     {"PUT", "/1.2.3/state", typeJSON, `[{}]`, 404},
		"unknown cancel":    {"POST", "/1.2.3/cancelrequest", "", "", 404},
		"not JSON":          {"POST", "", "application/dicom+xml", "<x/>", 415},
		"torn JSON":         {"POST", "", typeJSON, `[{`, 400},
		"two":               {"POST", "", typeJSON, `[{},{}]`, 400},
		"none":              {"POST", "", typeJSON, `[]`, 400},
		"nothing wanted":    {"POST", "", typeJSON, `[{}]`, 400},
		"too large":         {"POST", "", typeJSON, `[{"00741204":{"vr":"LO","Value":["` + strings.Repeat("x", maxWorkitemBytes) + `"]}}]`, 413},
		"unknown condition": {"GET", "?Shoesize=44", "", "", 400},
		"a limit of words":  {"GET", "?limit=all", "", "", 400},
		"another method":    {"DELETE", "/1.2.3", "", "", 405},
		"a subscription":    {"POST", "/1.2.3/subscribers/RIS", typeJSON, `[{}]`, 404},
	} {
		r := httptest.NewRequest(c.method, "/web/workitems"+c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		w := httptest.NewRecorder()
		l.server.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.status, w.Body)
		}
	}
	w := l.ask(t, "POST", "", []Dataset{asked()}) // no UID: it gets one
	if uid := w.Header().Get("Location"); w.Code != 201 || !strings.Contains(uid, "/workitems/2.25.") {
		t.Errorf("%d, %q", w.Code, uid)
	}
}

func TestSearchFindsWhatIsAskedFor(t *testing.T) {
	l := newWorklist(t)
	for n, change := range []Dataset{
		{},
		{tagPriority: text("CS", "LOW"), tagPatientName: text("PN", "Müller^Anna=王")},
		{tagScheduledStart: text("DT", "20260401080000+0200"), tagInputInformation: sequence(Dataset{tagStudyUID: text("UI", "1.7")})},
	} {
		set := asked()
		for tag, e := range change {
			set[tag] = e
		}
		l.want(t, 201, "", "POST", fmt.Sprintf("?2.25.%d", n+1), []Dataset{set})
	}
	l.want(t, 202, "", "POST", "/2.25.3/cancelrequest", nil)
	for query, want := range map[string]string{
		"":                                    "123",
		"?ProcedureStepState=SCHEDULED":       "12",
		"?00741000=CANCELED":                  "3",
		"?ScheduledProcedureStepPriority=LOW": "2",
		"?InputInformationSequence.StudyInstanceUID=1.7":                            "3",
		"?00404021.0020000d=1.2.3":                                                  "12",
		"?SOPInstanceUID=2.25.1,2.25.3":                                             "13",
		"?PatientName=m%C3%BCll*":                                                   "2",
		"?PatientName=Invented%5EPers%3Fn":                                          "13",
		"?PatientID=4711&PatientName=":                                              "123",
		"?PatientID=47":                                                             "",
		"?ScheduledProcedureStepStartDateTime=20260304":                             "12",
		"?ScheduledProcedureStepStartDateTime=20260305-":                            "3",
		"?ScheduledProcedureStepStartDateTime=-20260304":                            "12",
		"?ScheduledProcedureStepStartDateTime=20260401060000%2B0000-20260401060000": "3",
		"?ReferencedRequestSequence.AccessionNumber=A-*":                            "123",
		"?ReferencedRequestSequence.AccessionNumber=B":                              "",
		"?ScheduledWorkitemCodeSequence.CodeValue=t1-tissue&limit=2":                "12",
		"?limit=2&offset=1&includefield=all":                                        "23",
		"?offset=3":                                                                 "",
	} {
		w := l.ask(t, "GET", query, nil)
		got := ""
		if w.Code == http.StatusOK {
			sets, err := DecodeDatasets(w.Body, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, set := range sets {
				got += strings.TrimPrefix(set.Text(tagSOPInstance), "2.25.")
			}
		}
		if got != want || (w.Code == http.StatusNoContent) != (want == "") {
			t.Errorf("%s finds %q with %d, want %q", query, got, w.Code, want)
		}
	}
	l.want(t, 200, "1 additional results", "GET", "?limit=2", nil)
}

// Of many performers that want an item at once, one gets it.
func TestOneClaimWins(t *testing.T) {
	l := newWorklist(t)
	l.want(t, 201, "", "POST", "?"+itemUID, []Dataset{asked()})
	var wg sync.WaitGroup
	codes := make(chan int, 8)
	for n := range cap(codes) {
		wg.Go(func() {
			data, err := json.Marshal(state(InProgress, fmt.Sprintf("2.25.10%d", n)))
			if err != nil {
				t.Error(err)
			}
			r := httptest.NewRequest(http.MethodPut, "/web/workitems/"+itemUID+"/state", bytes.NewReader(data))
			r.Header.Set("Content-Type", typeJSON)
			w := httptest.NewRecorder()
			l.server.ServeHTTP(w, r)
			codes <- w.Code
		})
	}
	wg.Wait()
	close(codes)
	won := 0
	for code := range codes {
		if code == http.StatusOK {
			won++
		} else if code != http.StatusConflict {
			t.Errorf("answered %d", code)
		}
	}
	if won != 1 {
		t.Errorf("%d performers got it", won)
	}
}

// memoryItems is a Workitems for fuzzing, where a disk is too slow.
type memoryItems map[string]Workitem

func (m memoryItems) Create(_ context.Context, item Workitem) error {
	if _, there := m[item.UID]; there {
		return ErrExists
	}
	m[item.UID] = item
	return nil
}

func (m memoryItems) Get(_ context.Context, uid string) (Workitem, error) {
	item, there := m[uid]
	if !there {
		return Workitem{}, ErrUnknown
	}
	return item, nil
}

func (m memoryItems) Change(_ context.Context, uid string, change func(Workitem) (Workitem, error)) (Workitem, error) {
	item, there := m[uid]
	if !there {
		return Workitem{}, ErrUnknown
	}
	next, err := change(item)
	if err == nil {
		m[uid] = next
	}
	return next, err
}

func (m memoryItems) All(_ context.Context, visit func(Workitem) bool) error {
	for _, item := range m {
		if !visit(item) {
			break
		}
	}
	return nil
}

func FuzzWorkitems(f *testing.F) {
	first, err := json.Marshal([]Dataset{asked()})
	if err != nil {
		f.Fatal(err)
	}
	claim, err := json.Marshal(state(InProgress, lock))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first, claim, "ProcedureStepState=SCHEDULED&limit=3", byte(0))
	f.Add(first, claim, "00404021.0020000D=1.2.3&ScheduledProcedureStepStartDateTime=2026-", byte(1))
	f.Add(first, []byte(`[{"00741238":{"vr":"LT","Value":["why"]}}]`), "PatientName=%2a", byte(2))
	f.Fuzz(func(t *testing.T, create, change []byte, query string, how byte) {
		items := memoryItems{}
		server, err := NewServer(Config{Workitems: items, Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(method, path string, body []byte) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "/workitems", bytes.NewReader(body))
			r.URL.Path = "/workitems" + path
			r.Header.Set("Content-Type", typeJSON)
			if method == http.MethodGet {
				r.URL.RawQuery = query
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Fatalf("%s answers %d: %s", path, w.Code, w.Body)
			}
			return w
		}
		ask(http.MethodPost, "", create)
		for uid := range items {
			switch how % 3 {
			case 0:
				ask(http.MethodPut, "/"+uid+"/state", change)
			case 1:
				ask(http.MethodPost, "/"+uid, change)
			default:
				ask(http.MethodPost, "/"+uid+"/cancelrequest", change)
			}
			w := ask(http.MethodGet, "/"+uid, nil)
			if sets, err := DecodeDatasets(w.Body, 1); err != nil || len(sets) != 1 {
				t.Fatalf("what is kept is not read back: %v", err)
			}
		}
		ask(http.MethodGet, "", nil)
	})
}

// What a stranger may send is never kept in a form that the book cannot read again: one such
// item would end the whole list.
func TestNoRequestSpoilsTheList(t *testing.T) {
	nested := func(n int) Dataset {
		set := Dataset{}
		for range n {
			set = Dataset{tagDiscontinuation: sequence(set)}
		}
		return set
	}
	for depth := maxDepth - 3; depth <= maxDepth; depth++ {
		l := newWorklist(t)
		l.want(t, 201, "", "POST", "?"+itemUID, []Dataset{asked()})
		if w := l.ask(t, "POST", "/"+itemUID+"/cancelrequest", []Dataset{nested(depth)}); (w.Code == 202) != (depth < maxDepth) {
			t.Errorf("sequences %d deep: %d: %s", depth, w.Code, w.Body)
		}
		if w := l.ask(t, "GET", "", nil); w.Code != 200 {
			t.Errorf("sequences %d deep: the list answers %d: %s", depth, w.Code, w.Body)
		}
	}
}

// shelf is a list in memory.
type shelf struct {
	Workitems
	items []Workitem
}

func (s shelf) All(_ context.Context, visit func(Workitem) bool) error {
	for _, item := range s.items {
		if !visit(item) {
			break
		}
	}
	return nil
}

// One answer holds a bounded part of the list; the rest is had by asking on.
func TestSearchBoundsItsAnswer(t *testing.T) {
	const each, fit = 1 << 20, maxFoundBytes >> 20
	set := asked()
	set["00091001"] = Element{VR: "UN", Binary: make([]byte, each)}
	var list shelf
	for n := range fit + 3 {
		list.items = append(list.items, Workitem{UID: fmt.Sprintf("2.25.%d", n+1), State: Scheduled, Attributes: set})
	}
	server, err := NewServer(Config{Workitems: list})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		offset, found int
		warning       string
	}{{0, fit, "3 additional results"}, {fit, 3, ""}} {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/workitems?limit=1000&offset=%d", c.offset), nil))
		found := strings.Count(w.Body.String(), `"2.25.`)
		if w.Code != 200 || found != c.found || !strings.Contains(w.Header().Get("Warning"), c.warning) {
			t.Errorf("from %d on: %d, %d items, warning %q", c.offset, w.Code, found, w.Header().Get("Warning"))
		}
	}
}
