package agent

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/testdata"
)

// A study that would take more disk than the operator gave is refused in words, and leaves
// no ciphertext.
func TestAClinicKeepsToItsDisk(t *testing.T) {
	home := t.TempDir()
	c := practice(t, home, ClinicConfig{SealedMax: 1000})
	t.Cleanup(func() { closing(t, c.Close) })
	study := filepath.Join(home, "study.zip")
	if err := os.WriteFile(study, testdata.SmallStudy(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := c.Submit(t.Context(), Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: time.Second,
	})
	if !errors.Is(err, transfer.ErrNoRoom) {
		t.Errorf("got %v, want %v", err, transfer.ErrNoRoom)
	}
	left, err := os.ReadDir(filepath.Join(c.conf.State, "sealed"))
	if err != nil || len(left) > 0 {
		t.Errorf("on disk: %v: %v", left, err)
	}
}
