package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

func TestTaskIsJudgedByAllOfItsCopies(t *testing.T) {
	parent, second := models.Digest{1}, models.Digest{2}
	copies := func(first, other scheduler.State) []broker.TaskStatus {
		return []broker.TaskStatus{{Task: parent, Of: parent, State: first, Owed: 1}, {Task: second, Of: parent, Copy: 1, State: other, Owed: 2}}
	}
	for _, test := range []struct {
		name         string
		first, other scheduler.State
		want         scheduler.State
	}{
		{"the first copy has ended and the other runs", scheduler.Delivered, scheduler.Running, scheduler.Running},
		{"the first was called off and the other runs", scheduler.Cancelled, scheduler.Leased, scheduler.Leased},
		{"the other was first", scheduler.Cancelled, scheduler.Delivered, scheduler.Delivered},
		{"the other's result waits", scheduler.Failed, scheduler.Resulted, scheduler.Resulted},
		{"none has a result", scheduler.Expired, scheduler.Cancelled, scheduler.Expired},
	} {
		got := summary(copies(test.first, test.other))
		if got.State != test.want || got.Task != parent || got.Copy != 0 || got.Owed != 3 {
			t.Errorf("%s: %+v; want the task, %s, with 3 nodes to tell", test.name, got, test.want)
		}
	}
	if alone := summary([]broker.TaskStatus{{Task: second, State: scheduler.Open}}); alone.Task != second || alone.State != scheduler.Open {
		t.Errorf("a task without copies: %+v", alone)
	}
}

// A clinic with a long past answers in short, and tells everything to who asks for it. A
// copy's name is good to withdraw the task.
func TestDoorListsTheNewestTasksAndWithdrawsAllCopies(t *testing.T) {
	home := t.TempDir()
	c := practice(t, home, ClinicConfig{})
	t.Cleanup(func() { closing(t, c.Close) })
	state := ClinicState(home, "clinic")
	for n := range 4 {
		digest := func(what string) models.Digest { return models.DigestOf(fmt.Appendf(nil, "%s %d", what, n)) }
		s := broker.Submission{Task: digest("task"), Payload: []byte("study"), PackageDigest: digest("package"), WeightsDigest: digest("weights"),
			ManifestDigest: digest("manifest"), Deadline: time.Now().Add(time.Hour), Residency: []string{"DE"}}
		if n == 3 {
			s.Copying = scheduler.Replicated
		}
		if err := c.broker.Submit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	var some []broker.TaskStatus
	if err := api.Call(t.Context(), state, "GET", "/tasks?limit=2", &some); err != nil || len(some) != 2 || some[0].Of.IsZero() || some[1].Of != some[0].Of {
		t.Fatalf("of the two newest: %+v, %v; want the last task's copies", some, err)
	}
	if err := api.Call(t.Context(), state, "GET", "/tasks", &some); err != nil || len(some) != 5 {
		t.Errorf("%d tasks, %v; want 5", len(some), err)
	}
	for _, wrong := range []string{"0", "-1", "many", "1000000"} {
		if err := api.Call(t.Context(), state, "GET", "/tasks?limit="+wrong, &some); err == nil || !strings.Contains(err.Error(), "/tasks/all") {
			t.Errorf("a limit of %s: %v", wrong, err)
		}
	}
	told := 0
	err := api.Follow(t.Context(), state, "GET", "/tasks/all", nil, func(line []byte) error {
		var task broker.TaskStatus
		told++
		return json.Unmarshal(line, &task)
	})
	if err != nil || told != 5 {
		t.Errorf("%d of all 5 tasks are told, %v", told, err)
	}
	parent, second := some[0].Of, scheduler.CopyID(some[0].Of, 1)
	task, err := c.Cancel(t.Context(), second.Short())
	if err != nil || task.Task != parent || task.State != scheduler.Cancelled {
		t.Errorf("withdrawn by a copy's name: %+v, %v", task, err)
	}
	copies, err := c.broker.Family(parent.String())
	if err != nil || len(copies) != 2 || copies[0].State != scheduler.Cancelled || copies[1].State != scheduler.Cancelled {
		t.Errorf("its copies: %+v, %v", copies, err)
	}
	for ref, says := range map[string]string{parent.Short(): "already", "": "medhive clinic tasks", "zz": "medhive clinic tasks"} {
		if _, err := c.Cancel(t.Context(), ref); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("withdraw %q: %v; want a refusal that says %q", ref, err, says)
		}
	}
	if _, err := c.Cancel(t.Context(), "zz"); !errors.Is(err, broker.ErrUnknownTask) {
		t.Errorf("an unknown task: %v", err)
	}
}

// The folder of the results may name a patient, and this error may end in a log.
func TestLostDeliveryDoesNotNameItsFolder(t *testing.T) {
	var r Report
	if err := r.readDelivered(t.TempDir() + "/DOE^JANE"); err == nil || strings.Contains(err.Error(), "DOE") {
		t.Errorf("got %v", err)
	}
}
