package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/testdata"
)

// A clinic that runs takes studies from the command line, tells what happens, and lets
// itself be asked; what it did can be read when it has ended.
func TestRunningClinicFromTheTerminal(t *testing.T) {
	w := newTown(t, "anna")
	clinic := w.start("clinic", "clinic", "run", "--lease", "3s")
	clinic.await("medhive clinic submit")
	watch := w.start("watch", "clinic", "tasks", "--watch")
	var status agent.ClinicStatus
	if w.ask(&status, "clinic", "status"); !status.Serving || status.Listed != 1 {
		t.Errorf("status %+v; want a clinic that serves and knows the one node of the registry", status)
	}
	small := w.file("small.zip", testdata.SmallStudy())
	var report agent.Report
	w.ask(&report, w.submitArgs(small)...)
	if report.State != scheduler.Delivered || w.nodes[report.Winner] == nil {
		t.Errorf("state %s, winner %s", report.State, report.Winner)
	}
	watch.await(report.Task.Short(), "accepts the lease")
	watch.await(report.Task.Short(), "task is resulted")

	// Nobody is in France: the second study waits until it is withdrawn.
	waiting := w.start("waiting", append(w.submitArgs(w.file("t1.zip", testdata.T1Study())), "--residency", "FR")...)
	waiting.await("sealed")
	var tasks []broker.TaskStatus
	w.ask(&tasks, "clinic", "tasks")
	var open broker.TaskStatus
	for _, task := range tasks {
		if !task.State.Final() {
			open = task
		}
	}
	if len(tasks) != 2 || open.Task.IsZero() {
		t.Fatalf("tasks %+v; want one that has ended and one that waits", tasks)
	}
	var every []broker.TaskStatus
	if w.ask(&every, "clinic", "tasks", "--all"); len(every) != 2 || every[0].Task != open.Task {
		t.Errorf("of all tasks %+v; want both, the newest first", every)
	}
	var cancelled broker.TaskStatus
	if w.ask(&cancelled, "clinic", "cancel", open.Task.Short()); cancelled.State != scheduler.Cancelled {
		t.Errorf("the withdrawn task is %s", cancelled.State)
	}
	waiting.await("was not analysed", "cancelled")
	if <-waiting.done; waiting.cmd.ProcessState.ExitCode() != exitFailure {
		t.Errorf("a withdrawn submission ended with %d", waiting.cmd.ProcessState.ExitCode())
	}
	page, _, code := w.run("clinic", "metrics")
	for _, want := range []string{`medhive_clinic_offer_to_award_seconds_count{class="routine"} 1`, `medhive_clinic_tasks_ended_total{state="cancelled"} 1`} {
		if code != exitOK || !strings.Contains(page, want) {
			t.Errorf("the metrics (exit %d) lack %q:\n%s", code, want, page)
		}
	}
	if code := clinic.stop(shutdown); code != exitOK {
		t.Errorf("the clinic ended with %d", code)
	}
	list, _, code := w.run("clinic", "tasks", "--all")
	if code != exitOK || !strings.Contains(list, report.Task.Short()) || !strings.Contains(list, "withdrawn by the clinic") {
		t.Errorf("the tasks of the clinic that has ended (exit %d):\n%s", code, list)
	}
	if _, stderr, code := w.run("clinic", "tasks", "--watch"); code != exitFailure || !strings.Contains(stderr, "clinic run") {
		t.Errorf("watching nobody: exit %d, %s", code, stderr)
	}
}

// What an operator says to a node holds over a restart, and a drained node gets no work.
func TestNodeIsDrainedPausedAndResumed(t *testing.T) {
	w := newTown(t, "emma")
	status := w.status("emma")
	if status.Mode != "working" || status.Closed != "" || status.Queue != 4 {
		t.Errorf("at the start: mode %q, closed %q, queue %d", status.Mode, status.Closed, status.Queue)
	}
	if w.ask(&status, "node", "drain", "--wait", "--name", "emma"); status.Mode != "draining" || !status.Idle || !strings.Contains(status.Closed, "resume") {
		t.Errorf("drained: %+v", status)
	}
	d := w.nodes[status.Address]
	if code := d.stop(shutdown); code != exitOK {
		t.Errorf("the node ended with %d", code)
	}
	again := w.start("emma again", append(nodeArgs("emma"), "--hours", "Mon-Sun", "--queue", "2")...)
	again.await("medhive node status")
	if status = w.status("emma"); status.Mode != "draining" || status.Queue != 2 {
		t.Errorf("after a restart: mode %q, queue %d", status.Mode, status.Queue)
	}
	submission := w.start("clinic", w.submitArgs(w.file("small.zip", testdata.SmallStudy()))...)
	refused := `medhive_node_not_bid_total{reason="draining"}`
	for page := ""; !strings.Contains(page, refused); { // the offer is made again and again
		select {
		case <-submission.done:
			t.Fatal("a drained node was given work, or the clinic gave up")
		case <-time.After(100 * time.Millisecond):
		}
		page, _, _ = w.run("node", "metrics", "--name", "emma")
	}
	said, _, code := w.run("node", "pause", "--name", "emma")
	if code != exitOK || !strings.Contains(said, "is paused") || !strings.Contains(said, "no new work") {
		t.Errorf("pause (exit %d) says %q", code, said)
	}
	var resumed agent.NodeStatus
	if w.ask(&resumed, "node", "resume", "--name", "emma"); resumed.Mode != "working" || resumed.Closed != "" {
		t.Errorf("resumed: mode %q, closed %q", resumed.Mode, resumed.Closed)
	}
	submission.await("NOT FOR CLINICAL USE")
	page, _, _ := w.run("node", "metrics", "--name", "emma")
	for _, want := range []string{"medhive_node_queue_capacity_jobs 2\n", refused, "medhive_node_awards_total 1\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the metrics lack %q:\n%s", want, page)
		}
	}
}

// Copies of a task go to distinct operators. Of a race one is paid; replicas are paid each,
// and the clinic gets one result in any case.
func TestCopiesOfAStudy(t *testing.T) {
	w := newTown(t, "fred", "gwen")
	study := w.file("small.zip", testdata.SmallStudy())
	tests := []struct {
		name   string // of a clinic: another's task of the same study is another task
		flags  []string
		copies []scheduler.State
	}{
		{"hedged", []string{"--priority", "stat", "--hedge"}, []scheduler.State{scheduler.Cancelled, scheduler.Delivered}},
		{"replicas", []string{"--replicas", "2", "--provider", "cpu"}, []scheduler.State{scheduler.Delivered, scheduler.Delivered}},
	}
	paid := map[models.Digest]int{} // receipts that the coordinator is to hold, by copy
	for _, test := range tests {
		var report agent.Report
		w.ask(&report, append(w.submitArgs(study), append(test.flags, "--name", test.name)...)...)
		if report.State != scheduler.Delivered {
			t.Errorf("%s: the study is %s", test.name, report.State)
		}
		var copies []broker.TaskStatus
		w.ask(&copies, "clinic", "tasks", "--name", test.name)
		var states []scheduler.State
		for _, task := range copies {
			if states = append(states, task.State); task.State == scheduler.Delivered {
				paid[task.Task] = 1
			}
			if task.Task != report.Task && task.Of != report.Task {
				t.Errorf("%s: task %s is no copy of %s", test.name, task.Task, report.Task)
			}
		}
		if slices.Sort(states); !slices.Equal(states, test.copies) {
			t.Errorf("%s: its copies are %v, want %v", test.name, states, test.copies)
		}
	}
	for got := map[models.Digest]int{}; !maps.Equal(got, paid); {
		w.coordinator.await("epoch closed")
		got = w.receipts()
		for task, n := range got {
			if n > paid[task] {
				t.Fatalf("%d receipts of task %s count, want %d", n, task.Short(), paid[task])
			}
		}
	}
	for _, name := range w.names {
		if n := w.status(name); n.Disputed != 0 || n.Done == 0 {
			t.Errorf("node %s: %d results disputed, %d done", name, n.Disputed, n.Done)
		}
	}
}

// receipts counts the accepted receipts of all published epochs, by task.
func (w *town) receipts() map[models.Digest]int {
	w.t.Helper()
	n := map[models.Digest]int{}
	for _, b := range w.epochs() {
		for _, r := range b.Inputs.Receipts {
			if r.Acceptance.Accepted {
				n[r.Receipt.Task]++
			}
		}
	}
	return n
}

// A clinic that was killed keeps its tasks: they can be seen and withdrawn without it.
func TestTaskOfAKilledClinicIsWithdrawn(t *testing.T) {
	w := newTown(t) // nobody is there to bid
	clinic := w.start("clinic", w.submitArgs(w.file("small.zip", testdata.SmallStudy()))...)
	clinic.await("sealed")
	if err := clinic.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-clinic.done
	var tasks []broker.TaskStatus
	if w.ask(&tasks, "clinic", "tasks"); len(tasks) != 1 || tasks[0].State.Final() {
		t.Fatalf("tasks %+v, want one that is open", tasks)
	}
	var task broker.TaskStatus
	if w.ask(&task, "clinic", "cancel", tasks[0].Task.String()); task.State != scheduler.Cancelled || task.Task != tasks[0].Task {
		t.Errorf("withdrawn: %+v", task)
	}
	if _, stderr, code := w.run("clinic", "cancel", task.Task.Short()); code != exitFailure || !strings.Contains(stderr, "is cancelled already") {
		t.Errorf("withdrawn again: exit %d, %q; want a refusal", code, stderr)
	}
}
