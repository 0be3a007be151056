package dicom

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/text/encoding/charmap"
)

// texts are the examples of PS3.5 annexes H (Japanese), I (Korean), J and K (Chinese),
// and each other set of PS3.3 tables C.12-2 to C.12-5.
var texts = map[string]struct {
	terms []string
	vr    string // "PN" if empty
	raw   string
	want  string
}{
	"no set":             {nil, "", "Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams^John Robert Quincy^^Rev.^B.A. M.Div."},
	"latin 1":            {[]string{"ISO_IR 100"}, "", "Buc^J\xe9r\xf4me", "Buc^Jérôme"},
	"latin 2":            {[]string{"ISO_IR 101"}, "", "W\xf3jcik^Stanis\xb3aw", "Wójcik^Stanisław"},
	"latin 3":            {[]string{"ISO_IR 109"}, "", "\xa6\xb6", "Ĥĥ"},
	"latin 4":            {[]string{"ISO_IR 110"}, "", "K\xef\xe0", "Kīā"},
	"latin 5":            {[]string{"ISO_IR 148"}, "", "\xd0\xdd\xde\xfd", "ĞİŞı"},
	"latin 9":            {[]string{"ISO_IR 203"}, "", "\xa4\xbd", "€œ"},
	"cyrillic":           {[]string{"ISO_IR 144"}, "", "\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3", "Люкceмбypг"},
	"greek":              {[]string{"ISO_IR 126"}, "", "\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"},
	"arabic":             {[]string{"ISO_IR 127"}, "", "\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"},
	"hebrew":             {[]string{"ISO_IR 138"}, "", "\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"},
	"thai":               {[]string{"ISO_IR 166"}, "", "\xca\xc1\xaa\xd2\xc2", "สมชาย"},
	"katakana":           {[]string{"ISO_IR 13"}, "", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"},
	"H.3.1":              {[]string{"", "ISO 2022 IR 87"}, "", "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
	"H.3.2":              {[]string{"ISO 2022 IR 13", "ISO 2022 IR 87"}, "", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
	"JIS X 0212":         {[]string{"ISO 2022 IR 6", "ISO 2022 IR 159"}, "", "\x1b$(D0!\x1b(B", "丂"},
	"0208 and 0212":      {[]string{"", "ISO 2022 IR 87", "ISO 2022 IR 159"}, "LO", "\x1b$B;3\x1b$(D0!\x1b(B x", "山丂 x"},
	"a code as 5C":       {[]string{"", "ISO 2022 IR 87"}, "LO", "\x1b$B@\\\x1b(B\\b", "接\\b"}, // 315C
	"I.2":                {[]string{"", "ISO 2022 IR 149"}, "", "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf", "Hong^Gildong=洪^吉洞=홍^길동"},
	"I.3":                {[]string{"", "ISO 2022 IR 149"}, "LT", "\x1b$)CThe 1st line includes \xb1\xe6\xb5\xbf.\r\n\x1b$)CThe 2nd line includes \xb1\xe6\xb5\xbf, too.\r\nThe 3rd line", "The 1st line includes 길동.\r\nThe 2nd line includes 길동, too.\r\nThe 3rd line"},
	"korean, forgotten":  {[]string{"", "ISO 2022 IR 149"}, "", "\x1b$)C\xfb\xf3^\xd1\xce\xd4\xd7", "洪^吉洞"},
	"korean, no escapes": {[]string{"ISO 2022 IR 149"}, "", "\xfb\xf3^\xd1\xce\xd4\xd7", "洪^吉洞"},
	"J.1":                {[]string{"ISO_IR 192"}, "", "Wang^XiaoDong=王^小东=", "Wang^XiaoDong=王^小东="},
	"J.3":                {[]string{"GB18030"}, "", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东="},
	"gb18030, four":      {[]string{"GB18030"}, "", "\x95\x32\x82\x36", "𠀀"},
	"gbk, 5C inside":     {[]string{"GBK"}, "LO", "\x81\x5c\\b", "乗\\b"},
	"K, GBK":             {[]string{"GBK"}, "", "Zhang^XiaoDong=\xd5\xc5^\xd0\xa1\xb6\xab", "Zhang^XiaoDong=张^小东"},
	"K, ISO 2022":        {[]string{"", "ISO 2022 IR 58"}, "", "Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东="},
	"two alphabets":      {[]string{"ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126"}, "", "J\xe9r\xf4me^\x1b-L\xbb\xee\xda^\x1b-F\xc4\xe9^\xe9", "Jérôme^Люк^Δι^é"},
	"back at a value":    {[]string{"ISO 2022 IR 100", "ISO 2022 IR 144"}, "LO", "\x1b-L\xbb\\\xe9", "Л\\é"},
	"not back at ^":      {[]string{"ISO 2022 IR 100", "ISO 2022 IR 144"}, "LO", "\x1b-L\xbb^\xbb", "Л^Л"},
	"back at a line":     {[]string{"ISO 2022 IR 100", "ISO 2022 IR 144"}, "ST", "\x1b-L\xbb\r\n\xe9", "Л\r\né"},
	"undeclared latin 1": {nil, "", "Buc^J\xe9r\xf4me", "Buc^Jérôme"},
	"undeclared UTF-8":   {nil, "", "Buc^Jérôme", "Buc^Jérôme"},
	"ISO-IR, lower case": {[]string{"iso-ir 100"}, "", "J\xe9r\xf4me", "Jérôme"},
	"ISO IR":             {[]string{"ISO IR 144"}, "", "\xbb\xee\xda", "Люк"},
	"a lone lead byte":   {[]string{"", "ISO 2022 IR 149"}, "", "\x1b$)C\xfb", "\uFFFD"},
	"broken UTF-8":       {[]string{"ISO_IR 192"}, "", "a\xffb", "a\uFFFDb"},
	"an unknown escape":  {[]string{"", "ISO 2022 IR 87"}, "", "a\x1b%Gb", "a\x1b%Gb"},
}

func TestCharacterSets(t *testing.T) {
	for name, c := range texts {
		cs, err := parseCharacterSet(c.terms)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		vr := c.vr
		if vr == "" {
			vr = "PN"
		}
		if got := cs.decode([]byte(c.raw), vr); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for _, term := range []string{"ISO_IR 9999", "ISO 2022 IR", "LATIN", "ISO_IR"} {
		_, err := parseCharacterSet([]string{term})
		refusal(t, err)
	}
}

// written is a file with a name and a description in a character set.
func written(terms []string, raw string) File {
	out := fileHead(explicitLittleEndian)
	text := func(t tag.Tag, vr, value string) {
		if len(value)%2 != 0 {
			value += " "
		}
		out = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, t.Group), t.Element)
		out = append(binary.LittleEndian.AppendUint16(append(out, vr...), uint16(len(value))), value...)
	}
	text(tagCharacterSet, "CS", strings.Join(terms, `\`))
	text(tag.SOPClassUID, "UI", "1.2\x00")
	text(tag.SOPInstanceUID, "UI", "1.3\x00")
	text(tag.PatientName, "PN", raw)
	return File{Data: out}
}

// TestTextSurvivesARoundTrip reads a file in each set, writes it in UTF-8 and reads it
// again.
func TestTextSurvivesARoundTrip(t *testing.T) {
	for name, c := range texts {
		if c.vr != "" {
			continue
		}
		o, err := Parse(written(c.terms, c.raw), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := o.String(tag.PatientName); got != c.want {
			t.Errorf("%s: read %q, want %q", name, got, c.want)
		}
		encoded, err := Encode(o.Dataset, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(File{Data: encoded}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if again.String(tag.PatientName) != o.String(tag.PatientName) || again.String(tag.SpecificCharacterSet) != utf8Term {
			t.Errorf("%s: written as %q in %q", name, again.String(tag.PatientName), again.String(tag.SpecificCharacterSet))
		}
	}
}

// TestEverySingleByteIsTheSetsOwn goes through the upper halves, with and without code
// extensions.
func TestEverySingleByteIsTheSetsOwn(t *testing.T) {
	for number, set := range map[string]*charmap.Charmap{
		"100": charmap.ISO8859_1, "101": charmap.ISO8859_2, "109": charmap.ISO8859_3, "110": charmap.ISO8859_4, "126": charmap.ISO8859_7,
		"127": charmap.ISO8859_6, "138": charmap.ISO8859_8, "144": charmap.ISO8859_5, "148": charmap.ISO8859_9, "203": charmap.ISO8859_15,
	} {
		for _, term := range []string{"ISO_IR ", "ISO 2022 IR "} {
			cs, err := parseCharacterSet([]string{term + number})
			if err != nil {
				t.Fatal(err)
			}
			for b := 0xA0; b <= 0xFF; b++ {
				if got := cs.decode([]byte{byte(b)}, "LO"); got != string(set.DecodeByte(byte(b))) {
					t.Errorf("%s%s: %#x is %q", term, number, b, got)
				}
			}
		}
	}
}

// TestRealNamesAreWhatPydicomReads compares the names of persons, in items with a set
// of their own too; testdata/reference.py makes the table.
func TestRealNamesAreWhatPydicomReads(t *testing.T) {
	files := corpus(t)
	table := golden(t, "text.txt")
	if len(table) < 50 {
		t.Fatalf("the table holds %d files", len(table))
	}
	for name, line := range table {
		var want []string
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		data, there := files[name]
		if !there {
			continue // in another release of Debian
		}
		o, err := Parse(File{Data: data}, Limits{})
		if err != nil {
			refusal(t, err)
			continue
		}
		got := names(o.Dataset.Elements)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, pydicom reads %q", name, got, want)
		}
	}
}

// names are the values of all elements of VR PN.
func names(elements []*lib.Element) (list []string) {
	for _, e := range elements {
		if e.RawValueRepresentation == "PN" {
			for _, name := range values(e) {
				if name = strings.TrimRight(name, "="); name != "" { // pydicom drops empty groups at the end
					list = append(list, name)
				}
			}
		}
		for _, item := range Items(e) {
			list = append(list, names(item)...)
		}
	}
	return list
}

// FuzzCharacterSet: whatever the set and the bytes, out comes valid UTF-8, at most a few
// times as long.
func FuzzCharacterSet(f *testing.F) {
	for _, c := range texts {
		f.Add(strings.Join(c.terms, `\`), c.raw, c.vr)
	}
	f.Fuzz(func(t *testing.T, terms, raw, vr string) {
		cs, err := parseCharacterSet(strings.Split(terms, `\`))
		if err != nil {
			refusal(t, err)
			return
		}
		got := cs.decode([]byte(raw), vr)
		if !utf8.ValidString(got) {
			t.Errorf("%q is no UTF-8", got)
		}
		if len(got) > 4*len(raw) {
			t.Errorf("%d bytes became %d", len(raw), len(got))
		}
	})
}
