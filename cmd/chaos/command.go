package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/testdata"
)

// plan is what was asked for on the command line.
type plan struct {
	binary   string        // absolute path of medhive
	digest   string        // its SHA-256
	times    int           // runs of each cell
	ready    time.Duration // how soon a role must be ready after a restart; 0: any time will do
	lanes    int           // towns at once
	out      string        // file of outcomes; empty: none
	loopback bool          // no namespaces, even where they are allowed
	keep     bool          // homes stay, also of cells that hold
	folder   string        // homes of the towns go below it
	log      io.Writer
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	p := plan{log: stderr}
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&p.binary, "binary", "bin/medhive", "the medhive program")
	f.IntVar(&p.times, "n", 20, "runs of each cell")
	f.DurationVar(&p.ready, "ready", 10*time.Second, "how soon a role has to be ready after a restart, and a node to bid (0: any time will do)")
	f.IntVar(&p.lanes, "lanes", 4, "networks at once; most of a run is waiting")
	f.StringVar(&p.out, "out", "chaos.json", "file of counts, one cell a line; cells that it has for the same program and -n are not run again")
	f.BoolVar(&p.loopback, "loopback", false, "use no network namespaces")
	f.StringVar(&p.folder, "folder", os.TempDir(), "where the networks keep their state meanwhile")
	f.BoolVar(&p.keep, "keep", false, "keep logs and state also where everything holds")
	list := f.Bool("list", false, "print the names of the cells and end")
	f.Usage = func() {
		fmt.Fprintf(stderr, "usage: chaos [flags] [cell …]\nA cell is fault/role/step; the beginning of a name will do:\n"+
			"  chaos -n 20                everything\n  chaos -n 5 kill/node cut   what begins so\n")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	cells, err := chosen(matrix(), f.Args())
	if err != nil {
		return err
	}
	if *list {
		for _, c := range cells {
			fmt.Fprintln(stdout, c)
		}
		return nil
	}
	if p.times < 1 || p.lanes < 1 {
		return errors.New("-n and -lanes are at least 1")
	}
	if err := p.findBinary(); err != nil {
		return err
	}
	all, err := p.run(ctx, cells)
	if err != nil {
		return err
	}
	return present(stdout, all)
}

// findBinary makes the path absolute and takes the program's digest.
func (p *plan) findBinary() (err error) {
	if p.binary, err = filepath.Abs(p.binary); err != nil {
		return fmt.Errorf("find medhive: %w", err)
	}
	program, err := os.Open(p.binary)
	if err != nil {
		return fmt.Errorf("find medhive: %w; run `make build`, or name it with --binary", err)
	}
	defer program.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, program); err != nil {
		return fmt.Errorf("read medhive: %w", err)
	}
	p.digest = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// connect makes a town's network: namespaces where they are allowed.
func (p *plan) connect() (links network, name string, err error) {
	if !p.loopback {
		if links, err = newSpaces(); err == nil {
			return links, "namespaces", nil
		}
	}
	return loopback{}, "loopback", err
}

// run makes every cell that is not on file, several at once, and returns all outcomes
// in the order of the cells.
func (p *plan) run(ctx context.Context, cells []cell) ([]outcome, error) {
	links, kind, why := p.connect()
	if err := links.close(); err != nil {
		return nil, err
	}
	if why != nil {
		fmt.Fprintln(p.log, "every role is on this machine's loopback:", why)
	}
	like := outcome{Binary: p.digest, Network: kind, Asked: p.times, ReadyLimit: p.ready.Seconds()}
	var done map[string]outcome
	if p.out != "" {
		var err error
		if done, err = earlier(p.out, like); err != nil {
			return nil, err
		}
	}
	all := make([]outcome, len(cells))
	var writing sync.Mutex // guards the file and the log
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.lanes)
	for i, c := range cells {
		if o, known := done[c.String()]; known {
			all[i] = o
			fmt.Fprintf(p.log, "%s: on file\n", c)
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			o := like
			o.Cell = c.String()
			if err := p.measure(ctx, c, &o); err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
			all[i] = o
			writing.Lock()
			defer writing.Unlock()
			fmt.Fprintln(p.log, o.sentence())
			if p.out == "" || o.NotRun != "" {
				return nil
			}
			return record(p.out, o)
		})
	}
	return all, group.Wait()
}

// sentence is a cell's line while the others still run.
func (o outcome) sentence() string {
	if o.NotRun != "" {
		return fmt.Sprintf("%s: not run: %s", o.Cell, o.NotRun)
	}
	verdict := "holds"
	if !o.holds() {
		verdict = "DOES NOT HOLD"
	}
	return fmt.Sprintf("%s: %d runs, %d lost, %d twice, %d with two nodes on a fence, %d of %d receipts, %.0f s: %s",
		o.Cell, o.Runs, o.Lost, o.Twice, o.TwoNodes, o.Paid, o.Delivered, o.Seconds, verdict)
}

// How long after its last run a cell's receipts may take to arrive: by themselves, and
// once their clinics run again. A node tries to reach its clinic every minute.
const (
	settleSoon = 6 * time.Second
	settleLate = 75 * time.Second
)

// Sizes of what the two studies of the tests become, in bytes: they only set how slow
// a link has to be.
const (
	smallPayload, smallResult = 300_000, 3_200_000
	largePayload, largeResult = 14_500_000, 6_000_000
)

// measure runs one cell in a town of its own.
func (p *plan) measure(ctx context.Context, c cell, o *outcome) error {
	began := time.Now()
	home, err := os.MkdirTemp(p.folder, "chaos-")
	if err != nil {
		return fmt.Errorf("make a home: %w", err)
	}
	links, _, err := p.connect()
	if err == nil && c.Fault == sited { // modality and archive are in this program
		err = links.close()
		links = loopback{}
	}
	if err != nil && c.spaced() {
		o.NotRun = err.Error()
		return os.RemoveAll(home)
	}
	if c.spaced() && p.loopback {
		o.NotRun = errNoNamespaces.Error()
		return os.RemoveAll(home)
	}
	t, err := newTown(ctx, p.binary, home, links, c.Fault == apart)
	if err == nil {
		err = p.repeat(ctx, t, c, o)
	}
	if closed := t.close(); err == nil {
		err = closed
	}
	o.Seconds = time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), os.RemoveAll(home))
	case err != nil:
		o.NotRun, o.Kept = strings.ReplaceAll(err.Error(), "\n", "; "), home
		return nil
	case p.keep || !o.holds():
		o.Kept = home
		return nil
	}
	return os.RemoveAll(home)
}

// repeat makes the runs of a cell and counts.
func (p *plan) repeat(ctx context.Context, t *town, c cell, o *outcome) error {
	data, payload, result := testdata.SmallStudy(), smallPayload, smallResult
	if c.large() {
		data, payload, result = testdata.T1Study(), largePayload, largeResult
	}
	study, err := t.study("study.zip", data)
	if err != nil {
		return err
	}
	if err := squeeze(t, c, payload, result); err != nil {
		return err
	}
	once := t.once
	if c.Fault == sited {
		h, err := newHospital(ctx, t, data)
		if err != nil {
			return err
		}
		defer h.close()
		once = h.once
	}
	var attempts []attempt
	for n := range p.times {
		attempts = append(attempts, once(ctx, c, study, n, p.times))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	l, helped, err := t.settle(ctx, attempts, settleSoon, settleLate)
	if err != nil {
		return err
	}
	o.Helped = helped
	o.count(attempts, l, t.starts, t.firstBids())
	return nil
}
