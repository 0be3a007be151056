package clinic

import (
	"bytes"
	"slices"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// probable is packageFor's model, but it delivers the probability of each structure.
func probable(t testing.TB, step models.Step) models.Package {
	t.Helper()
	return measuring(t, func(m *models.Manifest) {
		m.Measures, m.Fractional = nil, true
		m.Output.Type, m.Output.Shape = "float32", []int64{1, 3, -1, -1, -1}
		if m.Postprocess = []models.Step{{Op: "softmax"}, step}; step.Op == "threshold" {
			m.Output.Shape[1], m.Postprocess[0].Op = 2, "sigmoid"
		}
	})
}

// answerProbably is the result of an honest node with shares of every value.
func answerProbably(t testing.TB, payload []byte, pkg models.Package) inference.Result {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR", MinSlices: 2, MaxSpacingMM: 100}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	voxels, plane := series.Grid.Voxels(), series.Grid.Size[0]*series.Grid.Size[1]
	shares := &volume.Shares{Grid: series.Grid, Data: [][]uint8{make([]uint8, voxels), make([]uint8, voxels)}}
	for n := range voxels {
		shares.Data[0][n] = uint8(n % 256)
		if n/plane%3 > 0 { // a third of the slices have no frame of the second
			shares.Data[1][n] = uint8((255 - n%256) * 3 / 4)
		}
	}
	result := answer(t, payload, pkg)
	seg, err := report.FractionalSegmentation(series, shares, pkg.Manifest, report.Options{Seed: models.DigestOf(payload), Now: stamp(), SoftwareVersion: "test"})
	if err != nil {
		t.Fatal(err)
	}
	result.Files[0].Data = seg
	labels := make([]uint8, voxels)
	if err := volume.Decide(labels, shares.Data, []uint8{1, 2}, pkg.Manifest.Cutoff()); err != nil {
		t.Fatal(err)
	}
	for s := range result.Findings.Segments {
		segment := &result.Findings.Segments[s]
		segment.VoxelCount = 0
		for _, v := range labels {
			if int(v) == s+1 {
				segment.VoxelCount++
			}
		}
		segment.VolumeML = float64(segment.VoxelCount) * series.Grid.VoxelML()
	}
	return result
}

func TestProbabilitiesAreRestored(t *testing.T) {
	for _, step := range []models.Step{{Op: "argmax"}, {Op: "threshold", Above: 0.5}} {
		t.Run(step.Op, func(t *testing.T) {
			d, pkg := newDoor(t), probable(t, step)
			study := takeIn(t, smallStudy, pkg)
			ready := prepare(t, d, study, pkg)
			result := answerProbably(t, ready.Payload, pkg)
			for _, s := range result.Findings.Segments {
				if s.VoxelCount == 0 {
					t.Fatalf("%+v shows nothing", s)
				}
			}
			data := restored(t, d, ready.Task, result)[segmentationFile]
			conforms(t, data)
			got, sent := parsed(t, data), parsed(t, result.Files[0].Data)
			if !bytes.Equal(got.Pixels, sent.Pixels) || got.String(tag.SegmentationType) != fractionalType || got.String(tag.SegmentationFractionalType) != "PROBABILITY" {
				t.Error("the probabilities are not those that the node gave")
			}
			if got.String(tag.PatientName) != imagesOf(study)[0].String(tag.PatientName) {
				t.Error("the segmentation does not have the patient's name")
			}
		})
	}
}

// Figures of probabilities are held against them just as those of masks are.
func TestFalseFiguresOfProbabilitiesAreRefused(t *testing.T) {
	d, pkg := newDoor(t), probable(t, models.Step{Op: "threshold", Above: 0.5})
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	honest := answerProbably(t, ready.Payload, pkg)
	restored(t, d, ready.Task, honest)
	seg := parsed(t, honest.Files[0].Data)
	least := pkg.Manifest.Cutoff().Least
	// A voxel of the first structure that counts and one that does not, by a step each.
	just := bytes.IndexByte(seg.Pixels, byte(least))
	below := slices.Clone(seg.Pixels)
	below[just]--
	above := slices.Clone(seg.Pixels)
	above[bytes.IndexByte(seg.Pixels, byte(least-1))]++
	text := func(t tag.Tag, v string) dicom.Dataset { return with(seg.Dataset, textElement(t, "CS", v)) }
	figure := func(t tag.Tag, v int) dicom.Dataset { return with(seg.Dataset, dataElement(t, "US", []int{v})) }
	const count, kind, length = "number of voxels", "not of the kind", "another length"
	for name, c := range map[string]struct {
		ds     dicom.Dataset
		pixels []byte
		what   string
	}{
		"a share just below":     {seg.Dataset, below, count},
		"a share just above":     {seg.Dataset, above, count},
		"a frame for another":    {within(seg.Dataset, tag.PerFrameFunctionalGroupsSequence, 0, find(seg.Sequence(tag.PerFrameFunctionalGroupsSequence)[1], tag.DerivationImageSequence)), seg.Pixels, "do not each name"},
		"occupancy":              {text(tag.SegmentationFractionalType, "OCCUPANCY"), seg.Pixels, kind},
		"masks of a byte":        {text(tag.SegmentationType, "BINARY"), seg.Pixels, kind},
		"labels":                 {text(tag.SegmentationType, "LABELMAP"), seg.Pixels, kind},
		"another certainty":      {figure(tag.MaximumFractionalValue, 100), seg.Pixels, kind},
		"one bit":                {figure(tag.BitsAllocated, 1), seg.Pixels, kind},
		"two bytes":              {figure(tag.BitsAllocated, 16), seg.Pixels, kind},
		"seven bits":             {figure(tag.BitsStored, 7), seg.Pixels, kind},
		"below nothing":          {figure(tag.PixelRepresentation, 1), seg.Pixels, kind},
		"a byte too few":         {seg.Dataset, seg.Pixels[2:], length},
		"as long as masks would": {seg.Dataset, seg.Pixels[:len(seg.Pixels)/8], length},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := dcm.Encode(c.ds, c.pixels)
			if err != nil {
				t.Fatal(err)
			}
			hostile := honest
			hostile.Files = []dcm.File{{Name: segmentationFile, Data: data}}
			refusedFor(t, d, ready.Task, hostile, c.what)
		})
	}
	t.Run("counted by another rule", func(t *testing.T) {
		hostile := honest
		hostile.Findings.Segments = slices.Clone(honest.Findings.Segments)
		hostile.Findings.Segments[0].VoxelCount++
		refusedFor(t, d, ready.Task, hostile, count)
	})
	t.Run("masks", func(t *testing.T) {
		refusedFor(t, d, ready.Task, answer(t, ready.Payload, pkg), kind)
	})
	t.Run("probabilities of a model of masks", func(t *testing.T) {
		masks := measuring(t, nil)
		ready := prepare(t, d, takeIn(t, smallStudy, masks), masks)
		given := masks
		given.Manifest.Fractional = true
		given.Manifest.Postprocess = []models.Step{{Op: "threshold", Above: 0.5}}
		refusedFor(t, d, ready.Task, answerProbably(t, ready.Payload, given), kind)
	})
}

// Whatever bytes of a segmentation a node changes: what is delivered shows the voxels
// that the findings state, or is refused. An edit is three bytes of where and one of what.
func FuzzChangedProbabilities(f *testing.F) {
	d, pkg := newDoor(f), probable(f, models.Step{Op: "argmax"})
	ready := prepare(f, d, takeIn(f, smallStudy, pkg), pkg)
	honest := answerProbably(f, ready.Payload, pkg)
	id, err := d.vault.Get(ready.Task)
	if err != nil {
		f.Fatal(err)
	}
	seg := honest.Files[0].Data
	f.Add([]byte{})
	f.Add([]byte{0, 4, 0, 'X', 1, 0, 0, 9})
	for _, word := range []string{"FRACTIONAL", "PROBABILITY", "Brain"} {
		if at := bytes.Index(seg, []byte(word)); at > 0 {
			f.Add([]byte{byte(at >> 16), byte(at >> 8), byte(at), 'b'})
		}
	}
	plane := id.Rows * id.Columns
	f.Fuzz(func(t *testing.T, edits []byte) {
		changed := slices.Clone(seg)
		for ; len(edits) >= 4; edits = edits[4:] {
			changed[(int(edits[0])<<16|int(edits[1])<<8|int(edits[2]))%len(changed)] = edits[3]
		}
		data, _, err := newRestorer(id, resultAttributes()).segmentation(changed, honest.Findings.Segments, dcm.DefaultLimits())
		if err != nil {
			return
		}
		got := parsed(t, data)
		shares := map[string][2][]byte{}
		for n, frame := range got.Sequence(tag.PerFrameFunctionalGroupsSequence) {
			source := dcm.Items(find(dcm.Items(find(frame, tag.DerivationImageSequence))[0], tag.SourceImageSequence))[0]
			slice := first(source, tag.ReferencedSOPInstanceUID)
			both := shares[slice]
			both[segmentOf(frame)-1] = got.Pixels[n*plane:][:plane]
			shares[slice] = both
		}
		counts := [2]int{}
		for _, both := range shares {
			for n := range plane {
				var share [2]int
				for s, frame := range both {
					if frame != nil {
						share[s] = int(frame[n])
					}
				}
				switch rest := models.ShareLevels - share[0] - share[1]; {
				case share[0] >= share[1] && share[0] > max(rest, 0):
					counts[0]++
				case share[1] > share[0] && share[1] > max(rest, 0):
					counts[1]++
				}
			}
		}
		for s, stated := range honest.Findings.Segments {
			if counts[s] != stated.VoxelCount {
				t.Errorf("structure %d shows %d voxels, and %d are stated", s+1, counts[s], stated.VoxelCount)
			}
		}
	})
}
