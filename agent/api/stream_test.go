package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/api"
)

type step struct {
	Number int `json:"number"`
}

func serve(t *testing.T, pages ...api.Page) (dir string, door *api.Server) {
	t.Helper()
	dir = t.TempDir()
	door, err := api.Serve(dir, nil, pages...)
	if err != nil {
		t.Fatal(err)
	}
	return dir, door
}

func TestFollowGetsEveryLineAndTheRolesError(t *testing.T) {
	dir, door := serve(t, api.Page{Pattern: "POST /count", Handler: api.Lines(func(r *http.Request, send func(any) error) error {
		var upTo step
		if err := api.Decode(r, &upTo); err != nil {
			return err
		}
		for n := range upTo.Number {
			if err := send(step{n}); err != nil {
				return err
			}
		}
		return errors.New("that was all; ask for more")
	})})
	t.Cleanup(func() { _ = door.Close() })
	var got []int
	err := api.Follow(t.Context(), dir, "POST", "/count", step{3}, func(line []byte) error {
		var s step
		defer func() { got = append(got, s.Number) }()
		return json.Unmarshal(line, &s)
	})
	if err == nil || err.Error() != "that was all; ask for more" || len(got) != 3 || got[2] != 2 {
		t.Errorf("lines %v, error %v", got, err)
	}
	enough := errors.New("enough")
	if err := api.Follow(t.Context(), dir, "POST", "/count", step{3}, func([]byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a reader that ends: %v", err)
	}
	if err := api.Follow(t.Context(), dir, "POST", "/count", map[string]int{"nonsense": 1}, func([]byte) error { return nil }); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("a body with an unknown field: %v", err)
	}
}

func TestAFollowerDoesNotKeepTheDoorOpen(t *testing.T) {
	heard := make(chan struct{})
	dir, door := serve(t, api.Page{Pattern: "GET /forever", Handler: api.Lines(func(r *http.Request, send func(any) error) error {
		if err := send(step{1}); err != nil {
			return err
		}
		<-r.Context().Done() // ends when the door closes
		return nil
	})})
	ended := make(chan error, 1)
	go func() {
		ended <- api.Follow(context.WithoutCancel(t.Context()), dir, "GET", "/forever", nil, func([]byte) error { close(heard); return nil })
	}()
	<-heard
	if err := door.Close(); err != nil {
		t.Errorf("close with a follower: %v", err)
	}
	<-ended
}

func TestSendAndNobody(t *testing.T) {
	dir, door := serve(t, api.Page{Pattern: "POST /double/{id}", Handler: api.Answer(func(r *http.Request) (any, error) {
		var s step
		if err := api.Decode(r, &s); err != nil {
			return nil, err
		}
		if r.PathValue("id") != "x" {
			return nil, errors.New("no such id; look again")
		}
		return step{2 * s.Number}, nil
	})})
	var got step
	if err := api.Send(t.Context(), dir, "POST", "/double/x", step{4}, &got); err != nil || got.Number != 8 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := api.Send(t.Context(), dir, "POST", "/double/y", step{4}, &got); err == nil || !strings.Contains(err.Error(), "look again") {
		t.Errorf("the role's own words are lost: %v", err)
	}
	if err := api.Send(t.Context(), dir, "POST", "/double/x", strings.Repeat("x", 1<<20), &got); err == nil {
		t.Error("a body beyond the limit was taken")
	}
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
	if err := api.Send(t.Context(), dir, "POST", "/double/x", step{4}, &got); !errors.Is(err, api.ErrNobody) {
		t.Errorf("closed door: %v; want %v", err, api.ErrNobody)
	}
}

// A list that was cut would be read as a whole one, or as none.
func TestAnswerThatIsTooLongIsRefused(t *testing.T) {
	dir, door := serve(t, api.Page{Pattern: "GET /much", Handler: api.Answer(func(*http.Request) (any, error) {
		return strings.Repeat("a", 8<<20), nil
	})})
	t.Cleanup(func() { _ = door.Close() })
	if _, err := api.Read(t.Context(), dir, "GET", "/much"); err == nil || !strings.Contains(err.Error(), "ask for less") {
		t.Errorf("got %v, want a refusal that says what to do", err)
	}
}
