package panel

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/rate"
)

// fake is a node without a machine behind it: a busy workstation on its third day.
type fake struct {
	now time.Time

	mu      sync.Mutex // guards what follows
	mode    Mode
	changed chan struct{}
	binding bool // the page of the owner is open
	bare    bool // it has just begun: no score, no figures, no peers
}

func newFake() *fake {
	return &fake{now: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC), mode: Working, changed: make(chan struct{})}
}

func (f *fake) isBare() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bare
}

func (f *fake) Status(context.Context) (Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	watts, celsius := 286.4, 67.0
	s := Status{
		Name: "node", Version: "0.8.0", Address: "0x52908400098527886E0F7030069857D2E4169EE7", Peer: "16Uiu2HAmPZ9Yr7Tn2hVQyCwQd6bq3xUuS8Hn5E4sGf7j1",
		Recipient: "0xde709f2102306220921060314715629080e2fb77", Jurisdiction: "DE", Tier: "3", Accelerators: []string{"NVIDIA RTX 4090"}, TOPS: 184.6, Provider: "cuda", Runtime: "1.22.0",
		Verified: "182.310 TOPS proved at 2026-11-22T03:12:44Z, 184.600 claimed; up to 1.9 times what is proved counts", Power: "301.2 W, wall", Energy: "the last job took 1204 J in 4.2 s (wall)",
		PriceGwei: 1_000_000, Mode: f.mode, Jobs: []Job{{"3f9a01c2", "stat", "infer", 0.62}, {"77b0c1d2", "routine", "fetch", 0.18}},
		Ended:    []Ended{{"91d2e3f4", f.now.Add(-4 * time.Minute), "paid", "", 1_250_000}, {"c0ffee00", f.now.Add(-31 * time.Minute), "failed", "the study has no usable volume", 0}},
		Capacity: 2, StatPlaces: 1, Waiting: 1, Queue: 4, Undelivered: 1, Done: 1482, Failed: 7, Disputed: 1, Outbox: 3, Peers: 3,
		Earned: Earned{61_250_000, 49, 402_500_000, 322, 88_000_000}, ClaimedWei: "12500000000000000000", Watts: &watts, WattsBasis: "wall", Celsius: &celsius, Up: 63 * time.Hour,
	}
	if f.mode != Working {
		s.Closed = "its operator has it " + string(f.mode)
	}
	if f.bare {
		s.Jobs, s.Ended, s.Watts, s.Celsius, s.WattsBasis, s.ClaimedWei, s.Accelerators = []Job{}, []Ended{}, nil, nil, "unmeasured", "unknown", nil
	}
	return s, nil
}

func (f *fake) Warnings() []warning.Warning {
	if f.isBare() {
		return nil
	}
	return []warning.Warning{
		{Code: "disk-low", Severity: warning.Caution, Text: "1.6 GiB are free on the disk of the state folder; below 512 MiB no work is taken", Fix: "make room, or set --sealed-max", Since: f.now.Add(-26 * time.Hour)},
		{Code: "measurement-old", Severity: warning.Notice, Text: "this machine was measured 32 days ago", Fix: "start the node again: it measures anew", Since: f.now.Add(-49 * time.Hour)},
	}
}

func (f *fake) Owner(context.Context) (Owner, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := Owner{Node: "0x52908400098527886E0F7030069857D2E4169EE7", Device: "2a018ad2db441a38, vouched for by 0x8617E340B3D01FA5F11F306F4090FD50E238070D", Wallet: "0xde709f2102306220921060314715629080e2fb77"}
	if f.bare {
		o.Wallet, o.Device = "", ""
	}
	if f.binding {
		o.Link, o.Until = "http://192.0.2.20:9404/bind/00112233445566778899aabbccddeeff", f.now.Add(time.Hour)
	}
	return o, nil
}

func (f *fake) Bind(context.Context) error { return f.bind(true) }

func (f *fake) Unbind(context.Context) error { return f.bind(false) }

func (f *fake) bind(open bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.binding = open
	return nil
}

func (f *fake) Series() []history.Series { return Series() }

// Read makes figures of a machine that works in bursts, with a gap.
func (f *fake) Read(name string, from, until time.Time, most int) (history.Span, error) {
	var s history.Series
	for _, one := range Series() {
		if one.Name == name {
			s = one
		}
	}
	if s.Name == "" {
		return history.Span{}, history.ErrUnknown
	}
	span := history.Span{Series: s, Step: until.Sub(from) / time.Duration(most)}
	if f.isBare() {
		return span, nil
	}
	for n := range most {
		if n > most/3 && n < most/3+most/20 {
			continue
		}
		x := float64(n) / float64(most)
		burst := max(0, math.Sin(40*x)) * (0.6 + 0.4*math.Sin(7*x))
		v := map[string]float64{Watts: 84 + 240*burst, Celsius: 41 + 32*burst, TOPS: 184.6, Proved: 180 + 4*math.Round(4*x)/4, Busy: 100 * min(1, burst*1.4), Done: math.Round(9 * burst)}[name]
		span.Points = append(span.Points, history.Point{At: from.Add(time.Duration(n) * span.Step), Cell: history.Cell{N: 1, Sum: v, Min: float32(v * 0.96), Max: float32(v * 1.03)}})
	}
	return span, nil
}

func (f *fake) Earnings(_ context.Context, days int) (Earnings, error) {
	e := Earnings{Days: days, Lines: []EarnedLine{}, Epochs: []EpochReward{}, ClaimedWei: "12500000000000000000", ClaimableWei: "900000000000000000", PendingWei: "430000000000000000", Currency: "EUR", PerHIVE: 0.05, PerKWh: 0.31}
	if f.isBare() {
		return Earnings{Days: days, Notes: []string{"rewards are not known: the chain does not answer"}}, nil
	}
	for n := range min(days, 12) {
		day := f.now.AddDate(0, 0, -n).Format(time.DateOnly)
		e.Lines = append(e.Lines, EarnedLine{day, "t1-tissue@1.0.0", uint64(40 - 2*n), 3, uint64(40-2*n) * 1_250_000, float64(40-2*n) * 1180, uint64(40 - 2*n)})
		if n%3 == 0 {
			e.Lines = append(e.Lines, EarnedLine{day, "lung-nodule@2.1.0", 6, 1, 9_000_000, 0, 0})
		}
		e.Epochs = append(e.Epochs, EpochReward{uint64(412 - n), day, "9400000000000000000", "5000000000000000000", "2000000000000000000", "1600000000000000000", "800000000000000000"})
	}
	e.Vouchers = &Vouchers{4, 912_000_000, 880_000_000, 792_000_000, 88_000_000, 32_000_000, 0, 1}
	return e, nil
}

func (f *fake) Scores(limit int) ([]Score, error) {
	list := []Score{}
	if f.isBare() {
		return list, nil
	}
	for n := range min(limit, 40) {
		to := f.now.Truncate(24*time.Hour).AddDate(0, 0, -n)
		wave := 0.05 * math.Sin(float64(n)/3)
		list = append(list, Score{Epoch: uint64(412 - n), From: to.AddDate(0, 0, -1), To: to, Tier: 3, Open: true, Factor: 0.81 + wave, RewardWei: "9400000000000000000",
			Factors: []Factor{{"compute", 0.72 + wave, 0.31}, {"availability", 0.99, 0.22}, {"quality", 0.93 + wave/2, 0.27}, {"network", 0.55, 0.2}},
			Explained: []score.Sentence{{About: "reward", Mood: score.MoodFact, Text: "9.4 HIVE of at most 11.2 HIVE: the pool was shared among more than it could pay in full"},
				{About: "compute", Mood: score.MoodAdvice, Text: "72 % of what tier 3 could have done; longer opening hours lift it"},
				{About: "uptime", Mood: score.MoodNotice, Text: "two windows of 12 h were under 90 %; seven days of it close the gate"}}})
	}
	return list, nil
}

func (f *fake) Models() ([]Model, error) {
	if f.isBare() {
		return []Model{}, nil
	}
	at := f.now.AddDate(0, 0, -3)
	return []Model{
		{Name: "t1-tissue@1.0.0", Package: "sha256:3f9a01c2d4e577b0c1d2e3f40a1b2c3d4e5fc0ffee00c0de5e5e5e5e5e5e91d2", Origin: "built-in", Offered: true, StudiesPerHour: 860, Validations: []Validation{{"cuda", "1.22.0", at, true, ""}, {"cpu", "1.22.0", at, true, ""}}},
		{Name: "lung-nodule@2.1.0", Package: "sha256:77b0c1d2e3f40a1b2c3d4e5fc0ffee00c0de5e5e5e5e5e5e91d23f9a01c2d4e5", Origin: "store", Why: "it did not pass validation (volume of nodule 1: 3.1 ml, want 4.0); repair it, then `medhive model validate lung-nodule@2.1.0`", Validations: []Validation{{"cuda", "1.22.0", at, false, "volume of nodule 1: 3.1 ml, want 4.0"}}},
	}, nil
}

func (f *fake) Profile() hwprobe.Profile {
	return hwprobe.Profile{At: f.now.AddDate(0, 0, -32), Mode: hwprobe.Quick, TOPS: hwprobe.TOPS{Median: 184.6, Provider: "cuda", Runtime: "1.22.0"}, Tier: 3,
		Devices: device.Inventory{CPU: device.CPU{Model: "AMD Ryzen 9 7950X", Arch: "amd64", Cores: 16, Threads: 32, Fact: device.Fact{State: device.Present}}, Memory: device.Memory{TotalBytes: 64 << 30},
			Accelerators: []device.Accelerator{{Kind: "gpu", Vendor: "nvidia", Model: "NVIDIA RTX 4090", MemoryBytes: 24 << 30, Driver: "nvidia 580.95", Address: "0000:01:00.0", Fact: device.Fact{State: device.Present}}},
			Disks:        []device.Disk{{Name: "nvme0n1", Kind: "nvme", Model: "WD_BLACK SN850X", TotalBytes: 2 << 40, Fact: device.Fact{State: device.Present}}}},
		Watts: hwprobe.Watts{Value: 301.2, Idle: 84, AboveIdle: 217.2, Basis: "wall", Sources: []string{"shelly"}, Missing: []string{"the screen"}},
		Flags: []rate.Flag{{Code: "throttled", Text: "the card was slowed by its power limit"}}, Lacking: []string{"fp16 could not be measured: the provider has no such kernel"}}
}

func (f *fake) Network() Network {
	if f.isBare() {
		return Network{Peer: "16Uiu2HAm", Reachability: "unknown"}
	}
	return Network{Peer: "16Uiu2HAmPZ9Yr7Tn2hVQyCwQd6bq3xUuS8Hn5E4sGf7j1", Reachability: "private", Relayed: true,
		Addresses: []string{"/ip4/192.168.1.20/tcp/9401", "/ip4/203.0.113.10/tcp/9400/p2p/16Uiu2HAmCoordinator/p2p-circuit"},
		Peers: []PeerLine{
			{"16Uiu2HAkyVh1QnHk5y2TgDAcoordinator", "coordinator", "/ip4/203.0.113.10/tcp/9400", false, false, 18 * time.Millisecond, f.now.Add(-63 * time.Hour), "tcp"},
			{"16Uiu2HAm4bXnH8cV2rTgDAclinic", "", "/ip4/198.51.100.4/udp/9401/quic-v1", true, false, 31 * time.Millisecond, f.now.Add(-12 * time.Minute), "quic-v1"},
			{"16Uiu2HAmQvXnH8cV2rTgDAnode", "", "/ip4/203.0.113.10/tcp/9400/p2p/16Uiu2HAmCoordinator/p2p-circuit", false, true, 0, f.now.Add(-2 * time.Minute), "tcp"},
		}}
}

func (f *fake) Log(least Severity, limit int) []Line {
	if f.isBare() {
		return []Line{}
	}
	return Select([]string{
		`time=2026-11-22T06:01:02.000Z level=INFO msg="runner is warm" model=t1-tissue@1.0.0 isolation="user namespace, Landlock, seccomp"`,
		`time=2026-11-22T08:12:40.250Z level=WARN msg="the score of this node" epoch=412 about=uptime text="two windows of 12 h were under 90 %"`,
		`time=2026-11-22T09:29:11.750Z level=ERROR msg="model is left out" model=lung-nodule@2.1.0 error="it did not pass validation"`,
	}, least, limit)
}

func (f *fake) SetMode(m Mode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bare {
		return errors.New("the disk is full; make room and try again")
	}
	f.mode = m
	close(f.changed)
	f.changed = make(chan struct{})
	return nil
}

func (f *fake) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// opened is a dashboard of a fake node; users names a file, empty for links.
func opened(t testing.TB, f *fake, users string) *Panel {
	t.Helper()
	p, err := New(Config{Node: f, Users: users, Done: t.Context().Done(), Now: func() time.Time { return f.now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
