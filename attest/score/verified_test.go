package score

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func exams(verdicts string) (list []Exam) {
	for _, v := range verdicts {
		switch v {
		case 'p':
			list = append(list, Exam{Verdict: VerdictProved, Figure: 800})
		case 'b':
			list = append(list, Exam{Verdict: VerdictProved, Figure: 900})
		case 'n': // prompted
			list = append(list, Exam{Prompted: true, Verdict: VerdictProved, Figure: 800})
		case 'w': // prompted
			list = append(list, Exam{Prompted: true, Verdict: VerdictMissed})
		case 'm':
			list = append(list, Exam{Verdict: VerdictMissed})
		case 'f':
			list = append(list, Exam{Verdict: VerdictFalse})
		case 'M':
			list = append(list, Exam{Memory: true, Verdict: VerdictMissed})
		case 'P':
			list = append(list, Exam{Memory: true, Verdict: VerdictProved, Figure: 1 << 30})
		case '-':
			list = append(list, Exam{})
		}
	}
	return list
}

func TestWhatAClaimIsWorth(t *testing.T) {
	for verdicts, want := range map[string]uint64{
		"":              1200, // never examined: the claim
		"-":             1200, // only the coordinator's own outage
		"p":             1000, // 5/4 of what was proved
		"pb":            1125, // the better proof of the epoch
		"m":             1200, // one miss proves nothing
		"mm":            1200,
		"mmm":           0,
		"pmmm":          0,
		"mmmp":          1000,
		"f":             0,
		"n":             1000, // a prompted proof is worth as much,
		"mmmn":          0,    // but it relieves nothing,
		"mmmnnnnnnnp":   1000,
		"www":           0, // and missing one is no better
		"fp":            0, // one proof does not outweigh a lie
		"fppppppp":      1000,
		"pMMM":          0, // a false claim of memory costs the whole claim
		"pMMMP":         1000,
		"pmpmpmpmpmpmm": 0, // every second one missed: not for long
		"ppmppmppmppm":  1000,
	} {
		if got := (Verified{}).After(exams(verdicts)).Cap(1200); got != want {
			t.Errorf("after %q a claim of 1200 is worth %d, want %d", verdicts, got, want)
		}
	}
	if got := (Verified{}).After(exams("b")).After(exams("p")).Rate.Figure; got != 800 {
		t.Errorf("the last epoch's proof is 800, the figure %d", got)
	}
	if got := (Verified{}).After(exams("P")); got.Memory.Figure != 1<<30 || got.Rate != (Proven{}) {
		t.Errorf("a proof of memory made %+v", got)
	}
}

func TestTwoNamesThatAnswerInTurnAreDenied(t *testing.T) {
	a, b, denied := Verified{}, Verified{}, 0
	const rounds = 100
	for round := range rounds {
		first, second := "p", "m"
		if round%2 == 1 {
			first, second = second, first
		}
		a, b = a.After(exams(first)), b.After(exams(second))
		if a.Cap(1000) == 0 {
			denied++
		}
		if b.Cap(1000) == 0 {
			denied++
		}
	}
	if denied < rounds*2*85/100 {
		t.Errorf("both names together were denied %d of %d epochs, want 85 %%", denied, 2*rounds)
	}
}

func TestTheCapNeverExceedsClaimOrProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := Verified{}
		for range rapid.IntRange(1, 5).Draw(t, "epochs") {
			var list []Exam
			for range rapid.IntRange(0, 6).Draw(t, "exams") {
				list = append(list, Exam{rapid.Bool().Draw(t, "memory"), rapid.Bool().Draw(t, "prompted"), Verdict(rapid.IntRange(0, 3).Draw(t, "verdict")), rapid.Uint64Range(1, math.MaxUint64/8).Draw(t, "figure")})
			}
			v = v.After(list)
		}
		claim := rapid.Uint64Range(0, math.MaxUint64/8).Draw(t, "claim")
		got := v.Cap(claim)
		if got > claim || v.Rate.Doubt > maxDoubt || v.Memory.Doubt > maxDoubt {
			t.Fatalf("%+v: claim %d is worth %d", v, claim, got)
		}
		if v.Rate.Figure > 0 && got > v.Rate.Figure+v.Rate.Figure/4 {
			t.Fatalf("%+v: %d is over 5/4 of the proof", v, got)
		}
		if claim > 0 && got == 0 && !v.Rate.Denied() && !v.Memory.Denied() && v.Rate.Figure > 0 {
			t.Fatalf("%+v: nothing is left of %d", v, claim)
		}
	})
}
