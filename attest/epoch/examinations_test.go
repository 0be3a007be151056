package epoch

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// examination is a record of an examination of node's claim of so many TOPS; a proved one
// found rate TOPS.
func (w *world) examination(node string, n int, outcome attest.Outcome, claim, rate float64) attest.Examination {
	e := attest.Examination{
		Node: w.party(node), ID: sha256.Sum256(fmt.Append(nil, "exam", node, n)), Subject: attest.ComputeRate, ProfileDigest: models.DigestOf([]byte(node)),
		ClaimMOPS: uint64(claim * mops), Work: models.DigestOf([]byte("work")), Size: uint64(claim * 10 * mops), AskedAt: w.start.Add(time.Duration(n) * time.Hour), Outcome: outcome,
	}
	if outcome == attest.Proved {
		e.TookMS = uint64(10_000 * claim / rate)
		c := attest.Commitment{Node: e.Node, Challenge: e.ID, Work: e.Work, ProfileDigest: e.ProfileDigest, At: e.AskedAt}
		e.Answer = &attest.SignedCommitment{Commitment: c, NodeSig: w.sign(c.Hash(testDomain), e.Node)}
	}
	return e
}

func TestWhatWasVerifiedCapsTheTier(t *testing.T) {
	cases := map[string]struct {
		exams func(w *world) []attest.Examination // of ben, who claims 130.5 TOPS: tier 3
		tier  int
	}{
		"never examined": {func(*world) []attest.Examination { return nil }, 3},
		"proved": {func(w *world) []attest.Examination {
			return []attest.Examination{w.examination("ben", 1, attest.Proved, 130.5, 115)}
		}, 3},
		"a third of it proved": {func(w *world) []attest.Examination {
			return []attest.Examination{w.examination("ben", 1, attest.Proved, 130.5, 43.5)}
		}, 2},
		"false": {func(w *world) []attest.Examination {
			return []attest.Examination{w.examination("ben", 1, attest.False, 130.5, 0)}
		}, 0},
		"missed once": {func(w *world) []attest.Examination {
			return []attest.Examination{w.examination("ben", 1, attest.Missed, 130.5, 0)}
		}, 3},
		"our own outage": {func(w *world) []attest.Examination { return w.several("ben", attest.OwnOutage, 5) }, 3},
		"missed thrice":  {func(w *world) []attest.Examination { return w.several("ben", attest.Missed, 3) }, 0},
		"unable thrice":  {func(w *world) []attest.Examination { return w.several("ben", attest.Unable, 3) }, 0},
		"unable to prove memory thrice": {func(w *world) []attest.Examination {
			list := w.several("ben", attest.Unable, 3)
			for i := range list {
				list[i].Subject = attest.MemorySize
			}
			return list
		}, 0},
		"proved when the operator chose, after three misses": {func(w *world) []attest.Examination {
			e := w.examination("ben", 4, attest.Proved, 130.5, 120)
			e.Prompted = true
			return append(w.several("ben", attest.Missed, 3), e)
		}, 0},
		"proved at a time that nobody chose, after three misses": {func(w *world) []attest.Examination {
			return append(w.several("ben", attest.Missed, 3), w.examination("ben", 4, attest.Proved, 130.5, 120))
		}, 3},
		"of somebody else's name": {func(w *world) []attest.Examination { return w.several("nobody", attest.False, 3) }, 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in := w.inputs()
			in.Examinations = c.exams(w)
			b := w.build(in, State{})
			if got := w.line(b, "ben").Tier; got != c.tier {
				t.Errorf("tier %d, want %d: %+v", got, c.tier, w.line(b, "ben").Verified)
			}
			found, err := Verify(w.write(b, filepath.Join(t.TempDir(), "1")))
			if err != nil || len(found) > 0 {
				t.Errorf("it does not verify: %v, %v", found, err)
			}
			// The next epoch, without examinations or profiles, keeps it.
			if got := w.line(w.next(b), "ben").Tier; got != c.tier {
				t.Errorf("tier %d in the next epoch, want %d", got, c.tier)
			}
		})
	}
}

func (w *world) several(node string, outcome attest.Outcome, n int) (list []attest.Examination) {
	for i := range n {
		list = append(list, w.examination(node, i, outcome, 130.5, 0))
	}
	return list
}

func TestANewProfileDoesNotWipeOutWhatWasFound(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Examinations = []attest.Examination{w.examination("ben", 1, attest.Proved, 130.5, 20)}
	first := w.build(in, State{})
	again := w.inputs()
	again.Number, again.From, again.To = 2, 1600, 2200
	again.Window = Window{Profiles: []attest.SignedProfile{w.profile("ben", 500)}}
	second := w.build(again, first.State())
	if got := w.line(second, "ben"); got.Tier != 1 || got.Verified.ClaimMOPS != 500*mops {
		t.Errorf("tier %d with %+v; want 1, from the 20 TOPS that were proved", got.Tier, got.Verified)
	}
	again.Window.Examinations = []attest.Examination{w.examination("ben", 2, attest.Proved, 500, 480)}
	if got := w.line(w.build(again, first.State()), "ben"); got.Tier != 4 {
		t.Errorf("tier %d with %+v; want 4, since it is proved now", got.Tier, got.Verified)
	}
}

func TestAnExaminationCountsOnceAndWhole(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	e := w.examination("ben", 1, attest.Proved, 130.5, 120)
	in.Examinations = []attest.Examination{e, e}
	if _, err := Build(in, State{}); err == nil || !strings.Contains(err.Error(), "once") {
		t.Errorf("the same one twice: %v", err)
	}
	e.Work[0]++
	in.Examinations = []attest.Examination{e}
	if _, err := Build(in, State{}); err == nil || !strings.Contains(err.Error(), "examination") {
		t.Errorf("of another work: %v", err)
	}
}

// Folders that were published before there were examinations keep their bytes.
func TestAnEpochWithoutExaminationsReadsAsBefore(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.inputs(), State{})
	for _, part := range []any{b.Inputs, b.Summary, w.next(b).Inputs} {
		data, err := json.Marshal(part)
		w.must(err)
		if bytes.Contains(data, []byte("examin")) || bytes.Contains(data, []byte(`"verified"`)) {
			t.Errorf("it names examinations: %.300s", data)
		}
	}
}
