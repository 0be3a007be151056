package score

// readers counts what readers said of a node's results.
func readers(checks []Check) (read, rejected uint64) {
	for _, c := range checks {
		if c.Kind != CheckReader {
			continue
		}
		read++
		if !c.Valid {
			rejected++
		}
	}
	return read, rejected
}

// unread is the share of q that readers leave:
//
//	1 − share · rejected / max(read, accepted)
//
// A result that nobody read counts as right. Readers judge the model at least as much as who
// ran it, and a clinic's word is one party's, so they cost at most share of q, close no gate
// and take back no pay; what a node computed wrong is for canaries, replicas and re-runs.
func unread(share Parts, read, rejected, accepted uint64) Parts {
	return One - share.times(ratio(rejected, max(read, accepted)))
}

// readings says what readers found, where they found anything.
func (x *explanation) readings() {
	l := x.l
	if l.Read == 0 {
		return
	}
	left := unread(x.p.Conduct.ReaderShare, l.Read, l.Rejected, l.Accepted)
	mood := MoodFact
	if l.Rejected > 0 {
		mood = MoodNotice
	}
	x.say("quality", mood, "readers at the clinics accepted %d results and rejected %d, which costs %s of q; no gate closes by it", l.Read-l.Rejected, l.Rejected, percent(One-left))
}
