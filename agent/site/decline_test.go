package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// refusing answers as the clinic's reader does where a slice is missing.
func refusing(context.Context, int, agent.Submission) (agent.Report, error) {
	return agent.Report{}, fmt.Errorf("take in the study: %w", &dicom.Refusal{What: "1 slice(s) missing", Do: "send the whole series"})
}

// announced waits until every delivery there is has ended, and returns them.
func (l *lodging) announced(want int) []outbox.Delivery {
	l.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		list, err := l.Deliveries(100)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(list) == want && !slices.ContainsFunc(list, func(d outbox.Delivery) bool { return !d.State.Final() }) {
			return list
		}
		select {
		case <-tick.C:
		case <-limit.C:
			l.t.Fatalf("deliveries: %+v, want %d that ended", list, want)
		}
	}
}

func (o *oracle) announcements() []agent.Declined {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.declined)
}

func TestADestinationIsToldOnceThatAStudyWasRefused(t *testing.T) {
	l := lodge(t, shareRules, refusing)
	l.bring("1.5.1")
	c := l.await("1.5.1", worklist.Refused)
	list := l.announced(1)
	if !list[0].Notice || list[0].State != outbox.Delivered || list[0].Destination != "share" || !slices.Equal(list[0].Cases, []string{c.ID}) {
		t.Errorf("the destination was told %+v", list[0])
	}
	told := l.oracle.announcements()
	if len(told) != 1 || told[0].StudyUID != "1.5.1" || told[0].Model != "t1-tissue" || told[0].Reason != toldRefused || told[0].At.IsZero() {
		t.Errorf("announced %+v", told)
	}
	// As if the process had ended between the notice and the case's end: it begins anew.
	if err := l.decline(t.Context(), c, c.At.Submitted, "again"); err != nil || len(l.oracle.announcements()) != 1 {
		t.Errorf("announced anew: %v", err)
	}
	if _, err := l.Again(c.ID, "dr-a"); err != nil {
		t.Fatal(err)
	}
	l.await("1.5.1", worklist.Refused)
	l.shut()
	l.open()
	if list := l.announced(1); list[0].State != outbox.Delivered {
		t.Errorf("after another refusal %+v", list[0])
	}
	if err := l.clear(time.Now().Add(l.conf.Intake.Keep + time.Minute)); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(l.spool())
	if err != nil || len(left) != 0 {
		t.Errorf("%d folders are left in the spool, %v", len(left), err)
	}
}

func TestARefusalIsNotAnnouncedWhereTheRuleIsSilent(t *testing.T) {
	quiet := lodge(t, shareRules+"on-failure = \"silent\"\n", refusing)
	quiet.bring("1.5.2")
	quiet.await("1.5.2", worklist.Refused)
	if n := len(quiet.oracle.announcements()); n != 0 {
		t.Errorf("announced %d times", n)
	}
	l := lodge(t, shareRules, refusing)
	l.oracle.mute = true // nothing can be read of it
	l.bring("1.5.3")
	l.await("1.5.3", worklist.Refused)
	l.announced(0)
}

// TestAResultTakesTheNoticesPlace refuses a study while the archive is away: what comes of
// a second try, or of the missing slices, is all that the archive gets.
func TestAResultTakesTheNoticesPlace(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late slices %v", late), func(t *testing.T) {
			l := lodge(t, shareRules, func(ctx context.Context, n int, s agent.Submission) (agent.Report, error) {
				if n == 1 {
					return refusing(ctx, n, s)
				}
				return done(t, s)
			})
			if err := os.Remove(l.out); err != nil { // the share is not mounted
				t.Fatal(err)
			}
			l.bring("1.5.4")
			c := l.await("1.5.4", worklist.Refused)
			if list, err := l.Deliveries(10); err != nil || len(list) != 1 || list[0].State.Final() {
				t.Fatalf("waiting: %+v, %v", list, err)
			}
			if late {
				if _, err := l.inbox.Receive(t.Context(), inbox.Origin{Way: inbox.WayDIMSE}, inbox.Instance{}, bytes.NewReader(instance(t, "1.5.4", "1.5.4.1", "1.5.4.1.9"))); err != nil {
					t.Fatal(err)
				}
				if err := l.inbox.Finish("1.5.4"); err != nil {
					t.Fatal(err)
				}
			} else if _, err := l.Again(c.ID, "dr-a"); err != nil {
				t.Fatal(err)
			}
			l.await("1.5.4", worklist.Delivering)
			if err := os.Mkdir(l.out, 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := l.RetryNow("share"); err != nil {
				t.Fatal(err)
			}
			l.await("1.5.4", worklist.Delivered)
			states := map[bool]outbox.State{}
			for _, d := range l.announced(2) {
				states[d.Notice] = d.State
			}
			if states[true] != outbox.Withdrawn || states[false] != outbox.Delivered {
				t.Errorf("notice and result are %v", states)
			}
			// The word of a person on an older revision says nothing that is still true.
			if late {
				if err := l.decline(t.Context(), c, c.At.Submitted, "late"); err != nil || len(l.oracle.announcements()) != 1 {
					t.Errorf("announced after a newer result: %v", err)
				}
			}
		})
	}
}

func TestWhatAPersonRefusesIsAnnouncedWithoutTheirWords(t *testing.T) {
	held := &clinic.Held{Reasons: []string{"text may be burned in"}, Images: []clinic.HeldImage{{SOPInstanceUID: "1.5.5.1.1", Rows: 4, Columns: 4, Reasons: []string{"x"}, Picture: []byte("png")}}}
	l := lodge(t, shareRules, func(context.Context, int, agent.Submission) (agent.Report, error) {
		return agent.Report{}, fmt.Errorf("take in the study: %w", held)
	})
	l.bring("1.5.5")
	c := l.await("1.5.5", worklist.Held)
	if n := len(l.oracle.announcements()); n != 0 {
		t.Errorf("announced %d times while a person is to look", n)
	}
	if _, err := l.Decide(t.Context(), c.ID, "dr-b", quarantine.Decision{Choice: quarantine.Refuse}, "Planted^Name is on it"); err != nil {
		t.Fatal(err)
	}
	told := l.oracle.announcements()
	if len(told) != 1 || told[0].Reason != toldDeclined || told[0].At != c.At.Held.UTC() {
		t.Errorf("announced %+v", told)
	}
	if list := l.announced(1); !list[0].Notice || list[0].State != outbox.Delivered {
		t.Errorf("the destination was told %+v", list[0])
	}
}

// equipment is a clinic that has one model.
type equipment struct{ runner bool }

func (equipment) Model(ref string) (models.Package, error) {
	if ref == "t1-tissue" {
		return models.Package{}, nil
	}
	return models.Package{}, errors.New("model is not here")
}
func (equipment) Models() []string { return []string{"t1-tissue", "t1-tissue@1.0.0"} }
func (e equipment) CanRun() bool   { return e.runner }

func TestRulesThatCountOnWhatIsNotHereAreRefused(t *testing.T) {
	conf, err := Parse("[[destination]]\nname = \"share\"\nkind = \"folder\"\nfolder = \"share\"\n")
	if err != nil {
		t.Fatal(err)
	}
	rules := func(model, destination, more string) route.Rules {
		t.Helper()
		r, err := route.Parse([]byte("[[rule]]\nname = \"brain\"\nmodel = \"" + model + "\"\ndestinations = [\"" + destination + "\"]\n" + more))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, c := range map[string]struct {
		rules route.Rules
		says  string
	}{
		"model":       {rules("t1-tisue", "share", ""), `did you mean "t1-tissue"?`},
		"destination": {rules("t1-tissue", "shar", ""), `did you mean "share"?`},
		"runner":      {rules("t1-tissue", "share", "local-after = \"5m\"\n"), `rule "brain" has local-after`},
	} {
		if err := conf.meets(c.rules, equipment{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: says %v, want %q", name, err, c.says)
		}
	}
	if err := conf.meets(rules("t1-tissue", "share", "local-after = \"5m\"\n"), equipment{runner: true}); err != nil {
		t.Errorf("with a runner: %v", err)
	}
	if err := conf.meets(rules("t1-tissue", "share", "off = true\nlocal-after = \"5m\"\n"), equipment{}); err != nil {
		t.Errorf("a rule that is off: %v", err)
	}
}

// TestOlderImagesStayWhileTheyAreNeeded holds the first revision for a person while the second
// was delivered long ago.
func TestOlderImagesStayWhileTheyAreNeeded(t *testing.T) {
	held := &clinic.Held{Reasons: []string{"text may be burned in"}, Images: []clinic.HeldImage{{SOPInstanceUID: "1.5.6.1.1", Rows: 4, Columns: 4, Reasons: []string{"x"}, Picture: []byte("png")}}}
	l := lodge(t, shareRules, func(_ context.Context, n int, s agent.Submission) (agent.Report, error) {
		if n == 1 {
			return agent.Report{}, fmt.Errorf("take in the study: %w", held)
		}
		return done(t, s)
	})
	l.bring("1.5.6")
	c := l.await("1.5.6", worklist.Held)
	if _, err := l.inbox.Receive(t.Context(), inbox.Origin{Way: inbox.WayDIMSE}, inbox.Instance{}, bytes.NewReader(instance(t, "1.5.6", "1.5.6.1", "1.5.6.1.9"))); err != nil {
		t.Fatal(err)
	}
	if err := l.inbox.Finish("1.5.6"); err != nil {
		t.Fatal(err)
	}
	l.await("1.5.6", worklist.Delivered)
	later := time.Now().Add(l.conf.Intake.Keep + time.Minute)
	if err := l.clear(later); err != nil {
		t.Fatal(err)
	}
	if _, err := l.inbox.Study("1.5.6", 0); err != nil {
		t.Fatalf("the images that a person is to look at: %v", err)
	}
	if _, err := l.Decide(t.Context(), c.ID, "dr-b", quarantine.Decision{Choice: quarantine.Refuse}, ""); err != nil {
		t.Fatal(err)
	}
	if err := l.clear(later.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for revision := range 2 {
		if _, err := l.inbox.Study("1.5.6", revision); !errors.Is(err, inbox.ErrUnknownStudy) {
			t.Errorf("revision %d after its time: %v", revision, err)
		}
	}
}

// TestNobodyIsPromisedStorageUnlessTheSiteSaysSo asks as a modality does that deletes its own
// images once they are safe elsewhere.
func TestNobodyIsPromisedStorageUnlessTheSiteSaysSo(t *testing.T) {
	for _, promises := range []bool{false, true} {
		l := lodgeWith(t, shareRules, func(c *Config) { c.DICOM.Listen, c.DICOM.Commit = "127.0.0.1:0", promises }, answered(t))
		l.bring("1.5.7")
		l.await("1.5.7", worklist.Delivered)
		here := dimse.Remote{Address: l.dicom.Addr().String(), CalledAE: "MEDHIVE", CallingAE: "CT1", Timeout: patience}
		image := dimse.Reference{SOPClassUID: "1.2.840.10008.5.1.4.1.1.4", SOPInstanceUID: "1.5.7.1.1"}
		report, err := dimse.RequestCommitment(t.Context(), here, "2.25.4711", []dimse.Reference{image}, patience)
		switch {
		case promises && (err != nil || report == nil || !slices.Equal(report.Committed, []dimse.Reference{image})):
			t.Errorf("the site promises storage, and says %+v, %v", report, err)
		case !promises && err == nil:
			t.Errorf("the site promises nothing, and says %+v", report)
		}
		l.shut()
	}
}

// TestAModalityThatHasHungUpHearsOfItsCommitment asks, and listens at an address of its own.
func TestAModalityThatHasHungUpHearsOfItsCommitment(t *testing.T) {
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := lodgeWith(t, shareRules, func(c *Config) {
		c.DICOM.Listen, c.DICOM.Commit = "127.0.0.1:0", true
		c.DICOM.Peers = []Peer{{AETitle: "CT1", Address: "127.0.0.1", ReportTo: own.Addr().String()}}
	}, answered(t))
	l.bring("1.5.9")
	ctx, stop := context.WithCancel(t.Context())
	reports, ended := make(chan dimse.Commitment, 1), make(chan error, 1)
	go func() {
		ended <- dimse.Serve(ctx, own, dimse.Config{AETitle: "CT1", Receiver: storing{l.inbox}, Committed: func(_ context.Context, report dimse.Commitment) error {
			reports <- report
			return nil
		}})
	}()
	here := dimse.Remote{Address: l.dicom.Addr().String(), CalledAE: "MEDHIVE", CallingAE: "CT1", Timeout: patience}
	image := dimse.Reference{SOPClassUID: "1.2.840.10008.5.1.4.1.1.4", SOPInstanceUID: "1.5.9.1.1"}
	if report, err := dimse.RequestCommitment(t.Context(), here, "2.25.4712", []dimse.Reference{image}, 0); err != nil || report != nil {
		t.Fatalf("on the same association it says %+v, %v", report, err)
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case report := <-reports:
		if report.TransactionUID != "2.25.4712" || !slices.Equal(report.Committed, []dimse.Reference{image}) {
			t.Errorf("it is told %+v", report)
		}
	case <-limit.C:
		t.Error("it is told nothing")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	l.await("1.5.9", worklist.Delivered)
}

// TestNoIntakeIsLeftOutOfTheAuditLog fails to record one, and then ends the process between
// the worklist and the inbox.
func TestNoIntakeIsLeftOutOfTheAuditLog(t *testing.T) {
	l := lodge(t, shareRules, answered(t))
	conf, state := l.conf, l.state
	l.shut()
	rooms := newSite(t.Context(), state, conf, nil) // no loop takes the study
	if err := rooms.openRooms(); err != nil {
		t.Fatal(err)
	}
	l.Site = rooms
	l.bring("1.5.8")
	study, err := l.inbox.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.audit.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.admit(study); err == nil {
		t.Fatal("the log is closed, and the study was taken")
	}
	if list, err := l.book.List(worklist.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("%d cases of a study that is not on record, %v", len(list), err)
	}
	l.openAuditAgain()
	if _, _, err := l.book.Add(caseOf(study)); err != nil { // and the process ends here
		t.Fatal(err)
	}
	if err := l.admit(study); err != nil {
		t.Fatal(err)
	}
	if in := l.entries()[audit.Intake]; len(in) != 1 || in[0].Subject.StudyUID != "1.5.8" {
		t.Errorf("intake: %+v", in)
	}
}
