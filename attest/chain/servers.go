package chain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
)

const (
	// maxServers bounds the RPC addresses of one network.
	maxServers = 8
	// restAfterFailure is how long a server that failed is asked last.
	restAfterFailure = 30 * time.Second
	// shortestTry bounds from below what one of several servers gets of a
	// request's time.
	shortestTry = 3 * time.Second
	// limitExceeded is EIP-1474's code for a server whose quota is used up.
	limitExceeded = -32005
	// chainQuestion asks a server for its chain.
	chainQuestion = `{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}`
)

// servers sends each JSON-RPC request to the first of several servers that
// answers, in the order of preference. A server that does not answer, or whose
// quota is used up, is asked last for half a minute; one that serves another
// chain is never asked again. What a server answers to a request, a contract's
// refusal too, is taken from it: only failure to answer moves on. Requests may
// so arrive twice, which JSON-RPC's do without harm: a transaction has one hash.
type servers struct {
	next http.RoundTripper
	now  func() time.Time

	mu    sync.Mutex // guards what follows
	known []server
	chain *big.Int // id of the chain that the first server to answer serves; nil until then
}

// server is one RPC address and what is known of it.
type server struct {
	address   *url.URL
	asked     bool      // it told its chain
	foreign   bool      // which is another
	restUntil time.Time // after a failure
}

// newServers takes http and https addresses, the preferred first.
func newServers(addresses []string, next http.RoundTripper) (*servers, error) {
	if len(addresses) == 0 || len(addresses) > maxServers {
		return nil, fmt.Errorf("%d RPC addresses: name from 1 to %d", len(addresses), maxServers)
	}
	s := &servers{next: next, now: time.Now}
	for _, address := range addresses {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
			// Not quoted: the address of a hosted RPC often holds a secret.
			return nil, errors.New("RPC address is not an http:// or https:// URL")
		}
		s.known = append(s.known, server{address: parsed})
	}
	return s, nil
}

// RoundTrip is http.RoundTripper's; the answer is read whole, so that a server
// that fails in the middle of it has failed.
func (s *servers) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	request.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	order := s.order()
	if len(order) == 1 {
		response, _, err := s.try(request.Context(), order[0], request, body)
		if err != nil && request.Context().Err() == nil {
			// Once more: a server may close a connection in the moment it is used again.
			response, _, err = s.try(request.Context(), order[0], request, body)
		}
		return response, err
	}
	within := max(requestTimeout/time.Duration(len(order)), shortestTry)
	var failures []error
	for _, at := range order {
		response, err := s.tryWithin(within, at, request, body)
		if err == nil {
			return response, nil
		}
		failures = append(failures, fmt.Errorf("RPC server %d of %d: %w", at+1, len(order), err))
		if request.Context().Err() != nil {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// order lists the servers to ask: those that rest come last.
func (s *servers) order() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fit, rest []int
	now := s.now()
	for i, known := range s.known {
		switch {
		case known.foreign:
		case now.Before(known.restUntil):
			rest = append(rest, i)
		default:
			fit = append(fit, i)
		}
	}
	if len(fit)+len(rest) == 0 { // all are foreign: let the first say so again
		return []int{0}
	}
	return append(fit, rest...)
}

// tryWithin asks one of several servers; its failure makes it rest.
func (s *servers) tryWithin(within time.Duration, at int, request *http.Request, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), within)
	defer cancel() // the answer has been read whole by then
	err := s.identify(ctx, at, request)
	var response *http.Response
	if err == nil {
		var answer []byte
		if response, answer, err = s.try(ctx, at, request, body); err == nil {
			err = unable(response.StatusCode, answer)
		}
	}
	if err != nil {
		if request.Context().Err() == nil { // it was the server, not the caller
			s.mu.Lock()
			s.known[at].restUntil = s.now().Add(restAfterFailure)
			s.mu.Unlock()
		}
		return nil, err
	}
	return response, nil
}

// identify asks a server for its chain before its first request: a server of
// another chain would take a transaction's nonce and fees from there.
func (s *servers) identify(ctx context.Context, at int, request *http.Request) error {
	s.mu.Lock()
	known := s.known[at]
	s.mu.Unlock()
	if known.foreign {
		return errors.New("it serves another chain; correct its address")
	}
	if known.asked {
		return nil
	}
	response, text, err := s.try(ctx, at, request, []byte(chainQuestion))
	if err != nil {
		return err
	}
	if err := unable(response.StatusCode, text); err != nil {
		return err
	}
	var answer struct {
		Result hexutil.Big `json:"result"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Result.ToInt().Sign() <= 0 {
		return errors.New("it does not tell which chain it serves")
	}
	chain := answer.Result.ToInt()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chain == nil {
		s.chain = chain
	}
	s.known[at].asked, s.known[at].foreign = true, s.chain.Cmp(chain) != 0
	if s.known[at].foreign {
		return fmt.Errorf("it serves chain %s, the others %s; correct its address", chain, s.chain)
	}
	return nil
}

// try sends the request to one server and reads its answer, bounded in size.
func (s *servers) try(ctx context.Context, at int, request *http.Request, body []byte) (*http.Response, []byte, error) {
	s.mu.Lock()
	address := s.known[at].address
	s.mu.Unlock()
	own := request.Clone(ctx)
	own.URL, own.Host = address, ""
	own.Body, own.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	own.Header.Del("Authorization") // may be another server's
	if user := address.User; user != nil {
		password, _ := user.Password()
		own.SetBasicAuth(user.Username(), password)
	}
	response, err := s.next.RoundTrip(own)
	if err != nil {
		return nil, nil, err
	}
	answer, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, nil, err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(answer)), int64(len(answer))
	return response, answer, nil
}

// unable says why a server answered that it can't answer; nil if it did answer.
func unable(status int, answer []byte) error {
	switch {
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout,
		status == http.StatusUnauthorized, status == http.StatusPaymentRequired, status == http.StatusForbidden, status == http.StatusNotFound:
		return fmt.Errorf("answered %d %s", status, http.StatusText(status))
	}
	const longestRefusal = 4 << 10
	if len(answer) > longestRefusal {
		return nil
	}
	var refusal struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(answer, &refusal) == nil && refusal.Error.Code == limitExceeded {
		return errors.New("its quota is used up")
	}
	return nil
}
