package burnin

import (
	"strings"
	"testing"
)

func TestDevices(t *testing.T) {
	list, err := Devices()
	if err != nil {
		t.Fatal(err)
	}
	fits := func(h Header) (names []string) {
		for _, d := range list {
			if d.Fits(h) {
				names = append(names, d.Name)
			}
		}
		return names
	}
	for _, c := range []struct {
		name string
		h    Header
		want string
	}{
		{"a Canon plate", Header{Manufacturer: "CANON Inc.", Model: "CXDI-70C", Rows: 2592, Columns: 2208}, "Canon CXDI radiograph of 2592 rows"},
		{"another of its formats", Header{Manufacturer: "CANON Inc.", Model: "CXDI-70C", Rows: 3408, Columns: 2800}, ""},
		{"a GE slice", Header{Manufacturer: "GE MEDICAL SYSTEMS", Rows: 512, Columns: 512, ImageType: []string{"ORIGINAL", "PRIMARY", "AXIAL"}}, ""},
		{"a GE screen", Header{Manufacturer: "GE MEDICAL SYSTEMS", Rows: 512, Columns: 512, BurnedIn: true}, "GE screen of 512 rows"},
		{"a rendering", Header{Rows: 512, Columns: 512, ImageType: []string{"DERIVED", "SECONDARY", "VOLREN"}}, "volume rendering, 512 × 512"},
		{"nothing known", Header{}, ""},
	} {
		if got := strings.Join(fits(c.h), ", "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParseDevicesRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":       `devices`,
		"unknown key":   `{"devices": [{"name": "a", "model": "b", "colour": "red"}]}`,
		"no name":       `{"devices": [{"model": "b"}]}`,
		"fits all":      `{"devices": [{"name": "a", "rows": 512}]}`,
		"empty region":  `{"devices": [{"name": "a", "model": "b", "regions": [[0, 0, 0, 10]]}]}`,
		"far region":    `{"devices": [{"name": "a", "model": "b", "regions": [[0, 0, 70000, 10]]}]}`,
		"negative rows": `{"devices": [{"name": "a", "model": "b", "rows": -1}]}`,
		"too long":      strings.Repeat(" ", MaxDevicesBytes+1),
	} {
		if _, err := ParseDevices([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What parses is valid, whatever it was made of.
func FuzzParseDevices(f *testing.F) {
	f.Add(devicesJSON)
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseDevices(data)
		for _, d := range list {
			if err != nil || d.Validate() != nil {
				t.Fatalf("%+v: %v", d, err)
			}
		}
	})
}
