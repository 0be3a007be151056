package agent

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/epoch"
)

// TestWhoSignsKnowsTheVendors: a vendor that a coordinator made up is named to who looks, and
// keeps a co-signer from signing.
func TestWhoSignsKnowsTheVendors(t *testing.T) {
	known, madeUp := common.HexToAddress("0xa1"), common.HexToAddress("0xb2")
	for name, c := range map[string]struct {
		vendors      []common.Address
		strict       bool
		differ, give int
	}{
		"none":                             {nil, true, 0, 0},
		"one of the network's":             {[]common.Address{known}, true, 0, 0},
		"one that is made up, signed for":  {[]common.Address{known, madeUp}, true, 1, 0},
		"one that is made up, looked over": {[]common.Address{known, madeUp}, false, 0, 1},
	} {
		a := &audit{walk: newWalk(""), strict: c.strict}
		a.network.Vendors = []common.Address{known}
		if err := a.compareVendors(t.Context(), epoch.Bundle{Inputs: epoch.Inputs{Vendors: c.vendors}}); err != nil {
			t.Fatal(err)
		}
		v := a.verdict
		if len(v.Differences) != c.differ || len(v.Given) != c.give {
			t.Errorf("%s: differences %v, given %v", name, v.Differences, v.Given)
		}
		if c.differ+c.give > 0 && !strings.Contains(strings.Join(append(v.Differences, v.Given...), " "), madeUp.Hex()) {
			t.Errorf("%s: the vendor is not named", name)
		}
	}
}
