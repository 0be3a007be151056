package dicomweb

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDatasetsReadAsTheStandardWritesThem(t *testing.T) {
	// The shapes of PS3.18 table F.2.3-1 and section F.4.
	const body = `[{
		"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
		"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小東"}, null]},
		"00100020": {"vr": "LO"},
		"00181041": {"vr": "DS", "Value": [1.5, "2.50", -3e2]},
		"00200013": {"vr": "IS", "Value": [7]},
		"00081140": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2"]}}, {}]},
		"00091002": {"vr": "UN", "InlineBinary": "z0x9c8v7"}
	}]`
	sets, err := DecodeDatasets(strings.NewReader(body), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := Dataset{
		"00080005": {VR: "CS", Strings: []string{"ISO_IR 192"}},
		"00100010": {VR: "PN", Strings: []string{"Wang^XiaoDong=王^小東", ""}},
		"00100020": {VR: "LO"},
		"00181041": {VR: "DS", Strings: []string{"1.5", "2.50", "-3e2"}},
		"00200013": {VR: "IS", Strings: []string{"7"}},
		"00081140": {VR: "SQ", Items: []Dataset{{"00081155": {VR: "UI", Strings: []string{"1.2"}}}, {}}},
		"00091002": {VR: "UN", Binary: []byte{0xCF, 0x4C, 0x7D, 0x73, 0xCB, 0xFB}},
	}
	if !reflect.DeepEqual(sets[0], want) {
		t.Errorf("got %+v", sets[0])
	}
	if sets, err := DecodeDatasets(strings.NewReader(` {"00080005": {"vr": "CS"}}`), 1); err != nil || len(sets) != 1 {
		t.Errorf("a data set alone: %v, %v", sets, err)
	}
}

func TestDatasetsRefuseWhatTheyCannotKeep(t *testing.T) {
	deep := strings.Repeat(`{"00081140":{"vr":"SQ","Value":[`, maxDepth+2) + strings.Repeat(`]}}`, maxDepth+2)
	for name, body := range map[string]string{
		"no JSON":               `{"00080005": `,
		"a string":              `"Mueller^Anna"`,
		"a keyword for a tag":   `{"PatientName": {"vr": "PN"}}`,
		"a lower-case tag":      `{"0020000d": {"vr": "UI"}}`,
		"no VR":                 `{"00080005": {"Value": ["x"]}}`,
		"a VR of none":          `{"00080005": {"vr": "XX"}}`,
		"a value elsewhere":     `{"7FE00010": {"vr": "OW", "BulkDataURI": "http://elsewhere/"}}`,
		"a number as text":      `{"00080005": {"vr": "CS", "Value": [7]}}`,
		"text as a data set":    `{"00081140": {"vr": "SQ", "Value": ["x"]}}`,
		"binary with a value":   `{"00091002": {"vr": "UN", "Value": ["x"]}}`,
		"text inline":           `{"00080005": {"vr": "CS", "InlineBinary": "QQ=="}}`,
		"no base64":             `{"00091002": {"vr": "UN", "InlineBinary": "Mueller!"}}`,
		"a group with =":        `{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "a=b"}]}}`,
		"two data sets for one": `[{}, {}]`,
		"sequences too deep":    deep,
		"too many elements":     `{"00181041":{"vr":"DS","Value":[` + strings.Repeat("1,", maxElements) + `1]}}`,
	} {
		_, err := DecodeDatasets(strings.NewReader(body), 1)
		if err == nil {
			t.Errorf("%s was taken", name)
		} else if strings.Contains(err.Error(), "Mueller") {
			t.Errorf("%s: the error quotes what was sent: %v", name, err)
		}
	}
}

// drawDataset draws any data set that JSON holds.
func drawDataset(t *rapid.T, depth int) Dataset {
	set := Dataset{}
	for _, tag := range rapid.SliceOfNDistinct(rapid.StringMatching(`[0-9A-F]{8}`), 0, 5, rapid.ID[string]).Draw(t, "tags") {
		vr := rapid.SampledFrom([]string{"LO", "PN", "DS", "IS", "UI", "SQ", "UN", "AT", "US"}).Draw(t, "vr")
		e := Element{VR: vr}
		switch vrKinds[vr] {
		case itemKind:
			if depth < 3 {
				for range rapid.IntRange(0, 2).Draw(t, "items") {
					e.Items = append(e.Items, drawDataset(t, depth+1))
				}
			}
		case binaryKind:
			if b := rapid.SliceOf(rapid.Byte()).Draw(t, "binary"); len(b) > 0 {
				e.Binary = b
			}
		case nameKind:
			for range rapid.IntRange(0, 2).Draw(t, "names") {
				e.Strings = append(e.Strings, rapid.StringMatching(`[A-Za-z^ ]{1,6}(=[東京^]{1,4})?`).Draw(t, "name"))
			}
		case numberKind:
			for range rapid.IntRange(0, 2).Draw(t, "numbers") {
				e.Strings = append(e.Strings, rapid.StringMatching(`-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?|abc|`).Draw(t, "number"))
			}
		default:
			for range rapid.IntRange(0, 2).Draw(t, "texts") {
				e.Strings = append(e.Strings, rapid.String().Draw(t, "text"))
			}
		}
		set[tag] = e
	}
	return set
}

func TestDatasetsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawDataset(t, 0)
		data, err := json.Marshal([]Dataset{set})
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeDatasets(bytes.NewReader(data), 1)
		if err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if !reflect.DeepEqual(back[0], set) {
			t.Fatalf("got %#v from %s, want %#v", back[0], data, set)
		}
		if !reflect.DeepEqual(set.clone(), set) {
			t.Fatal("the copy differs")
		}
	})
}

func FuzzDatasets(f *testing.F) {
	f.Add([]byte(`[{"00100010":{"vr":"PN","Value":[{"Alphabetic":"A^B"}]},"00081140":{"vr":"SQ","Value":[{}]}}]`))
	f.Add([]byte(`{"00181041":{"vr":"DS","Value":[1.5,"2",null]},"00091002":{"vr":"UN","InlineBinary":"QUE="}}`))
	f.Add([]byte(`[{"00000000":{"vr":"UN","InlineBinary":""}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, err := DecodeDatasets(bytes.NewReader(data), 4)
		if err != nil {
			return
		}
		again, err := json.Marshal(sets)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeDatasets(bytes.NewReader(again), 4)
		if err != nil {
			t.Fatalf("what was written is not read: %v: %s", err, again)
		}
		if len(sets) > 0 && !reflect.DeepEqual(sets, back) {
			t.Fatalf("%#v came back as %#v", sets, back)
		}
	})
}
