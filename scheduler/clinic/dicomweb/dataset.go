package dicomweb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a data set in JSON. Its bytes are bounded by whoever reads it.
const (
	maxElements = 20_000 // of a data set, those within sequences counted in
	maxDepth    = 16     // sequences within sequences
)

// Dataset is a data set of the DICOM JSON model (PS3.18 annex F), by tag: eight upper-case
// hexadecimal digits, such as 0020000D.
type Dataset map[string]Element

// Element is one attribute. Of Strings, Items and Binary at most one is set; none is an
// empty value.
type Element struct {
	VR string
	// Strings are the values of every VR but SQ and the binary ones; numbers in decimal, a
	// person's name as its groups with = between (PS3.5 section 6.2.1). An empty string is a
	// value that is null.
	Strings []string
	Items   []Dataset // of a sequence
	Binary  []byte    // of OB, OD, OF, OL, OV, OW and UN, in little endian
}

// vrKind is how the values of a VR stand in JSON (PS3.18 table F.2.3-1).
type vrKind int

const (
	textKind   vrKind = iota // strings
	nameKind                 // objects of three groups
	numberKind               // numbers, or strings where they are not exact
	itemKind                 // data sets
	binaryKind               // base64
)

var vrKinds = map[string]vrKind{
	"AE": textKind, "AS": textKind, "AT": textKind, "CS": textKind, "DA": textKind, "DT": textKind, "LO": textKind,
	"LT": textKind, "SH": textKind, "ST": textKind, "TM": textKind, "UC": textKind, "UI": textKind, "UR": textKind, "UT": textKind,
	"PN": nameKind,
	"DS": numberKind, "FD": numberKind, "FL": numberKind, "IS": numberKind, "SL": numberKind, "SS": numberKind,
	"SV": numberKind, "UL": numberKind, "US": numberKind, "UV": numberKind,
	"SQ": itemKind,
	"OB": binaryKind, "OD": binaryKind, "OF": binaryKind, "OL": binaryKind, "OV": binaryKind, "OW": binaryKind, "UN": binaryKind,
}

var (
	tagForm    = regexp.MustCompile(`^[0-9A-F]{8}$`)
	numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
)

// Text is the first value of tag; empty where there is none.
func (d Dataset) Text(tag string) string {
	if e := d[tag]; len(e.Strings) > 0 {
		return e.Strings[0]
	}
	return ""
}

// Items are the items of the sequence tag.
func (d Dataset) Items(tag string) []Dataset { return d[tag].Items }

// clone is a copy that shares nothing with d.
func (d Dataset) clone() Dataset {
	if d == nil {
		return nil
	}
	other := make(Dataset, len(d))
	for tag, e := range d {
		e.Strings, e.Binary = slices.Clone(e.Strings), slices.Clone(e.Binary)
		items := make([]Dataset, len(e.Items))
		for n, item := range e.Items {
			items[n] = item.clone()
		}
		if e.Items != nil {
			e.Items = items
		}
		other[tag] = e
	}
	return other
}

// depth is how many sequences stand within one another at most.
func (d Dataset) depth() int {
	deepest := 0
	for _, e := range d {
		for _, item := range e.Items {
			deepest = max(deepest, 1+item.depth())
		}
	}
	return deepest
}

// bytes is about how much memory d takes, and at least what its values take.
func (d Dataset) bytes() int {
	const each = 64 // an element's or a value's own
	sum := each
	for _, e := range d {
		sum += each + len(e.Binary)
		for _, s := range e.Strings {
			sum += each + len(s)
		}
		for _, item := range e.Items {
			sum += item.bytes()
		}
	}
	return sum
}

// DecodeDatasets reads a body of application/dicom+json: an array of data sets, or one
// alone. r must be bounded already; most is how many data sets may come.
func DecodeDatasets(r io.Reader, most int) ([]Dataset, error) {
	return decodeDatasets(r, most, maxElements)
}

// decodeDatasets is DecodeDatasets with a bound of its own for the elements of all sets.
func decodeDatasets(r io.Reader, most, elements int) ([]Dataset, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read DICOM JSON: %w", err)
	}
	var raw []json.RawMessage
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		raw = []json.RawMessage{data}
	} else if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("read DICOM JSON: %w", faultless(err))
	}
	if len(raw) > most {
		return nil, fmt.Errorf("read DICOM JSON: %d data sets where at most %d may stand", len(raw), most)
	}
	sets := make([]Dataset, len(raw))
	reader := jsonReader{left: elements}
	for n := range raw {
		if sets[n], err = reader.dataset(raw[n], 0); err != nil {
			return nil, fmt.Errorf("read DICOM JSON: data set %d: %w", n+1, err)
		}
	}
	return sets, nil
}

// faultless keeps of a JSON error where it is, and drops what was read there.
func faultless(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("no JSON at byte %d", syntax.Offset)
	}
	return errors.New("not the shape of PS3.18 annex F")
}

// errMany is of a body with more elements and values than are read.
var errMany = errors.New("more elements than are read at once")

// jsonReader counts what it reads.
type jsonReader struct{ left int }

func (r *jsonReader) dataset(data []byte, depth int) (Dataset, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("sequences deeper than %d", maxDepth)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, faultless(err)
	}
	if r.left -= len(raw); r.left < 0 {
		return nil, errMany
	}
	set := make(Dataset, len(raw))
	for tag, value := range raw {
		if !tagForm.MatchString(tag) {
			return nil, errors.New("a name that is no tag of eight upper-case hexadecimal digits")
		}
		e, err := r.element(value, depth)
		if err != nil {
			return nil, fmt.Errorf("(%s,%s): %w", tag[:4], tag[4:], err)
		}
		set[tag] = e
	}
	return set, nil
}

func (r *jsonReader) element(data []byte, depth int) (Element, error) {
	var raw struct {
		VR           string            `json:"vr"`
		Value        []json.RawMessage `json:"Value"`
		InlineBinary *string           `json:"InlineBinary"`
		BulkDataURI  *string           `json:"BulkDataURI"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return Element{}, faultless(err)
	}
	kind, known := vrKinds[raw.VR]
	switch {
	case !known:
		return Element{}, errors.New("no value representation of PS3.5")
	case raw.BulkDataURI != nil:
		return Element{}, errors.New("a value elsewhere (BulkDataURI), which is not fetched")
	case kind == binaryKind && raw.Value != nil, kind != binaryKind && raw.InlineBinary != nil:
		return Element{}, fmt.Errorf("a %s with the value of another representation", raw.VR)
	}
	if r.left -= len(raw.Value); r.left < 0 {
		return Element{}, errMany
	}
	e := Element{VR: raw.VR}
	if kind == binaryKind {
		if raw.InlineBinary == nil {
			return e, nil
		}
		data, err := base64.StdEncoding.DecodeString(*raw.InlineBinary)
		if err != nil {
			return Element{}, errors.New("an InlineBinary that is no base64")
		}
		if len(data) > 0 {
			e.Binary = data
		}
		return e, nil
	}
	for _, v := range raw.Value {
		if err := r.value(&e, kind, v, depth); err != nil {
			return Element{}, err
		}
	}
	return e, nil
}

// value appends one value to e.
func (r *jsonReader) value(e *Element, kind vrKind, data []byte, depth int) error {
	if kind == itemKind {
		item, err := r.dataset(data, depth+1)
		if item == nil && err == nil {
			item = Dataset{} // null: an empty item
		}
		e.Items = append(e.Items, item)
		return err
	}
	var s string
	switch null := string(data) == "null"; {
	case null:
	case kind == nameKind:
		name, err := readName(data)
		if err != nil {
			return err
		}
		s = name
	case kind == numberKind && numberForm.Match(data):
		s = string(data)
	default:
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("a value that is no %s", e.VR)
		}
	}
	e.Strings = append(e.Strings, s)
	return nil
}

// nameGroups are the groups of a person's name, PS3.18 section F.2.2.
type nameGroups struct {
	Alphabetic  string `json:"Alphabetic,omitempty"`
	Ideographic string `json:"Ideographic,omitempty"`
	Phonetic    string `json:"Phonetic,omitempty"`
}

func readName(data []byte) (string, error) {
	var groups nameGroups
	if err := json.Unmarshal(data, &groups); err != nil {
		return "", errors.New("a value that is no PN")
	}
	all := []string{groups.Alphabetic, groups.Ideographic, groups.Phonetic}
	for _, g := range all {
		if strings.Contains(g, "=") {
			return "", errors.New("a group of a name that holds =")
		}
	}
	return strings.TrimRight(strings.Join(all, "="), "="), nil
}

// MarshalJSON writes e as PS3.18 annex F has it.
func (e Element) MarshalJSON() ([]byte, error) {
	kind, known := vrKinds[e.VR]
	if !known {
		return nil, errors.New("write DICOM JSON: no value representation of PS3.5")
	}
	out := struct {
		VR           string  `json:"vr"`
		Value        []any   `json:"Value,omitempty"`
		InlineBinary *string `json:"InlineBinary,omitempty"`
	}{VR: e.VR}
	switch kind {
	case itemKind:
		for _, item := range e.Items {
			if item == nil {
				item = Dataset{}
			}
			out.Value = append(out.Value, item)
		}
	case binaryKind:
		if len(e.Binary) > 0 {
			text := base64.StdEncoding.EncodeToString(e.Binary)
			out.InlineBinary = &text
		}
	default:
		for _, s := range e.Strings {
			out.Value = append(out.Value, valueJSON(kind, s))
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. What comes from elsewhere is for DecodeDatasets.
func (d *Dataset) UnmarshalJSON(data []byte) (err error) {
	reader := jsonReader{left: len(data)} // no element is shorter than a byte
	*d, err = reader.dataset(data, 0)
	return err
}

func valueJSON(kind vrKind, s string) any {
	switch {
	case s == "":
		return nil
	case kind == nameKind:
		groups := append(strings.SplitN(s, "=", 3), "", "")
		return nameGroups{groups[0], groups[1], groups[2]}
	case kind == numberKind && numberForm.MatchString(s):
		return json.RawMessage(s)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}
