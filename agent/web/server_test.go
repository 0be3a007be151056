package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certify writes a fresh certificate of a serial number and its key.
func certify(t *testing.T, folder string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestACertificateIsReadAgain(t *testing.T) {
	folder, log := t.TempDir(), slog.New(slog.DiscardHandler)
	cert, key := certify(t, folder, 1)
	c, err := ReadCertificate(cert, key, log)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		pair, err := c.now()
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("the first one is %d", n)
	}
	certify(t, folder, 2)
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if n := serial(); n != 1 {
		t.Errorf("within the minute it is %d", n)
	}
	c.looked = time.Time{}
	if n := serial(); n != 2 {
		t.Errorf("renewed it is %d", n)
	}
	if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.looked = time.Time{}
	if n := serial(); n != 2 {
		t.Errorf("where the file is none it is %d, want the one before", n)
	}
}

func TestAKeyThatOthersReadIsRefused(t *testing.T) {
	folder, log := t.TempDir(), slog.New(slog.DiscardHandler)
	cert, key := certify(t, folder, 1)
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCertificate(cert, key, log); err == nil || !strings.Contains(err.Error(), "chmod") || strings.Contains(err.Error(), folder) {
		t.Errorf("says %v", err)
	}
	if _, err := ReadCertificate(filepath.Join(folder, "none"), key, log); err == nil {
		t.Error("a certificate that is not there is read")
	}
}

func TestAServerSpeaksTLSAndEnds(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	cert, key := certify(t, t.TempDir(), 1)
	c, err := ReadCertificate(cert, key, log)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, _ := doorOf(t, Config{Secure: true}, "anna")
	s := Serve(listener, c.TLS(), d, log)
	pool := x509.NewCertPool()
	data, err := os.ReadFile(cert)
	if err != nil || !pool.AppendCertsFromPEM(data) {
		t.Fatal("the certificate is none")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	a, err := client.Get(s.URL() + "/login")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	_ = a.Body.Close() // it was read
	if err != nil || a.Header.Get("Strict-Transport-Security") == "" || !strings.Contains(string(body), "Password") || a.TLS.Version < tls.VersionTLS12 || !a.Cookies()[0].Secure {
		t.Errorf("%d, %v, %+v", a.StatusCode, err, a.Cookies())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Get(s.URL() + "/login"); err == nil {
		t.Error("a closed server answers")
	}
}

// An address that means every one of this machine's is none that a browser opens.
func TestAServerAtEveryAddressIsOpenedByName(t *testing.T) {
	for _, at := range []string{"0.0.0.0:0", "[::]:0", ":0", "127.0.0.1:0"} {
		listener, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := doorOf(t, Config{}, "anna")
		s := Serve(listener, nil, d, slog.New(slog.DiscardHandler))
		opened, err := url.Parse(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		address, err := netip.ParseAddr(opened.Hostname())
		if opened.Port() == "0" || opened.Port() == "" || opened.Hostname() == "" || err == nil && address.IsUnspecified() {
			t.Errorf("%s is opened at %s", at, s.URL())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsOnLoopback(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "127.9.9.9:0": true, ":1": false, "0.0.0.0:1": false, "[::]:1": false, "node.example:1": false, "127.0.0.1": false} {
		if got := OnLoopback(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}
