package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic/audit"
)

func newClinicAudit(s *shared) *cobra.Command {
	return group("audit", "Verify or export the record of who sent, saw and decided what", `  medhive clinic audit verify
  medhive clinic audit export --out audit.json`,
		newAuditVerify(s), newAuditExport(s))
}

// auditOf finds a clinic's audit log.
func (s *shared) auditOf(name string) (site.AuditPlace, error) {
	home, err := s.homeDir()
	if err != nil {
		return site.AuditPlace{}, err
	}
	state := agent.ClinicState(home, name)
	if _, err := os.Stat(site.Folder(state)); err != nil {
		return site.AuditPlace{}, errors.New("there is no audit log: no clinic with a site has run with this --home and --name")
	}
	return site.AuditOf(state)
}

// errAudit makes a verification that found faults end with another code than 0.
var errAudit = errors.New("the audit log is not as it was written; keep it as it is and find out who changed it")

func newAuditVerify(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "verify",
		Short: "Check that no line of the audit log was changed, removed, cut or moved",
		Long: `Each line is bound to the one before by a keyed hash, and the end of the log is remembered
in the vault's folder. Exit code 1 names file and line of each fault. It works also while
the clinic runs.`,
		Example: `  medhive clinic audit verify
  medhive clinic audit verify --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			place, err := s.auditOf(name)
			if err != nil {
				return err
			}
			var remembered *audit.Head
			head, known, err := place.Head.Load()
			if err != nil {
				return err
			}
			if known {
				remembered = &head
			}
			report, err := audit.Verify(c.Context(), place.Folder, place.Key, remembered)
			if err != nil {
				return err
			}
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), report)
			} else {
				err = printAudit(c.OutOrStdout(), report)
			}
			if err == nil && !report.Sound() {
				err = errAudit
			}
			return err
		},
	})
	clinicName(c, &name)
	return c
}

func printAudit(w io.Writer, r audit.Report) error {
	for _, f := range r.Faults {
		fmt.Fprintf(w, "%s line %d: %s\n", f.File, f.Line, f.What)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %d faults more\n", r.More)
	}
	if !r.Remembered {
		fmt.Fprintln(w, "the end of the log is not remembered: a tail that was cut can't be noticed")
	}
	verdict := "holds"
	if !r.Sound() {
		verdict = "DOES NOT HOLD"
	}
	_, err := fmt.Fprintf(w, "%d lines in %d files, %s to %s: %s\n", r.Lines, r.Files, r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339), verdict)
	return err
}

func newAuditExport(s *shared) *cobra.Command {
	var name, out, format, from, until string
	var how audit.Reporting
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the audit log as FHIR AuditEvents or DICOM audit messages",
		Long: `FHIR is one R4 bundle, DICOM one XML message a line (PS3.15 A.5). Patients are named only
with --identify. An export is itself recorded.`,
		Example: `  medhive clinic audit export --out audit.json
  medhive clinic audit export --format dicom --from 2026-11-01T00:00:00Z --out audit.xml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var span audit.Span
			for text, at := range map[*string]*time.Time{&from: &span.From, &until: &span.Until} {
				if *text == "" {
					continue
				}
				var err error
				if *at, err = moment(*text); err != nil {
					return usageError{err}
				}
			}
			if format != "fhir" && format != "dicom" {
				return usageError{fmt.Errorf("--format %.20q: want fhir or dicom", format)}
			}
			log, err := s.auditOf(name)
			if err != nil {
				return err
			}
			if err := s.recordExport(c, name); err != nil {
				return err
			}
			if out == "" {
				return writeAudit(c, c.OutOrStdout(), log, span, format, how)
			}
			f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fmt.Errorf("write the export: %w; name a new file", err)
			}
			return errors.Join(writeAudit(c, f, log, span, format, how), f.Close())
		},
	}
	clinicName(c, &name)
	f := c.Flags()
	f.StringVar(&out, "out", "", "file (default: standard output)")
	f.StringVar(&format, "format", "fhir", "fhir or dicom")
	f.StringVar(&from, "from", "", "only what happened from then on (RFC 3339)")
	f.StringVar(&until, "until", "", "only what happened before then (RFC 3339)")
	f.StringVar(&how.Site, "audit-site", "", "the clinic's name or number in the messages")
	f.BoolVar(&how.Identify, "identify", false, "name patients, studies and accession numbers")
	return c
}

// recordExport notes in the log itself that it was handed out.
func (s *shared) recordExport(c *cobra.Command, name string) error {
	err := s.callSite(c.Context(), name, "POST", "/audit/exported", site.Who{Who: self()}, &site.Done{})
	if !errors.Is(err, api.ErrNobody) {
		return err
	}
	return s.recordApart(c, name, audit.Entry{Kind: audit.Export, Actor: self(), Reason: "the audit log"})
}

func writeAudit(c *cobra.Command, w io.Writer, log site.AuditPlace, span audit.Span, format string, how audit.Reporting) error {
	if format == "dicom" {
		return audit.Read(c.Context(), log.Folder, log.Key, span, audit.NewDICOMWriter(w, how).Write)
	}
	bundle := audit.NewFHIRWriter(w, how)
	if err := audit.Read(c.Context(), log.Folder, log.Key, span, bundle.Write); err != nil {
		return err
	}
	return bundle.Close()
}
