package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/medhive/medhive/attest"
)

const (
	// walletGas is what a wallet may use to judge a signature. A Safe of thirty
	// owners needs 300,000; a passkey checked in Solidity somewhat more.
	walletGas = 2_000_000
	// escrowWalletGas is what the escrow leaves a wallet: WALLET_GAS of
	// WalletSignature.sol.
	escrowWalletGas = 150_000
	// reverted is the JSON-RPC code of a call that a contract refused.
	reverted = 3
	// word is the EVM's: 32 bytes.
	word = 32
)

var _ attest.Wallets = (*Client)(nil)

// IsValidSignature asks the contract at wallet whether it stands by sig over hash
// (EIP-1271), in the newest block's state. It says yes only to an answer of the
// whole magic word, as OpenZeppelin's SignatureChecker does. A wallet that
// refuses, has no code or answers anything else says no; a server that does not
// answer, or can't run the call to its end, is an error and neither. An account
// that delegates by EIP-7702 is asked through the code it delegates to; its own
// key's signature needs no question and is the caller's to recover first.
func (c *Client) IsValidSignature(ctx context.Context, wallet common.Address, hash [32]byte, sig []byte) (bool, error) {
	return c.ask(ctx, question{wallet: wallet, hash: hash, sig: sig, gas: walletGas})
}

// WalletsAt asks as IsValidSignature does, in the state after a block. The server must still
// have that state: hosted ones keep 128 blocks unless they are archives. A wallet that does
// not come to an answer there, since it runs out of gas for one, is attest.ErrNoJudgement.
func (c *Client) WalletsAt(block uint64) attest.Wallets {
	return walletsAt{c, new(big.Int).SetUint64(block)}
}

type walletsAt struct {
	client *Client
	block  *big.Int
}

// IsValidSignature implements attest.Wallets.
func (w walletsAt) IsValidSignature(ctx context.Context, wallet common.Address, hash [32]byte, sig []byte) (bool, error) {
	q := question{wallet: wallet, hash: hash, sig: sig, gas: walletGas, block: w.block}
	stands, err := w.client.ask(ctx, q)
	var answered rpc.Error
	if !errors.As(err, &answered) {
		return stands, err
	}
	// The wallet's doing, or the server's, which may lack the state or be short of time? One
	// that knows the wallet's code at that block and fails a second time has run it.
	if _, missing := w.client.sender.rpc.CodeAt(ctx, wallet, w.block); missing != nil {
		return false, err
	}
	if stands, err = w.client.ask(ctx, q); errors.As(err, &answered) {
		err = fmt.Errorf("%w: %w", err, attest.ErrNoJudgement)
	}
	return stands, err
}

// EscrowWallets asks wallets as the escrow does when a voucher is redeemed: in its
// name, and with no more gas than it leaves them. A yes is for now: nothing keeps
// a wallet from another answer later.
func (c *Client) EscrowWallets() attest.Wallets { return escrowWallets{c} }

type escrowWallets struct{ *Client }

// IsValidSignature is Client.IsValidSignature, asked by the escrow.
func (w escrowWallets) IsValidSignature(ctx context.Context, wallet common.Address, hash [32]byte, sig []byte) (bool, error) {
	return w.ask(ctx, question{from: w.addresses.Escrow, wallet: wallet, hash: hash, sig: sig, gas: escrowWalletGas})
}

// question is whether a wallet stands by a signature.
type question struct {
	from, wallet common.Address
	hash         [32]byte
	sig          []byte
	gas          uint64   // what the wallet may use for its answer, beside what the call costs before it begins
	block        *big.Int // after which; nil: the newest
}

// ask puts the question in from's name.
func (c *Client) ask(ctx context.Context, q question) (bool, error) {
	if len(q.sig) > attest.MaxWalletSignatureBytes {
		return false, nil
	}
	data := walletQuestion(q.hash, q.sig)
	answer, err := c.sender.rpc.CallContract(ctx, ethereum.CallMsg{From: q.from, To: &q.wallet, Gas: q.gas + callGas(data), Data: data}, q.block)
	var refused rpc.Error
	if errors.As(err, &refused) && refused.ErrorCode() == reverted {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask wallet %s for its signature: %w", q.wallet, withoutURL(err))
	}
	return len(answer) >= word && [word]byte(answer[:word]) == magicWord(), nil
}

// callGas is what a call with these data costs before the first instruction.
func callGas(data []byte) uint64 {
	gas := params.TxGas
	for _, b := range data {
		if b == 0 {
			gas += params.TxDataZeroGas
		} else {
			gas += params.TxDataNonZeroGasEIP2028
		}
	}
	return gas
}

// HasCode reports whether there is a contract at an address, or a key's account that
// delegates to one, in the newest block's state. Without one nobody can sign as a wallet.
func (c *Client) HasCode(ctx context.Context, at common.Address) (bool, error) {
	code, err := c.sender.rpc.CodeAt(ctx, at, nil)
	if err != nil {
		return false, fmt.Errorf("look for code at %s: %w", at, withoutURL(err))
	}
	return len(code) > 0, nil
}

// magicWord is the answer yes: isValidSignature's selector, padded on the right.
func magicWord() (magic [word]byte) {
	copy(magic[:], selectorOfQuestion())
	return magic
}

func selectorOfQuestion() []byte {
	return crypto.Keccak256([]byte("isValidSignature(bytes32,bytes)"))[:selectorBytes]
}

// walletQuestion is abi.encodeCall(isValidSignature, (hash, sig)).
func walletQuestion(hash [32]byte, sig []byte) []byte {
	const head = 2 * word // hash, and where sig begins
	padded := (len(sig) + word - 1) / word * word
	data := make([]byte, selectorBytes+head+word+padded)
	copy(data, selectorOfQuestion())
	body := data[selectorBytes:]
	copy(body, hash[:])
	body[2*word-1] = head
	for i, rest := 3*word-1, len(sig); rest > 0; i, rest = i-1, rest>>8 {
		body[i] = byte(rest)
	}
	copy(body[3*word:], sig)
	return data
}
