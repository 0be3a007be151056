package attest

import (
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// FullLoadPermille is a node that can take no more work.
const FullLoadPermille = 1000

// Uptime is a node's answer to one challenge: it was there, holding its key.
type Uptime struct {
	Node          common.Address
	Seq           uint64        // rises by at least one with every statement of this key, across restarts
	Nonce         [32]byte      // the challenge's, so an old answer can't be shown again
	LoadPermille  uint32        // 0 idle to 1000 full
	ProfileDigest models.Digest // the hardware profile that it stands by
	At            time.Time     // the node's clock, in whole milliseconds
}

const uptimeType = "Uptime(address node,uint64 seq,bytes32 nonce,uint32 loadPermille,bytes32 profileDigest,uint64 at)"

var uptimeTypeHash = crypto.Keccak256Hash([]byte(uptimeType))

// Hash is the EIP-712 digest that the node signs.
func (u Uptime) Hash(d Domain) [32]byte {
	var w words
	w.word(uptimeTypeHash)
	w.address(u.Node)
	w.uint64(u.Seq)
	w.word(u.Nonce)
	w.uint64(uint64(u.LoadPermille))
	w.word(u.ProfileDigest)
	w.time(u.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (u Uptime) Validate() error {
	if u.Node == (common.Address{}) {
		return errors.New("uptime: node is the zero address; name the node")
	}
	if u.Seq == 0 {
		return fmt.Errorf("uptime of %s: sequence number is 0; they start at 1", u.Node)
	}
	if u.LoadPermille > FullLoadPermille {
		return fmt.Errorf("uptime of %s: load is %d permille; want 0 to %d", u.Node, u.LoadPermille, FullLoadPermille)
	}
	return checkTime("uptime", u.At)
}

// SignedUptime is the statement with the node's signature.
type SignedUptime struct {
	Uptime  Uptime
	NodeSig Signature
}

// Verify checks bounds and that Uptime.Node signed.
func (s SignedUptime) Verify(d Domain) error {
	if err := s.Uptime.Validate(); err != nil {
		return err
	}
	if err := d.verifySigner(s.Uptime.Hash(d), s.NodeSig, s.Uptime.Node); err != nil {
		return fmt.Errorf("uptime of %s: %w", s.Uptime.Node, err)
	}
	return nil
}
