package report

import (
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// Relationship types (PS3.3 C.17.3.2.4).
const (
	contains     = "CONTAINS"
	conceptMod   = "HAS CONCEPT MOD"
	obsContext   = "HAS OBS CONTEXT"
	selectedFrom = "SELECTED FROM"
)

// item fills one content item of a structured report (PS3.3 C.17.3); fill adds its value.
func item(relationship, valueType string, name models.Code, fill func(*builder), children ...func(*builder)) func(*builder) {
	return func(b *builder) {
		if relationship != "" { // the root has none
			b.text(tag.RelationshipType, relationship)
		}
		b.text(tag.ValueType, valueType)
		b.items(tag.ConceptNameCodeSequence, coded(name))
		fill(b)
		if len(children) > 0 {
			b.items(tag.ContentSequence, children...)
		}
	}
}

func coded(c models.Code) func(*builder) { return code(c.Value, c.Scheme, c.Meaning) }

func container(relationship string, name models.Code, template string, children ...func(*builder)) func(*builder) {
	return item(relationship, "CONTAINER", name, func(b *builder) {
		b.text(tag.ContinuityOfContent, "SEPARATE")
		if template != "" {
			b.items(tag.ContentTemplateSequence, func(t *builder) {
				t.text(tag.MappingResource, "DCMR")
				t.text(tag.TemplateIdentifier, template)
			})
		}
	}, children...)
}

func codeItem(relationship string, name, value models.Code) func(*builder) {
	return item(relationship, "CODE", name, func(b *builder) { b.items(tag.ConceptCodeSequence, coded(value)) })
}

func textItem(relationship string, name models.Code, value string) func(*builder) {
	return item(relationship, "TEXT", name, func(b *builder) { b.text(tag.TextValue, value) })
}

func uidItem(relationship string, name models.Code, value string) func(*builder) {
	return item(relationship, "UIDREF", name, func(b *builder) { b.text(tag.UID, value) })
}

func numberItem(f Figure, children ...func(*builder)) func(*builder) {
	return item(contains, "NUM", f.Concept, func(b *builder) {
		b.items(tag.MeasuredValueSequence, func(v *builder) {
			v.text(tag.NumericValue, dicom.DecimalString(f.Value))
			v.items(tag.MeasurementUnitsCodeSequence, coded(f.Unit))
		})
	}, children...)
}

func imageItem(relationship string, name models.Code, in dicom.Instance) func(*builder) {
	return item(relationship, "IMAGE", name, func(b *builder) { b.items(tag.ReferencedSOPSequence, reference(in)) })
}

// segmentItem refers to one segment of a segmentation.
func segmentItem(segmentation Reference, number int) func(*builder) {
	return item(contains, "IMAGE", conceptSegment, func(b *builder) {
		b.items(tag.ReferencedSOPSequence, func(r *builder) {
			r.text(tag.ReferencedSOPClassUID, segmentationStorage)
			r.text(tag.ReferencedSOPInstanceUID, segmentation.InstanceUID)
			r.ints(tag.ReferencedSegmentNumber, number)
		})
	})
}

// rectangleItem is a closed line around a box on a picture: columns and rows, from
// the top left corner of the first pixel (PS3.3 C.18.6.1.2).
func rectangleItem(box Box, in dicom.Instance) func(*builder) {
	return item(contains, "SCOORD", conceptRegion, func(b *builder) {
		b.text(tag.GraphicType, "POLYLINE")
		b.add(tag.GraphicData, []float64{
			box.Min[0], box.Min[1], box.Max[0], box.Min[1], box.Max[0], box.Max[1], box.Min[0], box.Max[1], box.Min[0], box.Min[1],
		})
	}, item(selectedFrom, "IMAGE", conceptSource, func(b *builder) {
		b.items(tag.ReferencedSOPSequence, reference(in))
	}))
}

// surfaceItems are the six faces of a box in the patient (PS3.3 C.18.9.1.2, POLYGON).
func surfaceItems(box Box, frameOfReference string) []func(*builder) {
	corner := func(n int) []float64 {
		point := box.Min
		for axis := range 3 {
			if n>>axis&1 == 1 {
				point[axis] = box.Max[axis]
			}
		}
		return point[:]
	}
	faces := [6][4]int{{0, 1, 3, 2}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 3, 7, 6}, {0, 2, 6, 4}, {1, 3, 7, 5}}
	items := make([]func(*builder), len(faces))
	for n, face := range faces {
		items[n] = item(contains, "SCOORD3D", conceptSurface, func(b *builder) {
			var points []float64
			for _, at := range append(face[:], face[0]) {
				points = append(points, corner(at)...)
			}
			b.text(tag.GraphicType, "POLYGON")
			b.add(tag.GraphicData, points)
			b.text(tag.ReferencedFrameOfReferenceUID, frameOfReference)
		})
	}
	return items
}

// evidence lists every object that the report speaks of, by series (PS3.3 C.17.2.3).
func (b *builder) evidence(src Source, segmentation Reference) {
	objects := src.objects()
	list := []func(*builder){func(i *builder) {
		fills := make([]func(*builder), len(objects))
		for n, in := range objects {
			fills[n] = instance(in)
		}
		i.text(tag.SeriesInstanceUID, src.SeriesUID)
		i.items(tag.ReferencedSOPSequence, fills...)
	}}
	if segmentation.InstanceUID != "" {
		list = append(list, func(i *builder) {
			i.text(tag.SeriesInstanceUID, segmentation.SeriesUID)
			i.items(tag.ReferencedSOPSequence, func(r *builder) {
				r.text(tag.ReferencedSOPClassUID, segmentationStorage)
				r.text(tag.ReferencedSOPInstanceUID, segmentation.InstanceUID)
			})
		})
	}
	b.items(tag.CurrentRequestedProcedureEvidenceSequence, func(i *builder) {
		i.text(tag.StudyInstanceUID, src.StudyUID)
		i.items(tag.ReferencedSeriesSequence, list...)
	})
}
