package runner

import (
	"fmt"
	"time"

	"github.com/medhive/medhive/models"
)

// failuresToQuarantine is how many runners of one model in a row may crash, hang, exceed
// their cap or break the protocol before the model is left alone.
const failuresToQuarantine = 3

// Quarantine is a model that this node does not run for now: its runners failed one after
// the other. Other models go on. It is lifted by Pool.Release, or by a job that succeeds
// all the same (see Job.Trial), and is forgotten when the pool ends. As an error it
// answers a job on that model.
type Quarantine struct {
	Model  string        // id and version
	Digest models.Digest // of the package
	Since  time.Time
	Tries  int    // failures in a row
	Reason string // of the last one; holds no data of a study
}

// Error says what is quarantined, why, and what to do.
func (q *Quarantine) Error() string {
	return fmt.Sprintf("model %s is quarantined on this node since %s: %d runners in a row failed, the last one: %s; validate or replace the package, then restart the node",
		q.Model, q.Since.UTC().Format(time.RFC3339), q.Tries, q.Reason)
}

// record counts how runners of one model end.
type record struct {
	failed     int // in a row
	quarantine *Quarantine
}

// succeed ends a series and a quarantine.
func (r *record) succeed() { *r = record{} }

// fail counts a runner that failed and returns the quarantine that begins with it, or nil.
func (r *record) fail(pkg models.Package, reason string, now time.Time) *Quarantine {
	r.failed++
	if r.failed < failuresToQuarantine {
		return nil
	}
	begins := r.quarantine == nil
	since := now
	if !begins {
		since = r.quarantine.Since
	}
	r.quarantine = &Quarantine{Model: pkg.Name(), Digest: pkg.Digest(), Since: since, Tries: r.failed, Reason: printable(reason)}
	if begins {
		return r.quarantine
	}
	return nil
}
