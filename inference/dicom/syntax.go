package dicom

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// Transfer syntaxes without encapsulation (PS3.5 annex A.1–A.3, A.5).
const (
	implicitLittleEndian = "1.2.840.10008.1.2"
	explicitLittleEndian = "1.2.840.10008.1.2.1"
	deflatedExplicit     = "1.2.840.10008.1.2.1.99"
	explicitBigEndian    = "1.2.840.10008.1.2.2"
)

// syntax is how a data set is encoded.
type syntax int

const (
	syntaxUnknown syntax = iota
	syntaxImplicit
	syntaxExplicit
	syntaxBigEndian
	syntaxDeflated
	syntaxEncapsulated // Explicit VR Little Endian with pixels in fragments
)

// syntaxOf sorts a transfer syntax UID. All encapsulated ones have the data set in
// Explicit VR Little Endian (PS3.5 section A.4), so a new one can be parsed too;
// whether its pixels can be decoded is codec's to say.
func syntaxOf(uid string) syntax {
	switch uid {
	case implicitLittleEndian:
		return syntaxImplicit
	case explicitLittleEndian:
		return syntaxExplicit
	case explicitBigEndian:
		return syntaxBigEndian
	case deflatedExplicit:
		return syntaxDeflated
	case "1.2.840.10008.1.2.5": // RLE Lossless
		return syntaxEncapsulated
	}
	if strings.HasPrefix(uid, "1.2.840.10008.1.2.4.") {
		return syntaxEncapsulated
	}
	return syntaxUnknown
}

// syntaxName names a transfer syntax for a person; an unknown UID is not repeated,
// as it could carry anything.
func syntaxName(uid string) string {
	number := strings.TrimPrefix(uid, "1.2.840.10008.1.2.4.")
	switch {
	case uid == deflatedExplicit:
		return "Deflated Explicit VR Little Endian"
	case uid == explicitBigEndian:
		return "Explicit VR Big Endian"
	case uid == "1.2.840.10008.1.2.5":
		return "RLE Lossless"
	case number == uid:
		return "of the file"
	case number == "80", number == "81":
		return "JPEG-LS"
	case number == "90", number == "91", number == "92", number == "93":
		return "JPEG 2000"
	case number == "94", number == "95":
		return "JPIP (pixels kept on a server)"
	case strings.HasPrefix(number, "10"):
		return "MPEG (video)"
	case strings.HasPrefix(number, "11"):
		return "JPEG XL"
	case strings.HasPrefix(number, "20"):
		return "High-Throughput JPEG 2000"
	case strings.HasPrefix(number, "5"), strings.HasPrefix(number, "6"), number == "70":
		return "JPEG"
	}
	return "of the file"
}

// lossy says whether a transfer syntax may have lost detail (PS3.5 sections 8.2.1–8.2.4).
// JPEG 2000 and JPEG-LS can be lossless in theirs too; the codestream would tell.
func lossy(uid string) bool {
	switch strings.TrimPrefix(uid, "1.2.840.10008.1.2.4.") {
	case "50", "51", "81", "91", "93", "110", "112", "203":
		return true
	}
	return false
}

// Deflated data sets are bounded by what they may plausibly unpack to: headers and
// pixels of real studies shrink by 2 to 20, an empty frame by a few hundred.
const (
	maxInflation  = 400
	inflatedFloor = 1 << 20
)

// inflate unpacks a deflated data set (PS3.5 annex A.5, RFC 1951).
func inflate(packed []byte, lim Limits, unpacked *atomic.Int64) ([]byte, error) {
	limit := min(lim.MaxFileBytes, maxInflation*int64(len(packed))+inflatedFloor)
	body := flate.NewReader(bytes.NewReader(packed))
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, body, inflatedFloor)
		if int64(out.Len()) > limit || unpacked.Add(n) > lim.MaxTotalBytes {
			return nil, &Refusal{What: "deflated data unpacks to more than allowed", Where: fmt.Sprintf("%d bytes unpack to more than %d MiB", len(packed), int64(out.Len())>>20), Do: exportExplicit}
		}
		if err == io.EOF {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, &Refusal{What: "deflated data is damaged", Do: exportAgain, Err: err}
		}
	}
}
