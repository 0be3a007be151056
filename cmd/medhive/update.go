package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/update"
)

// errUpdate is the exit of a look that found an update, which was printed.
var errUpdate = exitError{code: exitUpdate}

func newUpdate(s *shared) *cobra.Command {
	var check, forgive bool
	words, table := config.NewNode()
	c := s.reports(s.settled(table, &cobra.Command{
		Use:   "update",
		Short: "Look for a newer version of this program, try it, and have the node run it",
		Long: `Fetches the vendor's signed manifest from update-url, and then the program that it names.
The new version says what it is and proves itself on this machine: what doctor checks, and
every model on its example. Before that a running node finishes its jobs and takes no new
ones; none is hurried. At its next start the node runs the new version; if that is not
healthy for ` + update.ProvedAfter.String() + ` at a stretch within ` + strconv.Itoa(update.MaxStarts) + ` starts or ` + update.ProveWithin.String() + `, the node goes back to the one before it by
itself and remembers the bad one. The installed program stays as it is.

With --check it only looks: exits with 0 where there is nothing to take, 3 where there is.
A program that came by apt, dnf or apk is updated by them, and this command names the line.`,
		Example: `  medhive update --check
  medhive update --check --json
  medhive update --update-url https://updates.example.org/medhive --update-key RWQ…`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := s.settle(c, table, words.Name, &words.Network); err != nil {
				return err
			}
			return s.update(c, *words, check, forgive)
		},
	}, "name", "update-url", "update-key", "update-channel", "provider", "ort-lib", "threads", "memory", "tpm"))
	c.Flags().BoolVar(&check, "check", false, "look, and take nothing")
	c.Flags().BoolVar(&forgive, "forgive", false, "try again also what this machine found bad before")
	c.AddCommand(newUpdateProve(s))
	return c
}

// update looks, and takes what is found unless the person only wants to know.
func (s *shared) update(c *cobra.Command, words config.Node, check, forgive bool) error {
	ctx := c.Context()
	home, err := s.homeDir()
	if err != nil {
		return err
	}
	state := agent.NodeState(home, words.Name)
	if words.UpdateURL == "" {
		return s.updateNowhere(c)
	}
	if err := ownHome(home); err != nil {
		return err
	}
	if forgive {
		if err := agent.UpdateFolder(home).Forgive(); err != nil {
			return err
		}
	}
	node, err := askStatus[agent.NodeStatus](ctx, state)
	if err != nil && !errors.Is(err, api.ErrNobody) {
		return err
	}
	conf := agent.UpdateConfig{
		Updates: agent.UpdatesOf(words), Home: home, Provider: words.Provider, Library: words.Library, Threads: words.Threads, MemoryBytes: words.MemoryBytes,
		Log: s.log(slog.LevelInfo),
	}
	if conf.Running, conf.Machine, err = whoUpdates(ctx, home, state, words.TPM, node); err != nil {
		return err
	}
	u, err := agent.NewUpdater(ctx, conf)
	if err != nil {
		return err
	}
	found, err := u.Check(ctx)
	if err != nil {
		return fmt.Errorf("look for updates: %w; nothing was changed", err)
	}
	if s.asJSON {
		err = printJSON(c.OutOrStdout(), found)
	} else {
		err = printFinding(c.OutOrStdout(), found)
	}
	if err != nil {
		return err
	}
	pending := found.State == update.Restart && node != nil
	switch {
	case check && (found.State == update.Available || pending):
		return errUpdate
	case check || !found.Taken() && !pending:
		return nil
	}
	work := doorWork{state, node != nil}
	if pending {
		err = u.Rest(ctx, found, work)
	} else {
		err = u.Apply(ctx, found, work)
	}
	if err != nil {
		return fmt.Errorf("update to %s: %w\nthe node goes on with %s; `medhive update` tries again", found.Newest, err, found.Running)
	}
	return restart(ctx, c.ErrOrStderr(), found, work)
}

// restart has a running node start anew as the version that was switched to.
func restart(ctx context.Context, w io.Writer, found update.Finding, work doorWork) error {
	if !work.running {
		_, err := fmt.Fprintf(w, "the next `medhive node run` runs %s\n", found.Newest)
		return err
	}
	if err := api.Send(ctx, work.state, http.MethodPost, "/restart", nil, &struct{}{}); err != nil {
		return fmt.Errorf("%s is ready, but the node was not restarted: %w; restart it by hand", found.Newest, err)
	}
	_, err := fmt.Fprintf(w, "the node restarts as %s; `medhive node status` shows how it does\n", found.Newest)
	return err
}

// updateNowhere says what to do where no place to look is named.
func (s *shared) updateNowhere(c *cobra.Command) error {
	self, err := os.Executable()
	if err == nil {
		if owner, owned := update.Owner(c.Context(), self, update.Asked); owned {
			if s.asJSON {
				return printJSON(c.OutOrStdout(), update.Finding{State: update.Current, Running: version, Manager: &owner, Why: "the package manager knows of newer versions"})
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "version %s came by %s, which brings newer ones too: %s\n", version, owner.Name, owner.Command)
			return err
		}
	}
	return errors.New("nobody says where to look for updates; name update-url and update-key in the node's settings, as your vendor tells them, or install newer versions by hand")
}

// whoUpdates is the version that is to be replaced, and the address that says when its turn is.
func whoUpdates(ctx context.Context, home, state, tpm string, node *agent.NodeStatus) (running, machine string, err error) {
	if node != nil {
		return node.Version, node.Address, nil
	}
	running = version
	record, err := agent.UpdateFolder(home).Read()
	if err != nil {
		return "", "", err
	}
	if record.Active != nil && update.Newer(record.Active.Version, running) {
		running = record.Active.Version
	}
	key, err := agent.KnownNodeKey(ctx, state, tpm)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", errors.New("there is no node here yet, whose address says when its turn is; make it with `medhive node init`")
	}
	if err != nil {
		return "", "", err
	}
	return running, key.Address().Hex(), nil
}

// ownHome refuses a home of another user: what is written there must be its owner's.
func ownHome(home string) error {
	info, err := os.Stat(home)
	if err != nil {
		return fmt.Errorf("look at the home folder: %w; make a node with `medhive node init`, or name its home with --home", err)
	}
	owner, is := info.Sys().(*syscall.Stat_t)
	if !is || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	name := strconv.Itoa(int(owner.Uid))
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return fmt.Errorf("the node's home belongs to user %s; run `sudo -u %s medhive update --home %s`", name, name, home)
}

func printFinding(w io.Writer, f update.Finding) (err error) {
	switch {
	case f.State == update.Current:
		_, err = fmt.Fprintf(w, "version %s is the newest of channel %s\n", f.Running, f.Channel)
	case f.Manager != nil:
		_, err = fmt.Fprintf(w, "version %s is there, and %s runs; it came by %s, so run: %s\n", f.Newest, f.Running, f.Manager.Name, f.Manager.Command)
	case f.Why != "":
		_, err = fmt.Fprintf(w, "version %s is there, and %s runs; %s\n", f.Newest, f.Running, f.Why)
	default:
		_, err = fmt.Fprintf(w, "version %s is there, and %s runs; `medhive update` takes it\n", f.Newest, f.Running)
	}
	if err == nil && f.Notes != "" && f.State != update.Current {
		_, err = fmt.Fprintf(w, "%s\n", onScreen(f.Notes))
	}
	return err
}

// doorWork is the work of a node at its local door; of one that does not run there is none.
type doorWork struct {
	state   string
	running bool
}

// Working says whether the node takes new work.
func (w doorWork) Working(ctx context.Context) (bool, error) {
	if !w.running {
		return false, nil
	}
	node, err := askStatus[agent.NodeStatus](ctx, w.state)
	return err == nil && node.Mode == "working", err
}

// Drain waits until the node has done what it accepted.
func (w doorWork) Drain(ctx context.Context) error {
	if !w.running {
		return nil
	}
	var status agent.NodeStatus
	if err := api.Call(ctx, w.state, http.MethodGet, "/status", &status); err != nil {
		return err
	}
	if status.Mode == "working" {
		if err := api.Send(ctx, w.state, http.MethodPost, "/drain", nil, &status); err != nil {
			return err
		}
	}
	return awaitIdle(ctx, w.state, &status)
}

// Resume has the node take work again.
func (w doorWork) Resume(ctx context.Context) error {
	if !w.running {
		return nil
	}
	return api.Send(ctx, w.state, http.MethodPost, "/resume", nil, &agent.NodeStatus{})
}

func newUpdateProve(s *shared) *cobra.Command {
	var modelsHome string
	var bench agent.ModelBench
	conf := agent.DoctorConfig{}
	c := &cobra.Command{
		Use:     agent.UpdateProofCommand,
		Short:   "Show what this version can do on this machine, as JSON; an update asks it",
		Example: "  medhive update prove --home EMPTY --models HOME --provider cpu",
		Hidden:  true,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			place, err := s.doctorConfig()
			if err != nil {
				return err
			}
			place.Provider, place.Library = conf.Provider, conf.Library
			bench.Library, bench.Log = conf.Library, place.Log
			list, err := agent.ProveVersion(c.Context(), place, modelsHome, bench)
			if err != nil {
				return err
			}
			return printJSON(c.OutOrStdout(), list)
		},
	}
	f := c.Flags()
	f.StringVar(&modelsHome, "models", "", "home folder whose models are tried")
	f.StringVar(&conf.Provider, "provider", "cpu", "execution provider")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime")
	f.IntVar(&bench.Threads, "threads", 0, "CPU threads")
	f.Int64Var(&bench.MemoryBytes, "memory", 0, "memory cap of a runner, in bytes")
	return c
}
