package score

// tally is what all lines together show.
type tally struct {
	here map[string]uint64 // live nodes (gate open) by jurisdiction
	live uint64

	asked, available uint64 // of the registered: nodes that somebody asked, Σ of their a
	good, bad        uint64 // judgements
}

// add counts a line. A thousand dead registrations must not make a place look crowded, so
// only live nodes stand somewhere; and nodes that are not registered move nothing:
// strangers must not steer the weights.
func (t *tally) add(l *Line) {
	if l.Gate == GateOpen {
		t.here[l.Jurisdiction]++
		t.live++
	}
	if l.Gate == GateNotRegistered {
		return
	}
	t.bad += l.Disputed + l.Failed + l.Differed
	t.good += l.Accepted + l.Checked - l.Failed + l.Compared - l.Differed
	if l.Asked > 0 {
		t.asked++
		t.available += uint64(l.Factors.A)
	}
}

func (t *tally) join(other tally) {
	for place, count := range other.here { // a sum of whole numbers: the order is of no matter
		t.here[place] += count
	}
	t.live += other.live
	t.asked, t.available = t.asked+other.asked, t.available+other.available
	t.good, t.bad = t.good+other.good, t.bad+other.bad
}

// signals reads the network's lacks off the tally.
func (t *tally) signals(e Epoch) Signals {
	s := Signals{UnmetOffers: ratio(e.Demand.Unmet, e.Demand.Offers), Disputes: ratio(t.bad, t.good+t.bad)}
	if t.asked > 0 {
		s.Outage = One - Parts(t.available/t.asked)
	}
	for _, count := range t.here { // a sum of whole numbers: the order is of no matter
		share := ratio(count, t.live)
		s.Concentration += share.times(share)
	}
	return s
}
