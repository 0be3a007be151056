package chain

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
)

// MinActivationDelay is the shortest that the distributor accepts.
const MinActivationDelay = 24 * time.Hour

// Params is what can't be changed once the contracts are deployed, but for
// Poster and Guardian, which the owner can replace.
type Params struct {
	RatePerSecondWei *big.Int       // upper bound of rewards, wei of HIVE a second, under 2^96
	ActivationDelay  time.Duration  // that a root waits; at least MinActivationDelay
	Bond             *big.Int       // each node's deposit, wei of HIVE
	ExitThaw         time.Duration  // between a node's exit and its bond's return
	RecipientDelay   time.Duration  // between proposing a recipient and paying it
	Poster           common.Address // posts roots: the coordinator
	Guardian         common.Address // vetoes them; not the poster

	// Owner administers the token's minters and appoints poster and guardian;
	// zero leaves that with the deployer. The distributor's ownership has to be
	// accepted by it (Ownable2Step).
	Owner common.Address
	// Treasury receives InitialSupply, from which operators get their bonds;
	// zero means the deployer.
	Treasury      common.Address
	InitialSupply *big.Int // wei of HIVE
}

// hive is n whole tokens in wei: HIVE has ether's 18 decimals.
func hive(n int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(n), big.NewInt(params.Ether))
}

// DefaultParams are sized for 100,000 nodes at 300 HIVE a month, the middle of
// the second tier's band: 30 million a month are 11.6 a second.
func DefaultParams(poster, guardian common.Address) Params {
	const day = 24 * time.Hour
	return Params{
		RatePerSecondWei: hive(12),
		ActivationDelay:  MinActivationDelay,
		Bond:             hive(100),
		ExitThaw:         14 * day,
		RecipientDelay:   7 * day,
		Poster:           poster,
		Guardian:         guardian,
		InitialSupply:    hive(10_000_000), // bonds of 100,000 nodes
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
	case p.Bond == nil || p.Bond.Sign() < 0 || p.Bond.BitLen() > 256:
		return errors.New("contract parameters: bond must be zero or more")
	case p.InitialSupply == nil || p.InitialSupply.Sign() < 0 || p.InitialSupply.BitLen() > 200:
		return errors.New("contract parameters: initial supply must be zero or more and under 2^200 wei")
	case p.ExitThaw < 0 || p.RecipientDelay < 0:
		return errors.New("contract parameters: exit thaw and recipient delay must be zero or more")
	case p.Poster == (common.Address{}) || p.Guardian == (common.Address{}):
		return errors.New("contract parameters: name a poster and a guardian")
	case p.Poster == p.Guardian:
		return errors.New("contract parameters: poster and guardian are the same account; one must be able to stop the other")
	}
	return nil
}

// Deploy creates HiveToken, NodeRegistry and RewardDistributor on the chain at
// rpcURL, makes the distributor the token's one minter and hands both over to
// p.Owner. It takes five to seven transactions of the deployer's, each waited
// for; if one fails, nothing that was deployed is in use and Deploy can run again.
func Deploy(ctx context.Context, rpcURL string, deployer *ecdsa.PrivateKey, p Params) (Addresses, error) {
	if err := p.Validate(); err != nil {
		return Addresses{}, err
	}
	if deployer == nil {
		return Addresses{}, errors.New("deploy contracts: no deployer's key")
	}
	s, err := newSender(ctx, rpcURL)
	if err != nil {
		return Addresses{}, fmt.Errorf("deploy contracts: %w", err)
	}
	defer s.rpc.Close()
	if !s.chainID.IsUint64() {
		return Addresses{}, fmt.Errorf("deploy contracts: chain id %s is beyond 64 bits", s.chainID)
	}
	d := deployment{sender: s, key: deployer, self: crypto.PubkeyToAddress(deployer.PublicKey), params: p}
	addresses, err := d.create(ctx)
	if err != nil {
		return Addresses{}, err
	}
	if err := d.handOver(ctx, addresses); err != nil {
		return Addresses{}, err
	}
	return addresses, nil
}

// deployment is one run of Deploy.
type deployment struct {
	sender *sender
	key    *ecdsa.PrivateKey
	self   common.Address // the deployer
	params Params
}

// create makes the three contracts, administered by the deployer for now.
func (d deployment) create(ctx context.Context) (Addresses, error) {
	p, a := d.params, Addresses{ChainID: d.sender.chainID.Uint64()}
	treasury := p.Treasury
	if treasury == (common.Address{}) {
		treasury = d.self
	}
	var err error
	a.Token, a.DeployBlock, err = d.contract(ctx, "HiveToken", hivetoken.HiveTokenMetaData.Bin,
		hivetoken.NewHiveToken().PackConstructor(d.self, treasury, p.InitialSupply))
	if err != nil {
		return Addresses{}, err
	}
	a.Registry, _, err = d.contract(ctx, "NodeRegistry", noderegistry.NodeRegistryMetaData.Bin,
		noderegistry.NewNodeRegistry().PackConstructor(a.Token, p.Bond, seconds(p.ExitThaw), seconds(p.RecipientDelay)))
	if err != nil {
		return Addresses{}, err
	}
	a.Distributor, _, err = d.contract(ctx, "RewardDistributor", rewarddistributor.RewardDistributorMetaData.Bin,
		rewarddistributor.NewRewardDistributor().PackConstructor(
			d.self, a.Token, a.Registry, p.RatePerSecondWei, seconds(p.ActivationDelay), p.Poster, p.Guardian))
	return a, err
}

// handOver gives the distributor its role, and the administration to the owner.
func (d deployment) handOver(ctx context.Context, a Addresses) error {
	token := hivetoken.NewHiveToken()
	minter := [32]byte(crypto.Keccak256([]byte("MINTER_ROLE")))
	if _, err := d.sender.send(ctx, d.key, &a.Token, nil, token.PackGrantRole(minter, a.Distributor)); err != nil {
		return fmt.Errorf("make the distributor a minter: %w", err)
	}
	owner := d.params.Owner
	if owner == (common.Address{}) || owner == d.self {
		return nil
	}
	var admin [32]byte // DEFAULT_ADMIN_ROLE is zero
	for _, step := range []struct {
		what string
		to   common.Address
		data []byte
	}{
		{"make the owner the token's admin", a.Token, token.PackGrantRole(admin, owner)},
		{"give up the token's administration", a.Token, token.PackRenounceRole(admin, d.self)},
		{"offer the owner the distributor", a.Distributor, rewarddistributor.NewRewardDistributor().PackTransferOwnership(owner)},
	} {
		if _, err := d.sender.send(ctx, d.key, &step.to, nil, step.data); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// contract creates one contract and returns its address and block.
func (d deployment) contract(ctx context.Context, name, bytecode string, arguments []byte) (common.Address, uint64, error) {
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
