package worker

import (
	"context"
	"regexp"

	"github.com/medhive/medhive/scheduler/transfer"
)

// ownBlob is the shape of the names that resultBlob gives.
var ownBlob = regexp.MustCompile(`^[0-9a-f]{64}\.[0-9]+\.sealed$`)

// sweepOrphans deletes sealed results that no job on disk is about: a crash came between
// the result and its record, or the database is an older one. It comes before any job runs.
func (w *Worker) sweepOrphans(ctx context.Context, records []record) {
	needed := map[string]bool{}
	for _, r := range records {
		if r.Sealed != nil {
			needed[r.Sealed.Blob] = true
		}
	}
	deleted, err := transfer.Sweep(ctx, w.Blobs, ownBlob, needed)
	if err != nil {
		w.Log.Warn("sealed results that no job needs are still there; the next start tries again", "error", err)
	}
	if deleted > 0 {
		w.Log.Info("sealed results that no job needs were deleted", "files", deleted)
	}
}
