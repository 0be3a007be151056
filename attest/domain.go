package attest

import (
	"encoding/binary"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/crypto"
)

// The name and version of the EIP-712 domain. A wallet shows both.
const (
	DomainName    = "MedHive"
	DomainVersion = "1"
)

// Domain binds every statement to one chain and one NodeRegistry, so that a
// signature made for a test network says nothing on another one.
type Domain struct {
	ChainID  *big.Int       // EIP-155 chain id, 0 ≤ id < 2²⁵⁶; nil counts as 0
	Registry common.Address // verifyingContract

	memory *memory // nil: nothing is remembered, see Remember
}

const domainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"

var (
	domainTypeHash    = crypto.Keccak256Hash([]byte(domainType))
	domainNameHash    = crypto.Keccak256Hash([]byte(DomainName))
	domainVersionHash = crypto.Keccak256Hash([]byte(DomainVersion))
	emptyHash         = crypto.Keccak256Hash()
)

// Separator is hashStruct(eip712Domain) of EIP-712.
func (d Domain) Separator() [32]byte {
	if separator, known := d.memory.separatorOf(d); known {
		return separator
	}
	chainID := new(big.Int)
	if d.ChainID != nil {
		chainID.Set(d.ChainID)
	}
	var w words
	w.word(domainTypeHash)
	w.word(domainNameHash)
	w.word(domainVersionHash)
	w.word([32]byte(math.U256Bytes(chainID)))
	w.address(d.Registry)
	return w.hash()
}

// digest is keccak256(0x19 ‖ 0x01 ‖ domainSeparator ‖ hashStruct(message)), the
// value that EIP-712 has signed.
func (d Domain) digest(structHash [32]byte) [32]byte {
	separator := d.Separator()
	var raw [2 + 32 + 32]byte
	raw[0], raw[1] = 0x19, 0x01
	copy(raw[2:], separator[:])
	copy(raw[34:], structHash[:])
	return crypto.Keccak256Hash(raw[:])
}

// maxWords is the type hash and the fields of the largest statement.
const maxWords = 19

// words is EIP-712's encodeData: every value in 32 bytes, in the order of the type.
type words struct {
	raw [maxWords * 32]byte
	n   int // bytes used
}

func (w *words) word(v [32]byte) {
	copy(w.raw[w.n:], v[:])
	w.n += 32
}

func (w *words) uint64(v uint64) {
	binary.BigEndian.PutUint64(w.raw[w.n+24:], v)
	w.n += 32
}

func (w *words) bool(v bool) {
	if v {
		w.raw[w.n+31] = 1
	}
	w.n += 32
}

func (w *words) address(a common.Address) {
	copy(w.raw[w.n+12:], a[:])
	w.n += 32
}

// string encodes a dynamic value as its hash, as EIP-712 asks.
func (w *words) string(s string) {
	if s == "" {
		w.word(emptyHash) // the reason of every acceptance
		return
	}
	w.word(crypto.Keccak256Hash([]byte(s)))
}

// time encodes unix milliseconds; the zero time is 0.
func (w *words) time(t time.Time) { w.uint64(uint64(unixMilli(t))) }

func (w *words) hash() [32]byte { return crypto.Keccak256Hash(w.raw[:w.n]) }

// unixMilli is t in milliseconds since 1970, 0 for the zero time.
func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMilli is the inverse of unixMilli, in UTC.
func fromMilli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
