// Package dashboard shows a clinic's site to the clinic's people: its worklist, cases with
// their pictures, what is held, rules, audit log, costs and health. In: requests of browsers
// and of programs that speak JSON. Out: pages that work without script and with a keyboard,
// and the same answers as JSON. It decides who may see what and records who saw it; the work
// is the Site's. It asks nothing of any other machine and writes nobody's name into a log.
package dashboard

import (
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

// Config is what a dashboard needs.
type Config struct {
	Site Site
	// Users is the file of users that `medhive clinic user` writes. Empty: nobody logs in, and
	// whoever reaches the door is LocalUser with every right; only a door on loopback may be so.
	Users  string
	Secure bool            // the door speaks TLS
	Done   <-chan struct{} // closed when the site ends: live updates end with it
	Costs  Costs
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: none
}

// LocalUser is who acts at a door on loopback without users, as the audit log knows them.
const LocalUser = "this-machine"

// Board is the dashboard, an http.Handler.
type Board struct {
	conf     Config
	site     Site
	users    *users // nil: nobody logs in
	sessions *sessions
	throttle *throttle
	seen     *seen
	streams  chan struct{} // a place for each live stream
	pages    map[string]*template.Template
	mux      *http.ServeMux
	cross    *http.CrossOriginProtection
	secret   [secretBytes]byte // what form tokens are made with, of this process's life
}

// New makes a dashboard.
func New(conf Config) (*Board, error) {
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	b := &Board{
		conf: conf, site: conf.Site, sessions: newSessions(conf.Now), throttle: newThrottle(conf.Now), seen: newSeen(conf.Now),
		streams: make(chan struct{}, maxStreams), mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(),
	}
	rand.Read(b.secret[:]) // never fails, see crypto/rand
	var err error
	if b.pages, err = readPages(conf.Now); err != nil {
		return nil, fmt.Errorf("read the dashboard's pages: %w", err)
	}
	if conf.Users != "" {
		if b.users, err = openUsers(conf.Users); err != nil {
			return nil, err
		}
		b.users.changed = func() {
			if err := b.site.UsersChanged(); err != nil {
				b.conf.Log.Error("a change of the users could not be recorded", "error", err)
			}
		}
	}
	b.register()
	return b, nil
}

// register puts every route in its place.
func (b *Board) register() {
	b.mux.HandleFunc("GET /static/{file}", b.static)
	b.mux.HandleFunc("GET /openapi.json", b.static)
	for _, p := range pages() {
		b.mux.Handle(p.pattern, b.guarded(p.role, false, p.show))
	}
	for _, r := range operations() {
		b.mux.Handle(r.method+" "+apiBase+r.path, b.guarded(r.role, true, func(v *visit) error { return v.json(r.answer(v)) }))
	}
	b.mux.Handle("/", b.guarded(Viewer, false, func(*visit) error { return errNoPage }))
}

// ServeHTTP implements http.Handler.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// An answer that nobody takes must not stay for ever; where the connection has no
	// deadlines, as in tests of handlers, there is nobody to wait for.
	connection := http.NewResponseController(w)
	_ = connection.SetWriteDeadline(time.Now().Add(writeTime))
	if r.ContentLength != 0 { // nor one who never ends what they send
		_ = connection.SetReadDeadline(time.Now().Add(readTime))
	}
	h := w.Header()
	for key, value := range headers {
		h.Set(key, value)
	}
	if b.conf.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if b.users == nil && (!ownHost(r.Host) || forwarded(r)) {
		http.Error(w, "this page is for this machine alone: open it as http://127.0.0.1, or give its users a login (medhive clinic user)", http.StatusMisdirectedRequest)
		return
	}
	b.mux.ServeHTTP(w, r)
}

// headers stand at every answer: a page takes nothing from elsewhere, shows in no frame and
// stays in no cache.
var headers = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"Cache-Control":                "no-store",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
}

// guarded lets in who may and answers what goes wrong: as JSON for programs, else as a page.
func (b *Board) guarded(role Role, program bool, show func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		v := b.enter(w, r)
		v.program = program
		err := v.admit(role)
		if err == nil {
			err = show(v)
		}
		if err == nil {
			return
		}
		if errors.Is(err, errLogin) && !program && r.Method == http.MethodGet {
			v.redirect("/login")
			return
		}
		v.fail(err)
	})
}

// maxBody bounds a request: the rules' text is the longest.
const maxBody = 2 << 20
