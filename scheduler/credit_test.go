package scheduler

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCreditLimits(t *testing.T) {
	limits := CreditLimits{ExposureGwei: 100, UnsecuredGwei: 20, TogetherGwei: 50}
	for name, c := range map[string]struct {
		credit Credit
		others uint64
		price  uint64
		want   error
	}{
		"a stranger's first job":                          {Credit{}, 0, 5, nil},
		"a first job above every limit":                   {Credit{}, 0, 500, nil},
		"a second one above every limit":                  {Credit{EngagedGwei: 500}, 0, 500, ErrExposure},
		"up to the credit without a deposit":              {Credit{OwedGwei: 10, EngagedGwei: 5}, 0, 5, nil},
		"beyond it":                                       {Credit{OwedGwei: 10, EngagedGwei: 6}, 0, 5, ErrUnsecured},
		"vouchers without a deposit are words":            {Credit{OwedGwei: 18, VoucheredGwei: 18}, 0, 5, ErrUnsecured},
		"vouchers that the deposit covers":                {Credit{OwedGwei: 400, VoucheredGwei: 400, ReservedGwei: 500}, 0, 5, nil},
		"vouchers that only a free deposit covers":        {Credit{OwedGwei: 60, VoucheredGwei: 60, FreeGwei: 500}, 0, 5, ErrUnsecured},
		"vouchers whose money is on its way out":          {Credit{OwedGwei: 40, VoucheredGwei: 40, ThawingGwei: 500}, 0, 5, ErrUnsecured},
		"a free deposit doubles the credit":               {Credit{OwedGwei: 35, VoucheredGwei: 35, FreeGwei: 500}, 0, 5, nil},
		"and does no more":                                {Credit{OwedGwei: 36, VoucheredGwei: 36, FreeGwei: 500}, 0, 5, ErrUnsecured},
		"a small one does less":                           {Credit{OwedGwei: 20, VoucheredGwei: 20, FreeGwei: 4}, 0, 5, ErrUnsecured},
		"a wallet's voucher, and a reservation":           {Credit{OwedGwei: 95, VoucheredGwei: 95, ReservedGwei: 500, Revocable: true}, 0, 5, nil},
		"more of them than a node risks":                  {Credit{OwedGwei: 96, VoucheredGwei: 96, ReservedGwei: 500, Revocable: true}, 0, 5, ErrExposure},
		"a wallet's voucher that was paid":                {Credit{OwedGwei: 400, VoucheredGwei: 400, RedeemedGwei: 400, ReservedGwei: 500, Revocable: true}, 0, 5, nil},
		"vouchers that were paid":                         {Credit{OwedGwei: 400, VoucheredGwei: 400, RedeemedGwei: 400}, 0, 5, nil},
		"a deposit that is nearly used up":                {Credit{OwedGwei: 500, VoucheredGwei: 500, ReservedGwei: 480}, 0, 5, ErrUnsecured},
		"a deposit does not make up for a voucher":        {Credit{OwedGwei: 96, ReservedGwei: 1000}, 0, 5, ErrExposure},
		"what all others' deposits do not cover":          {Credit{OwedGwei: 5}, 41, 5, ErrUnsecured},
		"which does not touch a clinic that reserved":     {Credit{OwedGwei: 5, VoucheredGwei: 5, ReservedGwei: 10}, 41, 5, nil},
		"but one whose deposit is free":                   {Credit{OwedGwei: 5, VoucheredGwei: 5, FreeGwei: 10}, 41, 5, ErrUnsecured},
		"figures of a stranger at the edge of 64 bits":    {Credit{OwedGwei: math.MaxUint64, EngagedGwei: math.MaxUint64}, math.MaxUint64, math.MaxUint64, ErrExposure},
		"a clinic that paid more than it owed is in hand": {Credit{OwedGwei: 5, VoucheredGwei: 50, RedeemedGwei: 50}, 0, 5, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := limits.Allows(c.credit, c.others, c.price); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestCoverGrowsOld(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	c := Cover{ReservedGwei: 3, FreeGwei: 4, ThawingGwei: 5, RedeemedGwei: 2, At: at}
	if got := c.Held(at.Add(CoverLife - 1)); got != c {
		t.Errorf("a fresh word counts as %+v", got)
	}
	if got, want := c.Held(at.Add(CoverLife)), (Cover{RedeemedGwei: 2, At: at}); got != want {
		t.Errorf("an old word counts as %+v, want %+v", got, want)
	}
	if got := (Cover{FreeGwei: 4}).Held(at); got != (Cover{}) {
		t.Errorf("what nobody said counts as %+v", got)
	}
}

func drawCredit(t *rapid.T) Credit {
	gwei := rapid.OneOf(rapid.Uint64Range(0, 1000), rapid.Uint64())
	return Credit{OwedGwei: gwei.Draw(t, "owed"), VoucheredGwei: gwei.Draw(t, "vouchered"), RedeemedGwei: gwei.Draw(t, "redeemed"),
		EngagedGwei: gwei.Draw(t, "engaged"), ReservedGwei: gwei.Draw(t, "reserved"), FreeGwei: gwei.Draw(t, "free"), ThawingGwei: gwei.Draw(t, "thawing"), Revocable: rapid.Bool().Draw(t, "revocable")}
}

func TestExposureHoldsTheUnsecured(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCredit(t)
		if c.UnsecuredGwei() > c.ExposureGwei() {
			t.Fatalf("%+v: %d is not covered, but only %d exposed", c, c.UnsecuredGwei(), c.ExposureGwei())
		}
		if !c.Revocable && c.PayableGwei() > c.SignedGwei() || c.PayableGwei() > plus(plus(c.ReservedGwei, c.FreeGwei), c.ThawingGwei) || c.LentGwei() > c.PayableGwei() {
			t.Fatalf("%+v: %d is payable", c, c.PayableGwei())
		}
	})
}

// TestLossIsBounded: whatever a clinic signs, pays, withholds or takes back, a node that keeps
// to its limits never has more at stake than they say, as long as a reservation that was seen
// stays. The free deposit goes to others at any moment.
func TestLossIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := CreditLimits{ExposureGwei: rapid.Uint64Range(0, 300).Draw(t, "exposure"), UnsecuredGwei: rapid.Uint64Range(1, 100).Draw(t, "unsecured"), TogetherGwei: math.MaxUint64}
		price := rapid.Uint64Range(1, 20).Draw(t, "price")
		c := Credit{ReservedGwei: rapid.Uint64Range(0, 200).Draw(t, "reserved"), FreeGwei: rapid.Uint64Range(0, 1000).Draw(t, "free"), Revocable: rapid.Bool().Draw(t, "wallet")}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				if limits.Allows(c, 0, price) == nil {
					c.EngagedGwei += price
				}
			case 1: // a receipt
				if c.EngagedGwei >= price {
					c.EngagedGwei, c.OwedGwei = c.EngagedGwei-price, c.OwedGwei+price
				}
			case 2: // a voucher over a part of it
				c.VoucheredGwei = rapid.Uint64Range(c.VoucheredGwei, c.OwedGwei).Draw(t, "voucher")
			case 3: // redeemed
				paid := c.PayableGwei()
				reserved := min(paid, c.ReservedGwei)
				c.RedeemedGwei, c.ReservedGwei, c.FreeGwei = c.RedeemedGwei+paid, c.ReservedGwei-reserved, c.FreeGwei-(paid-reserved)
			case 4:
				c.ReservedGwei += rapid.Uint64Range(0, 50).Draw(t, "reserved more")
			case 5:
				c.FreeGwei = rapid.Uint64Range(0, 1000).Draw(t, "free now")
			}
			atStake := minus(plus(c.OwedGwei, c.EngagedGwei), plus(c.RedeemedGwei, c.ReservedGwei))
			if most := max(2*limits.UnsecuredGwei, price); atStake > most {
				t.Fatalf("%+v: %d are at stake if all is signed, %d at most by the limits", c, atStake, most)
			}
			taken := minus(plus(c.OwedGwei, c.EngagedGwei), c.RedeemedGwei) // if a wallet takes its voucher back
			if !c.Revocable {
				taken = plus(minus(plus(c.OwedGwei, c.EngagedGwei), c.VoucheredGwei), minus(minus(c.VoucheredGwei, c.RedeemedGwei), c.ReservedGwei))
			}
			if most := max(limits.ExposureGwei, price); taken > most {
				t.Fatalf("%+v: %d are at stake if nothing more is signed, %d at most by the limits", c, taken, most)
			}
		}
	})
}

// TestOneDepositBeforeManyNodes: a clinic shows the same free deposit to each of a hundred
// nodes, and lets only one of them redeem. Each loses what it lends without a reservation, and
// not what the deposit would have paid if it were its own.
func TestOneDepositBeforeManyNodes(t *testing.T) {
	const price, nodes = 10, 100
	limits, deposit := DefaultCreditLimits(price), uint64(1_000_000)
	var lost uint64
	for node := range nodes {
		c := Credit{FreeGwei: deposit}
		for limits.Allows(c, 0, price) == nil && c.OwedGwei < deposit {
			c.OwedGwei, c.VoucheredGwei = c.OwedGwei+price, c.VoucheredGwei+price
		}
		if node > 0 {
			lost += c.SignedGwei()
		}
	}
	if most := 2 * limits.UnsecuredGwei * (nodes - 1); lost > most {
		t.Errorf("%d gwei are lost, %d at most", lost, most)
	}
}

// TestClinicThatNeverSigns: so many jobs, and not one more.
func TestClinicThatNeverSigns(t *testing.T) {
	const price = 7
	limits, c, done := DefaultCreditLimits(price), Credit{}, 0
	for limits.Allows(c, 0, price) == nil && done < 1000 {
		c.OwedGwei += price
		done++
	}
	if done != 20 {
		t.Errorf("%d jobs without a deposit, want 20", done)
	}
	for name, c := range map[string]Credit{"never signs": {ReservedGwei: math.MaxUint64}, "signs by a wallet that will take it back": {ReservedGwei: math.MaxUint64, Revocable: true}} {
		done = 0
		for limits.Allows(c, 0, price) == nil && done < 1000 {
			if c.OwedGwei += price; c.Revocable {
				c.VoucheredGwei += price
			}
			done++
		}
		if done != 200 {
			t.Errorf("%d jobs with a reservation for a clinic that %s, want 200", done, name)
		}
	}
	var others uint64
	done = 0
	for limits.Allows(Credit{}, others, price) == nil && done < 1000 { // a new name for each job
		others += price
		done++
	}
	if done != 100 {
		t.Errorf("%d jobs for names without a deposit, want 100", done)
	}
}

func charged(prices []uint64) (tabs []Tab) {
	now := time.UnixMilli(1_800_000_000_000)
	tab := Tab{}
	tabs = append(tabs, tab)
	for n, price := range prices {
		tab = tab.Charge(price, now.Add(time.Duration(n/2)*time.Microsecond)) // often within the same millisecond
		tabs = append(tabs, tab)
	}
	return tabs
}

func TestTabNeverFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prices := rapid.SliceOf(rapid.Uint64Range(0, 1000)).Draw(t, "prices")
		var sum uint64
		tabs := charged(prices)
		for n, price := range prices {
			sum += price
			before, after := tabs[n], tabs[n+1]
			if after.TotalGwei != sum || !after.At.After(before.At) || len(after.Recent) > recentCharges {
				t.Fatalf("after %d: %+v, want %d", n, after, sum)
			}
		}
	})
}

// TestTabOfABackup: a clinic whose database is an older one finds its total again when a
// node shows what it signed, and charges nothing twice.
func TestTabOfABackup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Uint64Range(1, 1000), 1, 100).Draw(t, "before the loss")
		after := rapid.SliceOfN(rapid.Uint64Range(1, 1000), 0, recentCharges).Draw(t, "after it")
		tabs := charged(before)
		shown := tabs[len(tabs)-1]
		tab := tabs[rapid.IntRange(0, len(tabs)-1).Draw(t, "backup")]
		want := shown.TotalGwei
		for _, price := range after {
			tab = tab.Charge(price, shown.At.Add(time.Second))
			want += price
		}
		tab, _ = tab.Shown(shown.TotalGwei, shown.At)
		if tab.TotalGwei < shown.TotalGwei || tab.TotalGwei > want {
			t.Fatalf("found %d, want %d", tab.TotalGwei, want)
		}
		// Where the tab had overtaken the voucher already, nobody can tell.
		if tab.TotalGwei != want && tab.TotalGwei == shown.TotalGwei {
			t.Fatalf("found %d, want %d", tab.TotalGwei, want)
		}
		if again, changed := tab.Shown(shown.TotalGwei, shown.At); changed || again.TotalGwei != tab.TotalGwei {
			t.Fatal("the same voucher shown twice counts twice")
		}
	})
}

func TestNextVoucher(t *testing.T) {
	if err := NextVoucher(5, 4); !errors.Is(err, ErrFalling) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(NextVoucher(5, 5), NextVoucher(0, math.MaxUint64)); err != nil {
		t.Error(err)
	}
}

func TestRedeemRule(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	rule := RedeemRule{AboveGwei: 100, LentGwei: 20, After: 24 * time.Hour}
	fresh, old := now.Add(-time.Hour), now.Add(-25*time.Hour)
	for name, c := range map[string]struct {
		parts []Redemption
		want  bool
	}{
		"nothing":                        {nil, false},
		"little":                         {[]Redemption{{99, 0, false, fresh}}, false},
		"enough of several":              {[]Redemption{{50, 0, false, fresh}, {50, 0, false, fresh}}, true},
		"little that waited":             {[]Redemption{{1, 0, false, old}, {1, 0, false, fresh}}, true},
		"what pays nothing never waited": {[]Redemption{{0, 0, false, old}, {1, 0, false, fresh}}, false},
		"sums do not wrap":               {[]Redemption{{math.MaxUint64, 0, false, fresh}, {1, 0, false, fresh}}, true},
		"what is not reserved is sooner": {[]Redemption{{20, 20, false, fresh}}, true},
		"money that thaws":               {[]Redemption{{1, 0, true, now.Add(-2 * time.Hour)}}, true},
		"but not a study at a time":      {[]Redemption{{1, 0, true, now.Add(-time.Minute)}}, false},
		"but not for each study":         {[]Redemption{{99, 19, false, fresh}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rule.Due(c.parts, now); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// FuzzCredit: no figure of a stranger brings a limit out of order.
func FuzzCredit(f *testing.F) {
	f.Add(uint64(1), uint64(2), uint64(3), uint64(4), uint64(5), uint64(6))
	f.Add(uint64(math.MaxUint64), uint64(0), uint64(0), uint64(math.MaxUint64), uint64(0), uint64(math.MaxUint64))
	limits := DefaultCreditLimits(1000)
	f.Fuzz(func(t *testing.T, owed, vouchered, redeemed, engaged, cover, price uint64) {
		c := Credit{OwedGwei: owed, VoucheredGwei: vouchered, RedeemedGwei: redeemed, EngagedGwei: engaged, ReservedGwei: cover, FreeGwei: price, Revocable: owed%2 == 1}
		if limits.Allows(c, 0, price) != nil {
			return
		}
		c.EngagedGwei = plus(c.EngagedGwei, price)
		if c.ExposureGwei() > max(limits.ExposureGwei, price) || c.UnsecuredGwei() > max(limits.lends(c.FreeGwei), price) {
			t.Fatalf("%+v was allowed at %d", c, price)
		}
	})
}
