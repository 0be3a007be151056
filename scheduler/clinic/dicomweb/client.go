package dicomweb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Bounds of what is read of an answer in JSON: 20,000 instances by name, each with an address.
const (
	maxAnswerBytes    = 16 << 20
	maxAnswerElements = 15 * defaultMaxObjects // and their values
)

// Client speaks to one server.
type Client struct {
	// Base is the address of its services, such as https://pacs/dicom-web; http only on
	// loopback or with Plain.
	Base *url.URL
	// HTTP carries the requests, with the certificates that its transport knows; nil:
	// http.DefaultTransport. No redirection is followed: a study goes where it was sent.
	HTTP *http.Client
	// Authorization gives the header of that name, anew for each request; nil: none.
	Authorization func() (string, error)
	// Plain lets http be spoken to hosts elsewhere, as within a clinic's own closed network.
	Plain bool
	// Idle is the longest silence of the server, while it takes an object or answers; 0: one
	// minute.
	Idle time.Duration
}

// maxCredential bounds a file of credentials.
const maxCredential = 64 << 10

// BearerFile authorizes by the token in a file, read anew for each request, so that a
// rotated one counts at once.
func BearerFile(path string) func() (string, error) {
	return func() (string, error) {
		token, err := readCredential(path)
		return "Bearer " + token, err
	}
}

// BasicFile authorizes by name and password, which stand in a file as name:password.
func BasicFile(path string) func() (string, error) {
	return func() (string, error) {
		pair, err := readCredential(path)
		if err != nil {
			return "", err
		}
		name, password, found := strings.Cut(pair, ":")
		if !found {
			return "", errors.New("read the password of the web service: want name:password in its file")
		}
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(name, password)
		return r.Header.Get("Authorization"), nil
	}
}

func readCredential(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the credentials of the web service: %w", withoutPath(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCredential))
	if err != nil {
		return "", fmt.Errorf("read the credentials of the web service: %w", err)
	}
	line := strings.TrimSpace(string(data))
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return "", errors.New("read the credentials of the web service: want one line in their file")
	}
	return line, nil
}

// StatusError is an answer that refuses. Its words are the status alone: what a server
// writes beside it may name a patient.
type StatusError struct {
	Status int    // HTTP
	After  string // Retry-After as sent; mostly empty
}

func (e *StatusError) Error() string {
	words := fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return words + "; look at the credentials of this destination"
	case e.Status == http.StatusNotFound:
		return words + "; look at the path of its address, it mostly ends in /dicom-web or /rs"
	case e.Status == http.StatusRequestEntityTooLarge:
		return words + "; a proxy before it takes no request of this size, raise its limit"
	case e.Status >= 300 && e.Status < 400:
		return words + "; name the address it points to, none is followed"
	}
	return words
}

// Temporary says whether the same request may be answered otherwise later on.
func (e *StatusError) Temporary() bool {
	return e.Status >= 500 && e.Status != http.StatusNotImplemented || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// do sends a request below the base. The answer's body is the caller's to close; a status
// that wanted does not take is an error.
func (c *Client) do(ctx context.Context, r *http.Request, wanted func(status int) bool) (*http.Response, error) {
	if err := c.secure(); err != nil {
		return nil, err
	}
	idle := c.Idle
	if idle <= 0 {
		idle = defaultIdle
	}
	ctx, watch := watchSilence(ctx, idle)
	r = watch.request(r.WithContext(ctx))
	if c.Authorization != nil {
		header, err := c.Authorization()
		if err != nil {
			watch.end()
			return nil, err
		}
		r.Header.Set("Authorization", header)
	}
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(r)
	if err != nil {
		watch.end()
		return nil, watch.why(withoutAddress(err))
	}
	watch.timer.Stop()
	answer.Body = &watchedBody{ReadCloser: answer.Body, watch: watch, last: true}
	if !wanted(answer.StatusCode) {
		defer answer.Body.Close()
		_, _ = io.CopyN(io.Discard, answer.Body, maxCredential) // so that the connection can be used again
		return nil, &StatusError{answer.StatusCode, answer.Header.Get("Retry-After")}
	}
	return answer, nil
}

// withoutAddress drops the address of a failed request: it names a study.
func withoutAddress(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}

// secure refuses an address on which anybody could read along.
func (c *Client) secure() error {
	switch {
	case c.Base == nil || c.Base.Host == "" || c.Base.User != nil || c.Base.RawQuery != "" || c.Base.Fragment != "":
		return errors.New("want an address such as https://host/dicom-web, without a password, query or fragment")
	case c.Base.Scheme == "https":
		return nil
	case c.Base.Scheme == "http" && (c.Plain || isLoopback(c.Base.Hostname())):
		return nil
	}
	return fmt.Errorf("%s://%s is not encrypted; use https", c.Base.Scheme, c.Base.Host)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// readSets reads an answer in DICOM JSON; an empty one has no data sets.
func readSets(answer *http.Response, most int) ([]Dataset, error) {
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(data) > maxAnswerBytes {
		return nil, fmt.Errorf("read the answer: it has more than %d bytes", maxAnswerBytes)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	return decodeDatasets(bytes.NewReader(data), most, maxAnswerElements)
}
