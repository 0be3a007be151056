package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// outcome is one cell's counts, one line of the file.
type outcome struct {
	Cell    string `json:"cell"`
	Binary  string `json:"binary"`  // SHA-256 of medhive
	Network string `json:"network"` // "namespaces" or "loopback"
	Asked   int    `json:"asked"`   // runs that were to be made
	NotRun  string `json:"not_run,omitempty"`

	Runs       int            `json:"runs"`   // in which the fault came in time
	Missed     int            `json:"missed"` // in which the job was over before; counted nowhere else
	Delivered  int            `json:"delivered"`
	Lost       int            `json:"lost"`
	Twice      int            `json:"delivered_twice"`
	TwoNodes   int            `json:"two_nodes_on_one_fence"` // receipts or awards
	Paid       int            `json:"receipts"`               // delivered results whose receipt the coordinator has
	Helped     int            `json:"receipts_helped"`        // those of them that came only when the clinic ran again
	Overpaid   int            `json:"overpaid"`               // tasks with more than one accepted receipt
	Again      int            `json:"submitted_again"`        // clinics that ended without a result, then had one
	Starts     int            `json:"restarts"`
	ReadyLimit float64        `json:"ready_limit_s,omitempty"` // how soon it has to be; 0: any time will do
	StartMax   float64        `json:"restart_max_s"`           // until the role says that it is ready
	BidMax     float64        `json:"bid_max_s"`               // from the next announcement to the restarted node's first bid
	Bids       int            `json:"bids_after_restart"`
	TookP50    float64        `json:"took_p50_s"`
	TookMax    float64        `json:"took_max_s"`
	Landed     map[step]int   `json:"landed"`
	Seconds    float64        `json:"seconds"` // for the whole cell
	Troubles   map[string]int `json:"troubles,omitempty"`
	Kept       string         `json:"kept,omitempty"` // folder with logs and state, if something was wrong
}

// count makes a cell's counts of its runs.
func (o *outcome) count(attempts []attempt, l ledger, starts, bids []time.Duration) {
	o.Landed, o.Troubles = map[step]int{}, map[string]int{}
	var took []time.Duration
	for _, a := range attempts {
		if a.missed {
			o.Missed++
			continue
		}
		o.Runs++
		o.Landed[a.landed]++
		o.Again += a.again
		if a.trouble != "" {
			o.Troubles[clip(a.trouble)]++
		}
		if shared := a.sharedFence(); shared != "" {
			o.TwoNodes++
			o.Troubles[shared]++
		}
		if !a.delivered {
			o.Lost++
			continue
		}
		o.Delivered++
		took = append(took, a.took)
		if a.twice != "" {
			o.Twice++
			o.Troubles[a.twice]++
		}
		all, right := l.paid(a.report)
		if right > 0 {
			o.Paid++
		}
		if all > 1 {
			o.Overpaid++
		}
	}
	for _, f := range l.twoNodes() {
		o.TwoNodes++
		o.Troubles[f]++
	}
	o.Starts, o.StartMax = len(starts), longest(starts)
	o.Bids, o.BidMax = len(bids), longest(bids)
	o.TookMax = longest(took)
	if len(took) > 0 {
		slices.Sort(took)
		o.TookP50 = took[len(took)/2].Seconds()
	}
}

func longest(all []time.Duration) float64 {
	if len(all) == 0 {
		return 0
	}
	return slices.Max(all).Seconds()
}

// maxTrouble bounds a reason in the file, in bytes.
const maxTrouble = 300

func clip(text string) string { return text[:min(len(text), maxTrouble)] }

// holds says whether a cell shows what is promised.
func (o outcome) holds() bool {
	return o.NotRun == "" && o.Runs > 0 && o.Lost == 0 && o.Twice == 0 && o.TwoNodes == 0 && o.Overpaid == 0 &&
		o.Paid == o.Delivered && (o.ReadyLimit == 0 || o.StartMax < o.ReadyLimit && o.BidMax < o.ReadyLimit)
}

// earlier reads the cells that a file already has for this binary, network and number.
func earlier(path string, like outcome) (map[string]outcome, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read earlier cells: %w", err)
	}
	done := map[string]outcome{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var o outcome
		if json.Unmarshal(lines.Bytes(), &o) != nil {
			continue // the line that was being written when chaos was stopped
		}
		if o.Binary == like.Binary && o.Network == like.Network && o.Asked == like.Asked && o.ReadyLimit == like.ReadyLimit && o.NotRun == "" {
			done[o.Cell] = o
		}
	}
	return done, nil
}

// record appends a cell to the file.
func record(path string, o outcome) error {
	line, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("record %s: %w", o.Cell, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("record %s: %w", o.Cell, err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// present writes the table and the sums, and returns an error if anything did not hold.
func present(w io.Writer, all []outcome) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "cell\truns\tdelivered\tlost\ttwice\ttwo nodes\treceipts\tasked again\trestart to ready, max\toffer to its bid, max\ttook p50/max\tfault came at")
	var sum outcome
	failed, unmade := 0, 0
	for _, o := range all {
		if o.NotRun != "" {
			fmt.Fprintf(table, "%s\tNOT RUN: %s\n", o.Cell, o.NotRun)
			unmade++
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%d\t%s\t%s\t%.1f/%.1f s\t%s\n", o.Cell, o.runs(), o.Delivered, o.Lost, o.Twice, o.TwoNodes,
			o.receipts(), o.Again, slowest(o.Starts, o.StartMax), slowest(o.Bids, o.BidMax), o.TookP50, o.TookMax, landings(o.Landed))
		if !o.holds() {
			failed++
		}
		sum.add(o)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, o := range all {
		for _, reason := range slices.Sorted(maps.Keys(o.Troubles)) {
			fmt.Fprintf(w, "%s: %d times: %s\n", o.Cell, o.Troubles[reason], reason)
		}
		if o.Kept != "" {
			fmt.Fprintf(w, "%s: logs and state in %s\n", o.Cell, o.Kept)
		}
	}
	fmt.Fprintf(w, "\n%d runs in %d cells: %d delivered, %d lost, %d delivered twice, %d fences with two nodes, %d tasks paid twice, %d receipts missing, %d late (came once the clinic ran again);\n"+
		"%d restarts, the slowest ready after %.1f s; %d restarted nodes bid in the same cell, the slowest %.1f s after the next offer; %d runs missed their step and count for nothing\n",
		sum.Runs, len(all)-unmade, sum.Delivered, sum.Lost, sum.Twice, sum.TwoNodes, sum.Overpaid, sum.Delivered-sum.Paid, sum.Helped,
		sum.Starts, sum.StartMax, sum.Bids, sum.BidMax, sum.Missed)
	switch {
	case failed > 0:
		return fmt.Errorf("%d of %d cells do not hold; their logs are in the folders above", failed, len(all))
	case unmade > 0:
		return fmt.Errorf("%d of %d cells were not run; the table says why", unmade, len(all))
	}
	return nil
}

func (o *outcome) add(more outcome) {
	o.Runs, o.Missed, o.Delivered, o.Lost = o.Runs+more.Runs, o.Missed+more.Missed, o.Delivered+more.Delivered, o.Lost+more.Lost
	o.Twice, o.TwoNodes, o.Paid, o.Helped, o.Overpaid = o.Twice+more.Twice, o.TwoNodes+more.TwoNodes, o.Paid+more.Paid, o.Helped+more.Helped, o.Overpaid+more.Overpaid
	o.Starts, o.StartMax = o.Starts+more.Starts, max(o.StartMax, more.StartMax)
	o.Bids, o.BidMax = o.Bids+more.Bids, max(o.BidMax, more.BidMax)
}

// runs is the number of runs, and of those that should have been.
func (o outcome) runs() string {
	if o.Runs == o.Asked {
		return fmt.Sprint(o.Runs)
	}
	return fmt.Sprintf("%d of %d", o.Runs, o.Asked)
}

// receipts says how many delivered results have one at the coordinator.
func (o outcome) receipts() string {
	text := fmt.Sprintf("%d of %d", o.Paid, o.Delivered)
	if o.Helped > 0 {
		text += fmt.Sprintf(" (%d late)", o.Helped)
	}
	return text
}

func slowest(n int, seconds float64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f s", seconds)
}

func landings(at map[step]int) string {
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(at)) {
		parts = append(parts, fmt.Sprintf("%s %d", s, at[s]))
	}
	return strings.Join(parts, ", ")
}
