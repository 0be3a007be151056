package update

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var quiet = slog.New(slog.DiscardHandler)

// server gives out one file, and remembers how it was asked.
type server struct {
	mu     sync.Mutex // guards the fields below
	body   []byte
	ranges []string
	breaks int  // answers that break off in the middle
	whole  bool // it knows no ranges
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	if s.whole {
		r.Header.Del("Range")
	}
	if s.breaks > 0 {
		s.breaks--
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(s.body[:len(s.body)/2])
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", noon, bytes.NewReader(s.body))
}

func serve(t *testing.T, s *server) Source {
	t.Helper()
	web := httptest.NewTLSServer(s)
	t.Cleanup(web.Close)
	source, err := NewSource(web.URL+"/medhive", web.Client())
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func file(body []byte) File {
	return File{OS: "linux", Arch: "amd64", Name: "program", Bytes: int64(len(body)), SHA256: sha256.Sum256(body)}
}

func TestADownloadGoesOnWhereItEnded(t *testing.T) {
	body := bytes.Repeat([]byte("medhive "), 12_500)
	s := &server{body: body, breaks: 1}
	source, path := serve(t, s), filepath.Join(t.TempDir(), "1.2.0", "medhive")
	if err := source.download(t.Context(), file(body), path); err == nil || !strings.Contains(err.Error(), "goes on from there") {
		t.Fatal(err)
	}
	if info, err := os.Stat(path + partSuffix); err != nil || info.Size() != 50_000 || info.Mode().Perm() != 0o600 {
		t.Fatalf("what came is not kept, or may be executed: %v, %v", info, err)
	}
	if err := source.download(t.Context(), file(body), path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, body) {
		t.Error("the file is another one")
	}
	if err := source.download(t.Context(), file(body), path); err != nil {
		t.Error(err)
	}
	if got := strings.Join(s.ranges, "|"); got != "|bytes=50000-" {
		t.Errorf("asked for %q", got)
	}
}

func TestABeginningOfAnotherFileIsFetchedAnew(t *testing.T) {
	body := bytes.Repeat([]byte("medhive "), 1000)
	for name, c := range map[string]struct {
		part  []byte
		whole bool
	}{
		"another's beginning":       {part: []byte("something else")},
		"as long, and another one":  {part: bytes.Repeat([]byte("x"), len(body))},
		"longer":                    {part: bytes.Repeat([]byte("x"), len(body)+1)},
		"a server without ranges":   {part: body[:100], whole: true},
		"its own whole and unnamed": {part: body},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "medhive")
			if err := os.WriteFile(path+partSuffix, c.part, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := serve(t, &server{body: body, whole: c.whole}).download(t.Context(), file(body), path); err != nil {
				t.Fatal(err)
			}
			if err := intact(path, sha256.Sum256(body)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoMoreThanTheManifestNamesIsKept(t *testing.T) {
	body := bytes.Repeat([]byte("medhive "), 1000)
	for name, sent := range map[string][]byte{
		"more":  append(append([]byte(nil), body...), bytes.Repeat([]byte("x"), 1<<20)...),
		"other": bytes.ToUpper(body),
	} {
		path := filepath.Join(t.TempDir(), "medhive")
		if err := serve(t, &server{body: sent}).download(t.Context(), file(body), path); !errors.Is(err, errDiffers) {
			t.Errorf("%s: %v", name, err)
		}
		for _, left := range []string{path, path + partSuffix} {
			if _, err := os.Stat(left); err == nil {
				t.Errorf("%s: %s is left", name, filepath.Base(left))
			}
		}
	}
	path := filepath.Join(t.TempDir(), "medhive")
	if err := serve(t, &server{body: body[:100]}).download(t.Context(), file(body), path); err == nil {
		t.Error("less is taken")
	}
}

func TestPlacesThatAreNoSource(t *testing.T) {
	for _, place := range []string{"", "http://example.org", "ftp://example.org", "folder", "https://", "https://user:word@example.org", "https://example.org/?a=b"} {
		if _, err := NewSource(place, nil); err == nil {
			t.Errorf("%q is taken", place)
		}
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	away := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer away.Close()
	source, err := NewSource(away.URL, away.Client())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.small(t.Context(), "stable.json", maxManifest); err == nil || !strings.Contains(err.Error(), "not https") {
		t.Errorf("it follows away from https: %v", err)
	}
	source = serve(t, &server{body: make([]byte, maxManifest+1)})
	if _, err := source.small(t.Context(), "stable.json", maxManifest); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a manifest without end: %v", err)
	}
	folder, err := NewSource(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := folder.small(t.Context(), "stable.json", maxManifest); err == nil || strings.Contains(err.Error(), "/") {
		t.Errorf("a folder without a manifest: %v", err)
	}
}

func TestWhoseAProgramIs(t *testing.T) {
	asked := []string{}
	ask := func(yes string) Ask {
		return func(_ context.Context, argv []string) bool {
			asked = append(asked, strings.Join(argv, " "))
			return strings.Join(argv, " ") == yes
		}
	}
	for yes, want := range map[string]string{
		"dpkg -S /usr/bin/medhive":             "dpkg",
		"dpkg -S /bin/medhive":                 "dpkg",
		"rpm -qf /usr/bin/medhive":             "rpm",
		"apk info --who-owns /usr/bin/medhive": "apk",
	} {
		if m, owned := Owner(t.Context(), "/usr/bin/medhive", ask(yes)); !owned || m.Name != want || m.Command == "" {
			t.Errorf("%s: %+v", yes, m)
		}
	}
	if m, owned := Owner(t.Context(), "/opt/medhive", ask("")); owned {
		t.Errorf("%+v", m)
	}
	if len(asked) == 0 {
		t.Error("nobody was asked")
	}
	u := &Updater{Running: "1.0.0", Machine: "0x01", OS: "linux", Arch: "amd64", Packaged: &Manager{"dpkg", "sudo apt update && sudo apt install medhive"}}
	f := u.judge(good(), Record{})
	if f.State != Available || f.Taken() || f.Manager == nil {
		t.Errorf("%+v", f)
	}
	if err := u.Apply(t.Context(), f, nil); !errors.Is(err, ErrNotTaken) {
		t.Error(err)
	}
}

func TestWhatAMachineDoesAboutAVersion(t *testing.T) {
	m := good()
	for _, c := range []struct {
		name   string
		change func(u *Updater, m *Manifest, r *Record)
		want   State
	}{
		{"a newer one", func(*Updater, *Manifest, *Record) {}, Available},
		{"the same", func(u *Updater, _ *Manifest, _ *Record) { u.Running = "1.2.0" }, Current},
		{"an older one", func(u *Updater, _ *Manifest, _ *Record) { u.Running = "1.3.0" }, Current},
		{"another platform", func(u *Updater, _ *Manifest, _ *Record) { u.Arch = "riscv64" }, Unbuilt},
		{"too old for it", func(u *Updater, m *Manifest, _ *Record) { m.Minimum = "1.1.0" }, Stranded},
		{"nobody yet", func(_ *Updater, m *Manifest, _ *Record) { m.Rollout = 0 }, Staged},
		{"bad before", func(_ *Updater, m *Manifest, r *Record) {
			r.condemn(m.Version, m.Files[0].SHA256, "no", noon)
		}, Refused},
		{"another build was bad", func(_ *Updater, m *Manifest, r *Record) { r.condemn(m.Version, Digest{8}, "no", noon) }, Available},
		{"here already", func(_ *Updater, m *Manifest, r *Record) {
			r.Active = &Installed{Version: m.Version, SHA256: m.Files[0].SHA256}
		}, Restart},
	} {
		u, m, r := &Updater{Running: "1.0.0", Machine: "0x01", OS: "linux", Arch: "amd64"}, m, Record{}
		c.change(u, &m, &r)
		if f := u.judge(m, r); f.State != c.want || f.Taken() != (c.want == Available) {
			t.Errorf("%s: %+v; want %s", c.name, f, c.want)
		}
	}
}

func TestAVersionProvesItselfByHealthAtAStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now, healthySince := Probe{Started: noon}, noon, time.Time{}
		for range rapid.IntRange(1, 80).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "seconds")) * time.Second)
			healthy := rapid.IntRange(0, 9).Draw(t, "dice") > 0
			if !healthy {
				healthySince = time.Time{}
			} else if healthySince.IsZero() {
				healthySince = now
			}
			want := Undecided
			switch {
			case healthy && now.Sub(healthySince) >= ProvedAfter:
				want = Proven
			case now.Sub(noon) >= ProveWithin:
				want = Hopeless
			}
			if got := p.See(now, healthy); got != want {
				t.Fatalf("at %s: %v; want %v", now.Sub(noon), got, want)
			}
			if want != Undecided {
				return
			}
		}
	})
}

// TestWhateverHappensAProgramRuns plays starts, stops, kills, failures and damage in any order.
func TestWhateverHappensAProgramRuns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "play")
		if err != nil {
			rt.Fatal(err)
		}
		f, now, next := Open(dir), noon, 1
		running := "" // version; empty: the installed one
		unproved := map[string]int{}
		for range rapid.IntRange(1, 12).Draw(rt, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes")) * time.Minute)
			switch act := rapid.SampledFrom([]string{"start", "start", "start", "switch", "stop", "proved", "failed", "damage"}).Draw(rt, "act"); act {
			case "start":
				running = play(rt, f, now)
				if running != "" {
					if r, err := f.Read(); err != nil || r.OnProbation(running) {
						if unproved[running]++; unproved[running] > MaxStarts {
							rt.Fatalf("%s starts for the %dth time without having proved itself", running, unproved[running])
						}
					}
				}
			case "switch":
				version := "1." + string(rune('0'+next%10)) + "." + string(rune('0'+next/10))
				next += 1
				body := []byte("program " + version)
				path := f.program(version)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, body, 0o700)); err != nil {
					rt.Fatal(err)
				}
				u := &Updater{Folder: f, Log: quiet, Now: func() time.Time { return now }}
				if err := u.switchTo(Finding{Newest: version, file: file(body)}); err != nil {
					rt.Fatal(err)
				}
			case "stop":
				r, err := f.Read()
				if err == nil && running != "" {
					if r.OnProbation(running) && r.Probation.Starts > 0 {
						unproved[running] = max(unproved[running]-1, 0)
					}
					err = f.Stopped(running)
				}
				if err != nil {
					rt.Fatal(err)
				}
				running = ""
			case "proved":
				if err := f.Proved(running); err != nil {
					rt.Fatal(err)
				}
			case "failed":
				if err := f.Failed(running, "not healthy", now); err != nil {
					rt.Fatal(err)
				}
			case "damage":
				if r, err := f.Read(); err == nil && r.Active != nil {
					_ = os.Truncate(f.program(r.Active.Version), 1)
				}
			}
		}
		play(rt, f, now)
	})
}

// play is a start: what it runs must be whole, and not known as bad.
func play(t *rapid.T, f Folder, now time.Time) (ran string) {
	t.Helper()
	started := errors.New("it runs")
	defer func() {
		if met := recover(); met != nil && met != started {
			panic(met)
		}
	}()
	var r Record
	err := f.Launch(Base{Version: "1.0.0", Now: func() time.Time { return now }, Log: quiet, Exec: func(path, version string) error {
		var err error
		if r, err = f.Read(); err != nil {
			t.Fatal(err)
		}
		if err := intact(path, r.Active.SHA256); err != nil || r.Active.Version != version {
			t.Fatalf("%s is started: %v", version, err)
		}
		if bad, is := r.bad(version, r.Active.SHA256); is {
			t.Fatalf("%+v is started", bad)
		}
		ran = version
		panic(started) // a program that runs does not return
	}})
	if err != nil {
		t.Fatal(err)
	}
	return ran
}
