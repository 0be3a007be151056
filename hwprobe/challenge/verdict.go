package challenge

import "time"

const (
	// Slack is how much slower than its claim a machine may prove and keep the claim: a
	// proof makes inputs and hashes results beside the products that the claim counts
	// (about a seventh, BenchmarkProveAgainstProduct), and no machine is quite idle.
	Slack = 1.25
	// Limit is how many times the claimed time a compute proof may take at all. A machine
	// that loses 30 % to other work comes to about 1.7; two names for one machine that are
	// asked together come to 2.2.
	Limit = 1.9
	// grace is for loading the weights and for the answer's way.
	grace = 500 * time.Millisecond
	// maxRoundTrip bounds what is allowed for distance: a node measures its own.
	maxRoundTrip = time.Second
	// fillLimit times the claimed time is what filling a table may take; speed is not
	// what it shows.
	fillLimit = 4
)

// Within is how long after the seed was sent the commitment to w must be there, for a
// machine that claims so many TOPS behind such a round trip: of a Compute work the root,
// of a Memory work the word that the table is filled. Later is no proof at all.
func (w Work) Within(claim float64, roundTrip time.Duration) time.Duration {
	factor := Limit
	if w.Kind == Memory {
		factor = fillLimit
	}
	return seconds(factor*w.Operations()/(claim*1e12)) + grace + min(roundTrip, maxRoundTrip)
}

// WalkWithin is how long after its nonce was sent the root of a Memory work's walk must be
// there, for memory that is read at least bytes a second.
func (w Work) WalkWithin(least Bandwidth, roundTrip time.Duration) time.Duration {
	return seconds(float64(w.TableBytes())*float64(w.Passes)/float64(least)) + grace + min(roundTrip, maxRoundTrip)
}

// OpenWithin is how long an opening may take. What was committed to can't be mended by
// then, so it only bounds how long the verifier waits.
const OpenWithin = 30 * time.Second

// Rate is the verified TOPS of a Compute work that took so long from the seed to the root.
func (w Work) Rate(took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return w.Operations() / took.Seconds() / 1e12
}

// Capped is what a claim is worth next to a verified rate, both in TOPS:
//
//	min(claim, Slack · verified)
func Capped(claim, verified float64) float64 { return min(claim, Slack*max(verified, 0)) }

func seconds(s float64) time.Duration {
	const longest = 24 * 3600.0
	return time.Duration(min(s, longest) * float64(time.Second))
}
