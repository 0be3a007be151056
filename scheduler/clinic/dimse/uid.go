package dimse

import (
	"slices"
	"strings"
)

// UIDs of PS3.6 annex A, and our own.
const (
	applicationContext = "1.2.840.10008.3.1.1.1"
	verification       = "1.2.840.10008.1.1"
	commitmentPush     = "1.2.840.10008.1.20.1"   // Storage Commitment Push Model
	commitmentInstance = "1.2.840.10008.1.20.1.1" // its well-known instance
	studyRootFind      = "1.2.840.10008.5.1.4.1.2.2.1"
	studyRootMove      = "1.2.840.10008.5.1.4.1.2.2.2"
	storagePrefix      = "1.2.840.10008.5.1.4.1.1." // of all storage classes of composite objects, but:
	beamsDelivery      = "1.2.840.10008.5.1.4.34.7" // RT Beams Delivery Instruction Storage

	implicitLittleEndian = "1.2.840.10008.1.2"
	explicitLittleEndian = "1.2.840.10008.1.2.1"
	deflatedExplicit     = "1.2.840.10008.1.2.1.99"
	explicitBigEndian    = "1.2.840.10008.1.2.2"
	rleLossless          = "1.2.840.10008.1.2.5"
	encapsulatedPrefix   = "1.2.840.10008.1.2.4." // JPEG and its kin, video
	jpipReferenced       = "1.2.840.10008.1.2.4.94"
	jpipDeflated         = "1.2.840.10008.1.2.4.95"

	// implementation is what our Part 10 files name too.
	implementation        = "2.25.302113744817634206150512768190526433281"
	implementationVersion = "MEDHIVE_1"
)

// maxUID is the longest UID (PS3.5 section 9.1).
const maxUID = 64

// validUID says whether text is a UID by its characters and length. Components that begin
// with 0 are against PS3.5 section 9.1, and found in hospitals: they pass.
func validUID(text string) bool {
	if text == "" || len(text) > maxUID || text[0] == '.' || text[len(text)-1] == '.' {
		return false
	}
	for n := range len(text) {
		c := text[n]
		if c != '.' && (c < '0' || c > '9') || c == '.' && text[n-1] == '.' {
			return false
		}
	}
	return true
}

// trimUID cuts the padding: NUL by the standard, a space by some senders.
func trimUID(value []byte) string { return strings.TrimRight(string(value), "\x00 ") }

// maxAE is the longest AE title (PS3.5 table 6.2-1).
const maxAE = 16

// validAE says whether text can be an AE title without its padding: 1 to 16 printable ASCII
// characters, no backslash.
func validAE(text string) bool {
	if text == "" || len(text) > maxAE {
		return false
	}
	for n := range len(text) {
		if c := text[n]; c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// storage says whether a SOP class is of objects to be stored.
func storage(class string) bool {
	return strings.HasPrefix(class, storagePrefix) && validUID(class) || class == beamsDelivery
}

// storable says whether we take objects in a transfer syntax. JPIP is left out: its pixels
// stay on the sender's web server.
func storable(syntax string) bool {
	switch syntax {
	case implicitLittleEndian, explicitLittleEndian, deflatedExplicit, explicitBigEndian, rleLossless:
		return true
	case jpipReferenced, jpipDeflated:
		return false
	}
	return strings.HasPrefix(syntax, encapsulatedPrefix) && validUID(syntax)
}

// choose takes the first storable syntax in the sender's order, as that is how it has the
// object; Explicit VR Big Endian, retired and offered by habit, only where nothing else is.
func choose(offered []string) (string, bool) {
	for _, syntax := range offered {
		if storable(syntax) && syntax != explicitBigEndian {
			return syntax, true
		}
	}
	return explicitBigEndian, slices.Contains(offered, explicitBigEndian)
}

// choosePlain takes a syntax for messages whose data sets we read ourselves.
func choosePlain(offered []string) (string, bool) {
	for _, syntax := range []string{explicitLittleEndian, implicitLittleEndian} {
		if slices.Contains(offered, syntax) {
			return syntax, true
		}
	}
	return "", false
}
