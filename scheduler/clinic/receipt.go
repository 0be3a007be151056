package clinic

import (
	"fmt"
	"slices"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// CheckReceipt holds what a node signed about its run of task against what its
// findings say: the same weights, the same execution provider, which the model
// must permit, and the same runtime. Anything else is a dcm.Refusal; an unknown
// task is ErrUnknownTask. Who signed, for which task and price, is the broker's matter.
func (d *Door) CheckReceipt(task models.Digest, receipt attest.Receipt, findings inference.Findings) error {
	id, err := d.vault.Get(task)
	if err != nil {
		return fmt.Errorf("check the receipt: %w", err)
	}
	for _, check := range []struct {
		ok   bool
		what string
	}{
		{receipt.WeightsDigest == findings.Weights, "receipt and findings name different weights"},
		{receipt.Provider == findings.Provider, "receipt and findings name different execution providers"},
		{len(id.Providers) == 0 || slices.Contains(id.Providers, receipt.Provider), "the execution provider is none that the model permits"}, // vaulted before providers were: none
		{receipt.Runtime == findings.RuntimeName(), "receipt and findings name different runtimes"},
	} {
		if !check.ok {
			return fmt.Errorf("check the receipt of task %s: %w", task.Short(), &dcm.Refusal{
				What: check.what, Where: "the receipt that the node signed", Do: askAnother,
			})
		}
	}
	return nil
}
