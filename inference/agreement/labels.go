package agreement

import (
	"errors"
	"fmt"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// Labels compares voxel by voxel. Of what is delivered, each structure must reach the Dice
// of b. Where the model's graph gives scores and b has a margin, the labels before any step
// on connected parts may differ only where the expected ones hung by less than it. seen
// says in words how closely they agree. It is pure.
func Labels(m models.Manifest, b Bounds, want, got labelmap.Set) (seen string, found []Difference) {
	delivered, err := labelmap.Compare(want.Delivered, got.Delivered)
	if err != nil {
		return "", []Difference{{Structure, err.Error()}}
	}
	lowest, found := b.overlaps(m, delivered.Labels)
	seen = fmt.Sprintf("voxel by voxel: Dice at least %.6g, %d voxels differ", lowest, delivered.Differ)
	switch {
	case b.Margin == 0:
		return seen, found
	case want.Direct.IsZero() && got.Direct.IsZero():
		return seen + "; max_label_margin asks nothing of a graph without scores that argmax reduces", found
	case want.Margin != b.Margin:
		return seen, append(found, Difference{Margin,
			fmt.Sprintf("the example was made for a max_label_margin of %g, the manifest says %g; make it anew with `medhive model example`", want.Margin, b.Margin)})
	}
	direct, err := labelmap.Compare(want.Direct, got.Direct)
	if err != nil {
		return seen, append(found, Difference{Margin, err.Error()})
	}
	if direct.Certain > 0 {
		found = append(found, Difference{Margin,
			fmt.Sprintf("%d voxels have another label although their two best scores were at least %g apart", direct.Certain, b.Margin)})
	}
	return seen + fmt.Sprintf(", none of them where the scores were %g apart", b.Margin), found
}

// overlaps holds each structure of the manifest to the Dice, or to the spare voxels; lowest
// is the least Dice among them, 1 where there are none.
func (b Bounds) overlaps(m models.Manifest, of map[uint8]labelmap.Overlap) (lowest float64, found []Difference) {
	lowest = 1
	for _, l := range m.Structures() {
		o := of[l.Value]
		dice := o.Dice()
		lowest = min(lowest, dice)
		if apart := o.Want + o.Got - 2*o.Common; dice < b.Dice && apart > b.Spare {
			found = append(found, Difference{Structure, fmt.Sprintf("%s has a Dice of %.4f with what is expected; at least %g is wanted", l.Name, dice, b.Dice)})
		}
	}
	return lowest, found
}

// LabelsOf finds the labels that inference.Examine put into a result.
func LabelsOf(r inference.Result) (labelmap.Set, error) {
	for _, f := range r.Files {
		if f.Name == inference.LabelsFile {
			return labelmap.Decode(f.Data)
		}
	}
	return labelmap.Set{}, errors.New("its result has no labels to compare")
}
