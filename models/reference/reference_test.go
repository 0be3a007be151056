package reference_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/models/reference"
)

func TestPackage(t *testing.T) {
	p, err := reference.Package()
	if err != nil {
		t.Fatalf("%v; run go generate ./models/reference", err)
	}
	m := p.Manifest
	if p.Name() != "t1-tissue@1.0.0" || m.License != "Apache-2.0" {
		t.Errorf("%s under %s", p.Name(), m.License)
	}
	const largest = 1 << 20 // what the binary is willing to carry
	if len(p.Weights) > largest {
		t.Errorf("the weights have %d bytes; want at most %d", len(p.Weights), largest)
	}
	// CID 7151 of DICOM PS3.16.
	codes := map[string]string{}
	for _, s := range m.Structures() {
		codes[s.Name] = s.Type.Scheme + " " + s.Type.Value
	}
	if codes["White matter"] != "SCT 389080008" || codes["Grey matter"] != "SCT 389081007" {
		t.Errorf("codes %v", codes)
	}
	if !strings.Contains(strings.ToLower(strings.Join(m.Limits, " ")), "not a medical device") {
		t.Error("the manifest must say that this is no medical device")
	}
	if !strings.Contains(strings.ToLower(p.Card), "not a medical device") {
		t.Error("the card must say that this is no medical device")
	}
	for _, keyword := range []string{"PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "InstitutionName", "StudyDate", "StudyDescription"} {
		if slices.Contains(m.AllowedAttrs, keyword) {
			t.Errorf("%s may leave the clinic", keyword)
		}
	}
}
