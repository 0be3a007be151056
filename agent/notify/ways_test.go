package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/medhive/medhive/agent/warning"
)

// authority makes a certificate for 127.0.0.1, and the file of who vouches for it.
func authority(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func example() Message {
	return Message{Role: "node", Name: "node", Machine: "büro-1", Time: noon,
		Raised: []warning.Warning{{Code: warning.DiskLow, Severity: warning.Caution, Text: "1.0 GiB are free – bald voll", Fix: "free some", Since: noon}},
		Passed: []warning.Warning{{Code: warning.NoPeers, Severity: warning.Critical, Text: "no peer is connected", Fix: "look", Since: noon}}}
}

// receiver is a real HTTPS server that answers with a code and keeps what it got.
type receiver struct {
	url, authority string
	code           int

	mu   sync.Mutex // guards the fields below
	body []byte
	from *http.Request
}

func newReceiver(t *testing.T, code int) *receiver {
	t.Helper()
	r := &receiver{code: code}
	var own tls.Certificate
	own, r.authority = authority(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.body, r.from = body, request
		r.mu.Unlock()
		w.Header().Set("Location", "https://elsewhere.example/")
		w.WriteHeader(r.code)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
	s.StartTLS()
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

func (r *receiver) got() ([]byte, *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.body, r.from
}

func TestWebhookSignsWhatItSends(t *testing.T) {
	r := newReceiver(t, http.StatusNoContent)
	h := Webhook{URL: r.url + "/hook", SecretFile: write(t, "secret", "our secret\n"), Authority: r.authority}
	if err := h.Send(t.Context(), example()); err != nil {
		t.Fatal(err)
	}
	body, from := r.got()
	mac := hmac.New(sha256.New, []byte("our secret"))
	mac.Write(body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); from.Header.Get(SignatureHeader) != want || from.URL.Path != "/hook" {
		t.Errorf("signature %q, want %q", from.Header.Get(SignatureHeader), want)
	}
	var said struct {
		Title, Text string
		Severity    warning.Severity
		Raised      []warning.Warning
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Severity != warning.Caution || len(said.Raised) != 1 || !strings.Contains(said.Text, "what to do: free some") {
		t.Errorf("%v: %s", err, body)
	}
}

func TestAnswersAreJudged(t *testing.T) {
	for code, test := range map[int]struct{ taken, final bool }{
		200: {true, false}, 202: {true, false}, 302: {false, true}, 400: {false, true}, 403: {false, true}, 404: {false, true},
		408: {false, false}, 429: {false, false}, 500: {false, false}, 503: {false, false},
	} {
		r := newReceiver(t, code)
		err := Webhook{URL: r.url + "/a/secret/path?key=abcdef", Authority: r.authority}.Send(t.Context(), example())
		var final Final
		if (err == nil) != test.taken || errors.As(err, &final) != test.final {
			t.Errorf("%d: %v", code, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the address: %v", err)
		}
	}
}

func TestAServerWithoutItsCertificateIsNotTrusted(t *testing.T) {
	r := newReceiver(t, http.StatusOK)
	_, other := authority(t)
	for _, file := range []string{"", other} {
		if err := (Webhook{URL: r.url, Authority: file}).Send(t.Context(), example()); err == nil {
			t.Error("a stranger's certificate was believed")
		}
	}
	if body, _ := r.got(); body != nil {
		t.Error("a stranger got the message")
	}
}

// TestNtfyGetsItsJSON holds the request against what ntfy's documentation of "publish as
// JSON" wants.
func TestNtfyGetsItsJSON(t *testing.T) {
	for path, root := range map[string]string{"/alerts": "/", "/under/alerts": "/under/", "/alerts/": "/"} {
		r := newReceiver(t, http.StatusOK)
		n := Ntfy{URL: r.url + path, TokenFile: write(t, "token", "tk_abcdefgh"), Authority: r.authority}
		m := example()
		for range 40 { // longer than ntfy takes as a message
			m.Raised = append(m.Raised, warning.Warning{Code: warning.ModelLeftOut, Severity: warning.Critical, Text: strings.Repeat("ä", 200), Fix: "mend it", Since: noon})
		}
		if err := n.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		body, from := r.got()
		var said struct {
			Topic, Title, Message string
			Priority              int
			Tags                  []string
		}
		if err := json.Unmarshal(body, &said); err != nil {
			t.Fatal(err)
		}
		if said.Topic != "alerts" || said.Priority != 5 || len(said.Message) > 4096 || from.URL.Path != root || from.Header.Get("Authorization") != "Bearer tk_abcdefgh" {
			t.Errorf("%s: %s at %s", path, body, from.URL.Path)
		}
	}
}

// mailbox is a real SMTP server's backend.
type mailbox struct {
	mu   sync.Mutex // guards the fields below
	to   []string
	from string
	data []byte
	who  string
}

type session struct{ *mailbox }

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{m}, nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "operator" || password != "correct horse" {
			return smtp.ErrAuthFailed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.who = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.who == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(to, "busy@") {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// mailServer serves a mailbox at loopback, with STARTTLS or TLS from the start.
func mailServer(t *testing.T, implicit bool) (*mailbox, Mail) {
	t.Helper()
	own, trust := authority(t)
	box := &mailbox{}
	s := smtp.NewServer(box)
	s.TLSConfig, s.Domain = &tls.Config{Certificates: []tls.Certificate{own}}, "mail.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := Mail{Server: l.Addr().String(), From: "MedHive <node@example.org>", To: []string{"operator@example.org", "second@example.org"},
		User: "operator", PasswordFile: write(t, "password", "correct horse\n"), Authority: trust}
	if implicit {
		m.Security, l = TLS, tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return box, m
}

func TestMailArrivesUnderTLS(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "TLS from the start": true} {
		t.Run(name, func(t *testing.T) {
			box, m := mailServer(t, implicit)
			if err := m.check(); err != nil {
				t.Fatal(err)
			}
			if err := m.Send(t.Context(), example()); err != nil {
				t.Fatal(err)
			}
			box.mu.Lock()
			defer box.mu.Unlock()
			letter, err := mail.ReadMessage(strings.NewReader(string(box.data)))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
			if err != nil || subject != "MedHive node on büro-1: warning: disk-low" {
				t.Errorf("subject %q, %v", subject, err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
			if err != nil || !strings.Contains(string(body), "bald voll") || !strings.Contains(string(body), "what to do: free some") {
				t.Errorf("%v: %s", err, body)
			}
			if date, err := letter.Header.Date(); err != nil || !date.Equal(noon) {
				t.Errorf("date %v, %v", date, err)
			}
			if box.from != "node@example.org" || len(box.to) != 2 || letter.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("from %s to %v", box.from, box.to)
			}
		})
	}
}

// Headers are of ASCII alone (RFC 5322); a name of other letters is encoded, and people read it
// as it was written.
func TestNamesOfOtherLettersInAMail(t *testing.T) {
	m := Mail{Server: "mail.example.org", From: "Büro @ Süd <node@example.org>", To: []string{"Jörg <operator@example.org>"}}
	if err := m.check(); err == nil {
		t.Fatal("an @ in a name without quotes is no address")
	}
	m.From = `"Büro @ Süd" <node@example.org>`
	if err := m.check(); err != nil {
		t.Fatal(err)
	}
	text, err := m.letter(example())
	if err != nil {
		t.Fatal(err)
	}
	letter, err := mail.ReadMessage(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{"From": "Büro @ Süd", "To": "Jörg"} {
		raw := letter.Header.Get(header)
		if strings.ContainsFunc(raw, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s: %s", header, raw)
		}
		if list, err := letter.Header.AddressList(header); err != nil || len(list) != 1 || list[0].Name != want {
			t.Errorf("%s is read as %v, %v", header, list, err)
		}
	}
	if id := letter.Header.Get("Message-ID"); !strings.HasSuffix(id, "@example.org>") {
		t.Errorf("Message-ID %s", id)
	}
}

func TestMailRefusals(t *testing.T) {
	var final Final
	box, m := mailServer(t, false)
	wrong := m
	wrong.PasswordFile = write(t, "password", "wrong")
	if err := wrong.Send(t.Context(), example()); !errors.As(err, &final) {
		t.Errorf("a wrong password: %v; want a final error", err)
	}
	busy := m
	busy.To = []string{"busy@example.org"}
	if err := busy.Send(t.Context(), example()); err == nil || errors.As(err, &final) {
		t.Errorf("a server that is busy: %v; want an error that is tried again", err)
	}
	stranger := m
	stranger.Authority = ""
	if err := stranger.Send(t.Context(), example()); err == nil {
		t.Error("a certificate of a stranger was believed")
	}
	if box.data != nil {
		t.Error("something was delivered")
	}
}

func TestMailIsNotSentInTheClear(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(&mailbox{}) // without TLS
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	m := Mail{Server: l.Addr().String(), From: "a@example.org", To: []string{"b@example.org"}}
	if err := m.Send(t.Context(), example()); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("%v; want a refusal", err)
	}
}

func TestSettingsThatCantBeMeant(t *testing.T) {
	good := Mail{Server: "mail.example.org", From: "a@example.org", To: []string{"b@example.org"}}
	bare, login, header := good, good, good
	bare.Security = Plain
	login.User = "me"
	header.To = []string{"b@example.org\r\nBcc: c@example.org"}
	for name, s := range map[string]Settings{
		"a webhook in the clear": {Webhook: Webhook{URL: "http://example.org/hook"}},
		"no address":             {Webhook: Webhook{URL: "example.org"}},
		"no topic":               {Ntfy: Ntfy{URL: "https://ntfy.sh/"}},
		"mail in the clear":      {Mail: bare},
		"half a login":           {Mail: login},
		"a header in an address": {Mail: header},
		"nobody to write to":     {Mail: Mail{Server: "mail.example.org", From: "a@example.org"}},
		"an unknown severity":    {Rules: Rules{Least: "loud"}},
		"an unknown code":        {Rules: Rules{Mute: []warning.Code{"dsik-low"}}},
	} {
		if s.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, s := range map[string]Settings{
		"nothing": {}, "mail": {Mail: good}, "a webhook to this machine": {Webhook: Webhook{URL: "http://127.0.0.1:8080/hook"}},
		"ntfy": {Ntfy: Ntfy{URL: "https://ntfy.sh/topic"}}, "muted": {Rules: Rules{Mute: []warning.Code{warning.DiskLow}}},
	} {
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASecretThatOthersReadIsNotUsed(t *testing.T) {
	path := write(t, "secret", "hush-hush")
	for mode, taken := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o440: true, 0o644: false, 0o660: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := readSecret(path); (err == nil) != taken {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}
