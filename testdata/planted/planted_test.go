package planted

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// Sow itself fails where a plant is not in its files; here is counted what it makes, and that
// the finder finds nothing where nothing is.
func TestSowing(t *testing.T) {
	studies := Sow(t, t.TempDir())
	plants, kinds, places := 0, map[string]int{}, map[string]bool{}
	for _, s := range studies {
		plants += len(s.Plants)
		for _, p := range s.Plants {
			kinds[p.Kind]++
			places[p.Kind+p.Where] = true
		}
		if len(s.Files) != Slices || len(s.Instances) != Slices {
			t.Errorf("a study has %d files", len(s.Files))
		}
	}
	if plants != 200 {
		t.Errorf("%d plants, want 200", plants)
	}
	t.Log(len(places), "places", kinds)
	find := NewFinder(studies)
	if found := find.In(make([]byte, 1<<20)); len(found) > 0 {
		t.Errorf("found %v in zeros", found)
	}
	for n, s := range studies {
		for m, p := range s.Plants {
			for _, form := range p.forms {
				if lower := bytes.ToLower(form); utf8.Valid(form) && len(lower) == len(form) && !find.In(lower)[ID{n, m}] {
					t.Errorf("study %d's %s is not found in small letters, %q", n, p.Kind, lower)
				}
			}
		}
	}
}
