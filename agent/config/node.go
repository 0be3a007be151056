package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/scheduler"
)

// Node are the settings of a node. The meaning of each stands in its table.
type Node struct {
	Name         string
	Network      string // path; empty: HOME/network.json, or /etc/medhive's
	Listen       []string
	LAN          bool
	SwarmKey     string // path
	BehindNAT    bool
	Recipient    string
	Jurisdiction string

	PriceGwei     uint64
	Promise       time.Duration
	Queue         int
	Hours         string
	MaxWatts      float64
	MaxCelsius    float64
	ShareModels   bool
	ExposureGwei  uint64
	UnsecuredGwei uint64
	RedeemAbove   uint64 // gwei of HIVE
	RedeemAfter   time.Duration
	ClaimEvery    time.Duration
	ClaimAbove    string // HIVE; empty: 1, on a development network 0
	HivePrice     string // ether
	ClaimTimesGas uint64
	Currency      string
	HiveRate      float64 // of the currency, for one HIVE
	PowerPrice    float64 // of the currency, for one kWh

	Threads           int
	Provider          string
	MemoryBytes       int64
	SealedMax         int64 // bytes
	ProbeDuration     time.Duration
	TPM               string // path, or none
	Plugs             []string
	DeclaredWatts     float64
	DeclaredIdleWatts float64
	Library           string // path
	Metrics           string // host:port
	Health            string // host:port
	Traces            string // address of a collector
	Dashboard         string // host:port; empty: none
	DashboardUsers    string // path
	DashboardCert     string // path
	DashboardKey      string // path
	UpdateURL         string // or path of a folder; empty: no updates
	UpdateKey         string // minisign's
	UpdateChannel     string
	UpdateAuto        bool
	UpdateEvery       time.Duration

	Notices Notices
}

// nodePort is where a node that `medhive node init` sets up is reached.
const nodePort = 9401

// NewNode are a node's defaults, and the table that changes them.
func NewNode() (*Node, *Table) {
	n, t := &Node{}, newTable(RoleNode)
	n.place(t)
	n.market(t)
	n.payment(t)
	n.machine(t)
	n.dashboard(t)
	n.updates(t)
	t.whole = n.check
	n.Notices.keys(t)
	return n, t
}

func (n *Node) place(t *Table) {
	t.group("Who and where", "")
	t.text(&n.Name, "name", "node", "name of this node's state folder below --home", checked(func() error { return folderName(n.Name) }))
	t.path(&n.Network, "network", "", "network file", everyone, absent("network.json in the home folder, else /etc/medhive/network.json"))
	t.texts(&n.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable; use /ip4/0.0.0.0/tcp/9401 to be reached from elsewhere", checked(func() error { return listens(n.Listen) }))
	reach(t, &n.LAN, &n.SwarmKey)
	t.boolean(&n.BehindNAT, "behind-nat", false, behindNAT)
	t.text(&n.Recipient, "recipient", "", "cold address that rewards are paid to", absent("what the registry says; on a development network an account made for it"), checked(func() error { return account(n.Recipient) }))
	t.text(&n.Jurisdiction, "jurisdiction", "DE", "ISO 3166 code of the country that the machine stands in", checked(func() error { return country(n.Jurisdiction) }))
}

func (n *Node) market(t *Table) {
	t.group("What it does for whom, and when", "")
	t.amount(&n.PriceGwei, "price-gwei", 1_000_000, "asking price of one study, in gwei of HIVE (1e-9 token)", unit("gwei of HIVE"), live)
	t.duration(&n.Promise, "promise", time.Minute, "how soon after the award a job that is alone here has its result; bids add as much for each job before it and for a STAT job that may stop it; clinics prefer the sooner, and a late one costs quality", live)
	t.count(&n.Queue, "queue", 4, "jobs that it accepts beyond those it does at once, to be done in their turn", unit("jobs"), checked(func() error { return within(n.Queue, 0, maxQueue) }))
	t.text(&n.Hours, "hours", "", "opening hours in this machine's zone, such as \"Mon-Fri 18:00-08:00, Sat-Sun\" (default: always); what runs is finished", live, absent("always"), checked(func() error {
		_, err := scheduler.ParseHours(n.Hours)
		return err
	}))
	t.number(&n.MaxWatts, "max-watts", 0, "take no new work while the machine takes more than so many watts, as far as its sensors tell (0: no limit)", unit("W"), live)
	t.number(&n.MaxCelsius, "max-temperature", 0, "take no new work while a processor or card is hotter than so many °C (0: no limit)", unit("°C"), live)
	t.boolean(&n.ShareModels, "share-models", false, "give signed packages of the store to peers that ask by digest (medhive model fetch peer:…); their licences must allow it")
}

func (n *Node) payment(t *Table) {
	t.group("What it is owed, and when it is paid out", "")
	t.amount(&n.ExposureGwei, "exposure-limit", 0, "what one clinic may owe without a voucher, by a contract wallet's voucher, or by vouchers that nothing reserved for this node covers, in gwei of HIVE; beyond it the node bids for it no more (default: 200 studies' price)", unit("gwei of HIVE"), absent("200 studies' price"))
	t.amount(&n.UnsecuredGwei, "unsecured-credit", 0, "of that, what a clinic may owe beyond what it reserved for this node, in gwei of HIVE; a free deposit, which every node sees, doubles it (default: 20 studies' price; 100 for all clinics together)", unit("gwei of HIVE"), absent("20 studies' price"))
	t.amount(&n.RedeemAbove, "redeem-above", 0, "redeem vouchers as soon as so much is payable, in gwei of HIVE (default: 100 studies' price; 20 of one clinic that reserved nothing; at once where its deposit thaws)", unit("gwei of HIVE"), absent("100 studies' price"))
	t.duration(&n.RedeemAfter, "redeem-after", scheduler.DefaultRedeemAfter, "redeem whatever is payable after so long, if it is worth its gas by --hive-price; the escrow's thaw must be longer")
	t.duration(&n.ClaimEvery, "claim-every", time.Minute, "how often claimable rewards are looked for (0: never; claim with medhive node claim)")
	t.text(&n.ClaimAbove, "claim-above", "", "claim nothing below so many HIVE (default 1; on a development network 0)", unit("HIVE"), live, absent("1; on a development network 0"), checked(func() error { return decimal(n.ClaimAbove) }))
	t.text(&n.HivePrice, "hive-price", "0", "what you reckon one HIVE is worth, in ether; with it a claim must also be worth --claim-times-gas times its fee", unit("ether"), live, checked(func() error { return decimal(n.HivePrice) }))
	t.text(&n.Currency, "currency", "", "what you reckon earnings and power in, such as EUR")
	t.number(&n.HiveRate, "hive-rate", 0, "what you reckon one HIVE is worth in that currency; nobody quotes a rate for you (0: not known)", unit("currency per HIVE"))
	t.number(&n.PowerPrice, "power-price", 0, "what a kilowatt-hour costs you in that currency (0: not known)", unit("currency per kWh"))
	t.amount(&n.ClaimTimesGas, "claim-times-gas", 20, "how many times its fee a claim must be worth, where --hive-price is given", live)
}

func (n *Node) machine(t *Table) {
	t.group("The machine", "")
	t.count(&n.Threads, "threads", 0, "CPU threads for inference (0: all)", checked(func() error { return within(n.Threads, 0, maxThreads) }))
	t.text(&n.Provider, "provider", "cpu", "ONNX Runtime execution provider; there is no silent fallback")
	t.bytes(&n.MemoryBytes, "memory", 4<<30, "memory cap of one runner process, in bytes; two jobs overlap where three quarters of the machine's memory hold two of them", checked(func() error { return enough(n.MemoryBytes) }))
	t.bytes(&n.SealedMax, "sealed-max", 0, sealedMax)
	t.text(&n.TPM, "tpm", "", "device file or socket of the machine's TPM, or none", absent("$MEDHIVE_TPM, or /dev/tpmrm0 where there is one"))
	t.duration(&n.ProbeDuration, "probe-duration", 0, "measure int8 for this long instead of 5 × 10 s at the first start, for development")
	t.texts(&n.Plugs, "plug", nil, "URL of a Shelly or Tasmota smart plug that feeds this machine, repeatable; together they must feed all of it and nothing else", private)
	t.number(&n.DeclaredWatts, "declared-watts", 0, "what the machine takes at work, if nothing measures it; shown as declared", unit("W"))
	t.number(&n.DeclaredIdleWatts, "declared-idle-watts", 0, "what it takes at rest", unit("W"))
	t.path(&n.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that was installed or that make deps brings)")
	t.text(&n.Metrics, "metrics", "", "host:port where Prometheus may scrape /metrics (default: only the command node metrics)", checked(func() error { return hostPort(n.Metrics) }))
	t.text(&n.Health, "health", "", "host:port where anybody may ask whether it works: /health answers 200, or 503 with reasons (default: nowhere)", checked(func() error { return hostPort(n.Health) }))
	t.text(&n.Traces, "traces", "", "address of a collector of OpenTelemetry traces by OTLP over HTTP, such as http://127.0.0.1:4318 (default $OTEL_EXPORTER_OTLP_ENDPOINT, or nowhere)", private, checked(func() error { return webAddress(n.Traces) }))
}

// check looks at what only together makes sense.
func (n *Node) check() error {
	if err := errors.Join(n.checkDashboard(), n.checkUpdates()); err != nil {
		return err
	}
	if n.DeclaredIdleWatts > n.DeclaredWatts {
		return fmt.Errorf("declared-idle-watts is %g and declared-watts %g: a machine takes no more at rest than at work; correct one of them", n.DeclaredIdleWatts, n.DeclaredWatts)
	}
	return nil
}

// The bounds of what a file may ask for: above what any machine has a use for.
const (
	maxQueue   = 10_000
	maxThreads = 4096
	maxListen  = 64
)

// leastMemory is less than a runner takes before it has loaded a model, in bytes.
const leastMemory = 128 << 20

// enough is memory that a runner can start with.
func enough(bytes int64) error {
	if bytes < leastMemory {
		return fmt.Errorf("%d bytes hold no runner: want at least %d, such as 4294967296 (4 GiB)", bytes, leastMemory)
	}
	return nil
}

// What keys of several roles mean.
const (
	behindNAT = "nobody reaches this machine from outside: be passed on to by the network's relays from the start (otherwise it finds out by itself)"
	sealedMax = "bytes of disk that sealed studies and results may take together; what does not fit is refused (0: all but the last 256 MiB of the disk)"
	ortOwn    = " (default $MEDHIVE_ORT_LIB, or the one that was installed or that make deps brings)"
)

// reach are the keys of how a role meets others beyond its listen addresses.
func reach(t *Table, lan *bool, swarm *string) {
	t.boolean(lan, "lan", false, "also find roles on the local network, by multicast DNS")
	t.secret(swarm, "swarm-key", "file of the network's pre-shared key, if it has one (halves throughput, rules QUIC out)")
}

// account is an EVM address, or nothing.
func account(text string) error {
	if text != "" && !common.IsHexAddress(text) {
		return fmt.Errorf("%.60q is no EVM address: want 0x and 40 hex digits", text)
	}
	return nil
}

func country(text string) error {
	if !scheduler.ValidRegion(text) {
		return fmt.Errorf("%.8q is no country: want an ISO 3166-1 code of two capital letters, such as DE", text)
	}
	return nil
}

func within(n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%d is out of range: want %d to %d", n, least, most)
	}
	return nil
}

func addresses(list []string) error {
	if len(list) > maxListen {
		return fmt.Errorf("%d addresses: want at most %d", len(list), maxListen)
	}
	for _, a := range list {
		if _, err := multiaddr.NewMultiaddr(a); err != nil {
			return fmt.Errorf("%.100q is no multiaddress: want one such as /ip4/0.0.0.0/tcp/%d", a, nodePort)
		}
	}
	return nil
}
