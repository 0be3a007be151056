package main

import (
	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// The figures of the lung and bone model. Lengths are voxels of gridMM.
const (
	gridMM        = 1.5
	lungBelowHU   = -500 // of the smoothed image
	boneAboveHU   = 180
	tissueAboveHU = -300
	wallVoxels    = 7   // 10.5 mm of tissue in front, behind, left and right of a lung
	closeVoxels   = 5   // 7.5 mm: vessels within the lung, marrow within bone
	lungLeastML   = 100 // smaller parts are bowel gas or trapped air
	boneLeastML   = 2
	emphysemaHU   = -950
)

const (
	lungLabel = 1
	boneLabel = 2
)

// lungBoneGraph labels a CT in HU on a grid of 1.5 mm in LPS order.
//
//	smooth = mean of 3 × 3 × 3 voxels
//	tissue = smooth > −300
//	lung   = smooth < −500, with at least 7 voxels of tissue to the left, to the right,
//	         in front and behind; then closed by 5 voxels
//	bone   = smooth > 180, closed by 5 voxels
//	label  = 2 where bone, else 1 where lung, else 0
func lungBoneGraph() graph.Model {
	b := &board{}
	shape := []int64{1, 1, -1, -1, -1}
	b.Inputs = []graph.Value{{Name: "ct", Type: graph.Float32, Shape: shape}}
	one, two, half := b.number("one", 1), b.number("two", boneLabel), b.number("half", 0.5)

	smooth := b.put("AveragePool", map[string]int64{"count_include_pad": 0},
		map[string][]int64{"kernel_shape": {3, 3, 3}, "pads": {1, 1, 1, 1, 1, 1}}, "ct")
	tissue := b.float(b.call("Greater", smooth, b.number("tissue above", tissueAboveHU)))
	wall := ""
	for _, axis := range []string{b.integer("rows", 3), b.integer("columns", 4)} {
		for reverse := range int64(2) {
			thickness := b.put("CumSum", map[string]int64{"reverse": reverse}, nil, tissue, axis)
			if wall == "" {
				wall = thickness
			} else {
				wall = b.call("Min", wall, thickness)
			}
		}
	}
	air := b.call("Less", smooth, b.number("lung below", lungBelowHU))
	enclosed := b.call("Greater", wall, b.number("wall", wallVoxels-0.5))
	lung := b.closed(b.float(b.call("And", air, enclosed)), closeVoxels)
	bone := b.closed(b.float(b.call("Greater", smooth, b.number("bone above", boneAboveHU))), closeVoxels)
	isBone := b.call("Greater", bone, half)
	rest := b.call("Mul", lung, one)
	labels := b.put("Cast", map[string]int64{"to": int64(graph.Uint8)}, nil, b.call("Where", isBone, two, rest))
	b.output(labels, graph.Value{Name: "labels", Type: graph.Uint8, Shape: shape})
	return b.Model
}

func lungBoneManifest() models.Manifest {
	structure := sct("123037004", "Anatomical Structure")
	return models.Manifest{
		Schema: models.Schema, ID: "ct-lung-bone", Version: "1.0.0", License: "Apache-2.0",
		Title:       "Lung and bone by thresholds in a chest CT, with the share of low attenuation",
		IntendedUse: "Research and demonstration: label air-filled lung and dense bone in a CT of the chest, and report the share of the lung below −950 HU.",
		Limits: []string{
			"Composed by hand from thresholds; nothing was trained and nothing was validated against readers.",
			"Not a medical device. Not for diagnosis, treatment or any decision about a patient.",
			"Lung means aerated lung with its airways and small vessels: consolidations, effusions and tumours are left out, the windpipe is counted in.",
			"Bone means dense tissue: contrast medium, metal and calcifications are labelled as bone, thin or soft bone is missed.",
			"Lungs that are cut by the edge of the image are missed in part. Gas in the bowel can be taken for lung where it is one of the two largest parts.",
			"The share below −950 HU depends on kernel, slice thickness, dose and breathing; compare it only within one protocol.",
		},
		Selection: models.Selection{Modality: "CT", MinSlices: 20, MaxSpacingMM: 5},
		Preprocess: []models.Step{
			{Op: "orient", To: "LPS"},
			{Op: "resample", SpacingMM: [3]float64{gridMM, gridMM, gridMM}, Kernel: "linear"},
			{Op: "clip", Low: -1024, High: 3071}},
		Input:  models.Tensor{Name: "ct", Type: "float32", Shape: []int64{1, 1, -1, -1, -1}},
		Output: models.Tensor{Name: "labels", Type: "uint8", Shape: []int64{1, 1, -1, -1, -1}},
		Labels: []models.Label{{Value: 0, Name: "Background"},
			{Value: lungLabel, Name: "Lung", Category: structure, Type: sct("39607008", "Lung"), Color: [3]byte{90, 170, 230}},
			{Value: boneLabel, Name: "Bone", Category: structure, Type: sct("272673000", "Bone"), Color: [3]byte{240, 225, 180}}},
		Postprocess: []models.Step{
			{Op: "argmax-in-graph"},
			{Op: "min-component", Label: lungLabel, ML: lungLeastML},
			{Op: "largest-component", Label: lungLabel, Count: 2},
			{Op: "min-component", Label: boneLabel, ML: boneLeastML}},
		Measures: []models.Measure{
			{Kind: models.MeasureVolume, Label: lungLabel, Unit: ucum("ml", "ml")},
			{Kind: models.MeasureVolume, Label: boneLabel, Unit: ucum("ml", "ml")},
			{Kind: models.MeasureMeanHU, Label: lungLabel, Unit: ucum("[hnsf'U]", "Hounsfield unit")},
			{Kind: models.MeasureLowAttenuation, Label: lungLabel, Below: emphysemaHU, Unit: ucum("%", "%"),
				Code: own("laa-950", "Share of the lung below -950 HU")}},
		AllowedAttrs: common("FrameOfReferenceUID", "PositionReferenceIndicator", "ImagePositionPatient", "ImageOrientationPatient",
			"SliceThickness", "SpacingBetweenSlices", "GantryDetectorTilt", "KVP", "ConvolutionKernel"),
		Providers:    []string{"cpu", "cuda"},
		Tolerance:    models.Tolerance{MinDice: 0.995, MaxValueError: 0.002},
		Requirements: models.Requirements{MemoryBytes: 3 << 30},
	}
}
