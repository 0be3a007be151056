package sim_test

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/scheduler"
)

var (
	attackFlag   = flag.Duration("attack", 20*time.Second, "virtual time under attack")
	unlistedFlag = flag.Bool("unlisted", false, "tell also what the attack costs without a list of clinics, as it is until the payments come")
	enemiesFlag  = flag.String("enemies", "vandal,stranger,decoy,sybil,staller,liar,sybil", "kinds of hostile nodes, dealt in turn")
)

// The attack and what must be left of the market.
const (
	hostileShare = 0.2 // of the nodes
	lanes        = 4   // tasks that a clinic keeps under way
	// opening is told but not judged: of a node that has done nothing yet nothing is known.
	opening        = 30 * time.Second
	arrivals       = 400 * time.Millisecond // between two studies, over all clinics
	inTime         = 20 * time.Second       // a result that takes longer does not count
	keptThroughput = 0.9
)

// attackReport is what an attack cost.
type attackReport struct {
	Nodes    int     `json:"nodes"`
	Hostile  int     `json:"hostile"`
	Enemies  string  `json:"enemies"`
	Opening  stretch `json:"opening"` // of the attack
	Attacked stretch `json:"under_attack"`
	Calm     stretch `json:"without"`
	// Unlisted is the attack where no list keeps strangers' offers out; told, not judged.
	Unlisted *stretch `json:"unlisted,omitempty"`
}

// stretch is what the clinics got done in a stretch of time.
type stretch struct {
	Rate     float64 `json:"results_a_minute"`
	Results  int     `json:"results"`
	Lost     int     `json:"leases_lost"`
	Late     int     `json:"late"` // no result in time
	MatchP50 float64 `json:"match_p50_ms"`
	MatchP99 float64 `json:"match_p99_ms"`
}

func (r attackReport) kept() float64 { return r.Attacked.Rate / r.Calm.Rate }

// write prints the report for people.
func (r attackReport) write(to io.Writer) {
	fmt.Fprintf(to, "%d nodes, %d of them hostile: clinics keep %.2f of their throughput\n", r.Nodes, r.Hostile, r.kept())
	type row struct {
		name string
		stretch
	}
	rows := []row{{"without", r.Calm}, {"opening", r.Opening}, {"under attack", r.Attacked}}
	if r.Unlisted != nil {
		rows = append(rows, row{"no list", *r.Unlisted})
	}
	for _, s := range rows {
		fmt.Fprintf(to, "  %-13s %6.1f results a minute, %d leases lost, %d tasks late; match p50 %.0f ms, p99 %.0f ms\n", s.name, s.Rate, s.Lost, s.Late, s.MatchP50, s.MatchP99)
	}
}

// TestUnderAttack compares what honest clinics get back while a fifth of the nodes attack
// with what they get while that fifth stands by; studies come as they come,
// and a result counts that comes in time.
func TestUnderAttack(t *testing.T) {
	enemies, err := parseEnemies(*enemiesFlag)
	must(t, err)
	r := attackReport{Enemies: *enemiesFlag, Nodes: *nodesFlag, Hostile: int(hostileShare * float64(*nodesFlag))}
	_, r.Calm = clinicsAtWork(t, r, nil, false)
	r.Opening, r.Attacked = clinicsAtWork(t, r, enemies, false)
	if *unlistedFlag {
		_, open := clinicsAtWork(t, r, enemies, true)
		r.Unlisted = &open
	}
	var text strings.Builder
	r.write(&text)
	t.Log(text.String())
	if *reportFlag != "" {
		must(t, save(*reportFlag, r))
	}
	if r.kept() < keptThroughput {
		t.Errorf("under attack the clinics keep %.2f of their throughput; want %.1f", r.kept(), keptThroughput)
	}
}

// clinicsAtWork lets studies come and counts results.
func clinicsAtWork(t *testing.T, r attackReport, enemies []enmity, unlisted bool) (first, then stretch) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, shape{nodes: r.Nodes, clinics: 3, relays: 2, friends: 4, loss: *lossFlag, seed: 1, attackers: r.Hostile, passive: enemies == nil, enemies: enemies, unlisted: unlisted})
		defer w.end()
		w.settle()
		start := time.Now()
		counted := start.Add(opening)
		end := counted.Add(*attackFlag)
		for count := 0; time.Now().Before(end); count++ {
			w.clinics[count%len(w.clinics)].submit(scheduler.Class(w.random.IntN(int(scheduler.STAT)+1)), patience)
			pass(time.Duration(w.random.ExpFloat64() * float64(arrivals)))
		}
		pass(inTime)
		first, then = w.stretch(start, counted), w.stretch(counted, end)
	})
	return first, then
}

// stretch sums up what became of the studies that came between two moments.
func (w *world) stretch(from, until time.Time) (s stretch) {
	var matches []time.Duration
	for _, c := range w.clinics {
		for _, d := range c.diary() {
			if d.offered.Before(from) || !d.offered.Before(until) {
				continue
			}
			if !d.accepted.IsZero() {
				matches = append(matches, d.accepted.Sub(d.offered))
			}
			s.Lost += d.lost
			if d.result && d.finished.Sub(d.offered) < inTime {
				s.Results++
			} else {
				s.Late++
			}
		}
	}
	s.Rate = float64(s.Results) / until.Sub(from).Minutes()
	s.MatchP50, s.MatchP99 = milliseconds(quantile(matches, 0.5)), milliseconds(quantile(matches, 0.99))
	return s
}
