package scheduler

import (
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/medhive/medhive/models"
)

// Holding is a package that a node holds and runs.
type Holding struct {
	Package models.Digest
	Promise time.Duration // from award to result, for a job that is alone there
}

// Notice is what a node says of itself to the clinics of its jurisdiction. It binds nobody:
// a clinic that knows it may ask the node directly, and the node answers with a bid.
type Notice struct {
	Node         common.Address
	Addresses    []string // multiaddresses where the node is asked
	Jurisdiction string   // ISO 3166-1 alpha-2
	Tier         uint8
	Trust        Trust
	Provider     string // execution provider that would run a job
	MemoryBytes  int64  // for one job
	PriceGwei    uint64
	Profile      models.Digest
	Models       []Holding // at most MaxHoldings
	Free         int       // places for any job
	StatFree     int       // places for a STAT job
	Issued       time.Time // a newer notice of the same node replaces an older one
	Expires      time.Time // at most MaxNoticeLife after Issued
}
