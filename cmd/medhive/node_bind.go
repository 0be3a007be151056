package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/binding"
)

func newNodeBind(s *shared) *cobra.Command {
	var name, tpm, listen string
	var again bool
	c := s.reports(&cobra.Command{
		Use:   "bind",
		Short: "Show a code by which the owner's wallet says whose this machine is",
		Long: `Shows a link, and the same as a picture to scan, and waits until a wallet has signed
behind it that the machine is its owner's. What the node earns then goes to that wallet:
on a development network at once, elsewhere when the owner registers the node with
medhive node consent and medhive chain register. Signing moves no money. The code
holds for an hour, and who doesn't see it finds no page.

Where the node is bound already it says to whom and ends.`,
		Example: `  medhive node bind
  medhive node bind --again --listen 127.0.0.1:9404`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			home, path, err := s.where()
			if err != nil {
				return err
			}
			network, err := agent.ReadNetwork(path)
			if err != nil {
				return err
			}
			state := agent.NodeState(home, name)
			if !again {
				key, err := agent.NodeKey(c.Context(), state, tpm)
				if err != nil {
					return err
				}
				owner, err := agent.Owner(c.Context(), state, network, key.Address())
				if err != nil {
					return err
				}
				if owner != nil {
					return s.printOwner(c.OutOrStdout(), key.Address().Hex(), owner.Hex())
				}
			}
			open, err := agent.OpenBind(c.Context(), state, tpm, listen, network, s.log(slog.LevelWarn))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, open.Close()) }()
			if err := printCode(c.ErrOrStderr(), c.OutOrStdout(), s.asJSON, open.Links); err != nil {
				return err
			}
			signed, err := open.Wait(c.Context())
			if err != nil {
				return err
			}
			return s.printOwner(c.OutOrStdout(), signed.Binding.Node.Hex(), signed.Binding.Owner.Hex())
		},
	})
	f := c.Flags()
	f.StringVar(&name, "name", "node", "name of the node's state folder below --home")
	f.StringVar(&listen, "listen", agent.BindListen, "host:port of the page; the phone with the wallet must reach it")
	f.BoolVar(&again, "again", false, "bind it to another wallet")
	tpmFlag(c, &tpm)
	return c
}

// printCode shows where to go; a program that reads JSON gets it on the other stream.
func printCode(stderr, stdout io.Writer, asJSON bool, links []string) error {
	w := stdout
	if asJSON {
		w = stderr
	}
	if len(links) == 0 {
		return errors.New("this machine has no address that a phone could reach; connect it to a network, or name one with --listen")
	}
	picture, err := binding.Picture(links[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "whose machine is this? open the link with a wallet, or scan it:\n\n%s\n", picture)
	for _, link := range links {
		fmt.Fprintln(w, "  "+link)
	}
	_, err = fmt.Fprintln(w, "\nwaiting for a signature; Ctrl-C ends it")
	return err
}

func (s *shared) printOwner(w io.Writer, node, owner string) error {
	if s.asJSON {
		return printJSON(w, map[string]string{"node": node, "owner": owner})
	}
	_, err := fmt.Fprintf(w, "node %s belongs to %s\n", node, owner)
	return err
}
