package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// Network is what a coordinator publishes, for anybody. It asks nobody who they are.
type Network struct{ door *door }

// NewNetwork speaks to a coordinator's public door (`medhive coordinator run --http`), such as
// http://127.0.0.1:9400.
func NewNetwork(base string, options ...Option) (*Network, error) {
	d, err := openDoor(base, options)
	if err != nil {
		return nil, err
	}
	return &Network{d}, nil
}

// Health is how a coordinator is.
type Health struct {
	Role    string    `json:"role"`
	Healthy bool      `json:"healthy"`
	State   string    `json:"state"` // starting, running or stopping
	Checks  []Finding `json:"checks"`
	Epoch   uint64    `json:"epoch"` // the newest that is published; 0: none
}

// Finding is what one check of a role's health found.
type Finding struct {
	Check  string    `json:"check"`
	Passed bool      `json:"passed"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"` // when it was first seen failing
}

// Health asks how the coordinator is. One that is not well still answers, and that is no error.
func (n *Network) Health(ctx context.Context) (h Health, err error) {
	answer, done, err := n.door.ask(ctx, http.MethodGet, "/health", "", nil, "")
	if err != nil {
		return h, err
	}
	defer done()
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusServiceUnavailable {
		return h, refusal(answer)
	}
	return h, decode(answer.Body, &h)
}

// Epochs are the numbers of the published epochs, the newest first, at most 1000.
func (n *Network) Epochs(ctx context.Context) ([]uint64, error) {
	var list struct {
		Epochs []uint64 `json:"epochs"`
	}
	err := n.door.get(ctx, "/v1/epochs", nil, &list)
	return list.Epochs, err
}

// AwaitEpoch waits until an epoch of this number, or a later one, is published, and is the
// newest.
func (n *Network) AwaitEpoch(ctx context.Context, number uint64) (newest uint64, err error) {
	return newest, every(ctx, pollEvery, func() (bool, error) {
		list, err := n.Epochs(ctx)
		if len(list) > 0 {
			newest = list[0]
		}
		return len(list) > 0 && newest >= number, err
	})
}

// PublishedScore is a node's score in the newest epoch.
type PublishedScore struct {
	Epoch     uint64     `json:"epoch"`
	From      uint64     `json:"from"` // chain time, unix seconds
	To        uint64     `json:"to"`
	Line      ScoreLine  `json:"line"`
	Explained []Sentence `json:"explained"`
}

// ScoreLine is the part of a score that most programs want. The whole line, by which anybody
// can compute it again, is Raw.
type ScoreLine struct {
	Node          string          `json:"node"`
	Tier          int             `json:"tier"`
	Accepted      uint64          `json:"accepted"` // jobs
	Disputed      uint64          `json:"disputed"`
	Asked         uint64          `json:"asked"` // uptime challenges
	Answered      uint64          `json:"answered"`
	Score         uint64          `json:"score"` // in 1e-9
	RewardWei     string          `json:"reward_wei"`
	CumulativeWei string          `json:"cumulative_wei"`
	Raw           json.RawMessage `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *ScoreLine) UnmarshalJSON(data []byte) error {
	type plain ScoreLine
	if err := json.Unmarshal(data, (*plain)(l)); err != nil {
		return err
	}
	l.Raw = append(json.RawMessage(nil), data...)
	return nil
}

var addressForm = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)

// Score is the newest one of a node, by its EVM address. Before its first epoch a node has none:
// that is ErrNotFound.
func (n *Network) Score(ctx context.Context, node string) (s PublishedScore, err error) {
	if !addressForm.MatchString(node) {
		return s, errors.New("read a score: want a node's address, 0x and 40 hexadecimal digits")
	}
	return s, n.door.get(ctx, "/v1/scores/"+url.PathEscape(node), nil, &s)
}

// maxBundle bounds an epoch in one file: the largest that the rules allow is far smaller.
const maxBundle = 4 << 30

// Bundle writes an epoch's file, gzip of tar, from which `medhive coordinator verify` computes
// its root again.
func (n *Network) Bundle(ctx context.Context, epoch uint64, to io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.door.base.String()+"/v1/epochs/"+strconv.FormatUint(epoch, 10)+"/bundle", nil)
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	answer, err := n.door.http.Do(request)
	if err != nil {
		return withoutAddress(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return refusal(answer)
	}
	switch size, err := io.Copy(to, io.LimitReader(answer.Body, maxBundle+1)); {
	case err != nil:
		return fmt.Errorf("fetch epoch %d: %w", epoch, err)
	case size > maxBundle:
		return fmt.Errorf("fetch epoch %d: %w", epoch, ErrTooLong)
	}
	return nil
}
