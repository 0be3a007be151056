package canary

import (
	"errors"
	"math"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/models"
)

// The reasons of a judgement other than valid: fixed words, as a verdict carries them.
const (
	ReasonNoReference  = "nothing to compare with"
	ReasonOneWitness   = "differs from another provider class" // and no second operator of its own class agrees
	ReasonUnreadable   = "result can not be read"
	ReasonOutcome      = "outcome differs"
	ReasonStructure    = "structures differ"
	ReasonMargin       = "labels differ where the model is sure"
	ReasonMeasurement  = "measurements differ"
	ReasonProbability  = "probabilities differ"
	ReasonBox          = "boxes differ"
	ReasonDisagreement = "results differ" // of a kind that has no words of its own
)

// reasonOf are the words of a difference.
var reasonOf = map[agreement.Kind]string{
	agreement.Outcome: ReasonOutcome, agreement.Structure: ReasonStructure, agreement.Margin: ReasonMargin,
	agreement.Measurement: ReasonMeasurement, agreement.Probability: ReasonProbability, agreement.Box: ReasonBox,
}

const (
	// spareVoxels may differ in any structure. Two runs of one model differ in voxels whose
	// two best scores are equal to some 1e-5; a structure of a few dozen voxels is then
	// outside of a Dice of 0.99 by a single one. Nobody is paid for eight voxels.
	spareVoxels = 8
	// floorHU is far below what anybody reads from a mean, and above what eight voxels of
	// another tissue do to a structure of a thousand.
	floorHU = 1.0
)

// bounds are those of checks: the manifest's, and room for voxels that hang in the balance.
// A package's example is a fixed one that its publisher looked at; a canary is any study.
func bounds(m models.Manifest) agreement.Bounds {
	b := agreement.BoundsOf(m)
	b.Spare, b.FloorHU = spareVoxels, floorHU
	return b
}

// Compare judges a result by a reference: both of m, on the same bytes of one study. It goes
// by the manifest's tolerance: the Dice of each structure voxel by voxel, probabilities,
// measurements and boxes, and labels against the scores' margin where both results have
// them. A reference that is no use makes it unchecked; a result that can't be read is
// invalid, as it is to its clinic. reason is one of the Reason constants, empty when valid.
// It is pure.
func Compare(m models.Manifest, reference, result inference.Result) (attest.Figures, attest.Judgement, string) {
	return compareWithin(m, bounds(m), reference, result)
}

func compareWithin(m models.Manifest, b agreement.Bounds, reference, result inference.Result) (attest.Figures, attest.Judgement, string) {
	a, err := agreement.Results(m, b, reference, result)
	switch {
	case errors.Is(err, agreement.ErrExpected):
		return attest.Figures{}, attest.JudgedUnchecked, ReasonNoReference
	case err != nil:
		return attest.Figures{}, attest.JudgedInvalid, ReasonUnreadable
	}
	f := attest.Figures{
		DicePPM: partsPerMillion(a.Dice), ProbabilityDeltaPPM: partsPerMillion(a.ProbabilityDelta),
		Findings: uint32(min(len(a.Differences), math.MaxUint32)), Mismatched: a.Mismatched,
	}
	if len(a.Differences) == 0 {
		return f, attest.JudgedValid, ""
	}
	reason, known := reasonOf[a.Differences[0].Kind]
	if !known {
		reason = ReasonDisagreement
	}
	return f, attest.JudgedInvalid, reason
}

// partsPerMillion rounds a share of 0 to 1 to the nearest millionth, except that only 1 is a
// whole: a Dice of 0.9999999 is not stated as perfect.
func partsPerMillion(share float64) uint32 {
	const whole = attest.PartsPerMillion
	if share >= 1 {
		return whole
	}
	return uint32(min(math.Round(max(share, 0)*whole), whole-1))
}

// CompareOutputs is Compare of two encoded results, from whomever: each is bounded before it
// is parsed.
func CompareOutputs(m models.Manifest, reference, output []byte) (attest.Figures, attest.Judgement, string) {
	return compareOutputs(m, bounds(m), reference, output)
}

func compareOutputs(m models.Manifest, b agreement.Bounds, reference, output []byte) (attest.Figures, attest.Judgement, string) {
	want, err := inference.DecodeResult(reference)
	if err != nil {
		return attest.Figures{}, attest.JudgedUnchecked, ReasonNoReference
	}
	got, err := inference.DecodeResult(output)
	if err != nil {
		return attest.Figures{}, attest.JudgedInvalid, ReasonUnreadable
	}
	return compareWithin(m, b, want, got)
}
