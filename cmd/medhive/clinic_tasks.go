package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/scheduler/broker"
)

func newClinicTasks(s *shared) *cobra.Command {
	var name string
	var watch, all bool
	c := s.reports(&cobra.Command{
		Use:   "tasks",
		Short: "List a clinic's tasks, running or not, and watch them",
		Long: fmt.Sprintf(`Lists the clinic's %d newest tasks, copies included, and where they stand; --all lists
every one. The clinic need not run. With --watch it must: each step of each task is then
told as it happens, until Ctrl-C. With --json and --watch every step is one JSON object a
line.`, agent.TasksListed),
		Example: `  medhive clinic tasks
  medhive clinic tasks --all
  medhive clinic tasks --watch
  medhive clinic tasks --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			state := agent.ClinicState(home, name)
			if watch {
				return s.watchTasks(c.Context(), c.OutOrStdout(), state)
			}
			tasks, err := clinicTasks(c.Context(), state, all)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), tasks)
			}
			if err := printTasks(c.OutOrStdout(), tasks, time.Now()); err != nil || all || len(tasks) < agent.TasksListed {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "these are the newest; --all lists every task")
			return err
		},
	})
	clinicName(c, &name)
	c.Flags().BoolVar(&all, "all", false, "list every task, not only the newest")
	c.Flags().BoolVar(&watch, "watch", false, "tell every step as it happens, until Ctrl-C")
	return c
}

// clinicTasks asks the clinic that runs, or else reads its database: the newest tasks, or all.
func clinicTasks(ctx context.Context, state string, all bool) (tasks []broker.TaskStatus, err error) {
	limit := agent.TasksListed
	if all {
		limit, tasks = 0, []broker.TaskStatus{}
		err = api.Follow(ctx, state, "GET", "/tasks/all", nil, func(line []byte) error {
			var t broker.TaskStatus
			if err := json.Unmarshal(line, &t); err != nil {
				return anotherLanguage(err)
			}
			tasks = append(tasks, t)
			return nil
		})
	} else {
		err = api.Call(ctx, state, "GET", "/tasks", &tasks)
	}
	if errors.Is(err, api.ErrNobody) {
		return agent.ReadTasks(state, limit)
	}
	return tasks, err
}

func anotherLanguage(err error) error {
	return fmt.Errorf("the clinic that runs answers in another language: %w; is it of another version?", err)
}

// watchTasks tells every step until ctx ends, which is no failure.
func (s *shared) watchTasks(ctx context.Context, w io.Writer, state string) error {
	err := api.Follow(ctx, state, "GET", "/events", nil, func(line []byte) error {
		if s.asJSON {
			_, err := fmt.Fprintf(w, "%s\n", line)
			return err
		}
		var e agent.FeedEvent
		if err := json.Unmarshal(line, &e); err != nil {
			return anotherLanguage(err)
		}
		if e.Missed > 0 {
			fmt.Fprintf(w, "… %d steps are left out: this terminal is slow\n", e.Missed)
		}
		if e.Kind == broker.Progress && e.Done > 0 {
			return nil // the beginning of each stage is told
		}
		return printStep(w, e)
	})
	if ctx.Err() != nil {
		return nil
	}
	if errors.Is(err, api.ErrNobody) {
		return fmt.Errorf("%w; to watch, start `medhive clinic run`", err)
	}
	return err
}

func printStep(w io.Writer, e agent.FeedEvent) error {
	who := "clinic"
	if e.Node != (common.Address{}) {
		who = e.Node.Hex()[:10]
	}
	task := "-"
	if !e.Task.IsZero() {
		task = e.Task.Short()
	}
	_, err := fmt.Fprintf(w, "%s %-8s %-10s %s\n", e.Time.Local().Format(time.TimeOnly), task, who, e.Sentence())
	return err
}

func printTasks(w io.Writer, tasks []broker.TaskStatus, now time.Time) error {
	if len(tasks) == 0 {
		_, err := fmt.Fprintln(w, "no tasks yet; submit a study with `medhive clinic submit STUDY`")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "TASK\tSTATE\tPRIORITY\tNODE\tFENCE\tBIDS\tDEADLINE\tREASON")
	for _, t := range tasks {
		node := "-"
		if t.Node != (common.Address{}) {
			node = t.Node.Hex()[:10]
		}
		deadline := "-"
		if !t.State.Final() {
			deadline = "in " + t.Deadline.Sub(now).Round(time.Second).String()
		}
		task := t.Task.Short()
		if !t.Of.IsZero() && t.Of != t.Task {
			task += " (copy of " + t.Of.Short() + ")"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", task, t.State, t.Class, node, t.Fence, t.Bids, deadline, t.Reason)
	}
	return table.Flush()
}

func newClinicCancel(s *shared) *cobra.Command {
	words, table := config.NewClinic()
	c := s.reports(&cobra.Command{
		Use:   "cancel TASK",
		Short: "Withdraw a task that has no result yet",
		Long: `TASK is the beginning of a task's id, as ` + "`medhive clinic tasks`" + ` shows it. All copies of
the task that have no result are withdrawn. A node that works on one is told to stop and
is not paid. Submitting the same study again takes the
task up anew. Where no clinic runs, one is started for it.`,
		Example: `  medhive clinic cancel 3f9a01c2
  medhive clinic cancel 3f9a01c2 --json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError{fmt.Errorf("name one task; see `medhive clinic tasks` and `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := s.settle(c, table, words.Name, &words.Network); err != nil {
				return err
			}
			task, err := s.cancelTask(c.Context(), agent.SubmitterOf(*words), args[0])
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), task)
			}
			told := ""
			if task.Owed > 0 {
				told = fmt.Sprintf("; %d nodes are told when the clinic runs again and reaches them", task.Owed)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "task %s is %s%s\n", task.Task.Short(), task.State, told)
			return err
		},
	})
	s.settled(table, c, config.SubmitterKeys()...)
	return c
}

// cancelTask asks the clinic that runs, or starts it for that.
func (s *shared) cancelTask(ctx context.Context, conf agent.ClinicConfig, ref string) (task broker.TaskStatus, err error) {
	home, err := s.homeDir()
	if err != nil {
		return task, err
	}
	state := agent.ClinicState(home, conf.Name)
	err = api.Send(ctx, state, "POST", "/tasks/"+url.PathEscape(ref)+"/cancel", nil, &task)
	if !errors.Is(err, api.ErrNobody) {
		return task, err
	}
	tasks, err := agent.ReadTasks(state, 0)
	if err != nil {
		return task, err
	}
	known, err := agent.FindTask(tasks, ref) // before a clinic is started for nothing
	if err != nil {
		return task, err
	}
	clinic, err := s.startClinic(ctx, conf, slog.LevelWarn)
	if err != nil {
		return task, err
	}
	task, err = clinic.Cancel(ctx, known.Task.String())
	return task, errors.Join(err, clinic.Close())
}
