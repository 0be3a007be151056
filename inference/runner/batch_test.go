package runner_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/testdata"
)

// BenchmarkBatch20 sends 20 studies in a row through a pool, from the tar to the report,
// and runs the bare model on the same tensor as often, half before and half after. value
// and against are studies a minute; ratio is the former over the latter, the goal is 0.95
// or more. cpu-ratio is the processor time of the runners over that of the bare runs,
// which other load on the machine touches less.
func BenchmarkBatch20(b *testing.B) {
	const studies = 20
	pkg, err := reference.Package()
	if err != nil {
		b.Fatal(err)
	}
	tar := study(b, "t1", testdata.T1Study())
	bare := newBare(b, pkg, tar)
	bare.run(b) // the first one fills the arena
	pool := runner.NewPool(options(b, models.Package{}))
	var bareTime, bareCPU time.Duration
	half := func() {
		started, before := time.Now(), processorTime(b, unix.RUSAGE_SELF)
		for range studies / 2 {
			bare.run(b)
		}
		bareTime += time.Since(started)
		bareCPU += processorTime(b, unix.RUSAGE_SELF) - before
	}
	half()
	childrenBefore := processorTime(b, unix.RUSAGE_CHILDREN)
	for range runner.DefaultLanes { // as they are after a job
		if _, err := pool.Analyze(b.Context(), pkg, tar, nil); err != nil {
			b.Fatal(err)
		}
	}
	queue := make(chan struct{}, studies)
	for range studies {
		queue <- struct{}{}
	}
	close(queue)
	var clinics sync.WaitGroup
	started := time.Now()
	for range runner.DefaultLanes {
		clinics.Go(func() {
			for range queue {
				if _, err := pool.Analyze(b.Context(), pkg, tar, nil); err != nil {
					b.Error(err)
				}
			}
		})
	}
	clinics.Wait()
	whole := time.Since(started)
	if err := pool.Close(); err != nil { // its children are counted once they have ended
		b.Fatal(err)
	}
	perJob := (processorTime(b, unix.RUSAGE_CHILDREN) - childrenBefore) / (studies + runner.DefaultLanes)
	half()
	b.ReportMetric(studies/whole.Minutes(), "value")
	b.ReportMetric(studies/bareTime.Minutes(), "against")
	b.ReportMetric(float64(bareTime)/float64(whole), "ratio")
	b.ReportMetric(float64(perJob)/float64(bareCPU/studies), "cpu-ratio")
}

// bare is ONNX Runtime alone on a study's tensor, warm, with the options of a job.
type bare struct {
	session *ort.Session
	in, out []ort.Tensor
}

func newBare(b *testing.B, pkg models.Package, tar []byte) *bare {
	b.Helper()
	lib, err := ort.Locate("")
	if err != nil {
		b.Fatal(err)
	}
	rt, err := ort.Open(lib)
	if err != nil {
		b.Fatal(err)
	}
	s, err := inference.NewSession(rt, pkg, ort.CPU, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
		if err := rt.Close(); err != nil {
			b.Error(err)
		}
	})
	img, err := volume.Conform(sourceImage(b, tar), pkg.Manifest.Preprocess)
	if err != nil {
		b.Fatal(err)
	}
	edges := []int64{int64(img.Size[2]), int64(img.Size[1]), int64(img.Size[0])}
	return &bare{s,
		[]ort.Tensor{ort.Floats(append([]int64{1, 1}, edges...), img.Data)},
		[]ort.Tensor{ort.Bytes(edges, make([]uint8, img.Voxels()))}}
}

func (m *bare) run(b *testing.B) {
	b.Helper()
	if err := m.session.Run(b.Context(), m.in, m.out); err != nil {
		b.Fatal(err)
	}
}

// sourceImage is the study's one series as a volume.
func sourceImage(b *testing.B, tar []byte) *volume.Image {
	b.Helper()
	limits := dicom.DefaultLimits()
	files, err := dicom.ReadTar(bytes.NewReader(tar), limits)
	if err != nil {
		b.Fatal(err)
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR"}, limits)
	if err != nil {
		b.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		b.Fatal(err)
	}
	return img
}

// processorTime is what this process, or its children that have ended, used in user and
// kernel mode.
func processorTime(b *testing.B, who int) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
