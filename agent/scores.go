package agent

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/score"
)

// scoreProtocol asks a coordinator for one node's line of the newest epoch. Anybody may
// ask for any node: the data set is public.
const scoreProtocol = "/medhive/score/1"

const (
	maxScoreRequest = 1 << 10
	maxScoreAnswer  = 64 << 10 // a line is about 2 kB
	scoreTimeout    = 10 * time.Second
)

// ScoreHead is what an explanation needs of an epoch beside the line.
type ScoreHead struct {
	Epoch      uint64           `json:"epoch"`
	From       uint64           `json:"from"` // chain time, unix seconds
	To         uint64           `json:"to"`
	Parameters score.Parameters `json:"parameters"`
	Weights    score.Weights    `json:"weights"`
}

// PublishedScore is a node's line as its coordinator published it.
type PublishedScore struct {
	ScoreHead
	Line epoch.Line `json:"line"`
}

func headOf(b epoch.Bundle) ScoreHead {
	return ScoreHead{Epoch: b.Summary.Number, From: b.Summary.From, To: b.Summary.To, Parameters: b.Inputs.Parameters, Weights: b.Summary.Weights}
}

// Explained says what the line is made of, see score.Explain.
func (p PublishedScore) Explained() []score.Sentence {
	return score.Explain(p.Line.Line, score.Context{Parameters: p.Parameters, Weights: p.Weights, Seconds: p.To - p.From, To: p.To})
}

// validate checks what a coordinator answered about node.
func (p PublishedScore) validate(node common.Address) error {
	switch {
	case p.Line.Node != node:
		return fmt.Errorf("score of %s: the answer is about %s; ask another coordinator", node, p.Line.Node)
	case !p.Parameters.Published() || p.To <= p.From:
		return fmt.Errorf("score of %s: epoch %d was scored by rules that this version does not know; update medhive", node, p.Epoch)
	case p.Weights.Validate(p.Parameters) != nil:
		return fmt.Errorf("score of %s: the weights of epoch %d are out of range; ask another coordinator", node, p.Epoch)
	}
	return p.Line.Validate()
}

// EpochsFolder is where the coordinator with that state publishes its epochs.
func EpochsFolder(state string) string { return filepath.Join(state, "epochs") }

// Scores reads every line of the newest epoch below folder, the epochs of a coordinator.
// fs.ErrNotExist before the first epoch.
func Scores(folder string) (ScoreHead, []epoch.Line, error) {
	b, err := epoch.Archive(folder).Latest()
	return headOf(b), b.Summary.Lines, err
}

// scoreBook keeps the newest epoch's lines where each is found without reading the epoch:
// it answers strangers, who may ask as often as they like. It follows from the archive and
// can be lost.
type scoreBook struct{ db *bolt.DB }

var (
	scoresBucket = []byte("coordinator.scores") // number of the epoch → bucket of address → line
	scoresHead   = []byte("head")               // ScoreHead of the one that is whole
)

// openScores makes the book agree with the archive.
func openScores(db *bolt.DB, archive epoch.Archive) (*scoreBook, error) {
	s := &scoreBook{db}
	numbers, err := archive.Numbers()
	if err != nil || len(numbers) == 0 {
		return s, err
	}
	if head, err := s.head(); err == nil && head.Epoch == numbers[len(numbers)-1] {
		return s, nil
	}
	b, err := archive.Latest()
	if err != nil {
		return nil, err
	}
	return s, s.enter(b)
}

// linesAtOnce bounds what one transaction holds in memory.
const linesAtOnce = 10_000

// enter takes in an epoch and forgets the one before. A crash on the way leaves the one
// before in force.
func (s *scoreBook) enter(b epoch.Bundle) error {
	name := binary.BigEndian.AppendUint64(nil, b.Summary.Number)
	if err := s.update(func(all *bolt.Bucket) error {
		if all.Bucket(name) == nil {
			return nil
		}
		return all.DeleteBucket(name) // half of it, from before a crash
	}); err != nil {
		return err
	}
	for first := 0; first < len(b.Summary.Lines); first += linesAtOnce {
		if err := s.update(func(all *bolt.Bucket) error {
			lines, err := all.CreateBucketIfNotExists(name)
			for _, l := range b.Summary.Lines[first:min(first+linesAtOnce, len(b.Summary.Lines))] {
				if err == nil {
					err = putJSON(lines, l.Node[:], l)
				}
			}
			return err
		}); err != nil {
			return err
		}
	}
	return s.update(func(all *bolt.Bucket) error {
		var old [][]byte
		if err := all.ForEachBucket(func(other []byte) error {
			if string(other) != string(name) {
				old = append(old, append([]byte{}, other...))
			}
			return nil
		}); err != nil {
			return err
		}
		for _, other := range old {
			if err := all.DeleteBucket(other); err != nil {
				return err
			}
		}
		return putJSON(all, scoresHead, headOf(b))
	})
}

func (s *scoreBook) update(change func(all *bolt.Bucket) error) error {
	err := s.db.Update(func(tx *bolt.Tx) error {
		all, err := tx.CreateBucketIfNotExists(scoresBucket)
		if err != nil {
			return err
		}
		return change(all)
	})
	if err != nil {
		return fmt.Errorf("keep the epoch's scores: %w", err)
	}
	return nil
}

func putJSON(b *bolt.Bucket, key []byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(key, data)
}

func (s *scoreBook) head() (head ScoreHead, err error) {
	return head, s.db.View(func(tx *bolt.Tx) error {
		all := tx.Bucket(scoresBucket)
		if all == nil || all.Get(scoresHead) == nil {
			return fs.ErrNotExist
		}
		return json.Unmarshal(all.Get(scoresHead), &head)
	})
}

// of is a node's line; fs.ErrNotExist when there is no epoch yet or none with the node.
func (s *scoreBook) of(node common.Address) (p PublishedScore, err error) {
	return p, s.db.View(func(tx *bolt.Tx) error {
		all := tx.Bucket(scoresBucket)
		if all == nil || all.Get(scoresHead) == nil {
			return fs.ErrNotExist
		}
		if err := json.Unmarshal(all.Get(scoresHead), &p.ScoreHead); err != nil {
			return err
		}
		lines := all.Bucket(binary.BigEndian.AppendUint64(nil, p.Epoch))
		if lines == nil || lines.Get(node[:]) == nil {
			return fs.ErrNotExist
		}
		return json.Unmarshal(lines.Get(node[:]), &p.Line)
	})
}

type scoreRequest struct {
	Node common.Address `json:"node"`
}

type scoreAnswer struct {
	Score   *PublishedScore `json:"score,omitempty"`
	Nothing bool            `json:"nothing,omitempty"` // no epoch has a line of the node yet
	Error   string          `json:"error,omitempty"`
}

// keepScores opens the book and answers from it.
func (c *Coordinator) keepScores(context.Context) (err error) {
	if c.scores, err = openScores(c.db, c.archive); err != nil {
		return err
	}
	c.host.SetStreamHandler(scoreProtocol, func(s network.Stream) {
		defer s.Close()
		if s.SetDeadline(time.Now().Add(scoreTimeout)) != nil {
			return
		}
		data, err := json.Marshal(c.scores.answer(s))
		if err != nil || attest.WriteFrame(s, data) != nil {
			_ = s.Reset() // the asker sees that the answer is not whole
		}
	})
	return nil
}

func (s *scoreBook) answer(stream network.Stream) scoreAnswer {
	data, err := attest.ReadFrame(stream, maxScoreRequest)
	if err != nil {
		return scoreAnswer{Error: err.Error()}
	}
	var request scoreRequest
	if json.Unmarshal(data, &request) != nil {
		return scoreAnswer{Error: "the request is no JSON of this version"}
	}
	p, err := s.of(request.Node)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return scoreAnswer{Nothing: true}
	case err != nil:
		return scoreAnswer{Error: "the scores can't be read here"}
	}
	return scoreAnswer{Score: &p}
}

// ErrNoScore is a node without a line: no epoch was closed since it was registered.
var ErrNoScore = errors.New("no epoch has scored this node yet: wait for the next one")

// askScore fetches a node's line. It is the coordinator's word: what it says of itself is
// checked, not whether the epoch gives that; `medhive coordinator verify` does.
func askScore(ctx context.Context, h host.Host, coordinator peer.ID, node common.Address) (p PublishedScore, err error) {
	ctx, cancel := context.WithTimeout(ctx, scoreTimeout)
	defer cancel()
	s, err := h.NewStream(ctx, coordinator, scoreProtocol)
	if err != nil {
		return p, fmt.Errorf("ask the coordinator for the score: %w", err)
	}
	defer s.Close()
	deadline, _ := ctx.Deadline() // the one above
	request, err := json.Marshal(scoreRequest{Node: node})
	if err := errors.Join(err, s.SetDeadline(deadline)); err != nil {
		return p, fmt.Errorf("ask the coordinator for the score: %w", err)
	}
	if err := attest.WriteFrame(s, request); err != nil {
		return p, fmt.Errorf("ask the coordinator for the score: %w", err)
	}
	data, err := attest.ReadFrame(s, maxScoreAnswer)
	if err != nil {
		return p, fmt.Errorf("ask the coordinator for the score: %w", err)
	}
	var answer scoreAnswer
	if err := json.Unmarshal(data, &answer); err != nil {
		return p, fmt.Errorf("ask the coordinator for the score: the answer is no JSON: %w", err)
	}
	switch {
	case answer.Nothing:
		return p, ErrNoScore
	case answer.Score == nil:
		return p, fmt.Errorf("the coordinator has no score: %.200q", answer.Error)
	}
	return *answer.Score, answer.Score.validate(node)
}
