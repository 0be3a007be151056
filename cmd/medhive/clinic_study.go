package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// fetchStudy has a running site fetch a study from an archive.
func (s *shared) fetchStudy(ctx context.Context, name string, request site.FetchRequest) (got site.Fetched, err error) {
	door, err := s.siteDoor(name)
	if err != nil {
		return got, err
	}
	err = api.Follow(ctx, door, "POST", "/fetch", request, func(line []byte) error { return json.Unmarshal(line, &got) })
	return got, noSite(err)
}

// caseLook is how often a study's cases are looked at while somebody waits for them.
const caseLook = 500 * time.Millisecond

// isStudy says that a command was given a Study Instance UID, not a file of that name.
func isStudy(text string) bool {
	_, err := os.Stat(text)
	return err != nil && site.IsUID(text)
}

// errNoCase says that a study that was asked for brought no result.
var errNoCase = errors.New("the study brought no result; see `medhive clinic worklist`")

// submitStudy has a study of an archive fetched and analysed, and waits for its end.
func (s *shared) submitStudy(c *cobra.Command, name string, request site.FetchRequest) error {
	got, err := s.fetchStudy(c.Context(), name, request)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s sent %d instances\n", got.Archive, got.Instances)
	tick := time.NewTicker(caseLook)
	defer tick.Stop()
	said := map[string]worklist.State{}
	for {
		select {
		case <-c.Context().Done():
			return fmt.Errorf("%w; the site goes on with it, see `medhive clinic worklist`", context.Cause(c.Context()))
		case <-tick.C:
		}
		var list []site.Entry
		if err := s.callSite(c.Context(), name, "GET", "/cases?study="+url.QueryEscape(request.Study), nil, &list); err != nil {
			return err
		}
		open, failed := len(list) == 0, false
		for _, e := range list {
			open = open || e.State.Open() && e.State != worklist.Held
			failed = failed || e.State == worklist.NotAnalysed || e.State == worklist.Refused
			if said[e.ID] != e.State {
				said[e.ID] = e.State
				fmt.Fprintf(c.ErrOrStderr(), "case %s is %s\n", e.ID, e.State)
			}
		}
		if open {
			continue
		}
		if s.asJSON {
			err = printJSON(c.OutOrStdout(), list)
		} else {
			err = printCases(c.OutOrStdout(), list, time.Now())
		}
		if err == nil && failed {
			err = errNoCase
		}
		return err
	}
}

func newClinicRead(s *shared) *cobra.Command {
	var name, reason string
	var accept bool
	c := s.reports(&cobra.Command{
		Use:   "read CASE",
		Short: "Say whether the reader agrees with a delivered result",
		Long: fmt.Sprintf(`The word goes into the worklist and the audit log and, signed by the clinic and without
anything of the patient or the reader, to the coordinator, whose scores weigh it. It can't
be taken back. A rejection has one of these reasons, of which a word that only it has will do:

  %s`, strings.Join(attest.ReaderReasons(), "\n  ")),
		Example: `  medhive clinic read 3f9a01c2 --accept
  medhive clinic read 3f9a01c2 --reject outline`,
		Args: oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			if accept == (reason != "") {
				return usageError{errors.New("say either --accept or --reject REASON")}
			}
			if reason != "" {
				var err error
				if reason, err = rejection(reason); err != nil {
					return usageError{err}
				}
			}
			var after worklist.Case
			word := site.Word{Who: self(), ReaderFeedback: agent.ReaderFeedback{Accepted: accept, Reason: reason}}
			if err := s.callSite(c.Context(), name, "POST", "/cases/"+url.PathEscape(args[0])+"/read", word, &after); err != nil {
				return err
			}
			return s.showCase(c.OutOrStdout(), site.Entry{Case: after})
		},
	})
	clinicName(c, &name)
	c.Flags().BoolVar(&accept, "accept", false, "the reader agrees")
	c.Flags().StringVar(&reason, "reject", "", "the reader does not, for this reason")
	return c
}

// rejection is the one published reason that has the words.
func rejection(words string) (reason string, err error) {
	var fit []string
	for _, r := range attest.ReaderReasons() {
		if r == words {
			return r, nil
		}
		if strings.Contains(r, strings.ToLower(words)) {
			fit = append(fit, r)
		}
	}
	if len(fit) != 1 {
		return "", fmt.Errorf("--reject %.40q: want one of: %s", words, strings.Join(attest.ReaderReasons(), "; "))
	}
	return fit[0], nil
}
