package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

var (
	errPause    = errors.New("too many failed logins")
	errPassword = fmt.Errorf("name or password is wrong: %w", errLogin)
	errLink     = fmt.Errorf("the link was used already, or is too old; ask for another: %w", errLogin)
)

// loginForm is what a person shows.
type loginForm struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// login begins a session or says why not. Each try is recorded.
func (v *Visit) login(f loginForm) error {
	d := v.door
	if d.users == nil {
		if d.conf.Open {
			return Refuse("nobody logs in at this door: it is open to this machine alone")
		}
		return Refuse("nobody has a password here: this door takes links of this machine; %s add makes a user", d.conf.Users.Command)
	}
	keys := []guess{{address: v.address()}}
	if checkUserName(f.Name) != nil {
		if pause := d.throttle.wait(keys...); pause > 0 {
			return paused(pause)
		}
		d.throttle.failed(keys...)
		return errPassword
	}
	keys = append(keys, guess{name: f.Name, address: v.address()})
	if !d.throttle.knows(f.Name, v.address()) {
		keys = append(keys, guess{name: f.Name})
	}
	if pause := d.throttle.wait(keys...); pause > 0 {
		return paused(pause)
	}
	d.throttle.failed(keys...) // taken back below: tries at once must not slip through together
	user, ok, err := d.users.check(v.R.Context(), f.Name, f.Password)
	if err != nil {
		d.throttle.spare(keys...) // who hangs up must not wipe out their own failures
		return err
	}
	who := f.Name
	if !ok {
		who = "" // a name that nobody has may be a password in the wrong field
	}
	if err := d.conf.Logged(who, ok); err != nil {
		return err
	}
	if !ok {
		return errPassword
	}
	d.throttle.passed(f.Name, v.address())
	v.begin(user)
	return nil
}

func paused(pause time.Duration) error {
	return fmt.Errorf("%w: wait %v and try again", errPause, pause.Round(time.Second)+time.Second)
}

// begin gives the visitor a session of a user.
func (v *Visit) begin(user User) {
	v.door.sessions.end(v.cookie)
	v.give(v.door.sessions.begin(user))
	v.Who, v.Role = user.Name, v.door.conf.Roles.rank(user.Role)
}

// arrive begins the session of somebody who shows a link.
func (v *Visit) arrive(key string) error {
	d := v.door
	// Nobody guesses a key of 128 bits, so who has one never waits: else any program of this
	// machine could keep its operator out by failing here.
	if d.users != nil || !d.links.take(key) {
		if pause := d.throttle.wait(guess{address: v.address()}); pause > 0 {
			return paused(pause)
		}
		d.throttle.failed(guess{address: v.address()})
		return errLink
	}
	if err := d.conf.Logged(d.conf.Local, true); err != nil {
		return err
	}
	v.begin(User{Name: d.conf.Local, Role: d.conf.Roles.name(d.conf.Roles.most())})
	return nil
}

func (v *Visit) logout() {
	v.door.sessions.end(v.cookie)
	v.give(v.door.sessions.begin(User{})) // nobody's, so that the old cookie is gone
}

// Session is who a program is, and the token for what it changes.
type Session struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	Token string `json:"token"` // to send as X-CSRF-Token with each POST
}

func (v *Visit) session() Session { return Session{v.Who, v.RoleName(), v.Token()} }

// OwnOperations are those that every door has.
func OwnOperations() []Operation {
	return []Operation{
		{Method: http.MethodGet, Path: "/session", Role: Nobody, Does: "Who you are, and the token for what you change", Out: Session{}, Answer: func(v *Visit) (any, error) { return v.session(), nil }},
		{Method: http.MethodPost, Path: "/session", Role: Nobody, Does: "Log in; the answer sets the session's cookie", In: loginForm{}, Out: Session{}, Answer: answerLogin},
	}
}

func answerLogin(v *Visit) (any, error) {
	var f loginForm
	if err := v.Decode(&f); err != nil {
		return nil, err
	}
	if err := v.login(f); err != nil {
		return nil, err
	}
	return v.session(), nil
}

// ownPages are those that every door has.
func ownPages(conf Config) []Page {
	list := []Page{
		{"GET /login", Nobody, showLogin},
		{"POST /login", Nobody, sendLogin},
		{"POST /logout", Least, sendLogout},
	}
	if conf.Users.Path == "" && !conf.Open {
		list = append(list, Page{"GET /enter", Nobody, showEnter}, Page{"POST /enter", Nobody, sendEnter})
	}
	if conf.News != nil {
		list = append(list, Page{"GET /events", Least, showEvents})
	}
	return list
}

// loginPage is what the page of the login needs.
type loginPage struct {
	Fault       string
	Passwords   bool   // else only links are taken
	Command     string // of users
	LinkCommand string
}

func (v *Visit) loginPage(code int, fault string) error {
	return v.Page(code, "login", "Log in", loginPage{fault, v.door.users != nil, v.door.conf.Users.Command, v.door.conf.LinkCommand})
}

func showLogin(v *Visit) error {
	if v.Who != "" || v.door.users == nil && v.door.conf.Open {
		v.Redirect("/")
		return nil
	}
	return v.loginPage(http.StatusOK, "")
}

func sendLogin(v *Visit) error {
	err := v.login(loginForm{v.R.PostForm.Get("name"), v.R.PostForm.Get("password")})
	if err == nil {
		v.Redirect("/")
		return nil
	}
	code, text := v.door.status(err)
	if errors.Is(err, errPassword) {
		text = "Name or password is wrong."
	}
	return v.loginPage(code, text)
}

func sendLogout(v *Visit) error {
	v.logout()
	v.Redirect("/login")
	return nil
}

// showEnter asks whoever opens a link to press a button: what looks at links in passing, such
// as a chat's preview or a scanner, must not use it up.
func showEnter(v *Visit) error {
	return v.Page(http.StatusOK, "enter", "Open the dashboard", v.R.URL.Query().Get("key"))
}

func sendEnter(v *Visit) error {
	err := v.arrive(v.R.PostForm.Get("key"))
	if err == nil {
		v.Redirect("/")
		return nil
	}
	code, text := v.door.status(err)
	if errors.Is(err, errLink) {
		text = "The link was used already, or is too old. Ask for another."
	}
	return v.loginPage(code, text)
}
