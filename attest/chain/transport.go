package chain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/rpc"
)

const (
	// requestTimeout bounds one JSON-RPC request, answer included.
	requestTimeout = 20 * time.Second
	// maxAnswerBytes bounds one JSON-RPC answer: a thousand of our events fit.
	maxAnswerBytes = 4 << 20
)

// errAnswerTooLarge says that an RPC server sent more than is ever needed.
var errAnswerTooLarge = fmt.Errorf("answer is larger than %d bytes", maxAnswerBytes)

// dialRPC prepares JSON-RPC over HTTP to the first of the addresses that answers,
// each answer bounded in time and size. It doesn't connect yet.
func dialRPC(ctx context.Context, addresses ...string) (*ethclient.Client, error) {
	several, err := newServers(addresses, boundedTransport{http.DefaultTransport})
	if err != nil {
		return nil, err
	}
	client, err := rpc.DialOptions(ctx, addresses[0], rpc.WithHTTPClient(&http.Client{
		Timeout:   requestTimeout,
		Transport: several,
	}))
	if err != nil {
		return nil, fmt.Errorf("prepare RPC: %w", withoutURL(err))
	}
	return ethclient.NewClient(client), nil
}

// boundedTransport refuses bodies beyond maxAnswerBytes.
type boundedTransport struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (t boundedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.ContentLength > maxAnswerBytes {
		response.Body.Close()
		return nil, errAnswerTooLarge
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxAnswerBytes}
	return response, nil
}

// boundedBody fails, rather than ends, at its bound: a cut answer must not pass
// for a whole one.
type boundedBody struct {
	io.ReadCloser
	left int
}

// Read is io.Reader's.
func (b *boundedBody) Read(into []byte) (int, error) {
	if b.left < 0 {
		return 0, errAnswerTooLarge
	}
	if len(into) > b.left+1 {
		into = into[:b.left+1] // one more, to see whether there is one
	}
	n, err := b.ReadCloser.Read(into)
	b.left -= n
	if b.left < 0 {
		return n, errAnswerTooLarge
	}
	return n, err
}

// withoutURL drops the request's address from an HTTP error, for the reason in
// dialRPC.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", failed.Op, failed.Err)
	}
	return err
}
