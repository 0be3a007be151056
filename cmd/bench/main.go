// Command bench runs the benchmarks behind the project's performance targets and
// says of each whether it holds. Every benchmark measures its limit or its peer in
// the same run, so the ratio means the same on a slow machine as on a fast one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
)

// result is one line of bench.json.
type result struct {
	Name         string  `json:"name"`
	Value        float64 `json:"value"`
	Unit         string  `json:"unit"`
	Against      string  `json:"against"`
	AgainstValue float64 `json:"against_value"`
	Ratio        float64 `json:"ratio"`
	Goal         string  `json:"goal"`
	Holds        bool    `json:"holds"`
	Machine      string  `json:"machine"`

	Also map[string]float64 `json:"also,omitempty"` // what else the benchmark reports, by its unit
}

func main() {
	room := flag.String("room", "", "only targets whose name begins with this: inference, probe, demo, idle")
	out := flag.String("out", "bench.json", "where the results are written")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *room, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, room, out string) error {
	var results []result
	for _, t := range targets() {
		if !strings.HasPrefix(t.name, room) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", t.name)
		r, err := t.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		results = append(results, r)
	}
	if len(results) == 0 {
		return fmt.Errorf("no target begins with %q; leave --room out to measure all %d", room, len(targets()))
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "target\tvalue\tbeside\tratio\tgoal\tholds")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%.4g %s\t%.4g %s (%s)\t%.3f\t%s\t%t\n", r.Name, r.Value, r.Unit, r.AgainstValue, r.Unit, r.Against, r.Ratio, r.Goal, r.Holds)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		for _, unit := range slices.Sorted(maps.Keys(r.Also)) {
			fmt.Printf("%s also: %.4g %s\n", r.Name, r.Also[unit], unit)
		}
	}
	data, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, append(data, '\n'), 0o644); err != nil {
		return err
	}
	if missed := slices.IndexFunc(results, func(r result) bool { return !r.Holds }); missed >= 0 {
		return fmt.Errorf("%s does not hold its goal; measure again on an idle machine before you look for the cause", results[missed].Name)
	}
	return nil
}
