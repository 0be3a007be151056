package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/medhive/medhive/agent/client"
	"github.com/medhive/medhive/agent/panel"
)

// quietNode is a node of which only status and mode are asked.
type quietNode struct {
	panel.Node
	mode panel.Mode
}

func (n *quietNode) Status(context.Context) (panel.Status, error) {
	return panel.Status{Name: "node", Mode: n.mode}, nil
}
func (n *quietNode) SetMode(m panel.Mode) error { n.mode = m; return nil }
func (n *quietNode) Changed() <-chan struct{}   { return nil }

// A real dashboard with users takes an admin's token and a password; a viewer's token reads and
// steers nothing.
func TestTokensAndPasswords(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	file := panel.UserFile(users)
	admin, err := file.AddToken("program", "admin")
	if err != nil {
		t.Fatal(err)
	}
	viewer, err := file.AddToken("screen", "viewer")
	if err != nil {
		t.Fatal(err)
	}
	const password = "twelve or more letters"
	if err := file.Add("anna", "admin", password); err != nil {
		t.Fatal(err)
	}
	pages, err := panel.New(panel.Config{Node: &quietNode{mode: panel.Working}, Users: users, Done: t.Context().Done()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	open := func(options ...client.Option) *client.Operator {
		t.Helper()
		o, err := client.NewOperator(server.URL, options...)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if s, err := open(client.Token(admin)).Drain(t.Context()); err != nil || s.Mode != client.Draining {
		t.Errorf("an admin's token: %v, %+v", err, s)
	}
	screen := open(client.Token(viewer))
	if s, err := screen.Status(t.Context()); err != nil || s.Mode != client.Draining {
		t.Errorf("a viewer's token reads: %v, %+v", err, s)
	}
	if _, err := screen.SetMode(t.Context(), client.Working); !errors.Is(err, client.ErrNotAllowed) {
		t.Errorf("a viewer's token steers: %v", err)
	}
	if _, err := open(client.Token("guess")).Status(t.Context()); !errors.Is(err, client.ErrNotAllowed) {
		t.Errorf("a guessed token: %v", err)
	}
	anna := open()
	if err := anna.Login(t.Context(), "anna", "a wrong password"); err == nil || strings.Contains(err.Error(), "wrong password") {
		t.Errorf("a wrong password: %v", err)
	}
	if err := anna.Login(t.Context(), "anna", password); err != nil {
		t.Fatal(err)
	}
	if s, err := anna.SetMode(t.Context(), client.Working); err != nil || s.Mode != client.Working {
		t.Errorf("anna: %v, %+v", err, s)
	}
}

// Whatever a stranger answers is bounded and ends in an error of one line.
func TestAnswersOfStrangers(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
		is     error
	}{
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for line := []byte(strings.Repeat("7,", 1<<20)); r.Context().Err() == nil; {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		}, "longer", client.ErrTooLong},
		"no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "belong", nil},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.2/", http.StatusFound)
		}, "302", nil},
		"a long no": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "\x1b[2J"+strings.Repeat("é", 1<<16), http.StatusTeapot)
		}, "418", nil},
		"no such thing": {http.NotFound, "404", client.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			t.Cleanup(server.Close)
			n, err := client.NewNetwork(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, err = n.Epochs(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("%v, want %q", err, c.says)
			}
			if text := err.Error(); len(text) > 2<<10 || strings.ContainsAny(text, "\x1b\n") {
				t.Errorf("%d bytes: %.200q", len(text), text)
			}
		})
	}
}

// A door without TLS is spoken to on this machine alone, unless the caller says otherwise.
func TestWhichDoorsAreSpokenTo(t *testing.T) {
	for address, fine := range map[string]bool{
		"http://127.0.0.1:9402": true, "http://localhost:1/": true, "http://[::1]:1": true, "https://node.example": true,
		"http://node.example": false, "http://192.0.2.1:9402": false, "ftp://127.0.0.1": false, "127.0.0.1:9402": false, "": false, "http://anna:secret@127.0.0.1": false,
	} {
		if _, err := client.NewOperator(address); (err == nil) != fine {
			t.Errorf("%q: %v", address, err)
		} else if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", address, err)
		}
	}
	if _, err := client.NewClinic("http://192.0.2.1:8443", client.Plain()); err != nil {
		t.Error(err)
	}
}

// A door that says nothing holds nobody longer than their context.
func TestASilentDoor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	n, err := client.NewNetwork(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := n.Health(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// What is no study is not sent, and the error names no file: file names may name patients.
func TestWhatIsNoStudyIsNotSent(t *testing.T) {
	c, err := client.NewClinic("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]fstest.MapFS{
		"nothing":  {},
		"a letter": {"WUNIBALD/letter.txt": {Data: []byte("Dear Dr. Sommer")}},
	} {
		if _, err := c.Send(t.Context(), folder); err == nil || strings.Contains(err.Error(), "WUNIBALD") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
