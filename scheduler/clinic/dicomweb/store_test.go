package dicomweb

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// keeper is a Receiver in memory. It answers by instance what fault names.
type keeper struct {
	fault map[string]error

	mu    sync.Mutex // guards what follows
	kept  map[string][]byte
	cut   int // objects that broke off
	seen  []Incoming
	ended map[uint64]int
}

func newKeeper() *keeper { return &keeper{kept: map[string][]byte{}, ended: map[uint64]int{}} }

func (k *keeper) Receive(_ context.Context, in Incoming, data io.Reader) error {
	content, err := io.ReadAll(data)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = append(k.seen, in)
	if err != nil {
		k.cut++
		return fmt.Errorf("keep an object: %w", err)
	}
	if err := k.fault[in.SOPInstanceUID]; err != nil {
		return err
	}
	k.kept[in.SOPInstanceUID] = content
	return nil
}

func (k *keeper) end(request uint64, kept int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended[request] = kept
}

const boundary = "between"

// part is one of a multipart body.
type part struct{ mediaType, data string }

func body(parts ...part) []byte {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary(boundary) // a valid one
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		if p.mediaType != "" {
			header.Set("Content-Type", p.mediaType)
		}
		one, _ := w.CreatePart(header) // into memory
		_, _ = io.WriteString(one, p.data)
	}
	_ = w.Close()
	return b.Bytes()
}

const multipartType = `multipart/related; type="application/dicom"; boundary=` + boundary

func object(instance string) part { return part{typeDICOM, string(plainFile(instance))} }

func storeServer(t testing.TB, k *keeper, change func(*Config)) *Server {
	t.Helper()
	c := Config{Receiver: k, Base: "/web", RequestEnded: k.end}
	if change != nil {
		change(&c)
	}
	s, err := NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func post(s http.Handler, path, contentType string, data []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(data))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept", typeJSON)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestStoreAnswersForEachObject(t *testing.T) {
	no := func(err error) map[string]error { return map[string]error{"1.2": fmt.Errorf("keep: %w", err)} }
	for name, c := range map[string]struct {
		path   string
		parts  []part
		fault  map[string]error
		status int
		kept   int
		failed map[string]uint16 // by instance; empty for one without a name
	}{
		"all":               {"/web/studies", []part{object("1.1"), object("1.2")}, nil, 200, 2, nil},
		"into their study":  {"/web/studies/" + someStudy, []part{object("1.1")}, nil, 200, 1, nil},
		"into another":      {"/web/studies/1.9.9", []part{object("1.1")}, nil, 409, 0, map[string]uint16{"1.1": 0xA900}},
		"full":              {"/web/studies", []part{object("1.1"), object("1.2")}, no(ErrOutOfResources), 202, 1, map[string]uint16{"1.2": 0xA700}},
		"mismatch":          {"/web/studies", []part{object("1.2")}, no(ErrDataSetMismatch), 409, 0, map[string]uint16{"1.2": 0xA900}},
		"unreadable":        {"/web/studies", []part{object("1.2")}, no(ErrCannotUnderstand), 409, 0, map[string]uint16{"1.2": 0xC000}},
		"class":             {"/web/studies", []part{object("1.2")}, no(ErrNotSupported), 409, 0, map[string]uint16{"1.2": 0x0122}},
		"conflict":          {"/web/studies", []part{object("1.2")}, no(ErrConflict), 409, 0, map[string]uint16{"1.2": 0x0111}},
		"anything else":     {"/web/studies", []part{object("1.2")}, no(io.ErrShortWrite), 409, 0, map[string]uint16{"1.2": 0x0110}},
		"no DICOM":          {"/web/studies", []part{{typeDICOM, "hello"}, object("1.1")}, nil, 202, 1, map[string]uint16{"": 0xC000}},
		"another type":      {"/web/studies", []part{{"image/png", string(plainFile("1.1"))}}, nil, 409, 0, map[string]uint16{"": 0xC000}},
		"no type":           {"/web/studies", []part{{"", string(plainFile("1.1"))}}, nil, 200, 1, nil},
		"type with syntax":  {"/web/studies", []part{{typeDICOM + "; transfer-syntax=" + explicit, string(plainFile("1.1"))}}, nil, 200, 1, nil},
		"a study of no UID": {"/web/studies/Mueller", []part{object("1.1")}, nil, 400, 0, nil},
		"no object":         {"/web/studies", nil, nil, 400, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper()
			k.fault = c.fault
			w := post(storeServer(t, k, nil), c.path, multipartType, body(c.parts...))
			if w.Code != c.status || len(k.kept) != c.kept {
				t.Fatalf("%d with %d kept, want %d with %d: %s", w.Code, len(k.kept), c.status, c.kept, w.Body)
			}
			if c.status == http.StatusBadRequest {
				return
			}
			sets, err := DecodeDatasets(w.Body, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(sets[0].Items(tagReferencedSOPSequence)); got != c.kept {
				t.Errorf("the answer names %d as stored, want %d", got, c.kept)
			}
			failed := map[string]uint16{}
			for _, tag := range []string{tagFailedSOPSequence, tagOtherFailures} {
				for _, item := range sets[0].Items(tag) {
					failed[item.Text(tagReferencedInstance)] = readReason(item, tagFailureReason)
				}
			}
			if fmt.Sprint(failed) != fmt.Sprint(c.failed) {
				t.Errorf("the answer names %v as failed, want %v", failed, c.failed)
			}
			if k.ended[1] != c.kept {
				t.Errorf("the end of the request tells of %d, want %d", k.ended[1], c.kept)
			}
		})
	}
}

// Retrieve URL is of type 2: it must be there, and may be empty (PS3.18 table I.1-1).
func TestStoreAnswersWithARetrieveURL(t *testing.T) {
	k := newKeeper()
	k.fault = map[string]error{"1.2": ErrNotSupported}
	w := post(storeServer(t, k, nil), "/web/studies", multipartType, body(object("1.1"), object("1.2")))
	sets, err := DecodeDatasets(w.Body, 1)
	if err != nil {
		t.Fatal(err)
	}
	stored, failed := sets[0].Items(tagReferencedSOPSequence), sets[0].Items(tagFailedSOPSequence)
	if len(stored) != 1 || len(failed) != 1 || sets[0][tagRetrieveURL].VR != "UR" || stored[0][tagRetrieveURL].VR != "UR" {
		t.Errorf("%+v", sets[0])
	}
}

func TestStoreHandsOnWhoAndWhat(t *testing.T) {
	k := newKeeper()
	s := storeServer(t, k, func(c *Config) { c.User = func(r *http.Request) string { return r.Header.Get("Accept") } })
	file := plainFile("1.1")
	if w := post(s, "/web/studies/"+someStudy, typeDICOM, file); w.Code != http.StatusOK { // one object, no multipart
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	in := k.seen[0]
	if in.Address.String() != "192.0.2.1" || in.User != typeJSON || in.Request != 1 || in.StudyUID != someStudy ||
		in.SOPClassUID != someClass || in.SOPInstanceUID != "1.1" || in.TransferSyntaxUID != explicit {
		t.Errorf("%+v", in)
	}
	if !bytes.Equal(k.kept["1.1"], file) {
		t.Error("the file came with other bytes")
	}
}

func TestStoreRefusesWhatItCannotAnswer(t *testing.T) {
	s := storeServer(t, newKeeper(), nil)
	for name, c := range map[string]struct {
		contentType, accept string
		status              int
	}{
		"no type":        {"", "", 415},
		"JSON":           {"application/dicom+json", "", 415},
		"metadata":       {`multipart/related; type="application/dicom+json"; boundary=b`, "", 415},
		"no boundary":    {`multipart/related; type="application/dicom"`, "", 400},
		"long boundary":  {`multipart/related; boundary=` + strings.Repeat("b", maxBoundary+1), "", 400},
		"type unquoted":  {`multipart/related; type=application/dicom; boundary=` + boundary, "", 200},
		"type missing":   {`multipart/related; boundary=` + boundary, "", 200},
		"XML wanted":     {multipartType, "application/dicom+xml", 406},
		"JSON unwanted":  {multipartType, "application/dicom+json; q=0, text/html", 406},
		"anything taken": {multipartType, "text/html, */*;q=0.1", 200},
		"nothing said":   {multipartType, "", 200},
	} {
		r := httptest.NewRequest(http.MethodPost, "/web/studies", bytes.NewReader(body(object("1.1"))))
		r.Header.Set("Content-Type", c.contentType)
		if c.accept != "" {
			r.Header.Set("Accept", c.accept)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.status, w.Body)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/web/studies", bytes.NewReader(body(object("1.1"))))
	r.Header.Set("Content-Type", multipartType)
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a compressed body: %d", w.Code)
	}
}

func TestStoreBoundsItself(t *testing.T) {
	k := newKeeper()
	size := int64(len(plainFile("1.1")))
	s := storeServer(t, k, func(c *Config) { c.MaxObjectBytes, c.MaxObjects = size, 3 })
	if w := post(s, "/web/studies", multipartType, body(object("1.1"))); w.Code != http.StatusOK {
		t.Errorf("an object as large as one may be: %d", w.Code)
	}
	large := object("1.2")
	large.data += "x"
	if w := post(s, "/web/studies", multipartType, body(large)); w.Code != http.StatusConflict || k.cut != 1 || len(k.kept) != 1 {
		t.Errorf("a byte more: %d, kept %d: %s", w.Code, len(k.kept), w.Body)
	}
	four := body(object("2.1"), object("2.2"), object("2.3"), object("2.4"))
	if w := post(s, "/web/studies", multipartType, four); w.Code != http.StatusAccepted || len(k.kept) != 4 {
		t.Errorf("too many objects: %d, kept %d", w.Code, len(k.kept))
	}
}

// What is sent holds names that stand nowhere else, on every way that a store ends; none of
// them gets into the log, not even out of an error of the receiver's.
func TestStoreLogsNobody(t *testing.T) {
	const study, other, instance, another = "1.2.826.0.1.991", "1.2.826.0.1.992", "1.2.840.77.1", "1.2.840.77.2"
	file := func(uid string) part {
		return part{typeDICOM, string(part10(explicit, uid, func(w *writer) {
			w.text(0x0008_0016, "UI", someClass)
			w.text(0x0008_0050, "SH", "ACC-4711")
			w.text(0x0010_0010, "PN", "Invented^Person")
			w.text(studyInstanceUID, "UI", study)
		}))}
	}
	secrets := []string{study, other, instance, another, "Invented", "ACC-4711", "192.0.2"}
	for name, c := range map[string]struct {
		path   string
		parts  []part
		cut    int // bytes that are missing at the end
		fault  error
		status int
		says   string
	}{
		"stored":          {"/web/studies/" + study, []part{file(instance)}, 0, nil, 200, "kept=1"},
		"another study":   {"/web/studies/" + other, []part{file(instance), {"image/png", "x"}}, 0, nil, 409, "data set does not match (A900)"},
		"refused":         {"/web/studies", []part{file(instance), file(another)}, 0, fmt.Errorf("keep %s of %s: %w", instance, study, ErrConflict), 202, "another object is kept"},
		"another failure": {"/web/studies", []part{file(instance)}, 0, fmt.Errorf("write /inbox/%s/%s: disk full", study, instance), 409, "processing failure"},
		"cut":             {"/web/studies/" + study, []part{file(instance), file(another)}, 40, nil, 202, "broken=true"},
	} {
		sent := body(c.parts...)
		for _, secret := range []string{study, instance, "Invented", "ACC-4711"} {
			if !bytes.Contains(sent, []byte(secret)) {
				t.Fatalf("%s: what is sent does not hold %q: its absence from the log would prove nothing", name, secret)
			}
		}
		var log bytes.Buffer
		k := newKeeper()
		k.fault = map[string]error{instance: c.fault}
		s := storeServer(t, k, func(conf *Config) {
			conf.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		if w := post(s, c.path, multipartType, sent[:len(sent)-c.cut]); w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.status, w.Body)
		}
		for _, secret := range secrets {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%s: the log holds %q: %s", name, secret, log.String())
			}
		}
		if !strings.Contains(log.String(), c.says) {
			t.Errorf("%s: the log does not say %q: %s", name, c.says, log.String())
		}
	}
}

func FuzzStore(f *testing.F) {
	f.Add(multipartType, body(object("1.1"), part{"image/png", "x"}))
	f.Add(typeDICOM, plainFile("1.1"))
	f.Add(multipartType, []byte("--between\r\n\r\n--between--"))
	f.Fuzz(func(t *testing.T, contentType string, data []byte) {
		k := newKeeper()
		w := post(storeServer(t, k, func(c *Config) { c.MaxObjectBytes = 1 << 20 }), "/web/studies/"+someStudy, contentType, data)
		if w.Code != http.StatusOK && w.Code != http.StatusAccepted && w.Code != http.StatusConflict {
			if len(k.kept) > 0 {
				t.Fatalf("%d objects kept and %d answered", len(k.kept), w.Code)
			}
			return
		}
		sets, err := DecodeDatasets(w.Body, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range sets[0].Items(tagReferencedSOPSequence) {
			if k.kept[item.Text(tagReferencedInstance)] == nil {
				t.Fatal("the answer names what was not kept")
			}
		}
	})
}
