package clinic

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// standardRow is a line of the standard's own table, read without the generator.
type standardRow struct {
	Name, Tag, BasicProfile string
	ModifiedDates           string `json:"rtnLongModifDatesOpt"`
	Device                  string `json:"rtnDevIdOpt"`
	Characteristics         string `json:"rtnPatCharsOpt"`
}

func standardTable(t *testing.T) []standardRow {
	t.Helper()
	data, err := os.ReadFile("generate/ps3.15-table-e.1-1.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []standardRow
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 621 {
		t.Fatalf("the table has %d rows, want 621", len(rows))
	}
	return rows
}

// tagsOf are tags that a row stands for.
func tagsOf(t *testing.T, row standardRow) []tag.Tag {
	t.Helper()
	if strings.Contains(row.Tag, "GGGG") {
		return []tag.Tag{{Group: 0x0009, Element: 0x0010}, {Group: 0x0009, Element: 0x1001}, {Group: 0x0029, Element: 0x1010}, {Group: 0x7FE1, Element: 0x1000}}
	}
	var tags []tag.Tag
	for _, digit := range []string{"0", "2", "1E"} { // 6000, 6002, 601E: the even groups of the repeating rows
		digits := strings.NewReplacer("(", "", ")", "", ",", "").Replace(row.Tag)
		digits = strings.Replace(digits, "XX", fmt.Sprintf("%02s", digit), 1)
		digits = strings.ReplaceAll(digits, "XXXX", "3000")
		var value uint32
		if _, err := fmt.Sscanf(digits, "%08X", &value); err != nil {
			t.Fatalf("row %s: %v", row.Tag, err)
		}
		tags = append(tags, tag.Tag{Group: uint16(value >> 16), Element: uint16(value)})
		if !strings.Contains(row.Tag, "X") {
			break
		}
	}
	return tags
}

const (
	marker       = "Quabbelmann"
	markerUID    = "1.3.6.1.4.1.32473.19610229.7"
	markerNumber = 48271
	markerDate   = "19610229"
)

// planted is an element with an identifying value of the tag's VR.
func planted(tg tag.Tag) *dicom.Element {
	vr := dictionaryVR(tg)
	switch vr {
	case "SQ":
		return sequence(tg, []*dicom.Element{
			textElement(tag.CodeValue, "SH", marker), textElement(tag.CodeMeaning, "LO", marker),
			textElement(tag.ReferencedSOPInstanceUID, "UI", markerUID), textElement(tag.PatientName, "PN", marker),
		})
	case "UI":
		return textElement(tg, vr, markerUID)
	case "DA":
		return textElement(tg, vr, markerDate)
	case "TM":
		return textElement(tg, vr, "034511.25")
	case "DT":
		return textElement(tg, vr, markerDate+"034511.25")
	case "AS":
		return textElement(tg, vr, "063Y")
	case "DS", "IS":
		return textElement(tg, vr, fmt.Sprint(markerNumber))
	case "FL", "FD":
		return dataElement(tg, vr, []float64{markerNumber})
	case "US", "UL", "SS", "SL", "AT":
		return dataElement(tg, vr, []int{markerNumber % 32768, markerNumber % 32768})
	case "OB", "OW", "OF", "OL", "OD", "OV", "SV", "UV":
		return dataElement(tg, vr, []byte(marker+"____"))
	case "UN": // the dictionary does not know it
		return textElement(tg, "LO", marker)
	default:
		return textElement(tg, vr, marker)
	}
}

// says writes down every value below elements, for searching.
func says(elements []*dicom.Element) string {
	var b strings.Builder
	for _, e := range elements {
		if items, ok := itemsOf(e); ok {
			for _, item := range items {
				b.WriteString(says(item))
			}
			continue
		}
		switch v := e.Value.GetValue().(type) {
		case []byte:
			fmt.Fprintf(&b, "|%s", v)
		default:
			fmt.Fprintf(&b, "|%v", v)
		}
	}
	return b.String()
}

func hasValue(e *dicom.Element) bool {
	if items, ok := itemsOf(e); ok {
		return len(items) > 0
	}
	switch v := e.Value.GetValue().(type) {
	case []string:
		return len(v) > 0 && v[0] != ""
	case []int:
		return len(v) > 0
	case []float64:
		return len(v) > 0
	case []byte:
		return len(v) > 0
	}
	return true
}

// Every row of Table E.1-1 holds, at the top and three sequences deep.
func TestEveryRowOfTheStandardHolds(t *testing.T) {
	names := NewPseudonyms([SecretBytes]byte{1})
	for _, row := range standardTable(t) {
		for _, tg := range tagsOf(t, row) {
			t.Run(row.Tag+" "+row.BasicProfile+" "+row.Name, func(t *testing.T) {
				source := planted(tg)
				checkRow(t, row, source, find(newProfile(names, Policy{}, []*dicom.Element{source}).apply([]*dicom.Element{source}), tg))
				nested := []*dicom.Element{source}
				for range 3 {
					nested = []*dicom.Element{sequence(tag.DerivationImageSequence, nested)}
				}
				out := newProfile(names, Policy{}, nested).apply(nested)
				for range 3 {
					items, ok := itemsOf(out[0])
					if !ok || len(items) != 1 {
						t.Fatal("the sequence around the attribute went")
					}
					out = items[0]
				}
				checkRow(t, row, source, find(out, tg))
			})
		}
	}
}

func checkRow(t *testing.T, row standardRow, source, got *dicom.Element) {
	t.Helper()
	letters := strings.Split(strings.TrimSuffix(row.BasicProfile, "*"), "/")
	letter := letters[len(letters)-1]
	if g := source.Tag.Group; g <= 0x0004 {
		letter = "X" // other layers than the data set: written anew, or not at all
	}
	if letter == "X" {
		if got != nil {
			t.Fatalf("want it removed, got %v", got)
		}
		return
	}
	if got == nil {
		t.Fatalf("want action %s, the attribute is gone", letter)
	}
	text := says([]*dicom.Element{got})
	for _, secret := range []string{marker, markerUID, fmt.Sprint(markerNumber), markerDate} {
		if strings.Contains(text, secret) {
			t.Fatalf("%q is still there: %s", secret, text)
		}
	}
	switch {
	case source.Tag == tag.PatientName || source.Tag == tag.PatientID:
		if !strings.Contains(text, "MH-") {
			t.Fatalf("want a pseudonym, got %s", text)
		}
	case text == says([]*dicom.Element{source}):
		t.Fatalf("want action %s, it is as it was: %s", letter, text)
	case letter == "Z" && hasValue(got):
		t.Fatalf("want it empty, got %s", text)
	case (letter == "D" || letter == "U") && !hasValue(got):
		t.Fatal("want another value, it is empty")
	case letter == "U" && vrOf(got) == "UI" && !strings.Contains(text, "2.25."):
		t.Fatalf("want another UID, got %s", text)
	}
}

func TestActionsOfTagsWithoutARow(t *testing.T) {
	for tg, want := range map[tag.Tag]Action{
		tag.Rows:                         Keep,
		tag.SliceThickness:               Keep,
		{Group: 0x0011, Element: 0x0001}: Remove,
		{Group: 0x6004, Element: 0x3000}: Remove,
		{Group: 0x5008, Element: 0x0010}: Remove,
	} {
		if got := ActionFor(tg); got != want {
			t.Errorf("%v: got action %d, want %d", tg, got, want)
		}
	}
	if n := len(Rows()); n != 621 {
		t.Errorf("Rows gives %d rows, want 621", n)
	}
}
