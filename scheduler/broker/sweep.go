package broker

import (
	"context"
	"fmt"
	"regexp"

	"github.com/medhive/medhive/scheduler/transfer"
)

// ownBlob is the shape of the names that payloadBlob, resultBlob and localBlob give.
var ownBlob = regexp.MustCompile(`^[0-9a-f]{64}\.(payload|[0-9]+\.result|local\.result)$`)

// sweep deletes ciphertext that no record needs: of a submission that a crash cut off, of a
// result that was persisted nowhere, of tasks that a restored database does not know. It
// comes before anything else runs. What can't be deleted costs room and nothing else.
func (b *Broker) sweep(ctx context.Context) error {
	records, err := b.store.pending()
	if err != nil {
		return fmt.Errorf("sweep ciphertext: %w", err)
	}
	needed := map[string]bool{}
	for _, r := range records {
		if !r.Task.State.Final() || b.keepsPayload(r) {
			needed[payloadBlob(r.Task.ID)] = true
		}
		for _, d := range r.Disputed {
			needed[d.Result.Blob] = !r.Task.State.Final() || b.keepsPayload(r)
		}
		if r.Result != nil && (r.Task.Undelivered() || b.keepsPayload(r)) {
			needed[r.Result.Blob] = true
		}
	}
	deleted, err := transfer.Sweep(ctx, b.Blobs, ownBlob, needed)
	if err != nil {
		b.Log.Warn("ciphertext that no task needs is still there; the next start tries again", "error", err)
	}
	if deleted > 0 {
		b.Log.Info("ciphertext that no task needs was deleted", "files", deleted)
	}
	return nil
}
