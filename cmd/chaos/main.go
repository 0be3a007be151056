// Command chaos puts real medhive processes on a small network of their own, lets a
// clinic submit a study, and kills, cuts off, slows or misleads one role at a named
// step of the job, many times each. In: the medhive binary and how often. Out: a table
// and a file of counts: what was lost, delivered twice, or signed by two nodes under
// one fence. It asks the processes for nothing but what they print and write.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}
