package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/site/dashboard"
)

func newClinicUser(s *shared) *cobra.Command {
	return group("user", "Say who may open the clinic's dashboard", `  medhive clinic user add anna --role reader --password-file -
  medhive clinic user list`,
		newUserAdd(s), newUserList(s), newUserRemove(s))
}

// usersFlags name the file of users.
func usersFlags(c *cobra.Command, site, file *string) {
	siteFlag(c, site)
	c.Flags().StringVar(file, "file", "", "file of users (default: web.users of the site file)")
}

// usersFile finds the file of users.
func (s *shared) usersFile(site, file string) (string, error) {
	if file != "" {
		return file, nil
	}
	conf, err := s.readSite(site)
	if err != nil {
		return "", err
	}
	if conf.Web.Users == "" {
		return "", errors.New("the site file names no file of users: set web.users, or name one with --file")
	}
	return conf.Web.Users, nil
}

// maxPasswordLine bounds what is read of a password's file.
const maxPasswordLine = 4 << 10 // bytes

func newUserAdd(s *shared) *cobra.Command {
	var site, file, role, password string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, or give one another role and password",
		Long: `A viewer sees worklist, cases, rules and deliveries. A reader also accepts and rejects
results. A releaser also looks at held pictures, blacks out and releases. An admin also
retries deliveries, loads rules and reads the audit log. Passwords have 12 characters or
more and are kept as argon2id. A running clinic knows the change at once.`,
		Example: `  medhive clinic user add anna --role reader --password-file -
  medhive clinic user add root --role admin --password-file admin.txt --site /etc/medhive/site.toml`,
		Args: oneUser,
		RunE: func(c *cobra.Command, args []string) error {
			rank, err := dashboard.ParseRole(role)
			if err != nil {
				return usageError{fmt.Errorf("--role: %w", err)}
			}
			path, err := s.usersFile(site, file)
			if err != nil {
				return err
			}
			secret, err := readPassword(c, password)
			if err != nil {
				return err
			}
			if err := dashboard.AddUser(path, args[0], rank, secret); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s may open the dashboard as %s\n", args[0], rank)
			return err
		},
	}
	usersFlags(c, &site, &file)
	c.Flags().StringVar(&role, "role", "viewer", "viewer, reader, releaser or admin")
	c.Flags().StringVar(&password, "password-file", "-", "file that holds the password; - is a line on standard input")
	return c
}

// readPassword reads the first line of a file, or of standard input.
func readPassword(c *cobra.Command, name string) (string, error) {
	from := io.Reader(oneLine{c.InOrStdin()})
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("open the password's file: %w", err)
		}
		defer f.Close()
		from = oneLine{f}
	} else if terminal(c.ErrOrStderr()) {
		fmt.Fprintln(c.ErrOrStderr(), "password (it is shown as you type):")
	}
	line, err := io.ReadAll(io.LimitReader(from, maxPasswordLine))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func newUserList(s *shared) *cobra.Command {
	var site, file string
	c := s.reports(&cobra.Command{
		Use: "list", Short: "List who may open the dashboard", Example: "  medhive clinic user list",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path, err := s.usersFile(site, file)
			if err != nil {
				return err
			}
			list, err := dashboard.ReadUsers(path)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), append([]dashboard.User{}, list...))
			}
			if len(list) == 0 {
				_, err := fmt.Fprintln(c.OutOrStdout(), "nobody; add one with `medhive clinic user add NAME --role admin`")
				return err
			}
			table := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "USER\tROLE")
			for _, u := range list {
				fmt.Fprintf(table, "%s\t%s\n", u.Name, u.Role)
			}
			return table.Flush()
		},
	})
	usersFlags(c, &site, &file)
	return c
}

func newUserRemove(s *shared) *cobra.Command {
	var site, file string
	c := &cobra.Command{
		Use: "remove NAME", Short: "Remove a user; what they have open ends", Example: "  medhive clinic user remove anna",
		Args: oneUser,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := s.usersFile(site, file)
			if err != nil {
				return err
			}
			if err := dashboard.RemoveUser(path, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s may no longer open the dashboard\n", args[0])
			return err
		},
	}
	usersFlags(c, &site, &file)
	return c
}

func oneUser(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name one user; see `%s --help`", c.CommandPath())}
	}
	return nil
}
