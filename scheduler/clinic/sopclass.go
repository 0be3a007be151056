package clinic

import "slices"

// shape is how the objects of a SOP class hold their images.
type shape uint8

const (
	sliced    shape = iota // one slice each, placed in the patient
	projected              // one projection
	enhanced               // frames with functional groups
)

// class is a SOP class that MedHive sends out. Others are refused: their modules are not
// in structureOf.
type class struct {
	shape
	plate   bool            // a radiograph, on which names are marked more often than on slices
	modules func(structure) // adds what its own modules need
}

// UIDs of SOP classes (PS3.6 Annex A).
const (
	mrImageStorage = "1.2.840.10008.5.1.4.1.1.4"
	ctImageStorage = "1.2.840.10008.5.1.4.1.1.2"
	crImageStorage = "1.2.840.10008.5.1.4.1.1.1"
	dxPresentation = "1.2.840.10008.5.1.4.1.1.1.1"
	dxProcessing   = "1.2.840.10008.5.1.4.1.1.1.1.1"
	mgPresentation = "1.2.840.10008.5.1.4.1.1.1.2"
	mgProcessing   = "1.2.840.10008.5.1.4.1.1.1.2.1"
	petStorage     = "1.2.840.10008.5.1.4.1.1.128"
	xaImageStorage = "1.2.840.10008.5.1.4.1.1.12.1"

	enhancedMR  = "1.2.840.10008.5.1.4.1.1.4.1"
	enhancedCT  = "1.2.840.10008.5.1.4.1.1.2.1"
	enhancedPET = "1.2.840.10008.5.1.4.1.1.130"
	convertedCT = "1.2.840.10008.5.1.4.1.1.2.2"
	convertedMR = "1.2.840.10008.5.1.4.1.1.4.4"
	convertedPT = "1.2.840.10008.5.1.4.1.1.128.1"
	xray3D      = "1.2.840.10008.5.1.4.1.1.13.1.1"
)

// classOf finds a class by its UID.
func classOf(sopClass string) (c class, known bool) {
	switch sopClass {
	case mrImageStorage:
		return class{sliced, false, mrSlice}, true
	case ctImageStorage:
		return class{sliced, false, ctSlice}, true
	case petStorage:
		return class{sliced, false, petSlice}, true
	case crImageStorage:
		return class{projected, true, crPlate}, true
	case dxPresentation, dxProcessing:
		return class{projected, true, dxPlate}, true
	case mgPresentation, mgProcessing:
		return class{projected, true, mgPlate}, true
	case xaImageStorage:
		return class{projected, true, angiogram}, true
	case enhancedMR:
		return class{enhanced, false, mrFrames}, true
	case enhancedCT:
		return class{enhanced, false, ctFrames}, true
	case enhancedPET:
		return class{enhanced, false, petFrames}, true
	case convertedCT, convertedMR, convertedPT, xray3D:
		return class{enhanced, false, mixedFrames}, true
	}
	return class{}, false
}

// imageWords are the defined terms of Image Type or Frame Type (PS3.3 C.7.6.1.1.2,
// C.8.2.1.1.1, C.8.3.1.1.1, C.8.7.1.1.1, C.8.16.1) or a habit of the large vendors.
var imageWords = []string{
	"ORIGINAL", "DERIVED", "MIXED", "PRIMARY", "SECONDARY", "OTHER", "NONE",
	"AXIAL", "LOCALIZER", "MPR", "REFORMATTED", "PROJECTION IMAGE", "VOLUME", "SINGLE PLANE", "BIPLANE A", "BIPLANE B",
	"M", "P", "R", "I", "M_FFE", "M_SE", "FFE", "SE", "IR", "NORM", "ND", "DIS2D", "DIS3D", "FM", "MAG", "PHASE MAP",
	"ANGIO", "ANGIO_TIME", "ASL", "ATTENUATION", "CARDIAC", "CARDIAC_GATED", "CARDRESP_GATED", "CINE", "DIFFUSION", "DIXON", "DYNAMIC", "FLOW_ENCODED",
	"FLUID_ATTENUATED", "FLUOROSCOPY", "FMRI", "METABOLITE_MAP", "MOTION", "MULTIECHO", "M_MODE", "NON_PARALLEL", "PARALLEL", "PERFUSION", "POST_CONTRAST",
	"PRE_CONTRAST", "PROTON_DENSITY", "REALTIME", "RESP_GATED", "REST", "STATIC", "STIR", "STRESS", "T1", "T2", "T2_STAR", "TAGGING", "TEMPERATURE",
	"TOF", "VELOCITY", "WHOLE_BODY",
	"ADC", "ADDITION", "DIFFUSION_ANISO", "DIFFUSION_ATTNTD", "DIVISION", "MASKED", "MAXIMUM", "MAX_IP", "MEAN", "MINIMUM", "MIN_IP", "MULTIPLICATION",
	"QUANTITY", "RESAMPLED", "STD_DEVIATION", "SUBTRACTION",
}

func imageWord(v string) bool { return slices.Contains(imageWords, v) }
