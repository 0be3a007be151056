package canary_test

import (
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/models"
)

// A class of providers gets room for the first few results that nobody else confirms, and for
// one in fifty after: whoever cheats behind it is judged by the CPU's reference soon.
func TestLatitudeIsSpent(t *testing.T) {
	alone := canary.Opinion{Judgement: attest.JudgedUnchecked, Reason: canary.ReasonOneWitness}
	var l canary.Latitude
	for n := range 4 {
		if l.Spent() {
			t.Fatalf("it is spent after %d", n)
		}
		l = l.After(alone)
	}
	if !l.Spent() {
		t.Fatalf("%+v is not spent", l)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var l canary.Latitude
		given := 0
		opinions := rapid.SliceOfN(rapid.SampledFrom([]canary.Opinion{
			alone, {Judgement: attest.JudgedValid}, {Judgement: attest.JudgedInvalid}, {Judgement: attest.JudgedUnchecked, Reason: canary.ReasonNoReference},
		}), 0, 500).Draw(rt, "opinions")
		for _, o := range opinions {
			if o == alone {
				if l.Spent() {
					continue // judged by the CPU's reference instead
				}
				given++
			}
			l = l.After(o)
		}
		if given > 5+len(opinions)/50 {
			rt.Fatalf("%d of %d were given room", given, len(opinions))
		}
	})
}

// Room is for classes that there are: a made-up provider, or one whose room is spent, is
// judged by the CPU's reference. Judging alone says the same and keeps nothing.
func TestRoomIsForKnownClasses(t *testing.T) {
	a := newAsked(t, 0)
	m := a.pkg.Manifest
	truth := a.result(t, example(t), false)
	near, far := bytesApart(t, m, truth, 985_000), bytesApart(t, m, truth, 600_000)
	own := encoded(t, truth)
	r, db := shelf(t, filepath.Join(t.TempDir(), "references.db"))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	id := canary.ReferenceID{Study: models.DigestOf(example(t)), Model: a.pkg.Digest(), Provider: "cpu"}
	if err := r.Own(id, own); err != nil {
		t.Fatal(err)
	}
	valid, invalid, unchecked := attest.JudgedValid, attest.JudgedInvalid, attest.JudgedUnchecked
	for name, c := range map[string]struct {
		provider string
		strict   bool
		output   []byte
		want     attest.Judgement
	}{
		"a known class":               {"cuda", false, encoded(t, near), unchecked},
		"a known class, room spent":   {"cuda", true, encoded(t, near), invalid},
		"a made-up class":             {"quantum", false, encoded(t, near), invalid},
		"a made-up class that agrees": {"quantum", false, own, valid},
		"a known class, far off":      {"cuda", false, encoded(t, far), invalid},
		"the CPU":                     {"cpu", false, encoded(t, near), invalid},
		"a strict one that agrees":    {"cuda", true, own, valid},
		"a letter":                    {"cuda", false, []byte("a letter"), invalid},
	} {
		id.Provider = c.provider
		o, err := r.Judge(m, canary.Sample{ReferenceID: id, Operator: "a", Strict: c.strict}, c.output)
		if err != nil || o.Judgement != c.want {
			t.Errorf("%s is %s (%s), %v; want %s", name, o.Judgement, o.Reason, err, c.want)
		}
		once, err := canary.JudgeAlone(m, c.provider, c.strict, own, c.output)
		if err != nil || once != o {
			t.Errorf("%s judged alone is %+v, %v; want %+v", name, once, err, o)
		}
	}
	if _, err := canary.JudgeAlone(m, "cpu", false, []byte("a letter"), own); err == nil {
		t.Error("a letter was a reference")
	}
}

// What a process left behind goes at the next start; what is still on its way stays.
func TestKeepForgetsAllOthers(t *testing.T) {
	a := newAsked(t, 0)
	own := encoded(t, a.result(t, example(t), false))
	r, db := shelf(t, filepath.Join(t.TempDir(), "references.db"))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	judge := func(study byte) attest.Judgement {
		o, err := r.Judge(a.pkg.Manifest, canary.Sample{ReferenceID: canary.ReferenceID{Study: [32]byte{study}, Model: a.pkg.Digest(), Provider: "cpu"}, Operator: "a"}, own)
		if err != nil {
			t.Fatal(err)
		}
		return o.Judgement
	}
	for study := byte(1); study <= 3; study++ {
		if err := r.Own(canary.ReferenceID{Study: [32]byte{study}, Model: a.pkg.Digest(), Provider: "cpu"}, own); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Keep([][32]byte{{2}}); err != nil {
		t.Fatal(err)
	}
	if judge(1) != attest.JudgedUnchecked || judge(2) != attest.JudgedValid || judge(3) != attest.JudgedUnchecked {
		t.Errorf("after the sweep: %s, %s, %s", judge(1), judge(2), judge(3))
	}
}
