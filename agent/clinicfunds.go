package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler/broker"
)

// Play money of a development chain's clinic, in HIVE: what its deposit is filled up to, and
// below what. A study costs about a thousandth.
const (
	playDeposit    = 100
	playDepositLow = 10
	// fundsEvery is the pause between two looks at the deposit.
	fundsEvery = 10 * time.Minute
)

// hiveWei is whole tokens in wei.
func hiveWei(tokens int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(tokens), big.NewInt(params.Ether))
}

// fundClinic fills the deposit of a clinic on a development chain from the faucet, and gives
// its key ether for gas; elsewhere it does nothing. It returns what was deposited.
func fundClinic(ctx context.Context, n Network, clinic common.Address, log *slog.Logger) (*big.Int, error) {
	if n.DevelopmentKeys == "" || n.Contracts.Escrow == (common.Address{}) {
		return new(big.Int), nil
	}
	client, err := n.Dial(ctx, log)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	missing := func() (*big.Int, error) {
		funds, err := client.EscrowOf(ctx, clinic)
		if err != nil || funds.FreeWei.Cmp(hiveWei(playDepositLow)) >= 0 {
			return new(big.Int), err
		}
		return new(big.Int).Sub(hiveWei(playDeposit), funds.FreeWei), nil
	}
	if wei, err := missing(); err != nil || wei.Sign() == 0 {
		return wei, err
	}
	wei := new(big.Int)
	err = withFaucet(ctx, n, func(faucet *identity.Key) error {
		if wei, err = missing(); err != nil || wei.Sign() == 0 { // somebody else may have filled it meanwhile
			return err
		}
		ether, err := client.EtherBalance(ctx, clinic)
		if err == nil && ether.Sign() == 0 {
			_, err = client.Fund(ctx, faucet, clinic, devEther())
		}
		if err != nil {
			return err
		}
		_, err = client.DepositFor(ctx, faucet, clinic, wei)
		return err
	})
	if err == nil && wei.Sign() > 0 {
		log.Info("deposited play money for the clinic", "clinic", clinic, "wei", wei)
	}
	return wei, err
}

// TopUp fills this clinic's deposit on a development chain, and returns what was added: play
// money, which it makes as a node makes its bond. Elsewhere `medhive clinic deposit` does it.
func (c *Clinic) TopUp(ctx context.Context) (*big.Int, error) {
	return fundClinic(ctx, c.conf.Network, c.key.Address(), c.conf.Log)
}

// NodeFunds is what stands between a clinic and one node.
type NodeFunds struct {
	Node          common.Address `json:"node"`
	VoucheredGwei uint64         `json:"vouchered_gwei"` // promised since ever
	RedeemedGwei  uint64         `json:"redeemed_gwei"`  // of it, paid by the escrow
	ReservedWei   *big.Int       `json:"reserved_wei"`   // for this node alone
	ThawingWei    *big.Int       `json:"thawing_wei"`    // of what was reserved, on its way out
	ThawedAt      time.Time      `json:"thawed_at,omitzero"`
}

// ClinicFunds is a clinic's money, in wei of HIVE.
type ClinicFunds struct {
	Clinic     string        `json:"clinic"`
	WalletWei  *big.Int      `json:"wallet_wei"` // what its account holds
	EtherWei   *big.Int      `json:"ether_wei"`  // for gas, in wei of ether
	FreeWei    *big.Int      `json:"free_wei"`   // deposited, for whoever redeems
	ThawingWei *big.Int      `json:"thawing_wei"`
	ThawedAt   time.Time     `json:"thawed_at,omitzero"`
	Thaw       time.Duration `json:"thaw_ns"` // how long a withdrawal takes
	DueWei     *big.Int      `json:"due_wei"` // vouchers that were not redeemed yet
	Nodes      []NodeFunds   `json:"nodes"`
}

// ReadFunds asks the chain, and the books of the clinic in state, whether it runs or not.
func ReadFunds(ctx context.Context, state string, n Network) (ClinicFunds, error) {
	f := ClinicFunds{DueWei: new(big.Int), Nodes: []NodeFunds{}}
	till, err := openTill(ctx, state, n)
	if err != nil {
		return f, err
	}
	defer till.Close()
	owed, err := readOwed(ctx, state, n)
	if err != nil {
		return f, err
	}
	clinic := till.key.Address()
	f.Clinic = clinic.Hex()
	if f.WalletWei, err = till.Balance(ctx, clinic); err != nil {
		return f, err
	}
	if f.EtherWei, err = till.EtherBalance(ctx, clinic); err != nil {
		return f, err
	}
	free, err := till.EscrowOf(ctx, clinic)
	if err != nil {
		return f, err
	}
	f.FreeWei, f.ThawingWei, f.ThawedAt = free.FreeWei, free.ThawingWei, free.ThawedAt
	if f.Thaw, err = till.EscrowThaw(ctx); err != nil {
		return f, err
	}
	nodes, err := till.partners(owed)
	if err != nil {
		return f, err
	}
	for _, node := range nodes {
		row := NodeFunds{Node: node.Node, VoucheredGwei: node.TotalGwei}
		if row.RedeemedGwei, err = till.RedeemedGwei(ctx, clinic, node.Node); err != nil {
			return f, err
		}
		kept, err := till.ReservationOf(ctx, clinic, node.Node)
		if err != nil {
			return f, err
		}
		row.ReservedWei, row.ThawingWei, row.ThawedAt = kept.FreeWei, kept.ThawingWei, kept.ThawedAt
		f.DueWei.Add(f.DueWei, GweiToWei(row.VoucheredGwei-min(row.VoucheredGwei, row.RedeemedGwei)))
		f.Nodes = append(f.Nodes, row)
	}
	return f, nil
}

// DepositFunds moves wei of HIVE into the escrow for the clinic in state: from its own
// account, or from payer's where that is not nil.
func DepositFunds(ctx context.Context, state string, n Network, payer chain.Signer, wei *big.Int) (chain.Mined, error) {
	till, err := openTill(ctx, state, n)
	if err != nil {
		return chain.Mined{}, err
	}
	defer till.Close()
	if payer == nil {
		payer = till.key
	}
	return till.DepositFor(ctx, payer, till.key.Address(), wei)
}

// ReserveFunds keeps wei of the free deposit for one node.
func ReserveFunds(ctx context.Context, state string, n Network, node common.Address, wei *big.Int) (chain.Mined, error) {
	till, err := openTill(ctx, state, n)
	if err != nil {
		return chain.Mined{}, err
	}
	defer till.Close()
	if err := till.remember(node); err != nil { // before it can have happened: the chain does not list reservations
		return chain.Mined{}, err
	}
	return till.Reserve(ctx, till.key, []chain.Reservation{{Node: node, Wei: wei}})
}

// ThawFunds begins to take wei out of the free deposit, or out of what is reserved for node
// where that is not zero; it replaces what thaws there, and zero wei ends that. The money pays
// vouchers until it is withdrawn.
func ThawFunds(ctx context.Context, state string, n Network, node common.Address, wei *big.Int) (chain.Funds, error) {
	till, err := openTill(ctx, state, n)
	if err != nil {
		return chain.Funds{}, err
	}
	defer till.Close()
	if _, err := till.Thaw(ctx, till.key, node, wei); err != nil {
		return chain.Funds{}, err
	}
	return till.pot(ctx, node)
}

// WithdrawFunds pays what has thawed to the clinic's account and returns it.
func WithdrawFunds(ctx context.Context, state string, n Network, node common.Address) (*big.Int, error) {
	till, err := openTill(ctx, state, n)
	if err != nil {
		return nil, err
	}
	defer till.Close()
	pot, err := till.pot(ctx, node)
	if err != nil {
		return nil, err
	}
	now, err := till.ChainTime(ctx)
	switch {
	case err != nil:
		return nil, err
	case pot.ThawingWei.Sign() == 0:
		return nil, errors.New("withdraw: nothing thaws here; name an amount to begin with it")
	case now.Before(pot.ThawedAt):
		return nil, fmt.Errorf("withdraw: it thaws until %s; try again then", pot.ThawedAt.Format(time.RFC3339))
	}
	if _, err := till.Withdraw(ctx, till.key, node); err != nil {
		return nil, err
	}
	return pot.ThawingWei, nil
}

// till is a clinic's key before the escrow.
type till struct {
	*chain.Client
	key   *identity.Key
	state string
}

func openTill(ctx context.Context, state string, n Network) (*till, error) {
	key, err := identity.Load(filepath.Join(state, "clinic.key"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no clinic of this name yet; start one with `medhive clinic run`, or check --home and --name")
	}
	if err != nil {
		return nil, err
	}
	client, err := n.Dial(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &till{Client: client, key: key, state: state}, nil
}

func (t *till) pot(ctx context.Context, node common.Address) (chain.Funds, error) {
	if node == (common.Address{}) {
		return t.EscrowOf(ctx, t.key.Address())
	}
	return t.ReservationOf(ctx, t.key.Address(), node)
}

// reservedFile lists the nodes that a clinic ever reserved money for.
const reservedFile = "reserved.json"

func (t *till) reserved() (nodes []common.Address, err error) {
	data, err := os.ReadFile(filepath.Join(t.state, reservedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &nodes)
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of nodes with a reservation: %w", pathless(err))
	}
	return nodes, nil
}

func (t *till) remember(node common.Address) error {
	nodes, err := t.reserved()
	if err != nil || slices.Contains(nodes, node) {
		return err
	}
	data, err := json.Marshal(append(nodes, node))
	if err != nil {
		return fmt.Errorf("note the reservation: %w", err)
	}
	return writeFileDurably(filepath.Join(t.state, reservedFile), data, 0o600)
}

// partners are the nodes that have a voucher or a reservation, by address.
func (t *till) partners(owed []broker.Owed) ([]broker.Owed, error) {
	reserved, err := t.reserved()
	if err != nil {
		return nil, err
	}
	for _, node := range reserved {
		if !slices.ContainsFunc(owed, func(o broker.Owed) bool { return o.Node == node }) {
			owed = append(owed, broker.Owed{Node: node})
		}
	}
	slices.SortFunc(owed, func(a, b broker.Owed) int { return a.Node.Cmp(b.Node) })
	return owed, nil
}

// readOwed asks the clinic that runs for its vouchers, or else reads its database; one that
// never ran has none.
func readOwed(ctx context.Context, state string, n Network) (owed []broker.Owed, err error) {
	if err = api.Call(ctx, state, http.MethodGet, "/vouchers", &owed); !errors.Is(err, api.ErrNobody) {
		return owed, err
	}
	file := filepath.Join(state, "tasks.db")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	secret, err := readSecret(filepath.Join(state, taskKeyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	db, err := bolt.Open(file, 0o600, &bolt.Options{ReadOnly: true, Timeout: lockTimeout})
	if err != nil {
		return nil, fmt.Errorf("read the clinic's vouchers: %w; is a medhive of another version running there?", pathless(err))
	}
	owed, err = broker.ReadOwed(db, secret, n.Vouchers())
	return owed, errors.Join(err, db.Close())
}
