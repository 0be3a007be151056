package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models/draft"
)

func newModelImport(s *shared) *cobra.Command {
	var facts draft.Facts
	var out string
	c := s.reports(&cobra.Command{
		Use:   "import FILE|BUNDLE",
		Short: "Draft a package from a bare ONNX file or a MONAI bundle, for a person to complete",
		Long: `Reads what the file proves (inputs, outputs, opset, size) and, from a MONAI bundle,
metadata.json and the transforms of inference.json that mean the same here. Writes
a folder with manifest.draft.json and lists what only a person can know. The draft
is no manifest: complete it, save it as manifest.json, then add an example
(medhive model example), sign it (medhive model sign) and fetch it.`,
		Example: `  medhive model import meshnet.onnx --id brain-tissue --version 1.0.0 --license MIT --modality MR
  medhive model import ./spleen_ct_segmentation --out spleen`,
		Args: oneModel("ONNX file or MONAI bundle", "see `medhive model import --help`"),
		RunE: func(c *cobra.Command, args []string) error {
			if facts.ID == "" && strings.HasSuffix(args[0], ".onnx") {
				facts.ID = draft.IDFrom(strings.TrimSuffix(filepath.Base(args[0]), ".onnx"))
			}
			if out == "" {
				out = draft.IDFrom(strings.TrimSuffix(filepath.Base(args[0]), ".onnx"))
			}
			if out == "" {
				return usageError{errors.New("the name gives no folder; say where with --out")}
			}
			d, err := agent.ImportModel(args[0], out, facts)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), map[string]any{"folder": out, "complete": false, "todo": d.Todo, "onnx": d.Info})
			}
			return printDraft(c.OutOrStdout(), out, d)
		},
	})
	f := c.Flags()
	f.StringVar(&out, "out", "", "folder for the draft (default: made from the name)")
	f.StringVar(&facts.ID, "id", "", "model id: lower-case words joined by hyphens (default: made from the name)")
	f.StringVar(&facts.Version, "version", "", "semantic version of the weights")
	f.StringVar(&facts.Title, "title", "", "one line for people")
	f.StringVar(&facts.License, "license", "", "SPDX expression of the weights' licence")
	f.StringVar(&facts.Modality, "modality", "", "DICOM modality: CT, MR, CR/DX, …")
	return c
}

func printDraft(w io.Writer, folder string, d draft.Draft) error {
	fmt.Fprintf(w, "%s: %d nodes, opset %d, %d kB of weights\ndraft in %s; NOT a package yet. A person has to fill in:\n",
		d.Manifest.Weights.File, d.Info.Nodes, d.Info.Opsets[""], d.Info.InitialiserBytes/1000, folder)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, t := range d.Todo {
		fmt.Fprintf(table, "  TODO\t%s\t%s\n", t.Field, t.What)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "then save %s as manifest.json and go on with: medhive model example %s STUDY\n", draft.ManifestFile, folder)
	return err
}

// bench reads the flags of commands that run a model here.
func bench(c *cobra.Command) *agent.ModelBench {
	b := &agent.ModelBench{}
	f := c.Flags()
	f.IntVar(&b.Threads, "threads", 0, "CPU threads (0: all)")
	f.Int64Var(&b.MemoryBytes, "memory", 0, "memory cap of the runner, in bytes (0: what the manifest asks for)")
	f.StringVar(&b.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return b
}

func newModelExample(s *shared) *cobra.Command {
	var b *agent.ModelBench
	var picture string
	c := s.reports(&cobra.Command{
		Use:   "example FOLDER STUDY",
		Short: "Run a package's model on a study and make both the package's example",
		Long: `STUDY is a folder, zip or file; it is de-identified with the manifest's allow-list
first. Only a .tar is taken as it is. The findings become what every other machine
has to find, so look at the picture before you sign.`,
		Example: "  medhive model example ./lungs study.zip",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{fmt.Errorf("name a package folder and a study; see `medhive model example --help`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if b.Threads < 0 || b.MemoryBytes < 0 {
				return usageError{errors.New("--threads and --memory can't be negative; leave them out for the defaults")}
			}
			b.Log = s.log(slog.LevelError)
			if !c.Flags().Changed("picture") {
				picture = filepath.Join(args[0], "example.png")
			}
			e, err := agent.MakeExample(c.Context(), args[0], args[1], picture, *b)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), e)
			}
			w := c.OutOrStdout()
			fmt.Fprintf(w, "%s found this in the example (%.1f MB) in %v:\n", e.Model, float64(e.Bytes)/1e6, e.Took.Round(time.Millisecond))
			for _, seg := range e.Findings.Segments {
				fmt.Fprintf(w, "  %s: %d voxels, %.1f ml\n", onScreen(seg.Name), seg.VoxelCount, seg.VolumeML)
			}
			for _, m := range e.Findings.Measurements {
				fmt.Fprintf(w, "  %s: %g %s\n", m.Kind, m.Value, onScreen(m.Unit.Value))
			}
			for _, p := range e.Findings.Probabilities {
				fmt.Fprintf(w, "  %s: %.4f\n", onScreen(p.Name), p.Value)
			}
			for _, b := range e.Findings.Boxes {
				fmt.Fprintf(w, "  %s: score %.4f\n", onScreen(b.Name), b.Score)
			}
			if e.Picture != "" {
				fmt.Fprintf(w, "look at %s: is this right? Every other machine will have to find the same.\n", e.Picture)
			}
			_, err = fmt.Fprintf(w, "next: medhive model sign %s\n", args[0])
			return err
		},
	})
	c.Flags().StringVar(&picture, "picture", "", "where the picture goes (default FOLDER/example.png; none if empty)")
	b = bench(c)
	return c
}

func newModelValidate(s *shared) *cobra.Command {
	var b *agent.ModelBench
	var providers []string
	c := s.reports(&cobra.Command{
		Use:   "validate MODEL|FOLDER",
		Short: "Run a model's example on every provider of this machine and compare",
		Long: `A node offers only models that passed here, on the provider that runs its jobs.
The verdict is kept with the time and the version of ONNX Runtime.`,
		Example: "  medhive model validate t1-tissue\n  medhive model validate lungs --provider cuda --json",
		Args:    oneModel("model or package folder", seeList),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			if b.Threads < 0 || b.MemoryBytes < 0 {
				return usageError{errors.New("--threads and --memory can't be negative; leave them out for the defaults")}
			}
			b.Log = s.log(slog.LevelError)
			story := afterAWhile(c.ErrOrStderr())
			verdicts, err := agent.ValidateModel(c.Context(), home, args[0], providers, *b, story.say)
			story.end()
			if err != nil && !errors.Is(err, agent.ErrNotValidated) {
				return err
			}
			if s.asJSON {
				return errors.Join(err, printJSON(c.OutOrStdout(), verdicts))
			}
			for _, v := range verdicts {
				verdict := "passed"
				if v.Detail != "" {
					verdict += ", " + onScreen(v.Detail)
				}
				if !v.Passed {
					verdict = "FAILED: " + onScreen(v.Detail)
				}
				fmt.Fprintf(c.OutOrStdout(), "%s on %s (ONNX Runtime %s) in %v: %s\n", v.Model, v.Provider, v.Runtime, v.Took.Round(time.Millisecond), verdict)
			}
			return err
		},
	})
	c.Flags().StringSliceVar(&providers, "provider", nil, "only on this execution provider, repeatable")
	b = bench(c)
	return c
}

// narrator shows what is going on, once it takes longer than quietFor.
type narrator struct {
	lines chan string
	done  chan struct{}
}

// afterAWhile starts a narrator on w; end it.
func afterAWhile(w io.Writer) *narrator {
	n := &narrator{lines: make(chan string), done: make(chan struct{})}
	go func() {
		defer close(n.done)
		timer := time.NewTimer(quietFor)
		defer timer.Stop()
		last, loud := "", false
		for {
			select {
			case line, ok := <-n.lines:
				if !ok {
					return
				}
				if last = line; loud {
					fmt.Fprintln(w, line)
				}
			case <-timer.C:
				if loud = true; last != "" {
					fmt.Fprintln(w, last)
				}
			}
		}
	}()
	return n
}

func (n *narrator) say(text string) { n.lines <- text }

func (n *narrator) end() {
	close(n.lines)
	<-n.done
}

func newModelSign(s *shared) *cobra.Command {
	var key string
	c := s.reports(&cobra.Command{
		Use:   "sign FOLDER",
		Short: "Sign a model package as its publisher",
		Long: `Names the key in the manifest as the publisher, writes SHA256SUMS over all files of
the package, and signs it in minisign's format, so that sha256sum -c and minisign -V
check it, too. The key is made with the first call; keep it, and keep it secret.`,
		Example: "  medhive model sign ./lungs\n  medhive model sign ./lungs --key ~/.minisign/minisign.key",
		Args:    oneModel("package folder", "see `medhive model sign --help`"),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			signed, err := agent.SignModel(home, args[0], key)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), signed)
			}
			w := c.OutOrStdout()
			if signed.NewKey {
				fmt.Fprintf(w, "a new key was made: %s; back it up, who has it signs in your name\n", agent.PublisherKeyPath(home))
			}
			_, err = fmt.Fprintf(w, "%s is signed\npackage %s\npublisher %s\nminisign %s\nnext: medhive model fetch %s\n", signed.Model, signed.Package, signed.Publisher, signed.Minisign, args[0])
			return err
		},
	})
	c.Flags().StringVar(&key, "key", "", "minisign secret key without a password (default HOME/publisher.key, made if need be)")
	return c
}

func newModelVerify(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "verify MODEL|FOLDER",
		Short:   "Read every byte of a model again and hold it to its digests and signature",
		Example: "  medhive model verify lungs\n  medhive model verify ./lungs --json",
		Args:    oneModel("model or package folder", seeList),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			checked, err := agent.VerifyModel(home, args[0])
			if err != nil {
				return err
			}
			who := "nobody signed it"
			if checked.Signed {
				who = "signed by " + checked.Manifest.Publisher
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), map[string]any{"model": checked.Name(), "package": checked.Digest, "bytes": checked.Bytes, "signed": checked.Signed, "publisher": checked.Manifest.Publisher})
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s is whole: %d bytes fit their digests; %s\npackage %s\n", checked.Name(), checked.Bytes, who, checked.Digest)
			return err
		},
	})
}
