package canary

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/medhive/medhive/models"
)

// Rates say how large a part of a node's jobs is checked, each 0 to 1.
type Rates struct {
	NewCanary    float64 // canaries per job of a newcomer
	FloorCanary  float64 // and of who is trusted longest
	NewReplica   float64 // of a newcomer's jobs, how many a second node also runs
	FloorReplica float64
	Rerun        float64 // of all jobs, how many the coordinator runs again

	// TrustAfter is the number of consecutive valid checks from which on the rates fall.
	TrustAfter uint64
}

// DefaultRates are those of the market: canaries 10 % falling to 2 %, replicas of every job
// until 10 consecutive valid ones and then falling to 2 %, re-runs 1 %. At the floor a job
// is checked with about 5 %, so that cheating in every fifth of 100 jobs is seen in
// 1 − (1 − 0.2·0.05)^100 = 63 % of the cases.
func DefaultRates() Rates {
	return Rates{NewCanary: 0.10, FloorCanary: 0.02, NewReplica: 1, FloorReplica: 0.02, Rerun: 0.01, TrustAfter: 10}
}

// Validate checks the ranges.
func (r Rates) Validate() error {
	for _, v := range []float64{r.NewCanary, r.FloorCanary, r.NewReplica, r.FloorReplica, r.Rerun} {
		if !(v >= 0 && v <= 1) {
			return errors.New("rates of checks: a rate is no share of the jobs; want 0 to 1")
		}
	}
	if r.FloorCanary > r.NewCanary || r.FloorReplica > r.NewReplica {
		return errors.New("rates of checks: a floor is above where it falls from; lower it")
	}
	return nil
}

// falling is BOINC's rule of adaptive replication: who has fewer than t consecutive valid
// results is not trusted, who has n of them is trusted with probability 1 − 1/n (its wiki,
// AdaptiveReplication). Here it ends at a floor, so that no streak buys freedom from checks:
//
//	rate(n) = start                          where n < t
//	          max(floor, min(start, 1/n))    else
func (r Rates) falling(start, floor float64, streak uint64) float64 {
	if streak < r.TrustAfter || streak == 0 {
		return start
	}
	return max(floor, min(start, 1/float64(streak)))
}

// Canary is the number of canaries that a node is owed for each job.
func (r Rates) Canary(h History) float64 { return r.falling(r.NewCanary, r.FloorCanary, h.Streak) }

// Replica is the share of jobs that a second node also runs.
func (r Rates) Replica(h History) float64 { return r.falling(r.NewReplica, r.FloorReplica, h.Streak) }

// Overhead is how many computations the checks of one job take on the average, beyond its
// own; third copies for disagreements are not in it.
func (r Rates) Overhead(h History) float64 { return r.Canary(h) + r.Replica(h) + r.Rerun }

// Draws are three independent numbers, uniform in [0, 1).
type Draws struct{ Canary, Replica, Rerun float64 }

// DrawsOf draws for a task under a secret of whoever checks: HMAC-SHA-256, so that no node
// can foresee which of its jobs is checked, and the checker draws the same after a restart.
func DrawsOf(secret [32]byte, task models.Digest) Draws {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write([]byte("medhive.canary/1 draws"))
	mac.Write(task[:])
	sum := mac.Sum(nil)
	return Draws{uniform(sum[0:]), uniform(sum[8:]), uniform(sum[16:])}
}

// uniform takes the 53 bits that a float64 holds.
func uniform(b []byte) float64 {
	const bits = 53
	return float64(binary.BigEndian.Uint64(b)>>(64-bits)) / (1 << bits)
}

// Plan is what is checked of one job.
type Plan struct {
	Canary  bool // the node gets a canary as well, at a time of its own
	Replica bool // a second node runs the job too
	Rerun   bool // the coordinator runs it again, if the clinic allows
}

// Plan decides for a job of a node with that history. It is pure.
func (r Rates) Plan(h History, d Draws) Plan {
	return Plan{Canary: d.Canary < r.Canary(h), Replica: d.Replica < r.Replica(h), Rerun: d.Rerun < r.Rerun}
}

// WithoutRerun is the plan where the clinic lets nobody run its jobs again: a canary takes
// the re-run's place, so that as much is looked at.
func (p Plan) WithoutRerun() Plan {
	return Plan{Canary: p.Canary || p.Rerun, Replica: p.Replica}
}

// Accounts add up what jobs and their checks computed.
type Accounts struct {
	Jobs   time.Duration `json:"jobs_ns"`   // of first copies: what clinics asked for
	Checks time.Duration `json:"checks_ns"` // of canaries, further copies and re-runs
}

// Share is the checks' part of all that was computed, 0 to 1.
func (a Accounts) Share() float64 {
	if a.Jobs+a.Checks <= 0 {
		return 0
	}
	return float64(a.Checks) / float64(a.Jobs+a.Checks)
}

// Plus adds other's computations.
func (a Accounts) Plus(other Accounts) Accounts {
	return Accounts{Jobs: a.Jobs + other.Jobs, Checks: a.Checks + other.Checks}
}
