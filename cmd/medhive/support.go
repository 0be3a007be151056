package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/redaction"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/agent/support"
	"github.com/medhive/medhive/agent/warning"
)

func newSupportBundle(s *shared) *cobra.Command {
	var out, show string
	var yes, doctor bool
	c := &cobra.Command{
		Use:   "support-bundle",
		Short: "Gather what somebody who helps you needs, without keys and without patients' data",
		Long: `Gathers versions, the doctor's checks, settings, status, metrics and logs of the roles of
this machine. Keys, tokens, passwords, UIDs, hashes and what addresses carry beside their
host are taken out, and so is every identifier of the worklist of a clinic that runs here.
The log of a clinic whose worklist can't be read stays out. Then it shows the list and
asks; --show prints one item whole, so that you can read what would leave.`,
		Example: `  medhive support-bundle
  medhive support-bundle --show log/node-node.log
  medhive support-bundle --yes --out bundle.tar.gz`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			items, err := s.gather(c, doctor)
			if err != nil {
				return err
			}
			if show != "" {
				return showItem(c.OutOrStdout(), items, show)
			}
			if out == "" {
				out = "medhive-support-" + time.Now().UTC().Format("20060102-150405") + ".tar.gz"
			}
			return writeBundle(c, items, out, yes)
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "file to write (default medhive-support-TIME.tar.gz here)")
	f.StringVar(&show, "show", "", "print this item instead of writing anything")
	f.BoolVar(&yes, "yes", false, "write without asking")
	f.BoolVar(&doctor, "doctor", true, "run the doctor's checks too, which takes some seconds")
	return c
}

// gather reads everything, and knows what must not be in it before it does.
func (s *shared) gather(c *cobra.Command, doctor bool) ([]support.Item, error) {
	homes, err := agent.Homes(s.home)
	if err != nil {
		return nil, err
	}
	var words support.Words
	if err := words.Secrets(append(homes, "/etc/medhive")...); err != nil {
		return nil, err
	}
	fmt.Fprintln(c.ErrOrStderr(), "gathering …")
	sources := []support.Source{{Name: "about.txt", What: "version, system, time", Read: about}}
	if doctor {
		sources = append(sources, support.Source{Name: "doctor.json", What: "the checks of `medhive doctor`", Read: s.examined})
	}
	if _, network, err := s.where(); err == nil {
		sources = append(sources, support.Source{Name: "network.json", What: "the network file, addresses cut to their hosts", Read: fileSource(network)})
	}
	for _, role := range config.Roles() {
		sources = append(sources, support.Source{Name: "config/" + string(role) + ".json", What: "settings that differ from the defaults", Read: s.settingsSource(c, role, &words)})
	}
	for _, p := range agent.RoleCall(homes...) {
		sources = append(sources, roleSources(c.Context(), p, &words)...)
	}
	items, err := support.Gather(c.Context(), sources, words)
	if err != nil {
		return nil, err
	}
	return items, support.Check(items, words)
}

// roleSources are what one role gives.
func roleSources(ctx context.Context, p agent.RolePlace, words *support.Words) []support.Source {
	name := string(p.Role) + "-" + p.Name
	ask := func(path string) func(context.Context) ([]byte, error) {
		return func(ctx context.Context) ([]byte, error) { return api.Read(ctx, p.State, "GET", path) }
	}
	list := []support.Source{
		{Name: "status/" + name + ".json", What: "status and warnings", Read: ask("/status")},
		{Name: "metrics/" + name + ".txt", What: "figures as Prometheus reads them", Read: ask("/metrics")},
		{Name: "files/" + name + ".txt", What: "names and sizes at the top of the state folder", Read: listing(p.State)},
	}
	if p.Role == warning.Node {
		list = append(list, support.Source{Name: "profile/" + name + ".json", What: "what the machine was measured to be", Read: ask("/profile")})
	}
	logs := support.Source{Name: "log/" + name + ".log", What: "the newest lines of the log", Read: func(ctx context.Context) ([]byte, error) { return logEnd(ctx, p) }}
	if err := patients(ctx, p, words); err != nil {
		logs.Read = func(context.Context) ([]byte, error) {
			return nil, fmt.Errorf("it stays out: the names on the clinic's worklist can't be looked for (%w); start the clinic, then try again", err)
		}
	}
	return append(list, logs)
}

// patients adds what a clinic's worklist says of patients to the words that must not leave.
func patients(ctx context.Context, p agent.RolePlace, words *support.Words) error {
	if p.Role != warning.Clinic {
		return nil
	}
	door := site.Folder(p.State)
	if _, err := os.Stat(door); errors.Is(err, os.ErrNotExist) {
		return nil // it never had a worklist
	}
	var list []site.Entry
	if err := api.Call(ctx, door, "GET", fmt.Sprintf("/cases?limit=%d", site.MostListed), &list); err != nil {
		return err
	}
	for _, e := range list {
		words.Text(e.Subject.PatientName, e.Subject.PatientID, e.Subject.BirthDate, e.Subject.Accession, e.Subject.StudyDate, e.Subject.Description)
	}
	return nil
}

// about is what everybody asks first.
func about(context.Context) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "medhive %s (%s, %s/%s)\n%s\n%d processors\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, time.Now().UTC().Format(time.RFC3339), runtime.NumCPU())
	var kernel unix.Utsname
	if unix.Uname(&kernel) == nil {
		fmt.Fprintf(&b, "%s %s\n", unix.ByteSliceToString(kernel.Sysname[:]), unix.ByteSliceToString(kernel.Release[:]))
	}
	if data, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, is := strings.CutPrefix(line, "PRETTY_NAME="); is {
				b.WriteString(name)
			}
		}
	}
	return []byte(b.String()), nil
}

// examined is the doctor's report.
func (s *shared) examined(ctx context.Context) ([]byte, error) {
	conf, err := s.doctorConfig()
	if err != nil {
		return nil, err
	}
	conf.Provider = "cpu"
	found, err := agent.Examine(ctx, conf)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(found, "", "  ")
}

// maxConfigFile is longer than any file that is read as it is.
const maxConfigFile = 1 << 20

func fileSource(path string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, maxConfigFile))
	}
}

// settingsSource is what a role would start with now. What its keys of secrets name is added
// to the words at once.
func (s *shared) settingsSource(c *cobra.Command, role config.Role, words *support.Words) func(context.Context) ([]byte, error) {
	table, _ := config.TableOf(role) // Roles lists it
	s.role = role
	from, err := s.settle(c, table, string(role), new(string))
	if err != nil {
		return func(context.Context) ([]byte, error) { return nil, err }
	}
	list := []setting{}
	for _, k := range table.Keys() {
		if k.Origin != config.FromDefault {
			value := k.Value()
			if k.Private {
				value = redaction.Mark
			}
			list = append(list, setting{k.Name, value, k.Origin, k.Live})
		}
		if k.Secret {
			words.File(strings.Trim(k.Value(), `"`))
		}
	}
	return func(context.Context) ([]byte, error) {
		return json.MarshalIndent(map[string]any{"file": from.File, "settings": list}, "", "  ")
	}
}

// logEnd is the newest part of a role's log.
func logEnd(ctx context.Context, p agent.RolePlace) ([]byte, error) {
	if _, is := journalOf(p); !is {
		const most = 2 << 20 // bytes: some days of a node
		return logbook.Tail(logbook.Path(p.State), logbook.DefaultKeep, most)
	}
	const lines = 10_000
	var b strings.Builder
	err := showLog(ctx, &b, io.Discard, p, lines, false)
	return []byte(b.String()), err
}

// listing names the files at the top of a state folder; below it names may come from studies.
func listing(state string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) {
		entries, err := os.ReadDir(state)
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				continue // it went away meanwhile
			}
			fmt.Fprintf(&b, "%s %10d %s %s\n", info.Mode(), info.Size(), info.ModTime().UTC().Format(time.RFC3339), e.Name())
		}
		return []byte(b.String()), nil
	}
}

func showItem(w io.Writer, items []support.Item, name string) error {
	var names []string
	for _, item := range items {
		if item.Name == name {
			_, err := w.Write(item.Data)
			return err
		}
		names = append(names, item.Name)
	}
	return usageError{fmt.Errorf("no item is called %q; there is %s", name, strings.Join(names, ", "))}
}

// writeBundle shows what would leave, asks, and writes a file of the user alone.
func writeBundle(c *cobra.Command, items []support.Item, out string, yes bool) error {
	w := c.OutOrStdout()
	total := 0
	for _, item := range items {
		total += len(item.Data)
		fmt.Fprintf(w, "%9d bytes  %-32s %s\n", len(item.Data), item.Name, item.What)
	}
	fmt.Fprintf(w, "%9d bytes in %d items; look at one with --show NAME\n", total, len(items))
	if !yes {
		fmt.Fprintf(w, "write them to %s? [y/N] ", out)
		answer, err := bufio.NewReader(io.LimitReader(c.InOrStdin(), 16)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the answer: %w; give --yes", err)
		}
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			_, err := fmt.Fprintln(w, "nothing was written")
			return err
		}
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the bundle: %w; name another file with --out", err)
	}
	folder := strings.TrimSuffix(filepath.Base(out), ".tar.gz")
	if err := errors.Join(support.Write(f, folder, items, time.Now()), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the bundle: %w; name another disk with --out", err), os.Remove(out))
	}
	_, err = fmt.Fprintf(w, "wrote %s; nothing was sent anywhere\nnext: give it to who helps you\n", out)
	return err
}
