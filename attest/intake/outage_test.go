package intake

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
)

// asked is a challenge of a time that found the node silent.
func asked(t testing.TB, node string, at time.Time) attest.Challenge {
	t.Helper()
	_, address := keyOf(t, node)
	return attest.Challenge{Node: address, Nonce: [32]byte{byte(at.Unix())}, AskedAt: at, Outcome: attest.Timeout}
}

// TestAGapInTheHeartbeatIsAnOutage: what was asked in it counts for nobody, what was asked
// around it counts, and a window that is sealed stays as it is.
func TestAGapInTheHeartbeatIsAnOutage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	start := time.UnixMilli(1_790_000_000_000).UTC()
	beat := func(after time.Duration) (from, to time.Time) {
		t.Helper()
		from, to, err := store.Beat(t.Context(), start.Add(after))
		must(t, err)
		return from, to
	}
	for after := time.Duration(0); after <= time.Minute; after += BeatEvery {
		if _, to := beat(after); !to.IsZero() {
			t.Fatalf("an outage after %v of a whole life", after)
		}
	}
	if _, to := beat(time.Minute + maxSilence); !to.IsZero() {
		t.Error("three missed beats are an outage")
	}
	lastBeat := time.Minute + maxSilence
	before, within := asked(t, "node", start.Add(time.Second)), asked(t, "node", start.Add(lastBeat+time.Minute))
	heard := answered(t, "other node", 3)
	heard.AskedAt = start.Add(lastBeat + 2*time.Minute)
	for _, c := range []attest.Challenge{before, within, heard} {
		must(t, store.Record(t.Context(), c))
	}
	missed := attest.Examination{Node: before.Node, ID: [32]byte{1}, Subject: attest.ComputeRate, AskedAt: within.AskedAt, Outcome: attest.Missed}
	lied := missed
	lied.ID, lied.Outcome = [32]byte{2}, attest.False
	must(t, store.RecordExamination(t.Context(), missed))
	must(t, store.RecordExamination(t.Context(), lied))
	must(t, db.Close()) // it is killed here, and comes back
	store, _ = openStore(t, path)
	back := lastBeat + 5*time.Minute
	if from, to := beat(back); !from.Equal(start.Add(lastBeat)) || !to.Equal(start.Add(back)) {
		t.Fatalf("the outage is from %v to %v", from, to)
	}
	after := asked(t, "node", start.Add(back+time.Second))
	must(t, store.Record(t.Context(), after))
	w, err := store.Seal(1)
	must(t, err)
	nobodys := within
	nobodys.Outcome = attest.OwnOutage
	deaf := heard
	deaf.Outcome, deaf.Answer = attest.OwnOutage, nil
	if want := []attest.Challenge{before, nobodys, deaf, after}; !reflect.DeepEqual(w.Challenges, want) {
		t.Errorf("the window's challenges are\n%+v\nwant\n%+v", w.Challenges, want)
	}
	for _, c := range w.Challenges {
		must(t, c.Verify(testDomain))
	}
	if w.Examinations[0].Outcome != attest.OwnOutage || w.Examinations[1].Outcome != attest.False {
		t.Errorf("the window's examinations are %+v", w.Examinations)
	}
	// A later outage belongs to a later window.
	beat(back + time.Hour)
	if again, err := store.Seal(1); err != nil || !reflect.DeepEqual(again, w) {
		t.Errorf("sealed again: %+v, %v", again, err)
	}
	// What was heard in the outage still can't be heard twice.
	if err := store.Record(t.Context(), answered(t, "other node", 3)); err == nil {
		t.Error("an old answer was taken again")
	}
}

// TestAClockThatIsSetBack is no outage, and neither is the first beat ever.
func TestAClockThatIsSetBack(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	at := time.UnixMilli(1_790_000_000_000)
	for _, step := range []time.Duration{0, -time.Hour, -time.Hour + BeatEvery} {
		if _, to, err := store.Beat(t.Context(), at.Add(step)); err != nil || !to.IsZero() {
			t.Errorf("a beat %v after the first: outage until %v, %v", step, to, err)
		}
	}
}
