package sim_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/medhive/medhive/scheduler"
)

// A bubble of virtual time belongs to a test, so a benchmark runs the test in a process
// of its own and reads its report.
func simulate(b *testing.B, test string, into any, arguments ...string) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "report.json")
	run := exec.CommandContext(b.Context(), self, append([]string{"-test.run=^" + test + "$", "-report=" + path}, arguments...)...)
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	ran := run.Run() // a run that misses its bound fails too, and is reported all the same
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatalf("no report: %v; the run said %v: %s", err, ran, said.Bytes())
	}
	if err := json.Unmarshal(data, into); err != nil {
		b.Fatal(err)
	}
	b.Log(said.String())
}

// class is a calm market of a thousand nodes, seen by one class.
func calmThousand(b *testing.B, class scheduler.Class) classReport {
	b.Helper()
	var r report
	simulate(b, "TestMarket", &r, "-nodes=1000", "-tasks=300", "-loss=0.001", "-calm")
	for _, c := range r.Classes {
		if c.Class == class.String() {
			return c
		}
	}
	b.Fatalf("no %v task was matched", class)
	return classReport{}
}

func BenchmarkSim1000STAT(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(calmThousand(b, scheduler.STAT).BeyondP99, "value")
	}
	b.ReportMetric(statBeyondMS, "against")
}

func BenchmarkSim1000Routine(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(calmThousand(b, scheduler.Routine).MatchP99, "value")
	}
	b.ReportMetric(routineP99MS, "against")
}

func BenchmarkUnderAttack(b *testing.B) {
	for b.Loop() {
		var r attackReport
		simulate(b, "TestUnderAttack", &r, "-nodes=50", "-attack=1m", "-loss=0.001")
		b.ReportMetric(r.Attacked.Rate, "value")
		b.ReportMetric(r.Calm.Rate, "against")
	}
}
