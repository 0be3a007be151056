package site

import (
	"context"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// twoModels are rules of which an order may choose the second.
const twoModels = shareRules + `[[rule]]
name = "lung"
model = "ct-lung-bone"
`

// awaitItem waits until a work item is in a state.
func (l *lodging) awaitItem(uid string, state dicomweb.State) dicomweb.Workitem {
	l.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		item, err := l.items.Get(l.t.Context(), uid)
		if err != nil {
			l.t.Fatal(err)
		}
		if item.State == state {
			return item
		}
		select {
		case <-tick.C:
		case <-limit.C:
			l.t.Fatalf("the work item is %s, want %s", item.State, state)
		}
	}
}

func (l *lodging) order(study, model string, priority scheduler.Class) string {
	l.t.Helper()
	uid, err := l.Order(l.t.Context(), "ris", study, model, priority)
	if err != nil {
		l.t.Fatal(err)
	}
	return uid
}

func TestAnOrderChoosesTheModelOfAStudyThatComes(t *testing.T) {
	l := lodge(t, twoModels, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	uid := l.order("1.3.1", "ct-lung-bone", scheduler.Urgent)
	l.bring("1.3.1")
	c := l.await("1.3.1", worklist.Delivered)
	if c.Model != "ct-lung-bone" || c.Terms.Order != uid || c.Terms.Priority < scheduler.Urgent {
		t.Errorf("the case: %+v", c)
	}
	l.awaitItem(uid, dicomweb.Completed)
}

func TestAnOrderForAStudyThatIsHereMakesACaseMore(t *testing.T) {
	l := lodge(t, twoModels, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.bring("1.3.2")
	l.await("1.3.2", worklist.Delivered)
	uid := l.order("1.3.2", "ct-lung-bone", scheduler.Routine)
	l.awaitItem(uid, dicomweb.Completed)
	list, err := l.book.List(worklist.Filter{StudyUID: "1.3.2"})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d cases, %v", len(list), err)
	}
	same := l.order("1.3.2", "t1-tissue", scheduler.Routine) // was done before: the answer is there
	l.awaitItem(same, dicomweb.Completed)
	if list, err = l.book.List(worklist.Filter{StudyUID: "1.3.2"}); err != nil || len(list) != 2 {
		t.Errorf("%d cases, %v", len(list), err)
	}
}

func TestAnOrderThatNoRuleTakesIsCanceledWithWords(t *testing.T) {
	l := lodge(t, shareRules, func(_ context.Context, _ int, s agent.Submission) (agent.Report, error) { return done(t, s) })
	l.bring("1.3.3")
	l.await("1.3.3", worklist.Delivered)
	l.awaitItem(l.order("1.3.3", "mammography", scheduler.Routine), dicomweb.Canceled)
}

func TestAnOrderOfAStudyThatFailsIsCanceled(t *testing.T) {
	l := lodge(t, shareRules, func(context.Context, int, agent.Submission) (agent.Report, error) {
		return agent.Report{}, agent.ErrNoResult
	})
	uid := l.order("1.3.4", "", scheduler.Routine)
	l.bring("1.3.4")
	l.await("1.3.4", worklist.NotAnalysed)
	l.awaitItem(uid, dicomweb.Canceled)
}

func TestAnOrderIsWithdrawnWithItsCase(t *testing.T) {
	l := lodge(t, shareRules, func(ctx context.Context, _ int, s agent.Submission) (agent.Report, error) {
		return agent.Report{}, context.DeadlineExceeded // it is tried again in a while
	})
	uid := l.order("1.3.5", "", scheduler.Routine)
	l.bring("1.3.5")
	l.await("1.3.5", worklist.Routed)
	l.awaitItem(uid, dicomweb.InProgress)
	_, err := l.items.Change(t.Context(), uid, func(w dicomweb.Workitem) (dicomweb.Workitem, error) {
		next, _, err := w.RequestCancel(dicomweb.Dataset{}, time.Now())
		return next, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := l.await("1.3.5", worklist.NotAnalysed); c.Reason != reasonWithdrawn {
		t.Errorf("it says %q", c.Reason)
	}
	l.awaitItem(uid, dicomweb.Canceled)
}
