// Package dashboard shows a clinic's site to the clinic's people: its worklist, cases with
// their pictures, what is held, rules, audit log, costs and health. In: requests of browsers
// and of programs that speak JSON. Out: pages that work without script and with a keyboard,
// and the same answers as JSON. It decides who may see what and records who saw it; the work
// is the Site's. It asks nothing of any other machine and writes nobody's name into a log.
package dashboard

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
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
	*web.Door
	conf Config
	site Site
	seen *seen
}

//go:embed templates/*.html
var templates embed.FS

//go:embed static/own.css
var sheet []byte

//go:embed static/own.js
var script []byte

//go:embed openapi.json
var openAPI []byte

// New makes a dashboard.
func New(conf Config) (*Board, error) {
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	b := &Board{conf: conf, site: conf.Site, seen: newSeen(conf.Now)}
	own, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	var shownPages []web.Page
	for _, p := range pages() {
		shownPages = append(shownPages, web.Page{Pattern: p.pattern, Role: web.Role(p.role), Show: func(v *web.Visit) error { return p.show(&visit{v, b}) }})
	}
	var answers []web.Operation
	for _, o := range operations() {
		answers = append(answers, o.of(b))
	}
	b.Door, err = web.New(web.Config{
		Roles: roles, Users: usersFile(conf.Users), Open: conf.Users == "", Local: LocalUser, Secure: conf.Secure, Cookie: "medhive",
		Look: web.Look{
			Menu: menu(), Footer: "Results are <strong>not for clinical use</strong>.", Home: "the worklist", Pages: own, Words: words(),
			Live: []string{"worklist", "case", "held", "deliveries", "status"}, Script: script, Sheet: sheet, OpenAPI: openAPI,
		},
		Done: conf.Done, News: conf.Site.Changed, Logged: conf.Site.Logged, UsersChanged: b.usersChanged, Status: statusOf, Now: conf.Now, Log: conf.Log,
	}, shownPages, answers)
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Board) usersChanged() {
	if err := b.site.UsersChanged(); err != nil {
		b.conf.Log.Error("a change of the users could not be recorded", "error", err)
	}
}

func menu() []web.Entry {
	return []web.Entry{
		{Path: "/", Name: "Worklist", Below: "/cases/", Role: web.Role(Viewer)},
		{Path: "/held", Name: "Quarantine", Role: web.Role(Viewer)},
		{Path: "/rules", Name: "Rules", Role: web.Role(Viewer)},
		{Path: "/deliveries", Name: "Deliveries", Role: web.Role(Viewer)},
		{Path: "/costs", Name: "Costs", Role: web.Role(Viewer)},
		{Path: "/status", Name: "Health", Role: web.Role(Viewer)},
		{Path: "/audit", Name: "Audit", Role: web.Role(Admin)},
	}
}

// visit is one request of somebody.
type visit struct {
	*web.Visit
	*Board
}

// refuse is an error of the visitor, with a text that says how to write it.
func refuse(format string, args ...any) error { return web.Refuse(format, args...) }

// ErrRefused marks an error of the Site that the person can do something about.
var ErrRefused = errors.New("it can't be done now")

// ErrNothing says that what was asked for is not, or no longer, there.
var ErrNothing = errors.New("it is not here, or no longer")

// statusOf is the HTTP status of an error of the site; 0 where it is the site's fault.
func statusOf(err error) int {
	switch {
	case errors.Is(err, worklist.ErrUnknownCase), errors.Is(err, quarantine.ErrUnknown), errors.Is(err, inbox.ErrUnknownStudy), errors.Is(err, ErrNothing):
		return http.StatusNotFound
	case errors.Is(err, worklist.ErrNotAllowed), errors.Is(err, quarantine.ErrDecided), errors.Is(err, ErrRefused):
		return http.StatusConflict
	}
	return 0
}
