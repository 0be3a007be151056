package score

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Mood is what a sentence asks of a node's operator.
type Mood string

// The moods.
const (
	MoodFact    Mood = "fact"
	MoodAdvice  Mood = "advice"  // what would earn more
	MoodNotice  Mood = "notice"  // a penalty comes unless something changes
	MoodPenalty Mood = "penalty" // it is here; the sentence says what lifts it
)

// Sentence is one line of an explanation.
type Sentence struct {
	About string `json:"about"` // reward, compute, availability, quality, network, efficiency, gate, checks, promises or uptime
	Mood  Mood   `json:"mood"`
	Text  string `json:"text"`
}

// Context is what an explanation needs beside the line; all of it is published with the epoch.
type Context struct {
	Parameters Parameters
	Weights    Weights
	Seconds    uint64 // length of the epoch
	To         uint64 // its end, chain time in unix seconds
}

// Explain says what a line is made of, what would lift it, and what threatens it: the
// reward first, then each factor, then conduct. It is pure: whoever has the epoch gets the
// same sentences as its coordinator.
func Explain(l Line, c Context) []Sentence {
	x := &explanation{l: &l, c: &c, p: &c.Parameters}
	x.reward()
	x.gate()
	x.compute()
	x.availability()
	x.quality()
	x.network()
	x.efficiency()
	if x.p.ByConduct() {
		x.checks()
		x.promises()
		x.uptime()
	}
	return x.said
}

type explanation struct {
	l    *Line
	c    *Context
	p    *Parameters
	said []Sentence
}

func (x *explanation) say(about string, mood Mood, format string, args ...any) {
	x.said = append(x.said, Sentence{about, mood, fmt.Sprintf(format, args...)})
}

// percent is a share for people.
func percent(p Parts) string { return fmt.Sprintf("%.1f %%", float64(p)/float64(One)*100) }

// HIVE is the amount in whole tokens for people, to four digits.
func (w Wei) HIVE() string {
	if w.Int == nil {
		return "0"
	}
	v, _ := new(big.Rat).SetFrac(w.Int, big.NewInt(weiPerHive)).Float64()
	return strconv.FormatFloat(v, 'g', 4, 64)
}

func tokens(w Wei) string { return w.HIVE() + " HIVE" }

func span(ms uint64) string {
	return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
}

// moment is chain time for people.
func moment(unix uint64) string {
	return time.Unix(int64(min(unix, 1<<40)), 0).UTC().Format("2006-01-02 15:04 UTC")
}

func (x *explanation) reward() {
	l, tier := x.l, x.p.Tiers[x.l.Tier]
	switch {
	case l.Gate != GateOpen:
		x.say("reward", MoodFact, "no reward in this epoch: the gate is closed")
	case l.Reward.Int != nil && l.Limit.Int != nil && l.Reward.Cmp(l.Limit.Int) == 0:
		x.say("reward", MoodFact, "%s: all that tier %d allows for w·f of %s (%d to %d HIVE in %d days)", tokens(l.Reward), l.Tier, percent(l.Factor), tier.LowHive, tier.HighHive, x.p.MonthSeconds/(24*3600))
	default:
		x.say("reward", MoodFact, "%s of at most %s: the pool was shared among more than it could pay in full", tokens(l.Reward), tokens(l.Limit))
	}
	if next := l.Tier + 1; next < TierCount {
		band := x.p.Tiers[next]
		x.say("reward", MoodAdvice, "tier %d has %d to %d HIVE; `medhive probe` says what this machine lacks for it", next, band.LowHive, band.HighHive)
	}
}

// gate says why nothing is paid, and in the words of the rule what opens it; how much of
// that is needed follows with the subject.
func (x *explanation) gate() {
	if x.l.Gate == GateOpen {
		return
	}
	since := ""
	if s := x.l.Standing.SuspendedSince; s != 0 {
		since = ", since the epoch that ended " + moment(s)
	}
	x.say("gate", MoodPenalty, "%s%s", x.l.Gate, since)
}

func (x *explanation) compute() {
	x.say("compute", MoodFact, "c = %s, weight %s: busy with accepted work for %s of %s", percent(x.l.Factors.C), percent(x.c.Weights.C), span(x.l.BusyMS), span(x.c.Seconds*1000))
}

func (x *explanation) availability() {
	l := x.l
	if l.Asked == 0 {
		x.say("availability", MoodFact, "a = %s, weight %s: no uptime challenge in this epoch", percent(l.Factors.A), percent(x.c.Weights.A))
		return
	}
	x.say("availability", MoodFact, "a = %s, weight %s: %d of %d uptime challenges answered; a mean over windows of %s", percent(l.Factors.A), percent(x.c.Weights.A), l.Answered, l.Asked, span(x.p.WindowSeconds*1000))
}

func (x *explanation) quality() {
	l := x.l
	value := l.Reputation.Value()
	x.say("quality", MoodFact, "q = %s, weight %s: jobs accepted %d (late %d), disputed %d; what clinics say came to %s", percent(l.Factors.Q), percent(x.c.Weights.Q), l.Accepted, l.Late, l.Disputed, percent(value))
	if l.Late > 0 {
		x.say("quality", MoodAdvice, "late results (%d) cost %s of q: bid only for what this machine finishes in time", l.Late, percent(ratio(l.Late, 2*l.Accepted)))
	}
	x.readings()
	x.model("quality", "accepted jobs", "disputed jobs", l.Reputation, x.p, x.p.DisqualifyUnder, l.Disputed+l.Differed)
}

func (x *explanation) network() {
	l := x.l
	trust := l.Trust.share()
	place := l.Jurisdiction
	if place == "" {
		place = "an unknown country"
	}
	x.say("network", MoodFact, "n = %s, weight %s: the mean of %s scarcity of %s and %s trust (%s)", percent(l.Factors.N), percent(x.c.Weights.N), percent(2*l.Factors.N-min(trust, 2*l.Factors.N)), place, percent(trust), l.Trust)
	if trust < One {
		x.say("network", MoodAdvice, "a TPM key with its vendor's voucher would add %s to n", percent((One-trust)/2))
	}
	if l.Jurisdiction == "" {
		x.say("network", MoodAdvice, "a node whose country is not registered is never scarce: register it with its jurisdiction")
	}
}

func (x *explanation) efficiency() {
	if !x.p.Thrift || x.p.Tiers[x.l.Tier].LowHive == 0 {
		return
	}
	left := x.p.thrift(x.l.Tier, x.l.Efficiency)
	if left == One {
		x.say("efficiency", MoodFact, "the tier's full TOPS/W: nothing is taken off")
		return
	}
	x.say("efficiency", MoodAdvice, "%s of the reward is paid, for %s of the tier's TOPS/W; measured watts at the full figure would pay all of it (`medhive doctor` says how this machine measures power)", percent(left), percent(min(x.l.Efficiency.Share, One)))
}

func (x *explanation) checks() {
	l, s := x.l, &x.l.Standing
	text := fmt.Sprintf("checks by the coordinators %d (failed %d), comparisons by clinics %d (differed %d)", l.Checked, l.Failed, l.Compared, l.Differed)
	if l.Unchecked > 0 {
		text += fmt.Sprintf("; could not be made %d, which count neither way", l.Unchecked)
	}
	x.say("checks", MoodFact, "%s; checks came to %s", text, percent(s.Checked(x.p)))
	x.model("checks", "valid checks", "failed checks", s.Checks.from(initial(x.p.Alpha)), x.p, x.p.Conduct.CheckUnder, l.Failed)
}

func (x *explanation) promises() {
	l, s := x.l, &x.l.Standing
	if s.Promises == (Reputation{}) && l.Lapsed == 0 {
		return
	}
	x.say("promises", MoodFact, "awards taken and not delivered in this epoch: %d; promises came to %s", l.Lapsed, percent(s.Kept(x.p)))
	model := &Parameters{Lambda: x.p.Conduct.PromiseLambda, Step: x.p.Conduct.PromiseStep}
	x.model("promises", "delivered jobs", "broken promises", s.Promises.from(initial(x.p.Conduct.PromiseAlpha)), model, x.p.Conduct.PromiseUnder, l.Lapsed)
}

// maxSteps bounds the search below: a model that needs more is not near anything.
const maxSteps = 1000

// steps is how many straight judgements take r across the limit, to it with good ones and
// under it with bad ones; maxSteps when it is further.
func (r Reputation) steps(p *Parameters, good bool, under Parts) int {
	n := 0
	for ; n < maxSteps && (r.Value() < under) == good; n++ {
		r = r.After(p, good)
	}
	return n
}

// model says where a beta model stands to its limit, once something went wrong with it.
func (x *explanation) model(about, good, bad string, r Reputation, p *Parameters, under Parts, now uint64) {
	value := r.Value()
	switch {
	case value < under:
		x.say(about, MoodPenalty, "%s is under the limit of %s: %d %s in a row lift it", percent(value), percent(under), r.steps(p, true, under), good)
	case now > 0:
		x.say(about, MoodNotice, "%d %s in a row would close the gate (limit %s, now %s)", r.steps(p, false, under), bad, percent(under), percent(value))
	}
}

// uptime says what the mean over the last windows threatens: a suspension that is waiting
// for the end of its grace, or one that comes if the node goes on as in this epoch.
func (x *explanation) uptime() {
	c, s := &x.p.Conduct, &x.l.Standing
	mean, known := s.Uptime.Mean(c.UptimeWindows)
	if !known {
		x.say("uptime", MoodFact, "nobody asked yet; the mean of uptime begins with the first challenge")
		return
	}
	days := c.UptimeWindows * x.p.WindowSeconds / (24 * 3600)
	x.say("uptime", MoodFact, "%s on the mean of the last %d days; under %s suspends after %d days' grace", percent(mean), days, percent(c.UptimeUnder), c.GraceSeconds/(24*3600))
	if s.GraceUntil != 0 {
		back, found := x.when(One, func(mean Parts) bool { return mean >= c.UptimeUnder })
		lift := "as long as this node is away it stays so"
		if found {
			lift = "answering every challenge lifts the mean over the limit by " + moment(back)
		}
		if x.c.To >= s.GraceUntil {
			x.say("uptime", MoodPenalty, "suspended for absence: %s", lift)
		} else {
			x.say("uptime", MoodNotice, "the mean is under the limit: it suspends on %s; %s", moment(s.GraceUntil), lift)
		}
		return
	}
	if x.l.Asked == 0 || x.l.Factors.A >= c.UptimeUnder {
		return
	}
	if under, found := x.when(x.l.Factors.A, func(mean Parts) bool { return mean < c.UptimeUnder }); found {
		x.say("uptime", MoodNotice, "at this rate (%s of challenges answered) the mean falls under the limit on %s and suspends on %s: keep the node reachable", percent(x.l.Factors.A), moment(under), moment(under+c.GraceSeconds))
	}
}

// when is the time at which the mean is as wanted, if every window from now on has the
// given share; found is false when it is not within the reach of the mean.
func (x *explanation) when(share Parts, wanted func(mean Parts) bool) (at uint64, found bool) {
	u, to := x.l.Standing.Uptime, x.c.To
	const asked = uint64(One) // a share to nine digits
	for range MaxUptimeWindows {
		to += x.p.WindowSeconds
		number := int64(to / x.p.WindowSeconds)
		u.Enter([]Window{{Asked: asked, Answered: uint64(share), At: number}}, number)
		if mean, _ := u.Mean(x.p.Conduct.UptimeWindows); wanted(mean) {
			return to, true
		}
	}
	return 0, false
}

var placePattern = regexp.MustCompile(`^([A-Z]{2})?$`)

// Validate checks a line that somebody else sent, so that it can be explained: every share,
// model and word is one that Compute could have written. It does not say that Compute did;
// recomputing the epoch does.
func (l *Line) Validate() error {
	s := &l.Standing
	for _, part := range [...]Parts{l.Factors.C, l.Factors.A, l.Factors.Q, l.Factors.N, l.Factor, l.Efficiency.Share} {
		if part > One {
			return fmt.Errorf("score of %s: a share is over 1; ask another coordinator", l.Node)
		}
	}
	for _, r := range [...]Reputation{l.Reputation, s.Checks, s.Promises} {
		if r.Alpha > maxModel || r.Beta > maxModel {
			return fmt.Errorf("score of %s: a reputation is out of range; ask another coordinator", l.Node)
		}
	}
	if l.Rejected > l.Read {
		return fmt.Errorf("score of %s: readers rejected more than they read; ask another coordinator", l.Node)
	}
	gates := []Gate{GateOpen, GateNotRegistered, GateNoEvidence, GateQuality, GateChecks, GatePromises, GateUptime}
	if l.Tier < 0 || l.Tier >= TierCount || !slices.Contains(gates, l.Gate) || !slices.Contains([]Trust{"", TrustSoftware, TrustDevice}, l.Trust) || !placePattern.MatchString(l.Jurisdiction) {
		return fmt.Errorf("score of %s: a tier, gate, country or trust that this version does not know; update, or ask another coordinator", l.Node)
	}
	return nil
}
