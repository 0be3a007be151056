package planted

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/testdata"
)

// What Sow makes.
const (
	Studies       = 40
	PlantsOfStudy = 5
	Slices        = 24 // of each study
)

// BearingSlice has all plants of its study; the others have name and number, and text in
// their pixels.
const BearingSlice = 3

// The studies with text in their pixels, by their number from 0, which are the last.
const (
	FirstBurned  = 36 // and the next: the image says so itself
	SilentBurned = 38 // nothing but the pixels says so
	BlackedOut   = 39 // for a policy that blacks out the text: within Text
)

// Study is a study on disk and what is hidden in it.
type Study struct {
	Folder    string
	Files     []string // by slice
	Instances []string // SOP Instance UIDs, by slice
	Plants    []Plant
}

// elementsOf reads the elements of a file that this project wrote.
func elementsOf(t testing.TB, file []byte) []raw {
	t.Helper()
	var list []raw
	le := binary.LittleEndian
	for data := file[132:]; len(data) > 0; {
		e := raw{tag: uint32(le.Uint16(data))<<16 | uint32(le.Uint16(data[2:])), vr: string(data[4:6])}
		head, length := 8, int(le.Uint16(data[6:]))
		if strings.Contains("OB OW SQ UN UT", e.vr) {
			head, length = 12, int(le.Uint32(data[8:]))
		}
		e.value = data[head : head+length]
		list = append(list, e)
		data = data[head+length:]
	}
	return list
}

// Sow writes the studies into folders of their own below root. The test fails where a plant
// is not in the files that hold it.
func Sow(t testing.TB, root string) []Study {
	t.Helper()
	base := headSlices(t)
	studies := make([]Study, Studies)
	for n := range studies {
		studies[n] = sowOne(t, root, n, base)
	}
	find := NewFinder(studies)
	sown := map[ID]bool{}
	for _, s := range studies {
		for _, file := range s.Files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for id := range find.In(append(data, filepath.Base(file)...)) {
				sown[id] = true
			}
		}
	}
	for n, s := range studies {
		for m, p := range s.Plants {
			if !sown[ID{n, m}] {
				t.Fatalf("study %d: the plant in %s (%s) is not in its files", n, p.Kind, p.Where)
			}
		}
	}
	return studies
}

// headSlices are slices of the small study, without anything that names anybody.
func headSlices(t testing.TB) [][]raw {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(testdata.SmallStudy()), int64(len(testdata.SmallStudy())))
	if err != nil {
		t.Fatal(err)
	}
	var list [][]raw
	for _, f := range archive.File[20 : 20+Slices] {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		list = append(list, slices.DeleteFunc(elementsOf(t, data), func(e raw) bool {
			switch group := e.tag >> 16; group {
			case 0x0018:
				return e.tag == 0x00181000 || e.tag == 0x00181020 || e.tag == 0x00181030 || e.tag == 0x00180015
			case 0x0020:
				return e.tag < 0x00200013 || e.tag == 0x00200052 || e.tag == 0x00204000
			case 0x0028, 0x7FE0:
				return false
			default:
				return e.tag != 0x00080008 && e.tag != 0x00080016 && e.tag != 0x00080060
			}
		}))
	}
	return list
}

// sowOne writes study n and says what is in it.
func sowOne(t testing.TB, root string, n int, base [][]raw) Study {
	t.Helper()
	s := Study{Folder: filepath.Join(root, fmt.Sprintf("study-%02d", n))}
	if err := os.Mkdir(s.Folder, 0o700); err != nil {
		t.Fatal(err)
	}
	own := scripts()[n%len(scripts())]
	name := strings.Replace(own.name, "^", strings.Repeat("^", 1+n/len(scripts())), 1) // given name, or middle name
	number := fmt.Sprintf("HGS-7741%02d-K", n)
	s.Plants = append(s.Plants, told("names in 20 character sets", cmp.Or(own.terms, "ASCII"), name, own.encode(name), own.encode), ascii("patient's number", "LO", number))
	value, p := ofVR(n)
	s.Plants = append(s.Plants, p)
	bearing := planting{elements: []raw{value}, preamble: make([]byte, 128)}
	for which := 2; len(s.Plants) < PlantsOfStudy; which++ {
		if n >= FirstBurned && len(s.Plants) == PlantsOfStudy-1 {
			s.Plants = append(s.Plants, Plant{Kind: "burned into the pixels", Where: burnedWords(n)}) // its forms come with the pixels
			break
		}
		all := places()
		if n >= FirstBurned { // text in compressed pixels has no bytes to look for
			all = slices.DeleteFunc(all, func(p place) bool { return p.where == "behind a compressed frame" })
		}
		where := all[(n+21*which)%len(all)] // two that do not stand beside each other
		word := token(n, which)
		if where.kind == "attributes that the model needs" {
			word = token(n, 0) // a part of the patient's name
		}
		where.put(&bearing, word)
		p := ascii(where.kind, where.where, word)
		p.forms = append(p.forms, []byte(strings.ToUpper(word)))
		if bearing.highBits != nil && string(bearing.highBits) == word {
			p.forms = nil // filled in with the pixels
		}
		s.Plants = append(s.Plants, p)
	}
	common := []raw{
		{0x00100010, "PN", append(own.encode(name), "^"+token(n, 0)...)}, {0x00100020, "LO", []byte(number)},
		{0x0020000D, "UI", []byte(fmt.Sprintf("1.2.826.0.1.3680043.9.7777.%d", n))}, {0x0020000E, "UI", []byte(fmt.Sprintf("1.2.826.0.1.3680043.9.7777.%d.1", n))},
		{0x00200052, "UI", []byte(fmt.Sprintf("1.2.826.0.1.3680043.9.7777.%d.2", n))},
	}
	if own.terms != "" {
		common = append(common, raw{0x00080005, "CS", []byte(own.terms)})
	}
	for slice, elements := range base {
		file := planting{preamble: make([]byte, 128)}
		if slice == BearingSlice {
			file = bearing
		}
		uid := fmt.Sprintf("1.2.826.0.1.3680043.9.7777.%d.1.%d", n, slice+1)
		file.elements = merged(elements, common, []raw{{0x00080018, "UI", []byte(uid)}}, file.elements)
		if n >= FirstBurned {
			elements, row := burn(t, file.elements, n)
			file.elements = elements
			s.Plants[PlantsOfStudy-1].forms = append(s.Plants[PlantsOfStudy-1].forms, row)
		}
		if file.highBits != nil {
			s.Plants[slices.IndexFunc(s.Plants, func(p Plant) bool { return p.forms == nil })].forms = overlaid(file.elements, file.highBits)
		}
		s.Instances = append(s.Instances, uid)
		s.Files = append(s.Files, filepath.Join(s.Folder, cmp.Or(file.name, fmt.Sprintf("%03d.dcm", slice))))
		if err := os.WriteFile(s.Files[slice], file.bytes(uid), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// merged puts lists of elements together; a later one of a tag replaces an earlier one.
func merged(lists ...[]raw) []raw {
	var all []raw
	for _, e := range slices.Concat(lists...) {
		all = append(slices.DeleteFunc(all, func(old raw) bool { return old.tag == e.tag }), e)
	}
	slices.SortFunc(all, func(a, b raw) int { return int(int64(a.tag) - int64(b.tag)) })
	return all
}

// bytes is the whole file.
func (p planting) bytes(uid string) []byte {
	syntax := "1.2.840.10008.1.2.1" // Explicit VR Little Endian
	if p.rle != nil {
		syntax = "1.2.840.10008.1.2.5" // RLE Lossless
	}
	meta := merged([]raw{{0x00020001, "OB", []byte{0, 1}}, {0x00020002, "UI", []byte("1.2.840.10008.5.1.4.1.1.4")}, {0x00020003, "UI", []byte(uid)},
		{0x00020010, "UI", []byte(syntax)}, {0x00020012, "UI", []byte("1.2.3.4")}}, p.meta)
	var head []byte
	for _, e := range meta {
		head = e.append(head)
	}
	file := append(bytes.Clone(p.preamble), "DICM"...)
	file = raw{0x00020000, "UL", binary.LittleEndian.AppendUint32(nil, uint32(len(head)))}.append(file)
	file = append(file, head...)
	for _, e := range p.elements {
		if e.tag == 0x7FE00010 && p.rle != nil {
			file = append(file, encapsulated(e.value, p.rle)...)
			continue
		}
		if e.tag == 0x7FE00010 {
			e.value = append(bytes.Clone(e.value), p.behind...)
		}
		file = e.append(file)
	}
	return file
}

// encapsulated is pixel data of one frame of 16 bits as RLE Lossless (PS3.5 annex G), in
// literal runs, with more behind the frame's end, but within its fragment.
func encapsulated(pixels, behind []byte) []byte {
	le := binary.LittleEndian
	const headBytes, longestRun = 64, 128
	var planes [2][]byte // high bytes first
	for plane := range planes {
		var values []byte
		for at := 1 - plane; at < len(pixels); at += 2 {
			values = append(values, pixels[at])
		}
		for run := range slices.Chunk(values, longestRun) {
			planes[plane] = append(append(planes[plane], byte(len(run)-1)), run...)
		}
		if len(planes[plane])%2 != 0 {
			planes[plane] = append(planes[plane], 0x80) // does nothing
		}
	}
	frame := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 2), headBytes), uint32(headBytes+len(planes[0])))
	frame = slices.Concat(frame, make([]byte, headBytes-len(frame)), planes[0], planes[1], behind)
	frame = append(frame, make([]byte, len(frame)%2)...)
	file := []byte{0xE0, 0x7F, 0x10, 0x00, 'O', 'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0}
	file = append(le.AppendUint32(file, uint32(len(frame))), frame...)
	return append(file, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0)
}

// overlaid writes bits above the 12 of the first pixels, as old scanners kept overlays, and
// returns those pixels as they then stand in the file.
func overlaid(elements []raw, bits []byte) [][]byte {
	for n, e := range elements {
		if e.tag == 0x7FE00010 {
			value := bytes.Clone(e.value)
			for at, b := range bits {
				value[2*(400+at)+1] |= b << 4 // the middle of the head
			}
			elements[n].value = value
			return [][]byte{value[2*400 : 2*(400+len(bits))]}
		}
	}
	return nil
}

// BurnedEdge is the edge of a slice with text in it, in pixels: four times that of the others.
const BurnedEdge = 4 * 36

func burnedWords(study int) string { return fmt.Sprintf("ZWIXLER %d", 1900+study) }

// burn enlarges a slice and writes into its pixels. It also returns a row of pixels through
// the text.
func burn(t testing.TB, elements []raw, study int) ([]raw, []byte) {
	t.Helper()
	lit := letters(t, burnedWords(study), BurnedEdge)
	small := elements[slices.IndexFunc(elements, func(e raw) bool { return e.tag == 0x7FE00010 })].value
	large := make([]byte, 0, 2*BurnedEdge*BurnedEdge)
	for y := range BurnedEdge {
		for x := range BurnedEdge {
			at := 2 * (y/4*36 + x/4)
			large = append(large, small[at], small[at+1])
		}
	}
	for _, p := range lit {
		binary.LittleEndian.PutUint16(large[2*(p.Y*BurnedEdge+p.X):], brightest)
	}
	edge := binary.LittleEndian.AppendUint16(nil, BurnedEdge)
	changed := []raw{{0x00280010, "US", edge}, {0x00280011, "US", edge}, {0x00280030, "DS", []byte(`0.5\0.5`)}, {0x7FE00010, "OW", large}}
	if study < SilentBurned {
		changed = append(changed, raw{0x00280301, "CS", []byte("YES")})
	}
	row := 2 * BurnedEdge * lit[len(lit)/2].Y
	return merged(elements, changed), large[row+2*6 : row+2*6+2*7*len(burnedWords(study))]
}

// Text is a rectangle of pixels round the text in the studies that have one.
func Text() (x, y, width, height int) { return 0, 4, BurnedEdge, 20 }
