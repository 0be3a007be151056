package clinic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/inference/runner/sandbox"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Confine says how a door has strangers' bytes parsed: each study, and each result of a
// node, in a child process of its own, which is closed in as a runner is and killed at its
// deadline. The child gets what it parses and what it must know of that one study, and no
// key: pseudonyms are made by the daemon, by name.
type Confine struct {
	Command []string      // program and arguments that call Serve
	Timeout time.Duration // of one study or result; 0 means the runner's
	Log     *slog.Logger  // nil discards

	looks *looks // at results; a door's own
}

// Confined is the same door, which parses nothing in its own process.
func (d *Door) Confined(c Confine) *Door {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.looks = newLooks()
	other := *d
	other.child = &c
	return &other
}

// Memory of a child: a study as it came, its pixels as they are decompressed, and as it
// leaves, and room to work in.
const (
	copiesOfStudy   = 3
	workspaceMemory = 512 << 20
)

func (d *Door) open(ctx context.Context) (*runner.Cell, error) {
	cell, err := runner.OpenCell(ctx, runner.CellOptions{
		Command: d.child.Command, Timeout: d.child.Timeout, MemoryBytes: copiesOfStudy*d.limits.MaxTotalBytes + workspaceMemory,
	})
	if err != nil {
		return nil, err
	}
	d.child.Log.Debug("confined reader started", "pid", cell.PID(), "confinement", cell.Confinement().String())
	return cell, nil
}

// Try starts a child, ends it again, and tells what confined it.
func (c Confine) Try(ctx context.Context) (sandbox.Confinement, error) {
	cell, err := runner.OpenCell(ctx, runner.CellOptions{Command: c.Command, Timeout: c.Timeout, MemoryBytes: workspaceMemory})
	if err != nil {
		return nil, err
	}
	return cell.Confinement(), cell.Close()
}

// Intake takes in what manifest m's model takes, as the functions Intake and IntakePicture
// do. A door with a confined child parses nothing of it here. The caller closes the study.
func (d *Door) Intake(ctx context.Context, path string, m models.Manifest) (*Study, error) {
	if refusal := d.policy.permits(m); refusal != nil {
		return nil, fmt.Errorf("take in the study: %w", refusal)
	}
	if d.child == nil {
		return intake(ctx, path, intakeMessage{Selection: m.Selection, Picture: m.Axes() == 2, Policy: d.policy, Limits: d.limits})
	}
	files, whole, err := given(path, d.limits)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	cell, err := d.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	far := &remote{cell: cell, limits: d.limits, log: d.child.Log, known: newKnown()}
	f, err := far.intake(ctx, intakeMessage{Selection: m.Selection, Picture: m.Axes() == 2, Policy: d.policy, Limits: d.limits}, files, whole)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", errors.Join(far.understood(err, brokeStudy, exportAnew), cell.Close()))
	}
	far.objects = f.Objects
	return newStudy(f, m.Selection, d.policy, d.limits, far, far.known), nil
}

// given lists what a path holds without a look at what it says: the DICOM files of a
// folder, or one file, which may be an archive.
func given(path string, lim dcm.Limits) (files []dcm.File, whole []byte, err error) {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		files, err = dcm.OpenFiles(path, lim) // says what is wrong with the path
		return files, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > lim.MaxTotalBytes {
		return nil, nil, &dcm.Refusal{What: "study is no plain file, or too large", Where: fmt.Sprintf("the limit is %d MiB", lim.MaxTotalBytes>>20), Do: "send the series that matters only"}
	}
	f, err := os.Open(path)
	if err == nil {
		whole, err = io.ReadAll(io.LimitReader(f, lim.MaxTotalBytes))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		var wrapped *fs.PathError
		if errors.As(err, &wrapped) { // its path may name a patient
			err = wrapped.Err
		}
		return nil, nil, &dcm.Refusal{What: "study cannot be read", Do: "check its permissions", Err: err}
	}
	return nil, whole, nil
}

// conversation is a child as the daemon talks with it.
type conversation interface {
	io.ReadWriteCloser
	Broken() error // ends a child that says what none says; the reason
}

// remote is the daemon's end of a conversation.
type remote struct {
	cell    conversation
	limits  dcm.Limits
	log     *slog.Logger
	objects int    // that the child said the payload has
	known   *known // collects what the files of a study say that no payload may; nil: nothing
}

// Close ends the child.
func (r *remote) Close() error { return r.cell.Close() }

func (r *remote) intake(ctx context.Context, m intakeMessage, files []dcm.File, whole []byte) (f facts, err error) {
	if err := sendJSON(r.cell, wordIntake, m); err != nil {
		return f, err
	}
	if whole != nil {
		r.note(whole, m.Policy)
		err = send(r.cell, wordArchive, whole)
	}
	for n := 0; n < len(files) && err == nil; n++ {
		var data []byte
		if data, err = files[n].Content(); err != nil {
			return f, at(place(n, len(files)), err)
		}
		if err = ctx.Err(); err == nil {
			r.note(data, m.Policy)
			err = send(r.cell, wordObject, data)
		}
	}
	if err == nil {
		err = send(r.cell, wordAll, nil)
	}
	if err == nil {
		err = hearJSON(r.cell, r.limits, wordFacts, &f)
	}
	if err == nil && !f.valid() {
		err = errStrange
	}
	for n := range f.Notes {
		f.Notes[n] = refusalMessage{Text: f.Notes[n]}.error().Error()
	}
	return f, err
}

// note remembers what a file says of who it is about.
func (r *remote) note(data []byte, policy Policy) {
	if r.known != nil {
		r.known.file(data, policy)
	}
}

// strip has the child de-identify what it read.
func (r *remote) strip(ctx context.Context, o order, keep func(data []byte) error) error {
	stop := context.AfterFunc(ctx, func() { _ = r.cell.Close() })
	defer stop()
	var refused error // by keep: no word of this child, nor on it
	err := r.ordered(o, func(data []byte) error {
		refused = keep(data)
		return refused
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case refused != nil:
		return refused
	}
	return r.understood(err, brokeStudy, exportAnew)
}

func (r *remote) ordered(o order, keep func(data []byte) error) error {
	if err := sendJSON(r.cell, wordOrder, o); err != nil {
		return err
	}
	var total int64
	for n := 0; ; n++ {
		kind, payload, err := hear(r.cell, r.limits, wordInstance, wordDone, wordRefusal, wordHeld)
		switch {
		case err != nil:
			return err
		case kind == wordRefusal:
			return refusalOf(payload)
		case kind == wordHeld:
			return heldOf(payload)
		case kind == wordDone && n == r.objects:
			return nil
		case kind == wordDone || n >= r.objects:
			return errStrange
		}
		if total += int64(len(payload)); total > r.limits.MaxTotalBytes+objectHeaderBytes {
			return &dcm.Refusal{What: "study is too large when decompressed", Where: fmt.Sprintf("the limit is %d MiB", r.limits.MaxTotalBytes>>20), Do: "send the series that matters only"}
		}
		if err := keep(payload); err != nil {
			return err
		}
	}
}

// What a child's end means, and what to do about whose bytes they were.
const (
	brokeStudy  = "the study broke the process that reads it"
	brokeResult = "the result broke the process that reads it"

	exportAnew = "export the study from its source again; if that does not help, leave out the file that the reader stumbles over"
)

// understood turns an end of the conversation into a refusal in words. What the child told
// stays as it is, and so does the end of a context.
func (r *remote) understood(err error, what, do string) error {
	return refusalFor(r.ended(err), what, do)
}

// ended says how a child ended that did: with a *runner.Failure. Any other error stays.
func (r *remote) ended(err error) error {
	if errors.Is(err, errStrange) {
		err = r.cell.Broken()
	}
	var failure *runner.Failure
	if errors.As(err, &failure) {
		r.log.Warn("a confined reader ended", "reason", failure.Reason, "detail", failure.Detail)
	}
	return err
}

// refusalFor is a child's failure as a refusal of what it read.
func refusalFor(err error, what, do string) error {
	var failure *runner.Failure
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Reason {
	case runner.Memory:
		what += " (it needs more memory than that may use)"
	case runner.Timeout:
		what += " (it took too long)"
	}
	return &dcm.Refusal{What: what, Where: failure.Detail, Do: do, Err: err}
}

func (r *remote) restored(o restoration, encoded []byte) (files []dcm.File, err error) {
	if err = sendJSON(r.cell, wordRestore, o); err == nil {
		err = send(r.cell, wordResult, encoded)
	}
	for err == nil {
		var kind word
		var payload []byte
		if kind, payload, err = hear(r.cell, r.limits, wordName, wordDone, wordRefusal); err != nil {
			break
		}
		if kind == wordDone {
			return files, nil
		} else if kind == wordRefusal {
			return nil, refusalOf(payload)
		}
		name := string(payload)
		if !slices.Contains(deliverable(), name) || slices.ContainsFunc(files, func(f dcm.File) bool { return f.Name == name }) {
			return nil, errStrange
		}
		if _, payload, err = hear(r.cell, r.limits, wordInstance); err == nil {
			files = append(files, dcm.File{Name: name, Data: payload})
		}
	}
	return nil, err
}

// deliverable are the files that a restored result can have.
func deliverable() []string {
	return []string{segmentationFile, overlayFile, reportFile, captureFile, documentFile, findingsFile, recordFile}
}
