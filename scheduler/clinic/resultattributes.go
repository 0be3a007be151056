package clinic

import (
	"github.com/suyashkumar/dicom/pkg/tag"
)

// identityTags are the attributes of the Patient, Patient Study and General
// Study modules (PS3.3 C.7.1.1, C.7.2.2, C.7.2.1) that a result takes from the
// source: all objects of a study must agree on them. The Position Reference
// Indicator belongs to the frame of reference (C.7.4.1), with the same rule.
func identityTags() []tag.Tag {
	return []tag.Tag{
		tag.StudyDate, tag.StudyTime, tag.AccessionNumber, tag.ReferringPhysicianName, tag.StudyDescription, tag.StudyID,
		tag.NameOfPhysiciansReadingStudy, tag.PhysiciansOfRecord, tag.RequestingService, tag.AdmissionID,
		tag.PatientName, tag.PatientID, tag.IssuerOfPatientID, tag.TypeOfPatientID, tag.PatientBirthDate, tag.PatientBirthTime, tag.PatientSex,
		tag.OtherPatientIDs, tag.OtherPatientNames, tag.EthnicGroup, tag.PatientComments,
		tag.PatientAge, tag.PatientSize, tag.PatientWeight, tag.Occupation, tag.AdditionalPatientHistory,
		tag.PositionReferenceIndicator,
	}
}

// resultAttributes is everything that a result from a stranger may say in a
// DICOM segmentation (PS3.3 A.51 and its modules). The rest is dropped.
func resultAttributes() map[tag.Tag]bool {
	allowed := make(map[tag.Tag]bool, 128)
	for _, group := range [][]tag.Tag{
		{ // General Series, Equipment, Image, SOP Common, Frame of Reference
			tag.SOPClassUID, tag.SOPInstanceUID, tag.StudyInstanceUID, tag.SeriesInstanceUID, tag.FrameOfReferenceUID,
			tag.InstanceCreationDate, tag.InstanceCreationTime, tag.SeriesDate, tag.SeriesTime, tag.ContentDate, tag.ContentTime,
			tag.Modality, tag.SeriesNumber, tag.SeriesDescription, tag.InstanceNumber, tag.ImageType, tag.Laterality, tag.PatientOrientation,
			tag.Manufacturer, tag.ManufacturerModelName, tag.DeviceSerialNumber, tag.SoftwareVersions,
			tag.BurnedInAnnotation, tag.LossyImageCompression, tag.PresentationLUTShape,
			tag.ContributingEquipmentSequence, tag.ContributionDateTime, tag.ContributionDescription,
		},
		{ // Image Pixel, Segmentation Image, Content Identification
			tag.SamplesPerPixel, tag.PhotometricInterpretation, tag.NumberOfFrames, tag.Rows, tag.Columns, tag.BitsAllocated,
			tag.BitsStored, tag.HighBit, tag.PixelRepresentation, tag.SegmentationType, tag.SegmentationFractionalType, tag.MaximumFractionalValue,
			tag.ContentLabel, tag.ContentDescription, tag.ContentCreatorName, tag.SegmentsOverlap,
		},
		{ // Segments and codes
			tag.SegmentSequence, tag.SegmentNumber, tag.SegmentLabel, tag.SegmentDescription, tag.SegmentAlgorithmType, tag.SegmentAlgorithmName,
			tag.SegmentedPropertyCategoryCodeSequence, tag.SegmentedPropertyTypeCodeSequence, tag.SegmentedPropertyTypeModifierCodeSequence,
			tag.AnatomicRegionSequence, tag.AnatomicRegionModifierSequence, tag.RecommendedDisplayCIELabValue, tag.RecommendedDisplayGrayscaleValue,
			tag.TrackingID, tag.TrackingUID, tag.SegmentationAlgorithmIdentificationSequence, tag.AlgorithmFamilyCodeSequence,
			tag.AlgorithmName, tag.AlgorithmVersion, tag.AlgorithmNameCodeSequence, tag.AlgorithmSource,
			tag.CodeValue, tag.CodingSchemeDesignator, tag.CodingSchemeVersion, tag.CodeMeaning,
		},
		{ // Common Instance Reference, Multi-frame Dimension and Functional Groups
			tag.ReferencedSeriesSequence, tag.ReferencedInstanceSequence, tag.ReferencedSOPClassUID, tag.ReferencedSOPInstanceUID, tag.ReferencedFrameNumber,
			tag.DimensionOrganizationSequence, tag.DimensionOrganizationUID, tag.DimensionOrganizationType, tag.DimensionIndexSequence,
			tag.DimensionIndexPointer, tag.FunctionalGroupPointer, tag.DimensionDescriptionLabel,
			tag.SharedFunctionalGroupsSequence, tag.PerFrameFunctionalGroupsSequence, tag.FrameContentSequence, tag.DimensionIndexValues,
			tag.StackID, tag.InStackPositionNumber, tag.PlanePositionSequence, tag.ImagePositionPatient, tag.PlaneOrientationSequence,
			tag.ImageOrientationPatient, tag.PixelMeasuresSequence, tag.PixelSpacing, tag.SliceThickness, tag.SpacingBetweenSlices,
			tag.SegmentIdentificationSequence, tag.ReferencedSegmentNumber, tag.DerivationImageSequence, tag.DerivationCodeSequence,
			tag.DerivationDescription, tag.SourceImageSequence, tag.PurposeOfReferenceCodeSequence, tag.SpatialLocationsPreserved,
		},
	} {
		for _, t := range group {
			allowed[t] = true
		}
	}
	return allowed
}

// nodeMakes says that the node makes the UIDs under t: they name new things, at
// the top of the object or in its dimension and tracking entries.
func nodeMakes(t tag.Tag, top bool) bool {
	switch t {
	case tag.SOPInstanceUID, tag.SeriesInstanceUID:
		return top
	case tag.DimensionOrganizationUID, tag.TrackingUID:
		return true
	}
	return false
}
