package clinic

import (
	"errors"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
)

func TestReceiptMustFitTheFindings(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	type run struct {
		receipt  attest.Receipt
		findings inference.Findings
	}
	good := run{
		attest.Receipt{WeightsDigest: pkg.Manifest.Weights.SHA256, Provider: "cpu", Runtime: "ONNX Runtime 1.30.0"},
		inference.Findings{Weights: pkg.Manifest.Weights.SHA256, Provider: "cpu", Runtime: "1.30.0"},
	}
	if err := d.CheckReceipt(ready.Task, good.receipt, good.findings); err != nil {
		t.Errorf("the good one: %v", err)
	}
	for name, tc := range map[string]struct {
		spoil func(r *run)
		what  string
	}{
		"another provider":       {func(r *run) { r.receipt.Provider = "cuda" }, "different execution providers"},
		"a provider not allowed": {func(r *run) { r.receipt.Provider, r.findings.Provider = "rocm", "rocm" }, "none that the model permits"},
		"an escape sequence":     {func(r *run) { r.receipt.Provider, r.findings.Provider = "cpu\x1b[2J", "cpu\x1b[2J" }, "none that the model permits"},
		"no provider":            {func(r *run) { r.receipt.Provider, r.findings.Provider = "", "" }, "none that the model permits"},
		"another version":        {func(r *run) { r.receipt.Runtime = "ONNX Runtime 1.29.0" }, "different runtimes"},
		"more than the version":  {func(r *run) { r.receipt.Runtime += ".1" }, "different runtimes"},
		"another runtime":        {func(r *run) { r.receipt.Runtime = "1.30.0" }, "different runtimes"},
		"other weights":          {func(r *run) { r.findings.Weights = models.DigestOf([]byte("others")) }, "different weights"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			tc.spoil(&bad)
			err := d.CheckReceipt(ready.Task, bad.receipt, bad.findings)
			if !refused(err) || !strings.Contains(err.Error(), tc.what) || !strings.Contains(err.Error(), "another node") || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("got %v, want a refusal: %s", err, tc.what)
			}
		})
	}
	if err := d.CheckReceipt(models.DigestOf(nil), good.receipt, good.findings); !errors.Is(err, ErrUnknownTask) {
		t.Errorf("an unknown task: got %v", err)
	}
}
