package agent

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

// cosignProtocol takes a co-signature under a published epoch: one frame with
// attest.CoSignature as JSON, one frame back.
const cosignProtocol = "/medhive/cosign/1"

const (
	maxCosignReply = 4 << 10
	cosignTimeout  = 30 * time.Second // the coordinator asks its chain meanwhile
	cosignPlaces   = 4                // served at the same time
)

type cosignReply struct {
	Stored bool   `json:"stored"`
	Have   int    `json:"have"` // co-signatures of this epoch now
	Need   int    `json:"need"` // before its root is posted
	Error  string `json:"error,omitempty"`
}

// cosignaturesBucket holds epoch ‖ signer → attest.CoSignature.
var cosignaturesBucket = []byte("coordinator.cosignatures")

// epochDomain is the EIP-712 domain of co-signatures.
func (n Network) epochDomain() attest.Domain {
	return attest.EpochDomain(new(big.Int).SetUint64(n.Contracts.ChainID), n.Contracts.Distributor)
}

// statementOf is what a co-signer signs about an epoch.
func statementOf(root chain.Root) attest.EpochStatement {
	return attest.EpochStatement{Epoch: root.Epoch, Root: root.Root, DatasetHash: root.DatasetHash, CumulativeTotal: root.TotalWei}
}

// takeCosignatures serves cosignProtocol. Anybody may carry one; the chain says whose count.
func (c *Coordinator) takeCosignatures(running context.Context) {
	places := make(chan struct{}, cosignPlaces)
	c.host.SetStreamHandler(cosignProtocol, func(s network.Stream) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default: // a co-signer comes again
			_ = s.Reset()
			return
		}
		defer s.Close()
		if s.SetDeadline(time.Now().Add(cosignTimeout)) != nil {
			return
		}
		ctx, cancel := context.WithTimeout(running, cosignTimeout)
		defer cancel()
		var reply cosignReply
		data, err := attest.ReadFrame(s, attest.MaxCoSignatureBytes)
		if err == nil {
			reply, err = c.takeCosignature(ctx, data)
		}
		if err != nil {
			c.conf.Log.Info("co-signature refused", "peer", s.Conn().RemotePeer(), "error", err)
			reply.Error = err.Error()
		}
		if data, err = json.Marshal(reply); err != nil || attest.WriteFrame(s, data) != nil {
			_ = s.Reset()
		}
	})
}

// takeCosignature keeps one, and has the root posted if it was the last that was needed.
func (c *Coordinator) takeCosignature(ctx context.Context, data []byte) (cosignReply, error) {
	var reply cosignReply
	signed, err := attest.DecodeCoSignature(data)
	if err != nil {
		return reply, err
	}
	number := signed.Statement.Epoch
	numbers, err := c.archive.Numbers()
	if err != nil {
		return reply, errors.New("the coordinator can't read its epochs; send it again later")
	}
	if len(numbers) == 0 || numbers[len(numbers)-1] != number {
		return reply, fmt.Errorf("epoch %d is not the newest that is published here; recompute and co-sign that one", number)
	}
	root, dataset, err := c.archive.Roots(number)
	if err != nil {
		return reply, errors.New("the coordinator can't read its epochs; send it again later")
	}
	if root != signed.Statement.Root || dataset != signed.Statement.DatasetHash {
		return reply, fmt.Errorf("it is under another outcome of epoch %d than the one that is published here", number)
	}
	threshold, signers, err := c.chain.CoSigners(ctx)
	if err != nil {
		return reply, errors.New("the coordinator's chain does not answer; send it again later")
	}
	if !slices.Contains(signers, signed.Signer) {
		return reply, fmt.Errorf("%s may not co-sign; have the contract's owner name it", signed.Signer)
	}
	if err := signed.Verify(c.conf.Network.epochDomain()); err != nil {
		return reply, err
	}
	if err := c.keepCosignature(signed); err != nil {
		return reply, err
	}
	have, err := c.cosignatures(number, signers)
	if err != nil {
		return reply, err
	}
	c.conf.Log.Info("epoch co-signed", "epoch", number, "signer", signed.Signer, "have", len(have), "need", threshold)
	reply = cosignReply{Stored: true, Have: len(have), Need: threshold}
	if threshold == 0 || len(have) < threshold {
		return reply, nil
	}
	select {
	case c.signed <- struct{}{}: // epochLoop posts it: that may take as long as the chain likes
	default:
	}
	return reply, nil
}

func cosignatureKey(epoch uint64, signer common.Address) []byte {
	return append(binary.BigEndian.AppendUint64(nil, epoch), signer[:]...)
}

// keepCosignature is durable when it returns nil. Those of older epochs are dropped: the
// newest epoch's leaves hold everything that theirs do.
func (c *Coordinator) keepCosignature(s attest.CoSignature) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keep co-signature: %w", err)
	}
	err = c.db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(cosignaturesBucket)
		if err != nil {
			return err
		}
		oldest := binary.BigEndian.AppendUint64(nil, s.Statement.Epoch)
		cursor := b.Cursor()
		for key, _ := cursor.First(); key != nil && string(key[:8]) < string(oldest); key, _ = cursor.First() {
			if err := cursor.Delete(); err != nil {
				return err
			}
		}
		return b.Put(cosignatureKey(s.Statement.Epoch, s.Signer), data)
	})
	if err != nil {
		return fmt.Errorf("keep co-signature: %w; the coordinator's disk is at fault", err)
	}
	return nil
}

// cosignatures are those that are kept of an epoch, by signers that count now, in the order
// of signers.
func (c *Coordinator) cosignatures(number uint64, signers []common.Address) (list []attest.CoSignature, err error) {
	err = c.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(cosignaturesBucket)
		if b == nil {
			return nil
		}
		for _, signer := range signers {
			data := b.Get(cosignatureKey(number, signer))
			if data == nil {
				continue
			}
			s, err := attest.DecodeCoSignature(data)
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read co-signatures of epoch %d: %w", number, err)
	}
	return list, nil
}

// cosigned puts the co-signatures that are needed into root. Without enough of them the
// epoch stays published and unposted until the last one comes in.
func (c *Coordinator) cosigned(ctx context.Context, root *chain.Root) (enough bool, err error) {
	threshold, signers, err := c.chain.CoSigners(ctx)
	if err != nil || threshold == 0 {
		return err == nil, err
	}
	slices.SortFunc(signers, common.Address.Cmp)
	have, err := c.cosignatures(root.Epoch, signers)
	if err != nil {
		return false, err
	}
	domain, want := c.conf.Network.epochDomain(), statementOf(*root)
	for _, s := range have {
		if s.Statement.Hash(domain) == want.Hash(domain) {
			root.Cosignatures = append(root.Cosignatures, s.Raw())
		}
	}
	if len(root.Cosignatures) < threshold {
		c.conf.Log.Info("root is not posted: it waits for co-signatures", "epoch", root.Epoch, "have", len(root.Cosignatures), "need", threshold)
		return false, nil
	}
	root.Cosignatures = root.Cosignatures[:threshold]
	return true, nil
}

const (
	cosignersFresh   = time.Minute     // that the chain's answer is good for
	cosignersTimeout = 5 * time.Second // for the chain to answer while a peer waits
)

// cosignerPeers knows the network's co-signers by their peers.
type cosignerPeers struct {
	ask func(context.Context) (threshold int, signers []common.Address, err error)
	now func() time.Time

	mu    sync.Mutex // guards the rest
	list  []common.Address
	asked time.Time
}

// include says whether a peer is a co-signer. While the chain does not answer, its last
// answer stands.
func (c *cosignerPeers) include(id peer.ID) bool {
	address, err := identity.AddressOf(id)
	if err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.asked.IsZero() || now.Sub(c.asked) >= cosignersFresh {
		ctx, cancel := context.WithTimeout(context.Background(), cosignersTimeout)
		defer cancel()
		if _, list, err := c.ask(ctx); err == nil {
			c.list = list
		}
		c.asked = now
	}
	return slices.Contains(c.list, address)
}
