package challenge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/inference/ort"
)

// Answer is something that was computed and committed to.
type Answer interface {
	Root() Root
	Open(ctx context.Context, nonce [32]byte) ([]byte, error)
}

// Child proves in a process of its own: a vendor's library that crashes or hangs costs one
// challenge and not the daemon, and what the runtime and the table take goes with it.
type Child struct {
	Command  []string // the program, as `medhive probe-prove`
	Library  string   // libonnxruntime
	Provider string
	Threads  int // 0: all
}

// order is one line to the child. The first names the library, each later one an operation.
type order struct {
	Library  string   `json:"library,omitempty"`
	Provider string   `json:"provider,omitempty"`
	Threads  int      `json:"threads,omitempty"`
	Prove    *Work    `json:"prove,omitempty"`
	Fill     *Work    `json:"fill,omitempty"`
	Walk     bool     `json:"walk,omitempty"`
	Open     bool     `json:"open,omitempty"`
	Value    [32]byte `json:"value"` // the seed or nonce
}

// outcome is one line from the child.
type outcome struct {
	Kind    string `json:"kind"` // always kindOutcome, so that a library that prints to stdout is not heard
	Path    Path   `json:"path,omitempty"`
	Root    Root   `json:"root"`
	Opening []byte `json:"opening,omitempty"`
	Error   string `json:"error,omitempty"`
	Unable  bool   `json:"unable,omitempty"`
}

const (
	kindOutcome = "challenge"
	// maxLine bounds a line in both directions: an opening in base 64.
	maxLine = MaxOpening*2 + 4<<10
	// killGrace is how long a child's pipes are waited for after it has ended.
	killGrace = 2 * time.Second
	// startLimit is how long a child may take to load a vendor's libraries and to try paths.
	startLimit = 2 * time.Minute
)

// Remote is a running child. It is used by one goroutine at a time; Close ends it.
type Remote struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  *bufio.Scanner
	path   Path
	kill   context.CancelFunc
	closed sync.Once
}

// Start starts the child and lets it find its path. The child ends with ctx.
func (c Child) Start(ctx context.Context) (_ *Remote, err error) {
	if len(c.Command) == 0 {
		return nil, errors.New("prepare for challenges: no command for the child; name this program's own probe-prove")
	}
	ctx, kill := context.WithCancel(ctx)
	r := &Remote{cmd: exec.CommandContext(ctx, c.Command[0], c.Command[1:]...), kill: kill}
	r.cmd.WaitDelay = killGrace
	defer func() {
		if err != nil {
			kill()
		}
	}()
	if r.in, err = r.cmd.StdinPipe(); err != nil { // stays open: its end tells the child that we are gone
		return nil, fmt.Errorf("prepare for challenges: %w", err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("prepare for challenges: %w", err)
	}
	r.lines = bufio.NewScanner(out)
	r.lines.Buffer(nil, maxLine)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("prepare for challenges: start the proving process: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	ready, err := r.ask(limited, order{Library: c.Library, Provider: c.Provider, Threads: c.Threads})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare for challenges: %w", err), r.Close())
	}
	r.path = ready.Path
	return r, nil
}

// ask sends an order and waits for its outcome; the child is killed when ctx ends.
func (r *Remote) ask(ctx context.Context, o order) (outcome, error) {
	stop := context.AfterFunc(ctx, r.kill)
	defer stop()
	line, err := json.Marshal(o)
	if err != nil {
		return outcome{}, err
	}
	if _, err := r.in.Write(append(line, '\n')); err != nil {
		return outcome{}, r.died(ctx, err)
	}
	for r.lines.Scan() {
		var got outcome
		if json.Unmarshal(r.lines.Bytes(), &got) != nil || got.Kind != kindOutcome {
			continue // a library that prints to stdout
		}
		switch {
		case got.Unable:
			return got, fmt.Errorf("%.400q: %w", got.Error, ErrUnable)
		case got.Error != "":
			return got, fmt.Errorf("the proving process gave up: %.400q", got.Error)
		}
		return got, nil
	}
	return outcome{}, r.died(ctx, r.lines.Err())
}

func (r *Remote) died(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("the proving process was ended: %w", ctx.Err())
	}
	return fmt.Errorf("the proving process died (%w); a vendor's library may not fit its driver: name provider cpu, or install the driver anew", errors.Join(err, io.ErrUnexpectedEOF))
}

// Path is how the child computes.
func (r *Remote) Path() Path { return r.path }

// remoteAnswer is an answer that the child holds.
type remoteAnswer struct {
	remote *Remote
	root   Root
}

func (a remoteAnswer) Root() Root { return a.root }

func (a remoteAnswer) Open(ctx context.Context, nonce [32]byte) ([]byte, error) {
	got, err := a.remote.ask(ctx, order{Open: true, Value: nonce})
	return got.Opening, err
}

// Prove computes all rows of a Compute work. The answer is good until the next order.
func (r *Remote) Prove(ctx context.Context, w Work, seed Seed) (Answer, error) {
	got, err := r.ask(ctx, order{Prove: &w, Value: seed})
	if err != nil {
		return nil, err
	}
	return remoteAnswer{r, got.Root}, nil
}

// Fill computes the table of a Memory work; walk passes over it.
func (r *Remote) Fill(ctx context.Context, w Work, seed Seed) (walk func(ctx context.Context, nonce [32]byte) (Answer, error), err error) {
	if _, err := r.ask(ctx, order{Fill: &w, Value: seed}); err != nil {
		return nil, err
	}
	return func(ctx context.Context, nonce [32]byte) (Answer, error) {
		got, err := r.ask(ctx, order{Walk: true, Value: nonce})
		if err != nil {
			return nil, err
		}
		return remoteAnswer{r, got.Root}, nil
	}, nil
}

// Close ends the child and waits for it. What it computed is gone; how it ends is of no
// matter.
func (r *Remote) Close() error {
	r.closed.Do(func() {
		_ = r.in.Close()
		r.kill()
		_ = r.cmd.Wait()
	})
	return nil
}

// Serve is the child's side. When in ends, whoever asked is gone: abandon is called then,
// from another goroutine, and should end the process, since a driver that hangs hears of
// no context.
func Serve(ctx context.Context, in io.Reader, out io.Writer, abandon func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	orders := make(chan order)
	go func() { // ends with in, and then the process
		defer close(orders)
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			var o order
			if json.Unmarshal(lines.Bytes(), &o) != nil {
				break
			}
			select {
			case orders <- o:
			case <-ctx.Done():
				return
			}
		}
		cancel()
		abandon()
	}()
	s := &server{}
	defer s.close()
	for o := range orders {
		got, err := s.obey(ctx, o)
		got.Kind = kindOutcome
		if err != nil {
			got.Error, got.Unable = err.Error(), errors.Is(err, ErrUnable)
		}
		line, err := json.Marshal(got)
		if err != nil {
			return fmt.Errorf("answer a challenge's order: %w", err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("answer a challenge's order: %w", err)
		}
	}
	return nil
}

// server is what the child holds between two orders.
type server struct {
	prover *Prover
	answer Answer
	table  *Table
	kept   []io.Closer
}

func (s *server) obey(ctx context.Context, o order) (got outcome, err error) {
	switch {
	case s.prover == nil:
		return s.begin(ctx, o)
	case o.Prove != nil:
		proof, err := s.prover.Prove(ctx, *o.Prove, o.Value)
		if err != nil {
			return got, err
		}
		s.kept, s.answer = append(s.kept, proof), proof
		return outcome{Root: proof.Root()}, nil
	case o.Fill != nil:
		table, err := s.prover.Fill(ctx, *o.Fill, o.Value)
		if err != nil {
			return got, err
		}
		s.kept, s.table = append(s.kept, table), table
		return got, nil
	case o.Walk && s.table != nil:
		walk, err := s.table.Walk(ctx, o.Value)
		if err != nil {
			return got, err
		}
		s.answer = walk
		return outcome{Root: walk.Root()}, nil
	case o.Open && s.answer != nil:
		got.Opening, err = s.answer.Open(ctx, o.Value)
		return got, err
	}
	return got, errors.New("an order out of turn")
}

func (s *server) begin(ctx context.Context, o order) (outcome, error) {
	r, err := ort.Open(o.Library)
	if err != nil {
		return outcome{}, err
	}
	s.kept = append(s.kept, r)
	s.prover, err = NewProver(ctx, r, o.Provider, o.Threads)
	if err != nil {
		return outcome{}, fmt.Errorf("%w: %w", err, ErrUnable)
	}
	return outcome{Path: s.prover.Path()}, nil
}

// close frees everything, the runtime last. The process ends then.
func (s *server) close() {
	for _, k := range slices.Backward(s.kept) {
		_ = k.Close()
	}
}
