package broker_test

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/directory"
)

// A residency set is kept by the registry's word, not by the node's.
func TestNodeIsWhereItIsRegistered(t *testing.T) {
	t.Parallel()
	for registered, says := range map[string]string{"FR": `registered in "FR"`, "": `registered in ""`} {
		t.Run("in "+registered, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			known := directory.New(0)
			c := newClinic(t, ctx, func(b *broker.Config) {
				b.Directory, b.Jurisdiction = known, func(common.Address) string { return registered }
			})
			r := newRogue(t, ctx)
			list(t, known, r.member) // two, or nobody is asked anyway
			list(t, known, newRogue(t, ctx).member)
			c.connect(r.member)
			must(t, c.broker.Submit(ctx, emergency("residency")))
			if reply := r.bidOn(c, r.goodBid(receiveOne(t, r.offers).Offer)); reply.Won || !strings.Contains(reply.Reason, says) {
				t.Errorf("a bid from DE: %+v", reply)
			}
			if st := c.broker.Stats(); st.BidsRefused["residency"] != 1 || st.Asked != 0 {
				t.Errorf("%d bids refused, %d nodes asked; want one and none", st.BidsRefused["residency"], st.Asked)
			}
		})
	}
}
