package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Outcome is how an uptime challenge ended.
type Outcome string

// The outcomes of a challenge.
const (
	Answered  Outcome = "answered"   // with a valid statement over its nonce
	Refused   Outcome = "refused"    // something came back, but no valid statement
	Timeout   Outcome = "timeout"    // nothing came back in time
	OwnOutage Outcome = "own-outage" // the coordinator itself was cut off: nobody's strike
)

// ErrSequence says that an uptime statement's sequence number does not rise
// over the last one kept: an old answer, or a node that lost its state.
var ErrSequence = errors.New("sequence number does not rise")

// Challenge is the coordinator's record of one uptime challenge. An answered one
// proves itself; the others are the coordinator's word.
type Challenge struct {
	Node    common.Address
	Nonce   [32]byte
	AskedAt time.Time // the coordinator's clock, in whole milliseconds
	Outcome Outcome
	Answer  *SignedUptime // exactly when Answered
}

// Verify checks that the record is whole: an answered challenge carries the
// node's signed statement over this nonce, every other one carries none.
func (c Challenge) Verify(d Domain) error {
	if c.Node == (common.Address{}) {
		return fmt.Errorf("challenge %x: node is the zero address; name the node", c.Nonce[:4])
	}
	if err := checkTime("challenge", c.AskedAt); err != nil {
		return err
	}
	switch c.Outcome {
	case Refused, Timeout, OwnOutage:
		if c.Answer != nil {
			return fmt.Errorf("challenge %x of %s: outcome %s with an answer; record it as answered or drop the answer", c.Nonce[:4], c.Node, c.Outcome)
		}
		return nil
	case Answered:
	default:
		return fmt.Errorf("challenge %x of %s: outcome %.20q is unknown; want answered, refused, timeout or own-outage", c.Nonce[:4], c.Node, c.Outcome)
	}
	if c.Answer == nil {
		return fmt.Errorf("challenge %x of %s: answered without an answer; keep the signed statement", c.Nonce[:4], c.Node)
	}
	if u := c.Answer.Uptime; u.Node != c.Node || u.Nonce != c.Nonce {
		return fmt.Errorf("challenge %x of %s: the answer is by %s over nonce %x; answer this challenge with this node's key: %w", c.Nonce[:4], c.Node, u.Node, u.Nonce[:4], ErrSignature)
	}
	return c.Answer.Verify(d)
}

type challengeJSON struct {
	Node      common.Address `json:"node"`
	Nonce     common.Hash    `json:"nonce"`
	AskedAtMS int64          `json:"asked_at_ms"`
	Outcome   Outcome        `json:"outcome"`
	Answer    *SignedUptime  `json:"answer,omitempty"`
}

// MarshalJSON writes the canonical form.
func (c Challenge) MarshalJSON() ([]byte, error) {
	return json.Marshal(challengeJSON{c.Node, c.Nonce, unixMilli(c.AskedAt), c.Outcome, c.Answer})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (c *Challenge) UnmarshalJSON(data []byte) error {
	var j challengeJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	*c = Challenge{j.Node, j.Nonce, fromMilli(j.AskedAtMS), j.Outcome, j.Answer}
	return nil
}
