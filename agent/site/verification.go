package site

import (
	"context"
	"sync"
	"time"

	"github.com/medhive/medhive/agent/site/dashboard"
	"github.com/medhive/medhive/scheduler/clinic/audit"
)

// verification is the site's own look through its audit log, which may take minutes: nobody's
// browser has to wait for it. One runs at a time; the last one's report is kept until the next.
type verification struct {
	mu  sync.Mutex // guards now
	now dashboard.Verification
}

// begin says whether there is one to be done; one that runs goes on.
func (v *verification) begin(at time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now.Running {
		return false
	}
	v.now = dashboard.Verification{Running: true, Began: at}
	return true
}

func (v *verification) tell(share float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now.Done = share
}

func (v *verification) end(report audit.Report, err error, at time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now.Running, v.now.Ended = false, at
	if err != nil {
		v.now.Fault = err.Error()
		return
	}
	v.now.Report = &report
}

func (v *verification) look() dashboard.Verification {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// verify looks for lines of the audit log that were changed, in the background, until the
// site closes.
func (s *Site) verify() {
	if s.ctx.Err() != nil || !s.verified.begin(time.Now()) {
		return
	}
	s.loops.Go(func() {
		report, err := s.audit.VerifyTelling(s.ctx, s.verified.tell)
		if err == nil && !report.Sound() {
			s.log.Error("the audit log is not as it was written; see `medhive clinic audit verify`", "faults", len(report.Faults)+report.More)
		}
		s.verified.end(report, err, time.Now())
	})
}

// StartVerify begins a look through the audit log, unless one is under way.
func (b board) StartVerify() { b.s.verify() }

// Verification is how far the look is, or what the last one came to.
func (b board) Verification() dashboard.Verification { return b.s.verified.look() }

// VerifyAudit does it while the caller waits.
func (b board) VerifyAudit(ctx context.Context) (audit.Report, error) { return b.s.audit.Verify(ctx) }
