package challenge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/ort/graph"
)

// tableGroup rows' products make one leaf.
const tableGroup = 8

const leafBytes = tableGroup * vectorCount

// tableLeaf recomputes one leaf of a pass.
func (v *verifier) tableLeaf(leaf uint64, key [32]byte) []byte {
	x := vectors(v.work, key)
	made := make([]byte, 0, leafBytes)
	for row := leaf * tableGroup; row < (leaf+1)*tableGroup; row++ {
		made = append(made, product(v.row(row), x)...)
	}
	return made
}

// passKeys are the keys of all passes: the walk's nonce, then one after each root.
func passKeys(start [32]byte, roots []Root) [][32]byte {
	keys := [][32]byte{start}
	for _, root := range roots {
		keys = append(keys, nextKey(keys[len(keys)-1], root))
	}
	return keys[:len(roots)]
}

// walkRoot commits to the roots of all passes.
func walkRoot(roots []Root) []byte {
	text := []byte("medhive/challenge/1/walk/")
	for _, r := range roots {
		text = append(text, r[:]...)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// Table is the filled working set of a Memory work. Close frees it.
type Table struct {
	work  Work
	shelf shelf
}

// shelf holds the table where the provider computes.
type shelf interface {
	// put adds rows from first on, in rising order and in multiples of rowMultiple.
	put(first uint64, rows []byte) error
	// times multiplies rows with the vectors x, tile by tile in rising order, and hands
	// the products to take. Tiles that are not wanted are left out.
	times(ctx context.Context, x []byte, wanted func(first uint64, rows int) bool, take func(first uint64, products []byte)) error
	close() error
}

// Fill computes the table. It takes Work.TableBytes of the memory that is being proved: the
// host's for the CPU, else the device's.
func (p *Prover) Fill(ctx context.Context, w Work, seed Seed) (*Table, error) {
	if err := w.Validate(); err != nil || w.Kind != Memory {
		return nil, fmt.Errorf("fill table: %w", errors.Join(err, wrongKind(w, Memory)))
	}
	if p.path == Floats {
		return nil, fmt.Errorf("fill table on %s: it computes in %s, where a byte of the table would take four; use a provider with int8 products: %w", p.provider, p.path, ErrUnable)
	}
	e, err := newEngine(p.runtime, p.provider, p.threads, p.path, batchRows(p.provider), w, seed)
	if err != nil {
		return nil, err
	}
	t := &Table{work: w}
	if p.provider == ort.CPU && p.path == Quantized {
		t.shelf, err = newHostShelf(p, w)
	} else {
		t.shelf = &deviceShelf{prover: p, work: w, tile: tileOf(w.TableBytes())}
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	var putErr error
	err = stream(ctx, e, newInputs(w, seed), w.Rows, func(first uint64, rows []byte) {
		if putErr == nil {
			putErr = t.shelf.put(first, rows)
		}
	})
	if err := errors.Join(err, putErr, e.close()); err != nil {
		return nil, errors.Join(fmt.Errorf("fill table on %s: %w", p.provider, err), t.Close())
	}
	return t, nil
}

// HasTable reports whether nodes of a provider are asked for memory: those whose int8
// product (MatMulInteger) ONNX Runtime documents. Others, such as WebGPU and TensorRT, would
// compute in float32, could not hold a table of bytes, and would miss for no fault of
// theirs.
func HasTable(provider string) bool { return provider == "cpu" || provider == "cuda" }

// ErrUnable says that this prover can't do such a work at all.
var ErrUnable = errors.New("this kind of challenge can't be computed here")

// Close frees the table.
func (t *Table) Close() error { return t.shelf.close() }

// Walk is the passes over a table.
type Walk struct {
	table  *Table
	keys   [][32]byte
	roots  []Root
	crowns []crown
}

// Walk reads the whole table Passes times, each time with vectors that hang on what the
// time before found.
func (t *Table) Walk(ctx context.Context, start [32]byte) (*Walk, error) {
	w := &Walk{table: t}
	key, all := start, func(uint64, int) bool { return true }
	for range t.work.Passes {
		tree := newCrown(t.work.Rows / tableGroup)
		err := t.shelf.times(ctx, vectors(t.work, key), all, func(first uint64, products []byte) { tree.growAll(first/tableGroup, products, leafBytes) })
		if err != nil {
			return nil, fmt.Errorf("walk table: %w", err)
		}
		root := rootOf(tree)
		w.keys, w.roots, w.crowns = append(w.keys, key), append(w.roots, root), append(w.crowns, tree)
		key = nextKey(key, root)
	}
	return w, nil
}

// Root commits to all passes.
func (w *Walk) Root() Root { return Root(walkRoot(w.roots)) }

// Open answers for the leaves that the nonce picks. Only the tiles that hold them are
// multiplied again.
func (w *Walk) Open(ctx context.Context, nonce [32]byte) ([]byte, error) {
	work := w.table.work
	_, tree := work.leaves()
	opening := appendPath(nil, w.roots)
	chosen := picks(work, w.Root(), nonce)
	for len(chosen) > 0 {
		pass := chosen[0] / tree
		end := slices.IndexFunc(chosen, func(index uint64) bool { return index/tree != pass })
		if end < 0 {
			end = len(chosen)
		}
		paths, err := w.open(ctx, int(pass), chosen[:end])
		if err != nil {
			return nil, fmt.Errorf("open a walk: %w", err)
		}
		opening, chosen = append(opening, paths...), chosen[end:]
	}
	return opening, nil
}

// open answers for the chosen leaves of one pass, which rise.
func (w *Walk) open(ctx context.Context, pass int, chosen []uint64) ([]byte, error) {
	_, tree := w.table.work.leaves()
	next := func(begin, end uint64) bool {
		return len(chosen) > 0 && chosen[0]%tree >= begin && chosen[0]%tree < end
	}
	leaf := func(row uint64) uint64 { return row / tableGroup }
	wanted := func(first uint64, rows int) bool { return next(leaf(first), leaf(first+uint64(rows))) }
	var fault error
	var leaves []opened
	err := w.table.shelf.times(ctx, vectors(w.table.work, w.keys[pass]), wanted, func(first uint64, products []byte) {
		begin := leaf(first)
		for next(begin, begin+uint64(len(products)/leafBytes)) {
			index := chosen[0] % tree
			at := (index/stem*stem - begin) * leafBytes
			found, err := w.crowns[pass].open(index, products[at:at+stem*leafBytes], leafBytes)
			fault = errors.Join(fault, err)
			leaves, chosen = append(leaves, found), chosen[1:]
		}
	})
	if err := errors.Join(err, fault); err != nil {
		return nil, err
	}
	return w.crowns[pass].opening(leaves), nil
}

// hostShelf keeps the table in the process's memory and hands it to the session as an
// input, which the CPU reads where it lies.
type hostShelf struct {
	session *ort.Session
	width   int
	tile    int // rows of one run
	rows    []byte
	out     []byte
}

// tileRows of a table are multiplied in one run.
const tileRows = 8 * rowMultiple

func newHostShelf(p *Prover, w Work) (*hostShelf, error) {
	s := &hostShelf{width: w.Width, tile: rowMultiple, rows: make([]byte, w.TableBytes())}
	if w.Rows%tileRows == 0 {
		s.tile = tileRows
	}
	s.out = make([]byte, s.tile*vectorCount)
	table := graph.Value{Name: "t", Type: graph.Uint8, Shape: []int64{int64(s.tile), int64(w.Width)}}
	model := quantizedProduct(table, nil)
	var err error
	if s.session, err = p.runtime.NewSession(model.Encode(), ort.Options{Provider: p.provider, Threads: p.threads}); err != nil {
		return nil, fmt.Errorf("load the table's product on %s: %w", p.provider, err)
	}
	return s, nil
}

// quantizedProduct is y = t·x over bytes with 128 for zero; t is an input, or a constant
// when raw holds it.
func quantizedProduct(t graph.Value, raw []byte) graph.Model {
	b := builder{}
	one, scale := b.float("one", 1), b.float("scale", 1<<productShift)
	middle := b.scalar("middle", graph.Uint8, zero)
	b.node("QLinearMatMul", "y", "t", one, middle, "x", one, middle, scale, middle)
	x := graph.Value{Name: "x", Type: graph.Uint8, Shape: []int64{t.Shape[1], vectorCount}}
	b.model.Inputs = []graph.Value{x}
	if raw == nil {
		b.model.Inputs = []graph.Value{t, x}
	} else {
		b.model.Constants = append(b.model.Constants, graph.Constant{Value: t, Raw: raw})
	}
	b.model.Outputs = []graph.Value{{Name: "y", Type: graph.Uint8, Shape: []int64{t.Shape[0], vectorCount}}}
	return b.model
}

// integerProduct is the same for providers that multiply signed bytes only: the table is
// kept as signed bytes, one for one. raw is changed.
func integerProduct(t graph.Value, raw []byte) graph.Model {
	for i := range raw {
		raw[i] -= zero
	}
	t.Type = graph.Int8
	b := builder{}
	shrink, low, high, middle := b.float("shrink", 1.0/(1<<productShift)), b.float("low", -zero), b.float("high", zero-1), b.float("middle", zero)
	x := b.cast("signed", b.node("Sub", "centred", b.cast("wide", "x", graph.Float32), middle), graph.Int8)
	sum := b.cast("float", b.node("MatMulInteger", "sum", "t", x), graph.Float32)
	clipped := b.node("Clip", "clipped", b.node("Round", "round", b.node("Mul", "scaled", sum, shrink)), low, high)
	b.cast("y", b.node("Add", "moved", clipped, middle), graph.Uint8)
	b.model.Constants = append(b.model.Constants, graph.Constant{Value: t, Raw: raw})
	b.model.Inputs = []graph.Value{{Name: "x", Type: graph.Uint8, Shape: []int64{t.Shape[1], vectorCount}}}
	b.model.Outputs = []graph.Value{{Name: "y", Type: graph.Uint8, Shape: []int64{t.Shape[0], vectorCount}}}
	return b.model
}

func (s *hostShelf) put(first uint64, rows []byte) error {
	copy(s.rows[first*uint64(s.width):], rows)
	return nil
}

func (s *hostShelf) times(ctx context.Context, x []byte, wanted func(uint64, int) bool, take func(uint64, []byte)) error {
	shape, xShape, yShape := []int64{int64(s.tile), int64(s.width)}, []int64{int64(s.width), vectorCount}, []int64{int64(s.tile), vectorCount}
	for at := 0; at < len(s.rows); at += s.tile * s.width {
		if !wanted(uint64(at/s.width), s.tile) {
			continue
		}
		in := []ort.Tensor{ort.Bytes(shape, s.rows[at:at+s.tile*s.width]), ort.Bytes(xShape, x)}
		if err := s.session.Run(ctx, in, []ort.Tensor{ort.Bytes(yShape, s.out)}); err != nil {
			return err
		}
		take(uint64(at/s.width), s.out)
	}
	return nil
}

func (s *hostShelf) close() error {
	s.rows = nil
	return s.session.Close()
}

// A tile is the constant of one session. Each session costs a device some memory of its
// own, and each tile the host several times its size while it is loaded; 1 GiB stays well
// under the 2 GiB that a serialized model may hold.
const (
	mostTiles    = 64
	smallestTile = 64 << 20
	largestTile  = 1 << 30
)

// tileOf is how many bytes of a table of so many one session takes.
func tileOf(table uint64) int {
	return int(min(max(table/mostTiles, smallestTile), largestTile))
}

// deviceShelf keeps the table as constants of sessions, which a provider holds in its own
// memory. In the host's memory there is one tile at a time.
type deviceShelf struct {
	prover   *Prover
	work     Work
	tile     int // bytes that make a session
	pending  []byte
	first    uint64 // row of pending's first byte
	sessions []tiled
}

type tiled struct {
	session *ort.Session
	first   uint64
	rows    int
}

func (s *deviceShelf) put(first uint64, rows []byte) error {
	if s.pending == nil {
		s.pending = make([]byte, 0, s.tile+len(rows))
	}
	s.pending = append(s.pending, rows...)
	end := first + uint64(len(rows)/s.work.Width)
	if len(s.pending) < s.tile && end < s.work.Rows {
		return nil
	}
	t := tiled{first: s.first, rows: len(s.pending) / s.work.Width}
	table := graph.Value{Name: "t", Type: graph.Uint8, Shape: []int64{int64(t.rows), int64(s.work.Width)}}
	product := quantizedProduct
	if s.prover.path == Integers {
		product = integerProduct
	}
	var err error
	t.session, err = s.prover.runtime.NewSession(product(table, s.pending).Encode(), ort.Options{Provider: s.prover.provider, Threads: s.prover.threads, Constants: true})
	if err != nil {
		return fmt.Errorf("put %d MiB of the table on %s: %w", len(s.pending)>>20, s.prover.provider, err)
	}
	s.sessions = append(s.sessions, t)
	s.pending, s.first = s.pending[:0], end
	return nil
}

func (s *deviceShelf) times(ctx context.Context, x []byte, wanted func(uint64, int) bool, take func(uint64, []byte)) error {
	for _, t := range s.sessions {
		if !wanted(t.first, t.rows) {
			continue
		}
		y := make([]byte, t.rows*vectorCount)
		in, out := ort.Bytes([]int64{int64(s.work.Width), vectorCount}, x), ort.Bytes([]int64{int64(t.rows), vectorCount}, y)
		if err := t.session.Run(ctx, []ort.Tensor{in}, []ort.Tensor{out}); err != nil {
			return err
		}
		take(t.first, y)
	}
	return nil
}

func (s *deviceShelf) close() error {
	var errs []error
	for _, t := range s.sessions {
		errs = append(errs, t.session.Close())
	}
	s.sessions = nil
	return errors.Join(errs...)
}
