package chain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// maxUnsignedBytes bounds a transaction in a file, signed or not: one of 256
// claims has 250 KB.
const maxUnsignedBytes = 1 << 20

// Unsigned is a transaction that is to be signed on another machine. Its JSON form
// is JSON-RPC's transaction object (EIP-1474, EIP-1559), which clef's
// account_signTransaction and most wallets take.
type Unsigned struct {
	ChainID *hexutil.Big   `json:"chainId"`
	From    common.Address `json:"from"` // who has to sign
	To      common.Address `json:"to"`
	Nonce   hexutil.Uint64 `json:"nonce"`
	Gas     hexutil.Uint64 `json:"gas"`
	FeeCap  *hexutil.Big   `json:"maxFeePerGas"`         // wei of ether for each gas, base fee included
	Tip     *hexutil.Big   `json:"maxPriorityFeePerGas"` // wei of ether for each gas
	Value   *hexutil.Big   `json:"value"`                // wei of ether
	Data    hexutil.Bytes  `json:"data"`
}

// DecodeUnsigned reads what json.Marshal of an Unsigned wrote.
func DecodeUnsigned(text []byte) (Unsigned, error) {
	var u Unsigned
	if len(text) > maxUnsignedBytes {
		return u, fmt.Errorf("unsigned transaction: more than %d bytes", maxUnsignedBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&u); err != nil {
		return u, fmt.Errorf("unsigned transaction: %w; take the file that --unsigned wrote", err)
	}
	for _, amount := range []*hexutil.Big{u.ChainID, u.FeeCap, u.Tip, u.Value} {
		if amount == nil || amount.ToInt().Sign() < 0 || amount.ToInt().BitLen() > 256 {
			return u, errors.New("unsigned transaction: chain, fees or value is missing; take the file that --unsigned wrote")
		}
	}
	return u, nil
}

// Sign has signer, which must be who the transaction names, sign it. No chain is
// asked. What comes back is the signed transaction's encoding, for Broadcast.
func (u Unsigned) Sign(ctx context.Context, signer Signer) ([]byte, error) {
	if signer == nil || signer.Address() != u.From {
		return nil, fmt.Errorf("sign transaction: it has to be signed by %s; use that account's key", u.From)
	}
	ready, err := signed(ctx, signer, types.NewTx(&types.DynamicFeeTx{
		ChainID: u.ChainID.ToInt(), Nonce: uint64(u.Nonce), GasTipCap: u.Tip.ToInt(), GasFeeCap: u.FeeCap.ToInt(), Gas: uint64(u.Gas),
		To: &u.To, Value: u.Value.ToInt(), Data: u.Data,
	}), u.ChainID.ToInt())
	if err != nil {
		return nil, err
	}
	return ready.MarshalBinary()
}

// PrepareClaim is a claim for leaf that from has to sign and pay for. What the
// contract would refuse is refused.
func (c *Client) PrepareClaim(ctx context.Context, from common.Address, leaf Leaf) (Unsigned, error) {
	data, err := c.claimData(leaf)
	if err != nil {
		return Unsigned{}, err
	}
	u, err := c.prepare(ctx, from, c.addresses.Distributor, data)
	if err != nil {
		return Unsigned{}, fmt.Errorf("prepare claim for node %s: %w", leaf.Node, err)
	}
	return u, nil
}

// Prepare is any call that from has to sign and pay for, such as what the timelock
// is to be asked.
func (c *Client) Prepare(ctx context.Context, from common.Address, call Call) (Unsigned, error) {
	return c.prepare(ctx, from, call.To, call.Data)
}

func (c *Client) prepare(ctx context.Context, from, to common.Address, data []byte) (Unsigned, error) {
	draft, err := c.sender.draft(ctx, ethereum.CallMsg{From: from, To: &to, Data: data})
	if err != nil {
		return Unsigned{}, c.sender.refusals.explain(err)
	}
	nonce, err := c.sender.rpc.PendingNonceAt(ctx, from)
	if err != nil {
		return Unsigned{}, fmt.Errorf("ask for the nonce of %s: %w", from, withoutURL(err))
	}
	return Unsigned{
		ChainID: (*hexutil.Big)(new(big.Int).Set(c.sender.chainID)), From: from, To: to, Nonce: hexutil.Uint64(nonce), Gas: hexutil.Uint64(draft.Gas),
		FeeCap: (*hexutil.Big)(draft.GasFeeCap), Tip: (*hexutil.Big)(draft.GasTipCap), Value: new(hexutil.Big), Data: data,
	}, nil
}

// Broadcast sends a transaction that was signed elsewhere and waits until it is
// final by the client's rule. Nobody here can raise its fees: if no block takes it
// in time, it has to be signed again with higher ones. Sending it twice is one
// transaction.
func (c *Client) Broadcast(ctx context.Context, raw []byte) (Mined, error) {
	if len(raw) > maxUnsignedBytes {
		return Mined{}, fmt.Errorf("send transaction: more than %d bytes", maxUnsignedBytes)
	}
	tx := new(types.Transaction)
	if err := tx.UnmarshalBinary(raw); err != nil {
		return Mined{}, fmt.Errorf("send transaction: %w; give the signed transaction's encoding in hex digits", err)
	}
	from, err := types.Sender(types.LatestSignerForChainID(c.sender.chainID), tx)
	if err != nil {
		return Mined{}, fmt.Errorf("send transaction: %w; it has to be signed for chain %s", err, c.sender.chainID)
	}
	if err := c.sender.deliver(ctx, from, tx); err != nil && !says(err, "nonce too low") { // a block may hold it already
		return Mined{}, fmt.Errorf("send transaction: %w", c.sender.refusals.explain(err))
	}
	place := slot{from, tx.Nonce()}
	receipt, err := c.sender.settle(ctx, unraised{}, &pending{slot: place, versions: []*types.Transaction{tx}})
	if err != nil {
		return Mined{}, err
	}
	if receipt.Status != types.ReceiptStatusSuccessful {
		return Mined{}, fmt.Errorf("transaction %s failed in block %s; its fee is paid, and nothing else happened", receipt.TxHash, receipt.BlockNumber)
	}
	return asMined(receipt), nil
}

// unraised is the signer of a transaction whose key is elsewhere.
type unraised struct{}

// Address is Signer's.
func (unraised) Address() common.Address { return common.Address{} }

// SignTransaction is Signer's.
func (unraised) SignTransaction(context.Context, *types.Transaction, *big.Int) (*types.Transaction, error) {
	return nil, errors.New("its key is on another machine; sign it there again with higher fees if it stays stuck")
}
