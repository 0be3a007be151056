package challenge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/ort/graph"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openRuntime(t testing.TB) *ort.Runtime {
	t.Helper()
	lib, err := ort.Locate("")
	must(t, err)
	r, err := ort.Open(lib)
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// on is a prover of one path on the CPU.
func on(t testing.TB, path Path) *Prover {
	t.Helper()
	return &Prover{runtime: openRuntime(t), provider: ort.CPU, path: path}
}

func nonceOf(text string) [32]byte { return sha256.Sum256([]byte(text)) }

func TestEveryPathGivesTheSameRoot(t *testing.T) {
	for _, width := range []int{512, 1024, 2048} {
		w := Work{Kind: Compute, Width: width, Layers: 2, Rows: minRows}
		var first Root
		for _, path := range []Path{Quantized, Floats, Integers} {
			if path == Integers && width > 512 {
				continue // s8×s8 is slow on a CPU; one width shows that it is exact
			}
			proof, err := on(t, path).Prove(t.Context(), w, Seed{9})
			must(t, err)
			root := proof.Root()
			must(t, proof.Close())
			if first == (Root{}) {
				first = root
			}
			if root != first {
				t.Errorf("width %d: %s gives %x, %s gave %x", width, path, root[:4], Quantized, first[:4])
			}
		}
	}
}

func TestAProofHoldsForItsSeedRootAndNonceOnly(t *testing.T) {
	w := Work{Kind: Compute, Width: 512, Layers: 2, Rows: minRows + rowMultiple}
	seed, nonce := Seed{1}, nonceOf("nonce")
	proof, err := on(t, Quantized).Prove(t.Context(), w, seed)
	must(t, err)
	defer func() { must(t, proof.Close()) }()
	opening, err := proof.Open(t.Context(), nonce)
	must(t, err)
	root, none := proof.Root(), [32]byte{}
	must(t, Verify(w, seed, none, root, nonce, opening))
	if len(opening) > MaxOpening {
		t.Errorf("the opening has %d bytes, the bound is %d", len(opening), MaxOpening)
	}
	other := w
	other.Layers = 3
	cases := map[string]error{
		"another seed":  Verify(w, Seed{2}, none, root, nonce, opening),
		"another nonce": Verify(w, seed, none, root, nonceOf("other"), opening),
		"another root":  Verify(w, seed, none, Root{1}, nonce, opening),
		"another work":  Verify(other, seed, none, root, nonce, opening),
		"cut short":     Verify(w, seed, none, root, nonce, opening[:len(opening)-32]),
		"a byte more":   Verify(w, seed, none, root, nonce, append(bytes.Clone(opening), 0)),
		"nothing":       Verify(w, seed, none, root, nonce, nil),
	}
	for at := 0; at < len(opening); at += len(opening)/7 + 1 {
		broken := bytes.Clone(opening)
		broken[at] ^= 0x10
		cases["a broken byte"] = Verify(w, seed, none, root, nonce, broken)
		if !errors.Is(cases["a broken byte"], ErrFalse) {
			t.Fatalf("byte %d broken: %v", at, cases["a broken byte"])
		}
	}
	for name, err := range cases {
		if !errors.Is(err, ErrFalse) {
			t.Errorf("%s: %v, want ErrFalse", name, err)
		}
	}
}

func TestAWalkHoldsForItsTableAndNoncesOnly(t *testing.T) {
	w := Work{Kind: Memory, Width: 512, Layers: 1, Rows: minRows, Passes: 3}
	seed, start, nonce := Seed{3}, nonceOf("start"), nonceOf("nonce")
	prover := on(t, Quantized)
	table, err := prover.Fill(t.Context(), w, seed)
	must(t, err)
	defer func() { must(t, table.Close()) }()
	walk, err := table.Walk(t.Context(), start)
	must(t, err)
	opening, err := walk.Open(t.Context(), nonce)
	must(t, err)
	must(t, Verify(w, seed, start, walk.Root(), nonce, opening))
	for name, err := range map[string]error{
		"another start": Verify(w, seed, nonceOf("other"), walk.Root(), nonce, opening),
		"another seed":  Verify(w, Seed{4}, start, walk.Root(), nonce, opening),
		"another nonce": Verify(w, seed, start, walk.Root(), nonceOf("other"), opening),
		"cut short":     Verify(w, seed, start, walk.Root(), nonce, opening[32:]),
		"other roots":   Verify(w, seed, start, walk.Root(), nonce, append(bytes.Repeat([]byte{1}, 96), opening[96:]...)),
	} {
		if !errors.Is(err, ErrFalse) {
			t.Errorf("%s: %v, want ErrFalse", name, err)
		}
	}
	// Held by a device as constants the same table gives the same walk, on either path.
	for _, path := range []Path{Quantized, Integers} {
		device := &Table{work: w, shelf: &deviceShelf{prover: on(t, path), work: w, tile: int(w.TableBytes() / 2)}}
		host := table.shelf.(*hostShelf)
		const part = minRows / 2
		for first := uint64(0); first < w.Rows; first += part {
			must(t, device.shelf.put(first, host.rows[first*uint64(w.Width):(first+part)*uint64(w.Width)]))
		}
		if got := len(device.shelf.(*deviceShelf).sessions); got != 2 {
			t.Errorf("a table of two tiles lies in %d sessions", got)
		}
		again, err := device.Walk(t.Context(), start)
		must(t, err)
		if again.Root() != walk.Root() {
			t.Errorf("a table held as constants walks differently as %s", path)
		}
		reopened, err := again.Open(t.Context(), nonce)
		must(t, err)
		if !bytes.Equal(reopened, opening) {
			t.Errorf("a table held as constants opens differently as %s", path)
		}
		must(t, device.Close())
	}
}

func TestATableLiesInFewSessions(t *testing.T) {
	const serialized = 2 << 30 // what protobuf can hold
	for table := uint64(1 << 20); table <= 128<<30; table *= 2 {
		tile := tileOf(table)
		batch := 16 * rowMultiple * maxTableWidth // put adds so much at a time
		if sessions := table / uint64(tile); sessions > 128 || tile+batch >= serialized {
			t.Errorf("a table of %d MiB lies in %d sessions of %d MiB", table>>20, sessions, tile>>20)
		}
	}
}

func TestAProverTakesTheFastestExactPath(t *testing.T) {
	p, err := NewProver(t.Context(), openRuntime(t), ort.CPU, 0)
	must(t, err)
	if p.Path() == Integers {
		t.Errorf("the CPU computes challenges as %s, its slowest path", p.Path())
	}
	if _, err := NewProver(t.Context(), openRuntime(t), "no such provider", 0); err == nil {
		t.Error("a provider that does not exist proves")
	}
}

func TestAProverRefusesWhatIsOutOfBounds(t *testing.T) {
	p := &Prover{path: Floats}
	for name, w := range map[string]Work{
		"a memory work": {Kind: Memory, Width: 512, Layers: 1, Rows: minRows, Passes: 1},
		"no rows":       {Kind: Compute, Width: 512, Layers: 1},
		"absurd rows":   {Kind: Compute, Width: 512, Layers: 1, Rows: 1 << 60},
		"odd width":     {Kind: Compute, Width: 513, Layers: 1, Rows: minRows},
		"many weights":  {Kind: Compute, Width: 2048, Layers: 64, Rows: minRows},
	} {
		if _, err := p.Prove(t.Context(), w, Seed{}); err == nil {
			t.Errorf("%s is proved", name)
		}
	}
	for name, w := range map[string]Work{
		"a compute work": {Kind: Compute, Width: 512, Layers: 1, Rows: minRows},
		"no passes":      {Kind: Memory, Width: 512, Layers: 1, Rows: minRows},
		"a wide table":   {Kind: Memory, Width: 2048, Layers: 1, Rows: minRows, Passes: 1},
	} {
		if _, err := p.Fill(t.Context(), w, Seed{}); err == nil || errors.Is(err, ErrUnable) {
			t.Errorf("%s is filled: %v", name, err)
		}
	}
	good := Work{Kind: Memory, Width: 512, Layers: 1, Rows: minRows, Passes: 1}
	if _, err := p.Fill(t.Context(), good, Seed{}); !errors.Is(err, ErrUnable) {
		t.Errorf("a table in float32: %v, want ErrUnable", err)
	}
}

func TestProvingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := Work{Kind: Compute, Width: 512, Layers: 1, Rows: minRows}
	if _, err := on(t, Quantized).Prove(ctx, w, Seed{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// An opening is a stranger's: whatever it holds, it is taken for false and nothing breaks.
func FuzzVerify(f *testing.F) {
	compute := Work{Kind: Compute, Width: 512, Layers: 1, Rows: minRows}
	memory := Work{Kind: Memory, Width: 512, Layers: 1, Rows: minRows, Passes: 2}
	seed := Seed{1}
	verifiers := map[bool]*verifier{false: newVerifier(compute, seed), true: newVerifier(memory, seed)}
	f.Add(false, []byte{1}, []byte{2}, make([]byte, Openings*13*32))
	f.Add(true, []byte{1}, []byte{2}, make([]byte, (Openings*10+2)*32))
	f.Fuzz(func(t *testing.T, table bool, root, nonce, opening []byte) {
		var r Root
		var n [32]byte
		copy(r[:], root)
		copy(n[:], nonce)
		if err := verifiers[table].verify([32]byte{}, r, n, opening); !errors.Is(err, ErrFalse) {
			t.Fatalf("%d bytes of nothing: %v", len(opening), err)
		}
	})
}

// processorTime is what this process has used of all processors: unlike the time on the
// wall it does not hang on how busy the machine is.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCost is what a challenge costs both sides in processor time: verifying in ms,
// against a hundredth of proving.
func BenchmarkCost(b *testing.B) {
	p, err := NewProver(b.Context(), openRuntime(b), ort.CPU, 0)
	must(b, err)
	w, err := ComputeWork(0.9, Length)
	must(b, err)
	var proving, opening, verifying, wall time.Duration
	for b.Loop() {
		begun, clock := processorTime(b), time.Now()
		proof, err := p.Prove(b.Context(), w, Seed{1})
		must(b, err)
		proving, wall = proving+processorTime(b)-begun, wall+time.Since(clock)
		begun = processorTime(b)
		answer, err := proof.Open(b.Context(), [32]byte{1})
		must(b, err)
		opening += processorTime(b) - begun
		begun = processorTime(b)
		must(b, Verify(w, Seed{1}, [32]byte{}, proof.Root(), [32]byte{1}, answer))
		verifying += processorTime(b) - begun
		must(b, proof.Close())
		b.ReportMetric(float64(len(answer))/1024, "KiB-opened")
	}
	b.ReportMetric(w.Rate(wall/time.Duration(b.N)), "TOPS")
	b.ReportMetric(float64(opening.Milliseconds())/float64(b.N), "ms-open")
	b.ReportMetric(float64(verifying.Microseconds())/1e3/float64(b.N), "value")
	b.ReportMetric(float64(proving.Microseconds())/1e5/float64(b.N), "against")
}

// BenchmarkWalk reads a table of 512 MiB, and says how fast.
func BenchmarkWalk(b *testing.B) {
	if os.Getenv("MEDHIVE_BIG_TABLE") == "" {
		b.Log("a table of 64 MiB; MEDHIVE_BIG_TABLE=1 makes it 1 GiB")
	}
	size := uint64(64 << 20)
	if os.Getenv("MEDHIVE_BIG_TABLE") != "" {
		size = 1 << 30
	}
	w, err := MemoryWork(size, 0.9, HostBandwidth)
	must(b, err)
	var filling, walking time.Duration
	for b.Loop() {
		begun := time.Now()
		table, err := on(b, Quantized).Fill(b.Context(), w, Seed{1})
		must(b, err)
		filling += time.Since(begun)
		begun = time.Now()
		_, err = table.Walk(b.Context(), [32]byte{1})
		must(b, err)
		walking += time.Since(begun)
		must(b, table.Close())
	}
	b.ReportMetric(float64(w.Layers), "layers")
	b.ReportMetric(float64(w.TableBytes())*float64(b.N)/filling.Seconds()/1e9, "GB/s-filled")
	b.ReportMetric(float64(w.TableBytes())*float64(w.Passes)*float64(b.N)/walking.Seconds()/1e9, "GB/s-walked")
}

// BenchmarkProveAgainstProduct holds a whole proof at its real length, its loading and
// hashing included, against a bare int8 product like the one that a profile's figure is
// measured with, in turns, both by the clock that a verdict goes by.
func BenchmarkProveAgainstProduct(b *testing.B) {
	r := openRuntime(b)
	p, err := NewProver(b.Context(), r, ort.CPU, 0)
	must(b, err)
	const edge, turns = 1024, 3
	shape := []int64{edge, edge}
	random := rand.NewChaCha8([32]byte{1})
	matrix := func() []byte {
		raw := make([]byte, edge*edge)
		_, _ = random.Read(raw) // never fails
		return raw
	}
	model := graph.Model{
		Nodes:     []graph.Node{{Op: "MatMulInteger", Inputs: []string{"a", "b"}, Outputs: []string{"c"}}},
		Inputs:    []graph.Value{{Name: "a", Type: graph.Uint8, Shape: shape}},
		Outputs:   []graph.Value{{Name: "c", Type: graph.Int32, Shape: shape}},
		Constants: []graph.Constant{{Value: graph.Value{Name: "b", Type: graph.Int8, Shape: shape}, Raw: matrix()}},
	}
	s, err := r.NewSession(model.Encode(), ort.Options{Provider: ort.CPU})
	must(b, err)
	defer func() { must(b, s.Close()) }()
	in, out := []ort.Tensor{ort.Bytes(shape, matrix())}, []ort.Tensor{ort.Ints(shape, make([]int32, edge*edge))}
	bare := func() float64 { // TOPS
		begun, runs := time.Now(), 0
		for time.Since(begun) < 3*time.Second {
			must(b, s.Run(b.Context(), in, out))
			runs++
		}
		return 2 * edge * edge * edge * float64(runs) / time.Since(begun).Seconds() / 1e12
	}
	w, err := ComputeWork(1.5, Length)
	must(b, err)
	var rate, share float64
	for b.Loop() {
		var rates, shares []float64
		for range turns {
			before := bare()
			begun := time.Now()
			proof, err := p.Prove(b.Context(), w, Seed{1})
			must(b, err)
			proved := w.Rate(time.Since(begun))
			must(b, proof.Close())
			rates, shares = append(rates, proved), append(shares, proved/((before+bare())/2))
		}
		slices.Sort(rates)
		slices.Sort(shares)
		rate, share = rates[turns/2], shares[turns/2]
	}
	b.ReportMetric(rate, "value")
	b.ReportMetric(rate/share, "against")
}
