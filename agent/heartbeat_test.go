package agent

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
)

// TestACoordinatorThatWasAwayBlamesNobody: it was killed for an hour, and what it asked in
// that hour and heard no answer to is in the published epoch as an outage of its own.
func TestACoordinatorThatWasAwayBlamesNobody(t *testing.T) {
	v, node := working(t)
	v.end()
	now := time.Now().UTC().Truncate(time.Millisecond)
	db, err := openState(filepath.Join(v.conf.State, "coordinator.db"))
	v.must(err)
	store, err := intake.NewBolt(db)
	v.must(err)
	_, _, err = store.Beat(t.Context(), now.Add(-time.Hour)) // its last sign of life
	v.must(err)
	silent := attest.Challenge{Node: node.key.Address(), Nonce: [32]byte{1}, AskedAt: now.Add(-30 * time.Minute), Outcome: attest.Timeout}
	v.must(store.Record(t.Context(), silent))
	v.must(db.Close())
	v.open()
	v.log.mu.Lock()
	told := strings.Contains(v.log.text.String(), "was not there for a while")
	v.log.mu.Unlock()
	if !told {
		t.Error("nobody is told that it was away")
	}
	silent.Outcome = attest.OwnOutage
	for _, c := range v.close().Inputs.Challenges {
		if c.Nonce == silent.Nonce {
			if c != silent {
				t.Errorf("published as %+v, want %+v", c, silent)
			}
			return
		}
	}
	t.Error("the challenge is not published")
}
