package dicom

import (
	"bytes"
	"strings"
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
	base     encoding.Encoding // nil: ASCII, with UTF-8 and then Latin 1 tolerated
	utf8     bool
	extended bool // escape sequences may switch sets (ISO 2022)
}

// singleSets are the defined terms without code extensions, PS3.3 table C.12-2, and
// with them (C.12-3), each by its registration number.
func singleSet(registration string) (encoding.Encoding, bool) {
	switch registration {
	case "6":
		return nil, true
	case "13":
		return japanese.ShiftJIS, true
	case "100":
		return charmap.ISO8859_1, true
	case "101":
		return charmap.ISO8859_2, true
	case "109":
		return charmap.ISO8859_3, true
	case "110":
		return charmap.ISO8859_4, true
	case "126":
		return charmap.ISO8859_7, true
	case "127":
		return charmap.ISO8859_6, true
	case "138":
		return charmap.ISO8859_8, true
	case "144":
		return charmap.ISO8859_5, true
	case "148":
		return charmap.ISO8859_9, true
	case "166":
		return charmap.Windows874, true
	case "203":
		return charmap.ISO8859_15, true
	case "58", "87", "149", "159": // only ever entered by an escape sequence
		return nil, true
	}
	return nil, false
}

// parseCharacterSet reads the values of Specific Character Set.
func parseCharacterSet(terms []string) (characterSet, error) {
	var cs characterSet
	for n, term := range terms {
		term = strings.TrimSpace(term)
		switch term {
		case "":
			continue
		case "ISO_IR 192":
			cs.utf8 = true
			continue
		case "GB18030":
			cs.base = simplifiedchinese.GB18030
			continue
		case "GBK":
			cs.base = simplifiedchinese.GBK
			continue
		}
		registration, plain := strings.CutPrefix(term, "ISO_IR ")
		if !plain {
			var extended bool
			registration, extended = strings.CutPrefix(term, "ISO 2022 IR ")
			cs.extended = cs.extended || extended
		}
		set, known := singleSet(registration)
		if !known {
			return cs, &Refusal{What: "specific character set is not known", Where: "attribute (0008,0005)", Do: "export with ISO_IR 192 (UTF-8) or ISO_IR 100"}
		}
		if n == 0 {
			cs.base = set
		}
	}
	return cs, nil
}

// decode returns UTF-8. Bytes that the set does not define become U+FFFD.
func (cs characterSet) decode(raw []byte) string {
	if ascii(raw) && (!cs.extended || bytes.IndexByte(raw, escape) < 0) {
		return string(raw)
	}
	switch {
	case cs.utf8:
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	case cs.extended && bytes.IndexByte(raw, escape) >= 0:
		return cs.decodeExtended(raw)
	case cs.base != nil:
		return decodeWith(cs.base, raw)
	case utf8.Valid(raw):
		return string(raw)
	}
	return decodeWith(charmap.ISO8859_1, raw)
}

const escape = 0x1B

// escapes are the sequences of PS3.3 tables C.12-3 and C.12-4 after the ESC byte.
// keep says that the decoder wants to see the sequence itself.
func escapes(b []byte) (set encoding.Encoding, keep bool, length int) {
	for _, e := range [...]struct {
		code string
		set  encoding.Encoding
		keep bool
	}{
		{"(B", nil, false}, {"(J", japanese.ShiftJIS, false}, {")I", japanese.ShiftJIS, false},
		{"-A", charmap.ISO8859_1, false}, {"-B", charmap.ISO8859_2, false}, {"-C", charmap.ISO8859_3, false},
		{"-D", charmap.ISO8859_4, false}, {"-F", charmap.ISO8859_7, false}, {"-G", charmap.ISO8859_6, false},
		{"-H", charmap.ISO8859_8, false}, {"-L", charmap.ISO8859_5, false}, {"-M", charmap.ISO8859_9, false},
		{"-T", charmap.Windows874, false}, {"-b", charmap.ISO8859_15, false},
		{"$B", japanese.ISO2022JP, true}, {"$(D", japanese.ISO2022JP, true},
		{"$)C", korean.EUCKR, false}, {"$)A", simplifiedchinese.GBK, false},
	} {
		if bytes.HasPrefix(b, []byte(e.code)) {
			return e.set, e.keep, len(e.code)
		}
	}
	return nil, false, 0
}

// decodeExtended decodes run by run between escape sequences.
func (cs characterSet) decodeExtended(raw []byte) string {
	var out strings.Builder
	set, from := cs.base, 0
	flush := func(to int) {
		if run := raw[from:to]; set != nil {
			out.WriteString(decodeWith(set, run))
		} else {
			out.WriteString(strings.ToValidUTF8(string(run), "\uFFFD"))
		}
	}
	for at := 0; at < len(raw); at++ {
		if raw[at] != escape {
			continue
		}
		next, keep, length := escapes(raw[at+1:])
		if length == 0 {
			continue
		}
		flush(at)
		set, from = next, at
		if !keep {
			from = at + 1 + length
		}
		at += length
	}
	flush(len(raw))
	return out.String()
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
