package fetch_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/fetch"
	"github.com/medhive/medhive/models/internal/parcel"
	"github.com/medhive/medhive/models/store"
)

// weights is long enough to be cut.
var weights = bytes.Repeat([]byte("0123456789abcdef"), 1<<14)

// hurried are options under which a test does not wait.
func hurried() fetch.Options { return fetch.Options{Pause: time.Millisecond} }

func newStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t *testing.T) *models.PublisherKey {
	t.Helper()
	key, err := parcel.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// pack writes a signed package with everything in it.
func pack(t *testing.T, key *models.PublisherKey) (dir string, d models.Digest) {
	t.Helper()
	return write(t, parcel.Parcel{ID: "lung", Version: "1.2.0", Weights: weights, Card: "# Lung", Study: bytes.Repeat([]byte("s"), 3000), Key: key})
}

func write(t *testing.T, p parcel.Parcel) (dir string, d models.Digest) {
	t.Helper()
	dir = t.TempDir()
	d, err := p.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, d
}

func trusting(key *models.PublisherKey) fetch.Policy {
	return fetch.Policy{Trusted: func(publisher string) bool { return publisher == key.Publisher() }}
}

// wantPackage checks that the store has the package, whole.
func wantPackage(t *testing.T, r store.Record, err error, d models.Digest) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := models.VerifyFolder(r.Folder); err != nil || c.Digest != d {
		t.Errorf("%v, digest %s, want %s", err, c.Digest, d)
	}
}

func wantNothing(t *testing.T, s *store.Store) {
	t.Helper()
	if records, err := s.List(); err != nil || len(records) > 0 {
		t.Errorf("%v; the store has %v", err, records)
	}
}

func TestFolder(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	s := newStore(t)
	var last fetch.Progress
	o := hurried()
	o.Progress = func(p fetch.Progress) {
		if p.Done < last.Done || p.Done > p.Total {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}
	r, err := fetch.Fetch(t.Context(), s, fetch.Folder(dir), trusting(key), o)
	wantPackage(t, r, err, d)
	if r.Publisher != key.Publisher() {
		t.Errorf("publisher %q", r.Publisher)
	}
	if last.Done != last.Total || last.Done < int64(len(weights)) {
		t.Errorf("the last progress is %+v", last)
	}
	again, err := fetch.Fetch(t.Context(), s, fetch.Folder(dir), trusting(key), o)
	wantPackage(t, again, err, d)
}

func TestPolicy(t *testing.T) {
	key, other := newKey(t), newKey(t)
	signed, d := pack(t, key)
	unsigned, bare := write(t, parcel.Parcel{ID: "lung", Version: "1.2.0", Weights: weights})
	half := copyOf(t, signed)
	removeFile(t, half, models.SignatureFile)
	naked := copyOf(t, signed)
	removeFile(t, naked, models.SignatureFile)
	removeFile(t, naked, models.SumsFile)
	forged := copyOf(t, signed)
	writeFile(t, forged, models.CardFile, []byte("# a wonder drug"))
	sums, err := models.SumFolder(forged)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, forged, models.SumsFile, sums.Text())
	for name, c := range map[string]struct {
		dir    string
		policy fetch.Policy
		want   string // in the error; empty: it is taken
	}{
		"signed by one who is trusted":   {signed, trusting(key), ""},
		"signed by a stranger":           {signed, trusting(other), "medhive model trust"},
		"nobody is trusted":              {signed, fetch.Policy{}, "is not trusted"},
		"a stranger, but this digest":    {signed, fetch.Policy{Digest: d}, ""},
		"another digest":                 {signed, fetch.Policy{Digest: bare, Trusted: trusting(key).Trusted}, "not " + bare.String()},
		"unsigned":                       {unsigned, trusting(key), "nobody signed"},
		"unsigned, knowingly":            {unsigned, fetch.Policy{Unsigned: true}, ""},
		"unsigned, this digest":          {unsigned, fetch.Policy{Digest: bare}, ""},
		"the signature was lost":         {half, fetch.Policy{Digest: d, Unsigned: true}, "has not signed"},
		"sums were lost, too":            {naked, fetch.Policy{Digest: d, Unsigned: true}, "has not signed"},
		"a forged card with fitting sum": {forged, fetch.Policy{Digest: d, Unsigned: true}, "not by the manifest's publisher"},
		"no package":                     {t.TempDir(), fetch.Policy{Unsigned: true}, "check the reference"},
	} {
		s := newStore(t)
		_, err := fetch.Fetch(t.Context(), s, fetch.Folder(c.dir), c.policy, hurried())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		if c.want != "" {
			wantNothing(t, s)
		}
	}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func removeFile(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolderLinksLeadNowhere(t *testing.T) {
	dir, _ := write(t, parcel.Parcel{ID: "lung", Version: "1.2.0", Weights: weights})
	secret := filepath.Join(t.TempDir(), "secret")
	writeFile(t, filepath.Dir(secret), "secret", weights)
	removeFile(t, dir, "w.onnx")
	if err := os.Symlink(secret, filepath.Join(dir, "w.onnx")); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	if _, err := fetch.Fetch(t.Context(), s, fetch.Folder(dir), fetch.Policy{Unsigned: true}, hurried()); err == nil {
		t.Error("a link out of the folder was followed")
	}
	wantNothing(t, s)
}

// shop is a web server with a package whose answers a test can bend.
type shop struct {
	*httptest.Server
	mu     sync.Mutex         // guards the fields below
	asked  []string           // name and Range of each request
	answer http.HandlerFunc   // nil: files as they are
	cuts   map[string][]int64 // after how many bytes the next answers for a file end
	dir    string
}

func newShop(t *testing.T, dir string) *shop {
	t.Helper()
	s := &shop{dir: dir, cuts: map[string][]int64{}}
	files := http.FileServer(http.Dir(dir))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Base(r.URL.Path)
		s.mu.Lock()
		s.asked = append(s.asked, strings.TrimSpace(name+" "+r.Header.Get("Range")))
		answer, cut := s.answer, int64(-1)
		if rest := s.cuts[name]; len(rest) > 0 {
			cut, s.cuts[name] = rest[0], rest[1:]
		}
		s.mu.Unlock()
		switch {
		case answer != nil:
			answer(w, r)
		case cut >= 0:
			files.ServeHTTP(&cutWriter{w, cut}, r)
		default:
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *shop) bend(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// cutWriter breaks the connection after some bytes of the body.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) < c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	if err := http.NewResponseController(c.ResponseWriter).Flush(); err != nil {
		panic(err)
	}
	panic(http.ErrAbortHandler)
}

func (s *shop) source(t *testing.T) *fetch.HTTPS {
	t.Helper()
	from, err := fetch.NewHTTPS(s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return from
}

func TestHTTPSGoesOnAfterCuts(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	web.cuts["w.onnx"] = []int64{100_000, 50_000, 0}
	web.cuts["manifest.json"] = []int64{10}
	web.cuts["SHA256SUMS"] = []int64{10}
	r, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
	wantPackage(t, r, err, d)
	for _, want := range []string{"w.onnx", "w.onnx bytes=100000-", "w.onnx bytes=150000-"} {
		if !slices.Contains(web.requests(), want) {
			t.Errorf("%q was not asked for: %q", want, web.requests())
		}
	}
}

// Whatever one Fetch has brought, the next one does not bring again.
func TestNextFetchGoesOn(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	web.cuts["w.onnx"] = []int64{100_000, 0, 0, 0, 0, 0, 0, 0}
	_, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
	if err == nil || !strings.Contains(err.Error(), "goes on from 100000 of 262144") {
		t.Fatalf("%v; want a cut", err)
	}
	wantNothing(t, s)
	before := len(web.requests())
	r, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
	wantPackage(t, r, err, d)
	for _, asked := range web.requests()[before:] {
		if asked == "w.onnx" || strings.HasPrefix(asked, "study.tar") {
			t.Errorf("%q was asked for again", asked)
		}
	}
}

func TestCancelledFetchGoesOnElsewhere(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	defer close(released)
	web.bend(func(w http.ResponseWriter, r *http.Request) {
		if filepath.Base(r.URL.Path) != "w.onnx" {
			http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
			return
		}
		_, _ = w.Write(weights[:1000])
		_ = http.NewResponseController(w).Flush()
		<-released // a server that never ends
	})
	o := hurried()
	o.Progress = func(p fetch.Progress) {
		if p.File == "w.onnx" {
			cancel()
		}
	}
	if _, err := fetch.Fetch(ctx, s, web.source(t), trusting(key), o); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v; want the context's error", err)
	}
	wantNothing(t, s)
	r, err := fetch.Fetch(t.Context(), s, fetch.Folder(dir), trusting(key), hurried()) // another source, the same bytes
	wantPackage(t, r, err, d)
}

func TestServerThatStalls(t *testing.T) {
	key := newKey(t)
	dir, _ := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	released := make(chan struct{})
	defer close(released)
	web.bend(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-released
	})
	o := hurried()
	o.Stall = 20 * time.Millisecond
	if _, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), o); err == nil {
		t.Error("a server that says nothing was waited for")
	}
}

// A server that can't resume sends all of it again; one whose file changed is asked for
// the new one from its start.
func TestServersWithoutRange(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	cut := true
	web.bend(func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile(filepath.Join(dir, filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if filepath.Base(r.URL.Path) == "w.onnx" && cut {
			cut = false
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			data = data[:1000]
		}
		_, _ = w.Write(data)
	})
	r, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
	wantPackage(t, r, err, d)
}

func TestSpoiltRestIsFetchedAnew(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	spoilt := slices.Clone(weights)
	spoilt[10] ^= 1
	web.cuts["w.onnx"] = []int64{1000, 0, 0, 0, 0, 0, 0}
	writeFile(t, dir, "w.onnx", spoilt)
	if _, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried()); err == nil {
		t.Fatal("want a cut")
	}
	writeFile(t, dir, "w.onnx", weights)
	r, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
	wantPackage(t, r, err, d)
}

func TestHostileServers(t *testing.T) {
	key := newKey(t)
	dir, _ := pack(t, key)
	endless := func(w http.ResponseWriter) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	files := http.FileServer(http.Dir(dir))
	only := func(name string, answer http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if filepath.Base(r.URL.Path) == name {
				answer(w, r)
				return
			}
			files.ServeHTTP(w, r)
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"endless sums":     {only("SHA256SUMS", func(w http.ResponseWriter, _ *http.Request) { endless(w) }), "more than"},
		"endless manifest": {only("manifest.json", func(w http.ResponseWriter, _ *http.Request) { endless(w) }), "more than"},
		"endless weights":  {only("w.onnx", func(w http.ResponseWriter, _ *http.Request) { endless(w) }), "arrived"},
		"other weights": {only("w.onnx", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), len(weights))) }),
			"was promised"},
		"another manifest": {only("manifest.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }), "manifest"},
		"forbidden":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "refuses"},
		"out of order":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "try again later"},
		"in another place": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://models.example/x", http.StatusFound)
		}, "not encrypted"},
		"in circles": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "redirect"},
		"a range it was not asked for": {only("w.onnx", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 77-262143/262144")
			w.WriteHeader(http.StatusPartialContent)
		}), "check the address"},
	} {
		s, web := newStore(t), newShop(t, dir)
		web.bend(c.answer)
		_, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		wantNothing(t, s)
	}
}

func TestAddresses(t *testing.T) {
	for _, bad := range []string{"", "models.example/x", "http://models.example/x", "ftp://models.example", "https://", "https://me:secret@models.example/x", "https://models.example/x?token=1", "https://models.example/x#y", "file:///etc/passwd"} {
		if _, err := fetch.NewHTTPS(bad, nil); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"https://models.example/x", "http://127.0.0.1:80/x", "http://localhost/x", "http://[::1]:80"} {
		if _, err := fetch.NewHTTPS(good, nil); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func TestQuotaIsAskedBeforeTheWeights(t *testing.T) {
	key := newKey(t)
	dir, _ := pack(t, key)
	s, web := newStore(t), newShop(t, dir)
	if err := s.SetQuota(1000); err != nil {
		t.Fatal(err)
	}
	_, err := fetch.Fetch(t.Context(), s, web.source(t), trusting(key), hurried())
	if err == nil || !strings.Contains(err.Error(), "model quota") || slices.Contains(web.requests(), "w.onnx") {
		t.Errorf("%v; asked for %q", err, web.requests())
	}
}

// pack a tar with the files of dir below a folder.
func tarOf(t *testing.T, dir, below string) []byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: below + e.Name(), Mode: 0o600, Size: int64(len(data)), Typeflag: tar.TypeReg})
		}
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchive(t *testing.T) {
	key := newKey(t)
	dir, d := pack(t, key)
	site := t.TempDir()
	archive := tarOf(t, dir, "lung-1.2.0/")
	writeFile(t, site, "lung.tar", archive)
	s, web := newStore(t), newShop(t, site)
	web.cuts["lung.tar"] = []int64{1000, 2000}
	from, err := fetch.NewHTTPS(web.URL+"/lung.tar", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := fetch.FetchArchive(t.Context(), s, from, trusting(key), hurried())
	wantPackage(t, r, err, d)
	if !slices.Contains(web.requests(), "lung.tar bytes=3000-") {
		t.Errorf("asked for %q", web.requests())
	}
	other := newStore(t)
	r, err = fetch.FromFile(t.Context(), other, filepath.Join(site, "lung.tar"), trusting(key), hurried())
	wantPackage(t, r, err, d)

	// A tar that changes between two tries is read anew.
	third := newStore(t)
	web.cuts["lung.tar"] = []int64{1000, 0, 0, 0, 0, 0, 0}
	bent := slices.Clone(archive)
	bent[600] ^= 1
	writeFile(t, site, "lung.tar", bent)
	if _, err := fetch.FetchArchive(t.Context(), third, from, trusting(key), hurried()); err == nil {
		t.Fatal("want a cut")
	}
	writeFile(t, site, "lung.tar", archive)
	r, err = fetch.FetchArchive(t.Context(), third, from, trusting(key), hurried())
	wantPackage(t, r, err, d)
}

// sparseTar is a tar of one file that is all hole: a stranger's 10 kB that become what size says.
func sparseTar(t testing.TB, name string, size int64) []byte {
	t.Helper()
	holes := make([]byte, 512)
	copy(holes, fmt.Sprintf("1\n%d\n0\n", size)) // one piece of data, empty, at the end
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	// The writer makes no sparse files: records of the same length are renamed below.
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(holes)), Typeflag: tar.TypeReg, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"GNV.sparse.major": "1", "GNV.sparse.minor": "0", "GNV.sparse.name": name, "GNV.sparse.realsize": fmt.Sprint(size)}})
	if err == nil {
		_, err = w.Write(holes)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	data := bytes.ReplaceAll(b.Bytes(), []byte("GNV.sparse."), []byte("GNU.sparse."))
	if h, err := tar.NewReader(bytes.NewReader(data)).Next(); err != nil || h.Size != size {
		t.Fatalf("no sparse file: %v %+v", err, h)
	}
	return data
}

// What a tar writes is bounded by what the store could take in, before it is written.
func TestArchiveOutgrowsTheStore(t *testing.T) {
	key := newKey(t)
	dir, _ := pack(t, key)
	archive := filepath.Join(t.TempDir(), "x.tar")
	large := bytes.Repeat([]byte{1}, 3<<20)
	writeFile(t, dir, "stowaway", large)
	writeFile(t, filepath.Dir(archive), "x.tar", tarOf(t, dir, ""))
	s := newStore(t)
	if err := s.SetQuota(1 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch.FromFile(t.Context(), s, archive, trusting(key), hurried()); err == nil || !strings.Contains(err.Error(), "model quota") {
		t.Errorf("more than the store holds: %v", err)
	}
	wantNothing(t, s)
	into := t.TempDir()
	if err := fetch.Unpack(bytes.NewReader(tarOf(t, dir, "")), into, 1<<20); err == nil || !strings.Contains(err.Error(), "model quota") {
		t.Errorf("unpacked more than the limit: %v", err)
	}
	if _, err := os.Stat(filepath.Join(into, "stowaway")); err == nil {
		t.Error("it was written before it was counted")
	}
}

func TestHostileArchives(t *testing.T) {
	entry := func(h tar.Header, data string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h.Size = int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, data); err != nil && h.Typeflag == tar.TypeReg {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	many := &bytes.Buffer{}
	w := tar.NewWriter(many)
	for n := range 100 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprint("f", n), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	declared := &bytes.Buffer{} // and not there
	if err := tar.NewWriter(declared).WriteHeader(&tar.Header{Name: "manifest.json", Mode: 0o600, Size: models.MaxWeightsBytes + 1, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"a hole":      {sparseTar(t, "manifest.json", 600_000_000), "no plain file"},
		"a device":    {entry(tar.Header{Name: "manifest.json", Typeflag: tar.TypeChar}, ""), "no plain file"},
		"too large":   {declared.Bytes(), "no file of a model package"},
		"noise":       {[]byte(strings.Repeat("noise", 1000)), "fetch it again"},
		"cut":         {entry(tar.Header{Name: "manifest.json", Typeflag: tar.TypeReg}, "0123456789")[:515], "unexpected EOF"},
		"a link":      {entry(tar.Header{Name: "manifest.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""), "no plain file"},
		"a hard link": {entry(tar.Header{Name: "manifest.json", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, ""), "no plain file"},
		"too deep":    {entry(tar.Header{Name: "a/b/manifest.json", Typeflag: tar.TypeReg}, "x"), "another folder"},
		"many":        {many.Bytes(), "more than"},
		"empty":       {nil, "check the reference"},
	} {
		dir := t.TempDir()
		writeFile(t, dir, "x.tar", c.data)
		s := newStore(t)
		_, err := fetch.FromFile(t.Context(), s, filepath.Join(dir, "x.tar"), fetch.Policy{Unsigned: true}, hurried())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		wantNothing(t, s)
	}
	// A way out of the folder ends in it.
	dir := t.TempDir()
	if err := fetch.Unpack(bytes.NewReader(entry(tar.Header{Name: "../../../escaped", Typeflag: tar.TypeReg}, "x")), dir, 1<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "escaped")); err != nil {
		t.Errorf("where is it: %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "x/manifest.json", Mode: 0o600, Size: 2, Typeflag: tar.TypeReg}), func() error { _, err := w.Write([]byte("{}")); return err }(), w.Close()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{})
	f.Add(sparseTar(f, "x/manifest.json", 600_000))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		inside := filepath.Join(dir, "inside")
		if err := os.Mkdir(inside, 0o700); err != nil {
			t.Fatal(err)
		}
		const limit = 1 << 20
		_ = fetch.Unpack(bytes.NewReader(data), inside, limit) // any answer is fine
		var written int64
		files, err := os.ReadDir(inside)
		for _, f := range files {
			info, infoErr := f.Info()
			if err = errors.Join(err, infoErr); infoErr == nil {
				written += info.Size()
			}
		}
		if err != nil || written > min(limit, int64(len(data))) {
			t.Errorf("%v: %d bytes of a tar became %d", err, len(data), written)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%v: %v", err, entries)
		}
	})
}
