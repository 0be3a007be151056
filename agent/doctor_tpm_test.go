package agent

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/device"
	"github.com/medhive/medhive/testdata/peers"
)

func TestCheckTPM(t *testing.T) {
	if c := checkTPM(t.Context(), peers.SoftwareTPM(t).Socket); c.State != CheckOK || !strings.Contains(c.What, "this machine is device") {
		t.Errorf("with a TPM: %+v", c)
	}
	if c := checkTPM(t.Context(), device.NoTPM); c.State != CheckOK || !strings.Contains(c.What, "trusted as software") || c.Cause == "" {
		t.Errorf("without: %+v", c)
	}
	if c := checkTPM(t.Context(), filepath.Join(t.TempDir(), "absent")); c.State != CheckWarn || c.Fix == "" {
		t.Errorf("a TPM that is named and absent: %+v", c)
	}
}
