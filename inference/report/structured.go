package report

import (
	"errors"
	"fmt"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

const comprehensive3DSR = "1.2.840.10008.5.1.4.1.1.88.34"

// maxReason is how many characters of a reason a report repeats.
const maxReason = 512

// StructuredReport writes a Comprehensive 3D SR (PS3.3 A.35.13) by TID 1500,
// Measurement Report: a group by TID 1411 for each structure of the segmentation and
// each box (TID 1410 on a picture), one by TID 1501 for what concerns the whole image,
// the algorithm by TID 4019, and the warning. segmentation is zero where there is
// none. An outcome other than Completed is a report without figures that says so.
func StructuredReport(src Source, segmentation Reference, c Contents, m models.Manifest, opts Options) ([]byte, error) {
	data, err := structuredReport(src, segmentation, c, m, opts)
	if err != nil {
		return nil, fmt.Errorf("write structured report: %w", err)
	}
	return data, nil
}

func structuredReport(src Source, segmentation Reference, c Contents, m models.Manifest, opts Options) ([]byte, error) {
	if err := errors.Join(src.validate(), opts.validate()); err != nil {
		return nil, err
	}
	if (segmentation.SeriesUID == "") != (segmentation.InstanceUID == "") {
		return nil, errors.New("the segmentation is named by half")
	}
	statement, err := c.State(m, segmentation.InstanceUID != "")
	if err != nil {
		return nil, err
	}
	newUID := opts.uids(kindStructured)
	b := &builder{}
	b.identity(src, false)
	b.series(m, opts, series{modality: "SR", number: structuredNumber, uid: newUID()})
	b.items(tag.ReferencedPerformedProcedureStepSequence)
	b.equipment(m, opts)
	b.text(tag.SOPClassUID, comprehensive3DSR)
	b.text(tag.SOPInstanceUID, newUID())
	b.text(tag.CompletionFlag, "COMPLETE")
	b.text(tag.VerificationFlag, "UNVERIFIED")
	b.text(tag.PreliminaryFlag, "PRELIMINARY")
	b.items(tag.PerformedProcedureCodeSequence)
	b.evidence(src, segmentation)
	w := writer{src: src, segmentation: segmentation, m: m, newUID: newUID, device: UIDs(deviceSeed(m))()}
	w.root(statement)(b)
	if b.err != nil {
		return nil, b.err
	}
	return dicom.Encode(lib.Dataset{Elements: b.elements}, nil)
}

// deviceSeed gives one device UID to every run of a model.
func deviceSeed(m models.Manifest) models.Digest {
	return derived(m.Weights.SHA256, kindDevice+" "+m.ID+" "+m.Version)
}

// writer holds what the content items refer to.
type writer struct {
	src          Source
	segmentation Reference
	m            models.Manifest
	newUID       func() string
	device       string
}

// The concepts of the tree (PS3.16, TID 1500 and those that it includes).
var (
	conceptReport        = dcm("126000", "Imaging Measurement Report")
	conceptLanguage      = dcm("121049", "Language of Content Item and Descendants")
	conceptObserverType  = dcm("121005", "Observer Type")
	conceptDevice        = dcm("121007", "Device")
	conceptDeviceUID     = dcm("121012", "Device Observer UID")
	conceptDeviceName    = dcm("121013", "Device Observer Name")
	conceptDeviceMaker   = dcm("121014", "Device Observer Manufacturer")
	conceptDeviceModel   = dcm("121015", "Device Observer Model Name")
	conceptDeviceSerial  = dcm("121016", "Device Observer Serial Number")
	conceptProcedure     = dcm("121058", "Procedure reported")
	conceptMeasurements  = dcm("126010", "Imaging Measurements")
	conceptGroup         = dcm("125007", "Measurement Group")
	conceptTracking      = dcm("112039", "Tracking Identifier")
	conceptTrackingUID   = dcm("112040", "Tracking Unique Identifier")
	conceptFinding       = dcm("121071", "Finding")
	conceptSourceSeries  = dcm("121232", "Source series for segmentation")
	conceptSourceImage   = dcm("121233", "Source image for segmentation")
	conceptAlgorithm     = dcm("111001", "Algorithm Name")
	conceptVersion       = dcm("111003", "Algorithm Version")
	conceptSummary       = dcm("111065", "Summary of Analyses")
	conceptComment       = dcm("121106", "Comment")
	conceptQualitative   = models.Code{Value: "C0034375", Scheme: "UMLS", Meaning: "Qualitative Evaluations"}
	conceptSegment       = dcm("121191", "Referenced Segment")
	conceptRegion        = dcm("111030", "Image Region")
	conceptSurface       = dcm("121231", "Volume Surface")
	conceptSource        = models.Code{Value: "260753009", Scheme: "SCT", Meaning: "Source"}
	languageEnglish      = models.Code{Value: "en", Scheme: "RFC5646", Meaning: "English"}
	outcomeSucceeded     = dcm("111222", "Succeeded")
	outcomeFailed        = dcm("111224", "Failed")
	outcomeNotApplicable = dcm("111225", "Not Attempted")
)

// root fills the document's own content item (TID 1500).
func (w writer) root(s Statement) func(*builder) {
	children := []func(*builder){
		codeItem(conceptMod, conceptLanguage, languageEnglish),   // TID 1204
		codeItem(obsContext, conceptObserverType, conceptDevice), // TID 1002 and 1004
		uidItem(obsContext, conceptDeviceUID, w.device),
		textItem(obsContext, conceptDeviceName, manufacturer),
		textItem(obsContext, conceptDeviceMaker, manufacturer),
		textItem(obsContext, conceptDeviceModel, w.m.ID+" "+w.m.Version),
		textItem(obsContext, conceptDeviceSerial, w.m.Weights.SHA256.Short()),
		codeItem(conceptMod, conceptProcedure, procedure(w.src.Modality)),
	}
	if len(s.Groups) > 0 {
		groups := make([]func(*builder), len(s.Groups))
		for n, g := range s.Groups {
			groups[n] = w.group(g)
		}
		children = append(children, container(contains, conceptMeasurements, "", groups...))
	}
	outcome := map[string]models.Code{Completed: outcomeSucceeded, Failed: outcomeFailed, NotApplicable: outcomeNotApplicable}[s.Outcome]
	evaluations := []func(*builder){codeItem(contains, conceptSummary, outcome)}
	for _, e := range s.Evaluations {
		evaluations = append(evaluations, codeItem(contains, e.Concept, e.Value))
	}
	evaluations = append(evaluations, textItem(contains, conceptComment, Warning))
	if s.Reason != "" {
		evaluations = append(evaluations, textItem(contains, conceptComment, shortened(s.Reason, maxReason)))
	}
	return container("", conceptReport, "1500", append(children, container(contains, conceptQualitative, "", evaluations...))...)
}

// group fills one measurement group.
func (w writer) group(g Group) func(*builder) {
	children := []func(*builder){
		textItem(obsContext, conceptTracking, g.Name),
		uidItem(obsContext, conceptTrackingUID, w.newUID()),
	}
	if g.Finding != nil {
		children = append(children, codeItem(contains, conceptFinding, *g.Finding))
	}
	algorithm := []func(*builder){ // TID 4019: of the group in TID 1501, of each figure in TID 1419
		textItem(conceptMod, conceptAlgorithm, w.m.ID),
		textItem(conceptMod, conceptVersion, w.m.Version),
	}
	template, ofFigure := "1411", algorithm
	var ofGroup []func(*builder)
	switch {
	case g.Segment > 0:
		children = append(children, segmentItem(w.segmentation, g.Segment), w.sourceOf())
	case g.Box != nil && w.src.grid == nil:
		template = "1410"
		children = append(children, rectangleItem(*g.Box, w.src.Instances[0]))
	case g.Box != nil:
		children = append(children, surfaceItems(*g.Box, w.src.FrameOfReferenceUID)...)
	default:
		template, ofGroup, ofFigure = "1501", algorithm, nil
	}
	children = append(children, ofGroup...)
	for _, f := range g.Figures {
		children = append(children, numberItem(f, ofFigure...))
	}
	if template == "1501" && w.src.grid == nil {
		children = append(children, imageItem(contains, conceptSource, w.src.Instances[0]))
	}
	return container(contains, conceptGroup, template, children...)
}

// sourceOf refers to what was segmented: the picture, or the whole series.
func (w writer) sourceOf() func(*builder) {
	if w.src.grid == nil {
		return imageItem(contains, conceptSourceImage, w.src.Instances[0])
	}
	return uidItem(contains, conceptSourceSeries, w.src.SeriesUID)
}

// procedure is what CID 100 calls an examination of the modality.
func procedure(modality string) models.Code {
	loinc := func(value, meaning string) models.Code {
		return models.Code{Value: value, Scheme: "LN", Meaning: meaning}
	}
	switch modality {
	case "CT":
		return loinc("25045-6", "CT unspecified body region")
	case "MR":
		return loinc("25056-3", "MRI unspecified body region")
	case "PT":
		return loinc("44136-0", "PET unspecified body region")
	case "NM":
		return loinc("49118-3", "NM unspecified body region")
	}
	return models.Code{Value: "363679005", Scheme: "SCT", Meaning: "Imaging procedure"}
}
