package update

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"
)

// How a version proves itself.
const (
	// MaxStarts is how often a version may start without proving itself.
	MaxStarts = 3
	// ProveWithin is how long after its first start it must have.
	ProveWithin = 30 * time.Minute
	// ProvedAfter is how long it must have been healthy at a stretch.
	ProvedAfter = 10 * time.Minute
)

// The environment by which the installed program tells the version that it becomes what it is,
// and where the installed one lies.
const (
	RunsVariable = "MEDHIVE_UPDATE_RUNS"
	BaseVariable = "MEDHIVE_UPDATE_BASE"
)

// Base is the program as it was installed: it starts the others, and no update touches it.
type Base struct {
	Version string
	Now     func() time.Time
	Log     *slog.Logger
	// Exec becomes the program; it returns only if that fails.
	Exec func(path, version string) error
}

// Launch becomes the active version, or returns so that the installed program itself goes on:
// where no update was taken, where the installed one is as new, or where none can be started.
// Each start of a version that has not proved itself is counted before it is made, and one that
// had enough of them, or enough time, is left for the version before it. An error says that
// the record can't be read or written; the installed program may go on all the same.
func (f Folder) Launch(b Base) error {
	if _, err := os.Lstat(f.dir); err != nil {
		return nil // no update was ever looked for here
	}
	for {
		r, err := f.Change(func(r *Record) error { f.choose(r, b); return nil })
		if err != nil || r.Active == nil {
			return err
		}
		b.Log.Info("starting the updated program", "version", r.Active.Version, "installed", b.Version)
		failed := b.Exec(f.program(r.Active.Version), r.Active.Version)
		if _, err := f.Change(func(now *Record) error {
			if now.Active != nil && now.Active.Version == r.Active.Version {
				now.condemn(r.Active.Version, r.Active.SHA256, fmt.Sprintf("it can't be started: %v", pathless(failed)), b.Now())
				now.goBack()
			}
			return nil
		}); err != nil {
			return err
		}
	}
}

// choose settles what the next start runs, and counts it.
func (f Folder) choose(r *Record, b Base) {
	for r.Active != nil {
		a, now := *r.Active, b.Now()
		switch p := r.Probation; {
		case !Newer(a.Version, b.Version): // somebody installed a newer one by hand
			r.Active, r.Former, r.Probation = nil, nil, nil
		case p != nil && p.Starts >= MaxStarts:
			r.condemn(a.Version, a.SHA256, fmt.Sprintf("it started %d times and did not stay healthy for %s", p.Starts, ProvedAfter), now)
			r.goBack()
		case p != nil && p.Starts > 1 && now.Sub(p.First) > ProveWithin: // one start may have met a power cut
			r.condemn(a.Version, a.SHA256, fmt.Sprintf("it did not stay healthy within %s of its first start", ProveWithin), now)
			r.goBack()
		default:
			if err := intact(f.program(a.Version), a.SHA256); err != nil {
				r.fail(fmt.Sprintf("version %s: %v", a.Version, err), now)
				r.goBack()
				continue
			}
			if p != nil {
				if p.Starts++; p.Starts == 1 {
					p.First = now.UTC()
				}
			}
			return
		}
	}
}

// intact says whether a program is the one that was verified.
func intact(path string, want Digest) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("its program can't be read: %w", pathless(err))
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, io.LimitReader(file, MaxProgram+1)); err != nil {
		return fmt.Errorf("its program can't be read: %w", pathless(err))
	}
	if Digest(hash.Sum(nil)) != want {
		return errors.New("its program is damaged")
	}
	return nil
}

// Environment is that of the version that the installed program becomes.
func Environment(environ []string, version, base string) []string {
	return append(PlainEnvironment(environ), RunsVariable+"="+version, BaseVariable+"="+base)
}

// PlainEnvironment is an environment in which nothing was launched yet.
func PlainEnvironment(environ []string) (plain []string) {
	for _, line := range environ {
		if !strings.HasPrefix(line, RunsVariable+"=") && !strings.HasPrefix(line, BaseVariable+"=") {
			plain = append(plain, line)
		}
	}
	return plain
}

// Proved says that the version stayed healthy: it is kept, and what else lies in the folder is
// removed, but for the one before it.
func (f Folder) Proved(version string) error {
	r, err := f.Change(func(r *Record) error {
		if r.Active != nil && r.Active.Version == version {
			r.Probation, r.Failure, r.FailedAt = nil, "", time.Time{}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.prune(r)
}

// Stopped says that the version ended in order, by a person's or the machine's wish: that start
// does not count.
func (f Folder) Stopped(version string) error {
	return f.ifOnProbation(version, func(r *Record) { r.Probation.Starts = max(r.Probation.Starts-1, 0) })
}

// Failed says that the version is not healthy: it is bad, and the next start runs the one
// before it.
func (f Folder) Failed(version, reason string, now time.Time) error {
	return f.ifOnProbation(version, func(r *Record) {
		r.condemn(version, r.Active.SHA256, reason, now)
		r.goBack()
	})
}

// OnProbation says whether the version has still to prove itself.
func (r Record) OnProbation(version string) bool {
	return r.Active != nil && r.Active.Version == version && r.Probation != nil
}

func (f Folder) ifOnProbation(version string, change func(*Record)) error {
	if r, err := f.Read(); err != nil || !r.OnProbation(version) {
		return err
	}
	_, err := f.Change(func(r *Record) error {
		if r.OnProbation(version) {
			change(r)
		}
		return nil
	})
	return err
}
