package broker_test

import (
	"encoding/hex"
	"io"
	"slices"
	"testing"

	"github.com/medhive/medhive/models"
)

// TestARestartDeletesWhatNoTaskNeeds leaves ciphertext as crashes do, beside that of a task
// that waits for a node, of one whose result waits for its clinic, and somebody's own file.
func TestARestartDeletesWhatNoTaskNeeds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	n := newNode(t, ctx, nil)
	c.connect(n.member)
	done := c.submit("it has its result")
	c.wait(done)
	n.stop()
	must(t, n.host.Close())
	waiting := c.submit("it waits for a node")
	must(t, c.broker.Close())
	kept := c.files()
	if len(kept) != 2 {
		t.Fatalf("on disk: %v, want a result and a payload", kept)
	}
	name := func(id models.Digest, what string) string { return hex.EncodeToString(id[:]) + what }
	stranger := models.DigestOf([]byte("a submission that was never persisted"))
	left := []string{name(stranger, ".payload"), name(done, ".payload"), name(waiting, ".3.result"), name(done, ".99.result"), name(stranger, ".local.result")}
	for _, name := range append(left, "notes.txt") {
		must(t, c.blobs.Put(ctx, name, func(w io.Writer) error {
			_, err := w.Write([]byte("sealed"))
			return err
		}))
	}
	c.open(nil)
	want := append(slices.Clone(kept), "notes.txt")
	got := c.files()
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("on disk: %v, want %v", got, want)
	}
	must(t, c.broker.Resume(ctx))
	c.wantResult(c.wait(done))
	fresh := newNode(t, ctx, nil)
	c.connect(fresh.member)
	c.wantResult(c.wait(waiting))
}
