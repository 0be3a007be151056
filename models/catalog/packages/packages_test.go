package packages_test

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog/packages"
)

// Each package is whole, with an example that fits its digests and a card that says
// plainly that nobody trained it and that it is no diagnosis.
func TestAll(t *testing.T) {
	list, err := packages.All()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, e := range list {
		m := e.Manifest
		ids[m.ID] = true
		if m.Example == nil {
			t.Errorf("%s has no example", m.ID)
			continue
		}
		for _, f := range []models.ExampleFile{m.Example.Input, m.Example.Expected} {
			data, err := e.File(f.File)
			if err != nil || models.DigestOf(data) != f.SHA256 || int64(len(data)) != f.Bytes {
				t.Errorf("%s: %s is not the manifest's: %v", m.ID, f.File, err)
			}
		}
		for _, words := range []string{"Composed by hand", "no diagnosis", "Where it goes wrong"} {
			if !strings.Contains(strings.Join(strings.Fields(e.Card), " "), words) {
				t.Errorf("%s: the card does not say %q", m.ID, words)
			}
		}
	}
	if len(list) != 2 || !ids["ct-lung-bone"] || !ids["radiograph-quality"] {
		t.Errorf("packages %v", ids)
	}
	if _, err := list[0].File("../packages.go"); err == nil {
		t.Error("a file outside the folder was read")
	}
}
