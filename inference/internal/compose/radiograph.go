package main

import (
	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// clippedPart is how close to the ends of its range, as a part of it, a pixel counts as
// clipped.
const clippedPart = 0.005

const percent = 100

// radiographGraph measures a picture x scaled to 0–1:
//
//	dark, bright = share of the pixels below 0.005 and above 0.995, in percent
//	contrast     = standard deviation of x
//	edges        = mean of |Laplacian of x| over the standard deviation of x
//
// The Laplacian is that of four neighbours, where all four lie in the picture.
func radiographGraph() graph.Model {
	b := &board{}
	b.Inputs = []graph.Value{{Name: "picture", Type: graph.Float32, Shape: []int64{1, 1, -1, -1}}}
	hundred := b.number("hundred", percent)
	// Rows first, then all of them: one sum over millions of float32 loses its third digit.
	mean := func(of string, keep int64) string {
		rows := b.put("ReduceMean", map[string]int64{"keepdims": 1}, map[string][]int64{"axes": {3}}, of)
		return b.put("ReduceMean", map[string]int64{"keepdims": keep}, map[string][]int64{"axes": {2, 3}}, rows)
	}
	dark := b.call("Mul", mean(b.float(b.call("Less", "picture", b.number("dark", clippedPart))), 0), hundred)
	bright := b.call("Mul", mean(b.float(b.call("Greater", "picture", b.number("bright", 1-clippedPart))), 0), hundred)
	apart := b.call("Sub", "picture", mean("picture", 1))
	contrast := b.call("Sqrt", mean(b.call("Mul", apart, apart), 0))
	b.floats("laplacian", []int64{1, 1, 3, 3}, 0, 1, 0, 1, -4, 1, 0, 1, 0)
	edges := b.call("Div", mean(b.call("Abs", b.call("Conv", "picture", "laplacian")), 0), contrast)
	answer := b.put("Concat", map[string]int64{"axis": 1}, nil, dark, bright, contrast, edges)
	b.output(answer, graph.Value{Name: "quality", Type: graph.Float32, Shape: []int64{1, 4}})
	return b.Model
}

func radiographManifest() models.Manifest {
	share, none := ucum("%", "%"), ucum("1", "no units")
	value := func(code, meaning string, unit models.Code) models.Measure {
		return models.Measure{Kind: models.MeasureValue, Code: own(code, meaning), Unit: unit}
	}
	return models.Manifest{
		Schema: models.Schema, ID: "radiograph-quality", Version: "1.0.0", License: "Apache-2.0",
		Task: models.Regression, Dimensions: 2,
		Title:       "Clipping, contrast and edge strength of a radiograph",
		IntendedUse: "Research and demonstration: four figures about the grey values of a digital radiograph, to find exports that lost their range.",
		Limits: []string{
			"Composed by hand from sums and a filter; nothing was trained, and no figure was compared with what radiographers say.",
			"Not a medical device. Not for diagnosis, treatment or any decision about a patient, and no judgement on the exposure.",
			"Collimated borders, markers and burned-in text count as pixels; one very bright marker sets the range for all.",
			"Edge strength grows with noise as well as with sharpness, and falls with finer pixels; compare it only within one device.",
		},
		Selection:   models.Selection{Modality: "CR/DX", MinSlices: 1, MaxSpacingMM: 1},
		Preprocess:  []models.Step{{Op: "rgb", Kind: "grey"}, {Op: "normalise", Kind: "min-max"}},
		Input:       models.Tensor{Name: "picture", Type: "float32", Shape: []int64{1, 1, -1, -1}},
		Output:      models.Tensor{Name: "quality", Type: "float32", Shape: []int64{1, 4}},
		Postprocess: []models.Step{},
		Measures: []models.Measure{
			value("clipped-dark", "Share of pixels at the dark end", share),
			value("clipped-bright", "Share of pixels at the bright end", share),
			value("rms-contrast", "Standard deviation of grey values scaled to 0-1", none),
			value("edge-strength", "Mean absolute Laplacian over standard deviation", none)},
		AllowedAttrs: common("ImagerPixelSpacing", "BodyPartExamined", "ViewPosition", "Laterality", "PatientOrientation", "BurnedInAnnotation", "PresentationIntentType",
			"PixelIntensityRelationship", "PixelIntensityRelationshipSign", "LossyImageCompression"),
		Providers:    []string{"cpu", "cuda"},
		Tolerance:    models.Tolerance{MinDice: 1, MaxValueError: 0.002},
		Requirements: models.Requirements{MemoryBytes: 1 << 30},
	}
}
