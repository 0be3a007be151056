package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// pipes is a listener whose connections are pipes: their deadlines go by a bubble's clock.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { close(p); return nil } // a server closes it once
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dawdling takes its time to carry a decision out, unless nobody waits for it any more.
type dawdling struct {
	*fake
	decided chan error
}

func (d dawdling) Decide(ctx context.Context, _, _ string, _ quarantine.Decision, _ string) (worklist.Case, error) {
	select {
	case <-ctx.Done():
	case <-time.After(2 * web.ReadTime):
	}
	d.decided <- ctx.Err()
	return worklist.Case{}, ctx.Err()
}

// speak serves one connection to a dashboard without logins, and is its other end.
func speak(t *testing.T, site Site) net.Conn {
	t.Helper()
	b, err := New(Config{Site: site})
	if err != nil {
		t.Fatal(err)
	}
	door, ended := make(pipes, 1), make(chan error, 1)
	server := &http.Server{Handler: b}
	go func() { ended <- server.Serve(door) }()
	here, there := net.Pipe()
	door <- there
	t.Cleanup(func() {
		_ = here.Close()
		_ = server.Close()
		<-ended
	})
	return here
}

func TestABodyThatNeverEndsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := speak(t, newFake(t))
		if _, err := io.WriteString(c, "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname="); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := c.SetDeadline(began.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if took := time.Since(began); a.StatusCode != http.StatusBadRequest || took > 2*web.ReadTime {
			t.Errorf("%d after %v", a.StatusCode, took)
		}
	})
}

func TestTheTimeForABodyIsNotTheAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := dawdling{newFake(t), make(chan error, 1)}
		c := speak(t, site)
		if _, err := io.WriteString(c, "GET /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		var me web.Session
		if err := json.NewDecoder(a.Body).Decode(&me); err != nil || len(a.Cookies()) != 1 {
			t.Fatalf("%v, %d cookies", err, len(a.Cookies()))
		}
		form := url.Values{"token": {me.Token}, "choice": {"release"}}.Encode()
		if _, err := fmt.Fprintf(c, "POST /held/"+heldID+"/decide HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			a.Cookies()[0].String(), len(form), form); err != nil {
			t.Fatal(err)
		}
		if err := <-site.decided; err != nil {
			t.Errorf("what takes longer than a body may is given up: %v", err)
		}
	})
}
