package runner

import (
	"fmt"
	"slices"
	"time"

	"github.com/medhive/medhive/models"
)

// failuresToQuarantine is how many runners of one model in a row may crash, hang, exceed
// their cap or break the protocol before the model is left alone, or has to show on its
// example that the studies were to blame.
const failuresToQuarantine = 3

// Quarantine is a model that this node does not run for now: its runners failed one after
// the other, and on its example, too, where the pool knows that. Other models go on. A
// model that passes its example is not quarantined, however many studies it fails on. A
// quarantine is lifted by Pool.Release, or by a job that succeeds all the same (see
// Job.Trial). It outlives the pool where somebody keeps it: see Options.Quarantines. As an
// error it answers a job on that model.
type Quarantine struct {
	Model  string        // id and version
	Digest models.Digest // of the package
	Since  time.Time
	Tries  int    // failures in a row
	Reason string // of the last one; holds no data of a study
}

// Error says what is quarantined, why, and what to do.
func (q *Quarantine) Error() string {
	return fmt.Sprintf("model %s is quarantined on this node since %s: %d runners in a row failed, the last one: %s; repair the package or the driver, then `medhive model validate %s`: where it passes, the node runs it again",
		q.Model, q.Since.UTC().Format(time.RFC3339), q.Tries, q.Reason, q.Model)
}

// record counts how runners of one model end.
type record struct {
	failed     int             // in a row
	blamed     int             // of these: the first ones on their study, and those without one
	studies    []models.Digest // that failed in this row, as far as they matter
	onTrial    bool            // the example runs to decide
	quarantine *Quarantine
}

// succeed ends a series and a quarantine, which it returns.
func (r *record) succeed() *Quarantine {
	lifted := r.quarantine
	*r = record{onTrial: r.onTrial}
	return lifted
}

// fail counts a runner that failed on a study, or on none: a zero digest.
func (r *record) fail(study models.Digest) {
	r.failed++
	if study.IsZero() {
		r.blamed++
	} else if !slices.Contains(r.studies, study) && r.blamed < failuresToQuarantine {
		r.blamed++
		r.studies = append(r.studies, study)
	}
}

// leave begins a quarantine, or brings it up to date.
func (r *record) leave(pkg models.Package, reason string, now time.Time) *Quarantine {
	since := now
	if r.quarantine != nil {
		since = r.quarantine.Since
	}
	r.quarantine = &Quarantine{Model: pkg.Name(), Digest: pkg.Digest(), Since: since, Tries: r.failed, Reason: printable(reason)}
	return r.quarantine
}

// blame counts a failed runner of a model. A study that fails wherever it is sent, again
// and again, is no fault of the model: where the model has an example, that decides after
// three failures; where it has none, three different studies must have failed. The caller
// holds mu.
func (p *Pool) blame(pl *place, study models.Digest, failure *Failure) {
	r := &pl.record
	r.fail(study)
	switch {
	case r.quarantine != nil:
		r.leave(pl.pkg, failure.Error(), time.Now())
	case p.o.Example != nil:
		if r.failed >= failuresToQuarantine && !r.onTrial {
			r.onTrial = true
			p.keep.Go(func() { p.tryExample(pl, failure) })
		}
	case r.blamed >= failuresToQuarantine:
		p.quarantine(pl, failure.Error())
	}
}

// quarantine begins one. The caller holds mu.
func (p *Pool) quarantine(pl *place, reason string) {
	q := pl.record.leave(pl.pkg, reason, time.Now())
	p.tell(*q, true)
	p.o.Log.Error("model is quarantined", "model", q.Model, "tries", q.Tries, "reason", q.Reason)
}

// tryExample lets a model's example decide whether the model or the studies were to blame.
// The success of any study meanwhile decides, too.
func (p *Pool) tryExample(pl *place, last *Failure) {
	study, err := p.o.Example(pl.pkg)
	if err == nil {
		_, err = p.Do(p.ctx, Job{Package: pl.pkg, Study: study}) // a success clears the record
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pl.record.onTrial = false
	switch {
	case p.ctx.Err() != nil:
	case err == nil:
		p.o.Log.Warn("runners of a model failed in a row, but its example passed: the studies are to blame", "model", pl.pkg.Name(), "reason", printable(last.Error()))
	case pl.record.failed >= failuresToQuarantine:
		p.quarantine(pl, fmt.Sprintf("%v; and its example: %v", last, err))
	}
}

// change is a quarantine that began or ended.
type change struct {
	Quarantine
	began bool
}

// tell lets whoever keeps quarantines know of a change, in order and without holding the
// pool up: keeping one may take a disk's time. The caller holds mu.
func (p *Pool) tell(q Quarantine, began bool) {
	if p.o.OnQuarantine == nil {
		return
	}
	p.changes = append(p.changes, change{q, began})
	if p.telling || p.ctx.Err() != nil {
		return
	}
	p.telling = true
	p.keep.Go(p.tellAll)
}

// tellAll hands over what there is.
func (p *Pool) tellAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.changes) > 0 {
		next := p.changes[0]
		p.changes = p.changes[1:]
		p.mu.Unlock()
		p.o.OnQuarantine(next.Quarantine, next.began)
		p.mu.Lock()
	}
	p.telling = false
}

// remember takes the quarantines of an earlier life over.
func (p *Pool) remember(list []Quarantine) {
	for _, q := range list {
		p.places[q.Digest] = &place{record: record{failed: max(q.Tries, failuresToQuarantine), blamed: failuresToQuarantine, quarantine: &q}}
	}
}
