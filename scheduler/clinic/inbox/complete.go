package inbox

import "time"

// arrival is what it hangs on whether a study is complete.
type arrival struct {
	first, last time.Time // when the first and the last instance came
	instances   int
	expected    int       // 0: nobody said
	hungUp      time.Time // when the last association that brought instances ended; zero: one is open, or other ways brought some
	finished    bool      // whoever brought it said that this is all
}

// hungUpShare is the part of Config.Quiet for which a study is waited for whose associations
// have all ended: who sends a series with each association begins the next one sooner.
const hungUpShare = 3

// due says when a study counts as complete if nothing more comes, and why.
func (c Config) due(a arrival) (at time.Time, why Completion) {
	switch {
	case a.finished:
		return a.last, AllAtOnce
	case a.expected > 0 && a.instances >= a.expected:
		return a.last, Counted
	}
	at, why = a.last.Add(c.Quiet), Quiet
	if !a.hungUp.IsZero() {
		ended := a.last
		if a.hungUp.After(ended) {
			ended = a.hungUp
		}
		if ended = ended.Add(c.Quiet / hungUpShare); ended.Before(at) {
			at, why = ended, HungUp
		}
	}
	if limit := a.first.Add(c.LongestWait); limit.Before(at) {
		at, why = limit, WaitedFor
	}
	return at, why
}
