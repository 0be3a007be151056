// Package client is for programs that work with MedHive from outside, over HTTP: an Operator
// watches and steers one node, a Clinic sends studies and follows their cases, a Network reads
// what a coordinator publishes. In: the address of a door, and who one is there. Out: typed
// answers, bounded before they are parsed; the documents at each door's /openapi.json (in the
// source: agent/panel/openapi.json, agent/site/dashboard/openapi.json,
// agent/coordinator.openapi.json) say all that the doors can do. It keeps no state but a
// session's cookie, follows no redirection, and writes no log: a clinic's answers name patients.
//
// `medhive demo --serve` brings up a network to try it on.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Bounds of answers.
const (
	maxAnswer  = 16 << 20 // of JSON
	maxPicture = 64 << 20 // of one PNG
	maxFault   = 64 << 10 // of an answer that refuses
	maxWords   = 1 << 10  // of what such an answer says
)

// DefaultTimeout bounds one request, answer included, where its context sets no earlier end.
// Sending a study has no such bound: only the server's silence ends it.
const DefaultTimeout = time.Minute

// Error is an answer that refuses.
type Error struct {
	Status int    // HTTP
	Text   string // what the door says, for a person; it may name a case, never a patient
}

func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("the door answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("the door answers %d: %s", e.Status, e.Text)
}

// Is says that a refusal is one of the sentinel errors here.
func (e *Error) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound ||
		target == ErrNotAllowed && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
}

// What a caller may decide on, by errors.Is.
var (
	ErrNotFound   = errors.New("it is not there")
	ErrNotAllowed = errors.New("the door does not know you, or you may not do it: show a token, log in or open a link")
	// ErrTooLong is an answer beyond this package's bounds: ask for less.
	ErrTooLong = errors.New("the answer is longer than it may be")
)

// Option changes how a door is spoken to.
type Option func(*door)

// Token shows a program's token. `medhive node user add NAME --token` makes
// one of a node's dashboard; a clinic's are the lines of web.tokens in its site file, and are
// for DICOMweb alone.
func Token(token string) Option { return func(d *door) { d.token = token } }

// HTTP has another client carry the requests, for instance one that knows a clinic's own
// certificate authority. Its cookies and redirections are not used.
func HTTP(c *http.Client) Option { return func(d *door) { d.http = *c } }

// Plain lets http be spoken to other machines, as within a closed network. Without it, only
// this machine's own addresses are spoken to without TLS.
func Plain() Option { return func(d *door) { d.plain = true } }

// door is one HTTP door. It is safe for concurrent use.
type door struct {
	base  *url.URL
	http  http.Client
	token string // for DICOMweb alone, unless bearer
	plain bool
	// bearer says that the JSON API takes the token too.
	bearer bool

	mu   sync.Mutex // guards form
	form string     // what the session's changes must show; empty: not asked for yet
}

func openDoor(base string, options []Option) (*door, error) {
	at, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("open a door: %w; write it as http://127.0.0.1:9402", err)
	}
	d := &door{base: at}
	for _, o := range options {
		o(d)
	}
	switch {
	case at.Host == "" || at.User != nil || at.Scheme != "http" && at.Scheme != "https":
		return nil, fmt.Errorf("open a door at %q: want http:// or https:// and a host", at.Redacted())
	case at.Scheme == "http" && !d.plain && !thisMachine(at.Hostname()):
		return nil, fmt.Errorf("open a door at %q: without TLS others could read it; use https, or client.Plain in a closed network", at.Redacted())
	}
	at.Path, at.RawQuery, at.Fragment = strings.TrimSuffix(at.Path, "/"), "", ""
	if d.http.Jar, err = cookiejar.New(nil); err != nil {
		return nil, fmt.Errorf("open a door: %w", err)
	}
	d.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d, nil
}

// thisMachine says that a host is reached without leaving this machine.
func thisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// session is what GET and POST /api/v1/session answer.
type session struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	Token string `json:"token"`
}

const apiBase = "/api/v1"

// login begins a session by name and password.
func (d *door) login(ctx context.Context, name, password string) error {
	var s session
	form := struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}{name, password}
	if err := d.call(ctx, http.MethodPost, apiBase+"/session", form, &s, ""); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	d.keep(s.Token)
	return nil
}

// enter begins a session by a link.
func (d *door) enter(ctx context.Context, link string) error {
	at, err := url.Parse(link)
	if err != nil || at.Query().Get("key") == "" {
		return errors.New("enter by a link: it has no key; take it as `medhive node dashboard` printed it")
	}
	token, err := d.change(ctx)
	if err != nil {
		return fmt.Errorf("enter by a link: %w", err)
	}
	form := url.Values{"token": {token}, "key": {at.Query().Get("key")}}
	answer, done, err := d.ask(ctx, http.MethodPost, "/enter", "application/x-www-form-urlencoded", []byte(form.Encode()), "")
	if err != nil {
		return fmt.Errorf("enter by a link: %w", err)
	}
	defer done()
	if answer.StatusCode != http.StatusSeeOther { // its page says so to a person, in HTML
		return fmt.Errorf("enter by a link: %w", &Error{Status: http.StatusUnauthorized, Text: "the link was used already, is too old, or of another door: ask for another"})
	}
	d.keep("") // it belonged to the cookie before
	return nil
}

func (d *door) keep(form string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.form = form
}

// change is what the session's changes must show; a program with a token needs none.
func (d *door) change(ctx context.Context) (string, error) {
	if d.bearer && d.token != "" {
		return "", nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.form == "" {
		var s session
		if err := d.call(ctx, http.MethodGet, apiBase+"/session", nil, &s, ""); err != nil {
			return "", err
		}
		d.form = s.Token
	}
	return d.form, nil
}

// get asks for JSON.
func (d *door) get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return d.call(ctx, http.MethodGet, path, nil, out, "")
}

// post changes something, by JSON.
func (d *door) post(ctx context.Context, path string, in, out any) error {
	form, err := d.change(ctx)
	if err != nil {
		return err
	}
	return d.call(ctx, http.MethodPost, path, in, out, form)
}

func (d *door) call(ctx context.Context, method, path string, in, out any, form string) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
	}
	answer, done, err := d.ask(ctx, method, path, "application/json", body, form)
	if err != nil {
		return err
	}
	defer done()
	if answer.StatusCode != http.StatusOK {
		return refusal(answer)
	}
	return decode(answer.Body, out)
}

// ask sends one request. The caller calls done once the answer was read.
func (d *door) ask(ctx context.Context, method, path, kind string, body []byte, form string) (_ *http.Response, done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	request, err := http.NewRequestWithContext(ctx, method, d.base.String()+path, bytes.NewReader(body))
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("write a request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", kind)
	}
	if form != "" {
		request.Header.Set("X-CSRF-Token", form)
	}
	if d.bearer && d.token != "" {
		request.Header.Set("Authorization", "Bearer "+d.token)
	}
	answer, err := d.http.Do(request)
	if err != nil {
		cancel()
		return nil, nil, withoutAddress(err)
	}
	return answer, func() { _ = answer.Body.Close(); cancel() }, nil // nothing is left to read
}

// withoutAddress is an error of the network, without a path that may name a study.
func withoutAddress(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	var refused *net.OpError
	if errors.As(err, &refused) && refused.Op == "dial" {
		return fmt.Errorf("nobody answers at the door: %w; is it running?", err)
	}
	return fmt.Errorf("ask the door: %w", err)
}

// refusal is an answer's no.
func refusal(answer *http.Response) error {
	data, _ := io.ReadAll(io.LimitReader(answer.Body, maxFault)) // what came of it tells the rest
	e := &Error{Status: answer.StatusCode}
	var fault struct {
		Error string `json:"error"`
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	switch {
	case kind == "application/json" && json.Unmarshal(data, &fault) == nil:
		e.Text = fault.Error
	case kind == "text/plain":
		e.Text = strings.TrimSpace(string(data))
	}
	e.Text = plainWords(e.Text)
	return e
}

// plainWords cuts a stranger's words to one line that a terminal can show.
func plainWords(text string) string {
	if len(text) > maxWords {
		text = text[:maxWords]
		for !utf8.ValidString(text) && text != "" {
			text = text[:len(text)-1]
		}
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
}

// decode reads a bounded answer of JSON.
func decode(body io.Reader, out any) error {
	data, err := readAll(body, maxAnswer)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("read the answer: %w; does the door belong to this version of MedHive?", err)
	}
	return nil
}

func readAll(body io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("read the answer: %w (%d MiB)", ErrTooLong, most>>20)
	}
	return data, nil
}

// every asks again and again until it is done, the context ends or an error comes.
func every(ctx context.Context, pause time.Duration, ask func() (done bool, err error)) error {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		done, err := ask()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait: %w", context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// pollEvery is how often a wait asks: the doors answer from memory.
const pollEvery = time.Second
