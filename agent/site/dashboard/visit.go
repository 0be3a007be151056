package dashboard

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
	"time"

	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

const (
	secretBytes = 32
	maxCookie   = 128
	// writeTime bounds how long an answer may take to be taken.
	writeTime = time.Minute
	// readTime bounds how long a request's body may take to come. At its end net/http lifts the
	// bound: what is done about it may take longer.
	readTime = 30 * time.Second
	// tokenHeader carries the form token of a program.
	tokenHeader = "X-CSRF-Token"
)

// What a visitor can't have.
var (
	errLogin  = errors.New("log in first")
	errRights = errors.New("your role does not allow it; ask the clinic's administrator")
	errToken  = errors.New("the form is out of date; open the page again and send it once more")
	errNoPage = errors.New("there is no such page")
)

// badRequest is what a visitor has to write otherwise.
type badRequest struct{ error }

func refuse(format string, args ...any) error { return badRequest{fmt.Errorf(format, args...)} }

// visit is one request of somebody.
type visit struct {
	*Board
	w       http.ResponseWriter
	r       *http.Request
	program bool // it wants JSON
	cookie  string
	Who     string // empty: nobody logged in
	Role    Role
	fault   error // of the users' file
}

// enter finds out who asks.
func (b *Board) enter(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{Board: b, w: w, r: r}
	if c, err := r.Cookie(b.cookieName()); err == nil && len(c.Value) <= maxCookie {
		v.cookie = c.Value
	}
	if b.users == nil {
		v.Who, v.Role = LocalUser, Admin
	} else {
		user, known, err := b.holder(v.cookie)
		if v.fault = err; known {
			v.Who, v.Role = user.Name, user.Role
		}
	}
	if v.cookie == "" {
		v.give(rand.Text())
	}
	return v
}

// holder is the user behind a cookie, as they are now. A session ends with its user, and with
// the password that it was begun with.
func (b *Board) holder(cookie string) (user User, known bool, err error) {
	then := b.sessions.who(cookie)
	if then.Name == "" {
		return User{}, false, nil
	}
	user, known, err = b.users.named(then.Name)
	if err != nil || !known || user.hash != then.hash {
		return User{}, false, err
	}
	return user, true, nil
}

// cookieName binds the cookie to this host where the door allows it.
func (b *Board) cookieName() string {
	if b.conf.Secure {
		return "__Host-medhive"
	}
	return "medhive"
}

// give sets the visitor's cookie.
func (v *visit) give(cookie string) {
	v.cookie = cookie
	http.SetCookie(v.w, &http.Cookie{
		Name: v.cookieName(), Value: cookie, Path: "/", HttpOnly: true, Secure: v.conf.Secure, SameSite: http.SameSiteStrictMode,
		MaxAge: int(sessionLife / time.Second),
	})
}

// Token is what a form of this visitor must send.
func (v *visit) Token() string {
	mac := hmac.New(sha256.New, v.secret[:])
	mac.Write([]byte(v.cookie))
	return hex.EncodeToString(mac.Sum(nil))
}

// Login says that there is somebody to log out.
func (v *visit) Login() bool { return v.users != nil }

// May says whether the visitor has a role's rights; templates ask.
func (v *visit) May(role string) bool {
	r, err := ParseRole(role)
	return err == nil && v.Role >= r
}

// nobody needs no rights: the login page and what it is made of.
const nobody Role = 0

// admit lets the visitor in or says why not.
func (v *visit) admit(role Role) error {
	if v.fault != nil {
		v.conf.Log.Error("the users can't be read: nobody is let in", "error", v.fault)
		return fmt.Errorf("nobody is let in at present: %w", errLogin)
	}
	switch {
	case role > nobody && v.Who == "":
		return errLogin
	case v.Role < role:
		return errRights
	case v.r.Method == http.MethodGet || v.r.Method == http.MethodHead:
		return nil
	}
	if err := v.cross.Check(v.r); err != nil {
		return errToken
	}
	token := v.r.Header.Get(tokenHeader)
	if v.program {
		if kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return refuse("send JSON, with Content-Type: application/json")
		}
		if v.r.URL.Path == apiBase+"/session" && v.users != nil { // a login: there was no page to get a token from
			return nil
		}
	} else {
		if err := v.r.ParseForm(); err != nil {
			return refuse("the form can't be read")
		}
		token = v.r.PostForm.Get("token")
	}
	if !hmac.Equal([]byte(token), []byte(v.Token())) {
		return errToken
	}
	return nil
}

// status is the HTTP status of an error, and the text for the person.
func status(err error) (int, string) {
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
	case errors.Is(err, errNoPage), errors.Is(err, worklist.ErrUnknownCase), errors.Is(err, quarantine.ErrUnknown), errors.Is(err, inbox.ErrUnknownStudy), errors.Is(err, ErrNothing):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, worklist.ErrNotAllowed), errors.Is(err, quarantine.ErrDecided), errors.Is(err, ErrRefused):
		return http.StatusConflict, err.Error()
	}
	return http.StatusInternalServerError, err.Error()
}

// ErrRefused marks an error of the Site that the person can do something about.
var ErrRefused = errors.New("it can't be done now")

// ErrNothing says that what was asked for is not, or no longer, there.
var ErrNothing = errors.New("it is not here, or no longer")

// fail answers an error.
func (v *visit) fail(err error) {
	code, text := status(err)
	if code == http.StatusInternalServerError {
		v.conf.Log.Warn("a request to the dashboard failed", "error", err)
	}
	if v.program {
		v.write(code, struct {
			Error string `json:"error"`
		}{text})
		return
	}
	if err := v.page(code, "error", "Not done", text); err != nil {
		v.conf.Log.Error("a page could not be written", "error", err)
	}
}

// json answers a program.
func (v *visit) json(answer any, err error) error {
	if err != nil {
		return err
	}
	if stream, ok := answer.(streamed); ok {
		return stream(v)
	}
	v.write(http.StatusOK, answer)
	return nil
}

// streamed writes an answer itself.
type streamed func(*visit) error

func (v *visit) write(code int, answer any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(answer); err != nil {
		v.conf.Log.Error("an answer could not be written", "error", err)
		code = http.StatusInternalServerError
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(code)
	v.send(body.Bytes())
}

// send writes to a visitor who may be gone: then there is nobody left to tell.
func (v *visit) send(data []byte) { _, _ = v.w.Write(data) }

// redirect sends the visitor to another page of ours.
func (v *visit) redirect(path string) {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
}

// decode reads a program's request.
func (v *visit) decode(into any) error {
	d := json.NewDecoder(v.r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return refuse("the request can't be read: %w", err)
	}
	return nil
}

// networkBits of an IPv6 address are one network's, of which a machine has as many addresses
// as it likes (RFC 4291 section 2.5.1).
const networkBits = 64

// address is where the visitor comes from, without a port: in IPv6 the network.
func (v *visit) address() string {
	at, err := netip.ParseAddrPort(v.r.RemoteAddr)
	if err != nil {
		return v.r.RemoteAddr
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.Is6() {
		return netip.PrefixFrom(ip, networkBits).Masked().String()
	}
	return ip.String()
}

// forwarded says that a proxy hands the request on for somebody else: a door that takes
// whoever reaches it must not be reached by the world through one.
func forwarded(r *http.Request) bool {
	for _, key := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(key) != "" {
			return true
		}
	}
	return false
}

// ownHost says that a request names this machine: a page of the web that had its name lead
// here would name another.
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
