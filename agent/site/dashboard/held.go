package dashboard

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
)

// maxRegions bounds what one form blacks out: all that was found, and some that a person drew.
const maxRegions = clinic.MaxHeldImages*clinic.MaxHeldRegions + 64

// everyImage is a form's word for a region of all images.
const everyImage = "all"

func showHeld(v *visit) error {
	list, err := v.heldList()
	if err != nil {
		return err
	}
	return v.Page(http.StatusOK, "held", "Quarantine", list)
}

// heldPage is one held case; rows are the empty lines for regions.
type heldPage struct {
	HeldCase
	Rows []int
}

// Unseen says that frames are in doubt of which there is no picture: what is blacked out is
// then proposed for every image.
func (p heldPage) Unseen() bool { return p.Doubt != nil && p.Doubt.Held.Alike+p.Doubt.Held.Others > 0 }

// rows is how many regions can be typed without script; with it, any number up to maxRegions.
const rows = 4

func showHeldCase(v *visit) error {
	h, err := v.site.Look(v.R.Context(), v.R.PathValue("id"), v.Who)
	if err != nil {
		return err
	}
	v.seen.note(v.Who, "the held pictures "+h.ID)
	p := heldPage{HeldCase: h}
	for n := range rows {
		p.Rows = append(p.Rows, n)
	}
	return v.Page(http.StatusOK, "heldcase", "Look at case "+h.ID, p)
}

func showHeldPicture(v *visit) error {
	n, err := strconv.Atoi(v.R.PathValue("n"))
	if err != nil || n < 0 || n >= clinic.MaxHeldImages {
		return web.ErrNoPage
	}
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return err
	}
	data, err := v.site.HeldPicture(v.R.Context(), e.ID, n)
	if err != nil {
		return err
	}
	if err := v.lookedAt(e.ID, "the held pictures"); err != nil {
		return err
	}
	v.png(data)
	return nil
}

func sendDecision(v *visit) error {
	form := v.R.PostForm
	d := DecisionRequest{Choice: quarantine.Choice(form.Get("choice")), Reason: form.Get("reason")}
	if d.Choice == quarantine.Redact {
		var err error
		if d.Regions, err = regionsOf(form); err != nil {
			return err
		}
	}
	c, err := v.decide(d)
	if err != nil {
		return err
	}
	v.Redirect("/cases/" + c.ID)
	return nil
}

// regionsOf reads the regions of a form: lists of equal length, in pixels of the image; lines
// that were left empty are none.
func regionsOf(form url.Values) (list []clinic.Redaction, err error) {
	images := form["image"]
	if len(images) > maxRegions {
		return nil, refuse("%d regions: at most %d are taken", len(images), maxRegions)
	}
	numbers := map[string][]string{}
	for _, key := range []string{"x", "y", "width", "height"} {
		if numbers[key] = form[key]; len(numbers[key]) != len(images) {
			return nil, refuse("the form's regions don't fit together; open the page again")
		}
	}
	for n, image := range images {
		r := clinic.Redaction{SOPInstanceUID: image}
		if image == everyImage {
			r.SOPInstanceUID = ""
		}
		empty := true
		for key, to := range map[string]*int{"x": &r.X, "y": &r.Y, "width": &r.Width, "height": &r.Height} {
			text := numbers[key][n]
			if text == "" {
				continue
			}
			empty = false
			if *to, err = strconv.Atoi(text); err != nil {
				return nil, refuse("region %d: %s is no number of pixels", n+1, key)
			}
		}
		if empty {
			continue
		}
		if r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 {
			return nil, refuse("region %d: want left and top from 0, width and height from 1", n+1)
		}
		list = append(list, r)
	}
	if len(list) == 0 {
		return nil, refuse("draw or type a region to black out, or release the study as it is")
	}
	return list, nil
}
