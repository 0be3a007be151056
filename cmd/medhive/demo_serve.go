package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/demo"
)

// serveDemo keeps the demo's network up until it is stopped.
func (s *shared) serveDemo(c *cobra.Command, conf demo.ServeConfig) error {
	for _, name := range []string{"out", "study"} {
		if c.Flags().Changed(name) {
			return usageError{fmt.Errorf("--%s is for the demo that ends; with --serve, studies are sent to the clinic's doors; see `medhive demo --help`", name)}
		}
	}
	if conf.Epoch <= 0 {
		return usageError{errors.New("--epoch wants a time above zero, such as 1m")}
	}
	conf.Home, conf.Version, conf.Log = s.home, version, s.log(slog.LevelError)
	conf.Ready = func(a demo.Addresses) error {
		if s.asJSON { // in one line, for who reads lines
			return json.NewEncoder(c.OutOrStdout()).Encode(a)
		}
		return a.Print(c.OutOrStdout())
	}
	fmt.Fprintln(c.ErrOrStderr(), "starting a chain, a coordinator, two nodes and a clinic …")
	return demo.Serve(c.Context(), conf)
}
