package epoch

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/score"
)

// crowd is gathered evidence of n registered nodes, sorted by address: four judged jobs and
// two windows of challenges each, a reputation and earnings from before.
func crowd(n int) (score.Epoch, func(common.Address) NodeState) {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	const jobs, windows, start = 4, 2, 1_790_000_000
	allJobs, allWindows := make([]score.Job, jobs*n), make([]score.Window, windows*n)
	nodes := make([]score.Evidence, n)
	places := []string{"DE", "FR", "NL", "US", ""}
	clinic := common.Address{1}
	for i := range nodes {
		var node common.Address
		binary.BigEndian.PutUint64(node[:], uint64(i)<<32|rng.Uint64()>>33) // ascending
		binary.BigEndian.PutUint64(node[8:], rng.Uint64())
		mine := allJobs[jobs*i : jobs*(i+1)]
		for j := range mine {
			begun := int64(start+j*20_000)*1000 + rng.Int64N(10_000_000)
			mine[j] = score.Job{Clinic: clinic, StartMS: begun, EndMS: begun + rng.Int64N(60_000), Accepted: rng.IntN(100) > 0, Late: rng.IntN(50) == 0}
		}
		seen := allWindows[windows*i : windows*(i+1)]
		for w := range seen {
			asked := 60 + rng.Uint64N(20)
			seen[w] = score.Window{At: int64(start/43_200 + w), Asked: asked, Answered: asked - rng.Uint64N(4)}
		}
		nodes[i] = score.Evidence{
			Node: node, Tier: rng.IntN(score.TierCount), Registered: true, Jurisdiction: places[rng.IntN(len(places))], Trust: score.TrustSoftware,
			Efficiency: score.Efficiency{Known: true, Share: score.Parts(rng.Uint64N(uint64(score.One)))},
			Before:     score.Reputation{Alpha: 990 * uint64(score.One), Beta: 4 * uint64(score.One)}, Jobs: mine, Windows: seen,
		}
	}
	sofar := score.Wei{Int: big.NewInt(7_654_321_000_000_000_000)}
	pool := new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(30_000_000_000_000_000))
	return score.Epoch{Seconds: 86_400, To: start + 86_400, Pool: pool, Demand: score.Demand{Offers: 1000, Unmet: 20}, Nodes: nodes},
		func(node common.Address) NodeState { return NodeState{Node: node, Cumulative: sofar, LastSeq: 9} }
}

// cost is what one epoch took.
type cost struct {
	wall, processor time.Duration
	bytes           int64
}

// proved scores, roots and proves the crowd, and has the proofs on disk.
func proved(t testing.TB, path string, e score.Epoch, before func(common.Address) NodeState) (cost, settlement) {
	t.Helper()
	begun, used := time.Now(), processorTime(t)
	lines := 0
	done, err := settle(score.DefaultParameters(), e, before, func(block []Line) { lines += len(block) })
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := done.writeProofs(file, 1, common.Hash{1}); err != nil {
		t.Fatal(err)
	}
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil || lines != len(e.Nodes) {
		t.Fatalf("%d lines of %d, %v", lines, len(e.Nodes), err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return cost{time.Since(begun), processorTime(t) - used, info.Size()}, done
}

// sample reads that many proofs from the file; each is checked against the root.
func sample(t testing.TB, path string, done settlement, proofs int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadProofs(file, info.Size())
	if err != nil || p.Root != common.Hash(done.tree.Root()) || p.Leaves() != len(done.leaves) {
		t.Fatalf("the file is of %d leaves under %s: %v", p.Leaves(), p.Root, err)
	}
	for i := range proofs {
		leaf := done.leaves[(i*7919)%len(done.leaves)]
		amount, _, err := p.Proof(leaf.node)
		if err != nil || amount.Cmp(new(big.Int).SetBytes(leaf.amount[:])) != 0 {
			t.Fatalf("%s: %s, %v; want %x", leaf.node, amount, err, leaf.amount)
		}
	}
}

func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// peakMB is the most memory that this process ever held, in 10⁶ bytes; 0 where the system
// does not say.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			if err != nil {
				return 0
			}
			return kib * 1024 / 1e6
		}
	}
	return 0
}

// large is the number of nodes that an epoch must hold, small the one that shows whether
// the cost of a node stays the same.
const large, small = 1_000_000, 10_000

// corePair is what the limits are for.
const corePair = 2

// BenchmarkEpoch1M scores the evidence of a million nodes, roots it and writes every proof
// to disk. It reports the seconds of a pair of cores: the clock's, and processor time by
// two where more runs on this machine than this benchmark. Verifying the statements behind
// the evidence is not part of it.
func BenchmarkEpoch1M(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(corePair))
	e, before := crowd(large)
	path := filepath.Join(b.TempDir(), ProofsFile)
	for b.Loop() {
		c, done := proved(b, path, e, before)
		b.StopTimer()
		sample(b, path, done, 2000)
		b.ReportMetric(c.wall.Seconds(), "value")
		b.ReportMetric(5, "against")
		b.ReportMetric(c.processor.Seconds()/corePair, "processor/pair")
		b.ReportMetric(float64(c.bytes)/1e6, "file/MB")
		b.StartTimer()
	}
}

// BenchmarkEpoch1MMemory is the most memory that the process held over BenchmarkEpoch1M's
// work, evidence included. Run it alone: the peak is of the whole process.
func BenchmarkEpoch1MMemory(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(corePair))
	e, before := crowd(large)
	path := filepath.Join(b.TempDir(), ProofsFile)
	for b.Loop() {
		_, done := proved(b, path, e, before)
		runtime.KeepAlive(done)
	}
	b.ReportMetric(peakMB(), "value")
	b.ReportMetric(1000, "against")
}

// BenchmarkEpochLinear is the processor time of a node in an epoch of a million nodes
// against that of one in an epoch of ten thousand.
func BenchmarkEpochLinear(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(corePair))
	path := filepath.Join(b.TempDir(), ProofsFile)
	perNode := func(n, rounds int) float64 {
		e, before := crowd(n)
		var spent time.Duration
		for range rounds {
			runtime.GC()
			c, _ := proved(b, path, e, before)
			spent += c.processor
		}
		return spent.Seconds() / float64(rounds) / float64(n) * 1e6
	}
	for b.Loop() {
		b.ReportMetric(perNode(small, large/small/4), "against")
		b.ReportMetric(perNode(large, 1), "value")
	}
}

// The million's way at a size that every run can afford: settle gives the lines and the
// root of Compute and NewTree, and the file proves each leaf.
func TestTheFastWayIsTheSameEpoch(t *testing.T) {
	e, before := crowd(5000) // more than one block of lines
	path := filepath.Join(t.TempDir(), ProofsFile)
	_, done := proved(t, path, e, before)
	scored, err := score.Compute(score.DefaultParameters(), e)
	if err != nil {
		t.Fatal(err)
	}
	var leaves []Leaf
	sum := new(big.Int)
	for _, l := range scored.Lines {
		amount := new(big.Int).Add(before(l.Node).Cumulative.Int, l.Reward.Int)
		leaves = append(leaves, Leaf{l.Node, amount})
		sum.Add(sum, amount)
	}
	if done.tree.Root() != NewTree(leaves).Root() || done.cumulative.Cmp(sum) != 0 || done.total.Cmp(scored.Total) != 0 {
		t.Errorf("root %x with %s wei, want %x with %s", done.tree.Root(), done.cumulative, NewTree(leaves).Root(), sum)
	}
	sample(t, path, done, len(leaves))
}

// Dealing into buckets is sorting.
func TestRankedIsSorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 1000, 1<<16 + 5} {
		hashes := make([][32]byte, n)
		for i := range hashes {
			binary.BigEndian.PutUint64(hashes[i][:], rng.Uint64()&^0xff<<8)
			hashes[i][31] = byte(rng.Uint32()) // the first 8 bytes may tie
		}
		before := ""
		seen := make([]bool, n)
		for _, i := range ranked(hashes) {
			if now := string(hashes[i][:]); now < before || seen[i] {
				t.Fatalf("%d hashes: %x after %x", n, now, before)
			} else {
				before, seen[i] = now, true
			}
		}
		if len(ranked(hashes)) != n {
			t.Fatal(fmt.Sprint(n, " hashes are not all ranked"))
		}
	}
}
