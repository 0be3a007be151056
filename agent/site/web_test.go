package site

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/testdata/peers"
)

func TestWhoIsLetIn(t *testing.T) {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, callerOf(r.Context())) })
	path := filepath.Join(t.TempDir(), "tokens")
	const token = "0123456789abcdef01234567"
	if err := os.WriteFile(path, []byte("# who\n"+token+" ris\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := readTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		guard  guarded
		host   string
		header string
		want   string // the caller; empty: refused
	}{
		"this machine":               {guarded{local: true}, "127.0.0.1:8042", "", localCaller},
		"this machine by name":       {guarded{local: true}, "localhost", "", localCaller},
		"a page that rebound a name": {guarded{local: true}, "pacs.example:8042", "", ""},
		"elsewhere without tokens":   {guarded{}, "127.0.0.1:8042", "", ""},
		"a token":                    {guarded{known: known}, "pacs.example", "Bearer " + token, "ris"},
		"a token on loopback":        {guarded{known: known, local: true}, "127.0.0.1", "Bearer " + token, "ris"},
		"no token, though local":     {guarded{known: known, local: true}, "127.0.0.1", "", ""},
		"a wrong token":              {guarded{known: known}, "pacs.example", "Bearer " + strings.Repeat("f", 24), ""},
		"another scheme":             {guarded{known: known}, "pacs.example", "Basic " + token, ""},
	} {
		refused := 0
		c.guard.inner, c.guard.refused = inner, func(string) { refused++ }
		r := httptest.NewRequest(http.MethodGet, "/dicom-web/workitems", nil)
		r.Host, r.RemoteAddr = c.host, "127.0.0.1:50000"
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := httptest.NewRecorder()
		c.guard.ServeHTTP(w, r)
		switch {
		case c.want == "" && (w.Code != http.StatusUnauthorized || refused != 1):
			t.Errorf("%s: let in with %d, %d refusals told", name, w.Code, refused)
		case c.want != "" && (w.Code != http.StatusOK || w.Body.String() != c.want || refused != 0):
			t.Errorf("%s: %d, %q", name, w.Code, w.Body)
		}
	}
}

func TestFilesOfTokens(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		says string
	}{
		"open to others": {"0123456789abcdef01234567 ris", 0o644, "chmod 600"},
		"short":          {"0123456789 ris", 0o600, "line 1: want 24 characters"},
		"nameless":       {"# x\n0123456789abcdef01234567", 0o600, "line 2: want a name"},
	} {
		path := filepath.Join(folder, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := readTokens(path); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), folder) {
			t.Errorf("%s: says %v", name, err)
		}
	}
}

func TestTheWebDoorSpeaksTLS(t *testing.T) {
	certificates := peers.NewCertificates(t)
	conf := Web{Listen: "127.0.0.1:0", TLS: TLS{Certificate: certificates.Server, Key: certificates.ServerKey, Authority: certificates.Authority}}
	d, err := openWeb(conf, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	pem, err := os.ReadFile(certificates.Authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	ask := func(c *tls.Config) error {
		client := http.Client{Transport: &http.Transport{TLSClientConfig: c}}
		defer client.CloseIdleConnections()
		answer, err := client.Get("https://" + d.Addr().String())
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}
	if err := ask(&tls.Config{RootCAs: roots}); err == nil {
		t.Error("a caller without a certificate was let in")
	}
	own := TLS{Certificate: certificates.Client, Key: certificates.ClientKey, Authority: certificates.Authority}
	c, err := own.client()
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(c); err != nil {
		t.Errorf("a caller with one: %v", err)
	}
}

// A key that everybody may read is refused with what to do, at a door and for calls.
func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	certificates := peers.NewCertificates(t)
	conf := TLS{Certificate: certificates.Server, Key: certificates.ServerKey, Authority: certificates.Authority}
	for mode, taken := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o644: false, 0o660: false, 0o604: false} {
		if err := os.Chmod(conf.Key, mode); err != nil {
			t.Fatal(err)
		}
		_, door := conf.server()
		_, call := conf.client()
		for _, err := range []error{door, call} {
			if (err == nil) != taken || err != nil && (!strings.Contains(err.Error(), "chmod 600") || strings.Contains(err.Error(), conf.Key)) {
				t.Errorf("mode %o: %v", mode, err)
			}
		}
	}
}

// A door without tokens is for this machine alone: not for a web page's name, and not for
// whom a proxy brings.
func TestAProxysCallersAreNotThisMachine(t *testing.T) {
	g := &guarded{inner: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), local: true}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"this machine":       {func(*http.Request) {}, http.StatusOK},
		"by IPv6":            {func(r *http.Request) { r.Host, r.RemoteAddr = "[::1]:8443", "[::1]:50000" }, http.StatusOK},
		"a name of the web":  {func(r *http.Request) { r.Host = "clinic.example" }, http.StatusUnauthorized},
		"a proxy":            {func(r *http.Request) { r.Header.Set("X-Forwarded-For", "10.1.0.9") }, http.StatusUnauthorized},
		"a proxy of RFC7239": {func(r *http.Request) { r.Header.Set("Forwarded", "for=10.1.0.9") }, http.StatusUnauthorized},
		"a proxy's Via":      {func(r *http.Request) { r.Header.Set("Via", "1.1 front") }, http.StatusUnauthorized},
		"another machine":    {func(r *http.Request) { r.RemoteAddr = "10.1.0.9:50000" }, http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8443/dicom-web/workitems", nil)
		r.RemoteAddr = "127.0.0.1:50000"
		c.change(r)
		w := httptest.NewRecorder()
		if g.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
}

func TestASecretIsMadeOnceAndGivesEachRoomAKey(t *testing.T) {
	folder := t.TempDir()
	first, err := loadSecrets(folder)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loadSecrets(folder)
	if err != nil || again != first {
		t.Errorf("read again: %v", err)
	}
	a, err1 := first.of("inbox")
	b, err2 := first.of("outbox")
	if err1 != nil || err2 != nil || a == b || a == first.root {
		t.Error("two rooms have one key")
	}
	if info, err := os.Stat(filepath.Join(folder, secretFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(folder, secretFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecrets(folder); err == nil || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a key that is cut: %v", err)
	}
}
