package fetch_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/fetch"
)

// startRegistry runs CNCF distribution, which packaging/test-registry.sh builds from
// testdata/registry, a module of its own, and returns its address.
func startRegistry(t *testing.T) string {
	t.Helper()
	program := filepath.Join("..", "..", ".tools", "bin", "medhive-test-registry")
	if _, err := os.Stat(program); err != nil {
		t.Fatal("the registry to test with is missing: run `make test-tools`")
	}
	var complaints bytes.Buffer
	registry := exec.Command(program)
	registry.Stderr = &complaints
	in, err := registry.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := registry.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := registry.Wait(); err != nil {
			t.Errorf("the registry ended with %v: %s", err, &complaints)
		}
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the registry says no address: %v: %s", err, &complaints)
	}
	return strings.TrimSpace(address)
}

// cutter stands before a registry and cuts the blobs that are asked for from their start.
type cutter struct {
	http.Handler
	mu     sync.Mutex // guards ranges
	ranges []string
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
		c.mu.Lock()
		c.ranges = append(c.ranges, r.Header.Get("Range"))
		c.mu.Unlock()
		if r.Header.Get("Range") == "" {
			w = &cutWriter{w, 100_000}
		}
	}
	c.Handler.ServeHTTP(w, r)
}

func TestRegistry(t *testing.T) {
	address := startRegistry(t)
	key := newKey(t)
	dir, d := pack(t, key)
	ref := address + "/models/lung:1.2.0"
	manifest, err := fetch.Push(t.Context(), dir, ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := fetch.Push(t.Context(), dir, address+"/models/lung:latest", nil); err != nil || again == "" {
		t.Errorf("pushed again: %v", err)
	}
	for _, reference := range []string{ref, address + "/models/lung@" + manifest} {
		from, err := fetch.NewOCI(t.Context(), reference)
		if err != nil {
			t.Fatal(err)
		}
		r, err := fetch.Fetch(t.Context(), newStore(t), from, trusting(key), hurried())
		wantPackage(t, r, err, d)
	}
	t.Run("cut", func(t *testing.T) {
		proxy := &cutter{Handler: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})}
		web := httptest.NewServer(proxy)
		defer web.Close()
		from, err := fetch.NewOCI(t.Context(), strings.TrimPrefix(web.URL, "http://")+"/models/lung:1.2.0")
		if err != nil {
			t.Fatal(err)
		}
		r, err := fetch.Fetch(t.Context(), newStore(t), from, trusting(key), hurried())
		wantPackage(t, r, err, d)
		if all := strings.Join(proxy.ranges, " "); !strings.Contains(all, "bytes=") {
			t.Errorf("nothing was resumed: %q", all)
		}
	})
	t.Run("refusals", func(t *testing.T) {
		for name, c := range map[string]struct{ ref, want string }{
			"no such tag":  {address + "/models/lung:9.9.9", "check name and tag"},
			"no such name": {address + "/models/heart:1.0.0", "check name and tag"},
			"no tag":       {address + "/models/lung", "oci://host/name:tag"},
			"no reference": {"///", "oci://host/name:tag"},
		} {
			if _, err := fetch.NewOCI(t.Context(), c.ref); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v; want %q", name, err, c.want)
			}
		}
		unsigned := copyOf(t, dir)
		removeFile(t, unsigned, models.SignatureFile)
		if _, err := fetch.Push(t.Context(), unsigned, ref, nil); err == nil || !strings.Contains(err.Error(), "model sign") {
			t.Errorf("an unsigned package was pushed: %v", err)
		}
	})
}

// A registry is a stranger, too.
func TestHostileRegistry(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"no JSON":        {"hello", "can't be read"},
		"a program":      {`{"schemaVersion":2,"artifactType":"application/vnd.docker.container.image.v1"}`, "no model package"},
		"nameless":       {`{"artifactType":"` + fetch.ArtifactType + `","layers":[{"digest":"sha256:` + strings.Repeat("a", 64) + `","size":1}]}`, "layers"},
		"no digest":      {`{"artifactType":"` + fetch.ArtifactType + `","layers":[{"digest":"x","annotations":{"org.opencontainers.image.title":"manifest.json"}}]}`, "layers"},
		"endless":        {strings.Repeat(" ", 1<<20), "too large"},
		"nothing inside": {`{"artifactType":"` + fetch.ArtifactType + `"}`, "check the reference"},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Content-Length", fmt.Sprint(len(c.body)))
			w.Header().Set("Docker-Content-Digest", models.DigestOf([]byte(c.body)).String())
			_, _ = io.WriteString(w, c.body)
		}))
		from, err := fetch.NewOCI(t.Context(), strings.TrimPrefix(web.URL, "http://")+"/models/lung:1.0.0")
		if err == nil {
			_, err = fetch.Fetch(context.WithoutCancel(t.Context()), newStore(t), from, fetch.Policy{Unsigned: true}, hurried())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		web.Close()
	}
}
