// Package planted makes studies for tests in which identifiers hide: names in twenty character
// sets, values of every VR, private blocks, sequences five deep, overlays, file meta,
// paddings, pixels. In: a folder. Out: forty studies of real head slices with five
// identifiers each, the same at every call, and a Finder that looks for all of them in bytes
// of any origin. Nobody in it is or was a person.
package planted

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// raw is an element as it stands in a file of Explicit VR Little Endian: what the writers of
// this project would never write can be planted in it.
type raw struct {
	tag   uint32
	vr    string
	value []byte
}

func (e raw) append(to []byte) []byte {
	le := binary.LittleEndian
	value := e.value
	if len(value)%2 != 0 {
		pad := byte(' ')
		if strings.Contains("UI OB OW UN", e.vr) {
			pad = 0
		}
		value = append(bytes.Clone(value), pad)
	}
	to = le.AppendUint16(le.AppendUint16(to, uint16(e.tag>>16)), uint16(e.tag))
	to = append(to, e.vr...)
	if strings.Contains("OB OD OF OL OV OW SQ SV UC UN UR UT UV", e.vr) {
		to = le.AppendUint32(append(to, 0, 0), uint32(len(value)))
	} else {
		to = le.AppendUint16(to, uint16(len(value)))
	}
	return append(to, value...)
}

// within puts an element into an item of a sequence.
func within(sequence uint32, inner ...raw) raw {
	var item []byte
	for _, e := range inner {
		item = e.append(item)
	}
	value := binary.LittleEndian.AppendUint32([]byte{0xFE, 0xFF, 0x00, 0xE0}, uint32(len(item)))
	return raw{sequence, "SQ", append(value, item...)}
}

// deep puts an element five sequences deep (Source Image Sequence in itself).
func deep(e raw) raw {
	for range 5 {
		e = within(0x00082112, e)
	}
	return e
}

// Plant is one identifier in one study.
type Plant struct {
	Kind  string // what a table counts it under
	Where string // in words

	forms [][]byte // any of them found is the identifier found
}

// shortestForm is what can't be found by chance in some tens of megabytes of ciphertext.
const shortestForm = 6

// told is a plant of a text as it stands in the file, which is also looked for in UTF-8 and
// UTF-16, whole and by its words.
func told(kind, where, text string, written []byte, encode func(string) []byte) Plant {
	p := Plant{Kind: kind, Where: where}
	parts := append([]string{text}, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("^= \\", r) })...)
	forms := [][]byte{written}
	for _, part := range parts {
		forms = append(forms, []byte(part), wide(part), encode(part))
	}
	for _, form := range forms {
		if len(form) >= shortestForm {
			p.forms = append(p.forms, form)
		}
	}
	return p
}

// wide is UTF-16, little-endian, of a text of the basic plane.
func wide(text string) []byte {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func ascii(kind, where, text string) Plant {
	return told(kind, where, text, []byte(text), func(s string) []byte { return []byte(s) })
}

// script is a character set of PS3.3 C.12.1.1.2 with a name that is written in it.
type script struct {
	terms, name string
	encode      func(string) []byte
}

func single(e encoding.Encoding) func(string) []byte {
	return func(s string) []byte {
		b, err := e.NewEncoder().Bytes([]byte(s))
		if err != nil {
			return nil // a part that this set does not have
		}
		return b
	}
}

// escaped writes what is beyond ASCII behind an escape sequence (PS3.5 section 6.1.2.5), in
// each component anew.
func escaped(escape string, e encoding.Encoding) func(string) []byte {
	return func(s string) []byte {
		var b []byte
		for n, part := range strings.SplitAfter(s, "^") {
			if n > 0 || s != "" {
				b = append(b, escape...)
			}
			b = append(b, single(e)(part)...)
		}
		return b
	}
}

func scripts() []script {
	utf8Bytes := func(s string) []byte { return []byte(s) }
	return []script{
		{"ISO_IR 100", "Müßiggang^Zoë", single(charmap.ISO8859_1)},
		{"ISO_IR 101", "Wójcikowska^Stanisława", single(charmap.ISO8859_2)},
		{"ISO_IR 109", "Ĥĝĉantulo^Ŝanĝemulo", single(charmap.ISO8859_3)},
		{"ISO_IR 110", "Kīāņģēris^Šķērsšķēle", single(charmap.ISO8859_4)},
		{"ISO_IR 144", "Люксембургская^Наталья", single(charmap.ISO8859_5)},
		{"ISO_IR 127", "قباني^لنزار", single(charmap.ISO8859_6)},
		{"ISO_IR 126", "Διονυσιος^Παπαδοπουλος", single(charmap.ISO8859_7)},
		{"ISO_IR 138", "שרוןיהושע^דבורהלה", single(charmap.ISO8859_8)},
		{"ISO_IR 148", "Çağlayanoğlu^Işılşen", single(charmap.ISO8859_9)},
		{"ISO_IR 203", "Œuvrardeau^Žanetšette", single(charmap.ISO8859_15)},
		{"ISO_IR 166", "สมชายสมบัติ^สุขใจดี", single(charmap.Windows874)},
		{"ISO_IR 13", "ﾔﾏﾀﾞﾏﾙ^ﾀﾛｳｻﾝ", func(s string) []byte { return halfWidth(s) }},
		{"ISO_IR 192", "Wang^XiaoDong=王王王^小东东", utf8Bytes},
		{"GB18030", "Wangwang^XiaoDong=王王王^小东东", single(simplifiedchinese.GB18030)},
		{"GBK", "Zhangzhang^XiaoDong=张张张^小东东", single(simplifiedchinese.GBK)},
		{`\ISO 2022 IR 87`, "Yamadayama^Tarou=山田山田^太郎太郎", single(japanese.ISO2022JP)},
		{`\ISO 2022 IR 149`, "Hongilsan^Gildong=홍홍홍^길동길", escaped("\x1b$)C", korean.EUCKR)},
		{`\ISO 2022 IR 58`, "Zhangsan^XiaoDong=张张张^小东东", escaped("\x1b$)A", simplifiedchinese.GBK)},
		{`ISO 2022 IR 100\ISO 2022 IR 144`, "Люксембург^Наталья", escaped("\x1b-L", charmap.ISO8859_5)},
		{"", "Plainspoken^Ottokar", utf8Bytes},
	}
}

// halfWidth is JIS X 0201: katakana from A1 on, and ASCII.
func halfWidth(s string) []byte {
	var b []byte
	for _, r := range s {
		if r >= 0xFF61 {
			r = r - 0xFF61 + 0xA1
		}
		b = append(b, byte(r))
	}
	return b
}

// token is a word of eight letters that is in no other study.
func token(study, which int) string {
	return fmt.Sprintf("Zwix%c%c%c%c", 'a'+study/10, 'k'+study%10, 'a'+which, 'q')
}

// ofVR is an identifier in an attribute of each VR (PS3.5 section 6.2), in turn.
func ofVR(study int) (raw, Plant) {
	word := token(study, 1)
	digits := fmt.Sprintf("%02d", study)
	list := []struct {
		tag   uint32
		vr    string
		value string
	}{
		{0x00080054, "AE", word + "AE"}, {0x00101010, "AS", word}, {0x00720026, "AT", word}, {0x00180015, "CS", strings.ToUpper(word)},
		{0x00080020, "DA", "193702" + digits}, {0x00101030, "DS", "48271.07" + digits}, {0x0008002A, "DT", "193702140345" + digits + ".1"},
		{0x00186028, "FD", word}, {0x00189461, "FL", word}, {0x00200012, "IS", "4827107" + digits}, {0x00081040, "LO", "Ward " + word}, {0x00104000, "LT", "Niece of " + word},
		{0x00420011, "OB", word + word}, {0x00660022, "OD", word}, {0x00660016, "OF", word}, {0x00660040, "OL", word}, {0x00720081, "OV", word},
		{0x00281201, "OW", word}, {0x00081060, "PN", word + "^Quirin"}, {0x00080094, "SH", "+41" + word}, {0x00186020, "SL", word}, {0x00189219, "SS", word},
		{0x00080081, "ST", word + "gasse 7"}, {0x00720082, "SV", word}, {0x00080030, "TM", "0345" + digits + ".0713"}, {0x00080119, "UC", word + " unlimited"},
		{0x00080014, "UI", "1.2.276.0.7230010.99.7713." + digits}, {0x00186016, "UL", word}, {0x0072006D, "UN", word}, {0x00081190, "UR", "https://pacs." + strings.ToLower(word) + "/x"},
		{0x00189806, "US", word}, {0x0040A160, "UT", "Seen by " + word}, {0x00720083, "UV", word},
	}
	one := list[study%len(list)]
	return raw{one.tag, one.vr, []byte(one.value)}, ascii("a value of each VR", one.vr, one.value)
}

// files are what a place of a plant can change.
type planting struct {
	elements []raw // of the slice
	preamble []byte
	meta     []raw // beyond what a file must have
	behind   []byte
	name     string // of the file
	highBits []byte // a row of pixels with an overlay in its unused bits
	rle      []byte // behind the frame, which is compressed then
}

// place is where an identifier can hide.
type place struct {
	kind, where string
	put         func(p *planting, word string)
}

// at is a place in an element.
func at(kind, where string, e func(word string) []raw) place {
	return place{kind, where, func(p *planting, word string) { p.elements = append(p.elements, e(word)...) }}
}

func text(tag uint32, vr string) func(string) []raw {
	return func(word string) []raw { return []raw{{tag, vr, []byte(word)}} }
}

func private(e ...raw) []raw {
	return append([]raw{{0x00290010, "LO", []byte("WUNIBALD MEDCOM")}}, e...)
}

func places() []place {
	const own, five, drawn, meta, said, odd, allowed = "private blocks", "sequences five deep", "overlays and curves", "file meta and around", "comments and descriptions", "paddings, signatures, icons", "attributes that the model needs"
	return []place{
		at(own, "LO", func(w string) []raw { return private(raw{0x00291010, "LO", []byte(w)}) }),
		at(own, "UN", func(w string) []raw { return private(raw{0x00291011, "UN", []byte(w)}) }),
		at(own, "OB", func(w string) []raw { return private(raw{0x00291012, "OB", []byte(w)}) }),
		at(own, "PN", func(w string) []raw { return private(raw{0x00291013, "PN", []byte(w)}) }),
		at(own, "in a sequence", func(w string) []raw { return private(within(0x00291014, raw{0x00100010, "PN", []byte(w)})) }),
		at(own, "creator", text(0x00310010, "LO")),
		at(own, "without a creator", text(0x00331001, "LO")),
		at(own, "in an item", func(w string) []raw {
			return []raw{within(0x00081140, append(private(raw{0x00291010, "UT", []byte(w)}), raw{0x00291020, "SH", []byte("x")})...)}
		}),
		at(five, "PN", func(w string) []raw { return []raw{deep(raw{0x00100010, "PN", []byte(w)})} }),
		at(five, "LO", func(w string) []raw { return []raw{deep(raw{0x00080104, "LO", []byte(w)})} }),
		at(five, "UT", func(w string) []raw { return []raw{deep(raw{0x0040A160, "UT", []byte(w)})} }),
		at(five, "OB", func(w string) []raw { return []raw{deep(raw{0x00420011, "OB", []byte(w)})} }),
		at(five, "private", func(w string) []raw { return []raw{deep(raw{0x00291010, "LO", []byte(w)})} }),
		at(five, "request", func(w string) []raw {
			return []raw{within(0x00400275, within(0x00400008, within(0x00400440, within(0x0040A043, within(0x00080121, raw{0x00080104, "LO", []byte(w)})))))}
		}),
		at(drawn, "overlay data", func(w string) []raw {
			return []raw{{0x60000010, "US", []byte{36, 0}}, {0x60000011, "US", []byte{36, 0}}, {0x60000040, "CS", []byte("G")}, {0x60000050, "SS", []byte{1, 0, 1, 0}},
				{0x60000100, "US", []byte{1, 0}}, {0x60000102, "US", []byte{0, 0}}, {0x60003000, "OW", append([]byte(w), make([]byte, 162-len(w))...)}}
		}),
		at(drawn, "overlay comments", text(0x60024000, "LT")),
		at(drawn, "overlay label", text(0x60041500, "LO")),
		at(drawn, "curve data", text(0x50003000, "OW")),
		at(drawn, "curve label", text(0x50002500, "LO")),
		{drawn, "bits above the pixels", func(p *planting, w string) { p.highBits = []byte(w) }},
		{meta, "preamble", func(p *planting, w string) { copy(p.preamble, w) }},
		{meta, "source AE title", func(p *planting, w string) { p.meta = append(p.meta, raw{0x00020016, "AE", []byte(w)}) }},
		{meta, "private information", func(p *planting, w string) {
			p.meta = append(p.meta, raw{0x00020100, "UI", []byte("1.2.3")}, raw{0x00020102, "OB", []byte(w)})
		}},
		{meta, "file name", func(p *planting, w string) { p.name = w + ".dcm" }},
		at(said, "image comments", text(0x00204000, "LT")),
		at(said, "study comments", text(0x00324000, "LT")),
		at(said, "patient history", text(0x001021B0, "LT")),
		at(said, "acquisition comments", text(0x00184000, "LT")),
		at(said, "derivation", text(0x00082111, "ST")),
		at(said, "series description", text(0x0008103E, "LO")),
		at(said, "protocol", text(0x00181030, "LO")),
		at(said, "visit comments", text(0x00384000, "LT")),
		at(odd, "trailing padding", text(0xFFFCFFFC, "OB")),
		{odd, "behind the pixels", func(p *planting, w string) { p.behind = []byte(w) }},
		{odd, "behind a compressed frame", func(p *planting, w string) { p.rle = []byte(w) }},
		at(odd, "digital signature", func(w string) []raw { return []raw{within(0xFFFAFFFA, raw{0x04000115, "OB", []byte(w)})} }),
		at(odd, "icon", func(w string) []raw {
			return []raw{within(0x00880200, raw{0x00280010, "US", []byte{2, 0}}, raw{0x00280011, "US", []byte{4, 0}}, raw{0x7FE00010, "OB", []byte(w)})}
		}),
		at(odd, "an attribute nobody knows", text(0x001277F0, "LO")),
		at(odd, "digitised signal", func(w string) []raw {
			return []raw{within(0x54000100, raw{0x54001004, "US", []byte{8, 0}}, raw{0x54001006, "CS", []byte("SB")}, raw{0x54001010, "OB", []byte(w)})}
		}),
		at(allowed, "position reference", text(0x00201040, "LO")),
		at(allowed, "scan options", func(w string) []raw { return []raw{{0x00180022, "CS", []byte(strings.ToUpper(w))}} }),
		at(allowed, "image type", func(w string) []raw {
			return []raw{{0x00080008, "CS", []byte(`ORIGINAL\PRIMARY\` + strings.ToUpper(w))}}
		}),
		at(allowed, "rescale type", text(0x00281054, "LO")),
		at(allowed, "a number's place", text(0x00180080, "DS")),
	}
}

// letters are the pixels of a text in an image of the given edge.
func letters(t testing.TB, words string, edge int) (lit []image.Point) {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, edge, edge))
	writer := font.Drawer{Dst: picture, Src: image.NewUniform(color.White), Face: basicfont.Face7x13, Dot: fixed.P(6, 20)}
	writer.DrawString(words)
	for y := range edge {
		for x := range edge {
			if picture.GrayAt(x, y).Y > 127 {
				lit = append(lit, image.Pt(x, y))
			}
		}
	}
	if len(lit) < 100 {
		t.Fatalf("%q has %d pixels", words, len(lit))
	}
	return lit
}

// brightest is the greatest value of 12 bits.
const brightest = 1<<12 - 1
