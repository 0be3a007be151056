package clinic

import "github.com/suyashkumar/dicom/pkg/tag"

// commonGroups are the functional groups of every modality that say where a frame lies,
// which one it is and what its values mean (PS3.3 C.7.6.16.2).
func commonGroups() structure {
	content := holding(tag.FrameAcquisitionNumber, tag.FrameAcquisitionDuration, tag.CardiacCyclePosition, tag.RespiratoryCyclePosition,
		tag.DimensionIndexValues, tag.TemporalPositionIndex, tag.InStackPositionNumber)
	content.with(veiled, tag.FrameReferenceDateTime, tag.FrameAcquisitionDateTime, tag.StackID) // a stack's name is free text
	anatomy := holding(tag.FrameLaterality)
	anatomy[tag.AnatomicRegionSequence] = part{carried, code()}
	return structure{
		tag.PixelMeasuresSequence:                  part{carried, holding(tag.PixelSpacing, tag.SliceThickness, tag.SpacingBetweenSlices)},
		tag.FrameContentSequence:                   part{carried, content},
		tag.PlanePositionSequence:                  part{carried, holding(tag.ImagePositionPatient)},
		tag.PlaneOrientationSequence:               part{carried, holding(tag.ImageOrientationPatient)},
		tag.PixelValueTransformationSequence:       part{carried, holding(tag.RescaleIntercept, tag.RescaleSlope, tag.RescaleType)},
		tag.FrameVOILUTSequence:                    part{carried, holding(tag.WindowCenter, tag.WindowWidth)},
		tag.FrameAnatomySequence:                   part{carried, anatomy},
		tag.IrradiationEventIdentificationSequence: part{carried, holding(tag.IrradiationEventUID)},
	}
}

// frameType are the attributes that say what kind of image a frame is (PS3.3 C.8.16.1).
func frameType() structure {
	return holding(tag.FrameType, tag.PixelPresentation, tag.VolumetricProperties, tag.VolumeBasedCalculationTechnique)
}

// mrGroups are the functional groups of Enhanced MR (PS3.3 C.8.13.5): coded or counted,
// and the coils' names, which somebody typed, veiled.
func mrGroups() structure {
	timing := holding(tag.RepetitionTime, tag.FlipAngle, tag.EchoTrainLength, tag.RFEchoTrainLength, tag.GradientEchoTrainLength, tag.GradientOutputType, tag.GradientOutput)
	timing[tag.SpecificAbsorptionRateSequence] = part{carried, holding(tag.SpecificAbsorptionRateDefinition, tag.SpecificAbsorptionRateValue)}
	timing[tag.OperatingModeSequence] = part{carried, holding(tag.OperatingModeType, tag.OperatingMode)}
	diffusion := holding(tag.DiffusionBValue, tag.DiffusionDirectionality, tag.DiffusionAnisotropyType)
	diffusion[tag.DiffusionGradientDirectionSequence] = part{carried, holding(tag.DiffusionGradientOrientation)}
	return structure{
		tag.MRImageFrameTypeSequence:             part{carried, frameType().with(carried, tag.ComplexImageComponent, tag.AcquisitionContrast)},
		tag.MRTimingAndRelatedParametersSequence: part{carried, timing},
		tag.MRFOVGeometrySequence: part{carried, holding(tag.InPlanePhaseEncodingDirection, tag.MRAcquisitionFrequencyEncodingSteps,
			tag.MRAcquisitionPhaseEncodingStepsInPlane, tag.MRAcquisitionPhaseEncodingStepsOutOfPlane, tag.PercentSampling, tag.PercentPhaseFieldOfView)},
		tag.MREchoSequence: part{carried, holding(tag.EffectiveEchoTime)},
		tag.MRModifierSequence: part{carried, holding(tag.InversionRecovery, tag.InversionTimes, tag.FlowCompensation, tag.FlowCompensationDirection, tag.Spoiling,
			tag.T2Preparation, tag.SpectrallySelectedExcitation, tag.SpatialPresaturation, tag.PartialFourier, tag.PartialFourierDirection,
			tag.ParallelAcquisition, tag.ParallelAcquisitionTechnique, tag.ParallelReductionFactorInPlane, tag.ParallelReductionFactorOutOfPlane)},
		tag.MRImagingModifierSequence: part{carried, holding(tag.MagnetizationTransfer, tag.BloodSignalNulling, tag.Tagging,
			tag.TagSpacingFirstDimension, tag.TagSpacingSecondDimension, tag.TagAngleFirstAxis, tag.TagAngleSecondAxis, tag.TagThickness,
			tag.TransmitterFrequency, tag.PixelBandwidth)},
		tag.MRReceiveCoilSequence: part{carried, holding(tag.ReceiveCoilType, tag.QuadratureReceiveCoil).
			with(veiled, tag.ReceiveCoilName).with(blank, tag.ReceiveCoilManufacturerName)},
		tag.MRTransmitCoilSequence: part{carried, holding(tag.TransmitCoilType).
			with(veiled, tag.TransmitCoilName).with(blank, tag.TransmitCoilManufacturerName)},
		tag.MRAveragesSequence:  part{carried, holding(tag.NumberOfAverages)},
		tag.MRDiffusionSequence: part{carried, diffusion},
	}
}

// ctGroups are the functional groups of Enhanced CT (PS3.3 C.8.15.3).
func ctGroups() structure {
	return structure{
		tag.CTImageFrameTypeSequence:  part{carried, frameType()},
		tag.CTAcquisitionTypeSequence: part{carried, holding(tag.AcquisitionType, tag.TubeAngle, tag.ConstantVolumeFlag, tag.FluoroscopyFlag)},
		tag.CTAcquisitionDetailsSequence: part{carried, holding(tag.RotationDirection, tag.RevolutionTime, tag.SingleCollimationWidth, tag.TotalCollimationWidth,
			tag.TableHeight, tag.GantryDetectorTilt, tag.DataCollectionDiameter)},
		tag.CTTableDynamicsSequence: part{carried, holding(tag.TableSpeed, tag.TableFeedPerRotation, tag.SpiralPitchFactor)},
		tag.CTGeometrySequence:      part{carried, holding(tag.DistanceSourceToDetector, tag.DistanceSourceToDataCollectionCenter)},
		tag.CTPositionSequence:      part{carried, holding(tag.TablePosition, tag.DataCollectionCenterPatient, tag.ReconstructionTargetCenterPatient)},
		tag.CTReconstructionSequence: part{carried, holding(tag.ReconstructionAlgorithm, tag.ConvolutionKernelGroup, tag.ReconstructionDiameter,
			tag.ReconstructionFieldOfView, tag.ReconstructionPixelSpacing, tag.ReconstructionAngle).with(veiled, tag.ConvolutionKernel, tag.ImageFilter)},
		tag.CTExposureSequence: part{carried, holding(tag.EstimatedDoseSaving, tag.ExposureTimeInms, tag.XRayTubeCurrentInmA, tag.ExposureInmAs,
			tag.ExposureModulationType, tag.CTDIvol)},
		tag.CTXRayDetailsSequence: part{carried, holding(tag.KVP, tag.FocalSpots, tag.FilterMaterial, tag.CalciumScoringMassFactorPatient).with(veiled, tag.FilterType)},
	}
}

// petGroups are the functional groups of Enhanced PET (PS3.3 C.8.22).
func petGroups() structure {
	return structure{
		tag.PETFrameTypeSequence:        part{carried, frameType()},
		tag.PETFrameAcquisitionSequence: part{carried, holding(tag.TableHeight, tag.GantryDetectorTilt, tag.GantryDetectorSlew, tag.DataCollectionDiameter)},
		tag.PETPositionSequence:         part{carried, holding(tag.TablePosition, tag.DataCollectionCenterPatient, tag.ReconstructionTargetCenterPatient)},
		tag.PETFrameCorrectionFactorsSequence: part{carried, holding(tag.PrimaryPromptsCountsAccumulated, tag.SliceSensitivityFactor,
			tag.DecayFactor, tag.ScatterFractionFactor, tag.DeadTimeFactor)},
		tag.PETReconstructionSequence: part{carried, holding(tag.ReconstructionType, tag.ReconstructionAlgorithm, tag.IterativeReconstructionMethod,
			tag.ReconstructionDiameter, tag.ReconstructionFieldOfView)},
	}
}
