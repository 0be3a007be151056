package canary_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/models/reference"
)

// openRuntime is the library of this machine.
func openRuntime(t testing.TB) *ort.Runtime {
	t.Helper()
	library, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	rt, err := ort.Open(library)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

// example is the small part of a head that the reference model brings.
func example(t testing.TB) []byte {
	t.Helper()
	study, err := reference.File("example.tar")
	if err != nil {
		t.Fatal(err)
	}
	return study
}

// asked is a model, loaded, and what it answers.
type asked struct {
	rt   *ort.Runtime
	sess *ort.Session
	pkg  models.Package
}

func newAsked(t testing.TB, threads int) asked {
	t.Helper()
	a := asked{rt: openRuntime(t), pkg: headPackage(t)}
	var err error
	if a.sess, err = inference.NewSession(a.rt, a.pkg, ort.CPU, threads); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.sess.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// result is what a node sends; examined, what a coordinator's own runner keeps.
func (a asked) result(t testing.TB, study []byte, examined bool) inference.Result {
	t.Helper()
	run := inference.Analyze
	if examined {
		run = inference.Examine
	}
	r, err := run(t.Context(), a.rt, a.sess, a.pkg, study, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func encoded(t testing.TB, r inference.Result) []byte {
	t.Helper()
	out, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// delivered are the labels of an examined result.
func delivered(t testing.TB, r inference.Result) labelmap.Volume {
	t.Helper()
	set, err := agreement.LabelsOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return set.Delivered
}

// An honest run of a canary is valid; the answer to the study that it was made of, or to
// another canary of it, is not, even where a cheater puts the canary's own UIDs into it.
func TestCanariesHaveToBeComputed(t *testing.T) {
	a := newAsked(t, 0)
	m := a.pkg.Manifest
	base := example(t)
	known := a.result(t, base, true)
	for seed := range byte(3) {
		study, err := canary.Perturb(base, seeded(seed))
		if err != nil {
			t.Fatal(err)
		}
		truth := a.result(t, study, true)
		if f, j, reason := canary.CompareOutputs(m, encoded(t, truth), encoded(t, a.result(t, study, false))); j != attest.JudgedValid || f.Mismatched > 0 || f.DicePPM != attest.PartsPerMillion {
			t.Fatalf("seed %d: an honest result is %s (%s), %+v", seed, j, reason, f)
		}
		if _, j, _ := canary.Compare(m, truth, known); j != attest.JudgedInvalid {
			t.Errorf("seed %d: the answer to another study is %s", seed, j)
		}
		c, err := labelmap.Compare(delivered(t, truth), delivered(t, known))
		if err != nil {
			t.Fatal(err)
		}
		worst := 1.0
		for _, l := range m.Structures() {
			worst = min(worst, c.Labels[l.Value].Dice())
		}
		t.Logf("seed %d: the kept answer has a Dice of %.3f with the right one, %d voxels differ", seed, worst, c.Differ)
		if worst >= m.Tolerance.MinDice {
			t.Errorf("seed %d: the kept answer would pass", seed)
		}
	}
}

// Cheaper answers than the model's are invalid: nothing, another canary's mask, the mask
// with a part left out, and voxels given at random.
func TestCheapAnswersAreInvalid(t *testing.T) {
	a := newAsked(t, 0)
	m := a.pkg.Manifest
	study, err := canary.Perturb(example(t), seeded(7))
	if err != nil {
		t.Fatal(err)
	}
	truth := a.result(t, study, false)
	seg := slices.IndexFunc(truth.Files, func(f dicom.File) bool { return f.Name == inference.SegmentationFile })
	spoilt := func(change func(pixels []byte)) inference.Result {
		o, err := dicom.Parse(truth.Files[seg], dicom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		pixels := bytes.Clone(o.Pixels)
		change(pixels)
		data, err := dicom.Encode(o.Dataset, pixels)
		if err != nil {
			t.Fatal(err)
		}
		other := truth
		other.Files = slices.Clone(truth.Files)
		other.Files[seg].Data = data
		return other
	}
	findings := truth
	findings.Findings.Segments = slices.Clone(truth.Findings.Segments)
	findings.Findings.Segments[0].VoxelCount *= 2
	for name, c := range map[string]struct {
		result inference.Result
		reason string
	}{
		"nothing":          {spoilt(func(p []byte) { clear(p) }), canary.ReasonStructure},
		"a third left out": {spoilt(func(p []byte) { clear(p[:len(p)/3]) }), canary.ReasonStructure},
		"other figures":    {findings, canary.ReasonStructure},
		"no segmentation":  {inference.Result{Findings: truth.Findings}, canary.ReasonUnreadable},
		"two claims": {spoilt(func(p []byte) {
			for n := range p {
				p[n] = 0xFF
			}
		}), canary.ReasonUnreadable},
		"useless to a clinic": {inference.Result{Findings: inference.Findings{Model: m.ID, Weights: m.Weights.SHA256, Outcome: inference.Failed, Reason: "no"}}, canary.ReasonOutcome},
	} {
		f, j, reason := canary.Compare(m, truth, c.result)
		if j != attest.JudgedInvalid || reason != c.reason {
			t.Errorf("%s: %s (%s), %+v; want %s", name, j, reason, f, c.reason)
		}
	}
}

// What can't be compared is unchecked: it is no fault of the node's.
func TestNothingToCompareIsUnchecked(t *testing.T) {
	a := newAsked(t, 0)
	truth := a.result(t, example(t), false)
	other := truth
	other.Findings.Weights[0]++
	for name, reference := range map[string][]byte{"nothing": nil, "no result": []byte("a letter"), "another model": encoded(t, other)} {
		f, j, reason := canary.CompareOutputs(a.pkg.Manifest, reference, encoded(t, truth))
		if j != attest.JudgedUnchecked || reason != canary.ReasonNoReference || f != (attest.Figures{}) {
			t.Errorf("%s: %s (%s), %+v", name, j, reason, f)
		}
	}
	if _, j, reason := canary.CompareOutputs(a.pkg.Manifest, encoded(t, truth), []byte("a letter")); j != attest.JudgedInvalid || reason != canary.ReasonUnreadable {
		t.Errorf("a letter is %s (%s)", j, reason)
	}
}

// Each reason is one that a verdict can carry.
func TestReasonsFitVerdicts(t *testing.T) {
	for _, reason := range []string{canary.ReasonNoReference, canary.ReasonOneWitness, canary.ReasonUnreadable, canary.ReasonOutcome, canary.ReasonStructure,
		canary.ReasonMargin, canary.ReasonMeasurement, canary.ReasonProbability, canary.ReasonBox, canary.ReasonDisagreement} {
		if len(reason) == 0 || len(reason) > attest.MaxVerdictReasonBytes || !slices.ContainsFunc([]byte(reason), func(c byte) bool { return c == ' ' }) {
			t.Errorf("%q is no verdict's reason", reason)
		}
		for _, c := range []byte(reason) {
			if c != ' ' && c != '-' && (c < 'a' || c > 'z') {
				t.Errorf("%q holds %q", reason, c)
			}
		}
	}
}
