package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"
)

// Bounds of a server.
const (
	headerTime  = 10 * time.Second
	idleTime    = time.Minute
	headerBytes = 32 << 10
	closeTime   = 2 * time.Second
)

// Server is an open port.
type Server struct {
	at     net.Addr
	secure bool
	http   *http.Server
	done   chan error
}

// Serve answers at a listener, by TLS where secure is not nil. The caller closes it.
func Serve(listener net.Listener, secure *tls.Config, pages http.Handler, log *slog.Logger) *Server {
	s := &Server{at: listener.Addr(), secure: secure != nil, done: make(chan error, 1), http: &http.Server{
		Handler: pages, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	if secure != nil {
		secure = secure.Clone()
		secure.NextProtos = []string{"h2", "http/1.1"}
		listener = tls.NewListener(listener, secure)
	}
	go func() { s.done <- s.http.Serve(listener) }()
	return s
}

// Addr is the address that the server listens at.
func (s *Server) Addr() net.Addr { return s.at }

// URL is where the server is opened, without a path. One that listens at every address is
// opened by the machine's name.
func (s *Server) URL() string {
	at := s.at.String()
	if tcp, ok := s.at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		name, err := os.Hostname()
		if err != nil || name == "" {
			name = "localhost"
		}
		at = net.JoinHostPort(name, strconv.Itoa(tcp.Port))
	}
	if s.secure {
		return "https://" + at
	}
	return "http://" + at
}

// Close lets requests end for a moment, then ends them.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// OnLoopback reports whether an address to listen on is this machine's alone.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// renewEvery is how often a certificate's file is looked at: tools renew it weeks ahead.
const renewEvery = time.Minute

// Certificate is that of a server, read again when its file changes: who renews it need not
// start the server anew.
type Certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex // guards what follows
	pair   *tls.Certificate
	of     time.Time // when the file was written
	looked time.Time
}

// ReadCertificate reads PEM files. A key that others may read is refused.
func ReadCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log}
	err := c.read()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Certificate) read() error {
	info, err := os.Stat(c.key)
	if err != nil {
		return fmt.Errorf("read the dashboard's key: %w; name its file", pathless(err))
	}
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return fmt.Errorf("read the dashboard's key: everybody may read it (mode %o); run chmod o-rwx on it", mode)
	}
	written, err := os.Stat(c.cert)
	if err != nil {
		return fmt.Errorf("read the dashboard's certificate: %w; name its file", pathless(err))
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read the dashboard's certificate: %w; both files must be PEM and belong together", pathless(err))
	}
	c.pair, c.of = &pair, written.ModTime()
	return nil
}

// TLS serves by the certificate. That of nil is nil.
func (c *Certificate) TLS() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now() }}
}

// now is the certificate as its file stands. One that can't be read leaves the one before.
func (c *Certificate) now() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < renewEvery {
		return c.pair, nil
	}
	c.looked = time.Now()
	if info, err := os.Stat(c.cert); err == nil && !info.ModTime().Equal(c.of) {
		if err := c.read(); err != nil {
			c.log.Warn("the certificate has changed and can't be read; the one before stays", "error", err)
		}
	}
	return c.pair, nil
}
