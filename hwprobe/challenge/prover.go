package challenge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/ort"
)

// Prover computes works on one provider. It is used by one goroutine at a time.
type Prover struct {
	runtime  *ort.Runtime
	provider string
	threads  int
	path     Path
}

// trialRuns of one batch decide between paths; the fastest single run counts.
const trialRuns = 3

// NewProver finds the fastest path that computes exactly on provider, by trial. threads 0
// means all. The caller keeps r open for as long as the prover is used.
func NewProver(ctx context.Context, r *ort.Runtime, provider string, threads int) (*Prover, error) {
	best := time.Duration(-1)
	p := &Prover{runtime: r, provider: provider, threads: threads}
	var refused []error
	for _, path := range []Path{Quantized, Integers, Floats} {
		took, err := p.try(ctx, path)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("prepare for challenges on %s: %w", provider, ctx.Err())
		}
		if err != nil {
			refused = append(refused, err)
			continue
		}
		if best < 0 || took < best {
			best, p.path = took, path
		}
	}
	if best < 0 {
		return nil, fmt.Errorf("prepare for challenges on %s: none of its kernels computes them exactly; name another provider: %w", provider, errors.Join(refused...))
	}
	return p, nil
}

// try runs a batch on a path and compares its first and last row with plain Go.
func (p *Prover) try(ctx context.Context, path Path) (fastest time.Duration, err error) {
	w, seed := Work{Kind: Compute, Width: 512, Layers: 8, Rows: minRows}, Seed{}
	e, err := newEngine(p.runtime, p.provider, p.threads, path, rowMultiple, w, seed)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	in, out := make([]byte, e.batch*e.width), make([]byte, e.batch*e.output)
	newInputs(w, seed).rows(in, 0)
	for n := range trialRuns {
		begun := time.Now()
		if err := e.run(ctx, in, out); err != nil {
			return 0, err
		}
		if took := time.Since(begun); n == 0 || took < fastest {
			fastest = took
		}
	}
	v := newVerifier(w, seed)
	for _, row := range []int{0, e.batch - 1} {
		if !bytes.Equal(v.row(uint64(row)), out[row*e.output:(row+1)*e.output]) {
			return 0, fmt.Errorf("%s on %s is not exact", path, p.provider)
		}
	}
	return fastest, nil
}

// Path is how this prover computes.
func (p *Prover) Path() Path { return p.path }

// Proof is a computed Compute work. Close frees it.
type Proof struct {
	work   Work
	engine *engine
	inputs inputs
	crown  crown
}

// Prove computes all rows of a Compute work. It keeps 32 bytes for each 64 rows.
func (p *Prover) Prove(ctx context.Context, w Work, seed Seed) (*Proof, error) {
	if err := w.Validate(); err != nil || w.Kind != Compute {
		return nil, fmt.Errorf("prove %s: %w", w.Kind, errors.Join(err, wrongKind(w, Compute)))
	}
	e, err := newEngine(p.runtime, p.provider, p.threads, p.path, batchRows(p.provider), w, seed)
	if err != nil {
		return nil, err
	}
	proof := &Proof{w, e, newInputs(w, seed), newCrown(w.Rows)}
	err = stream(ctx, e, proof.inputs, w.Rows, func(first uint64, rows []byte) { proof.crown.growAll(first, rows, e.output) })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prove on %s: %w", p.provider, err), e.close())
	}
	return proof, nil
}

func wrongKind(w Work, want Kind) error {
	if w.Kind != want {
		return fmt.Errorf("the work is of kind %.20q, want %s", w.Kind, want)
	}
	return nil
}

// Root commits to all rows.
func (p *Proof) Root() Root { return rootOf(p.crown) }

// Open answers for the rows that the nonce picks.
func (p *Proof) Open(ctx context.Context, nonce [32]byte) ([]byte, error) {
	chosen := picks(p.work, p.Root(), nonce)
	perRun := p.engine.batch / stem
	in, out := make([]byte, p.engine.batch*p.engine.width), make([]byte, p.engine.batch*p.engine.output)
	leaves := make([]opened, 0, len(chosen))
	for start := 0; start < len(chosen); start += perRun {
		part := chosen[start:min(start+perRun, len(chosen))]
		for n, index := range part {
			p.inputs.rows(in[n*stem*p.engine.width:(n+1)*stem*p.engine.width], index/stem*stem)
		}
		if err := p.engine.run(ctx, in, out); err != nil {
			return nil, fmt.Errorf("open a proof: %w", err)
		}
		for n, index := range part {
			leaf, err := p.crown.open(index, out[n*stem*p.engine.output:(n+1)*stem*p.engine.output], p.engine.output)
			if err != nil {
				return nil, fmt.Errorf("open a proof: %w", err)
			}
			leaves = append(leaves, leaf)
		}
	}
	return p.crown.opening(leaves), nil
}

// Close frees the network.
func (p *Proof) Close() error { return p.engine.close() }

// slab is a batch on its way.
type slab struct {
	first   uint64
	rows    int // of these, the rest is padding
	in, out []byte
}

// slabs on their way: one being filled, one computed, one taken in.
const slabs = 3

// stream computes rows 0 to count in batches and hands each to take, in order. Inputs are
// made and results taken in beside the computation.
func stream(ctx context.Context, e *engine, in inputs, count uint64, take func(first uint64, rows []byte)) error {
	free, filled, done := make(chan *slab, slabs), make(chan *slab, slabs), make(chan *slab, slabs)
	for range slabs {
		free <- &slab{in: make([]byte, e.batch*e.width), out: make([]byte, e.batch*e.output)}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(filled)
		for first := uint64(0); first < count; first += uint64(e.batch) {
			select {
			case s := <-free:
				s.first, s.rows = first, int(min(uint64(e.batch), count-first))
				part := stem * e.width
				together(s.rows/stem, func(n int) { in.rows(s.in[n*part:(n+1)*part], first+uint64(n*stem)) })
				filled <- s
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		defer close(done)
		for s := range filled {
			if err := e.run(ctx, s.in, s.out); err != nil {
				return err
			}
			done <- s
		}
		return nil
	})
	group.Go(func() error {
		for s := range done {
			take(s.first, s.out[:s.rows*e.output])
			free <- s
		}
		return nil
	})
	return group.Wait()
}

// together calls do for 0 to n−1, on several cores where there is much to do.
func together(n int, do func(int)) {
	const each = 32 // subtrees that are worth a goroutine
	var group sync.WaitGroup
	for start := 0; start < n; start += each {
		part := func() {
			for i := start; i < min(start+each, n); i++ {
				do(i)
			}
		}
		if start+each >= n {
			part() // the last part, which is all of it on a CPU, needs no other goroutine
			break
		}
		group.Go(part)
	}
	group.Wait()
}
