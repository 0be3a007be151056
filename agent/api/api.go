// Package api is a running role's local door: HTTP on a unix socket inside the
// role's private folder, so that file permissions decide who may ask. In: named
// handlers that return a value. Out: JSON. It holds no state and no secret.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	socketName   = "api.sock"
	maxAnswer    = 8 << 20
	callTimeout  = 30 * time.Second
	readTimeout  = 5 * time.Second
	closeTimeout = 2 * time.Second
)

// Handler answers one path. What it returns is sent as JSON.
type Handler func(ctx context.Context) (any, error)

// Server is the open door.
type Server struct {
	http *http.Server
	done chan error
}

// Page is a path that answers by itself, in another format than JSON.
type Page struct {
	Pattern string // "METHOD /path"
	Handler http.Handler
}

// Serve listens in the role's folder. The caller closes it.
func Serve(stateDir string, handlers map[string]Handler, pages ...Page) (*Server, error) {
	mux := http.NewServeMux()
	for name, handle := range handlers {
		mux.Handle(name, Answer(func(r *http.Request) (any, error) { return handle(r.Context()) }))
	}
	for _, p := range pages {
		mux.Handle(p.Pattern, p.Handler)
	}
	return listen(stateDir, socketName, doorMode(stateDir), mux)
}

// listen serves a socket of this name and these permissions in the role's folder.
func listen(stateDir, name string, mode os.FileMode, paths http.Handler) (*Server, error) {
	path := filepath.Join(stateDir, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("local api: remove old socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("local api: %w; a shorter --home helps if the path is too long", err)
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(fmt.Errorf("local api: %w", err), listener.Close())
	}
	open, shut := context.WithCancel(context.Background())
	s := &Server{done: make(chan error, 1), http: &http.Server{
		Handler: paths, ReadTimeout: readTimeout, BaseContext: func(net.Listener) context.Context { return open }}}
	s.http.RegisterOnShutdown(shut) // who follows a stream is not waited for
	go func() {
		defer shut()
		s.done <- s.http.Serve(listener)
	}()
	return s, nil
}

// Permissions of doors.
const (
	ownDoor   = 0o600
	groupDoor = 0o660
)

// doorMode is who may ask: the folder's owner, and its group where that may pass through the
// folder and nobody else may.
func doorMode(stateDir string) os.FileMode {
	const othersBits, groupPasses = 0o077, 0o010
	if info, err := os.Stat(stateDir); err == nil && info.Mode().Perm()&othersBits == groupPasses {
		return groupDoor
	}
	return ownDoor
}

// Answer is a handler whose value is sent as JSON, for paths that need more of the
// request than that it came: a part of the path, or a body.
func Answer(handle func(r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := handle(r)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			answer = fault{err.Error()}
		}
		_ = json.NewEncoder(w).Encode(answer) // the caller has gone; nothing is left to tell it
	})
}

// fault is how a role says that something went wrong.
type fault struct {
	Error string `json:"error"`
}

// Close ends the door and waits for it.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Call asks the role that runs in stateDir and decodes its answer into out. The
// pattern is "METHOD /path", as at the server.
func Call(ctx context.Context, stateDir, method, path string, out any) error {
	body, err := Read(ctx, stateDir, method, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("local api: decode answer: %w", err)
	}
	return nil
}

// Read asks as Call does and returns the answer as it is: what a Page gives.
func Read(ctx context.Context, stateDir, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, done, err := ask(ctx, stateDir, method, path, nil)
	if err != nil {
		return nil, err
	}
	defer done()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("local api: read answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("local api: the answer is longer than %d MiB; ask for less", maxAnswer>>20)
	}
	return body, nil
}

// ErrNobody says that no role listens in the folder.
var ErrNobody = errors.New("is the role running with this --home and --name? start it, such as with `medhive node run`, or name another")

// ask sends one request to the role that runs in stateDir. in becomes its JSON body, nil
// none. The caller calls done when the answer was read.
func ask(ctx context.Context, stateDir, method, path string, in any) (*http.Response, func(), error) {
	return askAt(ctx, stateDir, socketName, method, path, in)
}

// askAt asks at the socket of this name.
func askAt(ctx context.Context, stateDir, socket, method, path string, in any) (*http.Response, func(), error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, nil, fmt.Errorf("local api: encode request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://medhive"+path, body)
	if err != nil {
		return nil, nil, fmt.Errorf("local api: %w", err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(stateDir, socket))
	}}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil, fmt.Errorf("nothing answers in %s: %w", stateDir, ErrNobody)
	}
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // without an address that is nowhere
		}
		if errors.Is(err, os.ErrPermission) {
			return nil, nil, fmt.Errorf("you may not ask the role in %s: %w; ask as root, as the user who runs it, or as a member of an installed service's group (sudo usermod -aG medhive USER, then log in again)", stateDir, err)
		}
		return nil, nil, fmt.Errorf("the role that runs in %s does not answer: %w; look at its log, and start it again if it hangs", stateDir, err)
	}
	done := func() {
		_ = answer.Body.Close() // it was read, or is of no use
		transport.CloseIdleConnections()
	}
	if answer.StatusCode == http.StatusOK {
		return answer, done, nil
	}
	defer done()
	var said fault
	if json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&said) != nil || said.Error == "" {
		said.Error = answer.Status
	}
	return nil, nil, fmt.Errorf("the role answers: %s", said.Error)
}
