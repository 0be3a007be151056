package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/testdata"
)

// shutdown is how long a role may take to end.
const shutdown = 10 * time.Second

// town is a whole network on this machine, every role a process of its own.
type town struct {
	*person
	chain, coordinator *daemon
	nodes              map[string]*daemon // by EVM address
	names              map[string]string  // likewise
}

func newTown(t *testing.T, nodes ...string) *town {
	p := newPerson(t)
	w := &town{person: p, nodes: map[string]*daemon{}, names: map[string]string{}}
	w.chain = p.start("chain", "chain", "dev", "--listen", "127.0.0.1:0")
	w.chain.await("medhive coordinator run")
	w.coordinate()
	for _, name := range nodes {
		d := p.start(name, nodeArgs(name)...)
		d.await("medhive node status")
		address := w.status(name).Address
		w.nodes[address], w.names[address] = d, name
	}
	return w
}

// coordinate starts the coordinator, or starts it again.
func (w *town) coordinate() {
	w.t.Helper()
	w.coordinator = w.start("coordinator", "coordinator", "run", "--epoch", "5s", "--challenge-every", "1s")
	w.coordinator.await("medhive node run")
}

func nodeArgs(name string) []string {
	return []string{"node", "run", "--name", name, "--probe-duration", "500ms", "--threads", "1", "--claim-every", "1s"}
}

func (w *town) status(name string) agent.NodeStatus {
	w.t.Helper()
	var s agent.NodeStatus
	w.ask(&s, "node", "status", "--name", name)
	return s
}

// submitArgs are the same for every submission, so that the task is the same too.
func (w *town) submitArgs(study string) []string {
	return []string{"clinic", "submit", study, "--out", filepath.Join(w.home, "results"), "--lease", "3s", "--within", "4m"}
}

// awaitStage returns the first event that reports this stage of the job.
func awaitStage(clinic *daemon, stage string) broker.Event {
	clinic.t.Helper()
	for {
		var e broker.Event
		line := clinic.await(`"kind":"progress"`, stage)
		if json.Unmarshal([]byte(line), &e) == nil && e.Stage == stage {
			return e
		}
	}
}

// epochs reads everything that the coordinator has published, by folder.
func (w *town) epochs() map[string]epoch.Bundle {
	w.t.Helper()
	root := filepath.Join(agent.CoordinatorState(w.home), "epochs")
	folders, err := os.ReadDir(root)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	bundles := map[string]epoch.Bundle{}
	for _, f := range folders {
		if strings.HasPrefix(f.Name(), ".") {
			continue // being written
		}
		folder := filepath.Join(root, f.Name())
		if bundles[folder], err = epoch.Read(folder); err != nil {
			w.t.Fatal(err)
		}
	}
	return bundles
}

func TestWinnerKilledDuringInference(t *testing.T) {
	w := newTown(t, "anna", "bert", "carl")
	study := w.file("t1-study.zip", testdata.T1Study())
	clinic := w.start("clinic", append(w.submitArgs(study), "--events")...)
	running := awaitStage(clinic, "inference")
	victim := running.Node.Hex()
	if err := w.nodes[victim].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-w.nodes[victim].done
	clinic.await("NOT FOR CLINICAL USE")

	var report agent.Report // the same submission again reports the same task
	w.ask(&report, w.submitArgs(study)...)
	if report.State != scheduler.Delivered || report.Winner == victim || report.Fence <= running.Fence {
		t.Fatalf("state %s, winner %s with fence %d; the victim was %s with fence %d", report.State, report.Winner, report.Fence, victim, running.Fence)
	}
	back := w.start(w.names[victim]+" again", nodeArgs(w.names[victim])...)
	back.await("medhive node status")

	w.coordinator.await("epoch closed", "receipts=1")
	w.paysOnce(report)
	for name, d := range map[string]*daemon{"node": back, "coordinator": w.coordinator, "chain": w.chain} {
		if code := d.stop(shutdown); code != exitOK {
			t.Errorf("%s ended with %d after SIGTERM:\n%s", name, code, d.said())
		}
	}
}

// paysOnce waits until the winner was paid and checks that nobody else was for
// this task, in any epoch.
func (w *town) paysOnce(report agent.Report) {
	w.t.Helper()
	// An earlier root holds the contract's one waiting place for 24 hours; the next
	// one that is posted has this task's reward in it, and waits as long.
	w.day()
	posted := epochOf(w.t, w.coordinator.await("root posted"))
	w.day()
	winner := w.nodes[report.Winner]
	for epochOf(w.t, winner.await("reward claimed")) < posted {
	}
	counted := 0
	for folder, b := range w.epochs() {
		for _, r := range b.Inputs.Receipts {
			if r.Receipt.Task == report.Task && r.Acceptance.Accepted {
				counted++
				if r.Receipt.Node.Hex() != report.Winner {
					w.t.Errorf("a receipt of %s counts for the task of %s", r.Receipt.Node, report.Winner)
				}
			}
		}
		var verified agent.VerifiedEpoch
		w.ask(&verified, "coordinator", "verify", folder)
	}
	if counted != 1 {
		w.t.Errorf("%d receipts count for one task", counted)
	}
	claimed, ok := new(big.Int).SetString(w.status(w.names[report.Winner]).ClaimedWei, 10)
	if !ok || claimed.Sign() <= 0 {
		w.t.Errorf("the winner has claimed %v", claimed)
	}
}

func TestCoordinatorKilledDuringAJobCostsNobodyAnything(t *testing.T) {
	w := newTown(t, "emil")
	clinic := w.start("clinic", append(w.submitArgs(w.file("small.zip", testdata.SmallStudy())), "--events")...)
	clinic.await(`"kind":"accepted"`)
	if err := w.coordinator.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-w.coordinator.done
	clinic.await("NOT FOR CLINICAL USE")
	w.coordinate()
	w.coordinator.await("epoch closed", "receipts=1") // the node found it at its old address
	if n := w.status("emil"); n.Done != 1 || n.Outbox != 0 {
		t.Errorf("%d jobs done, %d receipts still wait", n.Done, n.Outbox)
	}
}

// day moves the chain's clock past a root's activation delay.
func (w *town) day() {
	w.t.Helper()
	if _, stderr, code := w.run("chain", "advance", "24h"); code != exitOK {
		w.t.Fatalf("advance the chain: %s", stderr)
	}
}

// epochOf reads the number behind epoch= in a log line.
func epochOf(t *testing.T, line string) (number int) {
	t.Helper()
	_, rest, _ := strings.Cut(line, "epoch=")
	if _, err := fmt.Sscan(rest, &number); err != nil {
		t.Fatalf("no epoch in %q: %v", line, err)
	}
	return number
}

func TestBadStudiesAreRefusedInWordsAndNobodyDies(t *testing.T) {
	w := newTown(t, "dora")
	studies, err := testdata.Bad()
	if err != nil {
		t.Fatal(err)
	}
	planted, err := testdata.Identifiers()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range studies {
		t.Run(bad.Name, func(t *testing.T) {
			_, stderr, code := w.run(w.submitArgs(w.file(bad.Name, bad.Data))...)
			if code != exitFailure || !strings.Contains(stderr, "; ") {
				t.Errorf("exit %d, says %q: want a refusal that ends in what to do", code, stderr)
			}
			for _, id := range planted {
				if strings.Contains(stderr, id.Text) {
					t.Errorf("the error names the patient by %s", id.Attribute)
				}
			}
		})
	}
	var report agent.Report
	w.ask(&report, w.submitArgs(w.file("small.zip", testdata.SmallStudy()))...)
	if report.State != scheduler.Resulted && report.State != scheduler.Delivered {
		t.Errorf("after the bad studies a good one is %s", report.State)
	}
}
