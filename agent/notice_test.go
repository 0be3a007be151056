package agent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/testdata"
)

// Whoever waits for a result in the archive or the record system is told that there
// is none, and under which patient.
func TestATaskWithoutAResultLeavesANotice(t *testing.T) {
	home := t.TempDir()
	loopback, network := []string{"/ip4/127.0.0.1/tcp/0"}, NetworkPath(home)
	chain, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: network, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, chain.Close) })
	clinic, err := StartClinic(t.Context(), ClinicConfig{Name: "clinic", State: ClinicState(home, "clinic"), Listen: loopback, Network: chain.Network()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, clinic.Close) })
	study := filepath.Join(home, "study.zip")
	if err := os.WriteFile(study, testdata.SmallStudy(), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := clinic.Submit(t.Context(), Submission{ // nobody is there to bid
		Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: time.Second,
	})
	if !errors.Is(err, ErrNoResult) {
		t.Fatalf("got %v, want %v", err, ErrNoResult)
	}
	if report.Outcome != inference.Failed || report.Reason == "" || len(report.Files) != 2 {
		t.Errorf("the report says %q, %q and names the files %v", report.Outcome, report.Reason, report.Files)
	}
	for _, file := range report.Files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte("NOT FOR CLINICAL USE")) || len(identifiersIn(t, data)) == 0 {
			t.Errorf("%s lacks the warning or the patient", filepath.Base(file))
		}
	}
}
