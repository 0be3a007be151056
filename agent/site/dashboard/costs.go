package dashboard

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// Costs is what the clinic's own work costs without an analysis, in its own currency: what
// the market's price is held against.
type Costs struct {
	Currency string             // such as EUR; empty: nothing is compared
	PerHIVE  float64            // what one HIVE costs the clinic; 0: not known
	Manual   float64            // of one study by hand, where Models does not say
	Models   map[string]float64 // by a model's id
}

// manual is what a study of a model costs by hand; 0: not known.
func (c Costs) manual(model string) float64 {
	id, _, _ := strings.Cut(model, "@")
	if cost, ok := c.Models[id]; ok {
		return cost
	}
	return c.Manual
}

// Bill is what was paid, and what the same work costs by hand.
type Bill struct {
	Currency string     `json:"currency,omitempty"`
	Days     []BillLine `json:"days"`
	Models   []BillLine `json:"models"`
	Total    BillLine   `json:"total"`
	// Cases is how many of the newest were counted; More says that there are older ones.
	Cases int  `json:"cases"`
	More  bool `json:"more,omitempty"`
}

// BillLine is the sum of some cases.
type BillLine struct {
	Day      string `json:"day,omitempty"` // in the site's zone
	Model    string `json:"model,omitempty"`
	Studies  int    `json:"studies"`   // that have a result
	PaidGwei uint64 `json:"paid_gwei"` // of HIVE, to nodes
	OpenGwei uint64 `json:"open_gwei"` // what those under way may cost at the most
	// Paid and Manual are in the clinic's currency; 0 where it is not known.
	Paid   float64 `json:"paid,omitempty"`
	Manual float64 `json:"manual,omitempty"`
}

// BillOf sums cases, the newest day first, and the models by what they cost.
func BillOf(cases []worklist.Case, c Costs, zone *time.Location) Bill {
	b := Bill{Currency: c.Currency, Cases: len(cases), Days: []BillLine{}, Models: []BillLine{}}
	days, byModel := map[string]*BillLine{}, map[string]*BillLine{}
	line := func(in map[string]*BillLine, key string, fresh BillLine) *BillLine {
		if in[key] == nil {
			in[key] = &fresh
		}
		return in[key]
	}
	for _, one := range cases {
		if one.Model == "" {
			continue
		}
		day := cmp.Or(one.At.Analysed.In(zone), time.Time{})
		if one.At.Analysed.IsZero() {
			day = one.At.Routed.In(zone)
		}
		date := day.Format(time.DateOnly)
		for _, l := range []*BillLine{&b.Total, line(days, date, BillLine{Day: date}), line(byModel, one.Model, BillLine{Model: one.Model})} {
			l.count(one, c)
		}
	}
	for _, l := range days {
		b.Days = append(b.Days, *l)
	}
	for _, l := range byModel {
		b.Models = append(b.Models, *l)
	}
	slices.SortFunc(b.Days, func(x, y BillLine) int { return cmp.Compare(y.Day, x.Day) })
	slices.SortFunc(b.Models, func(x, y BillLine) int {
		return cmp.Or(cmp.Compare(y.PaidGwei, x.PaidGwei), cmp.Compare(x.Model, y.Model))
	})
	return b
}

// count adds one case.
func (l *BillLine) count(one worklist.Case, c Costs) {
	switch one.State {
	case worklist.Routed, worklist.Held, worklist.Submitted:
		l.OpenGwei = plus(l.OpenGwei, one.Terms.PriceCeilingGwei)
	case worklist.Analysed, worklist.Delivering, worklist.Delivered, worklist.Accepted, worklist.Rejected:
		l.Studies++
		l.PaidGwei = plus(l.PaidGwei, one.PriceGwei)
		l.Paid += float64(one.PriceGwei) / web.GweiPerHIVE * c.PerHIVE
		l.Manual += c.manual(one.Model)
	}
}

func plus(a, b uint64) uint64 { return a + min(b, math.MaxUint64-a) }

// billed bounds how many cases a bill counts.
const billed = 5000

func (v *visit) bill() (Bill, error) {
	list, err := v.site.Worklist(worklist.Filter{Limit: billed + 1})
	cases := make([]worklist.Case, min(len(list), billed))
	for n := range cases {
		cases[n] = list[n].Case
	}
	b := BillOf(cases, v.conf.Costs, time.Local)
	b.More = len(list) > billed
	return b, err
}

func showCosts(v *visit) error {
	b, err := v.bill()
	if err != nil {
		return err
	}
	return v.Page(http.StatusOK, "costs", "Costs", b)
}
