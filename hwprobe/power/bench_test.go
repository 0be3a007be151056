package power

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// processorTime is what this process has used of processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSampling is the processor time that one look at all sensors of the machine
// with the most of them takes, as a share of the second between two looks. The sensors of
// a real machine take longer where they ask a chip (an INA3221 half a millisecond for each
// of its values), which is waiting and not computing.
func BenchmarkSampling(b *testing.B) {
	sys := os.DirFS(filepath.Join("testdata", "server-xeon", "sys"))
	m, _ := find(b.Context(), sysfs{sys}, fstest.MapFS{}, Config{Every: DefaultEvery})
	if len(m.sensors) != 2 {
		b.Fatalf("%d sensors", len(m.sensors))
	}
	before := processorTime(b)
	for b.Loop() {
		for _, s := range m.sensors {
			got, err := s.read(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			s.curve.add(got)
			s.curve.forget(got.at)
		}
	}
	used := processorTime(b) - before
	b.ReportMetric(used.Seconds()/float64(b.N)/DefaultEvery.Seconds(), "core")
}
