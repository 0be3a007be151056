package worker_test

import (
	"encoding/hex"
	"io"
	"slices"
	"testing"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// TestARestartDeletesOrphans: only the sealed result that a job still has to deliver, and
// files that are not the node's, outlast a restart.
func TestARestartDeletesOrphans(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	c.answer(func() { c.onResult = func(*task, *attest.SignedReceipt) *wire.ResultAck { return nil } }) // no word
	x := c.give(n, "sealed", scheduler.Routine)
	c.awaitResult(x)
	files := n.files()
	if len(files) != 1 {
		t.Fatalf("on disk: %v, want the sealed result", files)
	}
	image := n.kill()
	again := newMemberAs(t, n.key, image)
	stranger := models.DigestOf([]byte("a job that is on no record"))
	for _, name := range []string{hex.EncodeToString(stranger[:]) + ".1.sealed", hex.EncodeToString(x.id[:]) + ".77.sealed", "notes.txt"} {
		must(t, again.blobs.Put(t.Context(), name, func(w io.Writer) error {
			_, err := w.Write([]byte("sealed"))
			return err
		}))
	}
	startNode(again, nil)
	got, want := again.files(), append(files, "notes.txt")
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("on disk: %v, want %v", got, want)
	}
}
