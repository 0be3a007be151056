package agent

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest/score"
)

// NodeScore is how the newest epoch scored this node, explained.
type NodeScore struct {
	PublishedScore
	Explained []score.Sentence `json:"explained"`
}

// scoresKept is how many epochs a node remembers its own lines of: more than a year of days.
const scoresKept = 400

var nodeScoresBucket = []byte("node.scores") // number of the epoch → PublishedScore

// Score asks the coordinator how the newest epoch scored this node, and remembers it.
// ErrNoScore when none has yet.
func (n *Node) Score(ctx context.Context) (NodeScore, error) {
	to, err := n.coordinator()
	if err != nil {
		return NodeScore{}, err
	}
	p, err := askScore(ctx, n.host, to, n.key.Address())
	if err != nil {
		return NodeScore{}, err
	}
	return NodeScore{p, p.Explained()}, keepScore(n.db, p)
}

// Scores are this node's lines as it remembers them, the newest first, at most limit: those
// of the epochs after which it asked.
func (n *Node) Scores(limit int) ([]PublishedScore, error) { return keptScores(n.db, limit) }

func keepScore(db *bolt.DB, p PublishedScore) error {
	err := db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(nodeScoresBucket)
		if err != nil {
			return err
		}
		if err := putJSON(b, binary.BigEndian.AppendUint64(nil, p.Epoch), p); err != nil {
			return err
		}
		var forgotten [][]byte
		cursor, seen := b.Cursor(), 0
		for key, _ := cursor.Last(); key != nil; key, _ = cursor.Prev() {
			if seen++; seen > scoresKept {
				forgotten = append(forgotten, key)
			}
		}
		for _, key := range forgotten {
			if err := b.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember the score of epoch %d: %w", p.Epoch, err)
	}
	return nil
}

func keptScores(db *bolt.DB, limit int) (list []PublishedScore, err error) {
	err = db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(nodeScoresBucket)
		if b == nil {
			return nil
		}
		cursor := b.Cursor()
		for key, data := cursor.Last(); key != nil && len(list) < limit; key, data = cursor.Prev() {
			var p PublishedScore
			if err := json.Unmarshal(data, &p); err != nil {
				return err
			}
			list = append(list, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the remembered scores: %w", err)
	}
	return list, nil
}

// score is the newest score, from the coordinator or else from memory; nil when there is
// none. A memory comes with the error that made it necessary.
func (n *Node) score(ctx context.Context) (*NodeScore, error) {
	asked, err := n.Score(ctx)
	if errors.Is(err, ErrNoScore) {
		return nil, nil
	}
	if err != nil {
		kept, unread := n.Scores(1)
		if unread != nil || len(kept) == 0 {
			return nil, errors.Join(err, unread)
		}
		return &NodeScore{kept[0], kept[0].Explained()}, err
	}
	return &asked, nil
}

// scoreEvery is how often a node looks whether a new epoch has scored it. It needs to be
// shorter than an epoch, and than the grace before a suspension.
const scoreEvery = time.Hour

// watchScore remembers each epoch's score, and logs what threatens this node once an epoch.
func (n *Node) watchScore(ctx context.Context) {
	ticker := time.NewTicker(scoreEvery)
	defer ticker.Stop()
	var told uint64
	for {
		asking, cancel := context.WithTimeout(ctx, scoreTimeout)
		s, err := n.Score(asking)
		cancel()
		switch {
		case err == nil && s.Epoch > told:
			told = s.Epoch
			for _, said := range s.Explained {
				if said.Mood == score.MoodNotice || said.Mood == score.MoodPenalty {
					n.conf.Log.Warn("the score of this node", "epoch", s.Epoch, "about", said.About, "text", said.Text)
				}
			}
		case err != nil && !errors.Is(err, ErrNoScore) && ctx.Err() == nil:
			n.conf.Log.Debug("the score is not known, asking again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
