package panel

import (
	"cmp"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/web"
)

// Days of earnings that a page shows, and the most that may be asked for: a node keeps about
// a year and a half.
const (
	earningsDays    = 30
	maxEarningsDays = 500
)

// joulesPerKWh is 3.6 · 10⁶.
const joulesPerKWh = 3_600_000

type earningsPage struct {
	Earnings
	Studies  uint64
	Gwei     uint64  // of the lines
	KWh      float64 // of the measured ones
	Measured uint64
	Fiat     string // what the receipts come to at the operator's rate; empty: no rate
	Power    string // what the energy cost; empty: no price
	Models   []EarnedLine
	Chart    chart
	Reward   string // HIVE of the epochs
}

func (p *Panel) showEarnings(v *web.Visit) error {
	days, err := daysOf(v)
	if err != nil {
		return err
	}
	e, err := p.node.Earnings(v.R.Context(), days)
	if err != nil {
		return err
	}
	return v.Page(http.StatusOK, "earnings", "Earnings", earningsOf(e, p.now()))
}

func daysOf(v *web.Visit) (int, error) {
	text := v.R.URL.Query().Get("days")
	if text == "" {
		return earningsDays, nil
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 || days > maxEarningsDays {
		return 0, web.Refuse("days %.20q: want 1 to %d", text, maxEarningsDays)
	}
	return days, nil
}

// earningsOf sums up; pure.
func earningsOf(e Earnings, now time.Time) earningsPage {
	page := earningsPage{Earnings: e}
	byModel, byDay := map[string]*EarnedLine{}, map[string]uint64{}
	joules := 0.0
	for _, l := range e.Lines {
		page.Studies, page.Gwei, page.Measured = page.Studies+l.Studies, page.Gwei+l.Gwei, page.Measured+l.Measured
		joules += l.Joules
		byDay[l.Day] += l.Gwei
		m := byModel[l.Model]
		if m == nil {
			m = &EarnedLine{Model: l.Model}
			byModel[l.Model] = m
		}
		m.Studies, m.Gwei, m.Joules, m.Measured = m.Studies+l.Studies, m.Gwei+l.Gwei, m.Joules+l.Joules, m.Measured+l.Measured
	}
	for _, m := range byModel {
		page.Models = append(page.Models, *m)
	}
	slices.SortFunc(page.Models, func(a, b EarnedLine) int {
		return cmp.Or(cmp.Compare(b.Gwei, a.Gwei), cmp.Compare(a.Model, b.Model))
	})
	page.KWh = joules / joulesPerKWh
	if e.PerHIVE > 0 {
		page.Fiat = fmt.Sprintf("%.2f %s", float64(page.Gwei)/web.GweiPerHIVE*e.PerHIVE, e.Currency)
	}
	if e.PerKWh > 0 && page.Measured > 0 {
		page.Power = fmt.Sprintf("%.2f %s", page.KWh*e.PerKWh, e.Currency)
	}
	total := new(big.Int)
	for _, r := range e.Epochs {
		if wei, ok := new(big.Int).SetString(r.Wei, 10); ok {
			total.Add(total, wei)
		}
	}
	page.Reward = weiHIVE(total.String())
	page.Chart = dailyChart(byDay, e.Days, now)
	return page
}

// dailyChart has a bar for each day (UTC).
func dailyChart(byDay map[string]uint64, days int, now time.Time) chart {
	const day = 24 * time.Hour
	until := now.UTC().Truncate(day).Add(day)
	from := until.Add(-time.Duration(days) * day)
	s := history.Span{Series: history.Series{Name: "earned", Unit: "HIVE", Total: true}, Step: day}
	for at := from; at.Before(until); at = at.Add(day) {
		if gwei := byDay[at.Format(time.DateOnly)]; gwei > 0 {
			s.Points = append(s.Points, history.Point{At: at, Cell: history.Cell{N: 1, Sum: float64(gwei) / web.GweiPerHIVE}})
		}
	}
	return amounts("Earned by day", from, until, s)
}

// weiHIVE writes wei as HIVE; "unknown" where it is no number.
func weiHIVE(wei string) string {
	n, ok := new(big.Int).SetString(wei, 10)
	if !ok {
		return "unknown"
	}
	const weiPerHIVE, places = 1_000_000_000_000_000_000, 6
	text := new(big.Rat).SetFrac(n, big.NewInt(weiPerHIVE)).FloatString(places)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
