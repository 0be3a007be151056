package dicomweb

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// What a server does where its Config is silent.
const (
	defaultMaxObjectBytes = 4 << 30 // a long enhanced CT; breast tomosynthesis has 1 to 2 GiB
	defaultMaxObjects     = 20_000  // of one request
	defaultMaxRequests    = 32
	defaultIdle           = time.Minute
)

// Config says what a Server does.
type Config struct {
	Receiver  Receiver  // nil: no STOW-RS
	Workitems Workitems // nil: no UPS-RS

	// Base is the path below which the services stand, such as /dicom-web.
	Base string

	MaxObjectBytes int64         // of one object; 0: 4 GiB
	MaxObjects     int           // of one request; 0: 20,000
	MaxRequests    int           // stores under way at once, later ones are asked to come again; 0: 32
	Idle           time.Duration // longest silence of a sender within a store; 0: one minute

	// User names who sent a request, as the listener's authentication knows it; nil: nobody
	// is named.
	User func(*http.Request) string
	// RequestEnded, if set, is called when a store was answered, with the number of objects
	// that were kept: more of the study need not come.
	RequestEnded func(request uint64, kept int)

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: silent
}

// Server answers the requests of senders and of a RIS. Who may ask at all is decided before
// it, by the listener.
type Server struct {
	config   Config
	mux      *http.ServeMux
	requests atomic.Uint64
	turns    chan struct{} // holds one for each store under way
}

// NewServer is a handler of the services that c names.
func NewServer(c Config) (*Server, error) {
	if c.Receiver == nil && c.Workitems == nil {
		return nil, errors.New("open the web services: neither objects nor work items are taken")
	}
	if c.Base = strings.TrimRight(c.Base, "/"); c.Base != "" && (!strings.HasPrefix(c.Base, "/") || strings.ContainsAny(c.Base, "{} ")) {
		return nil, fmt.Errorf("open the web services: base path %q: want one such as /dicom-web", c.Base)
	}
	setDefault(&c.MaxObjectBytes, defaultMaxObjectBytes)
	setDefault(&c.MaxObjects, defaultMaxObjects)
	setDefault(&c.MaxRequests, defaultMaxRequests)
	setDefault(&c.Idle, defaultIdle)
	if c.User == nil {
		c.User = func(*http.Request) string { return "" }
	}
	if c.RequestEnded == nil {
		c.RequestEnded = func(uint64, int) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c, mux: http.NewServeMux(), turns: make(chan struct{}, c.MaxRequests)}
	if c.Receiver != nil {
		s.mux.HandleFunc("POST "+c.Base+"/studies", s.store)
		s.mux.HandleFunc("POST "+c.Base+"/studies/{study}", s.store)
	}
	if c.Workitems != nil {
		s.handleWorkitems()
	}
	return s, nil
}

func setDefault[T int | int64 | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// ServeHTTP implements http.Handler. What is left of a body that is refused unread is waited
// for no longer than for one that is taken.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.config.Idle))
	}
	s.mux.ServeHTTP(w, r)
}

// refusal is a request that is answered with a status and words for the person at the other
// end.
type refusal struct {
	status int
	words  string
}

func (r *refusal) Error() string { return r.words }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

func (r *refusal) answer(w http.ResponseWriter) {
	if r.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	http.Error(w, r.words, r.status)
}

// acceptsJSON says whether a request takes an answer in DICOM JSON.
func acceptsJSON(r *http.Request) bool {
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return true
	}
	for one := range strings.SplitSeq(strings.Join(values, ","), ",") {
		media, parameters, err := mime.ParseMediaType(strings.TrimSpace(one))
		if err != nil || strings.Trim(parameters["q"], "0.") == "" && parameters["q"] != "" {
			continue
		}
		switch media {
		case typeJSON, "application/json", "application/*", "*/*":
			return true
		}
	}
	return false
}

// writeJSON answers with body as DICOM JSON.
func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("Cache-Control", "no-store") // it names a patient's instances
	w.WriteHeader(status)
	_, _ = w.Write(data) // who asked is gone: nobody to tell
}

// address is where a request comes from.
func address(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
