// Package api is a running role's local door: HTTP on a unix socket inside the
// role's private folder, so that file permissions decide who may ask. In: named
// handlers that return a value. Out: JSON. It holds no state and no secret.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
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
	path := filepath.Join(stateDir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("local api: remove old socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("local api: %w; a shorter --home helps if the path is too long", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("local api: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	for name, handle := range handlers {
		mux.HandleFunc(name, func(w http.ResponseWriter, r *http.Request) {
			answer, err := handle(r.Context())
			w.Header().Set("Content-Type", "application/json")
			if err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				answer = map[string]string{"error": err.Error()}
			}
			_ = json.NewEncoder(w).Encode(answer) // the caller has gone; nothing is left to tell it
		})
	}
	for _, p := range pages {
		mux.Handle(p.Pattern, p.Handler)
	}
	s := &Server{http: &http.Server{Handler: mux, ReadTimeout: readTimeout}, done: make(chan error, 1)}
	go func() { s.done <- s.http.Serve(listener) }()
	return s, nil
}

// Close ends the door and waits for it.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
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
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(stateDir, socketName))
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, method, "http://medhive"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("local api: %w", err)
	}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("nothing answers in %s: %w; is the role running with this --home and --name?", stateDir, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("local api: read answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		var refusal struct{ Error string }
		if json.Unmarshal(body, &refusal) != nil || refusal.Error == "" {
			refusal.Error = answer.Status
		}
		return nil, fmt.Errorf("the role answers: %s", refusal.Error)
	}
	return body, nil
}
