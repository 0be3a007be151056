package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

const (
	// TasksListed is how many of the newest tasks are listed where nobody says how many.
	TasksListed = 200
	// maxListed bounds what is listed in one answer: of a KiB each at the most, some 5 MiB.
	// Whoever wants more reads all, line by line.
	maxListed = 5000
)

const (
	// cancelPatience is how long a cancellation waits for the node to have stopped, and
	// cancelPoll the pause between two looks. The task has ended before that.
	cancelPatience = 10 * time.Second
	cancelPoll     = 50 * time.Millisecond
)

// listTasks answers GET /tasks?limit=N with the N newest tasks, copies included.
func (c *Clinic) listTasks(r *http.Request) (any, error) {
	limit := TasksListed
	if text := r.URL.Query().Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxListed {
			return nil, fmt.Errorf("limit %.20q: want 1 to %d; GET /tasks/all tells every task, one a line", text, maxListed)
		}
	}
	return c.broker.Tasks(limit)
}

// tellTasks answers GET /tasks/all: every task, the newest first, one a line.
func (c *Clinic) tellTasks(_ *http.Request, send func(any) error) error {
	tasks, err := c.broker.Tasks(0)
	for _, t := range tasks {
		if err := send(t); err != nil {
			return err
		}
	}
	return err
}

// Cancel withdraws the one task whose id begins with ref, with all of its copies. Nodes that
// work on it are told; Owed of the answer says how many were not yet, within cancelPatience.
// They are told when they can be reached.
func (c *Clinic) Cancel(ctx context.Context, ref string) (broker.TaskStatus, error) {
	copies, err := c.broker.Family(ref)
	if err != nil {
		return broker.TaskStatus{}, fmt.Errorf("%w; %w", err, ErrNoTask)
	}
	task := summary(copies)
	if task.State.Final() {
		return task, fmt.Errorf("task %s is %s already; there is nothing to withdraw", task.Task.Short(), task.State)
	}
	if err := c.broker.Cancel(ctx, task.Task, "withdrawn by the clinic"); err != nil {
		return task, err
	}
	ctx, cancel := context.WithTimeout(ctx, cancelPatience)
	defer cancel()
	ticker := time.NewTicker(cancelPoll)
	defer ticker.Stop()
	for {
		if copies, err = c.broker.Family(task.Task.String()); err != nil {
			return task, err
		}
		if task = summary(copies); task.Owed == 0 {
			return task, nil
		}
		select {
		case <-ctx.Done():
			return task, nil
		case <-ticker.C:
		}
	}
}

// summary is a task in one line: it is open while one of its copies is, and has a result if
// one of them has. Owed counts the nodes of all copies.
func summary(copies []broker.TaskStatus) broker.TaskStatus {
	at := slices.IndexFunc(copies, func(c broker.TaskStatus) bool { return !c.State.Final() })
	if at < 0 {
		at = slices.IndexFunc(copies, func(c broker.TaskStatus) bool {
			return c.State == scheduler.Delivered || c.State == scheduler.Resulted || c.State == scheduler.Local
		})
	}
	task := copies[max(0, at)]
	if !task.Of.IsZero() {
		task.Task, task.Copy = task.Of, 0
	}
	task.Owed = 0
	for _, c := range copies {
		task.Owed += c.Owed
	}
	return task
}

// ErrNoTask says that nothing, or too much, has the name.
var ErrNoTask = errors.New("see `medhive clinic tasks --all`")

// FindTask is the task whose id begins with ref, in hex digits with or without "sha256:".
func FindTask(tasks []broker.TaskStatus, ref string) (found broker.TaskStatus, err error) {
	begin := strings.ToLower(strings.TrimPrefix(ref, "sha256:"))
	n := 0
	for _, t := range tasks {
		if begin != "" && strings.HasPrefix(strings.TrimPrefix(t.Task.String(), "sha256:"), begin) {
			found = t
			n++
		}
	}
	if n != 1 {
		return broker.TaskStatus{}, fmt.Errorf("%d tasks begin with %.80q; %w", n, ref, ErrNoTask)
	}
	return found, nil
}

// ReadTasks lists the newest tasks of a clinic that does not run, up to limit, 0 for all; one
// that never did has none.
func ReadTasks(state string, limit int) ([]broker.TaskStatus, error) {
	file := filepath.Join(state, "tasks.db")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	secret, err := readSecret(filepath.Join(state, taskKeyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a database from before there was a key lies open
		return nil, err
	}
	db, err := bolt.Open(file, 0o600, &bolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return nil, fmt.Errorf("read the clinic's tasks: %w; is a medhive of another version running there?", pathless(err))
	}
	tasks, err := broker.ReadTasks(db, secret, limit)
	return tasks, errors.Join(err, db.Close())
}
