package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// debugSocket is a door of its own, since it is for who owns the process alone, whoever else
// may ask it for its status.
const debugSocket = "debug.sock"

const (
	// DefaultSampling is how long a profile of time looks unless it is told, MaxSampling how
	// long at most.
	DefaultSampling = 10 * time.Second
	MaxSampling     = 5 * time.Minute
	// maxProfile bounds what a reader takes, in bytes: a trace of minutes.
	maxProfile = 1 << 30
)

// Profiles are what ServeProfiles knows: cpu and trace take time, the others are of the moment.
// They hold names of functions and counts, and no data.
func Profiles() []string { return []string{"cpu", "trace", "heap", "allocs", "goroutine"} }

// ServeProfiles opens the door for profiles in the role's folder. The caller closes it.
func ServeProfiles(stateDir string) (*Server, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pprof/{what}", serveProfile)
	return listen(stateDir, debugSocket, ownDoor, mux)
}

// ReadProfile writes a profile of the role that runs in stateDir to w, for `go tool pprof` or
// `go tool trace`. One of time looks for as long as span.
func ReadProfile(ctx context.Context, stateDir, what string, span time.Duration, w io.Writer) error {
	path := "/pprof/" + url.PathEscape(what) + "?seconds=" + strconv.Itoa(int(span.Seconds()))
	answer, done, err := askAt(ctx, stateDir, debugSocket, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer done()
	n, err := io.Copy(w, io.LimitReader(answer.Body, maxProfile+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the profile: %w", err)
	case n > maxProfile:
		return fmt.Errorf("the profile is longer than %d MiB; ask for fewer seconds", maxProfile>>20)
	}
	return nil
}

func serveProfile(w http.ResponseWriter, r *http.Request) {
	// The request is here; while a profile looks, who asked may go away.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
		http.Error(w, "this door can't wait", http.StatusInternalServerError)
		return
	}
	if err := writeProfile(r.Context(), r.PathValue("what"), r.FormValue("seconds"), begun{w}); err != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(fault{err.Error()}) // the caller has gone; nothing is left to tell it
	}
}

// begun tells the reader that a profile of time has begun: its first bytes may come at its end.
type begun struct{ http.ResponseWriter }

func (b begun) tell() { _ = http.NewResponseController(b.ResponseWriter).Flush() } // a reader that has gone is seen by its context

// writeProfile looks at this process. An error comes before the first byte.
func writeProfile(ctx context.Context, what, seconds string, w begun) error {
	var begin func(io.Writer) error
	var end func()
	switch what {
	case "cpu":
		begin, end = pprof.StartCPUProfile, pprof.StopCPUProfile
	case "trace":
		begin, end = trace.Start, trace.Stop
	case "heap", "allocs", "goroutine":
		return pprof.Lookup(what).WriteTo(w, 0)
	default:
		return fmt.Errorf("there is no profile %.40q; ask for one of %v", what, Profiles())
	}
	n, err := strconv.Atoi(seconds)
	if span := time.Duration(n) * time.Second; err != nil || span < time.Second || span > MaxSampling {
		return fmt.Errorf("a profile looks for 1 to %.0f seconds; ask for so many", MaxSampling.Seconds())
	}
	if err := begin(w); err != nil {
		return errors.New("somebody else is looking at the same; try again when they are done")
	}
	defer end()
	w.tell()
	timer := time.NewTimer(time.Duration(n) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}
