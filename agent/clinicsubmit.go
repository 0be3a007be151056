package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic"
)

// Submission asks for one study to be analysed. What it says of the way there (from
// Residency on) counts for a task that is new; one that runs keeps its own.
type Submission struct {
	Path             string          `json:"path"`  // folder, zip or DICOM file
	Model            string          `json:"model"` // id or id@version
	Out              string          `json:"out"`   // folder for the results
	Residency        []string        `json:"residency"`
	Priority         scheduler.Class `json:"priority"`
	PriceCeilingGwei uint64          `json:"price_ceiling_gwei"`
	Within           time.Duration   `json:"within_ns"`
	// Copying says whether several nodes get the study, and Copies how many (0: two). They
	// belong to distinct operators and stand in distinct networks.
	Copying   scheduler.Copying `json:"copying,omitempty"`
	Copies    int               `json:"copies,omitempty"`
	Providers []string          `json:"providers,omitempty"` // execution providers that are tolerated; none: any
	// LocalAfter is how long nodes have before the clinic's own runner begins; 0: it never does.
	LocalAfter time.Duration `json:"local_after_ns,omitempty"`
	// Policy is what of the study leaves otherwise than by the Basic Profile. One that changes
	// what leaves makes another task.
	Policy clinic.Policy `json:"policy,omitzero"`

	// Prepared is told the study's task before anything of it is offered; an error keeps it
	// here. May be nil.
	Prepared func(task models.Digest) error `json:"-"`
	// Tell hears every step of this study, in order and from one goroutine. May be nil.
	Tell func(FeedEvent) `json:"-"`
}

// Report is how a submission ended.
type Report struct {
	Task           models.Digest       `json:"task"`
	State          scheduler.State     `json:"state"`
	Priority       string              `json:"priority"` // routine, urgent or STAT
	Winner         string              `json:"winner"`
	Fence          uint64              `json:"fence"`
	Bids           []broker.BidSummary `json:"bids"`
	Provider       string              `json:"provider"`
	RuntimeVersion string              `json:"ort_version"`
	// LeftOut says what of the study was not sent, and why: duplicates, localisers,
	// further echoes or time points.
	LeftOut []string `json:"left_out,omitempty"`
	// Outcome is "completed", or "failed" or "not-applicable" with a reason; then the
	// files say so and hold no figures.
	Outcome string `json:"outcome,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Verified says what a comparison with other nodes' results came to; empty: there was none.
	Verified      string                  `json:"verified,omitempty"`
	Segments      []inference.Segment     `json:"segments"`
	Measurements  []inference.Measurement `json:"measurements,omitempty"`
	Probabilities []inference.Probability `json:"probabilities,omitempty"`
	Boxes         []inference.Box         `json:"boxes,omitempty"`
	Folder        string                  `json:"folder"` // where the files were delivered
	Files         []string                `json:"files"`
	Receipt       attest.SignedReceipt    `json:"receipt"`
	Phases        Phases                  `json:"phases_ns"`
}

// Phases are the parts of a submission, each on the clinic's monotonic clock.
type Phases struct {
	Intake       time.Duration `json:"intake"`
	Deidentify   time.Duration `json:"deidentify"`
	Seal         time.Duration `json:"seal"`
	OfferToAward time.Duration `json:"offer_to_award"`
	Transfer     time.Duration `json:"transfer"`
	Inference    time.Duration `json:"inference"`
	Result       time.Duration `json:"result"`
	Deliver      time.Duration `json:"deliver"`
	Total        time.Duration `json:"total"`
}

// ErrNoResult is a task that ended without one; its text names state and reason.
var ErrNoResult = errors.New("the study was not analysed")

// Submit takes a study the whole way: intake, de-identification, sealing, the
// market, and delivery of the checked result. The same study and model again is
// the same task: an open one is joined, a delivered one is reported.
func (c *Clinic) Submit(ctx context.Context, s Submission) (Report, error) {
	start := time.Now()
	var report Report
	if s.LocalAfter > 0 && c.local == nil {
		return report, errNoRunner
	}
	if err := s.Policy.Validate(); err != nil {
		return report, err
	}
	pkg, err := c.catalog.Find(s.Model)
	if err != nil {
		return report, err
	}
	prepared, err := c.prepare(ctx, s, pkg, &report)
	if err != nil {
		return report, err
	}
	if s.Prepared != nil {
		if err := s.Prepared(prepared.Task); err != nil {
			return report, err
		}
	}
	defer c.hear(prepared.Task, s.Tell)()
	begun := time.Now()
	// From here on the results reach their folder also when this process is killed: the
	// next life of the clinic finds the errand.
	if err := c.errands.put(prepared.Task, errand{Out: s.Out, Package: pkg.Digest()}); err != nil {
		return report, err
	}
	if err := c.follow(s.Residency); err != nil {
		return report, err
	}
	offer := broker.Submission{
		Task: prepared.Task, Payload: prepared.Payload,
		PackageDigest: pkg.Digest(), WeightsDigest: pkg.Manifest.Weights.SHA256, ManifestDigest: pkg.ManifestDigest(),
		Priority: s.Priority, Deadline: begun.Add(s.Within), Residency: s.Residency,
		PriceCeiling: s.PriceCeilingGwei, MemoryBytes: pkg.Manifest.Requirements.MemoryBytes,
		Copying: s.Copying, Copies: s.Copies, Providers: s.Providers,
	}
	if s.LocalAfter > 0 {
		offer.LocalBy = begun.Add(s.LocalAfter)
	}
	if err := c.broker.Submit(ctx, offer); err != nil {
		return report, err // the errand stays: an earlier submission may have the same
	}
	report.Phases.Seal = lap(&begun)
	err = c.finish(ctx, prepared.Task, s.Out, pkg, &report)
	report.Phases.Total = time.Since(start)
	return report, err
}

// prepare reads the study and makes of it what may leave: its images are let go of then,
// since the market may take hours.
func (c *Clinic) prepare(ctx context.Context, s Submission, pkg models.Package, report *Report) (clinic.Prepared, error) {
	select {
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-ctx.Done():
		return clinic.Prepared{}, fmt.Errorf("wait for other studies to be read: %w", context.Cause(ctx))
	}
	begun := time.Now()
	study, err := c.door.Under(s.Policy).Intake(ctx, s.Path, pkg.Manifest)
	if err != nil {
		return clinic.Prepared{}, err
	}
	report.LeftOut = study.Notes
	if study.Picture {
		c.narrate(s, "intake", fmt.Sprintf("one %s image", study.Modality))
	} else {
		c.narrate(s, "intake", fmt.Sprintf("%d slices of one %s series, geometry checked", study.Slices(), study.Modality))
	}
	report.Phases.Intake = lap(&begun)
	prepared, err := c.door.Prepare(ctx, study, pkg)
	if err = errors.Join(err, study.Close()); err != nil {
		return prepared, err
	}
	said := fmt.Sprintf("PS3.15 Basic Profile, then %d allowed attributes; identity stays in the vault", len(pkg.Manifest.AllowedAttrs))
	if options := s.Policy.Options(); len(options) > 0 {
		said += "; " + strings.Join(options, ", ")
	}
	c.narrate(s, "deidentify", said)
	report.Task, report.Phases.Deidentify = prepared.Task, lap(&begun)
	return prepared, nil
}

// finish waits until a task has ended and writes its result, or why there is none, to out.
func (c *Clinic) finish(ctx context.Context, task models.Digest, out string, pkg models.Package, report *Report) error {
	outcome, err := c.broker.Wait(ctx, task)
	if err != nil {
		return fmt.Errorf("%w; nothing is lost, submit the same study again to go on", err)
	}
	if outcome, report.Verified, err = c.verify(ctx, pkg, outcome); err != nil {
		return err
	}
	if err := c.checks.chosen(outcome); err != nil {
		return err
	}
	report.add(outcome)
	report.Priority = outcome.Class.String()
	c.delivering.Lock() // two submissions of one study share its folder
	defer c.delivering.Unlock()
	begun := time.Now()
	switch outcome.State {
	case scheduler.Resulted, scheduler.Delivered, scheduler.Local:
		err = c.deliver(ctx, out, outcome, report)
	default:
		if err = c.notify(out, pkg, outcome, report); err == nil {
			err = c.errands.drop(task)
		}
		return errors.Join(fmt.Errorf("%w: task %s is %s: %s; submit it again to try anew; a report and a FHIR bundle that say so are in the folder of the results",
			ErrNoResult, task.Short(), outcome.State, outcome.Reason), err)
	}
	report.Phases.Deliver = lap(&begun)
	if err != nil {
		return err
	}
	return errors.Join(c.checks.delivered(task), c.errands.drop(task))
}

// deliver gives the result its patient back and writes it once.
func (c *Clinic) deliver(ctx context.Context, out string, outcome broker.Outcome, report *Report) error {
	delivery, err := clinic.NewDelivery(c.vault, out)
	if err != nil {
		return err
	}
	if earlier, done, err := delivery.Find(outcome.Task); err != nil || done {
		return errors.Join(err, report.readDelivered(earlier.Folder), c.broker.Delivered(ctx, outcome.Task))
	}
	result, err := inference.DecodeResult(outcome.Result)
	if err != nil {
		return err
	}
	files, err := c.door.Restore(ctx, outcome.Task, result, outcome.FinishedAt)
	if err != nil {
		return err
	}
	placed, err := delivery.Deliver(outcome.Task, files)
	if err != nil {
		return err
	}
	report.describe(placed.Folder, result.Findings, files)
	if err := c.broker.Delivered(ctx, outcome.Task); err != nil {
		return err
	}
	if outcome.State != scheduler.Local {
		report.State = scheduler.Delivered
	}
	return nil
}

// notify leaves a report and a bundle in out that say why there is no result, so that
// who waits for one in the archive or the record system is told.
func (c *Clinic) notify(out string, pkg models.Package, outcome broker.Outcome, report *Report) error {
	delivery, err := clinic.NewDelivery(c.vault, out)
	if err != nil {
		return err
	}
	files, err := c.door.Notice(pkg, outcome.Task, string(outcome.State)+": "+outcome.Reason)
	if err != nil {
		return err
	}
	folder, err := delivery.Notify(outcome.Task, files)
	if err != nil {
		return err
	}
	report.Outcome, report.Reason = inference.Failed, outcome.Reason
	report.wrote(folder, files)
	return nil
}

// narrate tells of a step that comes before there is a task.
func (c *Clinic) narrate(s Submission, kind broker.Kind, text string) {
	e := broker.Event{Time: time.Now(), Kind: kind, Text: text}
	c.publish(e)
	if s.Tell != nil {
		s.Tell(FeedEvent{Event: e})
	}
}

// hear lets tell, which may be nil, hear the steps of a task until the returned function
// is called, which waits for the last.
func (c *Clinic) hear(task models.Digest, tell func(FeedEvent)) (stop func()) {
	if tell == nil {
		return func() {}
	}
	events, unlisten := c.feed.listen(task)
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case e := <-events:
				tell(e)
			case <-ended:
				for len(events) > 0 {
					tell(<-events)
				}
				return
			}
		}
	}()
	return func() {
		unlisten()
		close(ended)
		<-done
	}
}

// lap returns the time since *from and moves it to now.
func lap(from *time.Time) time.Duration {
	now := time.Now()
	spent := now.Sub(*from)
	*from = now
	return spent
}
