package attest

import (
	"math/big"
	"sync"

	"github.com/ethereum/go-ethereum/common"
)

// memory is what need not be computed twice: the separator of one domain, and the public
// keys of those whose signatures were valid in it. Verifying with a known key takes a
// sixth less time than recovering it.
type memory struct {
	chainID   *big.Int
	registry  common.Address
	separator [32]byte
	limit     int

	mu   sync.RWMutex // guards keys
	keys map[common.Address]publicKey
}

// Remember returns d with a memory of its own: its separator, and the public keys of up to
// limit signers, 100 bytes each. Copies share it; it is safe for concurrent use. It changes
// what verifying costs, never what is valid.
func (d Domain) Remember(limit int) Domain {
	chainID := new(big.Int)
	if d.ChainID != nil {
		chainID.Set(d.ChainID)
	}
	d.memory = nil
	d.memory = &memory{chainID: chainID, registry: d.Registry, separator: d.Separator(), limit: limit, keys: map[common.Address]publicKey{}}
	return d
}

// separatorOf is the remembered separator, unless d was made another domain since.
func (m *memory) separatorOf(d Domain) (separator [32]byte, known bool) {
	if m == nil || d.Registry != m.registry || d.ChainID == nil || d.ChainID.Cmp(m.chainID) != 0 {
		return separator, false
	}
	return m.separator, true
}

func (m *memory) key(of common.Address) (public publicKey, known bool) {
	if m == nil {
		return public, false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	public, known = m.keys[of]
	return public, known
}

// keep remembers a key that recovered to its address. When the memory is full any other is
// forgotten: it is found again when it is needed.
func (m *memory) keep(of common.Address, public publicKey) {
	if m == nil || m.limit <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.keys[of]; !known && len(m.keys) >= m.limit {
		for other := range m.keys {
			delete(m.keys, other)
			break
		}
	}
	m.keys[of] = public
}
