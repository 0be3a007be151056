package dicomweb

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/medhive/medhive/testdata/peers"
)

// Both ends over TLS, each with a certificate that the other knows: who has none is not heard.
func TestStoreOverTLSWithClientCertificates(t *testing.T) {
	certificates := peers.NewCertificates(t)
	k := newKeeper()
	host := httptest.NewUnstartedServer(storeServer(t, k, nil))
	host.TLS = certificates.ServerTLS(t)
	host.StartTLS()
	defer host.Close()
	base, err := url.Parse(host.URL + "/web")
	if err != nil {
		t.Fatal(err)
	}
	store := func(config *tls.Config) error {
		transport := &http.Transport{TLSClientConfig: config}
		defer transport.CloseIdleConnections()
		client := Client{Base: base, HTTP: &http.Client{Transport: transport}}
		_, err := client.Store(t.Context(), "", []Object{held(plainFile("1.1"))})
		return err
	}
	if err := store(certificates.ClientTLS(t)); err != nil {
		t.Error(err)
	}
	bare := certificates.ClientTLS(t)
	bare.Certificates = nil
	if err := store(bare); err == nil {
		t.Error("a client without a certificate was heard")
	}
	stranger := certificates.ClientTLS(t)
	stranger.RootCAs = x509.NewCertPool()
	if err := store(stranger); err == nil {
		t.Error("a server that nobody vouches for was sent an object")
	}
	if len(k.kept) != 1 {
		t.Errorf("%d objects came, want one", len(k.kept))
	}
}
