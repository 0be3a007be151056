package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Status is what an operator wants to know of a deployment at a glance.
type Status struct {
	Contracts Addresses        `json:"contracts"`
	Block     uint64           `json:"block"`
	Time      time.Time        `json:"time"` // of that block
	Owner     common.Address   `json:"owner"`
	Poster    common.Address   `json:"poster"` // zero: dismissed
	Guardian  common.Address   `json:"guardian"`
	Threshold int              `json:"cosigners_needed"`
	CoSigners []common.Address `json:"cosigners"`
	Active    Root             `json:"active_root"`
	Pending   Root             `json:"pending_root"`
	// AllowedWei is the most that all roots together may promise now, ClaimableWei
	// what claims may take out at this moment.
	AllowedWei   *big.Int `json:"allowed_wei"`
	ClaimableWei *big.Int `json:"claimable_wei"`
	Disputes     uint64   `json:"disputes"` // ever
	Open         []uint64 `json:"open_disputes"`
	// Operations wait in the timelock; a proposer can cancel them.
	Operations []Operation `json:"operations"`
}

// newestDisputes bounds how many disputes are looked at for open ones.
const newestDisputes = 256

// Status asks the chain for all of it.
func (c *Client) Status(ctx context.Context) (Status, error) {
	s := Status{Contracts: c.addresses, Open: []uint64{}}
	head, err := c.sender.rpc.HeaderByNumber(ctx, nil)
	if err != nil {
		return s, fmt.Errorf("ask for the newest block: %w", withoutURL(err))
	}
	s.Block, s.Time = head.Number.Uint64(), unix(head.Time)
	roles, err := c.Roles(ctx)
	if err != nil {
		return s, err
	}
	s.Owner, s.Poster, s.Guardian = roles.Owner, roles.Poster, roles.Guardian
	if s.Threshold, s.CoSigners, err = c.CoSigners(ctx); err != nil {
		return s, err
	}
	if s.Active, err = c.ActiveRoot(ctx); err != nil {
		return s, err
	}
	if s.Pending, err = c.PendingRoot(ctx); err != nil {
		return s, err
	}
	if s.AllowedWei, err = c.AllowedTotal(ctx); err != nil {
		return s, err
	}
	if s.ClaimableWei, err = c.ClaimableNow(ctx); err != nil {
		return s, err
	}
	if s.Disputes, err = c.Disputes(ctx); err != nil {
		return s, err
	}
	for id := s.Disputes; id > 0 && id+newestDisputes > s.Disputes; id-- {
		dispute, err := c.Dispute(ctx, id)
		if err != nil {
			return s, err
		}
		if dispute.State == DisputeOpen {
			s.Open = append(s.Open, id)
		}
	}
	operations, err := c.Operations(ctx)
	s.Operations = append([]Operation{}, operations...) // never null
	return s, err
}

// MarshalJSON writes a root for people and scripts: hashes in hex digits, null for
// one that was never posted. Nothing reads it back.
func (r Root) MarshalJSON() ([]byte, error) {
	if !r.Posted() {
		return []byte("null"), nil
	}
	return json.Marshal(struct {
		Epoch       uint64      `json:"epoch"`
		Root        common.Hash `json:"root"`
		DatasetHash common.Hash `json:"dataset_hash"`
		TotalWei    *big.Int    `json:"total_wei"`
		ActiveAt    time.Time   `json:"active_at,omitzero"`
	}{r.Epoch, r.Root, r.DatasetHash, r.TotalWei, r.ActiveAt})
}
