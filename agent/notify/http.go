package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/redaction"
	"github.com/medhive/medhive/agent/warning"
)

const (
	// sendTimeout bounds one attempt, from the dialling to the answer.
	sendTimeout = 30 * time.Second
	// maxReply is what is read of an answer, which nobody shows.
	maxReply = 64 << 10
	// maxNtfy is below the 4,096 bytes from which ntfy makes an attachment of a message.
	maxNtfy = 4000
)

// Webhook is a POST of JSON: title and text for a person, and the message's own fields.
type Webhook struct {
	URL string // may hold a secret itself: it is never logged beyond its host
	// SecretFile holds a key by which the receiver knows the sender: the header
	// X-MedHive-Signature is "sha256=" and the HMAC of the body in hexadecimal. Empty: none.
	SecretFile string
	Authority  string // PEM file of who vouches for the receiver; empty: the system's
}

// SignatureHeader is where a webhook's signature stands.
const SignatureHeader = "X-MedHive-Signature"

func (h Webhook) check() error {
	if h.URL == "" {
		return nil
	}
	return checkURL("webhook", h.URL)
}

// Name implements Way.
func (Webhook) Name() string { return "webhook" }

// Send implements Way.
func (h Webhook) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(struct {
		Title    string           `json:"title"`
		Text     string           `json:"text"`
		Severity warning.Severity `json:"severity"`
		Message
	}{m.Title(), m.Title() + "\n" + m.Text(), m.Severity(), m})
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	header := http.Header{}
	if h.SecretFile != "" {
		secret, err := readSecret(h.SecretFile)
		if err != nil {
			return fmt.Errorf("webhook: read the secret: %w", err)
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		header.Set(SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return post(ctx, "webhook", h.URL, h.Authority, body, header)
}

// Ntfy is a topic of ntfy.sh or of an own server of it.
type Ntfy struct {
	URL       string // of the topic: https://ntfy.sh/some-topic; who knows it may read it
	TokenFile string // holds an access token; empty: none is shown
	Authority string // PEM file of who vouches for the server; empty: the system's
}

func (n Ntfy) check() error {
	if n.URL == "" {
		return nil
	}
	if err := checkURL("ntfy", n.URL); err != nil {
		return err
	}
	if at, err := url.Parse(n.URL); err != nil || strings.Trim(at.Path, "/") == "" {
		return errors.New("notify: ntfy: the address names no topic; want one like https://ntfy.sh/a-topic-that-nobody-guesses")
	}
	return nil
}

// Name implements Way.
func (Ntfy) Name() string { return "ntfy" }

// priorities are ntfy's words from 1 to 5: 5 rings through silence.
func priority(s warning.Severity) int {
	switch s {
	case warning.Critical:
		return 5
	case warning.Caution:
		return 4
	}
	return 3
}

// Send implements Way, see https://docs.ntfy.sh/publish/#publish-as-json.
func (n Ntfy) Send(ctx context.Context, m Message) error {
	at, err := url.Parse(n.URL)
	if err != nil {
		return Final{errors.New("ntfy: the address can't be read")}
	}
	topic := path.Base(at.Path)
	at.Path = strings.TrimSuffix(path.Dir(strings.TrimRight(at.Path, "/")), "/") + "/"
	tag := "warning"
	if len(m.Raised)+len(m.Still) == 0 {
		tag = "white_check_mark"
	}
	body, err := json.Marshal(map[string]any{"topic": topic, "title": m.Title(), "message": cut(m.Text(), maxNtfy), "priority": priority(m.Severity()), "tags": []string{tag}})
	if err != nil {
		return fmt.Errorf("ntfy: %w", err)
	}
	header := http.Header{}
	if n.TokenFile != "" {
		token, err := readSecret(n.TokenFile)
		if err != nil {
			return fmt.Errorf("ntfy: read the token: %w", err)
		}
		header.Set("Authorization", "Bearer "+token)
	}
	return post(ctx, "ntfy", at.String(), n.Authority, body, header)
}

// cut is text of at most so many bytes, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}

// checkURL wants TLS, but to this machine.
func checkURL(way, text string) error {
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return fmt.Errorf("notify: %s: want an address like https://example.org/path", way)
	}
	if at.Scheme == "http" && !loopback(at.Hostname()) {
		return fmt.Errorf("notify: %s: want https: %s would be sent for all to read; http is for this machine alone", way, redaction.Address(text))
	}
	return nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// post sends a body and wants success. Errors name the host alone: the path is a secret to
// many receivers.
func post(ctx context.Context, way, to, authority string, body []byte, header http.Header) error {
	trust, err := trusting(authority)
	if err != nil {
		return fmt.Errorf("%s: %w", way, err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return Final{fmt.Errorf("%s: the address can't be read", way)}
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "medhive")
	transport := &http.Transport{TLSClientConfig: trust, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		var addressed *url.Error
		if errors.As(err, &addressed) {
			err = addressed.Err
		}
		return fmt.Errorf("%s: send to %s: %w", way, redaction.Address(to), err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxReply)) // the status says enough
	return judge(way, to, answer)
}

// judge is nil for success. What a sender has to mend is final.
func judge(way, to string, answer *http.Response) error {
	code := answer.StatusCode
	if code/100 == 2 {
		return nil
	}
	err := fmt.Errorf("%s: %s answers %d %s", way, redaction.Address(to), code, http.StatusText(code))
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return err
	}
	if code/100 == 5 {
		return err
	}
	return Final{err}
}

// trusting is whom a connection believes; authority may be empty.
func trusting(authority string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority == "" {
		return c, nil
	}
	pem, err := readBounded(authority, maxAuthority)
	if err != nil {
		return nil, fmt.Errorf("read the authority's certificates: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("read the authority's certificates: the file holds none; it must be PEM")
	}
	return c, nil
}

// splitServer is host and port of a server that may be named without one.
func splitServer(server, port string) (host, address string) {
	host, own, err := net.SplitHostPort(server)
	if err != nil {
		host, own = strings.Trim(server, "[]"), ""
	}
	return host, net.JoinHostPort(host, cmp.Or(own, port))
}
