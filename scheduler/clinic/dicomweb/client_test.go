package dicomweb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func held(data []byte) Object {
	return Object{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, Bytes: int64(len(data))}
}

// clientOf speaks to a server that answers as it is told.
func clientOf(t testing.TB, answer http.HandlerFunc) *Client {
	t.Helper()
	host := httptest.NewServer(answer)
	t.Cleanup(host.Close)
	base, err := url.Parse(host.URL + "/web")
	if err != nil {
		t.Fatal(err)
	}
	return &Client{Base: base}
}

func TestClientStoresInOurServer(t *testing.T) {
	k := newKeeper()
	k.fault = map[string]error{"1.3": ErrOutOfResources}
	client := clientOf(t, storeServer(t, k, nil).ServeHTTP)
	objects := []Object{held(plainFile("1.1")), held(plainFile("1.2")), held(plainFile("1.3"))}
	stored, err := client.Store(t.Context(), someStudy, objects)
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok || !refused.Temporary() || refused.Reason != 0xA700 {
		t.Errorf("a full server: %v", err)
	}
	if stored[0].Err != nil || stored[1].Err != nil || stored[2].Err == nil || stored[1].SOPInstanceUID != "1.2" {
		t.Errorf("%+v", stored)
	}
	if !bytes.Equal(k.kept["1.2"], plainFile("1.2")) || len(k.kept) != 2 {
		t.Error("what came is not what was sent")
	}
	if _, err := client.Store(t.Context(), "1.9.9", objects[:1]); err == nil {
		t.Error("an object went into another study")
	}
}

// TestClientDividesWhatIsLarge sends more than one request holds; no file is held in memory.
func TestClientDividesWhatIsLarge(t *testing.T) {
	k := newKeeper()
	client := clientOf(t, storeServer(t, k, nil).ServeHTTP)
	var objects []Object
	pixels := strings.Repeat("pixels\x00\x00", maxRequestBytes/24) // a third of a request
	for n := range 4 {
		objects = append(objects, held(part10(explicit, fmt.Sprintf("1.%d", n), func(w *writer) { w.text(0x7FE0_0010, "OW", pixels) })))
	}
	if _, err := client.Store(t.Context(), "", objects); err != nil {
		t.Fatal(err)
	}
	if len(k.kept) != 4 || len(k.ended) != 2 {
		t.Errorf("%d objects in %d requests, want 4 in 2", len(k.kept), len(k.ended))
	}
}

func TestClientLooksIntoTheAnswer(t *testing.T) {
	names := func(outcomes ...outcome) string {
		data, err := json.Marshal(answerSet(outcomes))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	ours := Reference{someClass, "1.1"}
	for name, c := range map[string]struct {
		status int
		body   string
		want   error // nil: stored; errors.New: any error
	}{
		"stored":                     {200, names(outcome{Reference: ours}), nil},
		"stored, changed":            {200, names(outcome{Reference: ours, Warning: 0xB000}), nil},
		"stored, in an array":        {200, "[" + names(outcome{Reference: ours}) + "]", nil},
		"accepted and stored":        {202, names(outcome{Reference: ours}), nil},
		"200 with nothing":           {200, "", ErrNotAcknowledged},
		"200 with empty lists":       {200, `{"00081198":{"vr":"SQ"},"00081199":{"vr":"SQ"}}`, ErrNotAcknowledged},
		"another instance":           {200, names(outcome{Reference: Reference{someClass, "1.9"}}), ErrNotAcknowledged},
		"another class":              {200, names(outcome{Reference: Reference{"1.2.840.1", "1.1"}}), ErrNotAcknowledged},
		"refused":                    {409, names(outcome{Reference: ours, Failure: 0xC122}), &RefusedError{0xC122}},
		"refused without a reason":   {200, `{"00081198":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["` + someClass + `"]},"00081155":{"vr":"UI","Value":["1.1"]}}]}}`, &RefusedError{0x0110}},
		"stored and refused at once": {200, names(outcome{Reference: ours}, outcome{Reference: ours, Failure: 0xA900}), &RefusedError{0xA900}},
		"conflict in plain words":    {409, "no", &StatusError{Status: 409}},
		"bad request":                {400, "<html>", &StatusError{Status: 400}},
		"a page":                     {200, "<html>", errors.New("any")},
		"unauthorized":               {401, "", &StatusError{Status: 401}},
		"too large for a proxy":      {413, "", &StatusError{Status: 413}},
		"busy":                       {503, "", &StatusError{Status: 503}},
		"elsewhere":                  {307, "", &StatusError{Status: 307}},
		"endless":                    {200, `{"00081190":{"vr":"UR","Value":["` + strings.Repeat("x", maxAnswerBytes) + `"]}}`, errors.New("any")},
	} {
		t.Run(name, func(t *testing.T) {
			client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/web/studies" {
					t.Error("a redirection was followed")
				}
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					t.Error(err)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			stored, err := client.Store(t.Context(), "", []Object{held(plainFile("1.1"))})
			if (err == nil) != (c.want == nil) || (stored[0].Err == nil) != (err == nil) {
				t.Fatalf("got %v, %v, want %v", err, stored[0].Err, c.want)
			}
			switch want := c.want.(type) {
			case *RefusedError:
				if got, ok := errors.AsType[*RefusedError](err); !ok || *got != *want {
					t.Errorf("got %v, want %v", err, want)
				}
			case *StatusError:
				if got, ok := errors.AsType[*StatusError](err); !ok || got.Status != want.Status {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			if c.want == ErrNotAcknowledged && !errors.Is(err, ErrNotAcknowledged) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "1.1") {
				t.Errorf("the error names an instance: %v", err)
			}
		})
	}
}

func TestClientSendsNothingInTheClear(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://pacs.example/dicom-web": true, "http://127.0.0.1:8042/dicom-web": true, "http://[::1]/": true, "http://localhost/": true,
		"http://pacs.example/dicom-web": false, "http://10.1.2.3/": false, "ftp://127.0.0.1/": false,
		"https://anna:secret@pacs.example/": false, "https://pacs.example/?x=1": false, "/dicom-web": false,
	} {
		base, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&Client{Base: base}).secure(); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := (&Client{Base: &url.URL{Scheme: "http", Host: "10.1.2.3"}, Plain: true}).secure(); err != nil {
		t.Errorf("a closed network: %v", err)
	}
	if err := (&Client{}).secure(); err == nil {
		t.Error("no address was taken")
	}
}

func TestClientAuthorizes(t *testing.T) {
	folder := t.TempDir()
	files := 0
	file := func(content string) string {
		files++
		path := filepath.Join(folder, fmt.Sprint(files))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	seen := make(chan string, 1)
	client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusNoContent)
	})
	for want, authorize := range map[string]func() (string, error){
		"Bearer abc.def":         BearerFile(file("abc.def\n")),
		"Basic YW5uYTpzZTpjcmV0": BasicFile(file("anna:se:cret")),
	} {
		client.Authorization = authorize
		if _, err := client.Search(t.Context(), Query{}); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for name, authorize := range map[string]func() (string, error){
		"no file": BearerFile(filepath.Join(folder, "none")), "empty": BearerFile(file(" \n")), "two lines": BearerFile(file("a\nbb")), "no colon": BasicFile(file("anna")),
	} {
		client.Authorization = authorize
		if _, err := client.Search(t.Context(), Query{}); err == nil || strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server that hangs is let go; one that is slow but moves is not.
func TestClientLetsSilentServersGo(t *testing.T) {
	done := make(chan struct{})
	client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // it may be cut off
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", multipartType)
			_, _ = w.Write(body(object("1.1"))[:300])
			_ = http.NewResponseController(w).Flush()
		}
		<-done
	})
	defer close(done)
	client.Idle = 100 * time.Millisecond
	if _, err := client.Store(t.Context(), "", []Object{held(plainFile("1.1"))}); !errors.Is(err, errSilent) {
		t.Errorf("store: %v", err)
	}
	if _, err := client.Retrieve(t.Context(), someStudy, drop); !errors.Is(err, errSilent) {
		t.Errorf("retrieve: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Search(ctx, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled search: %v", err)
	}
}

func drop(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func TestClientRetrieves(t *testing.T) {
	full := errors.New("disk full")
	for name, c := range map[string]struct {
		contentType string
		body        []byte
		keep        func(io.Reader) error
		kept        int
		ok          bool
	}{
		"two objects":        {multipartType, body(object("1.1"), object("1.2")), drop, 2, true},
		"type unquoted":      {`multipart/related; boundary=between;type=application/dicom`, body(object("1.1")), drop, 1, true},
		"one alone":          {typeDICOM, plainFile("1.1"), drop, 1, true},
		"none":               {multipartType, body(), drop, 0, false},
		"broken off within":  {multipartType, body(object("1.1"), object("1.2"))[:1500], drop, 1, false},
		"broken off between": {multipartType, body(object("1.1"))[:len(body(object("1.1")))-4], drop, 1, false},
		"a page":             {"text/html", []byte("<html>"), drop, 0, false},
		"no type":            {"", nil, drop, 0, false},
		"nobody keeps it":    {multipartType, body(object("1.1")), func(io.Reader) error { return full }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/web/studies/"+someStudy || !strings.Contains(r.Header.Get("Accept"), "transfer-syntax=*") {
					t.Errorf("%s with %v", r.URL.Path, r.Header)
				}
				w.Header()["Content-Type"] = []string{c.contentType}
				_, _ = w.Write(c.body)
			})
			kept, err := client.Retrieve(t.Context(), someStudy, c.keep)
			if kept != c.kept || (err == nil) != c.ok {
				t.Errorf("kept %d, %v, want %d, %v", kept, err, c.kept, c.ok)
			}
			if err != nil && strings.Contains(err.Error(), someStudy) {
				t.Errorf("the error names a study: %v", err)
			}
		})
	}
	client := clientOf(t, http.NotFound)
	if _, err := client.Retrieve(t.Context(), "../1.2", drop); err == nil {
		t.Error("a path was taken for a UID")
	}
}

func TestClientSearches(t *testing.T) {
	client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		want := url.Values{"PatientID": {"4711"}, "StudyDate": {"20260101-20260131"}, "ModalitiesInStudy": {"MR"}, "limit": {"2"}, "includefield": {tagStudyDescription}}
		if r.URL.RawQuery != want.Encode() {
			t.Errorf("asked %s", r.URL.RawQuery)
		}
		_, _ = io.WriteString(w, `[{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00080061":{"vr":"CS","Value":["MR","SR"]},
			"00100010":{"vr":"PN","Value":[{"Alphabetic":"A^B"}]},"00201208":{"vr":"IS","Value":[7]}},
			{"0020000D":{"vr":"UI","Value":["1.2.4"]}},{"0020000D":{"vr":"UI","Value":["1.2.5"]}}]`)
	})
	found, err := client.Search(t.Context(), Query{PatientID: "4711", StudyDate: "20260101-20260131", Modality: "MR", Limit: 2})
	if err != nil || len(found) != 2 {
		t.Fatalf("%v, %v", found, err)
	}
	if s := found[0]; s.StudyUID != "1.2.3" || s.PatientName != "A^B" || s.Instances != 7 || !slices.Equal(s.Modalities, []string{"MR", "SR"}) {
		t.Errorf("%+v", s)
	}
	bad := clientOf(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `[{"0020000D":{"vr":"UI","Value":["../etc"]}}]`)
	})
	if _, err := bad.Search(t.Context(), Query{}); err == nil {
		t.Error("a study of no UID was taken")
	}
}

// A file that is another than it was when it was looked at is not sent as if it were whole.
func TestClientNoticesAFileThatChanges(t *testing.T) {
	k := newKeeper()
	client := clientOf(t, storeServer(t, k, nil).ServeHTTP)
	short := held(plainFile("1.1"))
	short.Bytes += 10
	stored, err := client.Store(t.Context(), "", []Object{short})
	if err == nil || stored[0].Err == nil || len(k.kept) != 0 {
		t.Errorf("%v, %d kept", err, len(k.kept))
	}
	missing, err := FileObject(filepath.Join(t.TempDir(), "none", "Mueller.dcm"))
	if err == nil || strings.Contains(err.Error(), "Mueller") {
		t.Errorf("%+v, %v", missing, err)
	}
	path := filepath.Join(t.TempDir(), "file.dcm")
	if err := os.WriteFile(path, plainFile("1.2"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := FileObject(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Store(t.Context(), "", []Object{file}); err != nil || !bytes.Equal(k.kept["1.2"], plainFile("1.2")) {
		t.Errorf("a file: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Store(t.Context(), "", []Object{file}); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "file.dcm") {
		t.Errorf("a file that is gone: %v", err)
	}
}

func FuzzStoreAnswer(f *testing.F) {
	f.Add(200, []byte(`{"00081199":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["`+someClass+`"]},"00081155":{"vr":"UI","Value":["1.1"]}}]}}`))
	f.Add(409, []byte(`{"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[43264]}}]}}`))
	f.Add(400, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		said, err := readStored(&http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(data))})
		if err != nil {
			return
		}
		for reference, o := range said {
			if o.Failure == 0 && !bytes.Contains(data, []byte("00081199")) {
				t.Fatalf("%+v was taken for stored", reference)
			}
		}
	})
}

// A server's answer to a store of as many objects as one request may hold is read to its end.
func TestClientReadsTheAnswerToManyObjects(t *testing.T) {
	var stored []Dataset
	for n := range defaultMaxObjects {
		instance := fmt.Sprintf("1.2.840.113619.2.55.3.2831.%d", n)
		stored = append(stored, Dataset{
			tagReferencedClass: text("UI", someClass), tagReferencedInstance: text("UI", instance), tagWarningReason: reasonElement(0xB000),
			tagRetrieveURL: text("UR", "https://pacs.example/dicom-web/studies/"+someStudy+"/series/1.2.3.4/instances/"+instance),
		})
	}
	data, err := json.Marshal([]Dataset{{tagReferencedSOPSequence: sequence(stored...)}})
	if err != nil {
		t.Fatal(err)
	}
	said, err := readStored(&http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(data))})
	if err != nil || len(said) != defaultMaxObjects {
		t.Fatalf("%d of %d objects are named, %v", len(said), defaultMaxObjects, err)
	}
}
