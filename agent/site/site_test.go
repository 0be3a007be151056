package site

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dcmlib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func TestAStudyGoesItsWayAndNobodyIsNamedInTheLog(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.bring("1.2.3")
	c := l.await("1.2.3", worklist.Delivered)
	if c.Rule != "brain" || c.PriceGwei != 7 || c.Outcome != "completed" || c.Subject.PatientID != "PAT-4711" || len(l.shared()) != 1 {
		t.Errorf("case %+v, shared %v", c, l.shared())
	}
	s := l.oracle.submissions()[0]
	if s.Model != "t1-tissue" || s.Out != l.spool() || s.Within != time.Hour || !slices.Equal(s.Residency, []string{"DE"}) {
		t.Errorf("submitted %+v", s)
	}
	if c, err := l.Read(t.Context(), c.ID, "dr-a", agent.ReaderFeedback{Accepted: true}); err != nil || c.State != worklist.Accepted || len(l.oracle.read) != 1 {
		t.Errorf("read: %v, %v", c.State, err)
	}
	e := l.entries()
	for kind, n := range map[audit.Kind]int{audit.Intake: 1, audit.Result: 1, audit.Delivery: 1, audit.Verdict: 1, audit.Start: 1} {
		if len(e[kind]) != n {
			t.Errorf("%d entries of %s, want %d", len(e[kind]), kind, n)
		}
	}
	if in := e[audit.Intake][0]; in.Count != 2 || in.Peer != "MR1" || in.Subject == nil || in.Subject.StudyUID != "1.2.3" || in.Actor != itself {
		t.Errorf("intake: %+v", in)
	}
	l.bring("1.2.3") // again: all of it is known
	if list, err := l.Worklist(worklist.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("after the same study again %d cases, %v", len(list), err)
	}
	for _, secret := range []string{"1.2.3", "PAT-4711", "Planted", "ACC-7", l.home} {
		if strings.Contains(l.log(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestAStudyGoesOnAfterARestart closes the site while the market has the study, and opens it
// again: it is submitted again as the same task, and delivered once.
func TestAStudyGoesOnAfterARestart(t *testing.T) {
	begun := make(chan struct{}, 1)
	l := lodge(t, shareRules, func(ctx context.Context, n int, s agent.Submission) (agent.Report, error) {
		if n == 1 {
			if err := s.Prepared(taskOf(s)); err != nil {
				return agent.Report{}, err
			}
			begun <- struct{}{}
			<-ctx.Done()
			return agent.Report{}, context.Cause(ctx)
		}
		return done(t, s)
	})
	l.bring("1.2.4")
	<-begun
	before := l.await("1.2.4", worklist.Submitted)
	l.shut()
	l.open()
	after := l.await("1.2.4", worklist.Delivered)
	if after.ID != before.ID || after.Task != before.Task || after.Attempts != 1 || len(l.shared()) != 1 {
		t.Errorf("before %+v\nafter %+v, shared %v", before, after, l.shared())
	}
	if ids := l.tasks.of(after.Task); !slices.Equal(ids, []string{after.ID}) {
		t.Errorf("the task's cases are %v", ids)
	}
}

func TestWhatBecomesOfStudiesWithoutAResult(t *testing.T) {
	refusal := &dicom.Refusal{What: "slice is missing", Do: "export the study again"}
	for name, c := range map[string]struct {
		answer error
		state  worklist.State
		says   string
	}{
		"refused":  {fmt.Errorf("take in the study: %w", refusal), worklist.Refused, "slice is missing"},
		"expired":  {fmt.Errorf("%w: expired", agent.ErrNoResult), worklist.NotAnalysed, "the market brought no result"},
		"no model": {errors.New("model x is not here"), worklist.Routed, "model x is not here"},
	} {
		t.Run(name, func(t *testing.T) {
			l := lodge(t, shareRules, func(context.Context, int, agent.Submission) (agent.Report, error) { return agent.Report{}, c.answer })
			l.bring("1.2.5")
			got := l.await("1.2.5", c.state)
			for got.Attempts == 0 { // routed before its first try
				got = l.await("1.2.5", c.state)
			}
			if !strings.Contains(got.Reason, c.says) {
				t.Errorf("it says %q", got.Reason)
			}
			if c.state == worklist.Routed && !got.NextTry.After(time.Now()) {
				t.Error("it is not tried again")
			}
		})
	}
}

func TestADestinationIsToldThatThereIsNoResult(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) {
		report, err := done(t, s) // its files stand for the notice's
		if err != nil {
			return report, err
		}
		if err := os.Rename(report.Folder, report.Folder+"-no-result"); err != nil {
			return report, err
		}
		report.Folder += "-no-result"
		report.Reason = "expired"
		return report, agent.ErrNoResult
	})
	l.bring("1.2.6")
	if c := l.await("1.2.6", worklist.NotAnalysed); c.Reason != "expired" {
		t.Errorf("it says %q", c.Reason)
	}
	list, err := l.Deliveries(10)
	if err != nil || len(list) != 1 || !list[0].Notice {
		t.Errorf("deliveries %+v, %v", list, err)
	}
}

func TestAPersonDecidesOnWhatIsHeld(t *testing.T) {
	held := &clinic.Held{Reasons: []string{"text may be burned in"}, Images: []clinic.HeldImage{{SOPInstanceUID: "1.2.7.1.1", Rows: 4, Columns: 4, Reasons: []string{"x"}, Picture: []byte("png")}}}
	for _, choice := range []quarantine.Choice{quarantine.Release, quarantine.Redact, quarantine.Refuse} {
		t.Run(string(choice), func(t *testing.T) {
			l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) {
				if !s.Policy.Released {
					return agent.Report{}, fmt.Errorf("take in the study: %w", held)
				}
				return done(t, s)
			})
			l.bring("1.2.7")
			c := l.await("1.2.7", worklist.Held)
			list, err := l.Held(t.Context())
			if err != nil || len(list) != 1 || list[0].Doubt == nil || len(list[0].Doubt.Held.Images[0].Picture) != 0 {
				t.Fatalf("held: %+v, %v", list, err)
			}
			if look, err := l.Look(t.Context(), c.ID, "dr-b"); err != nil || string(look.Doubt.Held.Images[0].Picture) != "png" {
				t.Errorf("look: %v", err)
			}
			d := quarantine.Decision{Choice: choice}
			if choice == quarantine.Redact {
				d.Regions = []clinic.Redaction{{SOPInstanceUID: "1.2.7.1.1", Width: 2, Height: 2}}
			}
			if _, err := l.Decide(t.Context(), c.ID, "", d, ""); err == nil {
				t.Error("nobody decided, and it was done")
			}
			if _, err := l.Decide(t.Context(), c.ID, "dr-b", d, "looked at it"); err != nil {
				t.Fatal(err)
			}
			want := worklist.Delivered
			if choice == quarantine.Refuse {
				want = worklist.Refused
			}
			if got := l.await("1.2.7", want); got.By != "dr-b" || choice == quarantine.Redact && len(got.Policy.Redactions) != 1 {
				t.Errorf("it became %+v", got)
			}
			e := l.entries()
			if len(e[audit.Hold]) != 1 || len(e[audit.View]) != 1 || len(e[audit.Release]) != 1 || e[audit.Release][0].Actor != "dr-b" {
				t.Errorf("audit: %+v", e)
			}
		})
	}
}

// TestADecisionThatWasMadeBeforeACrashIsCarriedOut: quarantine has the word, the worklist
// has not.
func TestADecisionThatWasMadeBeforeACrashIsCarriedOut(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) {
		if !s.Policy.Released {
			return agent.Report{}, &clinic.Held{Reasons: []string{"text"}, Images: []clinic.HeldImage{{SOPInstanceUID: "1", Rows: 1, Columns: 1, Reasons: []string{"x"}}}}
		}
		return done(t, s)
	})
	l.bring("1.2.8")
	c := l.await("1.2.8", worklist.Held)
	if _, err := l.held.Decide(t.Context(), c.ID, "dr-c", quarantine.Decision{Choice: quarantine.Release}, ""); err != nil {
		t.Fatal(err)
	}
	l.shut()
	l.open()
	l.await("1.2.8", worklist.Delivered)
}

func TestABudgetStopsWhatCostsMore(t *testing.T) {
	l := lodge(t, shareRules+"budget = { day-count = 1 }\n", func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.bring("1.2.9")
	l.await("1.2.9", worklist.Delivered)
	l.bring("1.2.10")
	if c := l.await("1.2.10", worklist.NotAnalysed); !strings.Contains(c.Reason, "budget of rule brain") {
		t.Errorf("it says %q", c.Reason)
	}
	l.shut()
	l.open() // what was spent is known after a restart
	l.bring("1.2.11")
	l.await("1.2.11", worklist.NotAnalysed)
}

// What is tried anew costs anew: a budget that others have used up since stops it.
func TestTryingAnewIsWithinTheBudget(t *testing.T) {
	l := lodge(t, shareRules+"budget = { day-count = 1 }\n", func(ctx context.Context, n int, s agent.Submission) (agent.Report, error) {
		if n == 1 {
			return refusing(ctx, n, s)
		}
		return done(t, s)
	})
	l.bring("1.2.50")
	first := l.await("1.2.50", worklist.Refused)
	l.bring("1.2.51")
	l.await("1.2.51", worklist.Delivered)
	if _, err := l.Again(first.ID, "dr-b"); !errors.Is(err, errSpent) || !strings.Contains(err.Error(), "1 of 1 studies of this day") {
		t.Errorf("tried anew: %v", err)
	}
	if c, err := l.book.Get(first.ID); err != nil || c.State != worklist.Refused {
		t.Errorf("it is %s, %v", c.State, err)
	}
}

// Of two people who decide at once one is heard, and the record has one word.
func TestTwoPeopleDecideAtOnce(t *testing.T) {
	held := &clinic.Held{Reasons: []string{"text may be burned in"}, Images: []clinic.HeldImage{{SOPInstanceUID: "1.2.52.1.1", Rows: 4, Columns: 4, Reasons: []string{"x"}, Picture: []byte("png")}}}
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) {
		if !s.Policy.Released {
			return agent.Report{}, held
		}
		return done(t, s)
	})
	l.bring("1.2.52")
	c := l.await("1.2.52", worklist.Held)
	var people sync.WaitGroup
	var heard atomic.Int32
	for n := range 8 {
		people.Go(func() {
			if _, err := l.Decide(t.Context(), c.ID, fmt.Sprintf("dr-%d", n), quarantine.Decision{Choice: quarantine.Release}, ""); err == nil {
				heard.Add(1)
			}
		})
	}
	people.Wait()
	after := l.await("1.2.52", worklist.Delivered)
	words := l.entries()[audit.Release]
	if heard.Load() != 1 || len(words) != 1 || words[0].Actor != after.By {
		t.Errorf("%d were heard, the record has %+v, the case %s", heard.Load(), words, after.By)
	}
}

func TestLateSlicesAreAnotherRevision(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.bring("1.2.12")
	l.await("1.2.12", worklist.Delivered)
	if _, err := l.inbox.Receive(t.Context(), inbox.Origin{Way: inbox.WayDIMSE}, inbox.Instance{}, bytes.NewReader(instance(t, "1.2.12", "1.2.12.1", "1.2.12.1.3"))); err != nil {
		t.Fatal(err)
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		changed := l.book.Changed()
		if list, err := l.book.List(worklist.Filter{StudyUID: "1.2.12", States: []worklist.State{worklist.Delivered}}); err != nil {
			t.Fatal(err)
		} else if len(list) == 2 {
			break
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Fatal("late slices made no second case")
		}
	}
	if s := l.oracle.submissions(); len(s) != 2 || s[0].Policy.Revision != 1 || s[1].Policy.Revision != 2 {
		t.Errorf("submitted: %+v", s)
	}
}

func TestWhatWasDeliveredLongAgoIsRemoved(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.bring("1.2.13")
	c := l.await("1.2.13", worklist.Delivered)
	if err := l.clear(time.Now().Add(l.conf.Intake.Keep - time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.inbox.Study("1.2.13", 0); err != nil {
		t.Errorf("before its time: %v", err)
	}
	for range 2 { // a second time there is nothing to do
		if err := l.clear(time.Now().Add(l.conf.Intake.Keep + time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.inbox.Study("1.2.13", 0); !errors.Is(err, inbox.ErrUnknownStudy) {
		t.Errorf("after its time: %v", err)
	}
	if _, err := os.Stat(l.resultFolder(c.Task)); !os.IsNotExist(err) {
		t.Errorf("its result is still there: %v", err)
	}
	if n := len(l.entries()[audit.Remove]); n != 1 {
		t.Errorf("%d entries of the removal", n)
	}
}

func TestADisclosureIsOnRecordBeforeTheKeyLeaves(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.conf.Audit.Basis = "consent form 7"
	l.bring("1.2.14")
	c := l.await("1.2.14", worklist.Delivered)
	payload := models.DigestOf([]byte("payload"))
	if err := l.disclosed(broker.Disclosure{Task: c.Task, Payload: payload, Bytes: 9}); err != nil {
		t.Fatal(err)
	}
	d := l.entries()[audit.Disclosure]
	if len(d) != 1 || d[0].Case != c.ID || d[0].Rule != "brain" || d[0].Basis != "consent form 7" || d[0].Hash != hex.EncodeToString(payload[:]) {
		t.Errorf("disclosure: %+v", d)
	}
	if err := l.disclosed(broker.Disclosure{Task: models.DigestOf([]byte("other"))}); err != nil || len(l.entries()[audit.Disclosure]) != 2 {
		t.Errorf("a task of no case: %v", err)
	}
	if err := l.audit.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.disclosed(broker.Disclosure{Task: c.Task}); err == nil {
		t.Error("the log is closed, and the key may leave")
	}
	l.openAuditAgain()
}

// openAuditAgain lets the end of the test record that the site stops.
func (l *lodging) openAuditAgain() {
	l.t.Helper()
	if err := l.openAudit(); err != nil {
		l.t.Fatal(err)
	}
}

func TestAConflictIsForAPersonToDecide(t *testing.T) {
	l := lodgeWith(t, shareRules, func(c *Config) { c.Intake.Conflict = "hold" }, answered(t))
	other, err := dcmlib.NewElement(tag.SeriesDescription, []string{"another"})
	if err != nil {
		t.Fatal(err)
	}
	for n, data := range [][]byte{instance(t, "1.2.15", "1.2.15.1", "1.2.15.1.1"), instance(t, "1.2.15", "1.2.15.1", "1.2.15.1.1", other)} {
		_, err := l.inbox.Receive(t.Context(), inbox.Origin{Way: inbox.WayDIMSE}, inbox.Instance{}, bytes.NewReader(data))
		if n == 1 && !errors.Is(err, inbox.ErrConflict) || n == 0 && err != nil {
			t.Fatalf("instance %d: %v", n, err)
		}
	}
	c := l.await("1.2.15", worklist.Held)
	if c.Reason != reasonClash || len(l.oracle.submissions()) != 0 {
		t.Errorf("it says %q", c.Reason)
	}
	if _, err := l.Decide(t.Context(), c.ID, "dr-d", quarantine.Decision{Choice: quarantine.Redact, Regions: []clinic.Redaction{{Width: 1, Height: 1}}}, ""); err == nil {
		t.Error("there is no picture to black out")
	}
	if _, err := l.Decide(t.Context(), c.ID, "dr-d", quarantine.Decision{Choice: quarantine.Release}, "the first is right"); err != nil {
		t.Fatal(err)
	}
	if c := l.await("1.2.15", worklist.Delivered); c.Policy.Released {
		t.Error("nobody looked at pixels, and they count as looked at")
	}
}

func TestADestinationThatIsGivenUpHoldsNoCaseOpen(t *testing.T) {
	l := lodge(t, shareRules, answered(t))
	if err := os.Remove(l.out); err != nil { // the share is not mounted
		t.Fatal(err)
	}
	l.bring("1.2.16")
	l.await("1.2.16", worklist.Delivering)
	if n, err := l.Withdraw("dr-e", "share"); err != nil || n != 1 {
		t.Fatalf("%d withdrawn, %v", n, err)
	}
	l.await("1.2.16", worklist.Delivered)
	if e := l.entries()[audit.Delivery]; len(e) != 1 || e[0].Outcome != audit.Serious || e[0].Actor != "dr-e" {
		t.Errorf("audit: %+v", e)
	}
}
