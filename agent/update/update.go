// Package update brings a newer program to a machine that no package manager keeps. In: a
// manifest that the vendor signed, programs, and the node's wish to be left in peace. Out: a
// version that was verified, tried on this machine and switched to between two jobs, and the one
// before it again where that does not stay healthy. The installed program is never touched: it
// starts the others. Every step is on disk before it is done, so a machine that loses its power
// at any of them has a program to start.
package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aead.dev/minisign"
	"golang.org/x/sys/unix"
)

// Updater looks for versions and brings them.
type Updater struct {
	Folder  Folder
	Source  Source
	Key     minisign.PublicKey
	Channel string
	Running string // version of this program
	Machine string // the node's address
	OS      string // as GOOS has it
	Arch    string
	// Packaged is whose the installed program is; nil: nobody's.
	Packaged *Manager
	// Program is this program's executable, which shows what fails on this machine anyway.
	Program string
	// Proof is the command line by which a version proves itself before the switch, on an idle
	// machine; it prints a JSON list of Proof.
	Proof       func(ctx context.Context) ([]string, error)
	ProofWithin time.Duration
	Now         func() time.Time
	Log         *slog.Logger

	// reached is told of each stage once it is on disk; tests end the process there.
	reached func(Stage)
}

// Work is a node's, which an update leaves in peace.
type Work interface {
	// Working says whether the node takes new work, by its operator's wish.
	Working(ctx context.Context) (bool, error)
	// Drain has it take no new work, and returns when it is idle.
	Drain(ctx context.Context) error
	// Resume has it take work again.
	Resume(ctx context.Context) error
}

// State says what came of a look.
type State string

// The states.
const (
	Current   State = "current"     // nothing newer is offered
	Available State = "available"   // and this machine may take it
	Staged    State = "staged"      // but not on this machine yet
	Refused   State = "bad"         // this machine found it bad before
	Stranded  State = "too-old"     // this version can't go there in one step
	Unbuilt   State = "no-platform" // not for this platform
	Restart   State = "restart"     // it is switched to, and the next start runs it
)

// Finding is what a look found.
type Finding struct {
	State    State     `json:"state"`
	Running  string    `json:"running"`
	Newest   string    `json:"newest"`
	Channel  string    `json:"channel"`
	Sequence uint64    `json:"sequence"`
	Expires  time.Time `json:"expires"`
	Notes    string    `json:"notes,omitempty"`
	Why      string    `json:"why,omitempty"`     // why it is not taken
	Manager  *Manager  `json:"manager,omitempty"` // who brings it instead
	file     File
}

// Taken says whether an update may be made of it.
func (f Finding) Taken() bool { return f.State == Available && f.Manager == nil }

// Why nothing is done.
var (
	ErrOlder    = errors.New("the manifest is older than one that this machine has seen: somebody lays an old one out again")
	ErrTwice    = errors.New("the manifest differs from another one of the same sequence that this machine has seen")
	ErrBusy     = errors.New("another update is under way on this machine; wait for its end")
	ErrNotTaken = errors.New("there is no update to make")
)

// line names a channel of a key in the record.
func (u *Updater) line() string { return fmt.Sprintf("%016X/%s", u.Key.ID(), u.Channel) }

// Check fetches the manifest, holds it against what was seen before, and says what is to be done.
func (u *Updater) Check(ctx context.Context) (Finding, error) {
	manifest, signature := names(u.Channel)
	text, err := u.Source.small(ctx, manifest, maxManifest)
	if err != nil {
		return Finding{}, err
	}
	signed, err := u.Source.small(ctx, signature, maxSignature)
	if err != nil {
		return Finding{}, err
	}
	m, err := Verify(u.Key, text, signed)
	if err != nil {
		return Finding{}, err
	}
	if m.Channel != u.Channel {
		return Finding{}, fmt.Errorf("read the manifest: it is of channel %s, and this machine takes %s", m.Channel, u.Channel)
	}
	digest := Digest(sha256.Sum256(text))
	r, err := u.Folder.Change(func(r *Record) error {
		now, seen := u.Now(), r.Seen[u.line()]
		if err := fresh(m, digest, seen, now); err != nil {
			return err
		}
		if _, known := r.Seen[u.line()]; r.Seen == nil || !known && len(r.Seen) >= maxLines {
			r.Seen = map[string]Seen{}
		}
		r.Seen[u.line()] = Seen{m.Sequence, digest, m.Issued}
		r.Checked = now.UTC()
		return nil
	})
	if err != nil {
		return Finding{}, err
	}
	return u.judge(m, r), nil
}

// fresh refuses a manifest that is older than what was seen, or expired; pure. A clock that was
// set back does not make an expired one valid: the newest manifest's own time counts too.
func fresh(m Manifest, digest Digest, seen Seen, now time.Time) error {
	if seen.Issued.After(now) {
		now = seen.Issued
	}
	switch {
	case m.Sequence < seen.Sequence:
		return fmt.Errorf("%w (sequence %d, and %d was seen)", ErrOlder, m.Sequence, seen.Sequence)
	case m.Sequence == seen.Sequence && digest != seen.Digest:
		return fmt.Errorf("%w (%d)", ErrTwice, m.Sequence)
	case !now.Before(m.Expires):
		return fmt.Errorf("%w (at %s)", ErrExpired, m.Expires.UTC().Format(time.RFC3339))
	case m.Issued.After(now.Add(clockSkew)):
		return fmt.Errorf("the manifest is of %s, which is yet to come: set this machine's clock", m.Issued.UTC().Format(time.RFC3339))
	}
	return nil
}

// judge says what a manifest means for this machine; pure.
func (u *Updater) judge(m Manifest, r Record) Finding {
	f := Finding{State: Available, Running: u.Running, Newest: m.Version, Channel: m.Channel, Sequence: m.Sequence, Expires: m.Expires, Notes: m.Notes, Manager: u.Packaged}
	file, built := m.For(u.OS, u.Arch)
	f.file = file
	bad, condemned := r.bad(m.Version, file.SHA256)
	switch {
	case !Newer(m.Version, u.Running):
		f.State = Current
	case !built:
		f.State, f.Why = Unbuilt, fmt.Sprintf("it is not built for %s/%s", u.OS, u.Arch)
	case condemned:
		f.State, f.Why = Refused, fmt.Sprintf("this machine found it bad on %s: %s", bad.At.Format(time.DateOnly), bad.Reason)
	case r.Active != nil && r.Active.Version == m.Version && r.Active.SHA256 == file.SHA256:
		f.State, f.Why = Restart, "it is here, and the next start of the node runs it"
	case Newer(m.Minimum, u.Running):
		f.State, f.Why = Stranded, fmt.Sprintf("it wants at least %s before it: install that by hand once", m.Minimum)
	case !Within(m.Rollout, u.Machine, m.Version):
		f.State, f.Why = Staged, fmt.Sprintf("%d %% of all machines take it by now, and this one comes later", m.Rollout)
	}
	return f
}

// Apply brings what Check found: it fetches, verifies and tries it, has the node drain, has the
// version prove itself on the idle machine, and switches. The caller restarts the node then. A
// node that was drained for an update that failed takes work again. What is wrong with the
// version, and not with this machine, is remembered: it is not tried again.
func (u *Updater) Apply(ctx context.Context, f Finding, work Work) (err error) {
	if !f.Taken() {
		return ErrNotTaken
	}
	unlock, err := u.alone()
	if err != nil {
		return err
	}
	defer unlock()
	defer func() {
		if err != nil {
			err = errors.Join(err, u.abandon(context.WithoutCancel(ctx), f, work, err))
		}
	}()
	program := u.Folder.program(f.Newest)
	if err := u.stage(Downloading, f); err != nil {
		return err
	}
	if err := u.Source.download(ctx, f.file, program); err != nil {
		return err
	}
	if err := u.stage(Trying, f); err != nil {
		return err
	}
	if err := u.Folder.word(ctx, program, f.Newest); err != nil {
		return err
	}
	if err := u.drain(ctx, f, work); err != nil {
		return err
	}
	if err := u.stage(Proving, f); err != nil {
		return err
	}
	args, err := u.Proof(ctx)
	if err != nil {
		return err
	}
	if err := u.Folder.prove(ctx, program, u.Program, step{"proof", args, u.ProofWithin}); err != nil {
		return err
	}
	return u.switchTo(f)
}

// alone keeps every other process from updating until it is unlocked.
func (u *Updater) alone() (unlock func(), err error) {
	unlock, err = u.Folder.lock(workLock, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrBusy
	}
	return unlock, err
}

// Rest has the node drain for a restart into a version that was switched to before.
func (u *Updater) Rest(ctx context.Context, f Finding, work Work) error {
	unlock, err := u.alone()
	if err != nil {
		return err
	}
	defer unlock()
	if err := u.drain(ctx, f, work); err != nil {
		return errors.Join(err, u.Folder.Recover(context.WithoutCancel(ctx), work))
	}
	return nil
}

// stage writes how far the update has come.
func (u *Updater) stage(s Stage, f Finding) error {
	r, err := u.Folder.Change(func(r *Record) error {
		r.Stage, r.Target = s, f.Newest
		return nil
	})
	if err == nil && s == Downloading {
		err = u.Folder.prune(r)
	}
	if err == nil {
		u.Log.Info("update", "version", f.Newest, "stage", s)
		u.tell(s)
	}
	return err
}

func (u *Updater) tell(s Stage) {
	if u.reached != nil {
		u.reached(s)
	}
}

// drain remembers whether the node is to take work again, before it is told to stop.
func (u *Updater) drain(ctx context.Context, f Finding, work Work) error {
	working, err := work.Working(ctx)
	if err != nil {
		return err
	}
	if _, err := u.Folder.Change(func(r *Record) error {
		r.Stage, r.Target, r.Resume = Draining, f.Newest, r.Resume || working
		return nil
	}); err != nil {
		return err
	}
	u.tell(Draining)
	return work.Drain(ctx)
}

// switchTo has the next start run the version. That is one rename of the record.
func (u *Updater) switchTo(f Finding) error {
	if err := u.stage(Switching, f); err != nil {
		return err
	}
	_, err := u.Folder.Change(func(r *Record) error {
		r.Former = r.Active
		if r.Probation != nil { // it never proved itself, so nothing goes back to it
			r.Former = nil
		}
		r.Active = &Installed{f.Newest, f.file.SHA256, u.Now().UTC()}
		r.Probation = &Probation{}
		r.Stage, r.Target, r.Failure, r.FailedAt = Idle, "", "", time.Time{}
		return nil
	})
	if err == nil {
		u.Log.Info("the next start runs the new version", "version", f.Newest)
		u.tell("switched")
	}
	return err
}

// abandon remembers why an update failed, and has the node work again.
func (u *Updater) abandon(ctx context.Context, f Finding, work Work, why error) error {
	var broken unfit
	_, err := u.Folder.Change(func(r *Record) error {
		if errors.As(why, &broken) {
			r.condemn(f.Newest, f.file.SHA256, why.Error(), u.Now())
		} else {
			r.fail(fmt.Sprintf("version %s: %v", f.Newest, why), u.Now())
		}
		return nil
	})
	return errors.Join(err, u.Folder.Recover(ctx, work))
}

// Recover ends an update that did not end: a node that was drained for it takes work again. A node
// does so at its start, whichever version it is.
func (f Folder) Recover(ctx context.Context, work Work) error {
	r, err := f.Read()
	if err != nil || r.Stage == Idle && !r.Resume {
		return err
	}
	if r.Resume {
		if err := work.Resume(ctx); err != nil {
			return fmt.Errorf("have the node take work again after an update: %w; run `medhive node resume`", err)
		}
	}
	_, err = f.Change(func(r *Record) error {
		r.Stage, r.Target, r.Resume = Idle, "", false
		return nil
	})
	return err
}
