package main

import (
	"bytes"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/demo"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/testdata"
)

func TestDemoGoesTheWholeWay(t *testing.T) {
	p := newPerson(t)
	out := filepath.Join(p.home, "out")
	var s demo.Summary
	p.ask(&s, "demo", "--out", out)

	if len(s.Bids) != 3 || s.Provider != "cpu" || s.ORTVersion == "" || !s.ReceiptVerified {
		t.Errorf("%d bids, provider %q, ONNX Runtime %q, receipt verified %t", len(s.Bids), s.Provider, s.ORTVersion, s.ReceiptVerified)
	}
	if wei, ok := new(big.Int).SetString(s.ClaimedWei, 10); !ok || wei.Sign() <= 0 {
		t.Errorf("claimed %q wei", s.ClaimedWei)
	}
	if wei, ok := new(big.Int).SetString(s.RedeemedWei, 10); !ok || wei.Cmp(price(s)) != 0 {
		t.Errorf("redeemed %q wei, the winner's price is %v", s.RedeemedWei, price(s))
	}
	for name, ml := range s.TissueML {
		if ml < 200 || ml > 1500 { // of an adult's head
			t.Errorf("%s has %.0f ml", name, ml)
		}
	}
	if len(s.TissueML) != 2 {
		t.Errorf("tissues %v, want white and grey matter", s.TissueML)
	}
	for _, phase := range strings.Fields("intake deidentify seal offer_to_award transfer inference result deliver redeem score claim total") {
		if s.PhaseMS[phase] <= 0 {
			t.Errorf("phase %s took %v ms", phase, s.PhaseMS[phase])
		}
	}
	if s.PhaseMS["total"] >= 60_000 {
		t.Errorf("the demo took %v ms, the limit is a minute", s.PhaseMS["total"])
	}
	for _, name := range []string{"seg.dcm", "sr.dcm", "sc.dcm", "doc.dcm"} {
		validDICOM(t, filepath.Join(out, name))
		namesThePatient(t, filepath.Join(out, name))
	}
	if record, err := os.ReadFile(filepath.Join(out, "fhir.json")); err != nil || !bytes.Contains(record, []byte(`"DiagnosticReport"`)) {
		t.Errorf("fhir.json holds no report: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(out, "receipt.json"))
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := attest.DecodeSignedReceipt(data)
	if err != nil || receipt.Receipt.Task.String() != s.Task || receipt.Receipt.Node.Hex() != s.Winner {
		t.Errorf("receipt of task %s by %s (%v), the summary names %s by %s", receipt.Receipt.Task, receipt.Receipt.Node, err, s.Task, s.Winner)
	}
	if info, err := os.Stat(filepath.Join(out, "overlay.png")); err != nil || info.Size() < 10_000 {
		t.Errorf("overlay.png: %v, %v", info, err)
	}
	verifies(t, p, out, s.EpochRoot)
}

// price is what the winner asked, in wei.
func price(s demo.Summary) *big.Int {
	for _, b := range s.Bids {
		if b.Won {
			return new(big.Int).Mul(new(big.Int).SetUint64(b.PriceGwei), big.NewInt(1_000_000_000))
		}
	}
	return new(big.Int)
}

// validDICOM holds a file against dciodvfy: no line may say "Error".
func validDICOM(t *testing.T, path string) {
	t.Helper()
	report, err := exec.CommandContext(t.Context(), "dciodvfy", path).CombinedOutput()
	if err != nil || strings.Contains(string(report), "Error") {
		t.Errorf("dciodvfy: %v (install dicom3tools, or run make test-tools)\n%s", err, report)
	}
}

// namesThePatient checks that the result is in the clinic's own identity.
func namesThePatient(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	planted, err := testdata.Identifiers()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range planted {
		if id.Attribute == "PatientID" && bytes.Contains(data, []byte(id.Text)) {
			return
		}
	}
	t.Error("the segmentation does not carry the patient's id")
}

// verifies recomputes the demo's epoch, then changes a figure and expects to hear of it.
func verifies(t *testing.T, p *person, out, root string) {
	t.Helper()
	var v agent.VerifiedEpoch
	p.ask(&v, "coordinator", "verify", out)
	if len(v.Differences) != 0 || v.Root != root {
		t.Errorf("verified %+v, want root %s and no difference", v, root)
	}
	path := filepath.Join(out, "epoch.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(string(data), `"asked": `, `"asked": 1`, 1)
	if err := os.WriteFile(path, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := p.run("coordinator", "verify", out)
	if code != exitFailure || !strings.Contains(stdout, "asked") || !strings.Contains(stderr, "do not trust") {
		t.Errorf("a forged line: exit %d\n%s%s", code, stdout, stderr)
	}
}
