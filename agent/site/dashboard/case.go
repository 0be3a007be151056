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
	e, err := v.site.Case(v.r.PathValue("id"))
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
	all, err := v.deliveries(maxListed)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !e.Task.IsZero() && d.Task == e.Task {
			p.Deliveries = append(p.Deliveries, d)
		}
	}
	return v.page(http.StatusOK, "case", "Case "+e.ID, p)
}

func showOverlay(v *visit) error {
	e, err := v.site.Case(v.r.PathValue("id"))
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
	v.w.Header().Set("Content-Type", "image/png")
	v.send(data)
}

func sendAgain(v *visit) error {
	c, err := v.site.Again(v.r.PathValue("id"), v.Who)
	if err != nil {
		return err
	}
	v.redirect("/cases/" + c.ID)
	return nil
}

var errNoReason = errors.New("say why the result is rejected: choose one of the reasons")

func sendRead(v *visit) error {
	w := Word{Accepted: v.r.PostForm.Get("word") == "accept"}
	switch v.r.PostForm.Get("word") {
	case "accept":
	case "reject":
		if w.Reason = v.r.PostForm.Get("reason"); w.Reason == "" {
			return badRequest{errNoReason}
		}
	default:
		return refuse("accept or reject")
	}
	c, err := v.site.Read(v.r.Context(), v.r.PathValue("id"), v.Who, w)
	if err != nil {
		return err
	}
	v.redirect("/cases/" + c.ID)
	return nil
}
