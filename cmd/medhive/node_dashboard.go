package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/panel"
)

func newNodeDashboard(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "dashboard",
		Short: "Print a link that opens a running node's dashboard",
		Long: `The link lets one browser in, once, within ten minutes. Whoever may open the node's local
door may ask for one. From another machine, bring the port over by SSH first, such as
ssh -L 9402:127.0.0.1:9402 HOST; or give users passwords and the dashboard TLS, see
--dashboard-users of node run.`,
		Example: `  medhive node dashboard
  medhive node dashboard --name second`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var link agent.DashboardLink
			if err := api.Call(c.Context(), agent.NodeState(home, name), "POST", "/dashboard", &link); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), link)
			}
			if link.Life > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "open this link within %v; it lets one browser in, once:\n", link.Life)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), link.URL)
			return err
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	return c
}

func newNodeUser(s *shared) *cobra.Command {
	return group("user", "Say who may log in at the node's dashboard", `  medhive node user add anna --role admin --password-file -
  medhive node user add grafana --token
  medhive node user list`,
		newNodeUserAdd(s), newNodeUserList(s), newNodeUserRemove(s))
}

// nodeUsersFlags name the file of users.
func nodeUsersFlags(c *cobra.Command, name, file *string) {
	c.Flags().StringVar(name, "name", "node", "name of the node's state folder below --home")
	c.Flags().StringVar(file, "file", "", "file of users (default: dashboard.users in the node's state folder)")
}

// nodeUsersFile is the file of users of a node.
func (s *shared) nodeUsersFile(name, file string) (string, error) {
	home, err := s.homeDir()
	if err != nil {
		return "", err
	}
	return cmp.Or(file, filepath.Join(agent.NodeState(home, name), "dashboard.users")), nil
}

func newNodeUserAdd(s *shared) *cobra.Command {
	var name, file, role, password string
	var program bool
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, or give one another role and password",
		Long: `A viewer sees everything; an admin also drains, pauses and resumes the node. Passwords have
12 characters or more and are kept as argon2id. With --token the user is a program, which
sends the printed token as Authorization: Bearer TOKEN. A node that was started with
--dashboard-users knows the change at once.`,
		Example: `  medhive node user add anna --role admin --password-file -
  medhive node user add grafana --token`,
		Args: oneUser,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := s.nodeUsersFile(name, file)
			if err != nil {
				return err
			}
			users := panel.UserFile(path)
			if program {
				token, err := users.AddToken(args[0], role)
				if err != nil {
					return err
				}
				fmt.Fprintf(c.ErrOrStderr(), "%s may read the dashboard's API as %s with this token, which is kept nowhere else:\n", args[0], role)
				_, err = fmt.Fprintln(c.OutOrStdout(), token)
				return err
			}
			secret, err := readPassword(c, password)
			if err != nil {
				return err
			}
			if err := users.Add(args[0], role, secret); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s may log in as %s where the node runs with --dashboard-users %s\n", args[0], role, path)
			return err
		},
	}
	nodeUsersFlags(c, &name, &file)
	c.Flags().StringVar(&role, "role", "viewer", "viewer or admin")
	c.Flags().StringVar(&password, "password-file", "-", "file that holds the password; - is a line on standard input")
	c.Flags().BoolVar(&program, "token", false, "the user is a program: make a token and print it")
	return c
}

// nodeUser is a line of the list.
type nodeUser struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Program bool   `json:"program"` // it shows a token
}

func newNodeUserList(s *shared) *cobra.Command {
	var name, file string
	c := s.reports(&cobra.Command{
		Use: "list", Short: "List who may log in at the dashboard", Example: "  medhive node user list",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path, err := s.nodeUsersFile(name, file)
			if err != nil {
				return err
			}
			lines, err := panel.UserFile(path).Read()
			if err != nil {
				return err
			}
			list := []nodeUser{}
			for _, u := range lines {
				list = append(list, nodeUser{u.Name, u.Role, u.Program()})
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			if len(list) == 0 {
				_, err := fmt.Fprintln(c.OutOrStdout(), "nobody; add one with `medhive node user add NAME --role admin`")
				return err
			}
			table := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "USER\tROLE\tSHOWS")
			for _, u := range list {
				fmt.Fprintf(table, "%s\t%s\t%s\n", u.Name, u.Role, map[bool]string{true: "a token", false: "a password"}[u.Program])
			}
			return table.Flush()
		},
	})
	nodeUsersFlags(c, &name, &file)
	return c
}

func newNodeUserRemove(s *shared) *cobra.Command {
	var name, file string
	c := &cobra.Command{
		Use: "remove NAME", Short: "Remove a user; what they have open ends", Example: "  medhive node user remove anna",
		Args: oneUser,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := s.nodeUsersFile(name, file)
			if err != nil {
				return err
			}
			if err := panel.UserFile(path).Remove(args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s may no longer log in\n", args[0])
			return err
		},
	}
	nodeUsersFlags(c, &name, &file)
	return c
}
