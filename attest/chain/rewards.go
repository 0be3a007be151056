package chain

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
)

const (
	// MaxClaims is the distributor's bound on one ClaimMany.
	MaxClaims = 256
	// MaxProofLength bounds a Merkle proof, in siblings: 2^64 nodes.
	MaxProofLength = 64
	// totalBits is the width of a cumulative total on chain.
	totalBits = 128
)

// Root is one epoch's outcome as it stands on chain.
type Root struct {
	Epoch uint64 // from 1, rising
	// Root is over leaves keccak256(keccak256(abi.encode(address node, uint256
	// cumulativeWei))), with sorted pairs (OpenZeppelin's rule).
	Root        [32]byte
	DatasetHash [32]byte // of the inputs that give this root
	// TotalWei is the budget since the beginning: at least the sum of the
	// leaves, at most rate x elapsed, never falling.
	TotalWei *big.Int
	ActiveAt time.Time // chain time; set by the contract
	// Cosignatures are what PostRoot sends along: over attest.EpochStatement,
	// ascending by signer, at least as many as the threshold (see CoSigners). The
	// chain doesn't keep them.
	Cosignatures [][]byte
}

// Posted says whether there is such a root at all.
func (r Root) Posted() bool { return r.Root != [32]byte{} }

// Leaf is one node's line in an epoch, with its way to the root.
type Leaf struct {
	Node          common.Address
	CumulativeWei *big.Int // since the beginning
	Proof         [][32]byte
}

// Payment is what a claim moved.
type Payment struct {
	Mined
	Node      common.Address
	Recipient common.Address
	AmountWei *big.Int
}

// ActiveRoot is the root that a claim made now is checked against.
func (c *Client) ActiveRoot(ctx context.Context) (Root, error) {
	epoch, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackActiveEpoch(), c.distributor.UnpackActiveEpoch)
	if err != nil {
		return Root{}, fmt.Errorf("ask for the active root: %w", err)
	}
	return asRoot(epoch), nil
}

// PendingRoot is the root that waits for its time; see Root.Posted.
func (c *Client) PendingRoot(ctx context.Context) (Root, error) {
	epoch, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackPendingEpoch(), c.distributor.UnpackPendingEpoch)
	if err != nil {
		return Root{}, fmt.Errorf("ask for the pending root: %w", err)
	}
	return asRoot(epoch), nil
}

// Vetoed says whether the guardian or a dispute refused a root for good.
func (c *Client) Vetoed(ctx context.Context, root, datasetHash [32]byte) (bool, error) {
	vetoed, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackVetoed(root, datasetHash), c.distributor.UnpackVetoed)
	if err != nil {
		return false, fmt.Errorf("ask whether a root was vetoed: %w", err)
	}
	return vetoed, nil
}

// PostedRoot is the newest root that was ever posted for an epoch, active, pending
// or refused since; a zero Root if none was. It searches the chain's events from
// the newest block back to the deployment.
func (c *Client) PostedRoot(ctx context.Context, epoch uint64) (Root, error) {
	last, err := c.sender.rpc.BlockNumber(ctx)
	if err != nil {
		return Root{}, fmt.Errorf("ask for the newest block: %w", withoutURL(err))
	}
	event := c.distributor.GetABI().Events[rewarddistributor.RewardDistributorRootPostedEventName].ID
	number := common.BigToHash(new(big.Int).SetUint64(epoch))
	for {
		first := c.addresses.DeployBlock
		if last >= first+logBlocks {
			first = last - logBlocks + 1
		}
		logs, err := c.sender.rpc.FilterLogs(ctx, ethereum.FilterQuery{
			FromBlock: new(big.Int).SetUint64(first), ToBlock: new(big.Int).SetUint64(last),
			Addresses: []common.Address{c.addresses.Distributor}, Topics: [][]common.Hash{{event}, {number}},
		})
		if err != nil {
			return Root{}, fmt.Errorf("search blocks from %d for the root of epoch %d: %w", first, epoch, withoutURL(err))
		}
		if len(logs) > 0 {
			newest := &logs[len(logs)-1]
			posted, err := c.distributor.UnpackRootPostedEvent(newest)
			if err != nil || newest.Address != c.addresses.Distributor || posted.Epoch != epoch {
				return Root{}, fmt.Errorf("search for the root of epoch %d: the RPC server answered with another event; use another server", epoch)
			}
			return Root{Epoch: epoch, Root: posted.Root, DatasetHash: posted.DatasetHash, TotalWei: posted.CumulativeTotal, ActiveAt: unix(posted.ActiveAt)}, nil
		}
		if first == c.addresses.DeployBlock {
			return Root{}, nil
		}
		last = first - 1
	}
}

// ClaimableNow is what all claims together may take out at this moment, in wei: a
// breaker bounds how fast money leaves. What is beyond it stays claimable.
func (c *Client) ClaimableNow(ctx context.Context) (*big.Int, error) {
	room, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackRoom(), c.distributor.UnpackRoom)
	if err != nil {
		return nil, fmt.Errorf("ask what claims may take out: %w", err)
	}
	return room, nil
}

// AllowedTotal is the largest TotalWei that may be posted now.
func (c *Client) AllowedTotal(ctx context.Context) (*big.Int, error) {
	allowed, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackAllowedTotal(), c.distributor.UnpackAllowedTotal)
	if err != nil {
		return nil, fmt.Errorf("ask for the allowed total: %w", err)
	}
	return allowed, nil
}

// ActivationDelay is how long a posted root waits.
func (c *Client) ActivationDelay(ctx context.Context) (time.Duration, error) {
	delay, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackActivationDelay(), c.distributor.UnpackActivationDelay)
	if err != nil {
		return 0, fmt.Errorf("ask for the activation delay: %w", err)
	}
	return time.Duration(delay) * time.Second, nil
}

// PostRoot posts an epoch's root with the poster's key. ActiveAt is ignored.
// Posting what is already pending or active sends nothing and returns a zero
// Mined, so that a coordinator that crashed after sending may post again.
func (c *Client) PostRoot(ctx context.Context, poster Signer, root Root) (Mined, error) {
	if root.TotalWei == nil || root.TotalWei.Sign() < 0 || root.TotalWei.BitLen() > totalBits {
		return Mined{}, fmt.Errorf("post root of epoch %d: total must be zero or more and under 2^%d wei", root.Epoch, totalBits)
	}
	for _, posted := range []func(context.Context) (Root, error){c.PendingRoot, c.ActiveRoot} {
		there, err := posted(ctx)
		if err != nil {
			return Mined{}, err
		}
		if there.same(root) {
			return Mined{}, nil
		}
	}
	return c.distribute(ctx, poster, fmt.Sprintf("post root of epoch %d", root.Epoch),
		c.distributor.PackPostRoot(root.Root, root.DatasetHash, root.TotalWei, root.Epoch, root.Cosignatures))
}

// Activate makes a pending root that is due the active one; a claim does so too.
func (c *Client) Activate(ctx context.Context, key Signer) (Mined, error) {
	return c.distribute(ctx, key, "activate the pending root", c.distributor.PackActivate())
}

// Veto refuses the pending root with the guardian's key.
func (c *Client) Veto(ctx context.Context, guardian Signer, root [32]byte) (Mined, error) {
	return c.distribute(ctx, guardian, "veto the pending root", c.distributor.PackVeto(root))
}

// DismissPoster takes the poster's right away with the guardian's key.
func (c *Client) DismissPoster(ctx context.Context, guardian Signer) (Mined, error) {
	return c.distribute(ctx, guardian, "dismiss the poster", c.distributor.PackDismissPoster())
}

// Claimed is what a node has been paid since the beginning, in wei of HIVE.
func (c *Client) Claimed(ctx context.Context, node common.Address) (*big.Int, error) {
	claimed, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackClaimed(node), c.distributor.UnpackClaimed)
	if err != nil {
		return nil, fmt.Errorf("ask what node %s was paid: %w", node, err)
	}
	return claimed, nil
}

// Claim pays node's recipient what the active root gives it beyond what it was
// paid, and waits until that is mined. Any key may send it; it pays the gas. A
// node that was paid everything already is a Refusal named NothingToClaim.
func (c *Client) Claim(ctx context.Context, key Signer, node common.Address, cumulativeWei *big.Int, proof [][32]byte) (Payment, error) {
	data, err := c.claimData(Leaf{node, cumulativeWei, proof})
	if err != nil {
		return Payment{}, err
	}
	receipt, err := c.sender.send(ctx, key, &c.addresses.Distributor, nil, data)
	if err != nil {
		return Payment{}, fmt.Errorf("claim for node %s: %w", node, err)
	}
	payments, err := c.payments(receipt)
	if err != nil {
		return Payment{}, err
	}
	if len(payments) != 1 || payments[0].Node != node {
		return Payment{}, fmt.Errorf("claim for node %s: transaction %s holds no payment to it", node, receipt.TxHash)
	}
	return payments[0], nil
}

// ClaimMany claims for at most MaxClaims nodes in one transaction. Leaves that
// were paid already are passed over; the payments of the others come back.
func (c *Client) ClaimMany(ctx context.Context, key Signer, leaves []Leaf) (Mined, []Payment, error) {
	if len(leaves) == 0 || len(leaves) > MaxClaims {
		return Mined{}, nil, fmt.Errorf("claim for %d nodes: from 1 to %d fit one transaction", len(leaves), MaxClaims)
	}
	for _, leaf := range leaves {
		if err := leaf.validate(); err != nil {
			return Mined{}, nil, err
		}
	}
	claims, siblings := shareProofs(leaves)
	receipt, err := c.sender.send(ctx, key, &c.addresses.Distributor, nil, c.distributor.PackClaimMany(claims, siblings))
	if err != nil {
		return Mined{}, nil, fmt.Errorf("claim for %d nodes: %w", len(leaves), err)
	}
	payments, err := c.payments(receipt)
	return asMined(receipt), payments, err
}

// EstimateClaim is what a claim would cost its sender now: gas, and wei of
// ether at the present price. What the contract would refuse is refused.
func (c *Client) EstimateClaim(ctx context.Context, sender common.Address, leaf Leaf) (gas uint64, feeWei *big.Int, err error) {
	data, err := c.claimData(leaf)
	if err != nil {
		return 0, nil, err
	}
	gas, feeWei, err = c.estimate(ctx, ethereum.CallMsg{From: sender, To: &c.addresses.Distributor, Data: data})
	if err != nil {
		return 0, nil, fmt.Errorf("estimate claim for node %s: %w", leaf.Node, err)
	}
	return gas, feeWei, nil
}

// distribute sends one call to the distributor.
func (c *Client) distribute(ctx context.Context, key Signer, what string, data []byte) (Mined, error) {
	receipt, err := c.sender.send(ctx, key, &c.addresses.Distributor, nil, data)
	if err != nil {
		return Mined{}, fmt.Errorf("%s: %w", what, err)
	}
	return asMined(receipt), nil
}

func (c *Client) claimData(leaf Leaf) ([]byte, error) {
	if err := leaf.validate(); err != nil {
		return nil, err
	}
	return c.distributor.PackClaim(leaf.Node, leaf.CumulativeWei, leaf.Proof), nil
}

// validate bounds what the encoding takes.
func (l Leaf) validate() error {
	if l.CumulativeWei == nil || l.CumulativeWei.Sign() < 0 || l.CumulativeWei.BitLen() > 256 {
		return fmt.Errorf("claim for node %s: amount must be zero or more and under 2^256 wei", l.Node)
	}
	if len(l.Proof) > MaxProofLength {
		return fmt.Errorf("claim for node %s: a proof of %d siblings is longer than any epoch's", l.Node, len(l.Proof))
	}
	return nil
}

// Hash is the leaf's place in the tree: keccak256(keccak256(abi.encode(node,
// cumulativeWei))), OpenZeppelin's rule; hashed twice, so that no inner node can
// pass for a leaf. The amount must be in [0, 2^256).
func (l Leaf) Hash() [32]byte {
	encoded := make([]byte, 64)
	copy(encoded[12:32], l.Node[:])
	l.CumulativeWei.FillBytes(encoded[32:])
	return [32]byte(crypto.Keccak256(crypto.Keccak256(encoded)))
}

// payments reads the distributor's Claimed events of a receipt.
func (c *Client) payments(receipt *types.Receipt) ([]Payment, error) {
	event := c.distributor.GetABI().Events[rewarddistributor.RewardDistributorClaimedEventName].ID
	var payments []Payment
	for _, log := range receipt.Logs {
		if log.Address != c.addresses.Distributor || len(log.Topics) == 0 || log.Topics[0] != event {
			continue
		}
		claimed, err := c.distributor.UnpackClaimedEvent(log)
		if err != nil {
			return nil, fmt.Errorf("read payment of transaction %s: %w", receipt.TxHash, err)
		}
		payments = append(payments, Payment{
			Mined: asMined(receipt), Node: claimed.Node, Recipient: claimed.Recipient, AmountWei: claimed.Amount,
		})
	}
	return payments, nil
}

// same says whether two roots are of the same epoch and content.
func (r Root) same(other Root) bool {
	return r.Posted() && r.Epoch == other.Epoch && r.Root == other.Root && r.DatasetHash == other.DatasetHash &&
		r.TotalWei.Cmp(other.TotalWei) == 0
}

func asRoot(epoch rewarddistributor.RewardDistributorEpoch) Root {
	root := Root{Epoch: epoch.Number, Root: epoch.Root, DatasetHash: epoch.DatasetHash, TotalWei: epoch.CumulativeTotal}
	if root.Posted() {
		root.ActiveAt = unix(epoch.ActiveAt)
	}
	return root
}

// NothingToClaim says whether err is the distributor's refusal to pay twice.
func NothingToClaim(err error) bool { return Refused(err, "NothingToClaim") }
