// Package web is what the dashboards of a clinic's site and of a node have in common: who a
// visitor is and may do, pages in one look, answers for programs, live updates. In: pages and
// operations, each with the role that it needs, and a file of users. Out: an http.Handler
// that bounds what strangers send, takes no form of another page, and shows nothing to whom
// it does not know. It knows nothing of studies or jobs and asks no other machine.
package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"
)

// Config is what a door needs.
type Config struct {
	// Roles are the words of the file of users, from the least right to the most.
	Roles Roles
	// Users is who logs in; without a path, nobody has a password.
	Users UserFile
	// Open lets in whoever reaches a door without users: as Local, with every right. Else they
	// show a link that Link made. Either is for a door on loopback alone.
	Open  bool
	Local string // who acts at a door without users
	// LinkCommand prints such a link, as a person types it.
	LinkCommand string
	// Secure says that the door speaks TLS.
	Secure bool
	// Cookie is what the session's cookie is called. Browsers don't part the ports of a
	// machine, so doors that may stand on one machine need names of their own.
	Cookie string

	Look Look
	Done <-chan struct{}        // closed when the role ends: live updates end with it
	News func() <-chan struct{} // a channel that is closed at the next change; nil: no live updates

	// Logged hears of each login; what it answers stops the login. nil: nobody does.
	Logged func(who string, in bool) error
	// UsersChanged hears that the file of users is another than before; nil: nobody does.
	UsersChanged func()
	// Status is the HTTP status of an error of the pages; 0: it is none that they know.
	Status func(error) int

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: none
}

// Look is what pages have in common.
type Look struct {
	Menu   []Entry
	Footer template.HTML // our own words, never a stranger's
	Home   string        // what the first page is called, in a sentence
	Pages  fs.FS         // NAME.html, each of which defines "content"
	Words  template.FuncMap
	Live   []string // names of pages that renew themselves
	Script []byte   // what these pages need beyond the script of all; nil: nothing
	Sheet  []byte   // the same of the style sheet
	// OpenAPI is the document of the operations, as JSON.
	OpenAPI []byte
}

// Entry is one of the menu.
type Entry struct {
	Path, Name string
	Below      string // pages below this path belong to it; empty: those below Path
	Role       Role   // who sees it
}

// Door is a dashboard, an http.Handler.
type Door struct {
	conf     Config
	users    *users // nil: there is no file of users
	links    *links
	sessions *sessions
	throttle *throttle
	streams  chan struct{} // a place for each live stream
	pages    map[string]*template.Template
	mux      *http.ServeMux
	cross    *http.CrossOriginProtection
	secret   [secretBytes]byte // what form tokens are made with, of this process's life
}

// Page is one that a browser asks for.
type Page struct {
	Pattern string // "METHOD /path"
	Role    Role
	Show    func(*Visit) error
}

// APIBase is below which path programs ask.
const APIBase = "/api/v1"

// Operation is one that a program asks for, as the OpenAPI document names it.
type Operation struct {
	Method, Path, Does string
	Role               Role
	Query              []Param
	In, Out            any    // values of the bodies' types; nil: none
	Kind               string // media type of the answer; empty: JSON
	Answer             func(*Visit) (any, error)
}

// Param is a parameter of an operation's query.
type Param struct{ Name, Does string }

// Streamed is an answer that writes itself.
type Streamed func(*Visit) error

// New makes a door with the pages and operations that every dashboard has: login, live
// updates, and what pages are made of.
func New(conf Config, pages []Page, operations []Operation) (*Door, error) {
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	if conf.Logged == nil {
		conf.Logged = func(string, bool) error { return nil }
	}
	d := &Door{
		conf: conf, links: newLinks(conf.Now), sessions: newSessions(conf.Now), throttle: newThrottle(conf.Now), streams: make(chan struct{}, maxStreams),
		mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(),
	}
	rand.Read(d.secret[:]) // never fails, see crypto/rand
	var err error
	if d.pages, err = readPages(conf); err != nil {
		return nil, fmt.Errorf("read the dashboard's pages: %w", err)
	}
	if conf.Users.Path != "" {
		if d.users, err = openUsers(conf.Users); err != nil {
			return nil, err
		}
		d.users.changed = conf.UsersChanged
	}
	d.mux.HandleFunc("GET /static/{file}", d.static)
	d.mux.HandleFunc("GET /openapi.json", d.static)
	for _, p := range append(ownPages(conf), pages...) {
		d.mux.Handle(p.Pattern, d.guarded(p.Role, false, p.Show))
	}
	for _, o := range append(OwnOperations(), operations...) {
		d.mux.Handle(o.Method+" "+APIBase+o.Path, d.guarded(o.Role, true, func(v *Visit) error { return v.json(o.Answer(v)) }))
	}
	d.mux.Handle("/", d.guarded(Least, false, func(*Visit) error { return ErrNoPage }))
	return d, nil
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// An answer that nobody takes must not stay for ever; where the connection has no
	// deadlines, as in tests of handlers, there is nobody to wait for.
	connection := http.NewResponseController(w)
	_ = connection.SetWriteDeadline(time.Now().Add(writeTime))
	if r.ContentLength != 0 { // nor one who never ends what they send
		_ = connection.SetReadDeadline(time.Now().Add(ReadTime))
	}
	h := w.Header()
	for key, value := range headers {
		h.Set(key, value)
	}
	if d.conf.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if d.users == nil && !FromThisMachine(r) {
		http.Error(w, "this page is for this machine alone: open it there as http://127.0.0.1, or give its users a login ("+d.conf.Users.Command+" add)", http.StatusMisdirectedRequest)
		return
	}
	d.mux.ServeHTTP(w, r)
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
func (d *Door) guarded(role Role, program bool, show func(*Visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		v := d.enter(w, r)
		v.program = program
		err := v.admit(role)
		if err == nil {
			err = show(v)
		}
		if err == nil {
			return
		}
		if errors.Is(err, errLogin) && !program && r.Method == http.MethodGet {
			v.Redirect("/login")
			return
		}
		v.fail(err)
	})
}

// maxBody bounds a request: the text of a clinic's rules is the longest.
const maxBody = 2 << 20
