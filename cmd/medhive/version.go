package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = "0.1.0-dev"

func newVersion(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  medhive version --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			report := struct {
				Version  string `json:"version"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
				Revision string `json:"revision,omitempty"`
			}{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, setting := range info.Settings {
					if setting.Key == "vcs.revision" {
						report.Revision = setting.Value
					}
				}
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), report)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "medhive %s (%s, %s)\n", report.Version, report.Go, report.Platform)
			return err
		},
	})
}
