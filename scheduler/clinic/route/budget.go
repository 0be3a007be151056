package route

import (
	"errors"
	"fmt"

	"github.com/medhive/medhive/scheduler"
)

// The ways to go on when a budget is spent.
const (
	thenStop = "stop"
	thenNext = "next"
)

func (b Budget) check(ceiling uint64) error {
	switch {
	case b.DayCount < 0 || b.MonthCount < 0:
		return errors.New("budget: a count is below zero; 0 is no limit")
	case (b.DayGwei > 0 || b.MonthGwei > 0) && ceiling == 0:
		return errors.New("budget in gwei without price-ceiling-gwei: what a study may cost is counted against it, write one")
	case (b.DayGwei > 0 && ceiling > b.DayGwei) || (b.MonthGwei > 0 && ceiling > b.MonthGwei):
		return errors.New("budget: it is below the price ceiling of one study, so that nothing would ever be analysed")
	case b.Then != "":
		return oneOf("budget then", b.Then, []string{thenStop, thenNext})
	}
	return nil
}

// spent says which limit one more study, of at most cost gwei, would go beyond; empty: none.
func (b Budget) spent(use Use, cost uint64, class scheduler.Class) string {
	if b.STATPasses && class >= scheduler.STAT {
		return ""
	}
	switch {
	case b.DayCount > 0 && use.DayCount >= b.DayCount:
		return fmt.Sprintf("%d of %d studies of this day are used", use.DayCount, b.DayCount)
	case b.MonthCount > 0 && use.MonthCount >= b.MonthCount:
		return fmt.Sprintf("%d of %d studies of this month are used", use.MonthCount, b.MonthCount)
	case b.DayGwei > 0 && saturatingAdd(use.DayGwei, cost) > b.DayGwei:
		return fmt.Sprintf("%d of %d gwei of this day are used or set aside, and a study may cost %d", use.DayGwei, b.DayGwei, cost)
	case b.MonthGwei > 0 && saturatingAdd(use.MonthGwei, cost) > b.MonthGwei:
		return fmt.Sprintf("%d of %d gwei of this month are used or set aside, and a study may cost %d", use.MonthGwei, b.MonthGwei, cost)
	}
	return ""
}

// Over says which limit of a rule's budget one more study of it would go beyond, that costs
// at most cost gwei; empty: none, or there is no such rule any more.
func (r Rules) Over(rule string, spent Spent, cost uint64, class scheduler.Class) string {
	for _, one := range r.rules {
		if one.Name == rule {
			return one.Budget.spent(spent[rule], cost, class)
		}
	}
	return ""
}
