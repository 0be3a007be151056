package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	headerTimeout = 30 * time.Second // until a server has to say something
	maxRedirects  = 5
)

// HTTPS is a package folder on a web server: each file lies under its name below the
// address. Files are resumed with Range where the server can.
type HTTPS struct {
	base   *url.URL
	client *http.Client
}

// NewHTTPS reads an https address; http is taken for loopback only. transport may be nil.
func NewHTTPS(address string, transport http.RoundTripper) (*HTTPS, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("want an address such as https://host/folder, without a password, query or fragment")
	}
	if err := secure(base); err != nil {
		return nil, err
	}
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.ResponseHeaderTimeout = headerTimeout
		own.DisableCompression = true // ranges count bytes of the file itself
		transport = own
	}
	return &HTTPS{base: base, client: &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirections")
		}
		return secure(r.URL)
	}}}, nil
}

// secure refuses addresses on which anybody could read or answer along.
func secure(u *url.URL) error {
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%s://%s is not encrypted; use https", u.Scheme, u.Host)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Open implements Source.
func (s *HTTPS) Open(ctx context.Context, name string, offset int64) (io.ReadCloser, int64, error) {
	return s.get(ctx, s.base.JoinPath(name), offset)
}

// OpenSelf reads the address itself: a tar, not a folder.
func (s *HTTPS) OpenSelf(ctx context.Context, offset int64) (io.ReadCloser, int64, error) {
	return s.get(ctx, s.base, offset)
}

func (s *HTTPS) get(ctx context.Context, at *url.URL, offset int64) (io.ReadCloser, int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, 0, Final(err)
	}
	if offset > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return response.Body, 0, nil
	case code == http.StatusPartialContent && strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset)):
		return response.Body, offset, nil
	case code == http.StatusRequestedRangeNotSatisfiable && offset > 0:
		_ = response.Body.Close()
		return s.get(ctx, at, 0) // shorter than what is here: it is another file
	default:
		_ = response.Body.Close()
		return nil, 0, statusError(code, request.URL.Host)
	}
}

// statusError sorts answers into those that may change by themselves and those that won't.
func statusError(code int, host string) error {
	switch {
	case code == http.StatusNotFound || code == http.StatusGone:
		return fs.ErrNotExist
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return Final(fmt.Errorf("%s refuses (%d %s); check the address, or log in where it is a registry", host, code, http.StatusText(code)))
	case code == http.StatusTooManyRequests || code >= 500:
		return fmt.Errorf("%s answers %d %s; try again later", host, code, http.StatusText(code))
	}
	return Final(fmt.Errorf("%s answers %d %s; check the address", host, code, http.StatusText(code)))
}
