package update

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// Bounds of a trial's step.
const (
	wordWithin   = time.Minute // for a version to say what it is, on a machine that swaps
	maxOutput    = 1 << 20     // bytes that are kept of what a step prints
	afterKill    = 10 * time.Second
	shownOfError = 300 // bytes
)

// step is one command that a version is tried with, in a child process of its own, in an
// empty home folder that is removed afterwards.
type step struct {
	name   string   // such as proof
	args   []string // HomePlace in them is the empty home folder
	within time.Duration
}

// HomePlace stands for the empty home folder in the arguments of a trial.
const HomePlace = "{home}"

// Proof is one thing that a version shows on this machine before the switch.
type Proof struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"` // it is not
}

// unfit says that a version failed its trial, as opposed to this machine.
type unfit struct{ error }

func (u unfit) Unwrap() error { return u.error }

// word has a program say that it is the version that the manifest names, on this platform.
func (f Folder) word(ctx context.Context, program, version string) error {
	printed, err := f.try(ctx, program, step{"version", []string{"version", "--json"}, wordWithin})
	if err != nil {
		return err
	}
	var said struct {
		Version  string `json:"version"`
		Platform string `json:"platform"`
	}
	if err := json.Unmarshal(printed, &said); err != nil {
		return unfit{fmt.Errorf("trial, version: it does not say its version: %w", err)}
	}
	if here := runtime.GOOS + "/" + runtime.GOARCH; said.Version != version || said.Platform != here {
		return unfit{fmt.Errorf("trial, version: it says that it is %.80q on %.40q, and the manifest that it is %s on %s", said.Version, said.Platform, version, here)}
	}
	return nil
}

// proofs has a program show what it can do on this machine.
func (f Folder) proofs(ctx context.Context, program string, s step) (list []Proof, err error) {
	printed, err := f.try(ctx, program, s)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(printed, &list); err != nil {
		return nil, unfit{fmt.Errorf("trial, %s: what it prints is no list of proofs: %w", s.name, err)}
	}
	if len(list) == 0 {
		return nil, unfit{fmt.Errorf("trial, %s: it proves nothing", s.name)}
	}
	return list, nil
}

// prove has a version show what it can do. What fails counts against it unless it fails with
// the running program too: then it is the machine's fault.
func (f Folder) prove(ctx context.Context, program, running string, s step) error {
	after, err := f.proofs(ctx, program, s)
	if err != nil {
		return err
	}
	failing := slices.DeleteFunc(after, func(p Proof) bool { return p.OK })
	if len(failing) == 0 {
		return nil
	}
	before, err := f.proofs(ctx, running, s)
	if err != nil {
		return fmt.Errorf("%s fails with the new version, and whether it does with this one can't be told: %v", failing[0].Name, err)
	}
	return worse(failing, before)
}

// worse says what fails that did not before; pure.
func worse(failing, before []Proof) error {
	for _, p := range failing {
		if !slices.ContainsFunc(before, func(b Proof) bool { return b.Name == p.Name && !b.OK }) {
			return unfit{fmt.Errorf("trial: %s fails, and does not with the running version: %s", p.Name, p.Why)}
		}
	}
	return nil
}

// try has a program do a step, and returns what it printed.
func (f Folder) try(ctx context.Context, program string, s step) (printed []byte, err error) {
	scratch := filepath.Join(f.dir, scratchDir)
	if err := os.RemoveAll(scratch); err != nil {
		return nil, fmt.Errorf("make room for a trial: %w", pathless(err))
	}
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make room for a trial: %w", pathless(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if printed, err = s.run(ctx, program, scratch); err != nil {
		return nil, fmt.Errorf("trial, %s: %w", s.name, err)
	}
	return printed, nil
}

func (s step) run(ctx context.Context, program, scratch string) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, s.within)
	defer cancel()
	args := slices.Clone(s.args)
	for i, arg := range args {
		if arg == HomePlace {
			args[i] = scratch
		}
	}
	command := exec.CommandContext(within, program, args...)
	printed, complained := &clipped{limit: maxOutput}, &clipped{limit: shownOfError}
	command.Dir, command.Env = scratch, append(lasting(os.LookupEnv), "HOME="+scratch, "MEDHIVE_HOME="+scratch)
	command.Stdout, command.Stderr, command.WaitDelay = printed, complained, afterKill
	// Its own children end with it, and it with this process.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	// The death signal follows the thread that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := command.Start(); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("this folder runs no programs: %w; mount it without noexec, or put --home elsewhere", pathless(err))
		}
		return nil, unfit{fmt.Errorf("it can't be started: %w", pathless(err))}
	}
	ended := command.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case within.Err() != nil:
		return nil, unfit{fmt.Errorf("it did not end within %s", s.within)}
	case ended != nil:
		if said := bytes.TrimSpace(complained.Bytes()); len(said) > 0 {
			ended = fmt.Errorf("%w (%q)", ended, said)
		}
		return nil, unfit{ended}
	}
	return printed.Bytes(), nil
}

// clipped keeps the beginning of what is written.
type clipped struct {
	bytes.Buffer
	limit int
}

func (c *clipped) Write(p []byte) (int, error) {
	if room := c.limit - c.Len(); room > 0 {
		_, _ = c.Buffer.Write(p[:min(len(p), room)]) // a buffer takes all
	}
	return len(p), nil
}

// lasting is the part of an environment that a program needs anywhere. Secrets, sockets of the
// service manager and settings stay behind.
func lasting(lookup func(string) (string, bool)) (environ []string) {
	for _, name := range []string{"PATH", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "MEDHIVE_ORT_LIB", "CUDA_VISIBLE_DEVICES", "MEDHIVE_TPM"} {
		if value, set := lookup(name); set {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}

// prune removes what a record does not name.
func (f Folder) prune(r Record) error {
	list, err := os.ReadDir(filepath.Join(f.dir, versionsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for old versions: %w", pathless(err))
	}
	var failed []error
	for _, e := range list {
		kept := e.Name() == r.Target
		for _, i := range []*Installed{r.Active, r.Former} {
			kept = kept || i != nil && i.Version == e.Name()
		}
		if !kept {
			failed = append(failed, os.RemoveAll(filepath.Join(f.dir, versionsDir, e.Name())))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("remove old versions: %w", pathless(err))
	}
	return nil
}
