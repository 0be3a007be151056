package agent

import (
	"fmt"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest/identity"
)

var seenBucket = []byte("coordinator.seen") // EVM address → peer id

// seenNodes remembers which peer is which node, over restarts: a node that is gone
// must still be asked, or its silence would cost it nothing.
type seenNodes struct {
	db *bolt.DB

	mu    sync.Mutex // guards peers and saved
	peers map[common.Address]peer.ID
	saved map[common.Address]peer.ID
}

// maxSeen bounds the list against peers that come with ever new keys.
const maxSeen = 200_000

// openSeenNodes reads what is known and notes everyone who connects to h.
func openSeenNodes(db *bolt.DB, h host.Host) (*seenNodes, error) {
	s := &seenNodes{db: db, peers: map[common.Address]peer.ID{}, saved: map[common.Address]peer.ID{}}
	err := db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(seenBucket)
		if err != nil {
			return err
		}
		return b.ForEach(func(address, id []byte) error {
			s.peers[common.BytesToAddress(address)] = peer.ID(id)
			s.saved[common.BytesToAddress(address)] = peer.ID(id)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the list of nodes: %w", err)
	}
	h.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) { s.note(c.RemotePeer()) }})
	for _, id := range h.Network().Peers() {
		s.note(id)
	}
	return s, nil
}

// note keeps a peer in memory.
func (s *seenNodes) note(id peer.ID) {
	address, err := identity.AddressOf(id)
	if err != nil {
		return // not a key of ours: no node
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.peers[address]; known || len(s.peers) < maxSeen {
		s.peers[address] = id
	}
}

// registered returns the peer of a registered node, if it was ever seen, and makes
// sure that it is still known after a restart. Others, who may come by the
// thousand, are kept in memory only.
func (s *seenNodes) registered(node common.Address) (peer.ID, bool, error) {
	s.mu.Lock()
	id, known := s.peers[node]
	saved := s.saved[node] == id
	s.mu.Unlock()
	if !known || saved {
		return id, known, nil
	}
	err := s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(seenBucket).Put(node[:], []byte(id)) })
	if err != nil {
		return id, known, fmt.Errorf("remember node %s: %w", node, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved[node] = id
	return id, known, nil
}
