package canary_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
)

// featureNames are what a node can measure of a payload, in the order of features.
var featureNames = []string{
	"payload bytes", "mean value", "deviation", "least", "greatest", "share of zeros", "share of the least", "share of odd values",
	"values that occur, of their span", "roughness of the histogram", "noise by the median", "noise by the mean", "noise's kurtosis",
	"correlation along rows", "correlation along columns", "correlation across slices", "noise at the centre to noise at the rim",
	"noise of the dark to noise of the bright", "differences of neighbours to those over two", "repeated rows", "length of UIDs",
	"noise of even to odd slices", "mirrored rim", "fractions in positions",
}

// features measures a payload. All but the first are of one slice's pixels or all of them.
func features(t testing.TB, payload []byte) []float64 {
	t.Helper()
	_, objects := opened(t, payload)
	var volume [][]float64
	uids, decimals := 0.0, 0.0
	for _, o := range objects {
		volume = append(volume, words(o))
		uids += float64(len(o.String(tag.SOPInstanceUID)))
		position, _ := o.Float64s(tag.ImagePositionPatient)
		decimals += position[0] - math.Floor(position[0])
	}
	n := float64(len(objects))
	out := []float64{float64(len(payload))}
	out = append(out, histogramOf(volume)...)
	out = append(out, textureOf(volume)...)
	return append(out[:20], append([]float64{uids / n}, append(out[20:], decimals/n)...)...)
}

func words(o *dicom.Object) []float64 {
	out := make([]float64, len(o.Pixels)/2)
	for n := range out {
		out[n] = float64(int(o.Pixels[2*n]) | int(o.Pixels[2*n+1])<<8)
	}
	return out
}

// histogramOf gives what values say without their places.
func histogramOf(volume [][]float64) []float64 {
	var all []float64
	for _, slice := range volume {
		all = append(all, slice...)
	}
	low, high := slices.Min(all), slices.Max(all)
	counts := make([]float64, int(high)+2)
	sum, square, odd := 0.0, 0.0, 0.0
	for _, v := range all {
		sum, square = sum+v, square+v*v
		odd += math.Mod(v, 2)
		counts[int(v)]++
	}
	occur, rough, power := 0.0, 0.0, 0.0
	for n := int(low) + 1; n < int(high); n++ {
		if counts[n] > 0 {
			occur++
		}
		rough += (counts[n] - counts[n+1]) * (counts[n] - counts[n+1])
		power += counts[n] * counts[n]
	}
	n := float64(len(all))
	return []float64{sum / n, math.Sqrt(square/n - sum*sum/n/n), low, high, counts[0] / n, counts[int(low)] / n, odd / n, occur / (high - low + 1), rough / power}
}

// textureOf gives what neighbours say of each other.
func textureOf(volume [][]float64) []float64 {
	var robust []float64
	residuals := make([][]float64, len(volume))
	for k, slice := range volume {
		residuals[k] = residual(slice)
		for _, r := range residuals[k] {
			robust = append(robust, math.Abs(r))
		}
	}
	slices.Sort(robust)
	var sum, square, fourth, rows, columns, across, centre, rim, dark, bright, one, two, repeated, even, odd, mirror float64
	var nCentre, nRim, nDark, nBright float64
	for k, slice := range volume {
		for j := 2; j < scanEdge-2; j++ {
			for i := 2; i < scanEdge-2; i++ {
				at := j*scanEdge + i
				r := residuals[k][at]
				sum, square, fourth = sum+math.Abs(r), square+r*r, fourth+r*r*r*r
				rows += r * residuals[k][at+1]
				columns += r * residuals[k][at+scanEdge]
				if k > 0 {
					across += r * residuals[k-1][at]
				}
				if i > 12 && i < scanEdge-12 && j > 12 && j < scanEdge-12 {
					centre, nCentre = centre+r*r, nCentre+1
				} else {
					rim, nRim = rim+r*r, nRim+1
				}
				if slice[at] < 100 {
					dark, nDark = dark+r*r, nDark+1
				} else {
					bright, nBright = bright+r*r, nBright+1
				}
				one += (slice[at] - slice[at+1]) * (slice[at] - slice[at+1])
				two += (slice[at] - slice[at+2]) * (slice[at] - slice[at+2])
				if k%2 == 0 {
					even += r * r
				} else {
					odd += r * r
				}
			}
		}
		for i := range scanEdge {
			if slice[i] == slice[scanEdge+i] && slice[i] > 0 {
				repeated++
			}
			mirror += math.Abs(slice[i] - slice[2*scanEdge+i])
		}
	}
	n := float64(len(volume) * (scanEdge - 4) * (scanEdge - 4))
	return []float64{robust[len(robust)/2], sum / n, fourth * n / square / square, rows / square, columns / square, across / square,
		(centre / nCentre) / (rim/nRim + 1e-9), (dark / max(1, nDark)) / (bright/max(1, nBright) + 1e-9), one / two, repeated, even / odd, mirror / float64(len(volume))}
}

// residual is Immerkær's mask at each pixel, 0 at the edge.
func residual(slice []float64) []float64 {
	out := make([]float64, len(slice))
	mask := [9]float64{1, -2, 1, -2, 4, -2, 1, -2, 1}
	for j := 1; j < scanEdge-1; j++ {
		for i := 1; i < scanEdge-1; i++ {
			for n, m := range mask {
				out[j*scanEdge+i] += m * slice[(j+n/3-1)*scanEdge+i+n%3-1]
			}
		}
	}
	return out
}

// formOf is everything about a payload but its values: names, attributes, their VRs, what is
// empty, and the kind of each UID.
func formOf(t testing.TB, payload []byte) string {
	t.Helper()
	files, objects := opened(t, payload)
	var form strings.Builder
	for n, o := range objects {
		fmt.Fprintf(&form, "%s %s %d;", files[n].Name, o.TransferSyntaxUID, len(o.Pixels))
		for _, e := range o.Meta {
			if e.Tag != tag.MediaStorageSOPInstanceUID && e.Tag != tag.FileMetaInformationGroupLength {
				fmt.Fprintf(&form, "%v %v;", e.Tag, e.Value)
			}
		}
		for _, e := range o.Dataset.Elements {
			value := ""
			if e.RawValueRepresentation == "UI" {
				value = uidKind(o.String(e.Tag))
			} else if list := o.Strings(e.Tag); len(list) > 0 && e.Tag.Group != 0x0020 && e.Tag.Group != 0x0010 {
				value = strings.Join(list, "\\")
			} else if len(list) > 0 && list[0] != "" {
				value = "text"
			}
			fmt.Fprintf(&form, "%v %s %s;", e.Tag, e.RawValueRepresentation, value)
		}
	}
	return form.String()
}

// uidKind is the root of a UID, and of a UUID its version and variant.
func uidKind(uid string) string {
	text, ok := strings.CutPrefix(uid, "2.25.")
	if !ok {
		return uid
	}
	number, ok := new(big.Int).SetString(text, 10)
	if !ok || number.BitLen() > 128 {
		return "2.25 and no UUID"
	}
	var uuid [16]byte
	number.FillBytes(uuid[:])
	return fmt.Sprintf("2.25 v%d %d", uuid[6]>>4, uuid[8]>>6)
}
