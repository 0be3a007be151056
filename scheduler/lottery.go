package scheduler

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/ethereum/go-ethereum/common"
	"github.com/medhive/medhive/models"
)

const (
	// lotteryDomain keeps draws apart from every other hash of the system.
	lotteryDomain = "medhive/lottery/1\x00"
	// LotteryWanted is how many bidders a first round aims at. A lottery aimed at 20
	// met its clinic in 16–32 ms where 500 fresh dials took 0.7 s.
	LotteryWanted = 20
)

// Draw is the node's ticket for one round of a task, uniform over 64 bits:
// the first eight bytes of SHA-256(domain ‖ clinic ‖ task ‖ round ‖ node).
func Draw(task models.Digest, round uint32, clinic, node common.Address) uint64 {
	h := sha256.New()
	h.Write([]byte(lotteryDomain))
	h.Write(clinic[:])
	h.Write(task[:])
	var r [4]byte
	binary.BigEndian.PutUint32(r[:], round)
	h.Write(r[:])
	h.Write(node[:])
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Drawn reports whether the node may bid in this round.
func Drawn(task models.Digest, round uint32, clinic, node common.Address, threshold uint64) bool {
	return threshold == math.MaxUint64 || Draw(task, round, clinic, node) < threshold
}

// Threshold is the share of known nodes that should bid, on the scale of Draw:
// wanted · 2^(round-1) / known, at most 1. Rounds count from 1.
func Threshold(known, wanted int, round uint32) uint64 {
	if wanted < 1 {
		wanted = 1
	}
	doublings := min(max(round, 1)-1, 62)
	if known <= wanted || doublings >= uint32(bits.Len(uint(known/wanted))) {
		return math.MaxUint64
	}
	share := uint64(wanted) << doublings
	if share >= uint64(known) {
		return math.MaxUint64
	}
	q, _ := bits.Div64(share, 0, uint64(known))
	return q
}
