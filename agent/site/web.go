package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/medhive/medhive/agent/web"
)

// caller is the name under which a request was let in.
type caller struct{}

// callerOf is who a request came from, as the audit knows them.
func callerOf(ctx context.Context) string {
	name, _ := ctx.Value(caller{}).(string)
	return name
}

// localCaller is who needs no token: a process of this machine at a door on loopback.
const localCaller = "this-machine"

// openWeb listens as conf says and lets in whom it knows. pages, which may be nil, ask
// their visitors themselves, and have every path beside those of inner. refused, which may be nil, hears
// of callers who were not let in.
func openWeb(conf Web, inner, pages http.Handler, refused func(address string), log *slog.Logger) (*web.Server, error) {
	secure, err := conf.TLS.server()
	if err != nil {
		return nil, err
	}
	guard := &guarded{inner: inner, local: web.OnLoopback(conf.Listen), refused: refused}
	if conf.Tokens != "" {
		if guard.known, err = readTokens(conf.Tokens); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", conf.Listen)
	if err != nil {
		return nil, fmt.Errorf("open the web door: %w; choose another web.listen in site.toml", err)
	}
	return web.Serve(listener, secure, apart(guard, pages), log), nil
}

// apart gives each path to whom it belongs.
func apart(services, pages http.Handler) http.Handler {
	if pages == nil {
		return services
	}
	mux := http.NewServeMux()
	mux.HandleFunc(webBase+"/", func(w http.ResponseWriter, r *http.Request) {
		// The deadline of a page that came on the same connection must not end a service's answer.
		if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return // the connection is gone
		}
		services.ServeHTTP(w, r)
	})
	mux.Handle("/", pages)
	return mux
}

// guarded lets in who shows a known token; without tokens, at a door on loopback, any
// process of this machine.
type guarded struct {
	inner   http.Handler
	known   tokens // nil: nobody needs one
	local   bool
	refused func(address string)
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := localCaller, g.known == nil && g.local && web.FromThisMachine(r)
	if g.known != nil {
		name, ok = g.known.who(r)
	}
	if !ok {
		if g.refused != nil {
			g.refused(r.RemoteAddr)
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "who are you? show a token of this site's tokens file", http.StatusUnauthorized)
		return
	}
	g.inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), caller{}, name)))
}
