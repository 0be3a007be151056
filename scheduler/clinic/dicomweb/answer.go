package dicomweb

import (
	"errors"
	"fmt"
	"strconv"
)

// Media types of PS3.18 section 8.7.3.
const (
	typeDICOM     = "application/dicom"
	typeJSON      = "application/dicom+json"
	typeMultipart = "multipart/related"
)

// Attributes of what a store is answered with (PS3.18 table 10.5.3-2 and section I.2).
const (
	tagRetrieveURL           = "00081190"
	tagReferencedSOPSequence = "00081199"
	tagFailedSOPSequence     = "00081198"
	tagOtherFailures         = "0008119A"
	tagReferencedClass       = "00081150"
	tagReferencedInstance    = "00081155"
	tagFailureReason         = "00081197"
	tagWarningReason         = "00081196"
)

// Failure reasons (PS3.18 table I.2-2; PS3.7 annex C).
const (
	reasonProcessingFailure = 0x0110
	reasonConflict          = 0x0111
	reasonNotSupported      = 0x0122
	reasonNotAuthorized     = 0x0124
	reasonSyntax            = 0xC122
	reasonOutOfResources    = 0xA700 // and whatever else begins with A7
	reasonMismatch          = 0xA900 // A9
	reasonCannotUnderstand  = 0xC000 // C
)

// outcome is what became of one object of a store.
type outcome struct {
	Reference
	Failure uint16 // 0: stored
	Warning uint16 // 0: stored as it was sent
}

// answerSet says the outcomes in the attributes of PS3.18 section I.2. An object without a
// name of its own can only be counted among the other failures.
func answerSet(outcomes []outcome) Dataset {
	nowhere := Element{VR: "UR"} // type 2: nothing is given out again here
	var stored, failed, nameless []Dataset
	for _, o := range outcomes {
		item := Dataset{}
		if o.SOPInstanceUID != "" {
			item[tagReferencedClass] = Element{VR: "UI", Strings: []string{o.SOPClassUID}}
			item[tagReferencedInstance] = Element{VR: "UI", Strings: []string{o.SOPInstanceUID}}
		}
		switch {
		case o.Failure == 0:
			if o.Warning != 0 {
				item[tagWarningReason] = reasonElement(o.Warning)
			}
			item[tagRetrieveURL] = nowhere
			stored = append(stored, item)
		case o.SOPInstanceUID == "":
			item[tagFailureReason] = reasonElement(o.Failure)
			nameless = append(nameless, item)
		default:
			item[tagFailureReason] = reasonElement(o.Failure)
			failed = append(failed, item)
		}
	}
	set := Dataset{tagRetrieveURL: nowhere}
	for tag, items := range map[string][]Dataset{tagReferencedSOPSequence: stored, tagFailedSOPSequence: failed, tagOtherFailures: nameless} {
		if len(items) > 0 {
			set[tag] = Element{VR: "SQ", Items: items}
		}
	}
	return set
}

func reasonElement(reason uint16) Element {
	return Element{VR: "US", Strings: []string{strconv.Itoa(int(reason))}}
}

// readOutcomes is the way back: what an answer says of each instance. Where it says two
// things of one, the failure counts.
func readOutcomes(set Dataset) map[Reference]outcome {
	said := map[Reference]outcome{}
	note := func(items []Dataset, failed bool) {
		for _, item := range items {
			o := outcome{Reference: Reference{item.Text(tagReferencedClass), item.Text(tagReferencedInstance)}}
			o.Warning = readReason(item, tagWarningReason)
			if failed {
				if o.Failure = readReason(item, tagFailureReason); o.Failure == 0 {
					o.Failure = reasonProcessingFailure
				}
			}
			said[o.Reference] = o
		}
	}
	note(set.Items(tagReferencedSOPSequence), false)
	note(set.Items(tagFailedSOPSequence), true)
	return said
}

// readReason is 0 where there is none, or none that 16 bits hold.
func readReason(item Dataset, tag string) uint16 {
	n, err := strconv.ParseUint(item.Text(tag), 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// failureReason is the code of an error; 0 where there is none.
func failureReason(err error) uint16 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrOutOfResources), errors.Is(err, errTooLarge):
		return reasonOutOfResources
	case errors.Is(err, ErrDataSetMismatch):
		return reasonMismatch
	case errors.Is(err, ErrCannotUnderstand), errors.Is(err, errHead):
		return reasonCannotUnderstand
	case errors.Is(err, ErrNotSupported):
		return reasonNotSupported
	case errors.Is(err, ErrConflict):
		return reasonConflict
	}
	return reasonProcessingFailure
}

// reasonWords says a failure reason in words that name nobody.
func reasonWords(reason uint16) string {
	words := "processing failure"
	switch {
	case reason == reasonConflict:
		words = "another object is kept under the same name"
	case reason == reasonNotSupported:
		words = "SOP class not supported"
	case reason == reasonNotAuthorized:
		words = "not authorized"
	case reason == reasonSyntax:
		words = "transfer syntax not supported"
	case reason&0xFF00 == reasonOutOfResources:
		words = "out of resources"
	case reason&0xFF00 == reasonMismatch:
		words = "data set does not match"
	case reason&0xF000 == reasonCannotUnderstand:
		words = "cannot understand the object"
	}
	return fmt.Sprintf("%s (%04X)", words, reason)
}
