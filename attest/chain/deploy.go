package chain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/medhive/medhive/attest/contracts/bindings/disputes"
	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/jobescrow"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

// MinActivationDelay is the shortest that the distributor accepts.
const MinActivationDelay = 24 * time.Hour

// Params is what can't be changed once the contracts are deployed, but for
// Poster and Guardian, which the owner can replace.
type Params struct {
	RatePerSecondWei *big.Int       // upper bound of rewards, wei of HIVE a second, under 2^96
	ActivationDelay  time.Duration  // that a root waits; at least MinActivationDelay
	BreakerWindow    time.Duration  // how much time's budget claims may take out at once; at least 24 h
	Bond             *big.Int       // each node's deposit, wei of HIVE
	ExitThaw         time.Duration  // between a node's exit and its bond's return
	RecipientDelay   time.Duration  // between proposing a recipient and paying it
	EscrowThaw       time.Duration  // between a clinic's wish to withdraw and the money; at least 24 h
	Poster           common.Address // posts roots: the coordinator
	Guardian         common.Address // vetoes them; not the poster

	ChallengeBond      *big.Int      // what a challenger puts up, wei of HIVE
	ResolveWithin      time.Duration // that the arbiter has; at most 14 days, and longer than the timelock's delay
	ChallengerShareBps uint16        // of a slashed bond, in 1/10,000; at most 5,000

	// Timelock, if it has proposers, is deployed too: it administers the token's
	// minters, appoints poster and guardian, and is the arbiter of disputes.
	Timelock Timelock
	// Owner does that where there is no timelock; zero is the deployer.
	Owner common.Address
	// Treasury receives InitialSupply, from which operators get their bonds, and
	// bonds that are lost; zero means the deployer.
	Treasury      common.Address
	InitialSupply *big.Int // wei of HIVE
}

// Timelock says who administers the contracts, and how slowly.
type Timelock struct {
	Delay     time.Duration    // that each call waits in the open
	Proposers []common.Address // may propose and cancel calls
	Executors []common.Address // may carry out what has waited; none is anyone
}

// Limits that the contracts set.
const (
	maxResolveWithin      = 14 * 24 * time.Hour
	maxChallengerShareBps = 5000
	minBreakerWindow      = 24 * time.Hour
	minEscrowThaw         = 24 * time.Hour
	// maxProposers bounds who administers: all of them stand in one transaction.
	maxProposers = 16
)

// hive is n whole tokens in wei: HIVE has ether's 18 decimals.
func hive(n int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(n), big.NewInt(params.Ether))
}

// DefaultParams are sized for 100,000 nodes at 300 HIVE a month, the middle of
// the second tier's band: 30 million a month are 11.6 a second.
func DefaultParams(poster, guardian common.Address) Params {
	const day = 24 * time.Hour
	return Params{
		RatePerSecondWei:   hive(12),
		ActivationDelay:    MinActivationDelay,
		BreakerWindow:      7 * day,
		Bond:               hive(100),
		ExitThaw:           14 * day,
		RecipientDelay:     7 * day,
		EscrowThaw:         7 * day,
		Poster:             poster,
		Guardian:           guardian,
		ChallengeBond:      hive(100),
		ResolveWithin:      7 * day,
		ChallengerShareBps: 2500,
		InitialSupply:      hive(10_000_000), // bonds of 100,000 nodes
	}
}

// Validate says what a deployment would refuse, before anything is paid.
func (p Params) Validate() error {
	const rateBits = 96
	switch {
	case p.RatePerSecondWei == nil || p.RatePerSecondWei.Sign() <= 0 || p.RatePerSecondWei.BitLen() > rateBits:
		return errors.New("contract parameters: rate must be above zero and under 2^96 wei a second")
	case p.ActivationDelay < MinActivationDelay:
		return fmt.Errorf("contract parameters: activation delay %s is under %s", p.ActivationDelay, MinActivationDelay)
	case p.BreakerWindow < minBreakerWindow || p.BreakerWindow/time.Second > math.MaxUint32:
		return fmt.Errorf("contract parameters: breaker window %s is under %s, or absurd", p.BreakerWindow, minBreakerWindow)
	case p.Bond == nil || p.Bond.Sign() < 0 || p.Bond.BitLen() > 256:
		return errors.New("contract parameters: bond must be zero or more")
	case p.InitialSupply == nil || p.InitialSupply.Sign() < 0 || p.InitialSupply.BitLen() > 200:
		return errors.New("contract parameters: initial supply must be zero or more and under 2^200 wei")
	case p.ExitThaw < 0 || p.RecipientDelay < 0:
		return errors.New("contract parameters: exit thaw and recipient delay must be zero or more")
	case p.EscrowThaw < minEscrowThaw:
		return fmt.Errorf("contract parameters: escrow thaw %s is under %s, which nodes have to redeem", p.EscrowThaw, minEscrowThaw)
	case p.Poster == (common.Address{}) || p.Guardian == (common.Address{}):
		return errors.New("contract parameters: name a poster and a guardian")
	case p.Poster == p.Guardian:
		return errors.New("contract parameters: poster and guardian are the same account; one must be able to stop the other")
	case p.ChallengeBond == nil || p.ChallengeBond.Sign() < 0 || p.ChallengeBond.BitLen() > 256:
		return errors.New("contract parameters: a challenger's bond must be zero or more")
	case p.ResolveWithin <= 0 || p.ResolveWithin > maxResolveWithin:
		return fmt.Errorf("contract parameters: disputes must be decided within more than zero and at most %s, not %s", maxResolveWithin, p.ResolveWithin)
	case p.ChallengerShareBps > maxChallengerShareBps:
		return fmt.Errorf("contract parameters: a challenger's share of %d/10,000 is over %d", p.ChallengerShareBps, maxChallengerShareBps)
	}
	return p.Timelock.validate(p)
}

func (t Timelock) validate(p Params) error {
	if len(t.Proposers) == 0 {
		if t.Delay != 0 || len(t.Executors) != 0 {
			return errors.New("contract parameters: a timelock needs at least one proposer")
		}
		return nil
	}
	switch {
	case len(t.Proposers) > maxProposers || len(t.Executors) > maxProposers:
		return fmt.Errorf("contract parameters: more than %d proposers or executors", maxProposers)
	case slices.Contains(t.Proposers, common.Address{}):
		return errors.New("contract parameters: a proposer is the zero address")
	case slices.Contains(t.Proposers, p.Poster):
		return errors.New("contract parameters: the poster may not propose; its key is on the coordinator's machine")
	case t.Delay <= 0 || t.Delay >= p.ResolveWithin:
		return fmt.Errorf("contract parameters: the timelock's delay %s must be above zero and under the %s within which it has to decide disputes", t.Delay, p.ResolveWithin)
	case p.Owner != (common.Address{}):
		return errors.New("contract parameters: there is a timelock, so name no other owner")
	}
	return nil
}

// Deploy creates HiveToken, NodeRegistry, RewardDistributor, Disputes and
// JobEscrow on the chain at rpcURL, with a Timelock if p asks for one, makes the
// distributor the token's one minter and leaves the administration to the
// timelock or p.Owner. It takes six to nine transactions of the deployer's, each
// waited for; nobody else may use its account meanwhile. Then it asks the chain who
// holds which role. If anything fails or differs, nothing that was deployed is in
// use and Deploy can run again.
func Deploy(ctx context.Context, rpcURL string, deployer Signer, p Params, options ...Option) (Addresses, error) {
	if err := p.Validate(); err != nil {
		return Addresses{}, err
	}
	if deployer == nil {
		return Addresses{}, errors.New("deploy contracts: no deployer's key")
	}
	s, err := newSender(ctx, rpcURL, options...)
	if err != nil {
		return Addresses{}, fmt.Errorf("deploy contracts: %w", err)
	}
	defer s.rpc.Close()
	if !s.chainID.IsUint64() {
		return Addresses{}, fmt.Errorf("deploy contracts: chain id %s is beyond 64 bits", s.chainID)
	}
	d := deployment{sender: s, key: deployer, self: deployer.Address(), params: p}
	if d.params.Treasury == (common.Address{}) {
		d.params.Treasury = d.self
	}
	addresses, err := d.create(ctx)
	if err != nil {
		return Addresses{}, err
	}
	if err := d.handOver(ctx, addresses); err != nil {
		return Addresses{}, err
	}
	if err := d.readBack(ctx, addresses); err != nil {
		return Addresses{}, fmt.Errorf("deploy contracts: %w; don't use them, deploy again", err)
	}
	return addresses, nil
}

// deployment is one run of Deploy.
type deployment struct {
	sender *sender
	key    Signer
	self   common.Address // the deployer
	params Params
}

// create makes the contracts; the token is administered by the deployer for now.
func (d *deployment) create(ctx context.Context) (Addresses, error) {
	p, a := d.params, Addresses{ChainID: d.sender.chainID.Uint64()}
	var err error
	a.Token, a.DeployBlock, err = d.contract(ctx, "HiveToken", hivetoken.HiveTokenMetaData.Bin,
		hivetoken.NewHiveToken().PackConstructor(d.self, p.Treasury, p.InitialSupply))
	if err != nil {
		return Addresses{}, err
	}
	if a.Timelock, err = d.timelock(ctx); err != nil {
		return Addresses{}, err
	}
	owner := d.owner(a)
	// NodeRegistry and RewardDistributor name the Disputes contract for good, which
	// names them: its address follows from the deployer's next nonces. Its
	// constructor refuses if that went wrong.
	const before = 2 // of the contracts that name it
	nonce, err := d.sender.rpc.PendingNonceAt(ctx, d.self)
	if err != nil {
		return Addresses{}, fmt.Errorf("ask for the nonce of %s: %w", d.self, withoutURL(err))
	}
	predicted := crypto.CreateAddress(d.self, nonce+before)
	a.Registry, _, err = d.contract(ctx, "NodeRegistry", noderegistry.NodeRegistryMetaData.Bin,
		noderegistry.NewNodeRegistry().PackConstructor(a.Token, predicted, p.Bond, seconds(p.ExitThaw), seconds(p.RecipientDelay)))
	if err != nil {
		return Addresses{}, err
	}
	a.Distributor, _, err = d.contract(ctx, "RewardDistributor", rewarddistributor.RewardDistributorMetaData.Bin,
		rewarddistributor.NewRewardDistributor().PackConstructor(owner, a.Token, a.Registry, predicted, p.RatePerSecondWei,
			seconds(p.ActivationDelay), uint32(seconds(p.BreakerWindow)), p.Poster, p.Guardian))
	if err != nil {
		return Addresses{}, err
	}
	a.Disputes, _, err = d.contract(ctx, "Disputes", disputes.DisputesMetaData.Bin,
		disputes.NewDisputes().PackConstructor(a.Token, a.Registry, a.Distributor, owner, p.Treasury, p.ChallengeBond,
			seconds(p.ResolveWithin), big.NewInt(int64(p.ChallengerShareBps))))
	if err != nil {
		return Addresses{}, err
	}
	a.Escrow, _, err = d.contract(ctx, "JobEscrow", jobescrow.JobEscrowMetaData.Bin,
		jobescrow.NewJobEscrow().PackConstructor(a.Token, a.Registry, seconds(p.EscrowThaw)))
	return a, err
}

// timelock creates the timelock, if one is asked for.
func (d *deployment) timelock(ctx context.Context) (common.Address, error) {
	t := d.params.Timelock
	if len(t.Proposers) == 0 {
		return common.Address{}, nil
	}
	at, _, err := d.contract(ctx, "Timelock", timelock.TimelockMetaData.Bin,
		timelock.NewTimelock().PackConstructor(new(big.Int).SetUint64(seconds(t.Delay)), t.Proposers, t.executors()))
	return at, err
}

// executors are who the contract is told may carry out.
func (t Timelock) executors() []common.Address {
	if len(t.Executors) == 0 {
		return []common.Address{{}} // OpenZeppelin's word for anyone
	}
	return t.Executors
}

// owner is who administers what was deployed.
func (d *deployment) owner(a Addresses) common.Address {
	switch {
	case a.Timelock != common.Address{}:
		return a.Timelock
	case d.params.Owner != common.Address{}:
		return d.params.Owner
	}
	return d.self
}

// contract creates one contract and returns its address and block.
func (d *deployment) contract(ctx context.Context, name, bytecode string, arguments []byte) (common.Address, uint64, error) {
	receipt, err := d.sender.send(ctx, d.key, nil, nil, append(common.FromHex(bytecode), arguments...))
	if err != nil {
		return common.Address{}, 0, fmt.Errorf("deploy %s: %w", name, err)
	}
	return receipt.ContractAddress, receipt.BlockNumber.Uint64(), nil
}

// seconds rounds a delay up to whole seconds, the chain's unit.
func seconds(d time.Duration) uint64 {
	return uint64((d + time.Second - 1) / time.Second)
}
