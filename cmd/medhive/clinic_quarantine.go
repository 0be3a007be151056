package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func newClinicQuarantine(s *shared) *cobra.Command {
	return group("quarantine", "Look at studies that are held, and release, black out or refuse them", `  medhive clinic quarantine list
  medhive clinic quarantine show 3f9a01c2 --out pictures
  medhive clinic quarantine release 3f9a01c2 --reason "a ruler, no name"`,
		newQuarantineList(s), newQuarantineShow(s),
		newQuarantineDecision(s, quarantine.Release, "release CASE", "Let a held study go as it is", ""),
		newQuarantineDecision(s, quarantine.Redact, "redact CASE", "Let a held study go with regions blacked out",
			`A region is X,Y,WIDTH,HEIGHT in pixels of the image itself, in every image of the study;
with INSTANCE@ before it, in that one only (its SOP Instance UID, as show prints it).`),
		newQuarantineDecision(s, quarantine.Refuse, "refuse CASE", "Keep a held study here for good", ""))
}

func newQuarantineList(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use: "list", Short: "List the studies that are held", Example: "  medhive clinic quarantine list",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list := []site.HeldCase{}
			if err := s.callSite(c.Context(), name, "GET", "/held", nil, &list); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			return printHeld(c.OutOrStdout(), list, time.Now())
		},
	})
	clinicName(c, &name)
	return c
}

func printHeld(w io.Writer, list []site.HeldCase, now time.Time) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing is held")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tHELD\tPATIENT\tPICTURES\tREASON")
	for _, h := range list {
		pictures := "-"
		if h.Doubt != nil {
			pictures = strconv.Itoa(len(h.Doubt.Held.Images))
		}
		fmt.Fprintf(table, "%s\t%s ago\t%s\t%s\t%s\n", h.ID, now.Sub(h.Changed).Round(time.Second), orDash(h.Subject.PatientID), pictures, h.Reason)
	}
	return table.Flush()
}

func newQuarantineShow(s *shared) *cobra.Command {
	var name, out string
	c := s.reports(&cobra.Command{
		Use: "show CASE", Short: "Show why a study is held, and write its pictures",
		Example: "  medhive clinic quarantine show 3f9a01c2 --out pictures",
		Args:    oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			h, err := s.lookAt(c.Context(), name, args[0])
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), h)
			}
			if err := printHeld(c.OutOrStdout(), []site.HeldCase{h}, time.Now()); err != nil {
				return err
			}
			return writePictures(c.OutOrStdout(), h, out)
		},
	})
	clinicName(c, &name)
	c.Flags().StringVar(&out, "out", "", "folder for the pictures, which may show who the patient is (default: none are written)")
	return c
}

// lookAt asks the running site for a held case with its pictures.
func (s *shared) lookAt(ctx context.Context, name, id string) (h site.HeldCase, err error) {
	door, err := s.siteDoor(name)
	if err != nil {
		return h, err
	}
	err = api.Follow(ctx, door, "POST", "/held/"+url.PathEscape(id)+"/look", site.Who{Who: self()}, func(data []byte) error {
		var line site.LookLine
		if err := json.Unmarshal(data, &line); err != nil {
			return anotherLanguage(err)
		}
		switch {
		case line.Case != nil:
			h = *line.Case
		case line.Image != nil && h.Doubt != nil:
			h.Doubt.Held.Images = append(h.Doubt.Held.Images, *line.Image)
		}
		return nil
	})
	return h, noSite(err)
}

// writePictures writes what is to be looked at into a private folder.
func writePictures(w io.Writer, h site.HeldCase, folder string) error {
	if h.Doubt == nil {
		return nil
	}
	if folder != "" {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make the folder of the pictures: %w; name another with --out", err)
		}
	}
	for n, image := range h.Doubt.Held.Images {
		where := ""
		if folder != "" {
			path := filepath.Join(folder, fmt.Sprintf("%s-%02d.png", h.ID, n+1))
			if err := os.WriteFile(path, image.Picture, 0o600); err != nil {
				return fmt.Errorf("write a picture: %w", err)
			}
			where = ": " + path
		}
		fmt.Fprintf(w, "image %d, %s, %d x %d pixels%s\n", n+1, image.SOPInstanceUID, image.Columns, image.Rows, where)
		for _, r := range image.Regions {
			fmt.Fprintf(w, "  %d,%d,%d,%d\n", r.X, r.Y, r.Width, r.Height)
		}
	}
	if h.Doubt.Held.Alike > 0 {
		fmt.Fprintf(w, "%d images more show text at the same places: black out in every image\n", h.Doubt.Held.Alike)
	}
	if h.Doubt.Held.Others > 0 {
		fmt.Fprintf(w, "and %d images more are in doubt, of which there is no picture: look at the study itself\n", h.Doubt.Held.Others)
	}
	return nil
}

func oneCase(c *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usageError{fmt.Errorf("name one case; see `medhive clinic quarantine list` and `%s --help`", c.CommandPath())}
	}
	return nil
}

func newQuarantineDecision(s *shared, choice quarantine.Choice, use, short, long string) *cobra.Command {
	var name, reason string
	var regions []string
	c := s.reports(&cobra.Command{
		Use: use, Short: short, Long: long,
		Example: "  medhive clinic quarantine " + string(choice) + " 3f9a01c2 --reason \"looked at it\"" + map[quarantine.Choice]string{quarantine.Redact: " --region 0,0,200,40"}[choice],
		Args:    oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			d := site.Decision{Who: self(), Choice: choice, Reason: reason}
			for _, text := range regions {
				region, err := parseRegion(text)
				if err != nil {
					return usageError{err}
				}
				d.Regions = append(d.Regions, region)
			}
			if choice == quarantine.Redact && len(d.Regions) == 0 {
				return usageError{errors.New("name what to black out with --region X,Y,WIDTH,HEIGHT")}
			}
			var after worklist.Case
			if err := s.callSite(c.Context(), name, "POST", "/held/"+url.PathEscape(args[0])+"/decide", d, &after); err != nil {
				return err
			}
			return s.showCase(c.OutOrStdout(), site.Entry{Case: after})
		},
	})
	clinicName(c, &name)
	c.Flags().StringVar(&reason, "reason", "", "why; it is kept with the decision")
	if choice == quarantine.Redact {
		c.Flags().StringArrayVar(&regions, "region", nil, "X,Y,WIDTH,HEIGHT in pixels, or INSTANCE@X,Y,WIDTH,HEIGHT; repeatable")
	}
	return c
}

// parseRegion reads [INSTANCE@]X,Y,WIDTH,HEIGHT.
func parseRegion(text string) (r clinic.Redaction, err error) {
	numbers := text
	if instance, rest, found := strings.Cut(text, "@"); found {
		r.SOPInstanceUID, numbers = instance, rest
	}
	parts := strings.Split(numbers, ",")
	refuse := fmt.Errorf("--region %.80q: want X,Y,WIDTH,HEIGHT in pixels", text)
	if len(parts) != 4 {
		return r, refuse
	}
	for n, at := range []*int{&r.X, &r.Y, &r.Width, &r.Height} {
		if *at, err = strconv.Atoi(strings.TrimSpace(parts[n])); err != nil {
			return r, refuse
		}
	}
	return r, nil
}
