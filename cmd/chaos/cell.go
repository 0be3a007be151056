package main

import (
	"fmt"
	"strings"
)

// fault is what happens to a role.
type fault string

// The faults, in the order of the table.
const (
	kill      fault = "kill"      // SIGKILL; started again with the same arguments
	hedge     fault = "hedge"     // SIGKILL, while two nodes race for a STAT study
	partition fault = "partition" // the winner's link takes no packet for a while
	cut       fault = "cut"       // the winner's TCP connections are reset, three times
	loss      fault = "loss"      // every role loses 5 % of what arrives, all the time
	apart     fault = "apart"     // clinic and nodes reach nobody but the coordinator, all the time
	rate      fault = "rate"      // every role sends 8 Mbit/s at most, all the time
	sited     fault = "site"      // SIGKILL of a clinic with a site: from a modality to an archive
	forward   fault = "forward"   // the wall clock of one process jumps an hour ahead
	backward  fault = "backward"  // … an hour back
)

// role is who it happens to.
type role string

// The roles. The node is the one that won the job, or before that the first bidder.
const (
	node        role = "node"
	clinic      role = "clinic"     // `medhive clinic submit`, which is the clinic while it lasts
	standing    role = "clinic-run" // `medhive clinic run`, which submit hands the study to
	coordinator role = "coordinator"
	everybody   role = "all"
)

// step is when it happens: at the clinic's event of this name. The last two follow on
// the same event: the result is at the clinic and signed, then it is written out.
type step string

// The steps, in the order of a job's life.
const (
	offered    step = "offered"
	bidTaken   step = "bid"
	awarded    step = "awarded"
	accepted   step = "accepted"
	fetching   step = "fetching"
	inferring  step = "inference"
	returning  step = "return"
	signed     step = "receipt"
	finished   step = "finished"
	throughout step = "throughout"
)

// More steps of a site's case, around those of its job.
const (
	arriving   step = "arriving"   // the modality sends
	received   step = "received"   // the study is complete and on the worklist
	prepared   step = "submitted"  // it is read and de-identified
	analysed   step = "analysed"   // the result is in the spool
	delivering step = "delivering" // the outbox has it
	stored     step = "stored"     // the archive has the first object
)

func siteSteps() []step {
	return []step{arriving, received, prepared, offered, bidTaken, awarded, accepted, fetching, signed, analysed, delivering, stored}
}

func jobSteps() []step {
	return []step{offered, bidTaken, awarded, accepted, fetching, inferring, returning, signed, finished}
}

// cell is one square of the matrix, run as often as asked for.
type cell struct {
	Fault fault `json:"fault"`
	Role  role  `json:"role"`
	Step  step  `json:"step"`
}

func (c cell) String() string { return fmt.Sprintf("%s/%s/%s", c.Fault, c.Role, c.Step) }

// spaced says whether the fault needs a network namespace for each role.
func (c cell) spaced() bool {
	switch c.Fault {
	case partition, cut, loss, rate, apart:
		return true
	}
	return false
}

// kills says whether the fault is a SIGKILL.
func (c cell) kills() bool { return c.Fault == kill || c.Fault == hedge || c.Fault == sited }

// large says whether the study of 14 chunks is sent instead of the one of one chunk:
// only there can a transfer be cut between chunks.
func (c cell) large() bool { return c.Fault == cut && c.Step == fetching }

// matrix is everything that is tried.
func matrix() []cell {
	var all []cell
	for _, r := range []role{node, clinic, standing, coordinator} {
		for _, s := range jobSteps() {
			all = append(all, cell{kill, r, s})
		}
	}
	for _, s := range []step{accepted, inferring, returning, signed} {
		all = append(all, cell{hedge, node, s}, cell{hedge, clinic, s})
	}
	for _, s := range []step{fetching, inferring, returning} {
		all = append(all, cell{partition, node, s})
	}
	all = append(all, cell{cut, node, fetching}, cell{cut, node, returning},
		cell{loss, everybody, throughout}, cell{rate, everybody, throughout}, cell{apart, everybody, throughout})
	for _, f := range []fault{forward, backward} {
		for _, r := range []role{node, clinic, coordinator} {
			all = append(all, cell{f, r, accepted})
		}
	}
	for _, s := range siteSteps() {
		all = append(all, cell{sited, standing, s})
	}
	return all
}

// chosen are the cells whose names begin with one of the words; all without words.
func chosen(all []cell, words []string) ([]cell, error) {
	if len(words) == 0 {
		return all, nil
	}
	var some []cell
	for _, c := range all {
		for _, w := range words {
			if strings.HasPrefix(c.String(), w) {
				some = append(some, c)
				break
			}
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("no cell begins with %s; cells are named like %s, and --list prints them", strings.Join(words, " or "), all[0])
	}
	return some, nil
}
