package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/medhive/medhive/attest/score/simulation"
)

// execute parses args, simulates and writes what was asked for.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	conf := simulation.DefaultConfig()
	flags := flag.NewFlagSet("simreward", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&conf.Nodes, "nodes", conf.Nodes, "nodes at any time")
	flags.IntVar(&conf.Days, "days", conf.Days, "days, one epoch each")
	flags.Uint64Var(&conf.Seed, "seed", conf.Seed, "of everything that is drawn")
	flags.Float64Var(&conf.CheatRate, "cheat-rate", conf.CheatRate, "share of a cheater's jobs whose result is made up")
	flags.Float64Var(&conf.FalseFlags, "false-flags", conf.FalseFlags, "share of checks of honest work that come out invalid")
	flags.Float64Var(&conf.Utilisation, "utilisation", conf.Utilisation, "mean demand over supply")
	out := flags.String("out", "", "write the report to this file as JSON")
	picture := flags.String("picture", "", "write the picture to this file as SVG")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	report, err := simulation.Run(ctx, conf)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, report.Text())
	if err := save(*picture, []byte(report.Picture())); err != nil {
		return err
	}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := save(*out, append(data, '\n')); err != nil {
		return err
	}
	if missed := report.Missed(); len(missed) > 0 {
		return fmt.Errorf("%d of the year's goals are missed; the lines above name them", len(missed))
	}
	return nil
}

// save writes a file that was asked for.
func save(path string, data []byte) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("write what was asked for: %w", err)
	}
	return nil
}
