package canary

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
)

// derived is HMAC-SHA-256 under the seed, for one purpose.
func derived(seed [32]byte, purpose, of string) (sum [32]byte) {
	mac := hmac.New(sha256.New, seed[:])
	mac.Write([]byte("medhive.canary/1 " + purpose + "\x00" + of))
	mac.Sum(sum[:0])
	return sum
}

const (
	// standardRoot begins the UIDs that DICOM itself gives out: classes and syntaxes.
	standardRoot = "1.2.840.10008."
	// dummyDate is before any scanner: a door's word for "removed".
	dummyDate = "19000101"

	pseudonymPrefix = "MH-"
	pseudonymBytes  = 10
	uuidBytes       = 16

	maxDays    = 28   // by which dates go back, all of a study together
	maxMovedMM = 20.0 // by which the patient lies elsewhere, in each direction
)

// identity is whom and when a canary seems to be.
type identity struct {
	seed    [32]byte
	patient string
	days    int
	moved   [3]float64 // whole mm, which any decimal string can be moved by exactly
}

func newIdentity(seed [32]byte) identity {
	source := rand.New(rand.NewChaCha8(derived(seed, "identity", "")))
	who := derived(seed, "patient", "")
	id := identity{seed: seed, patient: pseudonymPrefix + base32.StdEncoding.EncodeToString(who[:pseudonymBytes]), days: 1 + source.IntN(maxDays)}
	for axis := range id.moved {
		id.moved[axis] = math.Round(maxMovedMM * (2*source.Float64() - 1))
	}
	return id
}

// uid is a fresh UID of the form that a clinic's door gives: "2.25." and a UUID of version 8
// (PS3.5 B.2, RFC 9562 section 5.8). Equal UIDs become equal ones.
func (id identity) uid(original string) string {
	if original == "" || strings.HasPrefix(original, standardRoot) {
		return original
	}
	sum := derived(id.seed, "uid", original)
	uuid := sum[:uuidBytes]
	uuid[6] = uuid[6]&0x0F | 0x80
	uuid[8] = uuid[8]&0x3F | 0x80
	return "2.25." + new(big.Int).SetBytes(uuid).String()
}

// rewrite encodes the instance with its new pixels under another identity.
func (id identity) rewrite(o *dicom.Object, pixels []byte) ([]byte, error) {
	elements, err := mapElements(o.Dataset.Elements, func(e *lib.Element) (*lib.Element, error) { return id.element(o, pixels, e) })
	if err != nil {
		return nil, err
	}
	return dicom.Encode(lib.Dataset{Elements: elements}, pixels)
}

// element is e as the canary has it.
func (id identity) element(o *dicom.Object, pixels []byte, e *lib.Element) (*lib.Element, error) {
	switch e.Tag {
	case tag.SmallestImagePixelValue, tag.LargestImagePixelValue:
		return extreme(o, pixels, e)
	}
	list, ok := texts(e)
	if !ok {
		return e, nil
	}
	changed := make([]string, len(list))
	copy(changed, list)
	switch {
	case e.Tag == tag.ImagePositionPatient && len(list) == len(id.moved):
		for n, text := range list {
			changed[n] = moved(text, id.moved[n])
		}
	case e.Tag == tag.SliceLocation && len(list) == 1:
		changed[0] = moved(list[0], id.alongNormal(o))
	case e.Tag == tag.PatientName || e.Tag == tag.PatientID:
		for n, text := range list {
			if text != "" {
				changed[n] = id.patient
			}
		}
	default:
		for n, text := range list {
			switch e.RawValueRepresentation {
			case "UI":
				changed[n] = id.uid(text)
			case "DA", "DT":
				changed[n] = id.date(text)
			}
		}
	}
	return dicom.NewPrivateElement(e.Tag, e.RawValueRepresentation, changed)
}

// texts are the values of a text element that is not empty.
func texts(e *lib.Element) ([]string, bool) {
	if e.Value == nil || e.Value.ValueType() != lib.Strings {
		return nil, false
	}
	list, ok := e.Value.GetValue().([]string)
	return list, ok && len(list) > 0
}

// date moves a date, or the date that a time begins with, by the canary's days. What is no
// date, or a door's dummy, stays.
func (id identity) date(text string) string {
	const form = "20060102"
	if len(text) < len(form) || text[:len(form)] == dummyDate {
		return text
	}
	day, err := time.Parse(form, text[:len(form)])
	if err != nil {
		return text
	}
	return day.AddDate(0, 0, -id.days).Format(form) + text[len(form):]
}

// alongNormal is how far the patient is moved along the stack, in mm.
func (id identity) alongNormal(o *dicom.Object) float64 {
	axes, ok := o.Float64s(tag.ImageOrientationPatient)
	if !ok || len(axes) != 6 {
		return 0
	}
	n := normal(axes)
	return id.moved[0]*n[0] + id.moved[1]*n[1] + id.moved[2]*n[2]
}

// moved adds whole millimetres to a decimal string and keeps as many decimals as it has.
func moved(text string, by float64) string {
	trimmed := strings.TrimSpace(text)
	v, err := strconv.ParseFloat(trimmed, 64)
	if err != nil {
		return text
	}
	_, decimals, _ := strings.Cut(trimmed, ".")
	out := strconv.FormatFloat(v+by, 'f', len(decimals), 64)
	const longest = 16 // PS3.5 section 6.2, DS
	if len(out) > longest || strings.ContainsAny(trimmed, "eE") || by != math.Trunc(by) {
		return dicom.DecimalString(v + by)
	}
	return out
}

// extreme counts an instance's least or greatest value again.
func extreme(o *dicom.Object, pixels []byte, e *lib.Element) (*lib.Element, error) {
	planes, err := planesOf(o, pixels)
	if err != nil {
		return nil, err
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range planes {
		for n := range p.rows * p.columns * p.samples {
			v := value(p.pixels, n, p.bytes, p.signed)
			low, high = min(low, v), max(high, v)
		}
	}
	v := low
	if e.Tag == tag.LargestImagePixelValue {
		v = high
	}
	word := int(v)
	switch e.RawValueRepresentation {
	case "US", "SS":
	default:
		raw := binary.LittleEndian.AppendUint16(nil, uint16(word))
		return dicom.NewPrivateElement(e.Tag, e.RawValueRepresentation, raw)
	}
	return dicom.NewPrivateElement(e.Tag, e.RawValueRepresentation, []int{word})
}
