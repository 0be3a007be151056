package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

func TestRewritten(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	report := map[string]written{"task/sr.dcm": {Inode: 1, Bytes: 10, At: early}}
	for name, c := range map[string]struct {
		before, after map[string]written
		want          string // part of the finding; empty: none
	}{
		"nothing yet":           {nil, nil, ""},
		"first delivery":        {nil, report, ""},
		"looked at again":       {report, report, ""},
		"one more file":         {report, map[string]written{"task/sr.dcm": report["task/sr.dcm"], "task/sc.dcm": {Inode: 2}}, ""},
		"written again":         {report, map[string]written{"task/sr.dcm": {Inode: 1, Bytes: 10, At: late}}, "written twice"},
		"renamed over":          {report, map[string]written{"task/sr.dcm": {Inode: 3, Bytes: 10, At: early}}, "written twice"},
		"gone":                  {report, nil, "is gone"},
		"a second folder":       {report, map[string]written{"task/sr.dcm": report["task/sr.dcm"], "other/sr.dcm": {Inode: 4}}, "2 folders"},
		"two folders at a time": {nil, map[string]written{"a/sr.dcm": {}, "b/sr.dcm": {}}, "2 folders"},
	} {
		t.Run(name, func(t *testing.T) {
			got := rewritten(c.before, c.after)
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func receipt(task, node byte, fence uint64, taken bool) attest.SignedReceipt {
	var r attest.SignedReceipt
	r.Receipt.Task, r.Receipt.Clinic, r.Receipt.Node, r.Receipt.Fence = models.Digest{task}, common.Address{task}, common.Address{node}, fence
	r.Acceptance.Accepted = taken
	return r
}

func reported(task, node byte, fence uint64) report {
	r := report{Task: models.Digest{task}.String(), Winner: common.Address{node}.Hex(), Fence: fence, State: "delivered"}
	r.Receipt.Receipt.Task, r.Receipt.Receipt.Clinic = r.Task, common.Address{task}.Hex()
	return r
}

func TestLedgerFindsTwoNodesOnOneFence(t *testing.T) {
	for name, c := range map[string]struct {
		receipts []attest.SignedReceipt
		faults   int
	}{
		"one job":                         {[]attest.SignedReceipt{receipt(1, 1, 1, true)}, 0},
		"a second try under a new fence":  {[]attest.SignedReceipt{receipt(1, 1, 1, false), receipt(1, 2, 2, true)}, 0},
		"two tasks":                       {[]attest.SignedReceipt{receipt(1, 1, 1, true), receipt(2, 2, 1, true)}, 0},
		"two nodes":                       {[]attest.SignedReceipt{receipt(1, 1, 1, true), receipt(1, 2, 1, true)}, 1},
		"two nodes, one of them disputed": {[]attest.SignedReceipt{receipt(1, 1, 1, false), receipt(1, 2, 1, true)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (ledger{c.receipts}).twoNodes(); len(got) != c.faults {
				t.Errorf("found %q, want %d faults", got, c.faults)
			}
		})
	}
}

func TestLedgerCountsWhatWasPaid(t *testing.T) {
	l := ledger{[]attest.SignedReceipt{receipt(1, 1, 1, true), receipt(1, 2, 2, true), receipt(2, 1, 1, false)}}
	for name, c := range map[string]struct {
		of         report
		all, right int
	}{
		"the winner's, and one too many": {reported(1, 2, 2), 2, 1},
		"only others'":                   {reported(1, 2, 3), 2, 0},
		"a disputed one pays nothing":    {reported(2, 1, 1), 0, 0},
		"none":                           {reported(3, 1, 1), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if all, right := l.paid(c.of); all != c.all || right != c.right {
				t.Errorf("%d receipts, %d of them right; want %d and %d", all, right, c.all, c.right)
			}
		})
	}
}

// Whatever the runs are, each is counted once, and a cell with any fault does not hold.
func TestCountsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var attempts []attempt
		var l ledger
		wrong := false
		for n := range rapid.IntRange(1, 12).Draw(t, "runs") {
			id := byte(n + 1)
			a := attempt{landed: accepted, delivered: true, report: reported(id, 1, 1), awards: map[award][]string{{fence: 1}: {"a"}}}
			l.receipts = append(l.receipts, receipt(id, 1, 1, true))
			switch rapid.SampledFrom([]string{"", "", "missed", "lost", "twice", "awards", "receipts", "unpaid"}).Draw(t, "fault") {
			case "missed":
				a.missed = true
			case "lost":
				a.delivered, a.trouble, wrong = false, "lost", true
			case "twice":
				a.twice, wrong = "written twice", true
			case "awards":
				a.awards[award{fence: 1}], wrong = []string{"a", "b"}, true
			case "receipts":
				l.receipts, wrong = append(l.receipts, receipt(id, 2, 1, false)), true
			case "unpaid":
				l.receipts, wrong = l.receipts[:len(l.receipts)-1], true
			}
			attempts = append(attempts, a)
		}
		var o outcome
		o.count(attempts, l, nil, nil)
		if o.Runs+o.Missed != len(attempts) || o.Delivered+o.Lost != o.Runs {
			t.Errorf("%d runs: %d counted, %d missed, %d delivered, %d lost", len(attempts), o.Runs, o.Missed, o.Delivered, o.Lost)
		}
		if want := !wrong && o.Runs > 0; o.holds() != want {
			t.Errorf("holds: %t, want %t of %+v", o.holds(), want, o)
		}
	})
}

func TestASlowRestartDoesNotHold(t *testing.T) {
	for limit, want := range map[float64]bool{10: false, 11: true, 0: true} {
		o := outcome{ReadyLimit: limit}
		o.count([]attempt{{delivered: true, report: reported(1, 1, 1)}}, ledger{[]attest.SignedReceipt{receipt(1, 1, 1, true)}}, []time.Duration{10 * time.Second}, nil)
		if o.holds() != want {
			t.Errorf("a restart of 10 s with a limit of %v s: holds is %t", limit, !want)
		}
	}
}

func TestEventsTellTheStep(t *testing.T) {
	for text, want := range map[string]step{
		`{"kind":"offered"}`:                        offered,
		`{"kind":"bid","node":"0x1"}`:               bidTaken,
		`{"kind":"progress","stage":"inference"}`:   inferring,
		`{"kind":"progress","stage":"return"}`:      returning,
		`{"kind":"finished","state":"resulted"}`:    finished,
		`{"kind":"progress","stage":"preprocess"}`:  "",
		`{"kind":"intake","text":"64 slices"}`:      "",
		`time=2026 level=WARN msg="no coordinator"`: "",
		`{broken`: "",
	} {
		e, _ := parseEvent(text)
		if got, _ := e.step(); got != want {
			t.Errorf("%s is step %q, want %q", text, got, want)
		}
	}
	returned := event{Kind: "progress", Stage: "return"}
	if !returned.reached(accepted) || !returned.reached(returning) || returned.reached(signed) {
		t.Error("a later step does not stand for those before it")
	}
}

func TestAskedSince(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	offers := []time.Time{at(10), at(30), at(50)}
	for name, c := range map[string]struct{ began, bid, want int64 }{
		"the next offer":                       {20, 31, 30},
		"one that it let pass":                 {20, 51, 30},
		"one that was out when it began":       {11, 12, 11},
		"announced again after the last offer": {60, 61, 60},
	} {
		if got := askedSince(offers, at(c.began), at(c.bid)); !got.Equal(at(c.want)) {
			t.Errorf("%s: %v, want %v", name, got.Unix(), c.want)
		}
	}
}
