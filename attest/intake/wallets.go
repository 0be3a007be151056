package intake

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
)

// How often the chain is asked about wallets: a question costs the RPC server a run of a
// contract, and anybody can send a signature that calls for one. A peer's own share is four
// jobs a second of a clinic that is a wallet.
const (
	walletsPerSecond = 40 // for all peers together
	walletsBurst     = 200
	peersPerSecond   = 4
	peersBurst       = 40
	walletsAtOnce    = 16 // questions that are open; each holds a slot
)

// An address without code is no wallet, and is not asked about again for a while: nobody
// signs for one before it is deployed.
const (
	noCodeFor = time.Minute
	maxNoCode = 10_000 // addresses, which are forgotten together
)

// coder is a chain that knows whether there is code at an address.
type coder interface {
	HasCode(ctx context.Context, at common.Address) (bool, error)
}

// asking asks wallets no oftener than that. Beyond it a signature could not be checked, and
// its statement is put off.
type asking struct {
	wallets   attest.Wallets
	now       func() time.Time
	everybody *rates
	each      *rates
	open      chan struct{}

	mu     sync.Mutex // guards noCode
	noCode map[common.Address]time.Time
}

func newAsking(w attest.Wallets, now func() time.Time) *asking {
	return &asking{wallets: w, now: now, everybody: newRates(walletsPerSecond, walletsBurst), each: newRates(peersPerSecond, peersBurst),
		open: make(chan struct{}, walletsAtOnce), noCode: map[common.Address]time.Time{}}
}

// by asks for one peer's statements; of a nil asking, nobody is asked.
func (a *asking) by(from peer.ID) attest.Wallets {
	if a == nil {
		return nil
	}
	return &askedBy{a, from}
}

type askedBy struct {
	*asking
	from peer.ID
}

var errManyQuestions = errors.New("too many wallets were asked just now")

// IsValidSignature implements attest.Wallets.
func (a *askedBy) IsValidSignature(ctx context.Context, wallet common.Address, hash [32]byte, sig []byte) (bool, error) {
	if a.empty(wallet) {
		return false, nil
	}
	const everybody = "" // one bucket
	if !a.each.allow(a.from, a.now()) || !a.everybody.allow(everybody, a.now()) {
		return false, errManyQuestions
	}
	select {
	case a.open <- struct{}{}:
		defer func() { <-a.open }()
	default:
		return false, errManyQuestions
	}
	stands, err := a.wallets.IsValidSignature(ctx, wallet, hash, sig)
	if chain, knows := a.wallets.(coder); knows && err == nil && !stands {
		// A forgery, or no wallet at all: the second is cheap to know from now on.
		if has, err := chain.HasCode(ctx, wallet); err == nil && !has {
			a.remember(wallet)
		}
	}
	return stands, err
}

// empty says that there was no code at an address just now.
func (a *asking) empty(at common.Address) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen, known := a.noCode[at]
	return known && a.now().Sub(seen) < noCodeFor
}

func (a *asking) remember(at common.Address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.noCode) >= maxNoCode {
		clear(a.noCode)
	}
	a.noCode[at] = a.now()
}
