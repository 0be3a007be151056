package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/attest"
)

// attempt is one run of a cell.
type attempt struct {
	name      string // of the clinic
	missed    bool   // the job was over before the fault: it counts for nothing
	landed    step   // how far the job was when the fault came
	delivered bool
	twice     string // why it counts as delivered twice; empty: it does not
	again     int    // how often the study had to be submitted again, kills of the clinic not counted
	report    report
	awards    map[award][]string // nodes, as the clinic told
	took      time.Duration
	trouble   string // why it is lost, or what was odd
}

// award is a fence of a task, or of one of its copies.
type award struct {
	task  string
	fence uint64
}

// noteAwards adds the nodes that a clinic's life awarded to.
func (a *attempt) noteAwards(events []event) {
	for _, e := range events {
		if at := (award{e.Task, e.Fence}); e.Kind == string(awarded) && !slices.Contains(a.awards[at], e.Node) {
			a.awards[at] = append(a.awards[at], e.Node)
		}
	}
}

// sharedFence names a fence that went to two nodes; empty: none did.
func (a *attempt) sharedFence() string {
	for at, nodes := range a.awards {
		if len(nodes) > 1 {
			return fmt.Sprintf("fence %d of one task was awarded to %d nodes", at.fence, len(nodes))
		}
	}
	return ""
}

// rewritten says what a later look at the results shows of an earlier delivery: files
// that changed, went away, or lie in a second folder. Empty: it was delivered once.
func rewritten(before, after map[string]written) string {
	folders := map[string]bool{}
	for name := range after {
		folders[filepath.Dir(name)] = true
	}
	if len(folders) > 1 {
		return fmt.Sprintf("results lie in %d folders", len(folders))
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		switch now, there := after[name]; {
		case !there:
			return name + " was delivered and is gone"
		case now != before[name]:
			return name + " was written twice"
		}
	}
	return ""
}

// ledger is what the coordinator took in, from the epochs that it published.
type ledger struct{ receipts []attest.SignedReceipt }

// twoNodes lists fences under which two nodes signed, accepted by the clinic or not.
func (l ledger) twoNodes() (faults []string) {
	type key struct {
		clinic, task string
		fence        uint64
	}
	nodes := map[key]string{}
	for _, r := range l.receipts {
		k := key{r.Receipt.Clinic.Hex(), r.Receipt.Task.String(), r.Receipt.Fence}
		switch first, known := nodes[k]; {
		case !known:
			nodes[k] = r.Receipt.Node.Hex()
		case first != r.Receipt.Node.Hex():
			faults = append(faults, fmt.Sprintf("task %s, fence %d: receipts of two nodes", r.Receipt.Task.Short(), k.fence))
		}
	}
	return faults
}

// paid counts the accepted receipts of a clinic, which has but one study, and those
// among them that are of the task, node and fence that the clinic reported.
func (l ledger) paid(of report) (all, right int) {
	for _, r := range l.receipts {
		if !strings.EqualFold(r.Receipt.Clinic.Hex(), of.Receipt.Receipt.Clinic) || !r.Acceptance.Accepted {
			continue
		}
		all++
		if r.Receipt.Task.String() == of.Receipt.Receipt.Task && strings.EqualFold(r.Receipt.Node.Hex(), of.Winner) && r.Receipt.Fence == of.Fence {
			right++
		}
	}
	return all, right
}
