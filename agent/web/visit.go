package web

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	secretBytes = 32
	maxCookie   = 128
	// writeTime bounds how long an answer may take to be taken.
	writeTime = time.Minute
	// ReadTime bounds how long a request's body may take to come. At its end net/http lifts the
	// bound: what is done about it may take longer.
	ReadTime = 30 * time.Second
)

// TokenHeader carries the form token of a program.
const TokenHeader = "X-CSRF-Token"

// What a visitor can't have.
var (
	errLogin  = errors.New("log in first")
	errRights = errors.New("your role does not allow it; ask the administrator")
	errToken  = errors.New("the form is out of date; open the page again and send it once more")
	// ErrNoPage says that there is nothing at a path.
	ErrNoPage = errors.New("there is no such page")
)

// badRequest is what a visitor has to write otherwise.
type badRequest struct{ error }

func (b badRequest) Unwrap() error { return b.error }

// Refuse is an error of the visitor: 400, with a text that says how to write it.
func Refuse(format string, args ...any) error { return badRequest{fmt.Errorf(format, args...)} }

// Visit is one request of somebody.
type Visit struct {
	W    http.ResponseWriter
	R    *http.Request
	Who  string // empty: nobody logged in
	Role Role

	door    *Door
	program bool // it wants JSON
	bearer  bool // it showed a token in a header, which no page of others can make a browser do
	cookie  string
	fault   error // of the users' file
}

// enter finds out who asks.
func (d *Door) enter(w http.ResponseWriter, r *http.Request) *Visit {
	v := &Visit{door: d, W: w, R: r}
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && d.users != nil && d.conf.Users.Tokens {
		user, known, err := d.users.bearer(secret)
		if v.bearer, v.fault = true, err; known {
			v.Who, v.Role = user.Name, d.conf.Roles.rank(user.Role)
		}
		return v // it gets no cookie
	}
	if c, err := r.Cookie(d.cookieName()); err == nil && len(c.Value) <= maxCookie {
		v.cookie = c.Value
	}
	if d.users == nil && d.conf.Open {
		v.Who, v.Role = d.conf.Local, d.conf.Roles.most()
	} else {
		user, known, err := d.holder(v.cookie)
		if v.fault = err; known {
			v.Who, v.Role = user.Name, d.conf.Roles.rank(user.Role)
		}
	}
	if v.cookie == "" {
		v.give(rand.Text())
	}
	return v
}

// holder is the user behind a cookie, as they are now. A session ends with its user, and with
// the password that it was begun with.
func (d *Door) holder(cookie string) (user User, known bool, err error) {
	then := d.sessions.who(cookie)
	if then.Name == "" || d.users == nil {
		return then, then.Name != "", nil // who came by a link has no line in a file
	}
	user, known, err = d.users.named(then.Name)
	if err != nil || !known || user.hash != then.hash {
		return User{}, false, err
	}
	return user, true, nil
}

// cookieName binds the cookie to this host where the door allows it.
func (d *Door) cookieName() string {
	if d.conf.Secure {
		return "__Host-" + d.conf.Cookie
	}
	return d.conf.Cookie
}

// give sets the visitor's cookie.
func (v *Visit) give(cookie string) {
	v.cookie = cookie
	http.SetCookie(v.W, &http.Cookie{
		Name: v.door.cookieName(), Value: cookie, Path: "/", HttpOnly: true, Secure: v.door.conf.Secure, SameSite: http.SameSiteStrictMode,
		MaxAge: int(sessionLife / time.Second),
	})
}

// Token is what a form of this visitor must send.
func (v *Visit) Token() string {
	mac := hmac.New(sha256.New, v.door.secret[:])
	mac.Write([]byte(v.cookie))
	return hex.EncodeToString(mac.Sum(nil))
}

// Login says that there is somebody to log out.
func (v *Visit) Login() bool { return v.door.users != nil || !v.door.conf.Open }

// RoleName is the visitor's role as a person knows it.
func (v *Visit) RoleName() string { return v.door.conf.Roles.name(v.Role) }

// May says whether the visitor has a role's rights; templates ask.
func (v *Visit) May(role string) bool {
	r, err := v.door.conf.Roles.Parse(role)
	return err == nil && v.Role >= r
}

// admit lets the visitor in or says why not.
func (v *Visit) admit(role Role) error {
	if v.fault != nil {
		v.door.conf.Log.Error("the users can't be read: nobody is let in", "error", v.fault)
		return fmt.Errorf("nobody is let in at present: %w", errLogin)
	}
	switch {
	case role > Nobody && v.Who == "":
		return errLogin
	case v.Role < role:
		return errRights
	case v.R.Method == http.MethodGet || v.R.Method == http.MethodHead:
		return nil
	}
	if err := v.door.cross.Check(v.R); err != nil {
		return errToken
	}
	token := v.R.Header.Get(TokenHeader)
	if v.program {
		if kind, _, err := mime.ParseMediaType(v.R.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return Refuse("send JSON, with Content-Type: application/json")
		}
		if v.bearer && v.Who != "" || v.R.URL.Path == APIBase+"/session" && v.door.users != nil { // a login: there was no page to get a token from
			return nil
		}
	} else {
		if err := v.R.ParseForm(); err != nil {
			return Refuse("the form can't be read")
		}
		token = v.R.PostForm.Get("token")
	}
	if !hmac.Equal([]byte(token), []byte(v.Token())) {
		return errToken
	}
	return nil
}

// status is the HTTP status of an error, and the text for the person.
func (d *Door) status(err error) (int, string) {
	var bad badRequest
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest, err.Error()
	case errors.As(err, &long):
		return http.StatusRequestEntityTooLarge, "what was sent is too long"
	case errors.Is(err, errLogin):
		return http.StatusUnauthorized, err.Error()
	case errors.Is(err, errRights), errors.Is(err, errToken):
		return http.StatusForbidden, err.Error()
	case errors.Is(err, errPause):
		return http.StatusTooManyRequests, err.Error()
	case errors.Is(err, ErrNoPage):
		return http.StatusNotFound, err.Error()
	}
	if d.conf.Status != nil {
		if code := d.conf.Status(err); code != 0 {
			return code, err.Error()
		}
	}
	return http.StatusInternalServerError, err.Error()
}

// fail answers an error.
func (v *Visit) fail(err error) {
	code, text := v.door.status(err)
	if code == http.StatusInternalServerError {
		v.door.conf.Log.Warn("a request to the dashboard failed", "error", err)
	}
	if v.program {
		v.write(code, struct {
			Error string `json:"error"`
		}{text})
		return
	}
	if err := v.Page(code, "error", "Not done", text); err != nil {
		v.door.conf.Log.Error("a page could not be written", "error", err)
	}
}

// json answers a program.
func (v *Visit) json(answer any, err error) error {
	if err != nil {
		return err
	}
	if stream, ok := answer.(Streamed); ok {
		return stream(v)
	}
	v.write(http.StatusOK, answer)
	return nil
}

func (v *Visit) write(code int, answer any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(answer); err != nil {
		v.door.conf.Log.Error("an answer could not be written", "error", err)
		code = http.StatusInternalServerError
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.WriteHeader(code)
	v.Send(body.Bytes())
}

// Send writes to a visitor who may be gone: then there is nobody left to tell.
func (v *Visit) Send(data []byte) { _, _ = v.W.Write(data) }

// Redirect sends the visitor to another page of ours.
func (v *Visit) Redirect(path string) { http.Redirect(v.W, v.R, path, http.StatusSeeOther) }

// Decode reads a program's request.
func (v *Visit) Decode(into any) error {
	d := json.NewDecoder(v.R.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return Refuse("the request can't be read: %w", err)
	}
	return nil
}

// networkBits of an IPv6 address are one network's, of which a machine has as many addresses
// as it likes (RFC 4291 section 2.5.1).
const networkBits = 64

// address is where the visitor comes from, without a port: in IPv6 the network.
func (v *Visit) address() string {
	at, err := netip.ParseAddrPort(v.R.RemoteAddr)
	if err != nil {
		return v.R.RemoteAddr
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, networkBits).Masked().String()
	}
	return ip.String()
}

// FromThisMachine says that a request was made by a program of this machine, for itself: to
// this machine's name, by a connection of its own, and not handed on by a proxy. One that says
// nothing of itself and rewrites names can't be told.
func FromThisMachine(r *http.Request) bool {
	return OwnHost(r.Host) && !forwarded(r) && fromHere(r.RemoteAddr)
}

// forwarded says that a proxy hands the request on for somebody else: a door that takes
// whoever reaches it must not be reached by the world through one.
func forwarded(r *http.Request) bool {
	for _, key := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if r.Header.Get(key) != "" {
			return true
		}
	}
	return false
}

// fromHere says that a connection comes from this machine. What has no address is no
// connection of a network.
func fromHere(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	return err != nil || at.Addr().Unmap().IsLoopback()
}

// OwnHost says that a request names this machine: a page of the web that had its name lead
// here would name another.
func OwnHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
