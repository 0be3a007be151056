package inference

import (
	"context"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// LabelsFile is the file that Examine adds to the result of a segmentation: package
// labelmap. No clinic asks for it.
const LabelsFile = "labels.bin"

// Examine is Analyze for a package's example: the result of a segmentation also has its
// labels, so that they can be compared voxel by voxel with those of another run.
func Examine(ctx context.Context, rt *ort.Runtime, sess *ort.Session, pkg models.Package, study []byte, progress func(stage string, done float64)) (Result, error) {
	a := NewAnalysis(pkg, study, progress)
	a.examined = &labelmap.Set{}
	return a.all(ctx, rt, sess)
}

// markMargin makes the reduction mark the voxels that it is unsure of, where somebody will
// look, and where there are scores of which the larger decides.
func (a *Analysis) markMargin(r *reduction) {
	m := a.pkg.Manifest
	if a.examined == nil || r.labels == nil || m.Output.Type != "float32" || !decidesByArgmax(m) {
		return
	}
	r.margin = float32(m.Tolerance.MaxLabelMargin)
	r.unsure = make([]bool, len(r.labels.Data))
}

func decidesByArgmax(m models.Manifest) bool {
	for _, s := range m.Postprocess {
		switch s.Op {
		case "threshold":
			return false
		case "argmax":
			return true
		}
	}
	return false
}

// examineDirect keeps the labels as the model gave them.
func (a *Analysis) examineDirect(r reduction) (err error) {
	if r.unsure == nil {
		return nil
	}
	a.examined.Margin = a.pkg.Manifest.Tolerance.MaxLabelMargin
	a.examined.Direct, err = labelmap.Pack(r.labels.Size, r.labels.Data, r.unsure)
	return err
}

// examineDelivered gives the file of labels, or none where nobody asked.
func (a *Analysis) examineDelivered(labels *volume.Labels) (files []dicom.File, err error) {
	if a.examined == nil || labels == nil {
		return nil, nil
	}
	if a.examined.Delivered, err = labelmap.Pack(labels.Size, labels.Data, nil); err != nil {
		return nil, err
	}
	return []dicom.File{{Name: LabelsFile, Data: a.examined.Encode()}}, nil
}
