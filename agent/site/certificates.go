package site

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
)

// server is what a door shows and wants of its callers; nil: no TLS. With an authority
// every caller must show a certificate of it.
func (t TLS) server() (*tls.Config, error) {
	if t.Certificate == "" {
		return nil, nil
	}
	own, err := t.own()
	if err != nil {
		return nil, fmt.Errorf("read the door's certificate: %w; see [tls] in site.toml", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	if t.Authority != "" {
		if c.ClientCAs, err = pool(t.Authority); err != nil {
			return nil, err
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// own is the certificate with its key. A group may read the key, as that of a machine's
// certificates does; everybody may not.
func (t TLS) own() (tls.Certificate, error) {
	info, err := os.Stat(t.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("its key: %w", pathless(err))
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return tls.Certificate{}, fmt.Errorf("its key: others may read or change it (mode %o); run chmod 600 on it, and replace a key that others had", mode)
	}
	own, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	return own, pathless(err)
}

// client is what a call shows and whom it believes; nil where t names nothing.
func (t TLS) client() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.Certificate != "" {
		own, err := t.own()
		if err != nil {
			return nil, fmt.Errorf("read the certificate for calls: %w; see [tls] in site.toml", err)
		}
		c.Certificates = []tls.Certificate{own}
	}
	var err error
	if t.Authority != "" {
		c.RootCAs, err = pool(t.Authority)
	}
	return c, err
}

func pool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the authority's certificates: %w; see [tls] in site.toml", pathless(err))
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(pem) {
		return nil, errors.New("read the authority's certificates: the file holds none; it must be PEM")
	}
	return p, nil
}

// pathless drops the path from an error of the file system: errors get into logs, and a
// folder may name a patient.
func pathless(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		return link.Err
	}
	return err
}

// Bounds of a file of tokens.
const (
	minToken     = 24 // characters
	maxTokens    = 1000
	maxTokenFile = 1 << 20 // bytes
)

// tokens are who may speak at the web door, by the hash of what they show: looking one up
// then takes as long for any wrong one.
type tokens map[[sha256.Size]byte]string

// readTokens reads "token name" lines; lines that begin with # are comments.
func readTokens(path string) (tokens, error) {
	if err := private(path); err != nil {
		return nil, fmt.Errorf("read the web door's tokens: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the web door's tokens: %w", pathless(err))
	}
	defer f.Close()
	known := tokens{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		token, name, _ := strings.Cut(line, " ")
		name = strings.TrimSpace(name)
		switch {
		case len(token) < minToken:
			return nil, fmt.Errorf("read the web door's tokens: line %d: want %d characters or more; openssl rand -hex 24 makes one", n, minToken)
		case !plainName(name):
			return nil, fmt.Errorf("read the web door's tokens: line %d: want a name of 1 to %d letters and digits behind the token", n, maxName)
		case len(known) == maxTokens:
			return nil, fmt.Errorf("read the web door's tokens: more than %d", maxTokens)
		}
		known[sha256.Sum256([]byte(token))] = name
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the web door's tokens: %w", err)
	}
	return known, nil
}

// who is the name behind a request's bearer token.
func (t tokens) who(r *http.Request) (name string, ok bool) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return "", false
	}
	name, ok = t[sha256.Sum256([]byte(token))]
	return name, ok
}

// private refuses a file that others may read.
func private(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return pathless(err)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("others may read it (mode %o); run chmod 600 on it", info.Mode().Perm())
	case info.Size() > maxTokenFile:
		return fmt.Errorf("it has %d bytes; is it the right file?", info.Size())
	}
	return nil
}
