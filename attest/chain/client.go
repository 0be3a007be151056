package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/contracts/bindings/disputes"
	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/jobescrow"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
)

// rpcMethodNotFound is JSON-RPC 2.0's code for an unknown method.
const rpcMethodNotFound = -32601

// Client talks to the contracts of one deployment. It holds no keys and is safe
// for concurrent use. What a contract refuses comes back as a *Refusal.
type Client struct {
	sender      *sender
	addresses   Addresses
	token       *hivetoken.HiveToken
	registry    *noderegistry.NodeRegistry
	distributor *rewarddistributor.RewardDistributor
	disputes    *disputes.Disputes
	escrow      *jobescrow.JobEscrow
}

// Dial connects to the chain at rpcURL (http or https) and checks that it is
// the one of the address book and that the contracts are there.
func Dial(ctx context.Context, rpcURL string, a Addresses, options ...Option) (*Client, error) {
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("connect to the contracts: %w", err)
	}
	s, err := newSender(ctx, rpcURL, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to the contracts: %w", err)
	}
	c := newClient(s, a)
	if err := c.check(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to the contracts: %w", err)
	}
	return c, nil
}

func newClient(s *sender, a Addresses) *Client {
	return &Client{
		sender:      s,
		addresses:   a,
		token:       hivetoken.NewHiveToken(),
		registry:    noderegistry.NewNodeRegistry(),
		distributor: rewarddistributor.NewRewardDistributor(),
		disputes:    disputes.NewDisputes(),
		escrow:      jobescrow.NewJobEscrow(),
	}
}

// check compares the chain with the address book.
func (c *Client) check(ctx context.Context) error {
	if want := new(big.Int).SetUint64(c.addresses.ChainID); c.sender.chainID.Cmp(want) != 0 {
		return fmt.Errorf("the RPC server serves chain %s, the contracts are on chain %s; use the address book of that chain", c.sender.chainID, want)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	for _, contract := range []struct {
		name    string
		address common.Address
	}{
		{"HiveToken", c.addresses.Token}, {"NodeRegistry", c.addresses.Registry}, {"RewardDistributor", c.addresses.Distributor},
		{"Disputes", c.addresses.Disputes}, {"JobEscrow", c.addresses.Escrow},
	} {
		code, err := c.sender.rpc.CodeAt(ctx, contract.address, nil)
		if err != nil {
			return fmt.Errorf("look for %s: %w", contract.name, withoutURL(err))
		}
		if len(code) == 0 {
			return fmt.Errorf("%s is not at %s; the chain was restarted empty or the address book is another's: deploy again or get the right one", contract.name, contract.address)
		}
	}
	return nil
}

// Close frees the connection.
func (c *Client) Close() { c.sender.rpc.Close() }

// Addresses is the deployment that the client talks to.
func (c *Client) Addresses() Addresses { return c.addresses }

// Domain is the EIP-712 domain of statements about this deployment.
func (c *Client) Domain() attest.Domain {
	return attest.Domain{ChainID: new(big.Int).Set(c.sender.chainID), Registry: c.addresses.Registry}
}

// ChainTime is the newest block's time: what every delay is measured by.
func (c *Client) ChainTime(ctx context.Context) (time.Time, error) {
	head, err := c.sender.rpc.HeaderByNumber(ctx, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the chain's time: %w", withoutURL(err))
	}
	return unix(head.Time), nil
}

// AdvanceTime moves the clock of a development chain, and of no other, forward
// by at least d, and returns its new time.
func (c *Client) AdvanceTime(ctx context.Context, by time.Duration) (time.Time, error) {
	if by <= 0 {
		return time.Time{}, fmt.Errorf("advance chain time by %s: must be above zero", by)
	}
	var now uint64
	err := c.sender.rpc.Client().CallContext(ctx, &now, "dev_advanceTime", seconds(by))
	var answered rpc.Error
	if errors.As(err, &answered) && answered.ErrorCode() == rpcMethodNotFound {
		return time.Time{}, errors.New("advance chain time: this is a real chain, whose clock nobody moves; wait, or use a development chain")
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("advance chain time: %w", withoutURL(err))
	}
	return unix(now), nil
}

// Balance is what account holds, in wei of HIVE.
func (c *Client) Balance(ctx context.Context, account common.Address) (*big.Int, error) {
	balance, err := read(ctx, c, c.addresses.Token, c.token.PackBalanceOf(account), c.token.UnpackBalanceOf)
	if err != nil {
		return nil, fmt.Errorf("ask for the HIVE of %s: %w", account, err)
	}
	return balance, nil
}

// EtherBalance is what account holds for gas, in wei of ether.
func (c *Client) EtherBalance(ctx context.Context, account common.Address) (*big.Int, error) {
	balance, err := c.sender.rpc.BalanceAt(ctx, account, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for the ether of %s: %w", account, withoutURL(err))
	}
	return balance, nil
}

// Fund sends wei of ether from key's account, for gas.
func (c *Client) Fund(ctx context.Context, key Signer, to common.Address, wei *big.Int) (Mined, error) {
	receipt, err := c.sender.send(ctx, key, &to, wei, nil)
	if err != nil {
		return Mined{}, fmt.Errorf("send ether to %s: %w", to, err)
	}
	return asMined(receipt), nil
}

// Transfer sends wei of HIVE from key's account, for a bond.
func (c *Client) Transfer(ctx context.Context, key Signer, to common.Address, wei *big.Int) (Mined, error) {
	data, err := c.token.TryPackTransfer(to, wei)
	if err != nil {
		return Mined{}, fmt.Errorf("send HIVE to %s: %w", to, err)
	}
	receipt, err := c.sender.send(ctx, key, &c.addresses.Token, nil, data)
	if err != nil {
		return Mined{}, fmt.Errorf("send HIVE to %s: %w", to, err)
	}
	return asMined(receipt), nil
}

// estimate is what a transaction would cost its sender now: gas, and wei of ether
// at the present price. What a contract would refuse is a *Refusal.
func (c *Client) estimate(ctx context.Context, message ethereum.CallMsg) (gas uint64, feeWei *big.Int, err error) {
	gas, err = c.sender.rpc.EstimateGas(ctx, message)
	if err != nil {
		return 0, nil, c.sender.refusals.explain(err)
	}
	price, err := c.sender.rpc.SuggestGasPrice(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("ask for the gas price: %w", withoutURL(err))
	}
	return gas, price.Mul(price, new(big.Int).SetUint64(gas)), nil
}

// read calls a view and unpacks its answer.
func read[T any](ctx context.Context, c *Client, to common.Address, data []byte, unpack func([]byte) (T, error)) (T, error) {
	var none T
	answer, err := c.sender.call(ctx, to, data)
	if err != nil {
		return none, err
	}
	value, err := unpack(answer)
	if err != nil {
		return none, fmt.Errorf("read the contract's answer: %w", err)
	}
	return value, nil
}

// unix is a block's time.
func unix(seconds uint64) time.Time { return time.Unix(int64(seconds), 0).UTC() }
