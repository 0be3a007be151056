package peers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificates are PEM files of an authority and of two that it vouches for, both for
// loopback. A stranger's are of another authority.
type Certificates struct {
	Authority             string
	Server, ServerKey     string
	Client, ClientKey     string
	Stranger, StrangerKey string
}

// NewCertificates makes them, for as long as the test runs.
func NewCertificates(t testing.TB) Certificates {
	t.Helper()
	folder := t.TempDir()
	authority, key := issue(t, "test authority", nil, nil)
	server, serverKey := issue(t, "server", authority, key)
	client, clientKey := issue(t, "client", authority, key)
	other, otherKey := issue(t, "another authority", nil, nil)
	stranger, strangerKey := issue(t, "stranger", other, otherKey)
	return Certificates{
		Authority: writePEM(t, folder, "ca.pem", "CERTIFICATE", authority.Raw),
		Server:    writePEM(t, folder, "server.pem", "CERTIFICATE", server.Raw), ServerKey: writeKey(t, folder, "server.key", serverKey),
		Client: writePEM(t, folder, "client.pem", "CERTIFICATE", client.Raw), ClientKey: writeKey(t, folder, "client.key", clientKey),
		Stranger: writePEM(t, folder, "stranger.pem", "CERTIFICATE", stranger.Raw), StrangerKey: writeKey(t, folder, "stranger.key", strangerKey),
	}
}

// ServerTLS asks every caller for a certificate of the authority.
func (c Certificates) ServerTLS(t testing.TB) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{load(t, c.Server, c.ServerKey)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: c.pool(t), MinVersion: tls.VersionTLS12}
}

// ClientTLS shows the client's certificate and trusts the authority only.
func (c Certificates) ClientTLS(t testing.TB) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{load(t, c.Client, c.ClientKey)}, RootCAs: c.pool(t), MinVersion: tls.VersionTLS12}
}

func (c Certificates) pool(t testing.TB) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(c.Authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		t.Fatal("the authority's certificate is not PEM")
	}
	return pool
}

func load(t testing.TB, certificate, key string) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// issue makes a certificate: an authority's own where parent is nil.
func issue(t testing.TB, name string, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageCertSign, nil
		template.DNSNames, template.IPAddresses = nil, nil
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

func writeKey(t testing.TB, folder, name string, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, folder, name, "PRIVATE KEY", der)
}

func writePEM(t testing.TB, folder, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
