package worker

import (
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// A node lets go of a package when neither a bid that keeps its place nor a job is about it.
func TestEngaged(t *testing.T) {
	bidFor, spare, works := models.Digest{1}, models.Digest{2}, models.Digest{3}
	about := func(pkg models.Digest, reserved bool) *pending {
		return &pending{offer: scheduler.Offer{Package: pkg}, reserved: reserved}
	}
	w := &Worker{
		pending: map[errand]*pending{{task: models.Digest{10}}: about(bidFor, true), {task: models.Digest{11}}: about(spare, false)},
		jobs:    map[errand]*job{{task: models.Digest{12}}: {award: award{pending: about(works, false)}}, {task: models.Digest{13}}: {}}, // the last one only sends its result
	}
	for pkg, want := range map[models.Digest]bool{bidFor: true, spare: false, works: true, {4}: false} {
		if got := w.Engaged(pkg); got != want {
			t.Errorf("package %s: %v", pkg.Short(), got)
		}
	}
}
