package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
)

func newModelFetch(s *shared) *cobra.Command {
	request := agent.ModelFetch{}
	var digest string
	c := s.reports(&cobra.Command{
		Use:   "fetch REF",
		Short: "Bring a model package into the store: from a registry, a web server, a folder, a peer",
		Long: `REF is oci://host/name:tag, https://host/folder, https://host/package.tar,
peer:/ip4/…/tcp/…/p2p/ID/sha256:DIGEST, a package folder, or a tar of one. Every
byte is verified before the package counts as there; a cut transfer goes on where
it stopped. A package must be signed by a publisher you trust (medhive model
trust), unless you name its digest or say --unsigned.`,
		Example: `  medhive model fetch oci://registry.example/lungs:1.2.0
  medhive model fetch https://models.example/lungs-1.2.0.tar
  medhive model fetch ./lungs --unsigned`,
		Args: oneModel("reference", "see `medhive model fetch --help`"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if digest != "" {
				if request.Digest, err = models.ParseDigest(digest); err != nil {
					return usageError{err}
				}
			}
			if request.Home, err = s.homeDir(); err != nil {
				return err
			}
			show, done := transferProgress(c.ErrOrStderr())
			request.Ref, request.Progress = args[0], show
			record, err := agent.FetchModel(c.Context(), request)
			done()
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), record)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s is in the store (%.1f MB)\npackage %s\nnext: medhive model validate %s\n", record.Name(), float64(record.Bytes)/1e6, record.Digest, record.Name())
			return err
		},
	})
	c.Flags().StringVar(&digest, "digest", "", "take exactly the package with this digest, whoever signed it")
	c.Flags().BoolVar(&request.Unsigned, "unsigned", false, "take a package that nobody signed")
	return c
}

func newModelPush(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "push FOLDER REF",
		Short: "Put a signed model package into an OCI registry",
		Long: `REF is oci://host/name:tag. Passwords come from the Docker configuration
(docker login, oras login).`,
		Example: "  medhive model push ./lungs oci://registry.example/lungs:1.2.0",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{fmt.Errorf("name a package folder and a reference; see `medhive model push --help`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			show, done := transferProgress(c.ErrOrStderr())
			digest, err := agent.PushModel(c.Context(), args[0], args[1], show)
			done()
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), map[string]string{"reference": args[1], "manifest": digest})
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s is in the registry as %s\n", args[1], digest)
			return err
		},
	})
}
