package dashboard

import (
	"errors"
	"fmt"
	"time"
)

var (
	errPause    = errors.New("too many failed logins")
	errPassword = fmt.Errorf("name or password is wrong: %w", errLogin)
)

// loginForm is what a person shows.
type loginForm struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// login begins a session or says why not. Each try is recorded.
func (v *visit) login(f loginForm) error {
	if v.users == nil {
		return refuse("nobody logs in at this door: it is open to this machine alone")
	}
	keys := []string{"name " + f.Name, "address " + v.address()}
	if pause := v.throttle.wait(keys...); pause > 0 {
		return fmt.Errorf("%w: wait %v and try again", errPause, pause.Round(time.Second)+time.Second)
	}
	if checkUserName(f.Name) != nil {
		v.throttle.failed(keys[1])
		return errPassword
	}
	v.throttle.failed(keys...) // taken back below: tries at once must not slip through together
	user, ok, err := v.users.check(v.r.Context(), f.Name, f.Password)
	if err != nil {
		v.throttle.spare(keys...) // who hangs up must not wipe out their own failures
		return err
	}
	who := f.Name
	if !ok {
		who = "" // a name that nobody has may be a password in the wrong field
	}
	if err := v.site.Logged(who, ok); err != nil {
		return err
	}
	if !ok {
		return errPassword
	}
	v.throttle.passed(keys[0])
	v.throttle.passed(keys[1])
	v.sessions.end(v.cookie)
	v.give(v.sessions.begin(user))
	v.Who, v.Role = user.Name, user.Role
	return nil
}

func (v *visit) logout() error {
	v.sessions.end(v.cookie)
	v.give(v.sessions.begin(User{})) // nobody's, so that the old cookie is gone
	return nil
}

// Session is who a program is, and the token for what it changes.
type Session struct {
	Name  string `json:"name"`
	Role  Role   `json:"role"`
	Token string `json:"token"` // to send as X-CSRF-Token with each POST
}

func (v *visit) session() Session { return Session{v.Who, v.Role, v.Token()} }

func showLogin(v *visit) error {
	if v.users == nil || v.Who != "" {
		v.redirect("/")
		return nil
	}
	return v.page(200, "login", "Log in", "")
}

func sendLogin(v *visit) error {
	err := v.login(loginForm{v.r.PostForm.Get("name"), v.r.PostForm.Get("password")})
	if err == nil {
		v.redirect("/")
		return nil
	}
	code, _ := status(err)
	text := err.Error()
	if errors.Is(err, errPassword) {
		text = "Name or password is wrong."
	}
	return v.page(code, "login", "Log in", text)
}

func sendLogout(v *visit) error {
	if err := v.logout(); err != nil {
		return err
	}
	v.redirect("/login")
	return nil
}
