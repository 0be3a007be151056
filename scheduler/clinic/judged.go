package clinic

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// rescaleTypes are the defined terms of Rescale Type (PS3.3 C.11.1.1.2). It is free text
// that every image may have.
var rescaleTypes = []string{"OD", "HU", "US", "MGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT"}

// rescaleType keeps a defined term, and says US (unspecified) for anything else.
func rescaleType(e *dicom.Element) *dicom.Element {
	values := textOf(e)
	for n, v := range values {
		if v != "" && !slices.Contains(rescaleTypes, v) {
			values[n] = "US"
		}
	}
	return textElement(e.Tag, "LO", values...)
}

// codeText is what codes and coding schemes of standards are written with.
var codeText = regexp.MustCompile(`^[A-Za-z0-9._:-]{0,16}$`)

// standardCode says that item is a code of a scheme that is published. Those that a house or
// a vendor made for itself begin with 99 or are called L (PS3.16 section 8), and may name
// who made them; 99SDM is SNOMED under an old name.
func standardCode(item []*dicom.Element) bool {
	for _, t := range []tag.Tag{tag.CodeValue, tag.CodingSchemeDesignator, tag.CodingSchemeVersion} {
		if values := textOf(find(item, t)); len(values) > 1 || len(values) == 1 && !codeText.MatchString(values[0]) {
			return false
		}
	}
	scheme := first(item, tag.CodingSchemeDesignator)
	return scheme == "99SDM" || scheme != "L" && !strings.HasPrefix(scheme, "99")
}

// counted cuts values off that are more than PS3.6 gives the attribute: nobody reads them,
// and numbers can spell a text.
func counted(e *dicom.Element) *dicom.Element {
	most := mostValues(e.Tag)
	switch values := e.Value.GetValue().(type) {
	case []string:
		if len(values) > most {
			return textElement(e.Tag, vrOf(e), values[:most]...)
		}
	case []float64:
		if len(values) > most {
			return dataElement(e.Tag, vrOf(e), values[:most])
		}
	case []int:
		if vrOf(e) == "AT" { // a tag is two numbers
			most *= 2
		}
		if len(values) > most {
			return dataElement(e.Tag, vrOf(e), values[:most])
		}
	}
	return e
}

// anyNumber is more values than any file holds.
const anyNumber = 1 << 32

// mostValues is the greatest value multiplicity of an attribute: of "1", "2", "1-3" the
// last number, of "1-n" and what is not known none.
func mostValues(t tag.Tag) int {
	info, err := tag.Find(t)
	if err != nil {
		return anyNumber
	}
	n, err := strconv.Atoi(info.VM[strings.LastIndexByte(info.VM, '-')+1:])
	if err != nil || n < 1 {
		return anyNumber
	}
	return n
}
