package dicom

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// characterSet decodes the text VRs of one data set (PS3.5 section 6.1, PS3.3
// C.12.1.1.2). The zero value is the default repertoire.
type characterSet struct {
	whole    encoding.Encoding // without code extensions: decodes a value at once
	utf8     bool
	extended bool     // escape sequences switch sets (ISO 2022)
	initial  *codeSet // G1 at the start and after a delimiter, nil: none
	fallback *codeSet // G1 for bytes that no set was designated for
}

// codeSet is one set of codes that an escape sequence designates.
type codeSet struct {
	encoding encoding.Encoding
	width    int // bytes of one character
	// mark goes before the bytes of a character; with the high bits set they are then
	// the encoding's own.
	mark []byte
}

// registered are the sets by registration number: PS3.3 tables C.12-2 to C.12-4.
func registered(number string) (*codeSet, bool) {
	single := func(e encoding.Encoding) (*codeSet, bool) { return &codeSet{encoding: e, width: 1}, true }
	switch number {
	case "6", "87", "159": // 87 and 159 are only ever entered by an escape sequence
		return nil, true
	case "13":
		return single(japanese.ShiftJIS)
	case "100":
		return single(charmap.ISO8859_1)
	case "101":
		return single(charmap.ISO8859_2)
	case "109":
		return single(charmap.ISO8859_3)
	case "110":
		return single(charmap.ISO8859_4)
	case "126":
		return single(charmap.ISO8859_7)
	case "127":
		return single(charmap.ISO8859_6)
	case "138":
		return single(charmap.ISO8859_8)
	case "144":
		return single(charmap.ISO8859_5)
	case "148":
		return single(charmap.ISO8859_9)
	case "166":
		return single(charmap.Windows874) // TIS 620-2533 and a few characters more
	case "203":
		return single(charmap.ISO8859_15)
	case "149":
		return &codeSet{encoding: korean.EUCKR, width: 2}, true
	case "58":
		return &codeSet{encoding: simplifiedchinese.GBK, width: 2}, true
	}
	return nil, false
}

// Sets of 94 × 94 characters that stand in G0 (PS3.3 table C.12-4).
func kanji() *codeSet { return &codeSet{encoding: japanese.EUCJP, width: 2} }
func supplementaryKanji() *codeSet {
	return &codeSet{encoding: japanese.EUCJP, width: 2, mark: []byte{0x8F}}
}

// parseCharacterSet reads the values of Specific Character Set. Spelling is taken
// lightly, as ISO-IR 100 and ISO IR 100 are both found in files.
func parseCharacterSet(terms []string) (characterSet, error) {
	var cs characterSet
	spelling := strings.NewReplacer(" ", "", "_", "", "-", "")
	for n, term := range terms {
		term = spelling.Replace(strings.ToUpper(term))
		switch term {
		case "":
			continue
		case "ISOIR192":
			cs.utf8 = true
			continue
		case "GB18030":
			cs.whole = simplifiedchinese.GB18030
			continue
		case "GBK":
			cs.whole = simplifiedchinese.GBK
			continue
		}
		number, extended := strings.CutPrefix(term, "ISO2022IR")
		if !extended {
			number = strings.TrimPrefix(term, "ISOIR")
		}
		set, known := registered(number)
		if !known {
			return cs, &Refusal{What: "specific character set is not known", Where: "attribute (0008,0005)", Do: "export with ISO_IR 192 (UTF-8) or ISO_IR 100"}
		}
		cs.extended = cs.extended || extended || len(terms) > 1
		if n == 0 {
			cs.initial = set
			if set != nil && !extended {
				cs.whole = set.encoding
			}
		}
		if cs.fallback == nil {
			cs.fallback = set
		}
	}
	return cs, nil
}

// decode returns UTF-8. Bytes that the set does not define become U+FFFD. vr decides
// which delimiters end the reach of an escape sequence.
func (cs characterSet) decode(raw []byte, vr string) string {
	switch plain := ascii(raw); {
	case plain && (!cs.extended || !strings.ContainsRune(string(raw), escape)):
		return string(raw)
	case cs.utf8:
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	case cs.extended:
		return cs.decodeExtended(raw, vr)
	case cs.whole != nil:
		return decodeWith(cs.whole, raw)
	}
	return undeclared(raw)
}

// undeclared decodes bytes that no set was declared for: UTF-8 if they are that, else
// Latin 1, as most such files are from there.
func undeclared(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	return decodeWith(charmap.ISO8859_1, raw)
}

const escape = 0x1B

// designation is what an escape sequence does.
type designation struct {
	code string // after the ESC byte
	g0   bool   // it designates G0, else G1
	set  *codeSet
}

// designations are PS3.3 tables C.12-3 and C.12-4. ISO-IR 14, the Japanese variant of
// ASCII, is read as ASCII: its yen sign is the backslash that separates values.
var designations = sync.OnceValue(func() []designation {
	list := []designation{
		{"(B", true, nil}, {"(J", true, nil}, {"$B", true, kanji()}, {"$(D", true, supplementaryKanji()},
	}
	for code, number := range map[string]string{
		")I": "13", "-A": "100", "-B": "101", "-C": "109", "-D": "110", "-F": "126", "-G": "127", "-H": "138",
		"-L": "144", "-M": "148", "-T": "166", "-b": "203", "$)C": "149", "$)A": "58",
	} {
		set, _ := registered(number)
		list = append(list, designation{code, false, set})
	}
	return list
})

// decodeExtended follows the escape sequences. Control characters and, as PS3.5
// section 6.1.2.5.3 says, the delimiters of the value take both halves back to the
// beginning. A writer that forgets to designate G1 again after one is forgiven where
// nothing else could be meant.
func (cs characterSet) decodeExtended(raw []byte, vr string) string {
	var out strings.Builder
	var g0 *codeSet
	g1, known := cs.initial, designations()
	for at := 0; at < len(raw); {
		b := raw[at]
		switch {
		case b == escape:
			found := false
			for _, d := range known {
				if rest := raw[at+1:]; len(rest) >= len(d.code) && string(rest[:len(d.code)]) == d.code {
					if d.g0 {
						g0 = d.set
					} else {
						g1 = d.set
					}
					at += 1 + len(d.code)
					found = true
					break
				}
			}
			if !found {
				out.WriteByte(b)
				at++
			}
		case b < 0x20 || (g0 == nil && delimits(b, vr)):
			out.WriteByte(b)
			at++
			g0 = nil
			if cs.initial != nil {
				g1 = cs.initial
			}
		case b < utf8.RuneSelf && g0 == nil:
			out.WriteByte(b)
			at++
		case b < utf8.RuneSelf:
			at += g0.character(&out, raw[at:])
		case g1 != nil:
			at += g1.character(&out, raw[at:])
		case cs.fallback != nil:
			at += cs.fallback.character(&out, raw[at:])
		default:
			end := at
			for end < len(raw) && raw[end] >= utf8.RuneSelf {
				end++
			}
			out.WriteString(undeclared(raw[at:end]))
			at = end
		}
	}
	return out.String()
}

// delimits says whether a byte separates values, or components and groups of a name.
func delimits(b byte, vr string) bool {
	switch vr {
	case "ST", "LT", "UT":
		return false
	case "PN":
		return b == '\\' || b == '^' || b == '='
	}
	return b == '\\'
}

// character decodes the run of the set's bytes at the start of raw and returns its
// length, at least 1.
func (s *codeSet) character(out *strings.Builder, raw []byte) int {
	if s.width == 1 {
		end := 1
		for end < len(raw) && raw[end] >= utf8.RuneSelf {
			end++
		}
		out.WriteString(decodeWith(s.encoding, raw[:end]))
		return end
	}
	if len(raw) < s.width || raw[1] < ' ' {
		out.WriteRune(utf8.RuneError)
		return 1
	}
	code := append([]byte(nil), s.mark...)
	for _, b := range raw[:s.width] {
		code = append(code, b|0x80)
	}
	out.WriteString(decodeWith(s.encoding, code))
	return s.width
}

func decodeWith(set encoding.Encoding, raw []byte) string {
	text, err := set.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return string(text)
}

func ascii(raw []byte) bool {
	for _, b := range raw {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// codedText says whether a VR is subject to Specific Character Set (PS3.5 section 6.1.2.3).
func codedText(vr string) bool {
	switch vr {
	case "SH", "LO", "ST", "LT", "UC", "UT", "PN":
		return true
	}
	return false
}
