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
	return allow(
		[]tag.Tag{ // General Series, Equipment, Image, SOP Common, Frame of Reference
			tag.SOPClassUID, tag.SOPInstanceUID, tag.StudyInstanceUID, tag.SeriesInstanceUID, tag.FrameOfReferenceUID,
			tag.InstanceCreationDate, tag.InstanceCreationTime, tag.SeriesDate, tag.SeriesTime, tag.ContentDate, tag.ContentTime,
			tag.Modality, tag.SeriesNumber, tag.SeriesDescription, tag.InstanceNumber, tag.ImageType, tag.Laterality, tag.PatientOrientation,
			tag.Manufacturer, tag.ManufacturerModelName, tag.DeviceSerialNumber, tag.SoftwareVersions,
			tag.BurnedInAnnotation, tag.LossyImageCompression, tag.PresentationLUTShape,
			tag.ContributingEquipmentSequence, tag.ContributionDateTime, tag.ContributionDescription,
		},
		[]tag.Tag{ // Image Pixel, Segmentation Image, Content Identification
			tag.SamplesPerPixel, tag.PhotometricInterpretation, tag.NumberOfFrames, tag.Rows, tag.Columns, tag.BitsAllocated,
			tag.BitsStored, tag.HighBit, tag.PixelRepresentation, tag.SegmentationType, tag.SegmentationFractionalType, tag.MaximumFractionalValue,
			tag.ContentLabel, tag.ContentDescription, tag.ContentCreatorName, tag.SegmentsOverlap,
		},
		[]tag.Tag{ // Segments and codes
			tag.SegmentSequence, tag.SegmentNumber, tag.SegmentLabel, tag.SegmentAlgorithmType, tag.SegmentAlgorithmName,
			tag.SegmentedPropertyCategoryCodeSequence, tag.SegmentedPropertyTypeCodeSequence, tag.SegmentedPropertyTypeModifierCodeSequence,
			tag.AnatomicRegionSequence, tag.AnatomicRegionModifierSequence, tag.RecommendedDisplayCIELabValue, tag.RecommendedDisplayGrayscaleValue,
			tag.TrackingID, tag.TrackingUID, tag.SegmentationAlgorithmIdentificationSequence, tag.AlgorithmFamilyCodeSequence,
			tag.AlgorithmName, tag.AlgorithmVersion, tag.AlgorithmNameCodeSequence, tag.AlgorithmSource,
			tag.CodeValue, tag.CodingSchemeDesignator, tag.CodingSchemeVersion, tag.CodeMeaning, tag.LongCodeValue,
		},
		[]tag.Tag{ // Common Instance Reference, Multi-frame Dimension and Functional Groups
			tag.ReferencedSeriesSequence, tag.ReferencedInstanceSequence, tag.ReferencedSOPClassUID, tag.ReferencedSOPInstanceUID, tag.ReferencedFrameNumber,
			tag.DimensionOrganizationSequence, tag.DimensionOrganizationUID, tag.DimensionOrganizationType, tag.DimensionIndexSequence,
			tag.DimensionIndexPointer, tag.FunctionalGroupPointer, tag.DimensionDescriptionLabel,
			tag.SharedFunctionalGroupsSequence, tag.PerFrameFunctionalGroupsSequence, tag.FrameContentSequence, tag.DimensionIndexValues,
			tag.StackID, tag.InStackPositionNumber, tag.PlanePositionSequence, tag.ImagePositionPatient, tag.PlaneOrientationSequence,
			tag.ImageOrientationPatient, tag.PixelMeasuresSequence, tag.PixelSpacing, tag.SliceThickness, tag.SpacingBetweenSlices,
			tag.SegmentIdentificationSequence, tag.ReferencedSegmentNumber, tag.DerivationImageSequence, tag.DerivationCodeSequence,
			tag.SourceImageSequence, tag.PurposeOfReferenceCodeSequence, tag.SpatialLocationsPreserved,
		})
}

// reportAttributes is everything that a structured report from a stranger may say
// (PS3.3 A.35.13 and its modules). What its content tree says is held against the
// findings item by item.
func reportAttributes() map[tag.Tag]bool {
	return allow(commonAttributes(), []tag.Tag{
		tag.CompletionFlag, tag.VerificationFlag, tag.PreliminaryFlag, tag.PerformedProcedureCodeSequence, tag.ReferencedPerformedProcedureStepSequence,
		tag.CurrentRequestedProcedureEvidenceSequence, tag.ReferencedSeriesSequence, tag.ReferencedSOPSequence,
		tag.ValueType, tag.ConceptNameCodeSequence, tag.ContinuityOfContent, tag.ContentTemplateSequence, tag.MappingResource, tag.TemplateIdentifier,
		tag.ContentSequence, tag.RelationshipType, tag.ConceptCodeSequence, tag.TextValue, tag.UID,
		tag.MeasuredValueSequence, tag.NumericValue, tag.MeasurementUnitsCodeSequence,
		tag.GraphicType, tag.GraphicData, tag.ReferencedFrameOfReferenceUID, tag.ReferencedSegmentNumber,
	})
}

// captureAttributes is everything that a picture from a stranger may say (PS3.3 A.8.1).
func captureAttributes() map[tag.Tag]bool {
	return allow(commonAttributes(), []tag.Tag{
		tag.ConversionType, tag.ImageType, tag.Laterality, tag.PatientOrientation, tag.BurnedInAnnotation, tag.LossyImageCompression,
		tag.DerivationDescription, tag.SourceImageSequence,
		tag.SamplesPerPixel, tag.PhotometricInterpretation, tag.PlanarConfiguration, tag.Rows, tag.Columns,
		tag.BitsAllocated, tag.BitsStored, tag.HighBit, tag.PixelRepresentation,
	})
}

// commonAttributes are those of General Series, Equipment and SOP Common, of
// references and of codes.
func commonAttributes() []tag.Tag {
	return []tag.Tag{
		tag.SOPClassUID, tag.SOPInstanceUID, tag.StudyInstanceUID, tag.SeriesInstanceUID,
		tag.InstanceCreationDate, tag.InstanceCreationTime, tag.SeriesDate, tag.SeriesTime, tag.ContentDate, tag.ContentTime,
		tag.Modality, tag.SeriesNumber, tag.SeriesDescription, tag.InstanceNumber,
		tag.Manufacturer, tag.ManufacturerModelName, tag.DeviceSerialNumber, tag.SoftwareVersions,
		tag.ContributingEquipmentSequence, tag.ContributionDateTime, tag.ContributionDescription, tag.PurposeOfReferenceCodeSequence,
		tag.ReferencedSOPClassUID, tag.ReferencedSOPInstanceUID, tag.ReferencedFrameNumber,
		tag.CodeValue, tag.LongCodeValue, tag.CodingSchemeDesignator, tag.CodingSchemeVersion, tag.CodeMeaning,
	}
}

func allow(groups ...[]tag.Tag) map[tag.Tag]bool {
	allowed := make(map[tag.Tag]bool, 128)
	for _, group := range groups {
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
	case tag.UID: // of a report's content item: a device, a measurement
		return true
	}
	return false
}
