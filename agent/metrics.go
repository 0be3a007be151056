package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/scheduler/worker"
)

// meterPrefix begins the name of every metric of a node.
const meterPrefix = "medhive_"

// gauges describes the metrics; TestMetrics holds them and their help texts together.
type gauges struct {
	tier, certified, tops, lastQuarter, spread, watts, efficiency, celsius, pressure, measured, flag, studies *prometheus.Desc
	running, jobs, energy, outbox, peers                                                                      *prometheus.Desc
}

func newGauges() gauges {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(meterPrefix+name, help, labels, nil)
	}
	return gauges{
		tier:        d("profile_tier", "Tier of the machine, 0 is unqualified."),
		certified:   d("profile_certified", "1 if the profile was measured for 600 s without a flag."),
		tops:        d("profile_tops", "Sustained dense rate in 10^12 operations a second.", "precision", "of", "provider"),
		lastQuarter: d("profile_last_quarter_ratio", "Rate of the int8 run's last quarter over its best second; below 0.9 it throttled."),
		spread:      d("profile_spread_ratio", "Best window less worst over the median of the int8 run."),
		watts:       d("profile_watts", "Power during the int8 run. Absent when unmeasured.", "of", "basis"),
		efficiency:  d("profile_efficiency", "Efficiency factor of the reward, 0 to 1."),
		celsius:     d("profile_max_celsius", "Highest temperature during the int8 run. Absent without a sensor."),
		pressure:    d("profile_cpu_pressure_ratio", "Share of the int8 run in which tasks waited for a CPU. Absent without PSI."),
		measured:    d("profile_measured_timestamp_seconds", "When the machine was measured."),
		flag:        d("profile_flag", "1 for each kind of flag that the measurement has.", "code"),
		studies:     d("model_examples_per_hour", "Runs an hour of an installed model's example.", "model", "provider"),
		running:     d("jobs_running", "Jobs that run now."),
		jobs:        d("jobs_total", "Jobs that ended, by outcome.", "outcome"),
		energy:      d("job_energy_joules_total", "Energy of the jobs since the start, idle included, by what it is based on. Absent when unmeasured.", "basis"),
		outbox:      d("receipts_waiting", "Receipts that the coordinator has not taken yet."),
		peers:       d("peers", "Connected peers."),
	}
}

// meter collects the node's metrics when somebody asks.
type meter struct {
	gauges
	profile func() hwprobe.Profile
	work    func() (worker.Status, error)
	joules  func() map[power.Basis]float64 // of jobs since the start
	peers   func() int
}

// Describe implements prometheus.Collector.
func (m meter) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, to) }

// Collect implements prometheus.Collector. What was not measured is absent, never 0.
func (m meter) Collect(to chan<- prometheus.Metric) {
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	m.collectProfile(m.profile(), set)
	set(m.gauges.peers, float64(m.peers()))
	for basis, joules := range m.joules() {
		to <- prometheus.MustNewConstMetric(m.energy, prometheus.CounterValue, joules, string(basis))
	}
	work, err := m.work()
	if err != nil {
		return // the node's own state can't be read: its status says so
	}
	set(m.running, float64(len(work.Jobs)))
	set(m.outbox, float64(work.WaitingReceipts))
	for outcome, n := range map[string]uint64{"accepted": work.Totals.Accepted, "failed": work.Totals.Failed, "disputed": work.Totals.Disputed} {
		to <- prometheus.MustNewConstMetric(m.jobs, prometheus.CounterValue, float64(n), outcome)
	}
}

func (m meter) collectProfile(p hwprobe.Profile, set func(*prometheus.Desc, float64, ...string)) {
	flag := map[bool]float64{true: 1}
	set(m.tier, float64(p.Tier))
	set(m.certified, flag[p.Certified])
	set(m.measured, float64(p.At.Unix()))
	set(m.efficiency, hwprobe.Efficiency(p))
	for precision, f := range map[string]*hwprobe.TOPS{"int8": &p.TOPS, "fp32": p.FP32, "fp16": p.FP16} {
		if f != nil {
			set(m.tops, f.Median, precision, "median", f.Provider)
			set(m.tops, f.Best, precision, "best_second", f.Provider)
		}
	}
	if p.TOPS.LastQuarter > 0 {
		set(m.lastQuarter, p.TOPS.LastQuarter)
	}
	if p.TOPS.Windows > 1 {
		set(m.spread, p.TOPS.Spread)
	}
	for of, w := range map[string]float64{"mean": p.Watts.Value, "idle": p.Watts.Idle, "above_idle": p.Watts.AboveIdle} {
		if w > 0 {
			set(m.watts, w, of, string(p.Watts.Basis))
		}
	}
	if c := p.Around.MaxCelsius; c != nil {
		set(m.celsius, *c)
	}
	if x := p.Around.Pressure; x != nil {
		set(m.pressure, *x)
	}
	// Prometheus refuses the whole page where two series have the same labels, and a run
	// has one flag for each reason that slowed it.
	codes := map[rate.Code]bool{}
	for _, f := range p.Flags {
		if !codes[f.Code] {
			set(m.flag, 1, string(f.Code))
		}
		codes[f.Code] = true
	}
	timed := map[[2]string]bool{}
	for _, r := range p.Models {
		if key := [2]string{r.Model, r.Provider}; r.Error == "" && !timed[key] {
			set(m.studies, r.StudiesPerHour, r.Model, r.Provider)
			timed[key] = true
		}
	}
}

// metrics is the page that Prometheus reads.
func (n *Node) metrics() http.Handler {
	return metricsPage(n.conf.Log, meter{
		gauges: newGauges(), profile: func() hwprobe.Profile { return n.profile }, work: n.worker.Status, joules: n.energy.total,
		peers: func() int { return len(n.host.Network().Peers()) },
	}, marketMeter{func(s sheet) {
		s.gossip(n.market.Stats())
		s.node(n.worker.Stats())
		if n.payments != nil {
			s.money(sumVouchers(n.worker.Accounts()))
		}
		if work, err := n.worker.Status(); err == nil { // else the node's own state can't be read: its status says so
			s.place(work)
		}
	}})
}

// metrics is the same page of a clinic.
func (c *Clinic) metrics() http.Handler {
	return metricsPage(c.conf.Log, append(slices.Clip(c.conf.Meters), marketMeter{func(s sheet) {
		s.gossip(c.market.Stats())
		s.clinic(c.broker.Stats())
		if spent, err := c.checks.accounts(); err == nil { // else its database can't be read: the log says so
			s.checks("clinic", spent)
		}
		s.gauge("clinic_nodes_known", "Nodes whose notice is in force.", c.known.Len())
		s.gauge("clinic_nodes_listed", "Active nodes of the registry, as this clinic knows it.", c.roster.size())
		s.gauge("peers", "Connected peers.", len(c.host.Network().Peers()))
	}})...)
}

func metricsPage(log *slog.Logger, collectors ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors...)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)})
}

// metricsServer is the optional door for a scraper. It gives figures and takes nothing.
type metricsServer struct {
	address string // where it listens
	http    *http.Server
	done    chan error
}

// The bounds of a scrape.
const (
	scrapeTimeout = 10 * time.Second
	scrapeHeader  = 16 << 10
)

func serveMetrics(address string, page http.Handler) (*metricsServer, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w; choose another --metrics address", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	s := &metricsServer{address: listener.Addr().String(), done: make(chan error, 1), http: &http.Server{
		Handler: mux, ReadTimeout: scrapeTimeout, WriteTimeout: scrapeTimeout, IdleTimeout: scrapeTimeout, MaxHeaderBytes: scrapeHeader}}
	go func() { s.done <- s.http.Serve(listener) }()
	return s, nil
}

// Close ends the door and waits for it. Who still reads when its time is over is cut: a
// stranger does not keep the process from ending well.
func (s *metricsServer) Close() error { return s.closeWithin(scrapeTimeout) }

func (s *metricsServer) closeWithin(patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
