package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// event is what the clinic tells of a task, one JSON object a line.
type event struct {
	Kind  string `json:"kind"`
	Task  string `json:"task"`
	Node  string `json:"node"`
	Fence uint64 `json:"fence"`
	Stage string `json:"stage"`
}

// step says how far the job is by this event; ok is false for one that says nothing.
func (e event) step() (s step, ok bool) {
	switch e.Kind {
	case "progress":
		if e.Stage != string(inferring) && e.Stage != string(returning) {
			return "", false
		}
		return step(e.Stage), true
	case string(offered), string(bidTaken), string(awarded), string(accepted), string(fetching), string(signed), string(finished):
		return step(e.Kind), true
	}
	return "", false
}

// reached says whether the event is of this step or of a later one. A busy node leaves
// steps out of its reports.
func (e event) reached(s step) bool {
	is, ok := e.step()
	return ok && slices.Index(jobSteps(), is) >= slices.Index(jobSteps(), s)
}

// report is what is read of a submission's final JSON.
type report struct {
	Task   string `json:"task"`
	State  string `json:"state"`
	Winner string `json:"winner"`
	Fence  uint64 `json:"fence"`
	// Receipt is of one copy of the task, where nodes raced for it.
	Receipt struct {
		Receipt struct {
			Task   string `json:"task"`
			Clinic string `json:"clinic"`
		} `json:"receipt"`
	} `json:"receipt"`
}

// submission is one life of a clinic.
type submission struct {
	*process
	folder  string
	printed bytes.Buffer // its stdout; read only once it has ended
}

// events are those told so far.
func (s *submission) events() (all []event) {
	lines, _ := s.said(0)
	for _, l := range lines {
		if e, ok := parseEvent(l.text); ok {
			all = append(all, e)
		}
	}
	return all
}

// offers are the moments at which it announced the study.
func (s *submission) offers() (at []time.Time) {
	lines, _ := s.said(0)
	for _, l := range lines {
		if e, ok := parseEvent(l.text); ok && e.Kind == string(offered) {
			at = append(at, l.at)
		}
	}
	return at
}

func parseEvent(text string) (e event, ok bool) {
	return e, strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &e) == nil && e.Kind != ""
}

// awaitStep returns the first event that has come as far as the step.
func (s *submission) awaitStep(ctx context.Context, to step) (event, error) {
	l, err := s.await(ctx, string(to), func(text string) bool {
		e, ok := parseEvent(text)
		return ok && e.reached(to)
	})
	if err != nil {
		return event{}, err
	}
	e, _ := parseEvent(l.text)
	return e, nil
}

// landed is the last step that the clinic had told of.
func (s *submission) landed() step {
	last := step("before the offer")
	for _, e := range s.events() {
		if is, ok := e.step(); ok {
			last = is
		}
	}
	return last
}

// result waits for the clinic's end and reads its report.
func (s *submission) result(ctx context.Context) (report, error) {
	select {
	case <-s.ended:
	case <-ctx.Done():
		s.kill()
		return report{}, fmt.Errorf("%s did not end: %w", s.name, context.Cause(ctx))
	}
	var r report
	if !s.cmd.ProcessState.Success() {
		return r, fmt.Errorf("%s: %v: %s", s.name, s.cmd.ProcessState, s.lastWords())
	}
	if err := json.Unmarshal(s.printed.Bytes(), &r); err != nil {
		return r, fmt.Errorf("report of %s: %w", s.name, err)
	}
	return r, nil
}

// lastWords is the last line that is no event.
func (s *submission) lastWords() string {
	lines, _ := s.said(0)
	for _, l := range slices.Backward(lines) {
		if _, ok := parseEvent(l.text); !ok {
			return l.text
		}
	}
	return "it said nothing"
}

// written is one delivered file as the disk knows it. A file that is written a second
// time has another time, and another inode if it came by a rename.
type written struct {
	Inode uint64
	Bytes int64
	At    time.Time
}

// delivered lists the files of the result folder. Names beginning with a dot are being
// written.
func (s *submission) delivered() (map[string]written, error) {
	files := map[string]written{}
	err := filepath.WalkDir(s.folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case path != s.folder && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(s.folder, path)
		files[name] = written{Inode: inode(info), Bytes: info.Size(), At: info.ModTime()}
		return err
	})
	return files, err
}
