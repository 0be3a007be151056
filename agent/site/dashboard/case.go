package dashboard

import (
	"errors"
	"net/http"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// casePage is one case.
type casePage struct {
	Entry
	Steps      []step
	Result     *Result
	Deliveries []outbox.Delivery
	Readable   bool     // a reader may speak
	Again      bool     // it ended without a result and may be tried anew
	Reasons    []string // why a result is rejected
	Images     *imageChoice
	Unseen     bool // the images can't be listed
}

// step is one entry of a case's history.
type step struct {
	Name string
	At   time.Time
}

// stepsOf is a case's history in the order of its life.
func stepsOf(t worklist.Times) (list []step) {
	for _, s := range []step{
		{"Study complete", t.Received}, {"Rule chosen", t.Routed}, {"Held for a person", t.Held}, {"Sent to analysis", t.Submitted},
		{"Result checked", t.Analysed}, {"Delivered", t.Delivered}, {"Ended without a result", t.Ended}, {"Read", t.Read},
	} {
		if !s.At.IsZero() {
			list = append(list, s)
		}
	}
	return list
}

func showCase(v *visit) error {
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return err
	}
	if err := v.lookedAt(e.ID, "the case"); err != nil {
		return err
	}
	p := casePage{Entry: e, Steps: stepsOf(e.At), Reasons: attest.ReaderReasons()}
	switch e.State {
	case worklist.Delivered, worklist.Accepted, worklist.Rejected:
		p.Readable = true
	case worklist.NotAnalysed, worklist.Refused:
		p.Again = true
	}
	if p.Result, err = v.site.Result(e.ID); err != nil {
		return err
	}
	rows, err := v.site.Rows(e.ID)
	p.Unseen = err != nil // the result can be read and judged all the same
	if p.Images, err = v.chosenImage(rows); err != nil {
		return err
	}
	all, err := v.deliveries(maxListed)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !e.Task.IsZero() && d.Task == e.Task {
			p.Deliveries = append(p.Deliveries, d)
		}
	}
	return v.Page(http.StatusOK, "case", "Case "+e.ID, p)
}

func showOverlay(v *visit) error {
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return err
	}
	data, err := v.site.Picture(e.ID)
	if err != nil {
		return err
	}
	if err := v.lookedAt(e.ID, "the picture of the result"); err != nil {
		return err
	}
	v.png(data)
	return nil
}

func (v *visit) png(data []byte) {
	v.W.Header().Set("Content-Type", "image/png")
	v.Send(data)
}

func sendAgain(v *visit) error {
	c, err := v.site.Again(v.R.PathValue("id"), v.Who)
	if err != nil {
		return err
	}
	v.Redirect("/cases/" + c.ID)
	return nil
}

var errNoReason = errors.New("say why the result is rejected: choose one of the reasons")

func sendRead(v *visit) error {
	w := Word{Accepted: v.R.PostForm.Get("word") == "accept"}
	switch v.R.PostForm.Get("word") {
	case "accept":
	case "reject":
		if w.Reason = v.R.PostForm.Get("reason"); w.Reason == "" {
			return refuse("%w", errNoReason)
		}
	default:
		return refuse("accept or reject")
	}
	c, err := v.site.Read(v.R.Context(), v.R.PathValue("id"), v.Who, w)
	if err != nil {
		return err
	}
	v.Redirect("/cases/" + c.ID)
	return nil
}
