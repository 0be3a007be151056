package canary_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	binding "github.com/yalue/onnxruntime_go"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/testdata/vulkan"
)

// comparisons of honest results that TestHonestNodesAreNotFlagged makes.
var comparisons = flag.Int("comparisons", 900, "comparisons of honest results; 100000 take some 10 minutes on two cores")

// edge of the cubes that are compared, in voxels of 1 mm. A small cube is the hard case: a
// structure has a few dozen to a few thousand voxels, of which one is a large part.
const edge = 16

// classes of the reference model: background, white and grey matter.
const classes = 3

// honest is one way to compute the same model: labels, and the scores that they come from,
// [class][voxel].
type honest struct {
	name string
	run  func(ctx context.Context, voxels []float32, labels []uint8, scores []float32) error
}

var (
	cube   = []int64{edge, edge, edge}
	image  = append([]int64{1, 1}, cube...)
	scored = append([]int64{1, classes}, cube...)
)

// throughSession runs a session of the product's own.
func throughSession(t testing.TB, name string, weights []byte, threads int) honest {
	t.Helper()
	sess, err := openRuntime(t).NewSession(withScores(weights), ort.Options{Provider: ort.CPU, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sess.Close(); err != nil {
			t.Error(err)
		}
	})
	return honest{name, func(ctx context.Context, voxels []float32, labels []uint8, scores []float32) error {
		return sess.Run(ctx, []ort.Tensor{ort.Floats(image, voxels)}, []ort.Tensor{ort.Bytes(cube, labels), ort.Floats(scored, scores)})
	}}
}

// throughBinding runs a session with options that the product does not have.
func throughBinding(t testing.TB, name string, m models.Manifest, weights []byte, set func(*binding.SessionOptions) error) honest {
	t.Helper()
	openRuntime(t)
	options, err := binding.NewSessionOptions()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = options.Destroy() }()
	if err := errors.Join(options.SetIntraOpNumThreads(1), set(options)); err != nil {
		t.Fatal(err)
	}
	sess, err := binding.NewDynamicAdvancedSessionWithONNXData(withScores(weights), []string{m.Input.Name}, []string{m.Output.Name, scoresName}, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sess.Destroy(); err != nil {
			t.Error(err)
		}
	})
	return honest{name, func(_ context.Context, voxels []float32, labels []uint8, scores []float32) error {
		in, err := binding.NewTensor(image, voxels)
		if err != nil {
			return err
		}
		defer func() { _ = in.Destroy() }()
		out, err := binding.NewTensor(cube, labels)
		if err != nil {
			return err
		}
		defer func() { _ = out.Destroy() }()
		values, err := binding.NewTensor(scored, scores)
		if err != nil {
			return err
		}
		defer func() { _ = values.Destroy() }()
		return sess.Run([]binding.Value{in}, []binding.Value{out, values})
	}}
}

// otherPreprocessing stands for a machine whose compiler fuses multiplications and additions
// of the preprocessing: each voxel differs by up to 1e-6 of itself.
func otherPreprocessing(of honest, source *rand.Rand) honest {
	const fused = 1e-6
	return honest{"preprocessing in another arithmetic", func(ctx context.Context, voxels []float32, labels []uint8, scores []float32) error {
		bent := make([]float32, len(voxels))
		for n, v := range voxels {
			bent[n] = v * float32(1+fused*(2*source.Float64()-1))
		}
		return of.run(ctx, bent, labels, scores)
	}}
}

// cubes gives places in canaries of the head, conformed as the model sees them, each with
// brain in it.
func cubes(t testing.TB, m models.Manifest, study []byte, source *rand.Rand) func() []float32 {
	t.Helper()
	var images []*volume.Image
	const canaries = 4
	for seed := range byte(canaries) {
		out, err := canary.Perturb(study, seeded(100+seed))
		if err != nil {
			t.Fatal(err)
		}
		files, err := dicom.OpenTar(out, dicom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR", MinSlices: m.Selection.MinSlices, MaxSpacingMM: m.Selection.MaxSpacingMM}, dicom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		img, err := series.Image()
		if err != nil {
			t.Fatal(err)
		}
		conformed, err := volume.Conform(img, m.Preprocess)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, conformed)
	}
	return func() []float32 {
		for {
			img := images[source.IntN(len(images))]
			s := img.Size
			i, j, k := source.IntN(s[0]-edge+1), source.IntN(s[1]-edge+1), source.IntN(s[2]-edge+1)
			voxels := make([]float32, 0, edge*edge*edge)
			for z := k; z < k+edge; z++ {
				for y := j; y < j+edge; y++ {
					at := (z*s[1]+y)*s[0] + i
					voxels = append(voxels, img.Data[at:at+edge]...)
				}
			}
			sum := float32(0)
			for _, v := range voxels {
				sum += v
			}
			const tissue = 0.2 // mean of a cube that is mostly head, of 1
			if sum/float32(len(voxels)) > tissue {
				return voxels
			}
		}
	}
}

// answer is what one way of computing gave for a cube, as a result states it.
type answer struct {
	labels   labelmap.Set
	findings inference.Findings
	scores   []float32
}

// ask computes a cube in one way.
func (w honest) ask(t testing.TB, m models.Manifest, voxels []float32) answer {
	t.Helper()
	labels, scores := make([]uint8, edge*edge*edge), make([]float32, classes*edge*edge*edge)
	if err := w.run(t.Context(), voxels, labels, scores); err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	return answerOf(t, m, labels, scores)
}

func answerOf(t testing.TB, m models.Manifest, labels []uint8, scores []float32) answer {
	t.Helper()
	v, err := labelmap.Pack([3]int{edge, edge, edge}, labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{labels: labelmap.Set{Delivered: v}, scores: scores}
	counts := [256]int{}
	for _, l := range labels {
		counts[l]++
	}
	for _, l := range m.Structures() {
		a.findings.Segments = append(a.findings.Segments, inference.Segment{Label: l.Value, Name: l.Name, VoxelCount: counts[l.Value]})
		a.findings.Measurements = append(a.findings.Measurements, inference.Measurement{Kind: models.MeasureVolume, Label: l.Value, Value: float64(counts[l.Value]) / 1000})
	}
	return a
}

// shaken is an answer whose scores differ by up to so much, at random and everywhere: what a
// provider far worse than any that was seen would give.
func (a answer) shaken(t testing.TB, m models.Manifest, by float32, source *rand.Rand) answer {
	t.Helper()
	const voxels = edge * edge * edge
	labels := make([]uint8, voxels)
	for n := range labels {
		best := float32(-1)
		for c := range classes {
			if v := a.scores[c*voxels+n] + by*(2*source.Float32()-1); v > best {
				best, labels[n] = v, m.Labels[c].Value
			}
		}
	}
	return answerOf(t, m, labels, nil)
}

// tally is what comparisons came to.
type tally struct {
	compared, differed, flagged int
	voxels                      int     // that differed
	lowest                      float64 // Dice
	apart                       float64 // greatest difference of a score
}

func (c *tally) compare(t testing.TB, m models.Manifest, want, got answer) {
	t.Helper()
	b := canary.Bounds(m)
	found := agreement.Findings(b, want.findings, got.findings)
	_, differences := agreement.Labels(m, b, want.labels, got.labels)
	seen, err := labelmap.Compare(want.labels.Delivered, got.labels.Delivered)
	if err != nil {
		t.Fatal(err)
	}
	if c.compared++; c.compared == 1 {
		c.lowest = 1
	}
	if seen.Differ > 0 {
		c.differed++
		c.voxels += seen.Differ
	}
	for _, l := range m.Structures() {
		c.lowest = min(c.lowest, seen.Labels[l.Value].Dice())
	}
	for n := range got.scores {
		c.apart = max(c.apart, math.Abs(float64(want.scores[n]-got.scores[n])))
	}
	if len(found)+len(differences) > 0 {
		c.flagged++
	}
}

func (c tally) String() string {
	return fmt.Sprintf("%d comparisons, %d flagged (%.4f %%); scores differ by up to %.2g, in %d comparisons a voxel, %d voxels in all; least Dice %.4f",
		c.compared, c.flagged, 100*float64(c.flagged)/float64(max(1, c.compared)), c.apart, c.differed, c.voxels, c.lowest)
}

const (
	mostFlagged = 0.001 // of the comparisons
	// shakes is how many answers are made of each cube whose scores are off by worse times
	// what the ways were seen to differ by.
	shakes, worse = 45, 100
	orders        = 6 // in which sums are added up, besides the model's own
)

// Honest nodes are flagged in at most 0.1 % of the comparisons. What varies is said by the
// names: all compute the real model on canaries of a real head, cut into small cubes, and
// each way is compared with each other. The judgement is Compare's own, with its bounds, on
// labels and findings; TestHonestResultsAgree goes the whole way through DICOM.
func TestHonestNodesAreNotFlagged(t *testing.T) {
	pkg := headPackage(t)
	source := rand.New(rand.NewPCG(5, 6))
	next := cubes(t, pkg.Manifest, head(t, true), source)
	plain := throughSession(t, "cpu, 1 thread", pkg.Weights, 1)
	ways := []honest{
		plain,
		throughSession(t, "cpu, 2 threads", pkg.Weights, 2),
		throughBinding(t, "cpu, the graph not optimised", pkg.Manifest, pkg.Weights, func(o *binding.SessionOptions) error {
			return o.SetGraphOptimizationLevel(binding.GraphOptimizationLevelDisableAll)
		}),
		otherPreprocessing(plain, source),
	}
	sameSums := len(ways) - 1 // but for the last: these may be equal to the bit
	for n := range uint64(orders) {
		ways = append(ways, throughSession(t, fmt.Sprintf("sums in order %d", n+1), reordered(t, pkg.Weights, n+1), 1))
	}
	var all, far tally
	perWay := make([]tally, len(ways))
	for all.compared < *comparisons {
		voxels := next()
		answers := make([]answer, len(ways))
		for n, w := range ways {
			answers[n] = w.ask(t, pkg.Manifest, voxels)
			for k := range n {
				all.compare(t, pkg.Manifest, answers[k], answers[n])
			}
			if n > 0 {
				perWay[n].compare(t, pkg.Manifest, answers[0], answers[n])
			}
		}
		for range shakes {
			far.compare(t, pkg.Manifest, answers[0], answers[0].shaken(t, pkg.Manifest, float32(worse*all.apart), source))
		}
	}
	for n, w := range ways[1:] {
		t.Logf("%s against %s: %v", ways[0].name, w.name, perWay[n+1])
		if n+1 >= sameSums && perWay[n+1].apart == 0 {
			t.Errorf("%s: no score differs from %s, so nothing was tested", w.name, ways[0].name)
		}
	}
	t.Logf("each against each: %v", all)
	t.Logf("simulated, scores off by %d times that: %v", worse, far)
	for name, c := range map[string]tally{"honest": all, "shaken": far} {
		if float64(c.flagged) > mostFlagged*float64(c.compared) {
			t.Errorf("%s: %v; want at most %.1f %%", name, c, 100*mostFlagged)
		}
	}
}

// A second real provider, WebGPU, is not flagged against the CPU's reference either. The
// model's convolutions run there, its arithmetic on shapes on the CPU, which the product
// would refuse. It runs on a processor in software here, so on few cubes.
func TestNeedsVulkanIsNotFlagged(t *testing.T) {
	if !vulkan.Here(t) {
		return
	}
	pkg := headPackage(t)
	next := cubes(t, pkg.Manifest, head(t, true), rand.New(rand.NewPCG(7, 8)))
	cpu := throughSession(t, "cpu", pkg.Weights, 1)
	webgpu := throughBinding(t, "webgpu", pkg.Manifest, pkg.Weights, func(o *binding.SessionOptions) error {
		return o.AppendExecutionProvider("WebGPU", nil)
	})
	var c tally
	const cubesInSoftware = 3
	for range cubesInSoftware {
		voxels := next()
		c.compare(t, pkg.Manifest, cpu.ask(t, pkg.Manifest, voxels), webgpu.ask(t, pkg.Manifest, voxels))
	}
	t.Logf("cpu against webgpu: %v", c)
	if c.flagged > 0 || c.apart == 0 {
		t.Errorf("%v: want none flagged, and scores that differ", c)
	}
}

// The whole way: study, findings, DICOM, and back. Two honest nodes whose sums are added up
// in different orders agree on a canary by Compare.
func TestHonestResultsAgree(t *testing.T) {
	a := newAsked(t, 1)
	study, err := canary.Perturb(example(t), seeded(9))
	if err != nil {
		t.Fatal(err)
	}
	reference := encoded(t, a.result(t, study, true))
	sess, err := a.rt.NewSession(reordered(t, a.pkg.Weights, 1), ort.Options{Provider: ort.CPU, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	other := asked{a.rt, sess, a.pkg}
	f, j, reason := canary.CompareOutputs(a.pkg.Manifest, reference, encoded(t, other.result(t, study, false)))
	if err := sess.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, %+v", j, f)
	if j != attest.JudgedValid {
		t.Errorf("%s (%s), %+v", j, reason, f)
	}
}
