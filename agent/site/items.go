package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// A RIS asks for work by a work item (UPS-RS): studies, a priority, and as its code the
// model or rule that it wants. Its state follows the cases of those studies.

// asking is the book of work items behind the web door: what a RIS asks for is recorded.
type asking struct {
	*dicomweb.Book
	site *Site
}

// Create implements dicomweb.Workitems.
func (a asking) Create(ctx context.Context, item dicomweb.Workitem) error {
	w := wantOf(item)
	e := audit.Entry{Kind: audit.Order, Actor: callerOf(ctx), Way: "ups", Model: w.model, Subject: &audit.Subject{}}
	if len(w.studies) > 0 {
		e.Subject.StudyUID = w.studies[0]
	}
	if len(w.accessions) > 0 {
		e.Subject.Accession = w.accessions[0]
	}
	if err := a.site.record(e); err != nil {
		return err
	}
	if err := a.Book.Create(ctx, item); err != nil {
		return err
	}
	if w.priority > scheduler.Routine {
		for _, study := range w.studies {
			a.site.raise(study, "")
		}
		for _, accession := range w.accessions {
			a.site.raise("", accession)
		}
	}
	return nil
}

// want is what a work item asks for.
type want struct {
	uid        string // of the work item
	studies    []string
	accessions []string // of requests, where it names no study
	model      string   // model or rule; empty: what the rules choose
	priority   scheduler.Class
}

// names says that the work item is about a study.
func (w want) names(studyUID, accession string) bool {
	if len(w.studies) > 0 {
		return slices.Contains(w.studies, studyUID)
	}
	return accession != "" && slices.Contains(w.accessions, accession)
}

func wantOf(item dicomweb.Workitem) want {
	w := want{uid: item.UID, studies: item.StudyUIDs(), accessions: item.AccessionNumbers(), priority: route.RequestedClass(item.Priority())}
	if codes := item.Codes(); len(codes) > 0 {
		w.model = codes[0].Value
	}
	return w
}

// asks says that the case is one that the work item asks for.
func (w want) asks(c worklist.Case) bool {
	if !w.names(c.StudyUID, c.Subject.Accession) {
		return false
	}
	model, _, _ := strings.Cut(c.Model, "@")
	return w.model == "" || c.Model == "" || w.model == c.Model || w.model == model || w.model == c.Rule
}

// unfinished says that a work item is this site's to go on with, and not of somebody else
// who has claimed it.
func unfinished(item dicomweb.Workitem) bool {
	return item.Performer == "" && (item.State == dicomweb.Scheduled || item.State == dicomweb.InProgress)
}

// wanted is the first work item that asks for a study and has not ended.
func (s *Site) wanted(studyUID, accession string) (w want, found bool, err error) {
	err = s.items.Naming(s.unhurried(), studyUID, accession, func(item dicomweb.Workitem) bool {
		if unfinished(item) {
			w = wantOf(item)
			found = w.names(studyUID, accession)
		}
		return !found
	})
	if !found {
		w = want{}
	}
	return w, found, err
}

// stir wakes who waits on a channel that holds one.
func stir(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// itemsPause bounds how often the work items are looked through while cases change.
const itemsPause = time.Second

// keepItems has work items follow their cases until ctx ends.
func (s *Site) keepItems(ctx context.Context) {
	for {
		changed := s.book.Changed()
		if err := s.followItems(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the work items can't be kept", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-s.asked:
		}
		select { // many changes are one look
		case <-ctx.Done():
			return
		case <-time.After(itemsPause):
		}
	}
}

// maxItemErrors are told of one look through the work items.
const maxItemErrors = 16

// followItems looks at every work item that has not ended, one at a time.
func (s *Site) followItems(ctx context.Context) error {
	var errs []error
	err := s.items.Open(ctx, func(item dicomweb.Workitem) bool {
		if !unfinished(item) {
			return true
		}
		if err := s.followItem(ctx, item); err != nil && len(errs) < maxItemErrors {
			errs = append(errs, err)
		}
		return true
	})
	return errors.Join(append(errs, err)...)
}

// followItem does for one work item what its cases say.
func (s *Site) followItem(ctx context.Context, item dicomweb.Workitem) error {
	w := wantOf(item)
	if len(w.studies) == 0 && len(w.accessions) == 0 {
		return s.endItem(ctx, item, "it names neither a study nor an accession number")
	}
	cases, err := s.casesOf(w)
	if err != nil {
		return err
	}
	if len(cases) == 0 {
		return s.routeItem(ctx, item, w)
	}
	if !item.CancelAsked.IsZero() {
		s.withdraw(ctx, cases)
	}
	return s.report(ctx, item, w, cases)
}

// casesOf are the cases that a work item asks for.
func (s *Site) casesOf(w want) (cases []worklist.Case, err error) {
	filters := []worklist.Filter{{}} // by accession number: look at all
	if len(w.studies) > 0 {
		filters = nil
	}
	for _, study := range w.studies {
		filters = append(filters, worklist.Filter{StudyUID: study})
	}
	for _, f := range filters {
		list, err := s.book.List(f)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if w.asks(c) {
				cases = append(cases, c)
			}
		}
	}
	return cases, nil
}

// routeItem makes cases for a work item whose study is here and was not routed to what it asks
// for. A study that is still on its way is routed when it is complete.
func (s *Site) routeItem(ctx context.Context, item dicomweb.Workitem, w want) error {
	for _, uid := range w.studies {
		study, err := s.inbox.Study(uid, -1)
		if errors.Is(err, inbox.ErrUnknownStudy) {
			continue
		}
		if err != nil {
			return err
		}
		s.deciding.Lock()
		made, err := s.routeAsked(study, w)
		s.deciding.Unlock()
		if err != nil || made {
			return err
		}
		return s.endItem(ctx, item, "no rule of this site takes the study to what is asked for")
	}
	return nil
}

// routeAsked adds the cases that rules make of a study which a work item asks for.
func (s *Site) routeAsked(study inbox.Study, w want) (made bool, err error) {
	facts, _, err := s.ordered(factsOf(study), study)
	if err != nil {
		return false, err
	}
	rules, now := *s.rules.Load(), time.Now()
	d := route.Decide(rules, facts, now, s.ledger.spent(rules.Since(now)))
	for _, r := range d.Routes {
		c := caseOf(study)
		event, err := eventOf(r, c, w.uid, s.conf.Market)
		if err != nil {
			return false, err
		}
		if c, err = worklist.Step(c, event, now); err != nil {
			return false, err
		}
		added, _, err := s.book.Add(c)
		if err != nil {
			return false, err
		}
		s.ledger.note(added[0])
		made = true
	}
	return made, nil
}

// withdraw ends what can still be ended of cases whose work item is to be canceled.
func (s *Site) withdraw(ctx context.Context, cases []worklist.Case) {
	for _, c := range cases {
		var err error
		switch c.State {
		case worklist.Received, worklist.Routed, worklist.Held:
			err = s.giveUp(c, worklist.Fail{Reason: reasonWithdrawn, By: "the work item's owner"})
		case worklist.Submitted:
			if !c.Task.IsZero() {
				_, err = s.analyst.Cancel(ctx, c.Task.String())
			}
		}
		if err != nil {
			s.log.Warn("a case could not be withdrawn", "case", c.ID, "error", err)
		}
	}
}

const reasonWithdrawn = "the work item was canceled"

// report brings a work item to where its cases are.
func (s *Site) report(ctx context.Context, item dicomweb.Workitem, w want, cases []worklist.Case) error {
	open, done, percent := 0, []worklist.Case{}, 0
	words, reason := "waits for a node", ""
	for _, c := range cases {
		switch {
		case c.State.Open():
			open++
			words = string(c.State)
			if p := s.progress.of(c.ID); p.Stage != "" {
				words, percent = p.Stage, int(100*p.Done)
			}
		case c.State == worklist.NotAnalysed || c.State == worklist.Refused:
			reason = c.Reason
		default:
			done = append(done, c)
		}
	}
	_, err := s.items.Change(ctx, item.UID, func(now dicomweb.Workitem) (dicomweb.Workitem, error) {
		at := time.Now()
		if now.State == dicomweb.Scheduled {
			claimed, _, err := now.ChangeState(dicomweb.InProgress, dicomweb.NewUID(), at)
			if err != nil {
				return now, err
			}
			now = claimed
		}
		switch {
		case now.State != dicomweb.InProgress:
			return now, errNothingNew
		case open > 0:
			return progressed(now, percent, words, at)
		case len(done) == 0:
			return now.Cancel(reason, at)
		}
		return now.Complete(dicomweb.Performed{
			Begun: done[0].At.Received, Station: dicomweb.Code{Value: "MEDHIVE", Scheme: "99MEDHIVE", Meaning: "MedHive"},
			Done: dicomweb.Code{Value: done[0].Model, Scheme: "99MEDHIVE", Meaning: "Analysis by " + done[0].Model}, Outputs: s.outputs(done),
		}, at)
	})
	if errors.Is(err, errNothingNew) {
		return nil
	}
	return err
}

// errNothingNew says that a work item stands where it should.
var errNothingNew = errors.New("nothing new")

// progressed is an item with its progress, or errNothingNew: each change is a write.
func progressed(item dicomweb.Workitem, percent int, words string, at time.Time) (dicomweb.Workitem, error) {
	const tagProgressInformation, tagWords = "00741002", "00741006"
	if now := item.Attributes.Items(tagProgressInformation); len(now) > 0 && now[0].Text(tagWords) == words {
		return item, errNothingNew
	}
	return item.Progress(percent, words, at)
}

// endItem cancels a work item that nothing can be done for.
func (s *Site) endItem(ctx context.Context, item dicomweb.Workitem, words string) error {
	_, err := s.items.Change(ctx, item.UID, func(now dicomweb.Workitem) (dicomweb.Workitem, error) {
		if now.State == dicomweb.Scheduled {
			claimed, _, err := now.ChangeState(dicomweb.InProgress, dicomweb.NewUID(), time.Now())
			if err != nil {
				return now, err
			}
			now = claimed
		}
		return now.Cancel(words, time.Now())
	})
	return err
}

// outputs are the DICOM objects of cases that were delivered.
func (s *Site) outputs(cases []worklist.Case) (list []dicomweb.Output) {
	for _, c := range cases {
		retrieve := s.conf.DICOM.AETitle
		for _, name := range c.Terms.Destinations {
			if d, err := s.conf.DestinationNamed(name); err == nil && d.CalledAE != "" {
				retrieve = d.CalledAE
			}
		}
		deliveries, err := s.outbox.Of(c.Task)
		if err != nil || len(deliveries) == 0 {
			continue // delivered nowhere: there is nothing to be had
		}
		for _, i := range deliveries[0].Items {
			if series := s.seriesOf(c.Task, i.File); i.SOPInstanceUID != "" && series != "" {
				list = append(list, dicomweb.Output{
					StudyUID: c.StudyUID, SeriesUID: series, RetrieveAE: retrieve,
					Instances: []dicomweb.Reference{{SOPClassUID: i.SOPClassUID, SOPInstanceUID: i.SOPInstanceUID}},
				})
			}
		}
	}
	return list
}

// seriesOf reads the series of a file that this clinic made; empty where it is gone.
func (s *Site) seriesOf(task models.Digest, file string) string {
	data, err := os.ReadFile(filepath.Join(s.resultFolder(task), file))
	if err != nil {
		return ""
	}
	o, err := dcm.Parse(dcm.File{Name: file, Data: data}, dcm.DefaultLimits())
	if err != nil {
		return ""
	}
	return o.String(tag.SeriesInstanceUID)
}
