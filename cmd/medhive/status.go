package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/score"
)

// roleStatus is one role of this machine, as far as it answers.
type roleStatus struct {
	Role    warning.Role `json:"role"`
	Name    string       `json:"name"`
	Running bool         `json:"running"`
	Fault   string       `json:"fault,omitempty"` // why it does not answer although it seems to run

	Node        *agent.NodeStatus        `json:"node,omitempty"`
	Clinic      *agent.ClinicStatus      `json:"clinic,omitempty"`
	Site        *site.Status             `json:"site,omitempty"`
	Coordinator *agent.CoordinatorStatus `json:"coordinator,omitempty"`
}

// errNoRole says that there is nothing to show.
var errNoRole = errors.New("no role of MedHive has run here yet; start one with `medhive node run`, `medhive clinic run` or `medhive coordinator run`, or look elsewhere with --home")

// rolesAt are the roles of some homes, at least one.
func rolesAt(homes []string) ([]agent.RolePlace, error) {
	if places := agent.RoleCall(homes...); len(places) > 0 {
		return places, nil
	}
	return nil, noRole(agent.Closed(homes...))
}

// noRole says why there is nothing to show; closed are homes that this user may not look into.
func noRole(closed []string) error {
	if len(closed) == 0 {
		return errNoRole
	}
	return fmt.Errorf("what runs here is not for this user to see: %s belongs to a service; try again with sudo, or as a member of its folder's group", strings.Join(closed, " and "))
}

func newStatus(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "status",
		Short: "Show every role that runs on this machine on one screen",
		Long: `Asks every node, clinic and coordinator whose folder lies below --home, and those of the
installed services: what they are, what they do now, what they earned, and what is wrong,
each warning with since when it is so and what to do. ` + "`medhive node status`" + ` and its
siblings tell more of one role. Exits with 1 where none runs.`,
		Example: `  medhive status
  medhive status --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			homes, err := agent.Homes(s.home)
			if err != nil {
				return err
			}
			places, err := rolesAt(homes)
			if err != nil {
				return err
			}
			list := askRoles(c.Context(), places)
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), list)
			} else {
				err = printRoles(c.OutOrStdout(), list, time.Now(), width(c.OutOrStdout()))
			}
			for _, r := range list {
				if r.Running {
					return err
				}
			}
			return errors.Join(err, errors.New("no role runs now; start one as shown above"))
		},
	})
}

// askRoles asks each role at its local door.
func askRoles(ctx context.Context, places []agent.RolePlace) []roleStatus {
	list := make([]roleStatus, len(places))
	for i, p := range places {
		r := roleStatus{Role: p.Role, Name: p.Name}
		var err error
		switch p.Role {
		case warning.Node:
			r.Node, err = askStatus[agent.NodeStatus](ctx, p.State)
		case warning.Coordinator:
			r.Coordinator, err = askStatus[agent.CoordinatorStatus](ctx, p.State)
		case warning.Clinic:
			if r.Clinic, err = askStatus[agent.ClinicStatus](ctx, p.State); err == nil {
				r.Site, _ = askStatus[site.Status](ctx, site.Folder(p.State)) // most clinics of one have none
			}
		}
		r.Running = err == nil
		if err != nil && !errors.Is(err, api.ErrNobody) {
			r.Fault = err.Error()
		}
		list[i] = r
	}
	return list
}

func askStatus[T any](ctx context.Context, state string) (*T, error) {
	var status T
	if err := api.Call(ctx, state, "GET", "/status", &status); err != nil {
		return nil, err
	}
	return &status, nil
}

// printRoles gives each role a block of lines.
func printRoles(w io.Writer, list []roleStatus, now time.Time, columns int) error {
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		var warnings []warning.Warning
		var rows [][2]string
		switch {
		case r.Node != nil:
			rows, warnings = nodeRows(*r.Node, now), r.Node.Warnings
		case r.Clinic != nil:
			rows, warnings = clinicRows(*r.Clinic, r.Site), r.Clinic.Warnings
		case r.Coordinator != nil:
			rows, warnings = coordinatorRows(*r.Coordinator), r.Coordinator.Warnings
		case r.Fault != "":
			rows = [][2]string{{"fault", r.Fault}}
		default:
			rows = [][2]string{{"stopped", fmt.Sprintf("start it with `medhive %s run`", r.Role)}}
		}
		fmt.Fprintf(w, "%s\n", heading(r, now))
		for _, row := range rows {
			const indent = 14
			fmt.Fprintf(w, "  %-*s%s\n", indent-2, row[0], wrap(row[1], columns, indent))
		}
		if err := printWarnings(w, warnings, now, columns); err != nil {
			return err
		}
	}
	return nil
}

// heading names a role, what it is about, and for how long it runs.
func heading(r roleStatus, now time.Time) string {
	text := string(r.Role)
	if r.Name != text {
		text += " " + r.Name
	}
	up := time.Duration(-1)
	switch {
	case r.Node != nil:
		text += ": " + mode(*r.Node)
		up = r.Node.Up
	case r.Clinic != nil:
		text += ": takes studies"
		up = r.Clinic.Up
	case r.Coordinator != nil:
		text += fmt.Sprintf(": epoch %d", r.Coordinator.Epoch)
		up = time.Duration(r.Coordinator.Up)
	case r.Fault != "":
		return text + ": does not answer"
	default:
		return text + ": not running"
	}
	if up < time.Minute {
		return fmt.Sprintf("%s · up %d s", text, int(up.Seconds()))
	}
	return fmt.Sprintf("%s · up %s", text, strings.TrimPrefix(since(now.Add(-up), now), "for "))
}

// nodeRows are a node in few lines.
func nodeRows(n agent.NodeStatus, now time.Time) [][2]string {
	measured := "measured " + age(now.Sub(n.ProfileAt))
	if n.Certified {
		measured += ", certified"
	}
	rows := [][2]string{
		{"machine", fmt.Sprintf("%s, %.2f TOPS int8 by %s on %s; %s", n.Tier, n.TOPS, n.Provider, strings.Join(n.Accelerators, ", "), measured)},
		{"power", powerWords(n.Power)},
		{"jobs", fmt.Sprintf("%d of %d places busy, %d of %d waiting, %d results on their way; %d done, %d failed, %d disputed", n.Running-n.Waiting-n.Undelivered, n.Capacity, n.Waiting, n.Queue, n.Undelivered, n.Done, n.Failed, n.Disputed)},
	}
	if n.Update != "" {
		rows = append(rows, [2]string{"version", n.Version + "; " + n.Update})
	}
	for _, j := range n.Jobs {
		rows = append(rows, [2]string{"", strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %.0f %%", j.Task, j.Class, j.Stage, 100*j.Done)), " ")})
	}
	return append(rows,
		[2]string{"score", scoreLine(n.Score)},
		[2]string{"earned", earnedWords(n.Earned)},
		[2]string{"claimed", claimedWords(n.ClaimedWei) + ", paid to " + n.Recipient},
		[2]string{"network", fmt.Sprintf("%d peers, %d receipts wait for the coordinator; %s, %s", n.Peers, n.Outbox, n.Jurisdiction, n.Address)},
	)
}

// powerWords are what a machine takes; why nothing tells that is the doctor's to say.
func powerWords(power string) string {
	if unmeasured, _, is := strings.Cut(power, " ("); is && strings.HasPrefix(power, "unmeasured") {
		return unmeasured + "; `medhive doctor` says why and what would help"
	}
	return power
}

// scoreLine is the newest score in one line.
func scoreLine(s *agent.NodeScore) string {
	if s == nil {
		return "none yet: the next epoch gives one"
	}
	f := s.Line.Factors
	return fmt.Sprintf("epoch %d: compute %s, availability %s, quality %s, network %s; reward %s HIVE; %s", s.Epoch, short(f.C), short(f.A), short(f.Q), short(f.N), s.Line.Reward.HIVE(), s.Line.Gate)
}

// earnedWords are the last days' work.
func earnedWords(e agent.EarnedSpans) string {
	return fmt.Sprintf("%s HIVE today by %d studies, %s in seven days by %d; %s redeemable now", hiveGwei(e.TodayGwei), e.TodayStudies, hiveGwei(e.WeekGwei), e.WeekStudies, hiveGwei(e.PayableGwei))
}

// claimedWords are rewards that were claimed, from a number of wei or the word for none.
func claimedWords(wei string) string {
	var v score.Wei
	if v.UnmarshalText([]byte(wei)) != nil {
		return "rewards claimed: " + wei
	}
	return hive(v.Int) + " HIVE of rewards"
}

// clinicRows are a clinic in few lines.
func clinicRows(c agent.ClinicStatus, doors *site.Status) [][2]string {
	rows := [][2]string{
		{"nodes", fmt.Sprintf("%d known of %d registered, in %s", c.Known, c.Listed, orDash(strings.Join(c.Regions, ", ")))},
		{"network", fmt.Sprintf("%d peers; %s", c.Peers, c.Address)},
	}
	if doors == nil {
		return rows
	}
	rows = append(rows, [2]string{"takes", doorWords(*doors)})
	return append(rows, siteRows(*doors)...)
}

// coordinatorRows are a coordinator in few lines.
func coordinatorRows(s agent.CoordinatorStatus) [][2]string {
	rows := [][2]string{{"network", fmt.Sprintf("%d nodes registered, %d peers; %s", s.Nodes, s.Peers, s.Address)}}
	if len(s.Addresses) > 0 {
		rows = append(rows, [2]string{"listens", s.Addresses[0]})
	}
	if s.Checking {
		rows = append(rows, [2]string{"checks", fmt.Sprintf("%d canaries and %d re-runs, %.1f %% of all computation", s.Checks.Canaries.Made, s.Checks.Reruns.Made, 100*s.CheckPart)})
	}
	return rows
}
