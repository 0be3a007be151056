package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Bounds of the web door.
const (
	webHeaderTime  = 10 * time.Second
	webIdle        = time.Minute
	webHeaderBytes = 32 << 10
	webClose       = 2 * time.Second
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

// webDoor listens for requests of DICOMweb.
type webDoor struct {
	http    *http.Server
	address net.Addr
	done    chan error
}

// openWeb listens as conf says and lets in whom it knows. pages, which may be nil, ask
// their visitors themselves, and have every path beside those of inner. refused, which may be nil, hears
// of callers who were not let in.
func openWeb(conf Web, inner, pages http.Handler, refused func(address string), log *slog.Logger) (*webDoor, error) {
	secure, err := conf.TLS.server()
	if err != nil {
		return nil, err
	}
	guard := &guarded{inner: inner, local: isLoopback(conf.Listen), refused: refused}
	if conf.Tokens != "" {
		if guard.known, err = readTokens(conf.Tokens); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", conf.Listen)
	if err != nil {
		return nil, fmt.Errorf("open the web door: %w; choose another web.listen in site.toml", err)
	}
	d := &webDoor{address: listener.Addr(), done: make(chan error, 1), http: &http.Server{
		Handler: apart(guard, pages), ReadHeaderTimeout: webHeaderTime, IdleTimeout: webIdle, MaxHeaderBytes: webHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	if secure != nil {
		secure.NextProtos = []string{"h2", "http/1.1"}
		listener = tls.NewListener(listener, secure)
	}
	go func() { d.done <- d.http.Serve(listener) }()
	return d, nil
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

// Close lets requests end for a moment, then ends them.
func (d *webDoor) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), webClose)
	defer cancel()
	err := d.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = d.http.Close()
	}
	if served := <-d.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
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
	name, ok := localCaller, g.known == nil && g.local && ownHost(r.Host)
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

// ownHost says that the request names this machine: a page of the web that had its name
// lead here would name another.
func ownHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
