package p2p

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// What a book keeps. A network that lost its first peers is whole again when some of those
// that a role has met are still there.
const (
	maxRemembered    = 256
	maxBookBytes     = 512 << 10 // four addresses of 256 peers are 300 KiB
	maxBookAddresses = 4         // of one peer
	maxAddressBytes  = 256       // of one of them: a DNS name has at most 253
	rememberedFor    = 30 * 24 * time.Hour
	dialsRemembered  = 16 // of a book's peers, the best first
)

// Book is a role's list of peers that it has met, on disk. It is safe for concurrent use.
type Book struct {
	path string

	mu    sync.Mutex // guards peers
	peers map[peer.ID]entry
}

// entry is one peer of a book.
type entry struct {
	ID        string    `json:"id"`
	Addresses []string  `json:"addresses"`
	Met       time.Time `json:"met,omitzero"` // first; zero in old books: when it was seen
	Seen      time.Time `json:"seen"`         // last
}

// standing is how long a peer was known when it was seen last, less how long it has been
// gone since. By it a crowd of strangers that connects once can't drive out those that a
// role has worked with, and who has gone for good makes room in the end.
func (e entry) standing(now time.Time) time.Duration {
	met := e.Met
	if met.IsZero() {
		met = e.Seen
	}
	return e.Seen.Sub(met) - now.Sub(e.Seen)
}

// OpenBook reads a role's book; one that is missing or can't be read is empty, since it
// only spares looking.
func OpenBook(path string) (*Book, error) {
	b := &Book{path: path, peers: map[peer.ID]entry{}}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the peers met before: %w", err)
	}
	if info.Size() > maxBookBytes {
		return b, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the peers met before: %w", err)
	}
	var entries []entry
	if json.Unmarshal(data, &entries) != nil {
		return b, nil
	}
	for _, e := range entries[:min(len(entries), maxRemembered)] {
		if id, err := peer.Decode(e.ID); err == nil {
			b.peers[id] = e
		}
	}
	return b, nil
}

// note enters who is connected now, forgets who was gone for long, and writes the book.
func (b *Book) note(h host.Host, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range h.Network().Peers() {
		if h.Network().Connectedness(id) != network.Connected {
			continue // through a relay only
		}
		if addresses := lasting(h, id); len(addresses) > 0 {
			met := b.peers[id].Met
			if met.IsZero() {
				met = now
			}
			b.peers[id] = entry{ID: id.String(), Addresses: addresses, Met: met, Seen: now}
		}
	}
	data, err := b.trim(now)
	if err == nil {
		err = replaceFile(b.path, data)
	}
	if err != nil {
		return fmt.Errorf("write the peers met: %w", err)
	}
	return nil
}

// trim keeps what a book has room for, which is what it returns as a file; b.mu is held.
func (b *Book) trim(now time.Time) ([]byte, error) {
	best := b.best(now)
	best = best[:min(len(best), maxRemembered)]
	for {
		data, err := json.Marshal(best)
		if err != nil {
			return nil, err
		}
		if len(data) > maxBookBytes { // JSON writes odd characters with six
			best = best[:len(best)/2]
			continue
		}
		b.peers = make(map[peer.ID]entry, len(best))
		for _, e := range best {
			if id, err := peer.Decode(e.ID); err == nil {
				b.peers[id] = e
			}
		}
		return data, nil
	}
}

// lasting are the addresses of a peer that may hold after a restart: where it was dialled,
// and what it said of itself, without relays.
func lasting(h host.Host, id peer.ID) (texts []string) {
	for _, a := range h.Peerstore().Addrs(id) {
		text := a.String()
		if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err != nil && len(text) <= maxAddressBytes && len(texts) < maxBookAddresses {
			texts = append(texts, text)
		}
	}
	return texts
}

// best lists the peers seen within rememberedFor, those of the highest standing first;
// b.mu is held.
func (b *Book) best(now time.Time) []entry {
	list := []entry{}
	for _, e := range b.peers {
		if now.Sub(e.Seen) <= rememberedFor {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(x, y entry) int {
		return cmp.Or(cmp.Compare(y.standing(now), x.standing(now)), cmp.Compare(x.ID, y.ID))
	})
	return list
}

// recent are the peers worth dialling now, but for those to skip.
func (b *Book) recent(now time.Time, skip func(peer.ID) bool) (infos []peer.AddrInfo) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.best(now) {
		if len(infos) == dialsRemembered {
			break
		}
		id, err := peer.Decode(e.ID)
		if err != nil || skip(id) {
			continue
		}
		info := peer.AddrInfo{ID: id}
		for _, text := range e.Addresses[:min(len(e.Addresses), maxBookAddresses)] {
			if a, err := ma.NewMultiaddr(text); err == nil {
				info.Addrs = append(info.Addrs, a)
			}
		}
		if len(info.Addrs) > 0 {
			infos = append(infos, info)
		}
	}
	return infos
}

// replaceFile writes a file whole or not at all, so that a power cut leaves the old one.
func replaceFile(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
