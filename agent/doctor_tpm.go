package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/medhive/medhive/agent/device"
)

// checkTPM says whether this machine can show what it is. None of its outcomes keeps a node
// from running: without a TPM it is trusted less.
func checkTPM(ctx context.Context, path string) Check {
	chip, err := device.Open(ctx, path)
	switch {
	case errors.Is(err, device.ErrNoTPM):
		return Check{Name: "tpm", State: CheckOK, What: "none is used; a node here has its key in a file and is trusted as software", Cause: err.Error()}
	case err != nil:
		return Check{Name: "tpm", State: CheckWarn, What: "it does not answer as it should", Cause: err.Error(),
			Fix: "see that no other program holds it, update its firmware, or leave it out with --tpm none"}
	}
	f := chip.Facts()
	return Check{Name: "tpm", State: CheckOK, What: fmt.Sprintf("%s, firmware %s; this machine is device %s", f.Manufacturer, f.Firmware, f.Key.Short())}
}
