package agent

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

// classifier is a manifest whose results are one probability.
func classifier() models.Manifest {
	m := models.Manifest{ID: "test", Task: models.Classification}
	m.Weights.SHA256 = models.DigestOf([]byte("weights"))
	return m
}

// answers are copies of one task whose results have these probabilities.
func answers(m models.Manifest, clinic common.Address, values ...float64) (copies []copyResult) {
	for n, v := range values {
		at := time.UnixMilli(1_700_000_000_000 + int64(n)).UTC()
		r := attest.Receipt{
			Task: models.DigestOf([]byte{byte(n)}), Fence: 1, Node: common.BytesToAddress([]byte{byte(n + 1)}), Clinic: clinic,
			ManifestDigest: models.DigestOf([]byte("manifest")), Provider: "cpu", OutputHash: models.DigestOf([]byte{byte(n), 1}),
			StartedAt: at, FinishedAt: at.Add(time.Second),
		}
		copies = append(copies, copyResult{
			signed: attest.SignedReceipt{Receipt: r, Acceptance: attest.Acceptance{Accepted: true, At: at}},
			result: inference.Result{Findings: inference.Findings{Model: m.ID, Weights: m.Weights.SHA256,
				Probabilities: []inference.Probability{{Name: "PA", Value: v}}}},
		})
	}
	return copies
}

var (
	judgeDomain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0x01")}
	judgeClinic = common.HexToAddress("0xc11c")
)

func TestJudgeCopies(t *testing.T) {
	const right, wrong, other = 0.9, 0.4, 0.1
	valid, invalid, unchecked := attest.JudgedValid, attest.JudgedInvalid, attest.JudgedUnchecked
	for name, c := range map[string]struct {
		values []float64
		want   []attest.Judgement
		chosen int
		tied   bool
	}{
		"one":                {[]float64{right}, nil, 0, false},
		"two agree":          {[]float64{right, right}, []attest.Judgement{valid, valid}, 0, false},
		"two differ":         {[]float64{right, wrong}, []attest.Judgement{unchecked, unchecked}, 0, true},
		"the first is alone": {[]float64{wrong, right, right}, []attest.Judgement{invalid, valid, valid}, 1, false},
		"the last is alone":  {[]float64{right, right, wrong}, []attest.Judgement{valid, valid, invalid}, 0, false},
		"all differ":         {[]float64{right, wrong, other}, []attest.Judgement{unchecked, unchecked, unchecked}, 0, true},
		"two against two":    {[]float64{right, wrong, wrong, right}, []attest.Judgement{unchecked, unchecked, unchecked, unchecked}, 0, true},
		"three against one":  {[]float64{right, wrong, right, right}, []attest.Judgement{valid, invalid, valid, valid}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := classifier()
			a := judgeCopies(m, judgeClinic, judgeDomain, answers(m, judgeClinic, c.values...))
			if a.chosen != c.chosen || a.tied != c.tied || len(a.verdicts) != len(c.want) {
				t.Fatalf("%+v", a)
			}
			for n, v := range a.verdicts {
				if v.Result != c.want[n] {
					t.Errorf("copy %d is %s, want %s", n, v.Result, c.want[n])
				}
				if err := v.Validate(); err != nil {
					t.Error(err)
				}
				if v.Result == invalid && v.Reason != canary.ReasonProbability {
					t.Errorf("copy %d: %q", n, v.Reason)
				}
			}
		})
	}
}

// Whoever is invalid differs from more than half of the copies, nobody is compared with
// itself or with a copy that is invalid, and the verdicts are the same each time.
func TestJudgementNeedsAMajority(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{0.1, 0.1005, 0.5, 0.9}), 2, 4).Draw(rt, "values")
		m := classifier()
		copies := answers(m, judgeClinic, values...)
		a := judgeCopies(m, judgeClinic, judgeDomain, copies)
		byOutput := map[[32]byte]attest.Judgement{}
		for n, v := range a.verdicts {
			byOutput[copies[n].signed.Receipt.OutputHash] = v.Result
		}
		for n, v := range a.verdicts {
			differs := 0
			for k := range copies {
				if k != n && compare(m, copies[k].result, copies[n].result).judgement == attest.JudgedInvalid {
					differs++
				}
			}
			against := byOutput[v.Against]
			switch {
			case v.Against == copies[n].signed.Receipt.OutputHash:
				rt.Fatalf("copy %d is compared with itself", n)
			case v.Result == attest.JudgedInvalid && (2*differs <= len(copies) || against != attest.JudgedValid):
				rt.Fatalf("copy %d of %v is invalid: it differs from %d, judged against one that is %s", n, values, differs, against)
			case a.tied != (v.Result == attest.JudgedUnchecked):
				rt.Fatalf("copy %d of %v is %s, tied %v", n, values, v.Result, a.tied)
			}
			if again := judgeCopies(m, judgeClinic, judgeDomain, copies).verdicts[n]; again.Hash(judgeDomain) != v.Hash(judgeDomain) {
				rt.Fatalf("copy %d is judged otherwise the second time", n)
			}
		}
	})
}

// Only whose result is known to be wrong is not paid: not who has none, nor anybody where nobody
// knows who is right.
func TestUncountedCopies(t *testing.T) {
	m, clinic := classifier(), common.BytesToAddress([]byte{9})
	for name, c := range map[string]struct {
		values []float64
		want   []int // places in the outcome, whose second copy nobody took
	}{
		"they agree":     {[]float64{0.9, 0.9}, nil},
		"one differs":    {[]float64{0.4, 0.9, 0.9}, []int{0}},
		"another does":   {[]float64{0.9, 0.4, 0.9}, []int{2}},
		"nobody knows":   {[]float64{0.9, 0.4}, nil},
		"no two of them": {[]float64{0.1, 0.5, 0.9}, nil},
		"one alone":      {[]float64{0.9}, nil},
	} {
		copies := answers(m, clinic, c.values...)
		var o broker.Outcome
		var places []int
		for n := range len(copies) + 1 {
			o.Copies = append(o.Copies, broker.Outcome{Task: models.DigestOf([]byte{100, byte(n)})})
			if n != 1 {
				places = append(places, n)
			}
		}
		var want []models.Digest
		for _, n := range c.want {
			want = append(want, o.Copies[n].Task)
		}
		if got := uncounted(o, places, judgeCopies(m, clinic, judgeDomain, copies).verdicts); !slices.Equal(got, want) {
			t.Errorf("%s: %d copies do not count, want %d", name, len(got), len(want))
		}
	}
}
