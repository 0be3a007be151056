// Package testdata holds studies for tests and for the demo: a real head scan
// with an invented patient, a small good study, and bad ones. In: nothing; the
// files are embedded. Out: their bytes, fresh for each caller. It holds no real
// person's identity; README.md names the source and licence.
package testdata

import (
	"bytes"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

//go:embed t1-study.zip
var t1Study []byte

//go:embed small-study.zip
var smallStudy []byte

//go:embed identifiers.json
var identifiersJSON []byte

//go:embed bad
var bad embed.FS

// T1Study is a zip of 181 sagittal MR slices of 181 rows × 217 columns, 1 mm, with
// every identifier of Identifiers planted.
func T1Study() []byte { return bytes.Clone(t1Study) }

// SmallStudy is a zip of 64 sagittal MR slices of 36 × 36, 2 mm, from the middle of
// the same head; it is the good twin of the bad studies.
func SmallStudy() []byte { return bytes.Clone(smallStudy) }

// BadStudy is one file that every reader has to refuse.
type BadStudy struct {
	Name  string // file name: a zip, or one DICOM file
	Data  []byte
	Fault string // what is wrong with it, in words
}

// Bad lists the bad studies, in a fixed order.
func Bad() ([]BadStudy, error) {
	studies := []BadStudy{
		{Name: "not-dicom.zip", Fault: "holds a letter, no DICOM file"},
		{Name: "truncated-slice.zip", Fault: "the 33rd of 64 slices lacks its last 1000 bytes"},
		{Name: "missing-slice.zip", Fault: "the 33rd of 64 slices is missing"},
		{Name: "wrong-modality.zip", Fault: "is CT, not MR"},
		{Name: "absurd-length.dcm", Fault: "declares a value of almost 4 GiB in a file of 2 KiB"},
	}
	for n := range studies {
		data, err := bad.ReadFile("bad/" + studies[n].Name)
		if err != nil {
			return nil, fmt.Errorf("bad study: %w; run go run ./testdata/generate", err)
		}
		studies[n].Data = data
	}
	return studies, nil
}

// Identifier is one planted string that must never leave a clinic.
type Identifier struct {
	Attribute string   // where it stands
	Text      string   // as a person reads it
	Bytes     [][]byte // its forms on the wire: UTF-8, and Latin 1 where that differs
}

// Identifiers lists everything planted in the studies.
func Identifiers() ([]Identifier, error) {
	var entries []struct {
		Attribute, Text string
		Hex             []string
	}
	if err := json.Unmarshal(identifiersJSON, &entries); err != nil {
		return nil, fmt.Errorf("read identifiers.json: %w", err)
	}
	list := make([]Identifier, len(entries))
	for n, e := range entries {
		list[n] = Identifier{Attribute: e.Attribute, Text: e.Text}
		for _, form := range e.Hex {
			raw, err := hex.DecodeString(form)
			if err != nil {
				return nil, fmt.Errorf("identifiers.json: %s: %w", e.Attribute, err)
			}
			list[n].Bytes = append(list[n].Bytes, raw)
		}
	}
	return list, nil
}
