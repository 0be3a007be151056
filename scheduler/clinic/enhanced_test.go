package clinic

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/deface"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// The secrets that stand in the functional groups of an enhanced object of these tests.
const (
	secretCoil  = "coil of the Spital"
	secretLabel = "Frau Sonnenschein"
)

func coded(t tag.Tag, value, scheme, meaning string) *dicom.Element {
	return sequence(t, []*dicom.Element{textElement(tag.CodeValue, "SH", value), textElement(tag.CodingSchemeDesignator, "SH", scheme), textElement(tag.CodeMeaning, "LO", meaning)})
}

func reals(t tag.Tag, values ...float64) *dicom.Element { return dataElement(t, "FD", values) }

func words(t tag.Tag, values ...int) *dicom.Element { return dataElement(t, "US", values) }

// frameKind is the frame type macro of a modality.
func frameKind(t tag.Tag, extra ...*dicom.Element) *dicom.Element {
	return sequence(t, append([]*dicom.Element{
		textElement(tag.FrameType, "CS", "ORIGINAL", "PRIMARY", "VOLUME", "NONE"), textElement(tag.PixelPresentation, "CS", "MONOCHROME"),
		textElement(tag.VolumetricProperties, "CS", "VOLUME"), textElement(tag.VolumeBasedCalculationTechnique, "CS", "NONE"),
	}, extra...))
}

// mrShared are the functional groups of an original MR.
func mrShared() []*dicom.Element {
	return []*dicom.Element{
		frameKind(tag.MRImageFrameTypeSequence, textElement(tag.ComplexImageComponent, "CS", "MAGNITUDE"), textElement(tag.AcquisitionContrast, "CS", "T1")),
		sequence(tag.MRTimingAndRelatedParametersSequence, []*dicom.Element{
			textElement(tag.RepetitionTime, "DS", "2000"), textElement(tag.FlipAngle, "DS", "9"), textElement(tag.EchoTrainLength, "IS", "1"),
			words(tag.RFEchoTrainLength, 0), words(tag.GradientEchoTrainLength, 1),
			sequence(tag.SpecificAbsorptionRateSequence, []*dicom.Element{textElement(tag.SpecificAbsorptionRateDefinition, "CS", "IEC_WHOLE_BODY"), reals(tag.SpecificAbsorptionRateValue, 0.1)}),
			textElement(tag.GradientOutputType, "CS", "DB_DT"), reals(tag.GradientOutput, 20),
			sequence(tag.OperatingModeSequence, []*dicom.Element{textElement(tag.OperatingModeType, "CS", "GRADIENT"), textElement(tag.OperatingMode, "CS", "IEC_NORMAL")}),
		}),
		sequence(tag.MRFOVGeometrySequence, []*dicom.Element{
			textElement(tag.InPlanePhaseEncodingDirection, "CS", "ROW"), words(tag.MRAcquisitionFrequencyEncodingSteps, 16),
			words(tag.MRAcquisitionPhaseEncodingStepsInPlane, 12), textElement(tag.PercentSampling, "DS", "100"), textElement(tag.PercentPhaseFieldOfView, "DS", "100"),
		}),
		sequence(tag.MREchoSequence, []*dicom.Element{reals(tag.EffectiveEchoTime, 2.5)}),
		sequence(tag.MRModifierSequence, []*dicom.Element{
			textElement(tag.InversionRecovery, "CS", "NO"), textElement(tag.FlowCompensation, "CS", "NONE"), textElement(tag.Spoiling, "CS", "NONE"),
			textElement(tag.T2Preparation, "CS", "NO"), textElement(tag.SpectrallySelectedExcitation, "CS", "NONE"), textElement(tag.SpatialPresaturation, "CS", "NONE"),
			textElement(tag.PartialFourier, "CS", "NO"), textElement(tag.ParallelAcquisition, "CS", "NO"),
		}),
		sequence(tag.MRImagingModifierSequence, []*dicom.Element{
			textElement(tag.MagnetizationTransfer, "CS", "NONE"), textElement(tag.BloodSignalNulling, "CS", "NO"), textElement(tag.Tagging, "CS", "NONE"),
			reals(tag.TransmitterFrequency, 63.8), textElement(tag.PixelBandwidth, "DS", "200"),
		}),
		sequence(tag.MRReceiveCoilSequence, []*dicom.Element{
			textElement(tag.ReceiveCoilName, "SH", secretCoil[:16]), textElement(tag.ReceiveCoilManufacturerName, "LO", secretCoil), textElement(tag.ReceiveCoilType, "CS", "HEAD"), textElement(tag.QuadratureReceiveCoil, "CS", "YES"),
		}),
		sequence(tag.MRTransmitCoilSequence, []*dicom.Element{
			textElement(tag.TransmitCoilName, "SH", secretCoil[:16]), textElement(tag.TransmitCoilManufacturerName, "LO", secretCoil), textElement(tag.TransmitCoilType, "CS", "BODY"),
		}),
		sequence(tag.MRAveragesSequence, []*dicom.Element{textElement(tag.NumberOfAverages, "DS", "1")}),
		sequence(tag.PixelValueTransformationSequence, []*dicom.Element{textElement(tag.RescaleIntercept, "DS", "0"), textElement(tag.RescaleSlope, "DS", "0.5"), textElement(tag.RescaleType, "LO", "US")}),
	}
}

// ctShared are the functional groups of an original CT.
func ctShared() []*dicom.Element {
	return []*dicom.Element{
		frameKind(tag.CTImageFrameTypeSequence),
		sequence(tag.CTAcquisitionTypeSequence, []*dicom.Element{textElement(tag.AcquisitionType, "CS", "SPIRAL"), textElement(tag.ConstantVolumeFlag, "CS", "NO"), textElement(tag.FluoroscopyFlag, "CS", "NO")}),
		sequence(tag.CTAcquisitionDetailsSequence, []*dicom.Element{
			textElement(tag.RotationDirection, "CS", "CW"), reals(tag.RevolutionTime, 0.5), reals(tag.SingleCollimationWidth, 0.6), reals(tag.TotalCollimationWidth, 38.4),
			textElement(tag.TableHeight, "DS", "150"), textElement(tag.GantryDetectorTilt, "DS", "0"), textElement(tag.DataCollectionDiameter, "DS", "500"),
		}),
		sequence(tag.CTTableDynamicsSequence, []*dicom.Element{reals(tag.TableSpeed, 40), reals(tag.TableFeedPerRotation, 20), reals(tag.SpiralPitchFactor, 0.9)}),
		sequence(tag.CTGeometrySequence, []*dicom.Element{textElement(tag.DistanceSourceToDetector, "DS", "1085"), reals(tag.DistanceSourceToDataCollectionCenter, 595)}),
		sequence(tag.CTPositionSequence, []*dicom.Element{reals(tag.TablePosition, 10), reals(tag.DataCollectionCenterPatient, 0, 0, 0), reals(tag.ReconstructionTargetCenterPatient, 0, 0, 0)}),
		sequence(tag.CTReconstructionSequence, []*dicom.Element{
			textElement(tag.ReconstructionAlgorithm, "CS", "FILTER_BACK_PROJ"), textElement(tag.ConvolutionKernel, "SH", "B30f"), textElement(tag.ConvolutionKernelGroup, "CS", "BRAIN"),
			textElement(tag.ReconstructionDiameter, "DS", "250"), reals(tag.ReconstructionPixelSpacing, 0.5, 0.5), reals(tag.ReconstructionAngle, 180), textElement(tag.ImageFilter, "SH", "NONE"),
		}),
		sequence(tag.CTExposureSequence, []*dicom.Element{
			reals(tag.ExposureTimeInms, 500), reals(tag.XRayTubeCurrentInmA, 200), reals(tag.ExposureInmAs, 100), textElement(tag.ExposureModulationType, "CS", "NONE"), reals(tag.CTDIvol, 5),
		}),
		sequence(tag.CTXRayDetailsSequence, []*dicom.Element{textElement(tag.KVP, "DS", "120"), textElement(tag.FocalSpots, "DS", "1.2"), textElement(tag.FilterType, "SH", "FLAT"), textElement(tag.FilterMaterial, "CS", "ALUMINUM")}),
		sequence(tag.PixelValueTransformationSequence, []*dicom.Element{textElement(tag.RescaleIntercept, "DS", "-1024"), textElement(tag.RescaleSlope, "DS", "2"), textElement(tag.RescaleType, "LO", "HU")}),
		sequence(tag.IrradiationEventIdentificationSequence, []*dicom.Element{textElement(tag.IrradiationEventUID, "UI", "1.2.3.20240311.8")}),
	}
}

// The size of an enhanced object's frames, and how many of a volume there are. There are
// two volumes: every place is there at two echo times, or of a CT at two times.
const (
	frameRows, frameColumns = 12, 16
	frameSlices, volumes    = 5, 2
)

// enhancedFolder is a folder with one enhanced object of two volumes in an order that no
// scanner would choose, and with identifiers in its functional groups.
func enhancedFolder(t testing.TB, modality string) string {
	t.Helper()
	class, shared := enhancedMR, mrShared()
	if modality == "CT" {
		class, shared = enhancedCT, ctShared()
	}
	shared = append(shared,
		sequence(tag.PixelMeasuresSequence, []*dicom.Element{textElement(tag.PixelSpacing, "DS", "1.5", "1.25"), textElement(tag.SliceThickness, "DS", "2")}),
		sequence(tag.PlaneOrientationSequence, []*dicom.Element{textElement(tag.ImageOrientationPatient, "DS", "1", "0", "0", "0", "1", "0")}),
		sequence(tag.FrameAnatomySequence, []*dicom.Element{textElement(tag.FrameLaterality, "CS", "U"), coded(tag.AnatomicRegionSequence, "T-D1100", "SRT", "Head")}),
		sequence(tag.FrameVOILUTSequence, []*dicom.Element{textElement(tag.WindowCenter, "DS", "400"), textElement(tag.WindowWidth, "DS", "800"), textElement(tag.WindowCenterWidthExplanation, "LO", secretLabel)}),
		textElement(tag.Tag{Group: 0x0021, Element: 0x0010}, "LO", secretLabel),
	)
	const count = frameSlices * volumes
	var frames [][]*dicom.Element
	var pixels []byte
	for n := range count {
		place, volume := (n*3)%frameSlices, n/frameSlices // scrambled
		content := []*dicom.Element{
			textElement(tag.FrameReferenceDateTime, "DT", "20240311101112"), textElement(tag.FrameAcquisitionDateTime, "DT", "20240311101112"), reals(tag.FrameAcquisitionDuration, 5),
			words(tag.FrameAcquisitionNumber, 1), textElement(tag.StackID, "SH", "1"), dataElement(tag.InStackPositionNumber, "UL", []int{place + 1}),
			dataElement(tag.DimensionIndexValues, "UL", []int{1, place + 1, volume + 1}), dataElement(tag.TemporalPositionIndex, "UL", []int{volume + 1}),
			textElement(tag.FrameComments, "LT", secretLabel),
		}
		frame := []*dicom.Element{
			sequence(tag.FrameContentSequence, content),
			sequence(tag.PlanePositionSequence, []*dicom.Element{textElement(tag.ImagePositionPatient, "DS", "-10", "20", strconv.Itoa(2*place))}),
			sequence(tag.DerivationImageSequence, []*dicom.Element{
				textElement(tag.DerivationDescription, "ST", secretLabel), coded(tag.DerivationCodeSequence, "113076", "DCM", "Segmentation"),
				sequence(tag.SourceImageSequence, []*dicom.Element{
					textElement(tag.ReferencedSOPClassUID, "UI", enhancedMR), textElement(tag.ReferencedSOPInstanceUID, "UI", "1.2.3.20240311.7"),
					coded(tag.PurposeOfReferenceCodeSequence, "121322", "DCM", "Source image for image processing operation"),
				}),
			}),
		}
		frames = append(frames, frame)
		for p := range frameRows * frameColumns {
			pixels = binary.LittleEndian.AppendUint16(pixels, uint16((100*place+17*p+1000*volume)%4096))
		}
	}
	e := slice(words(tag.Rows, frameRows), words(tag.Columns, frameColumns), textElement(tag.SOPClassUID, "UI", class), textElement(tag.Modality, "CS", modality), textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", "VOLUME", "NONE"),
		textElement(tag.PatientBirthDate, "DA", "19610229"), textElement(tag.PatientSex, "CS", "F"), textElement(tag.StudyDate, "DA", "20240311"), textElement(tag.StudyTime, "TM", "101112"),
		textElement(tag.ReferringPhysicianName, "PN", "Weiß^Ada"), textElement(tag.StudyID, "SH", "S1"), textElement(tag.AccessionNumber, "SH", "A-77"), textElement(tag.SeriesNumber, "IS", "4"),
		textElement(tag.PositionReferenceIndicator, "LO"), textElement(tag.PatientPosition, "CS", "HFS"),
		textElement(tag.Manufacturer, "LO", "Vendor"), textElement(tag.ManufacturerModelName, "LO", "Model"), textElement(tag.DeviceSerialNumber, "LO", "D-4711"), textElement(tag.SoftwareVersions, "LO", "1.0"),
		textElement(tag.InstanceNumber, "IS", "1"), textElement(tag.ContentDate, "DA", "20240311"), textElement(tag.ContentTime, "TM", "101112"), textElement(tag.AcquisitionDateTime, "DT", "20240311101112"),
		reals(tag.AcquisitionDuration, 60), textElement(tag.NumberOfFrames, "IS", strconv.Itoa(count)), textElement(tag.PixelPresentation, "CS", "MONOCHROME"),
		textElement(tag.VolumetricProperties, "CS", "VOLUME"), textElement(tag.VolumeBasedCalculationTechnique, "CS", "NONE"), textElement(tag.ContentQualification, "CS", "PRODUCT"),
		textElement(tag.BurnedInAnnotation, "CS", "NO"), textElement(tag.LossyImageCompression, "CS", "00"), textElement(tag.PresentationLUTShape, "CS", "IDENTITY"),
		sequence(tag.AcquisitionContextSequence),
		sequence(tag.SourceImageEvidenceSequence, []*dicom.Element{textElement(tag.StudyInstanceUID, "UI", "1.2.3.20240311.2"), sequence(tag.ReferencedSeriesSequence, []*dicom.Element{
			textElement(tag.SeriesInstanceUID, "UI", "1.2.3.20240311.6"), sequence(tag.ReferencedSOPSequence, []*dicom.Element{
				textElement(tag.ReferencedSOPClassUID, "UI", enhancedMR), textElement(tag.ReferencedSOPInstanceUID, "UI", "1.2.3.20240311.7"),
			})})}),
		sequence(tag.DimensionOrganizationSequence, []*dicom.Element{textElement(tag.DimensionOrganizationUID, "UI", "1.2.3.20240311.9")}),
		sequence(tag.DimensionIndexSequence, dimensionOf(tag.StackID), dimensionOf(tag.InStackPositionNumber), dimensionOf(tag.TemporalPositionIndex)),
		sequence(tag.SharedFunctionalGroupsSequence, shared), sequence(tag.PerFrameFunctionalGroupsSequence, frames...),
	)
	if modality == "MR" {
		for _, more := range []*dicom.Element{
			textElement(tag.ResonantNucleus, "CS", "1H"), textElement(tag.KSpaceFiltering, "CS", "NONE"), textElement(tag.MagneticFieldStrength, "DS", "1.5"), textElement(tag.ApplicableSafetyStandardAgency, "CS", "IEC"),
			textElement(tag.ComplexImageComponent, "CS", "MAGNITUDE"), textElement(tag.AcquisitionContrast, "CS", "T1"), textElement(tag.PulseSequenceName, "SH", "tfl3d"),
			textElement(tag.MRAcquisitionType, "CS", "3D"), textElement(tag.EchoPulseSequence, "CS", "GRADIENT"), textElement(tag.MultiPlanarExcitation, "CS", "NO"), textElement(tag.PhaseContrast, "CS", "NO"),
			textElement(tag.TimeOfFlightContrast, "CS", "NO"), textElement(tag.SteadyStatePulseSequence, "CS", "NONE"), textElement(tag.EchoPlanarPulseSequence, "CS", "NO"), textElement(tag.SaturationRecovery, "CS", "NO"),
			textElement(tag.SpectrallySelectedSuppression, "CS", "NONE"), textElement(tag.OversamplingPhase, "CS", "NONE"), textElement(tag.GeometryOfKSpaceTraversal, "CS", "RECTILINEAR"),
			textElement(tag.RectilinearPhaseEncodeReordering, "CS", "LINEAR"), textElement(tag.SegmentedKSpaceTraversal, "CS", "SINGLE"), textElement(tag.CoverageOfKSpace, "CS", "FULL"), words(tag.NumberOfKSpaceTrajectories, 1),
		} {
			e = with(e, more)
		}
	}
	e.Elements = slices.DeleteFunc(e.Elements, func(e *dicom.Element) bool {
		return slices.Contains([]tag.Tag{tag.ImagePositionPatient, tag.ImageOrientationPatient, tag.PixelSpacing, tag.ScanningSequence, tag.SequenceVariant}, e.Tag)
	})
	data, err := dcm.Encode(e, pixels)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "enhanced.dcm"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func dimensionOf(t tag.Tag) []*dicom.Element {
	return []*dicom.Element{
		textElement(tag.DimensionOrganizationUID, "UI", "1.2.3.20240311.9"), dataElement(tag.DimensionIndexPointer, "AT", []int{int(t.Group), int(t.Element)}),
		dataElement(tag.FunctionalGroupPointer, "AT", []int{int(tag.FrameContentSequence.Group), int(tag.FrameContentSequence.Element)}),
	}
}

func enhancedModel(t testing.TB, modality string, allowed ...string) models.Package {
	return measuring(t, func(m *models.Manifest) {
		m.Selection.Modality = modality
		m.AllowedAttrs = append(m.AllowedAttrs, allowed...)
	})
}

// What leaves of an enhanced object is read by the node as the clinic reads it, holds the
// frames of one volume alone, names nobody, and is a valid object.
func TestEnhancedObjectsGoOutAsTheyAreRead(t *testing.T) {
	for _, modality := range []string{"MR", "CT"} {
		t.Run(modality, func(t *testing.T) {
			d, pkg := newDoor(t), enhancedModel(t, modality)
			path := enhancedFolder(t, modality)
			source := sourceOf(t, path)
			conforms(t, source)
			study := takeIn(t, path, pkg)
			ready := prepare(t, d, study, pkg)
			if study.Slices() != frameSlices || ready.Instances != 1 {
				t.Fatalf("%d slices in %d objects", study.Slices(), ready.Instances)
			}
			files, err := dcm.ReadTar(bytes.NewReader(ready.Payload), dcm.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			conforms(t, files[0].Data)
			sent := parsed(t, files[0].Data)
			if frames, _ := sent.Int(tag.NumberOfFrames); frames != frameSlices || len(sent.Pixels) != 2*frameRows*frameColumns*frameSlices || len(sent.Sequence(tag.PerFrameFunctionalGroupsSequence)) != frameSlices {
				t.Errorf("%d frames are sent", frames)
			}
			sameSeries(t, study, files, modality)
			for _, secret := range []string{secretLabel, secretCoil[:16], "20240311", "10111", "Sonnenschein", "D-4711", "A-77", "Weiß", "HGS-7741902", "Müßiggang", "19610229", "1.2.3."} {
				if !bytes.Contains(source, []byte(secret)) && secret != "10111" && modality == "MR" {
					t.Errorf("%q is not in the source: the search proves nothing", secret)
				}
				if bytes.Contains(ready.Payload, []byte(secret)) {
					t.Errorf("%q is in the payload", secret)
				}
			}
		})
	}
}

// sameSeries wants the node to read of files what the clinic read of study.
func sameSeries(t *testing.T, study *Study, files []dcm.File, modality string) {
	t.Helper()
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: modality, MinSlices: 2, MaxSpacingMM: 100}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	own := readOf(study).series
	want, err := own.Image()
	if err != nil {
		t.Fatal(err)
	}
	got, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	if series.Grid != own.Grid || !slices.Equal(got.Data, want.Data) {
		t.Errorf("the node reads grid %v, the clinic %v; the voxels are equal: %v", series.Grid, own.Grid, slices.Equal(got.Data, want.Data))
	}
	if len(series.Notes) > 0 {
		t.Errorf("the node had to choose: %v", series.Notes)
	}
}

// A real enhanced CT of two slices, whose scanner coloured it by a palette that stays here.
func TestARealEnhancedCTLeaves(t *testing.T) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/suyashkumar/dicom").Output()
	if err != nil {
		t.Fatal(err)
	}
	d, pkg := newDoor(t), enhancedModel(t, "CT")
	pkg.Manifest.Selection.MaxSpacingMM = 20
	study := takeIn(t, filepath.Join(strings.TrimSpace(string(root)), "testdata", "5.dcm"), pkg)
	files, err := dcm.ReadTar(bytes.NewReader(prepare(t, d, study, pkg).Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	sameSeries(t, study, files, "CT")
	shared := parsed(t, files[0].Data).Sequence(tag.SharedFunctionalGroupsSequence)[0]
	kind := dcm.Items(find(shared, tag.CTImageFrameTypeSequence))
	if len(kind) != 1 || first(kind[0], tag.PixelPresentation) != "MONOCHROME" {
		t.Errorf("it is sent as %v", kind)
	}
}

// A manifest's attributes leave from the functional groups too, and others don't.
func TestTheAllowListReachesIntoFunctionalGroups(t *testing.T) {
	d := newDoor(t)
	group := func(pkg models.Package, sequences ...tag.Tag) []*dicom.Element {
		t.Helper()
		files, err := dcm.ReadTar(bytes.NewReader(prepare(t, d, takeIn(t, enhancedFolder(t, "MR"), pkg), pkg).Payload), dcm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		elements := parsed(t, files[0].Data).Dataset.Elements
		for _, s := range sequences {
			items := dcm.Items(find(elements, s))
			if len(items) == 0 {
				return nil
			}
			elements = items[0]
		}
		return elements
	}
	shared := tag.SharedFunctionalGroupsSequence
	coil := func(keywords ...string) string {
		return first(group(enhancedModel(t, "MR", keywords...), shared, tag.MRReceiveCoilSequence), tag.ReceiveCoilName)
	}
	if got := coil(); got != dummyText {
		t.Errorf("a coil that nobody allowed is called %q", got)
	}
	if got := coil("ReceiveCoilName"); got != secretCoil[:16] {
		t.Errorf("a coil that the manifest allows is called %q", got)
	}
	explanation := func(keywords ...string) string {
		return first(group(enhancedModel(t, "MR", keywords...), shared, tag.FrameVOILUTSequence), tag.WindowCenterWidthExplanation)
	}
	if explanation() != "" || explanation("WindowCenterWidthExplanation") != secretLabel {
		t.Errorf("a text within a known group: %q, %q", explanation(), explanation("WindowCenterWidthExplanation"))
	}
	// A group that is no part of the structure goes, but for what the manifest names.
	derived := []tag.Tag{tag.PerFrameFunctionalGroupsSequence, tag.DerivationImageSequence}
	if got := group(enhancedModel(t, "MR"), derived...); got != nil {
		t.Errorf("a group that nobody allowed leaves with %v", got)
	}
	if got := first(group(enhancedModel(t, "MR", "DerivationDescription"), derived...), tag.DerivationDescription); got == "" && ActionFor(tag.DerivationDescription) == Keep {
		t.Error("what the manifest names does not leave from a group that it does not name")
	}
}

// A result about some frames of the clinic's object comes home with that object's own
// frame numbers.
func TestFrameNumbersComeHome(t *testing.T) {
	d, pkg := newDoor(t), enhancedModel(t, "MR")
	study := takeIn(t, enhancedFolder(t, "MR"), pkg)
	ready := prepare(t, d, study, pkg)
	result := reported(t, ready.Payload, pkg)
	files := restored(t, d, ready.Task, result)
	for _, name := range []string{segmentationFile, reportFile, captureFile, documentFile} {
		conforms(t, files[name])
	}
	source := parsed(t, files[segmentationFile])
	frames := map[int]string{} // of the clinic's object: where they lie
	object := imagesOf(study)[0]
	for n, item := range object.Sequence(tag.PerFrameFunctionalGroupsSequence) {
		frames[n+1] = textOf(find(dcm.Items(find(item, tag.PlanePositionSequence))[0], tag.ImagePositionPatient))[2]
	}
	inUTF8, err := dcm.Encode(object.Dataset, object.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	sameStudy(t, files[segmentationFile], inUTF8)
	seen := map[int]bool{}
	for n, item := range source.Sequence(tag.PerFrameFunctionalGroupsSequence) {
		reference := dcm.Items(find(dcm.Items(find(item, tag.DerivationImageSequence))[0], tag.SourceImageSequence))[0]
		frame := number(reference, tag.ReferencedFrameNumber)
		seen[frame] = true
		at := textOf(find(dcm.Items(find(item, tag.PlanePositionSequence))[0], tag.ImagePositionPatient))[2]
		if frames[frame] != at || first(reference, tag.ReferencedSOPInstanceUID) != object.String(tag.SOPInstanceUID) {
			t.Errorf("frame %d lies at %s and refers to frame %d, which lies at %s", n+1, at, frame, frames[frame])
		}
	}
	if len(seen) != frameSlices {
		t.Errorf("the segmentation refers to frames %v", seen)
	}
	seg := fileNamed(t, result, segmentationFile)
	honest := seg.Data
	for name, frame := range map[string]string{"another frame of the object": "9", "no frame": "0", "no number": "-", "none": ""} {
		seg.Data = edited(t, honest, func(ds dicom.Dataset) dicom.Dataset {
			return deep(ds, textElement(tag.ReferencedFrameNumber, "IS", frame), tag.PerFrameFunctionalGroupsSequence, 0, tag.DerivationImageSequence, 0, tag.SourceImageSequence, 0)
		})
		if _, err := d.Restore(t.Context(), ready.Task, result, stamp()); !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever stands wherever among the functional groups, it leaves only if the structure or
// the manifest knows it.
func TestNothingElseLeavesFromFunctionalGroups(t *testing.T) {
	const marker = "MARKER OF A PATIENT"
	names, allow := NewPseudonyms([SecretBytes]byte{9}), mustAllow(t, "FlipAngle", "SliceThickness", "ContentSequence")
	object := parsed(t, sourceOf(t, enhancedFolder(t, "MR")))
	places := [][]any{
		{}, {tag.SharedFunctionalGroupsSequence, 0}, {tag.PerFrameFunctionalGroupsSequence, 1},
		{tag.SharedFunctionalGroupsSequence, 0, tag.MRReceiveCoilSequence, 0}, {tag.SharedFunctionalGroupsSequence, 0, tag.PixelMeasuresSequence, 0},
		{tag.SharedFunctionalGroupsSequence, 0, tag.FrameAnatomySequence, 0}, {tag.SharedFunctionalGroupsSequence, 0, tag.FrameAnatomySequence, 0, tag.AnatomicRegionSequence, 0},
		{tag.PerFrameFunctionalGroupsSequence, 0, tag.FrameContentSequence, 0}, {tag.PerFrameFunctionalGroupsSequence, 2, tag.DerivationImageSequence, 0},
		{tag.PerFrameFunctionalGroupsSequence, 2, tag.DerivationImageSequence, 0, tag.SourceImageSequence, 0},
		{tag.DimensionIndexSequence, 0}, {tag.SourceImageEvidenceSequence, 0},
	}
	texts := []*dicom.Element{textElement(tag.Tag{Group: 0x0021, Element: 0x1001}, "LT", marker), textElement(tag.FlipAngle, "LT", marker), textElement(tag.SliceThickness, "DS", marker)}
	for _, row := range Rows() {
		t := tag.Tag{Group: uint16(row.Value >> 16), Element: uint16(row.Value)}
		if row.Mask == 0xFFFFFFFF && t.Group > 8 && isFreeText(dictionaryVR(t)) {
			texts = append(texts, textElement(t, dictionaryVR(t), marker))
		}
	}
	for _, keyword := range []string{"StationName", "ImageComments", "ProtocolName", "SequenceName", "CoilString", "StackID", "ContentLabel", "TextValue", "ContrastBolusAgent", "PatientComments"} {
		if info, err := tag.FindByKeyword(keyword); err == nil {
			texts = append(texts, textElement(info.Tag, info.VRs[0], marker))
		}
	}
	texts = append(texts, textElement(tag.PatientName, "PN", marker), textElement(tag.AccessionNumber, "SH", marker), textElement(tag.StudyDate, "DA", marker))
	rapid.Check(t, func(rt *rapid.T) {
		ds := dicom.Dataset{Elements: slices.Clone(object.Dataset.Elements)}
		for range rapid.IntRange(1, 4).Draw(rt, "count") {
			e := rapid.SampledFrom(texts).Draw(rt, "element")
			if rapid.Bool().Draw(rt, "wrapped") {
				wrap := rapid.SampledFrom([]tag.Tag{tag.ContentSequence, tag.MRAveragesSequence, tag.ReferencedImageSequence, tag.MRSpatialSaturationSequence}).Draw(rt, "in")
				e = sequence(wrap, []*dicom.Element{e})
			}
			ds = deep(ds, e, rapid.SampledFrom(places).Draw(rt, "place")...)
		}
		out, err := Deidentify(ds, names, Policy{}, allow)
		if err != nil {
			if !refused(err) {
				rt.Fatal(err)
			}
			return
		}
		data, err := dcm.Encode(out.Dataset, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if n := bytes.Index(data, []byte(marker)); n >= 0 {
			rt.Fatalf("the marker left, after %q", data[max(0, n-40):n])
		}
	})
}

func sourceOf(t testing.TB, folder string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "enhanced.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Frames are counted in the clinic's object, of which others leave: what is blacked out, or
// lies before a plane in the patient, is of the frame that was meant and of no other.
func TestFramesAreTheOnesThatWereMeant(t *testing.T) {
	d, pkg, path := newDoor(t), enhancedModel(t, "MR"), enhancedFolder(t, "MR")
	study := takeIn(t, path, pkg)
	object, read := imagesOf(study)[0], readOf(study)
	whole := objectsOf(t, prepare(t, d, study, pkg).Payload)[0].Pixels
	size := len(whole) / frameSlices
	changed := func(before, after []byte, frame int) bool {
		return !bytes.Equal(before[frame*size:(frame+1)*size], after[frame*size:(frame+1)*size])
	}
	for frame := 1; frame <= frameSlices*volumes; frame++ {
		under := d.Under(Policy{Released: true, Redactions: []Redaction{{SOPInstanceUID: object.String(tag.SOPInstanceUID), Frame: frame, X: 1, Y: 1, Width: 2, Height: 2}}})
		sent := objectsOf(t, prepare(t, under, takeInApart(t, under, path, pkg), pkg).Payload)[0].Pixels
		for n := range frameSlices { // those of the first volume leave, in their order
			if changed(whole, sent, n) != (n+1 == frame) {
				t.Errorf("frame %d is to be blacked out: frame %d changed: %v", frame, n+1, changed(whole, sent, n))
			}
		}
	}
	const below = 3.0 // mm: two slices lie there, at 0 and 2
	after, err := read.before(deface.Plane{Normal: [3]float64{0, 0, -1}, Offset: -below}).remove(read.taken[0], object.Dataset.Elements, object.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	for n := range frameSlices * volumes {
		place, volume := (n*3)%frameSlices, n/frameSlices // as enhancedFolder has them
		if want := volume == 0 && float64(2*place) < below; changed(object.Pixels, after, n) != want {
			t.Errorf("frame %d lies at %d mm in volume %d: blanked %v", n+1, 2*place, volume, !want)
		}
	}
}
