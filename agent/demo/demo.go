// Package demo plays the whole life of a job on one machine: a dev chain, a
// coordinator, three nodes and a clinic, all of them the real roles on loopback.
// In: a study and an output folder. Out: the results, a story for a person and a
// summary for a program. Or it keeps such a network up, with a clinic's doors and
// all dashboards, for who builds on it. Only the money and the chain's clock are toys.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/testdata"
)

// Config says what to play and where to put it.
type Config struct {
	Study   string    // path of a T1 study; empty: the embedded head scan
	Out     string    // folder for the results
	Library string    // libonnxruntime; empty: found
	Runner  []string  // command line of the runner; empty: this executable's own
	Story   io.Writer // may be nil
	Log     *slog.Logger
}

// cast is what the three nodes ask, may use and promise.
func cast() []agent.NodeConfig {
	cores := runtime.NumCPU()
	return []agent.NodeConfig{
		{Name: "swift", Threads: cores, PriceGwei: 1_200_000, Promise: 30 * time.Second, Jurisdiction: "DE"},
		{Name: "steady", Threads: max(1, cores/2), PriceGwei: 800_000, Promise: 45 * time.Second, Jurisdiction: "DE"},
		{Name: "thrifty", Threads: 1, PriceGwei: 500_000, Promise: time.Minute, Jurisdiction: "FR"},
	}
}

// stage holds the running roles; it ends them in reverse order.
type stage struct {
	chain       *agent.Chain
	coordinator *agent.Coordinator
	nodes       []*agent.Node
	clinic      *agent.Clinic
}

// Run plays the demo. It fails unless the claim is confirmed on chain and the
// recipient's balance rose by exactly the claimed amount.
func Run(ctx context.Context, conf Config) (summary Summary, err error) {
	start := time.Now()
	tell := newStory(conf.Story, start)
	home, err := os.MkdirTemp("", "medhive-demo-")
	if err != nil {
		return summary, fmt.Errorf("demo: %w", err)
	}
	s := &stage{}
	defer func() { err = errors.Join(err, s.close(), os.RemoveAll(home)) }()

	if err := os.MkdirAll(conf.Out, 0o700); err != nil {
		return summary, fmt.Errorf("create --out: %w", err)
	}
	study, err := studyPath(conf.Study, home)
	if err != nil {
		return summary, err
	}
	tell.plain("MedHive: one head scan from a clinic's folder to a claimed reward. Play money, loopback only.\n")
	if err := s.open(ctx, conf, home, tell); err != nil {
		return summary, err
	}
	report, err := s.clinic.Submit(ctx, agent.Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(home, "results"), Residency: []string{"DE", "FR"},
		PriceCeilingGwei: 2_000_000, Within: 5 * time.Minute,
	})
	if err != nil {
		return summary, err
	}
	for _, segment := range report.Segments {
		tell.tell("clinic", "%-12s %7.1f ml", segment.Name, segment.VolumeML)
	}
	paid, err := s.pay(ctx, report, conf.Out, tell)
	if err != nil {
		return summary, err
	}
	summary = summarise(report, paid)
	summary.PhaseMS["total"] = milliseconds(time.Since(start))
	if err := writeResults(conf.Out, report, summary); err != nil {
		return summary, err
	}
	tell.plain("\nResults in %s: seg.dcm, sr.dcm, sc.dcm, doc.dcm, overlay.png, fhir.json, receipt.json, epoch.json, summary.json. NOT FOR CLINICAL USE.", conf.Out)
	tell.plain("Recompute the epoch: medhive coordinator verify %s", conf.Out)
	return summary, nil
}

// studyPath gives the study's path, writing the embedded one into home if need be.
func studyPath(named, home string) (string, error) {
	if named != "" {
		return named, nil
	}
	path := filepath.Join(home, "t1-study.zip")
	if err := os.WriteFile(path, testdata.T1Study(), 0o600); err != nil {
		return "", fmt.Errorf("unpack the demo's study: %w", err)
	}
	return path, nil
}

// open starts the roles, from the chain up.
func (s *stage) open(ctx context.Context, conf Config, home string, tell *story) (err error) {
	network := agent.NetworkPath(home)
	s.chain, err = agent.StartChain(ctx, agent.ChainConfig{Home: home, NetworkPath: network, Listen: "127.0.0.1:0", Log: conf.Log})
	if err != nil {
		return err
	}
	n := s.chain.Network()
	tell.tell("chain", "embedded EVM, chain id %v; HiveToken, NodeRegistry, RewardDistributor and JobEscrow deployed", n.Contracts.ChainID)

	s.coordinator, err = agent.StartCoordinator(ctx, agent.CoordinatorConfig{
		State: agent.CoordinatorState(home), NetworkPath: network, Network: n, Listen: loopback(),
		ChallengeEvery: time.Second, Regions: []string{"DE", "FR"}, Log: conf.Log,
	})
	if err != nil {
		return err
	}
	tell.tell("coordinator", "takes receipts, challenges uptime")
	if n, err = agent.ReadNetwork(network); err != nil {
		return err
	}
	for _, node := range cast() {
		node.State, node.Listen, node.Network = agent.NodeState(home, node.Name), loopback(), n
		node.Provider, node.MemoryBytes, node.ProbeDuration = "cpu", 2<<30, time.Second
		node.Library, node.Runner, node.Log = conf.Library, conf.Runner, conf.Log
		started, err := agent.StartNode(ctx, node)
		if err != nil {
			return fmt.Errorf("node %s: %w", node.Name, err)
		}
		s.nodes = append(s.nodes, started)
		status := started.Status()
		tell.tell("node "+node.Name, "%s · %d threads · %.2f TOPS int8 · %s · asks %d gwei", status.Address[:10], node.Threads, status.TOPS, status.Tier, node.PriceGwei)
	}
	for _, node := range s.nodes {
		if err := s.coordinator.AwaitNode(ctx, node.Address()); err != nil {
			return err
		}
	}
	s.clinic, err = agent.StartClinic(ctx, agent.ClinicConfig{
		Name: "clinic", State: agent.ClinicState(home, "clinic"), Listen: loopback(), Network: n,
		Events: s.narrate(tell), Log: conf.Log,
	})
	if err != nil {
		return err
	}
	// The clinic does so by itself; the story waits for it.
	if _, err := s.clinic.TopUp(ctx); err != nil {
		return err
	}
	tell.tell("clinic", "its deposit lies in the escrow; nodes are paid from it by voucher")
	return nil
}

// narrate turns the task's events into lines of the story.
func (s *stage) narrate(tell *story) func(broker.Event) {
	names := map[string]string{}
	for i, node := range s.nodes {
		names[node.Status().Address] = "node " + cast()[i].Name
	}
	said := ""
	return func(e broker.Event) {
		who, known := names[e.Node.Hex()]
		if !known {
			who = "clinic"
		}
		line := e.Sentence()
		if line == said {
			return
		}
		said = line
		tell.tell(who, "%s", line)
	}
}

func (s *stage) close() error {
	var errs []error
	if s.clinic != nil {
		errs = append(errs, s.clinic.Close())
	}
	for _, node := range s.nodes {
		errs = append(errs, node.Close())
	}
	if s.coordinator != nil {
		errs = append(errs, s.coordinator.Close())
	}
	if s.chain != nil {
		errs = append(errs, s.chain.Close())
	}
	return errors.Join(errs...)
}

func loopback() []string { return []string{"/ip4/127.0.0.1/tcp/0"} }

// payment is how the work was scored and paid.
type payment struct {
	verified bool // the coordinator holds the receipt with two valid signatures
	root     string
	claim    agent.ClaimReport
	voucher  agent.RedeemReport // the clinic's own pay for the study

	scoring, claiming, redeeming time.Duration
}

// pay closes the epoch, lets the activation delay pass and claims for the winner.
func (s *stage) pay(ctx context.Context, report agent.Report, out string, tell *story) (p payment, err error) {
	winner, err := s.node(report.Winner)
	if err != nil {
		return p, err
	}
	if err := report.Receipt.Verify(s.chain.Network().Domain()); err != nil {
		return p, err
	}
	if err := s.coordinator.AwaitReceipt(ctx, report.Receipt.Receipt); err != nil {
		return p, err
	}
	p.verified = true
	tell.tell("coordinator", "receipt taken in: two signatures over request, weights and output")
	if err := p.redeem(ctx, winner, report, tell); err != nil {
		return p, err
	}
	begun := time.Now()
	if err := s.coordinator.ChallengeAll(ctx); err != nil {
		return p, err
	}
	closed, err := s.coordinator.CloseEpoch(ctx)
	if err != nil {
		return p, err
	}
	p.scoring, p.root = time.Since(begun), closed.Root
	if err := copyFolder(closed.Folder, out); err != nil {
		return p, err
	}
	tell.tell("coordinator", "epoch %d: %d nodes scored, %d receipts; root %s… posted with the hash of its data set", closed.Number, closed.Nodes, closed.Receipts, closed.Root[:10])
	if _, err := s.chain.Advance(ctx, chain.MinActivationDelay); err != nil {
		return p, err
	}
	tell.tell("chain", "the clock moves %v ahead: the root is active", chain.MinActivationDelay)
	return p, p.collect(ctx, winner, tell)
}

// redeem has the escrow pay the winner's voucher, and holds that against the price and the
// recipient's balance.
func (p *payment) redeem(ctx context.Context, winner *agent.Node, report agent.Report, tell *story) error {
	begun := time.Now()
	before, err := winner.RecipientBalance(ctx)
	if err != nil {
		return err
	}
	if p.voucher, err = winner.Redeem(ctx); err != nil {
		return err
	}
	after, err := winner.RecipientBalance(ctx)
	if err != nil {
		return err
	}
	p.redeeming = time.Since(begun)
	const weiPerGwei = 1_000_000_000
	price := new(big.Int).Mul(new(big.Int).SetUint64(report.Receipt.Receipt.PriceGwei), big.NewInt(weiPerGwei))
	rose := new(big.Int).Sub(after, before)
	if p.voucher.PaidWei.Cmp(price) != 0 || rose.Cmp(price) != 0 {
		return fmt.Errorf("the voucher says %v wei, the escrow paid %v, and the recipient's balance rose by %v: the study was not paid", price, p.voucher.PaidWei, rose)
	}
	tell.tell("chain", "the clinic's voucher is redeemed: %s HIVE from its deposit to the cold address %s", hive(rose), p.voucher.Recipient)
	return nil
}

// collect claims and holds the claim against the recipient's balance.
func (p *payment) collect(ctx context.Context, winner *agent.Node, tell *story) error {
	begun := time.Now()
	before, err := winner.RecipientBalance(ctx)
	if err != nil {
		return err
	}
	if p.claim, err = winner.Claim(ctx); err != nil {
		return err
	}
	after, err := winner.RecipientBalance(ctx)
	if err != nil {
		return err
	}
	p.claiming = time.Since(begun)
	rose := new(big.Int).Sub(after, before)
	if p.claim.AmountWei.Sign() <= 0 || rose.Cmp(p.claim.AmountWei) != 0 {
		return fmt.Errorf("the claim says %v wei, but the recipient's balance rose by %v: the reward was not paid", p.claim.AmountWei, rose)
	}
	tell.tell("chain", "claim %s… confirmed: %s HIVE to the cold address %s", p.claim.Tx.Hex()[:10], hive(rose), p.claim.Recipient)
	return nil
}

func (s *stage) node(address string) (*agent.Node, error) {
	for _, node := range s.nodes {
		if node.Status().Address == address {
			return node, nil
		}
	}
	return nil, fmt.Errorf("the winner %s is none of the demo's nodes", address)
}

// hive prints wei as tokens with six decimals, rounded down.
func hive(wei *big.Int) string {
	micro := new(big.Int).Quo(wei, big.NewInt(1e12))
	whole, rest := new(big.Int).QuoRem(micro, big.NewInt(1e6), new(big.Int))
	return fmt.Sprintf("%s.%06d", whole, rest)
}
