package chain

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/contracts/bindings/jobescrow"
)

const (
	// MaxVouchers is the escrow's bound on one Redeem and one Reserve.
	MaxVouchers = 256
	// depositBits is the width of an amount in the escrow.
	depositBits = 128
)

// Funds is one pot of a clinic's money in the escrow, in wei of HIVE.
type Funds struct {
	FreeWei    *big.Int  // what nodes may count on
	ThawingWei *big.Int  // what may leave at ThawedAt, and pays vouchers until then
	ThawedAt   time.Time // chain time; zero if nothing thaws
}

// Reservation is a part of a clinic's deposit for one node alone.
type Reservation struct {
	Node common.Address
	Wei  *big.Int
}

// Redemption is what one voucher moved.
type Redemption struct {
	Mined
	Clinic       common.Address
	Node         common.Address
	Recipient    common.Address
	PaidWei      *big.Int
	RedeemedGwei uint64 // of this clinic to this node, since ever
}

// VoucherDomain is the EIP-712 domain of vouchers that this escrow pays.
func (c *Client) VoucherDomain() attest.Domain {
	return attest.VoucherDomain(new(big.Int).Set(c.sender.chainID), c.addresses.Escrow)
}

// Deposit adds wei of HIVE from the clinic's account to its deposit; the escrow
// is approved first if need be.
func (c *Client) Deposit(ctx context.Context, clinic Signer, wei *big.Int) (Mined, error) {
	if clinic == nil {
		return Mined{}, fmt.Errorf("deposit: no key of the clinic")
	}
	return c.DepositFor(ctx, clinic, clinic.Address(), wei)
}

// DepositFor is Deposit of payer's HIVE for another clinic.
func (c *Client) DepositFor(ctx context.Context, payer Signer, clinic common.Address, wei *big.Int) (Mined, error) {
	what := fmt.Sprintf("deposit for clinic %s", clinic)
	if err := validAmount(wei); err != nil {
		return Mined{}, fmt.Errorf("%s: %w", what, err)
	}
	if err := c.approve(ctx, payer, c.addresses.Escrow, wei); err != nil {
		return Mined{}, fmt.Errorf("%s: %w", what, err)
	}
	return c.escrowed(ctx, payer, what, c.escrow.PackDepositFor(clinic, wei))
}

// Reserve keeps parts of the clinic's free deposit for nodes.
func (c *Client) Reserve(ctx context.Context, clinic Signer, reservations []Reservation) (Mined, error) {
	if len(reservations) == 0 || len(reservations) > MaxVouchers {
		return Mined{}, fmt.Errorf("reserve for %d nodes: from 1 to %d fit one transaction", len(reservations), MaxVouchers)
	}
	nodes, amounts := make([]common.Address, len(reservations)), make([]*big.Int, len(reservations))
	for i, r := range reservations {
		if err := validAmount(r.Wei); err != nil {
			return Mined{}, fmt.Errorf("reserve for node %s: %w", r.Node, err)
		}
		nodes[i], amounts[i] = r.Node, r.Wei
	}
	return c.escrowed(ctx, clinic, "reserve for nodes", c.escrow.PackReserveMany(nodes, amounts))
}

// Thaw lets wei of what is reserved for node (zero: of the free part) be
// withdrawn after the escrow's delay; it replaces what thaws there already, and
// zero wei ends the thaw.
func (c *Client) Thaw(ctx context.Context, clinic Signer, node common.Address, wei *big.Int) (Mined, error) {
	if wei == nil || wei.Sign() < 0 || wei.BitLen() > depositBits {
		return Mined{}, fmt.Errorf("thaw: amount must be zero or more and under 2^%d wei", depositBits)
	}
	return c.escrowed(ctx, clinic, "thaw the deposit", c.escrow.PackThaw(node, wei))
}

// Withdraw pays what has thawed in the pot of node (zero: the free part) to the
// clinic.
func (c *Client) Withdraw(ctx context.Context, clinic Signer, node common.Address) (Mined, error) {
	return c.escrowed(ctx, clinic, "withdraw the deposit", c.escrow.PackWithdraw(node))
}

// Redeem has up to MaxVouchers vouchers paid in one transaction; any key may send
// it. Vouchers that are paid already, not signed or not covered are passed over,
// and one that is covered in part is paid in part: what comes back says what was
// paid. If nothing can be paid, nothing is sent and both results are empty.
func (c *Client) Redeem(ctx context.Context, key Signer, vouchers []attest.SignedVoucher) (Mined, []Redemption, error) {
	data, err := c.redeemData(vouchers)
	if err != nil {
		return Mined{}, nil, err
	}
	if key == nil {
		return Mined{}, nil, fmt.Errorf("redeem %d vouchers: no key to send it with", len(vouchers))
	}
	answer, err := c.sender.call(ctx, c.addresses.Escrow, data)
	if err != nil {
		return Mined{}, nil, fmt.Errorf("redeem %d vouchers: %w", len(vouchers), err)
	}
	payable, err := c.escrow.UnpackRedeemMany(answer)
	if err != nil {
		return Mined{}, nil, fmt.Errorf("redeem %d vouchers: %w", len(vouchers), err)
	}
	if payable.Sign() == 0 {
		return Mined{}, nil, nil
	}
	receipt, err := c.sender.send(ctx, key, &c.addresses.Escrow, nil, data)
	if err != nil {
		return Mined{}, nil, fmt.Errorf("redeem %d vouchers: %w", len(vouchers), err)
	}
	redemptions, err := c.redemptions(receipt)
	return asMined(receipt), redemptions, err
}

// EstimateRedeem is what Redeem would cost its sender now, and what it would pay:
// gas, wei of ether at the present price, and wei of HIVE.
func (c *Client) EstimateRedeem(ctx context.Context, from common.Address, vouchers []attest.SignedVoucher) (gas uint64, feeWei, payableWei *big.Int, err error) {
	data, err := c.redeemData(vouchers)
	if err != nil {
		return 0, nil, nil, err
	}
	payableWei, err = read(ctx, c, c.addresses.Escrow, data, c.escrow.UnpackRedeemMany)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("estimate redeeming %d vouchers: %w", len(vouchers), err)
	}
	gas, feeWei, err = c.estimate(ctx, ethereum.CallMsg{From: from, To: &c.addresses.Escrow, Data: data})
	if err != nil {
		return 0, nil, nil, fmt.Errorf("estimate redeeming %d vouchers: %w", len(vouchers), err)
	}
	return gas, feeWei, payableWei, nil
}

func (c *Client) redeemData(vouchers []attest.SignedVoucher) ([]byte, error) {
	if len(vouchers) == 0 || len(vouchers) > MaxVouchers {
		return nil, fmt.Errorf("redeem %d vouchers: from 1 to %d fit one transaction", len(vouchers), MaxVouchers)
	}
	lines := make([]jobescrow.JobEscrowVoucher, len(vouchers))
	var wallets [][]byte
	domain := c.VoucherDomain()
	for i, v := range vouchers {
		if err := v.Voucher.Validate(); err != nil {
			return nil, err
		}
		lines[i] = jobescrow.JobEscrowVoucher{
			Clinic: v.Voucher.Clinic, Node: v.Voucher.Node, TotalGwei: v.Voucher.TotalGwei,
			SignedAt: uint64(v.Voucher.At.UnixMilli()),
		}
		if r, vs, ok := compact(v, domain); ok {
			lines[i].R, lines[i].Vs = r, vs
			continue
		}
		binary.BigEndian.PutUint64(lines[i].Vs[24:], uint64(len(wallets)))
		wallets = append(wallets, v.Raw())
	}
	return c.escrow.PackRedeemMany(lines, wallets), nil
}

// compact is a voucher's signature in EIP-2098's form, r and s with the parity of
// y in its highest bit, if the clinic's own key made it. What is not compact is a
// contract wallet's, which the escrow asks (EIP-1271).
func compact(v attest.SignedVoucher, domain attest.Domain) (r, vs [32]byte, ok bool) {
	raw := v.Raw()
	if len(raw) != crypto.SignatureLength {
		return r, vs, false
	}
	const firstV = 27 // Ethereum writes the parity of y, 0 or 1, from there
	hash, recoverable := v.Voucher.Hash(domain), slices.Clone(raw)
	if recoverable[64] >= firstV {
		recoverable[64] -= firstV
	}
	key, err := crypto.SigToPub(hash[:], recoverable)
	if err != nil || crypto.PubkeyToAddress(*key) != v.Voucher.Clinic {
		return r, vs, false
	}
	r, vs = [32]byte(raw[:32]), [32]byte(raw[32:64])
	vs[0] |= recoverable[64] << 7
	return r, vs, true
}

// EscrowOf is the part of a clinic's deposit that is reserved for nobody.
func (c *Client) EscrowOf(ctx context.Context, clinic common.Address) (Funds, error) {
	free, err := read(ctx, c, c.addresses.Escrow, c.escrow.PackFreeOf(clinic), c.escrow.UnpackFreeOf)
	if err != nil {
		return Funds{}, fmt.Errorf("ask for the deposit of clinic %s: %w", clinic, err)
	}
	return c.funds(ctx, clinic, common.Address{}, free)
}

// ReservationOf is what a clinic keeps for a node, with what thaws of it.
func (c *Client) ReservationOf(ctx context.Context, clinic, node common.Address) (Funds, error) {
	reserved, err := c.ReservedOf(ctx, clinic, node)
	if err != nil {
		return Funds{}, err
	}
	return c.funds(ctx, clinic, node, reserved)
}

func (c *Client) funds(ctx context.Context, clinic, node common.Address, free *big.Int) (Funds, error) {
	thawing, err := read(ctx, c, c.addresses.Escrow, c.escrow.PackThawingOf(clinic, node), c.escrow.UnpackThawingOf)
	if err != nil {
		return Funds{}, fmt.Errorf("ask what thaws for clinic %s: %w", clinic, err)
	}
	funds := Funds{FreeWei: free, ThawingWei: thawing.Amount}
	if thawing.ThawedAt != 0 {
		funds.ThawedAt = unix(thawing.ThawedAt)
	}
	return funds, nil
}

// ReservedOf is what a clinic keeps for a node, without what thaws of it, in wei.
func (c *Client) ReservedOf(ctx context.Context, clinic, node common.Address) (*big.Int, error) {
	reserved, err := read(ctx, c, c.addresses.Escrow, c.escrow.PackReservedOf(clinic, node), c.escrow.UnpackReservedOf)
	if err != nil {
		return nil, fmt.Errorf("ask what clinic %s reserved for node %s: %w", clinic, node, err)
	}
	return reserved, nil
}

// RedeemedGwei is what a node was paid by a clinic since ever, in gwei of HIVE.
func (c *Client) RedeemedGwei(ctx context.Context, clinic, node common.Address) (uint64, error) {
	redeemed, err := read(ctx, c, c.addresses.Escrow, c.escrow.PackRedeemedOf(clinic, node), c.escrow.UnpackRedeemedOf)
	if err != nil {
		return 0, fmt.Errorf("ask what clinic %s paid node %s: %w", clinic, node, err)
	}
	return redeemed, nil
}

// EscrowThaw is how long money thaws before it can be withdrawn.
func (c *Client) EscrowThaw(ctx context.Context) (time.Duration, error) {
	delay, err := read(ctx, c, c.addresses.Escrow, c.escrow.PackThawDelay(), c.escrow.UnpackThawDelay)
	if err != nil {
		return 0, fmt.Errorf("ask for the escrow's thaw: %w", err)
	}
	return time.Duration(delay) * time.Second, nil
}

// redemptions reads the escrow's Redeemed events of a receipt.
func (c *Client) redemptions(receipt *types.Receipt) ([]Redemption, error) {
	event := c.escrow.GetABI().Events[jobescrow.JobEscrowRedeemedEventName].ID
	var redemptions []Redemption
	for _, log := range receipt.Logs {
		if log.Address != c.addresses.Escrow || len(log.Topics) == 0 || log.Topics[0] != event {
			continue
		}
		paid, err := c.escrow.UnpackRedeemedEvent(log)
		if err != nil {
			return nil, fmt.Errorf("read redemption of transaction %s: %w", receipt.TxHash, err)
		}
		redemptions = append(redemptions, Redemption{
			Mined: asMined(receipt), Clinic: paid.Clinic, Node: paid.Node, Recipient: paid.Recipient,
			PaidWei: paid.Amount, RedeemedGwei: paid.RedeemedGwei,
		})
	}
	return redemptions, nil
}

// escrowed sends one call to the escrow.
func (c *Client) escrowed(ctx context.Context, key Signer, what string, data []byte) (Mined, error) {
	receipt, err := c.sender.send(ctx, key, &c.addresses.Escrow, nil, data)
	if err != nil {
		return Mined{}, fmt.Errorf("%s: %w", what, err)
	}
	return asMined(receipt), nil
}

func validAmount(wei *big.Int) error {
	if wei == nil || wei.Sign() <= 0 || wei.BitLen() > depositBits {
		return fmt.Errorf("amount must be above zero and under 2^%d wei", depositBits)
	}
	return nil
}
