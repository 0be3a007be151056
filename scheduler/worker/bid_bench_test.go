package worker

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
)

// BenchmarkTurnDown is what a node spends on an offer that it does not bid for, the most
// frequent thing that it does: with a thousand nodes all but twenty lose each lottery.
func BenchmarkTurnDown(b *testing.B) {
	key, err := identity.Generate()
	if err != nil {
		b.Fatal(err)
	}
	clinic, err := identity.Generate()
	if err != nil {
		b.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.NoListenAddrs)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	m, err := market.New(b.Context(), h, market.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "state.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	blobs, err := transfer.NewFolder(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	held := models.DigestOf([]byte("package"))
	w, err := New(Config{Host: h, Market: m, DB: db, Blobs: blobs, Key: key, Jurisdiction: "DE", Executor: idle{},
		Profile: Profile{Tier: 1, MemoryBytes: 1 << 30}, Models: func(d models.Digest) (Model, bool) { return Model{}, d == held }})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	offer := scheduler.Offer{Task: models.DigestOf([]byte("task")), Package: held, Clinic: clinic.Address(), PayloadBytes: 1, Residency: []string{"DE"},
		Deadline: now.Add(time.Hour), Expires: now.Add(time.Hour), Round: 1, Threshold: 1} // nobody wins this lottery
	for b.Loop() {
		w.consider(b.Context(), market.Received{Offer: offer, Clinic: clinic.PeerID()})
	}
	if s := w.Stats(); s.Bids > 0 || s.NotBid["lottery"] == 0 {
		b.Fatalf("%+v", s)
	}
}

// idle is an executor that is never asked.
type idle struct{}

func (idle) Execute(context.Context, Job, func(string, float64)) (Output, error) {
	return Output{}, nil
}
