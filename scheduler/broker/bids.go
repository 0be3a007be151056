package broker

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// Refusals of a bid that the match itself has nothing against.
var (
	ErrUnregistered = errors.New("this node is not in the registry; register it and bid again")
	ErrFull         = errors.New("the task takes no more bids in this round; wait for the next one")
)

// maxBidsOfOperator is how many names of one operator are kept of one task: the best of
// them counts, the others are spares.
const maxBidsOfOperator = 4

// bidder is a bid that was taken, and where its node waits for the answer.
type bidder struct {
	bid   scheduler.Bid
	peer  peer.ID
	seat  scheduler.Seat
	at    time.Time           // when it came
	reply chan *wire.BidReply // holds one; nil for a bid whose node was answered
}

// answer tells a waiting node how its bid went; later calls say nothing.
func (in *bidder) answer(won bool, reason string) {
	if in.reply == nil {
		return
	}
	in.reply <- &wire.BidReply{Task: in.bid.Task[:], Won: won, Reason: reason}
	in.reply = nil
}

func (t *task) answerAll(reason string) {
	for n := range t.bids {
		t.bids[n].answer(false, reason)
	}
}

// roomFor is the list of bids with room for one more: a node's newer bid replaces its
// older one, one operator fills only a few places, and of a full list the most crowded
// subnet gives way to one that is not.
func (t *task) roomFor(in bidder) ([]bidder, error) {
	bids := t.bids
	if at := slices.IndexFunc(bids, func(known bidder) bool { return known.bid.Node == in.bid.Node }); at >= 0 {
		bids[at].answer(false, "a newer bid of this node replaces it")
		return slices.Delete(bids, at, at+1), nil
	}
	names, crowd := 0, map[string]int{}
	for _, known := range bids {
		if known.seat.Operator == in.seat.Operator {
			names++
		}
		crowd[known.seat.Subnet]++
	}
	if names >= maxBidsOfOperator {
		return nil, fmt.Errorf("%d names of its operator have bid for task %s: %w", names, t.id.Short(), ErrFull)
	}
	if len(bids) < maxBids {
		return bids, nil
	}
	crowded := ""
	for subnet, n := range crowd {
		if n > crowd[crowded] {
			crowded = subnet
		}
	}
	if crowd[in.seat.Subnet]+1 >= crowd[crowded] {
		return nil, fmt.Errorf("task %s has %d bids: %w", t.id.Short(), len(bids), ErrFull)
	}
	at := slices.IndexFunc(bids, func(known bidder) bool { return known.seat.Subnet == crowded })
	bids[at].answer(false, "too many bids came from this node's network")
	return slices.Delete(bids, at, at+1), nil
}
