package clinic

import (
	"maps"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// presence is how an attribute takes part in the structure of an instance.
type presence uint8

const (
	carried presence = iota // with its value, as the profile left it (Type 1)
	blank                   // always there; its value only if the manifest allows it (Type 2)
	veiled                  // with a value that says nothing, unless the manifest allows its own (Type 1)
	groups                  // a sequence of functional groups, an item for each frame or for all
)

// part is an attribute's place in a structure.
type part struct {
	presence
	items structure // of a sequence: what its items hold; nil for any other attribute
}

// structure is what makes an object, or an item of it, a valid one, whatever a manifest
// allows.
type structure map[tag.Tag]part

// holding are attributes with their values.
func holding(tags ...tag.Tag) structure {
	s := make(structure, len(tags))
	return s.with(carried, tags...)
}

// with adds attributes to s and returns it.
func (s structure) with(p presence, tags ...tag.Tag) structure {
	for _, t := range tags {
		s[t] = part{presence: p}
	}
	return s
}

// without takes attributes from s and returns it.
func (s structure) without(tags ...tag.Tag) structure {
	for _, t := range tags {
		delete(s, t)
	}
	return s
}

// code is a coded concept (PS3.3 table 8.8-1). Its meaning is free text, and follows from
// the value.
func code() structure {
	return holding(tag.CodeValue, tag.CodingSchemeDesignator, tag.CodingSchemeVersion).with(veiled, tag.CodeMeaning)
}

// structureOf lists the attributes of Type 1 and 2 in the image IODs that leave the clinic
// (PS3.3 annex A, and their modules in C.7 and C.8). It is nil for classes that don't.
func structureOf(sopClass string) structure {
	c, known := classOf(sopClass)
	if !known {
		return nil
	}
	s := basic()
	switch c.shape {
	case sliced:
		c.modules(s)
	case projected:
		projection(s)
		c.modules(s)
	case enhanced:
		multiFrame(s)
		c.modules(s)
	}
	return s
}

// basic is what every image has that leaves: patient, study, series, equipment, pixels.
func basic() structure {
	return structure{}.
		// Patient, General Study, General Series, Frame of Reference, General Equipment
		with(carried, tag.PatientName, tag.PatientID, tag.StudyInstanceUID, tag.Modality, tag.SeriesInstanceUID, tag.FrameOfReferenceUID).
		with(blank, tag.PatientBirthDate, tag.PatientSex, tag.StudyDate, tag.StudyTime, tag.StudyID, tag.AccessionNumber, tag.ReferringPhysicianName,
			tag.SeriesNumber, tag.PatientPosition, tag.Laterality, tag.PositionReferenceIndicator, tag.Manufacturer).
		// General Image, Image Plane, Image Pixel; rescale is what the numbers mean
		with(carried, tag.ImageType, tag.ImagePositionPatient, tag.ImageOrientationPatient, tag.PixelSpacing,
			tag.SamplesPerPixel, tag.PhotometricInterpretation, tag.Rows, tag.Columns,
			tag.BitsAllocated, tag.BitsStored, tag.HighBit, tag.PixelRepresentation,
			tag.RescaleIntercept, tag.RescaleSlope, tag.RescaleType,
			tag.LossyImageCompression, tag.LossyImageCompressionRatio, tag.LossyImageCompressionMethod).
		with(blank, tag.InstanceNumber, tag.SliceThickness).
		// SOP Common
		with(carried, tag.SOPClassUID, tag.SOPInstanceUID)
}

// mrSlice is the MR Image module (C.8.3.1).
func mrSlice(s structure) {
	s.with(carried, tag.ScanningSequence, tag.SequenceVariant).
		with(blank, tag.ScanOptions, tag.MRAcquisitionType, tag.RepetitionTime, tag.EchoTime, tag.EchoTrainLength)
}

// ctSlice is the CT Image module (C.8.2.1).
func ctSlice(s structure) { s.with(blank, tag.KVP, tag.AcquisitionNumber) }

// petSlice are the PET Series, Isotope, Image and Orientation modules (C.8.9, C.8.4.6).
// Units say what the numbers mean, and the corrections what was done to them.
func petSlice(s structure) {
	s.with(carried, tag.Units, tag.CountsSource, tag.SeriesType, tag.NumberOfSlices, tag.NumberOfTimeSlices, tag.NumberOfRRIntervals, tag.NumberOfTimeSlots,
		tag.DecayCorrection, tag.FrameReferenceTime, tag.ImageIndex, tag.DecayFactor).
		with(blank, tag.CorrectedImage, tag.CollimatorType, tag.RadiopharmaceuticalInformationSequence, tag.AcquisitionDate, tag.AcquisitionTime,
			tag.ActualFrameDuration, tag.PatientOrientationCodeSequence, tag.PatientGantryRelationshipCodeSequence).
		with(veiled, tag.SeriesDate, tag.SeriesTime).
		without(tag.PatientPosition) // its place is in the orientation's codes
}

// projection takes the attributes of slices out of a structure and puts those of
// radiographs in.
func projection(s structure) {
	s.without(tag.PatientPosition, tag.PositionReferenceIndicator, tag.SliceThickness, tag.ImagePositionPatient, tag.ImageOrientationPatient)
	s.with(blank, tag.PatientOrientation)
	s.with(carried, tag.ImagerPixelSpacing, tag.BurnedInAnnotation,
		tag.NominalScannedPixelSpacing) // of digitised film, by habit: else its lengths are unknown
}

// crPlate is the CR Series module (C.8.1.1).
func crPlate(s structure) { s.with(blank, tag.BodyPartExamined, tag.ViewPosition) }

// dxPlate are the DX modules (C.8.11).
func dxPlate(s structure) {
	crPlate(s)
	s.with(carried, tag.PresentationIntentType, tag.ImageLaterality, tag.PixelIntensityRelationship, tag.PixelIntensityRelationshipSign,
		tag.PresentationLUTShape, tag.WindowCenter, tag.WindowWidth, tag.PatientOrientation).
		with(blank, tag.AcquisitionContextSequence, tag.DetectorType, tag.PositionerType).
		without(tag.Laterality) // Image Laterality says it
	s[tag.AnatomicRegionSequence] = part{blank, code()}
}

// mgPlate are those of mammography (C.8.11.7): which breast from where is what is seen, and
// no node can find a lesion's side without.
func mgPlate(s structure) {
	dxPlate(s)
	s.without(tag.BodyPartExamined, tag.ViewPosition)
	s.with(carried, tag.PositionerType, tag.OrganExposed, tag.BreastImplantPresent, tag.PartialView)
	s[tag.AnatomicRegionSequence] = part{carried, code()}
	s[tag.ViewCodeSequence] = part{carried, code()}
	s[tag.ViewCodeSequence].items[tag.ViewModifierCodeSequence] = part{presence: blank, items: code()}
}

// angiogram are the X-Ray Image, Acquisition and Positioner modules (C.8.7).
func angiogram(s structure) {
	s.with(carried, tag.PixelIntensityRelationship, tag.RadiationSetting).
		with(blank, tag.KVP, tag.PositionerPrimaryAngle, tag.PositionerSecondaryAngle, tag.XRayTubeCurrent, tag.ExposureTime, tag.Exposure).
		without(tag.FrameOfReferenceUID)
}

// multiFrame takes the attributes of slices out of a structure and puts those of enhanced
// objects in: Multi-frame Functional Groups, Multi-frame Dimension, Enhanced General
// Equipment, Acquisition Context, and the common macros of the enhanced image modules.
func multiFrame(s structure) {
	s.without(tag.SliceThickness, tag.Laterality, tag.InstanceNumber, tag.PatientPosition)
	s.with(carried, tag.InstanceNumber, tag.NumberOfFrames, tag.AcquisitionDuration, tag.PixelPresentation, tag.VolumetricProperties,
		tag.VolumeBasedCalculationTechnique, tag.ContentQualification, tag.BurnedInAnnotation, tag.PresentationLUTShape, tag.DimensionOrganizationType).
		with(blank, tag.AcquisitionContextSequence, tag.PatientPosition).
		with(veiled, tag.Manufacturer, tag.ManufacturerModelName, tag.DeviceSerialNumber, tag.SoftwareVersions, tag.ContentDate, tag.ContentTime, tag.AcquisitionDateTime)
	s[tag.DimensionOrganizationSequence] = part{carried, holding(tag.DimensionOrganizationUID)}
	s[tag.DimensionIndexSequence] = part{carried, holding(tag.DimensionIndexPointer, tag.FunctionalGroupPointer, tag.DimensionOrganizationUID)}
	all := commonGroups()
	s[tag.SharedFunctionalGroupsSequence] = part{groups, all}
	s[tag.PerFrameFunctionalGroupsSequence] = part{groups, all}
}

// mrFrames are the Enhanced MR Image and MR Pulse Sequence modules (C.8.13.1, C.8.13.4).
func mrFrames(s structure) {
	s.with(carried, tag.ResonantNucleus, tag.KSpaceFiltering, tag.MagneticFieldStrength, tag.ApplicableSafetyStandardAgency,
		tag.ComplexImageComponent, tag.AcquisitionContrast,
		tag.MRAcquisitionType, tag.EchoPulseSequence, tag.MultipleSpinEcho, tag.MultiPlanarExcitation, tag.PhaseContrast, tag.TimeOfFlightContrast,
		tag.ArterialSpinLabelingContrast, tag.SteadyStatePulseSequence, tag.EchoPlanarPulseSequence, tag.SaturationRecovery, tag.SpectrallySelectedSuppression, tag.OversamplingPhase,
		tag.GeometryOfKSpaceTraversal, tag.RectilinearPhaseEncodeReordering, tag.SegmentedKSpaceTraversal, tag.CoverageOfKSpace, tag.NumberOfKSpaceTrajectories).
		with(veiled, tag.PulseSequenceName)
	s.frames(mrGroups())
}

// ctFrames are the Enhanced CT Image modules (C.8.15).
func ctFrames(s structure) { s.frames(ctGroups()) }

// petFrames are the Enhanced PET modules (C.8.22).
func petFrames(s structure) {
	s.with(carried, tag.CollimatorType, tag.Units, tag.CountsSource, tag.DecayCorrected, tag.AttenuationCorrected, tag.ScatterCorrected, tag.DeadTimeCorrected, tag.RandomsCorrected).
		with(blank, tag.RadiopharmaceuticalInformationSequence)
	s.frames(petGroups())
}

// mixedFrames are those of the converted classes and of the 3D X-ray ones, which hold what
// their modality gave them.
func mixedFrames(s structure) {
	s.frames(mrGroups())
	s.frames(ctGroups())
	s.frames(petGroups())
	s.frames(structure{tag.XRay3DFrameTypeSequence: part{carried, frameType()}})
}

// frames adds functional groups to those that shared and per-frame items may hold.
func (s structure) frames(groups structure) {
	maps.Copy(s[tag.SharedFunctionalGroupsSequence].items, groups) // the same map for both
}
