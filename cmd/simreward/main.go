// Command simreward lets a network of made-up nodes live through a year under the rules of
// rewards and checks, see attest/score/simulation. In: how many nodes, how long, a seed.
// Out: who was caught, who was flagged without cause, what each tier earned, as text, JSON
// and a picture. It exits with 1 when the year did not show what it must.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simreward:", err)
		os.Exit(1)
	}
}
