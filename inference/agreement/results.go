package agreement

import (
	"errors"
	"fmt"
	"math"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// Agreement is how closely a result meets what is expected.
type Agreement struct {
	Dice             float64 // least of all structures, voxel by voxel; 1 where there is none
	ProbabilityDelta float64 // greatest of all classes and matched places, 0 to 1
	Mismatched       uint64  // voxels of another label
	Differences      []Difference
}

// ErrExpected says that the expected result is no use for a comparison: it can't be read, or
// it is of another model. That is no fault of the other one.
var ErrExpected = errors.New("nothing to compare with")

// ErrResult says that the result can't be read: nobody can use it.
var ErrResult = errors.New("the result can't be read")

// Results compares two whole results of one model on the same bytes of one study, by what a
// clinic gets: findings, and a segmentation voxel by voxel. Where both also have the labels
// of inference.Examine, those too. It is pure. Errors are ErrExpected or ErrResult.
func Results(m models.Manifest, b Bounds, want, got inference.Result) (Agreement, error) {
	if want.Findings.Weights != m.Weights.SHA256 || want.Findings.Model != m.ID {
		return Agreement{}, fmt.Errorf("%w: it is of the model %.80q", ErrExpected, want.Findings.Model)
	}
	if got.Findings.Weights != m.Weights.SHA256 || got.Findings.Model != m.ID {
		return Agreement{}, fmt.Errorf("%w: it is of the model %.80q, expected %s", ErrResult, got.Findings.Model, m.ID)
	}
	a := Agreement{Dice: 1, Differences: Findings(b, want.Findings, got.Findings)}
	for n, w := range want.Findings.Probabilities {
		if n < len(got.Findings.Probabilities) {
			a.ProbabilityDelta = max(a.ProbabilityDelta, math.Abs(w.Value-got.Findings.Probabilities[n].Value))
		}
	}
	completed := OutcomeOf(want.Findings) == inference.Completed && OutcomeOf(got.Findings) == inference.Completed
	if m.TaskKind() != models.Segmentation || !completed {
		return a, nil
	}
	seen, err := compareSegmentations(m, want, got)
	switch {
	case errors.Is(err, errExpected):
		return Agreement{}, fmt.Errorf("%w: %w", ErrExpected, err)
	case err != nil:
		return Agreement{}, fmt.Errorf("%w: %w", ErrResult, err)
	}
	lowest, found := b.overlaps(m, seen.labels)
	a.Dice, a.Mismatched, a.Differences = lowest, seen.differ, append(a.Differences, found...)
	return a, a.examined(m, b, want, got)
}

// examined adds what the labels before any step on connected parts say, where both have them.
func (a *Agreement) examined(m models.Manifest, b Bounds, want, got inference.Result) error {
	if !HasLabels(want) || !HasLabels(got) || b.Margin == 0 {
		return nil
	}
	from, err := LabelsOf(want)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExpected, err)
	}
	to, err := LabelsOf(got)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrResult, err)
	}
	if from.Direct.IsZero() || from.Margin != b.Margin {
		return nil // the reference says nothing of where it was sure
	}
	direct, err := labelmap.Compare(from.Direct, to.Direct)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrResult, err)
	}
	if direct.Certain > b.Spare {
		a.Differences = append(a.Differences, Difference{Margin,
			fmt.Sprintf("%d voxels have another label although their two best scores were at least %g apart", direct.Certain, b.Margin)})
	}
	return nil
}

// HasLabels reports whether inference.Examine made the result of a segmentation.
func HasLabels(r inference.Result) bool {
	for _, f := range r.Files {
		if f.Name == inference.LabelsFile {
			return true
		}
	}
	return false
}
