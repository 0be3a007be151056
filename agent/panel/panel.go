// Package panel is the dashboard of a node's operator: what the node does now, what the machine
// takes, what it earned and why, its models, its network, its log. In: requests of browsers
// and of programs that speak JSON. Out: pages that work without script and with a keyboard,
// charts made here, and the same answers as JSON. It decides who may see what; the work is the
// Node's. It asks no other machine, and there is no patient in anything it shows.
package panel

import (
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"github.com/medhive/medhive/agent/web"
)

// Config is what a dashboard needs.
type Config struct {
	Node Node
	// Mark tells this node's cookies from those of another on the same machine, since browsers
	// don't part its ports: some letters and digits; empty: there is no other.
	Mark string
	// Users is the file of users that `medhive node user` writes. Empty: nobody has a password,
	// and a link of `medhive node dashboard` lets in; only a door on loopback may be so.
	Users  string
	Secure bool             // the door speaks TLS
	Done   <-chan struct{}  // closed when the node ends: live updates end with it
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: none
}

// LocalUser is who came by a link.
const LocalUser = "operator"

// The roles: a viewer sees, an admin also drains, pauses and resumes.
const (
	Viewer web.Role = iota + 1
	Admin
)

var roles = web.Roles{"viewer", "admin"}

// UserFile is a file of users of a node's dashboard.
func UserFile(path string) web.UserFile {
	return web.UserFile{Path: path, Roles: roles, Command: "medhive node user", Whose: "the node's dashboard", Tokens: true}
}

// Panel is the dashboard, an http.Handler.
type Panel struct {
	*web.Door
	node Node
	now  func() time.Time
}

//go:embed templates/*.html
var templates embed.FS

//go:embed static/own.css
var sheet []byte

//go:embed openapi.json
var openAPI []byte

// New makes a dashboard.
func New(conf Config) (*Panel, error) {
	if conf.Now == nil {
		conf.Now = time.Now
	}
	p := &Panel{node: conf.Node, now: conf.Now}
	own, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	users := UserFile(conf.Users)
	p.Door, err = web.New(web.Config{
		Roles: roles, Users: users, Local: LocalUser, LinkCommand: "medhive node dashboard", Secure: conf.Secure, Cookie: cookieOf(conf.Mark),
		Look: web.Look{
			Menu: menu(), Footer: "Models here are <strong>not for clinical use</strong>.", Home: "the overview", Pages: own, Words: words(),
			Live: []string{"overview", "network", "owner", "log"}, Sheet: sheet, OpenAPI: openAPI,
		},
		Done: conf.Done, News: conf.Node.Changed, Now: conf.Now, Log: conf.Log,
	}, p.pages(), p.operations())
	if err != nil {
		return nil, err
	}
	return p, nil
}

// cookieOf is what the cookie of a node's sessions is called.
func cookieOf(mark string) string {
	if mark == "" {
		return "medhive-node"
	}
	return "medhive-node-" + mark
}

func menu() []web.Entry {
	return []web.Entry{
		{Path: "/", Name: "Overview", Below: "//", Role: Viewer},
		{Path: "/earnings", Name: "Earnings", Role: Viewer},
		{Path: "/score", Name: "Score", Role: Viewer},
		{Path: "/models", Name: "Models", Role: Viewer},
		{Path: "/machine", Name: "Machine", Role: Viewer},
		{Path: "/network", Name: "Network", Role: Viewer},
		{Path: "/owner", Name: "Owner", Role: Viewer},
		{Path: "/log", Name: "Log", Role: Viewer},
	}
}

func (p *Panel) pages() []web.Page {
	return []web.Page{
		{Pattern: "GET /{$}", Role: Viewer, Show: p.showOverview},
		{Pattern: "POST /mode", Role: Admin, Show: p.sendMode},
		{Pattern: "GET /earnings", Role: Viewer, Show: p.showEarnings},
		{Pattern: "GET /score", Role: Viewer, Show: p.showScore},
		{Pattern: "GET /models", Role: Viewer, Show: p.showModels},
		{Pattern: "GET /machine", Role: Viewer, Show: p.showMachine},
		{Pattern: "GET /network", Role: Viewer, Show: p.showNetwork},
		{Pattern: "GET /owner", Role: Viewer, Show: p.showOwner},
		{Pattern: "POST /owner", Role: Admin, Show: p.sendOwner},
		{Pattern: "GET /log", Role: Viewer, Show: p.showLog},
	}
}
