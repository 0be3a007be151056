package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/enrolment"
)

// TestCopiesInWords: a node hears of itself, who looks after many hears of whom, and each
// warning names what to do.
func TestCopiesInWords(t *testing.T) {
	node, other := common.HexToAddress("0xa1"), common.HexToAddress("0xb2")
	flags := []enrolment.Flag{{Node: node, Since: time.Unix(1_790_000_000, 0)}, {Node: node, Since: time.Unix(1_790_000_000, 0), Other: &other}}
	for _, own := range []bool{true, false} {
		list := copyWarnings(flags, own)
		if len(list) != 2 || list[0].Code != warning.KeyTwice || list[1].Code != warning.DeviceShared {
			t.Fatalf("own %t: %+v", own, list)
		}
		for _, w := range list {
			if w.Fix == "" || w.Severity == "" || !strings.Contains(w.Text, "2026-") {
				t.Errorf("own %t: %+v", own, w)
			}
			if named := w.Subject == node.Hex(); named == own {
				t.Errorf("own %t: its subject is %q", own, w.Subject)
			}
		}
		if !strings.Contains(list[1].Text, other.Hex()) {
			t.Errorf("the other node is not named: %s", list[1].Text)
		}
	}
	if list := copyWarnings(nil, true); len(list) != 0 {
		t.Errorf("%v", list)
	}
}
