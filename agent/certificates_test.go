package agent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/warning"
)

func TestACertificateIsWatched(t *testing.T) {
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "cert.pem")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ends := func(left time.Duration) string {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: now.Add(left)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return write(append([]byte("a comment\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...))
	}
	for name, test := range map[string]struct {
		path string
		want warning.Severity
	}{
		"none is shown":         {"", ""},
		"it lasts":              {ends(90 * 24 * time.Hour), ""},
		"it ends soon":          {ends(24 * time.Hour), warning.Caution},
		"it has ended":          {ends(-time.Hour), warning.Critical},
		"there is no such file": {filepath.Join(t.TempDir(), "none.pem"), warning.Caution},
		"it is no certificate":  {write([]byte("nothing")), warning.Caution},
		"it is a broken one":    {write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})), warning.Caution},
	} {
		if got := warning.Worst(CertificateWarnings("the door", test.path, now)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
