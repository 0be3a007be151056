package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/scheduler/worker"
)

// receiptsPatience is how many receipts may wait for the coordinator before a person is
// told: a restart of it lets a busy node gather some.
const receiptsPatience = 100

// Warnings is the node's board.
func (n *Node) Warnings() *warning.Board { return n.warnings }

// watchSelf keeps the board up to date until ctx ends.
func (n *Node) watchSelf(ctx context.Context) {
	if n.notices != nil {
		n.loops.Go(func() { n.notices.Run(ctx) })
	}
	lookEvery(ctx, selfEvery, func(ctx context.Context) {
		n.warnings.Hold("chain", chainWarnings(ctx, n.chain, n.conf.Network.DevelopmentKeys != "", time.Now()))
		_ = n.Status() // holds the rest
	})
}

// warnOfMachine holds what is wrong with the machine and its models.
func (n *Node) warnOfMachine() {
	list := append(n.models.omissions(), diskWarnings(n.conf.State)...)
	for _, f := range n.profile.Flags {
		list = append(list, warning.Of(warning.MeasurementDoubt, string(f.Code), "the measurement of this machine is %s: %s", f.Code, f.Text))
	}
	if age := n.profile.Age(time.Now()); age > ProfileLife {
		list = append(list, warning.Of(warning.MeasurementOld, "", "this machine was measured %.0f days ago", age.Hours()/24))
	}
	for _, q := range n.pool.Quarantined() {
		list = append(list, warning.Of(warning.ModelQuarantined, q.Model, "model %s is not offered since %s: %d runners failed in a row, the last one: %s",
			q.Model, q.Since.UTC().Format(time.RFC3339), q.Tries, q.Reason).Do("repair the package or the driver, then `medhive model validate "+q.Model+"`"))
	}
	list = append(list, CertificateWarnings("the dashboard", n.conf.Dashboard.Cert, time.Now())...)
	if why := n.gate.limited(); why != nil {
		list = append(list, warning.Of(warning.NotBidding, "", "no new work: %v", why))
	}
	n.warnings.Hold("machine", append(list, peerWarnings(n.host)...))
}

// warnOfWork holds what the work came to.
func (n *Node) warnOfWork(work worker.Status, err error) {
	if err != nil {
		n.warnings.Hold("work", []warning.Warning{warning.Of(warning.StateUnreadable, "jobs", "%v", err)})
		return
	}
	var list []warning.Warning
	if work.Unsigned > 0 {
		list = append(list, warning.Of(warning.ResultsUnsigned, "", "%d results were taken by clinics that did not sign for them; their receipts are kept, and %d clinics get no bids for it", work.Unsigned, work.Avoided))
	}
	if work.WaitingReceipts > receiptsPatience {
		list = append(list, warning.Of(warning.ReceiptsWait, "", "%d receipts wait for the coordinator", work.WaitingReceipts))
	}
	if n.payments != nil {
		if t := sumVouchers(n.worker.Accounts()); t.Stopped > 0 {
			list = append(list, warning.Of(warning.ClinicsOwe, "", "%d clinics get no more bids: they owe vouchers, or more than their deposits cover", t.Stopped))
		}
	}
	n.warnings.Hold("work", list)
}

// warnOfScore holds what the newest score threatens; s is nil where none is known.
func (n *Node) warnOfScore(s *NodeScore, unknown error) {
	if unknown != nil {
		text := fmt.Sprintf("the score is not known: %v", unknown)
		if s != nil {
			text = fmt.Sprintf("the score is that of epoch %d; newer ones are not known: %v", s.Epoch, unknown)
		}
		n.warnings.Hold("score asked", []warning.Warning{warning.Of(warning.ScoreUnknown, "", "%s", text)})
	} else {
		n.warnings.Hold("score asked", nil)
	}
	if s != nil || unknown == nil {
		n.warnings.Hold("score", scoreWarnings(s))
	}
}

// scoreWarnings are the sentences that threaten a node or say why it earns nothing; pure.
func scoreWarnings(s *NodeScore) (list []warning.Warning) {
	if s == nil {
		return nil
	}
	for _, said := range s.Explained {
		switch said.Mood {
		case score.MoodNotice:
			list = append(list, warning.Of(warning.ScoreFalls, said.About, "%s: %s", said.About, said.Text))
		case score.MoodPenalty:
			list = append(list, warning.Of(warning.Suspended, said.About, "%s: %s", said.About, said.Text))
		}
	}
	return list
}
