package clinic

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata/peers"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// A face leaves out of a head, through a confined child as in this process; the object says
// so, and what lies behind the plane stays as it was.
func TestFacesStay(t *testing.T) {
	pkg := measuring(t, func(m *models.Manifest) { m.Defaced = true })
	door := newDoor(t)
	whole := prepare(t, door, takeIn(t, t1Study, pkg), pkg)
	near := door.Under(Policy{Deface: true})
	faceless := prepare(t, near, takeInApart(t, near, t1Study, pkg), pkg)
	apart := confined(t, near, "reader")
	if again := prepare(t, apart, takeInApart(t, apart, t1Study, pkg), pkg); again.RequestHash != faceless.RequestHash || again.Task != faceless.Task {
		t.Error("the child's payload is another one")
	}
	if faceless.Task == whole.Task {
		t.Error("another payload has the same task")
	}
	before, after := objectsOf(t, whole.Payload), objectsOf(t, faceless.Payload)
	gone := 0
	for n, o := range after {
		if codes := dcm.Items(o.Element(tag.DeidentificationMethodCodeSequence)); len(codes) != 2 || first(codes[1], tag.CodeValue) != "113102" || o.String(tag.RecognizableVisualFeatures) != "NO" {
			t.Fatalf("slice %d does not say that its face was removed", n)
		}
		g, err := gridOf(o.Dataset.Elements)
		if err != nil {
			t.Fatal(err)
		}
		least := g.extreme(before[n].Pixels, false)
		for at := range g.rows * g.columns {
			was, is := g.value(before[n].Pixels, at), g.value(o.Pixels, at)
			if is == was {
				continue
			}
			if gone++; is != least {
				t.Fatalf("slice %d: pixel %d went from %d to %d", n, at, was, is)
			}
		}
	}
	if ml := gone / 1000; ml < 100 || ml > 400 { // voxels of 1 mm³
		t.Errorf("%d ml of the head went", ml)
	}
}

// A model that was not measured on heads without a face gets none; a face that can't be found
// holds the study, and a person may let it go as it is.
func TestFacesThatCannotBeRemoved(t *testing.T) {
	door, path := newDoor(t).Under(Policy{Deface: true}), enhancedFolder(t, "MR")
	if _, err := door.Intake(t.Context(), path, measuring(t, nil).Manifest); !refused(err) || !strings.Contains(err.Error(), "defaced") {
		t.Errorf("a model without a word about it: %v", err)
	}
	pkg := measuring(t, func(m *models.Manifest) { m.Defaced = true })
	for name, d := range map[string]*Door{"here": door, "confined": confined(t, door, "reader")} {
		_, err := d.Prepare(t.Context(), takeInApart(t, d, path, pkg), pkg)
		var held *Held
		if !errors.As(err, &held) || len(held.Images) == 0 || held.Reasons[0] != noFace || len(held.Images[0].Picture) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		released := d.Under(Policy{Deface: true, Released: true})
		ready := prepare(t, released, takeInApart(t, released, path, pkg), pkg)
		for _, o := range objectsOf(t, ready.Payload) {
			if codes := dcm.Items(o.Element(tag.DeidentificationMethodCodeSequence)); len(codes) != 1 || o.String(tag.RecognizableVisualFeatures) == "NO" {
				t.Errorf("%s: it says that a face was removed", name)
			}
		}
	}
}

// Who releases a study releases it from every doubt, so that all of them are shown at once: a
// face that is not found and text in the pixels, by what the pixels show and by what a header
// says.
func TestAFaceNotFoundHidesNoText(t *testing.T) {
	pkg := measuring(t, func(m *models.Manifest) { m.Defaced = true })
	folder, _ := annotated(t) // too few slices for a head
	said, _ := annotated(t)
	flagged(t, said)
	for name, d := range map[string]*Door{"here": newDoor(t).Under(Policy{Deface: true}), "confined": confined(t, newDoor(t).Under(Policy{Deface: true}), "reader")} {
		for _, path := range []string{folder, said} {
			study, err := d.Intake(t.Context(), path, pkg.Manifest)
			if err == nil {
				_, err = d.Prepare(t.Context(), study, pkg)
				err = errors.Join(err, study.Close())
			}
			var held *Held
			if !errors.As(err, &held) || !slices.Contains(held.Reasons, noFace) || !slices.Contains(held.Reasons, seenText) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// flagged has the first file of a folder say that text is burned into its pixels.
func flagged(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := peers.Run(t, "dcmodify", "-nb", "-i", "(0028,0301)=YES", files[0]); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
