package update

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"aead.dev/minisign"
)

// behaviour is what a version of the tests does. It stands at the end of a copy of this test's
// own program, which so becomes a program of its own.
type behaviour struct {
	Version string
	Says    string // what it says its version is; empty: Version
	Proof   string // ok, fails or hangs
	Start   string // ok or dies
}

const marker = "\nmedhive test version "

// order is what a child process of the tests is to do.
const orderVariable = "MEDHIVE_UPDATE_TEST"

type order struct {
	Dir     string
	Place   string
	Key     string
	Running string
	KillAt  Stage // the process ends by SIGKILL as soon as this is on disk
	Launch  bool
}

func TestMain(m *testing.M) {
	if b, is := ownBehaviour(); is {
		os.Exit(b.run(os.Args[1:]))
	}
	if text := os.Getenv(orderVariable); text != "" {
		os.Exit(obey(text))
	}
	os.Exit(m.Run())
}

func ownBehaviour() (b behaviour, is bool) {
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		return b, false
	}
	defer file.Close()
	const tail = 512
	if _, err := file.Seek(-tail, io.SeekEnd); err != nil {
		return b, false
	}
	end, err := io.ReadAll(file)
	_, text, found := strings.Cut(string(end), marker)
	return b, err == nil && found && json.Unmarshal([]byte(text), &b) == nil
}

// run is the life of a version.
func (b behaviour) run(args []string) int {
	switch args[0] {
	case "version":
		says := b.Says
		if says == "" {
			says = b.Version
		}
		fmt.Printf(`{"version":%q,"platform":%q}`, says, runtime.GOOS+"/"+runtime.GOARCH)
	case "prove":
		switch {
		case b.Proof == "breaks":
			fmt.Fprintln(os.Stderr, "no runner")
			return 1
		case b.Proof == "mumbles":
			fmt.Print("all is well")
			return 0
		case b.Proof == "fails":
			fmt.Print(`[{"name":"engine","ok":true},{"name":"model lungs","ok":false,"why":"3 findings differ"}]`)
			return 0
		case b.Proof == "hangs":
			select {}
		case os.Getenv("HOME") != args[1] || os.Getenv(orderVariable) != "":
			return 3 // not an empty home, or an environment that is not its own
		}
		fmt.Print(`[{"name":"engine","ok":true},{"name":"model lungs","ok":true}]`)
	case "run":
		fmt.Printf("runs %s", os.Getenv(RunsVariable))
		if b.Start == "dies" {
			return 1
		}
	}
	return 0
}

// obey is a child of the tests: an update that is cut off, or a start.
func obey(text string) int {
	var o order
	var key minisign.PublicKey
	if err := errors.Join(json.Unmarshal([]byte(text), &o), key.UnmarshalText([]byte(o.Key))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	if o.Launch {
		base := Base{Version: o.Running, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler), Exec: func(path, version string) error {
			return syscall.Exec(path, []string{path, "run"}, Environment(os.Environ(), version, "base"))
		}}
		if err := Open(o.Dir).Launch(base); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 3
		}
		fmt.Print("runs base")
		return 0
	}
	u, err := updaterOf(o, key)
	if err == nil {
		u.reached = func(s Stage) {
			if s == o.KillAt {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		var f Finding
		if f, err = u.Check(context.Background()); err == nil {
			err = u.Apply(context.Background(), f, fileWork{filepath.Join(o.Dir, "drained")})
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func updaterOf(o order, key minisign.PublicKey) (*Updater, error) {
	source, err := NewSource(o.Place, nil)
	return &Updater{
		Folder: Open(o.Dir), Source: source, Key: key, Channel: "stable", Running: o.Running, Machine: "0x01", OS: "linux", Arch: "amd64",
		Proof: func(context.Context) ([]string, error) { return []string{"prove", HomePlace}, nil }, ProofWithin: time.Minute,
		Program: filepath.Join(o.Place, "installed"), Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	}, err
}

// fileWork is a node whose mode outlives its process, as a real one's does.
type fileWork struct{ path string }

func (w fileWork) Working(context.Context) (bool, error) {
	_, err := os.Stat(w.path)
	return errors.Is(err, os.ErrNotExist), nil
}
func (w fileWork) Drain(context.Context) error  { return os.WriteFile(w.path, nil, 0o600) }
func (w fileWork) Resume(context.Context) error { return os.RemoveAll(w.path) }

// vendor lays out versions.
type vendor struct {
	t       *testing.T
	private minisign.PrivateKey
	public  minisign.PublicKey
	place   string
	dir     string // of the machine's updates
	next    uint64
}

func newVendor(t *testing.T) *vendor {
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{t: t, private: private, public: public, place: t.TempDir(), dir: filepath.Join(t.TempDir(), "update"), next: 1}
	v.install(behaviour{Version: "1.0.0"})
	return v
}

// install puts the program there that runs before an update.
func (v *vendor) install(b behaviour) {
	v.t.Helper()
	path := filepath.Join(v.place, "installed")
	if err := os.WriteFile(path, v.build(b), 0o700); err != nil {
		v.t.Fatal(err)
	}
}

// build is a program that behaves so.
func (v *vendor) build(b behaviour) []byte {
	v.t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		v.t.Fatal(err)
	}
	words, err := json.Marshal(b)
	if err != nil {
		v.t.Fatal(err)
	}
	return append(append(self, marker...), words...)
}

// lay puts a version and its manifest, changed as the test wishes, where machines look.
func (v *vendor) lay(b behaviour, change func(*Manifest)) {
	v.t.Helper()
	program := v.build(b)
	m := good()
	m.Sequence, m.Version = v.next, b.Version
	v.next++
	m.Files[0].Name, m.Files[0].Bytes, m.Files[0].SHA256 = "medhive-"+b.Version, int64(len(program)), sha256.Sum256(program)
	if change != nil {
		change(&m)
	}
	v.write(m.Files[0].Name, program)
	v.write("stable.json", text(v.t, m))
	v.write("stable.json.minisig", minisign.Sign(v.private, text(v.t, m)))
}

func (v *vendor) write(name string, data []byte) {
	v.t.Helper()
	if err := os.WriteFile(filepath.Join(v.place, name), data, 0o600); err != nil {
		v.t.Fatal(err)
	}
}

func (v *vendor) order(running string) order {
	key, err := v.public.MarshalText()
	if err != nil {
		v.t.Fatal(err)
	}
	return order{Dir: v.dir, Place: v.place, Key: string(key), Running: running}
}

// child runs a process of the tests, and says what it printed and how it ended.
func (v *vendor) child(o order) (string, error) {
	v.t.Helper()
	words, err := json.Marshal(o)
	if err != nil {
		v.t.Fatal(err)
	}
	command := exec.Command("/proc/self/exe")
	command.Env = append(os.Environ(), orderVariable+"="+string(words))
	var complained strings.Builder
	command.Stderr = &complained
	printed, err := command.Output()
	return string(printed) + complained.String(), err
}

// starts is what the next start of the machine runs.
func (v *vendor) starts(running string) string {
	v.t.Helper()
	o := v.order(running)
	o.Launch = true
	printed, _ := v.child(o) // a version that dies ends with 1
	return strings.TrimPrefix(printed, "runs ")
}

// update looks and applies in this process.
func (v *vendor) update(running string) (Finding, error) {
	v.t.Helper()
	u := v.updater(running)
	f, err := u.Check(v.t.Context())
	if err != nil {
		return f, err
	}
	return f, u.Apply(v.t.Context(), f, fileWork{filepath.Join(v.dir, "drained")})
}

func (v *vendor) updater(running string) *Updater {
	v.t.Helper()
	u, err := updaterOf(v.order(running), v.public)
	if err != nil {
		v.t.Fatal(err)
	}
	return u
}

func (v *vendor) record() Record {
	v.t.Helper()
	r, err := Open(v.dir).Read()
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

func TestAGoodUpdateIsSwitchedToAndKept(t *testing.T) {
	v := newVendor(t)
	if got := v.starts("1.0.0"); got != "base" {
		t.Fatalf("before any update %s runs", got)
	}
	v.lay(behaviour{Version: "1.2.0"}, nil)
	if _, err := v.update("1.0.0"); err != nil {
		t.Fatal(err)
	}
	if r := v.record(); !r.Resume || r.Active.Version != "1.2.0" || r.Probation == nil {
		t.Errorf("%+v", r)
	}
	if f, err := v.updater("1.0.0").Check(t.Context()); err != nil || f.State != Restart {
		t.Errorf("before the restart: %+v, %v", f, err)
	}
	if got := v.starts("1.0.0"); got != "1.2.0" {
		t.Fatalf("after the update %s runs", got)
	}
	folder := Open(v.dir)
	if err := folder.Recover(t.Context(), fileWork{filepath.Join(v.dir, "drained")}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(v.dir, "drained")); err == nil || v.record().Resume {
		t.Error("the node does not take work again after the update")
	}
	if err := folder.Proved("1.2.0"); err != nil {
		t.Fatal(err)
	}
	for range 2 * MaxStarts {
		if got := v.starts("1.0.0"); got != "1.2.0" {
			t.Fatalf("a version that proved itself is left: %s runs", got)
		}
	}
	// The next one goes back to it, and not to the installed one.
	v.lay(behaviour{Version: "1.3.0", Start: "dies"}, nil)
	if _, err := v.update("1.2.0"); err != nil {
		t.Fatal(err)
	}
	for range MaxStarts {
		if got := v.starts("1.0.0"); got != "1.3.0" {
			t.Fatalf("%s runs", got)
		}
	}
	if got := v.starts("1.0.0"); got != "1.2.0" {
		t.Fatalf("after a version that dies %s runs", got)
	}
	if f, err := v.update("1.2.0"); !errors.Is(err, ErrNotTaken) || f.State != Refused {
		t.Errorf("a bad version is tried again: %+v, %v", f, err)
	}
	// Somebody installs a newer program by hand.
	if got := v.starts("2.0.0"); got != "base" || v.record().Active != nil {
		t.Errorf("beside a newer installed program %s runs", got)
	}
}

func TestBrokenVersionsAreNotSwitchedTo(t *testing.T) {
	for name, b := range map[string]behaviour{
		"its proof fails":             {Version: "1.2.0", Proof: "fails"},
		"its proof breaks off":        {Version: "1.2.0", Proof: "breaks"},
		"its proof is no proof":       {Version: "1.2.0", Proof: "mumbles"},
		"its proof hangs":             {Version: "1.2.0", Proof: "hangs"},
		"it says it is another one":   {Version: "1.2.0", Says: "1.1.0"},
		"it says nothing of the kind": {Version: "1.2.0", Says: "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			v.lay(b, nil)
			u := v.updater("1.0.0")
			if b.Proof == "hangs" {
				u.ProofWithin = time.Second
			}
			f, err := u.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			work := fileWork{filepath.Join(v.dir, "drained")}
			if err := u.Apply(t.Context(), f, work); err == nil {
				t.Fatal("it is taken")
			}
			if working, _ := work.Working(t.Context()); !working {
				t.Error("the node stays drained")
			}
			if got := v.starts("1.0.0"); got != "base" {
				t.Errorf("%s runs", got)
			}
			if f, err := u.Check(t.Context()); err != nil || f.State != Refused || f.Why == "" {
				t.Errorf("it is not remembered: %+v, %v", f, err)
			}
			// A repaired one of the same number is another program.
			v.lay(behaviour{Version: "1.2.0"}, nil)
			if _, err := v.update("1.0.0"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatFailsAnywayIsTheMachinesFault(t *testing.T) {
	v := newVendor(t)
	v.install(behaviour{Version: "1.0.0", Proof: "fails"})
	v.lay(behaviour{Version: "1.2.0", Proof: "fails"}, nil)
	if _, err := v.update("1.0.0"); err != nil {
		t.Errorf("a model that fails before and after keeps the update away: %v", err)
	}
	v = newVendor(t)
	v.install(behaviour{Version: "1.0.0", Proof: "breaks"})
	v.lay(behaviour{Version: "1.2.0", Proof: "fails"}, nil)
	if _, err := v.update("1.0.0"); err == nil || len(v.record().Bad) != 0 {
		t.Errorf("%v; where nothing can be compared, nothing is taken and nobody condemned: %+v", err, v.record().Bad)
	}
}

func TestADrainedNodeStaysAsItsOperatorWishes(t *testing.T) {
	v := newVendor(t)
	v.lay(behaviour{Version: "1.2.0", Proof: "fails"}, nil)
	work := fileWork{filepath.Join(v.dir, "drained")}
	if err := errors.Join(os.MkdirAll(v.dir, 0o700), work.Drain(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := v.update("1.0.0"); err == nil {
		t.Fatal("it is taken")
	}
	if working, _ := work.Working(t.Context()); working {
		t.Error("a node that its operator drained takes work after an update that failed")
	}
}

func TestAKillAtEveryStageLeavesARunnableProgram(t *testing.T) {
	for _, c := range []struct {
		at   Stage
		runs string
	}{
		{Downloading, "base"}, {Trying, "base"}, {Draining, "base"}, {Proving, "base"}, {Switching, "base"}, {"switched", "1.2.0"},
	} {
		t.Run(string(c.at), func(t *testing.T) {
			v := newVendor(t)
			v.lay(behaviour{Version: "1.2.0"}, nil)
			o := v.order("1.0.0")
			o.KillAt = c.at
			said, err := v.child(o)
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed at %s: %v %s", c.at, err, said)
			}
			if got := v.starts("1.0.0"); got != c.runs {
				t.Fatalf("after the kill %s runs", got)
			}
			work := fileWork{filepath.Join(v.dir, "drained")}
			if err := Open(v.dir).Recover(t.Context(), work); err != nil {
				t.Fatal(err)
			}
			if working, _ := work.Working(t.Context()); !working {
				t.Error("the node stays drained for an update that nobody goes on with")
			}
			if c.runs == "base" {
				if _, err := v.update("1.0.0"); err != nil {
					t.Fatalf("the next attempt: %v", err)
				}
			}
			if got := v.starts("1.0.0"); got != "1.2.0" {
				t.Errorf("after the next attempt %s runs", got)
			}
		})
	}
}

func TestManifestsThatAreNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		lay  func(v *vendor)
		want error
	}{
		"changed": {func(v *vendor) {
			m := good()
			m.Rollout, m.Sequence = 99, 9
			v.write("stable.json", text(v.t, m))
		}, ErrForged},
		"expired": {func(v *vendor) {
			v.lay(behaviour{Version: "1.3.0"}, func(m *Manifest) { m.Issued, m.Expires = noon.Add(-48*time.Hour), noon.Add(-time.Hour) })
		}, ErrExpired},
		"older": {func(v *vendor) { v.next = 1; v.lay(behaviour{Version: "1.3.0"}, nil) }, ErrOlder},
		"of the same sequence": {func(v *vendor) {
			v.next--
			v.lay(behaviour{Version: "1.3.0"}, nil)
		}, ErrTwice},
		"of another channel": {func(v *vendor) { v.lay(behaviour{Version: "1.3.0"}, func(m *Manifest) { m.Channel = "beta" }) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			v.lay(behaviour{Version: "1.0.1"}, nil)
			v.lay(behaviour{Version: "1.0.2"}, nil)
			if _, err := v.updater("1.0.0").Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.lay(v)
			if _, err := v.update("1.0.0"); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v; want %v", err, c.want)
			}
			if got := v.starts("1.0.0"); got != "base" {
				t.Errorf("%s runs", got)
			}
		})
	}
}

func TestAnotherProgramThanTheManifestNamesIsNotRun(t *testing.T) {
	v := newVendor(t)
	v.lay(behaviour{Version: "1.2.0"}, nil)
	path := filepath.Join(v.place, "medhive-1.2.0")
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	program[len(program)/2] ^= 1
	v.write("medhive-1.2.0", program)
	if _, err := v.update("1.0.0"); !errors.Is(err, errDiffers) {
		t.Fatal(err)
	}
	if f, err := v.updater("1.0.0").Check(t.Context()); err != nil || f.State != Available {
		t.Errorf("a damaged copy condemns the version: %+v, %v", f, err)
	}
	program[len(program)/2] ^= 1
	v.write("medhive-1.2.0", program)
	if _, err := v.update("1.0.0"); err != nil {
		t.Fatal(err)
	}
	// Damaged on the disk later.
	own := Open(v.dir).program("1.2.0")
	if err := os.Truncate(own, 1000); err != nil {
		t.Fatal(err)
	}
	if got := v.starts("1.0.0"); got != "base" {
		t.Errorf("with a damaged program %s runs", got)
	}
	if _, err := v.update("1.0.0"); err != nil {
		t.Errorf("it is not fetched again: %v", err)
	}
}

func TestWhatCannotBeStartedIsLeftAtOnce(t *testing.T) {
	v := newVendor(t)
	junk := []byte("\x7fELF no program")
	program := Open(v.dir).program("1.2.0")
	if err := errors.Join(os.MkdirAll(filepath.Dir(program), 0o700), os.WriteFile(program, junk, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(v.dir).Change(func(r *Record) error {
		r.Active, r.Probation = &Installed{Version: "1.2.0", SHA256: sha256.Sum256(junk)}, &Probation{}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := v.starts("1.0.0"); got != "base" {
		t.Errorf("%s runs", got)
	}
	if r := v.record(); r.Active != nil || len(r.Bad) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAnUnreadableRecordKeepsNobodyFromStarting(t *testing.T) {
	v := newVendor(t)
	if err := errors.Join(os.MkdirAll(v.dir, 0o700), os.WriteFile(filepath.Join(v.dir, recordFile), []byte(`{"active":{"version":"../../x"}}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	err := Open(v.dir).Launch(Base{Version: "1.0.0", Now: time.Now, Log: slog.New(slog.DiscardHandler), Exec: func(string, string) error { return errors.New("not to be called") }})
	if err == nil || !strings.Contains(err.Error(), "move record.json away") {
		t.Error(err)
	}
}
