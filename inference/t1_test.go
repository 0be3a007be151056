package inference_test

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/testdata"
)

// The real model on the real head. An adult's brain has 350–800 ml of white and
// 450–1000 ml of grey matter; a wrong axis order or scale leaves that range at once.
func TestAnalyzeT1(t *testing.T) {
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	rt, s := warm(t, pkg, 0)
	tar := study(t, "t1", testdata.T1Study())
	got, err := inference.Analyze(t.Context(), rt, s, pkg, tar, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, limits := range [][2]float64{{350, 800}, {450, 1000}} {
		seg := got.Findings.Segments[i]
		t.Logf("%s: %.0f ml", seg.Name, seg.VolumeML)
		if seg.VolumeML < limits[0] || seg.VolumeML > limits[1] {
			t.Errorf("%s: %.0f ml; want %v", seg.Name, seg.VolumeML, limits)
		}
	}
	t.Logf("phases %v", got.Findings.Phases)
	checkFiles(t, got, segmented...)
}

// BenchmarkT1 runs the whole of Analyze and the bare session on the same tensor in
// turns. ratio is the median of the former over the median of the latter; the goal is
// 1.10 or less. cpu-ratio compares the processor time of both, which other load on the
// machine hardly touches; it does not see what runs in parallel. value and against are
// the medians in ms.
func BenchmarkT1(b *testing.B) {
	pkg, err := reference.Package()
	if err != nil {
		b.Fatal(err)
	}
	rt, s := warm(b, pkg, 0)
	tar := study(b, "t1", testdata.T1Study())
	img, err := volume.Conform(sourceImage(b, tar), pkg.Manifest.Preprocess)
	if err != nil {
		b.Fatal(err)
	}
	edges := []int64{int64(img.Size[2]), int64(img.Size[1]), int64(img.Size[0])}
	in := []ort.Tensor{ort.Floats(append([]int64{1, 1}, edges...), img.Data)}
	out := []ort.Tensor{ort.Bytes(edges, make([]uint8, img.Voxels()))}
	var bare, whole []time.Duration
	var bareCPU, wholeCPU time.Duration
	const rounds = 7
	for range rounds {
		started, before := time.Now(), processorTime(b)
		if err := s.Run(b.Context(), in, out); err != nil {
			b.Fatal(err)
		}
		bare = append(bare, time.Since(started))
		bareCPU += processorTime(b) - before
		started, before = time.Now(), processorTime(b)
		r, err := inference.Analyze(b.Context(), rt, s, pkg, tar, nil)
		if err != nil {
			b.Fatal(err)
		}
		whole = append(whole, time.Since(started))
		wholeCPU += processorTime(b) - before
		b.Logf("bare %v, whole %v %v", bare[len(bare)-1].Round(time.Millisecond), whole[len(whole)-1].Round(time.Millisecond), r.Findings.Phases)
	}
	slices.Sort(bare)
	slices.Sort(whole)
	b.ReportMetric(bare[rounds/2].Seconds()*1000, "against")
	b.ReportMetric(whole[rounds/2].Seconds()*1000, "value")
	b.ReportMetric(float64(whole[rounds/2])/float64(bare[rounds/2]), "ratio")
	b.ReportMetric(float64(wholeCPU)/float64(bareCPU), "cpu-ratio")
}

// processorTime is what this process has used, in user and kernel mode.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
