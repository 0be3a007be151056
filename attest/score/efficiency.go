package score

// Efficiency is what a node's profile says of its TOPS per watt. The zero value is a
// profile that says nothing of it (version 1), or none at all; it pays what power that
// nobody measured pays.
type Efficiency struct {
	Known bool  `json:"known"`
	Share Parts `json:"share"` // of the tier's TOPS/W, at most One; 0 where power is unmeasured or merely declared
}

// Capped is the efficiency of a claim of which only a part was verified: the same watts
// did less, Share · verified/claim.
func (e Efficiency) Capped(verified, claim uint64) Efficiency {
	if e.Known && verified < claim {
		e.Share = e.Share.times(ratio(verified, claim))
	}
	return e
}

// thrift is what efficiency leaves of a reward: from low/high, the two ends of the tier's
// band, for a node that measures nothing, to One at the tier's full TOPS/W,
//
//	thrift = low/high + (1 − low/high) · share
//
// Saying nothing must not pay better than saying that nothing is measured, so a share that
// isn't known is 0. It is One for the unqualified, whose band begins at nothing, and where
// efficiency doesn't count (Parameters.Thrift).
func (p *Parameters) thrift(tier int, e Efficiency) Parts {
	t := p.Tiers[tier]
	if !p.Thrift || t.LowHive == 0 {
		return One
	}
	var share Parts
	if e.Known {
		share = min(e.Share, One)
	}
	floor := ratio(t.LowHive, t.HighHive)
	return floor + (One - floor).times(share)
}
