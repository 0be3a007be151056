package transfer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// Sweep deletes ciphertext that a crash or an older database left behind: what is stored
// under a name that matches ours and is not in needed. Names of another shape are somebody
// else's and stay. Nothing may be put meanwhile. The count is good also beside an error.
func Sweep(ctx context.Context, blobs BlobStore, ours *regexp.Regexp, needed map[string]bool) (deleted int, err error) {
	names, err := blobs.List(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep ciphertext: %w", err)
	}
	var failed error
	for _, name := range names {
		if needed[name] || !ours.MatchString(name) {
			continue
		}
		if err := blobs.Delete(ctx, name); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		deleted++
	}
	if failed != nil {
		return deleted, fmt.Errorf("sweep ciphertext: %w", failed)
	}
	return deleted, nil
}
