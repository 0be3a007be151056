package api_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/api"
)

// gzipped is how profiles for `go tool pprof` begin.
const gzipped = "\x1f\x8b"

func TestProfilesAreForTheOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	door, err := api.ServeProfiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	if info, err := os.Stat(filepath.Join(dir, "debug.sock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	for _, what := range api.Profiles() {
		var page bytes.Buffer
		if err := api.ReadProfile(t.Context(), dir, what, time.Second, &page); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		begins := gzipped
		if what == "trace" {
			begins = "go 1."
		}
		if !strings.HasPrefix(page.String(), begins) {
			t.Errorf("%s begins with %q", what, page.Bytes()[:min(8, page.Len())])
		}
	}
	for what, span := range map[string]time.Duration{"cmdline": time.Second, "cpu": time.Hour, "trace": 0} {
		var page bytes.Buffer
		if err := api.ReadProfile(t.Context(), dir, what, span, &page); err == nil || !strings.Contains(err.Error(), "ask for") || page.Len() > 0 {
			t.Errorf("%s for %v: %v", what, span, err)
		}
	}
}

// Who asks for minutes and goes away leaves nothing running.
func TestAProfileEndsWithItsReader(t *testing.T) {
	dir := t.TempDir()
	door, err := api.ServeProfiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://medhive/pprof/trace?seconds=300", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "debug.sock"))
	}}}
	answer, err := client.Do(request)
	if err != nil { // it returns once the profile has begun
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := api.ReadProfile(t.Context(), dir, "trace", time.Second, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "try again") {
		t.Errorf("two at once: %v", err)
	}
	cancel()
	for {
		err := api.ReadProfile(t.Context(), dir, "trace", time.Second, &bytes.Buffer{})
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "try again") {
			t.Fatal(err)
		}
	}
}
