package agent

import (
	"context"
	"errors"
	"io/fs"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/score"
)

func TestANodeIsToldItsScore(t *testing.T) {
	v := newVillage(t, time.Hour)
	node, stranger := v.villager(), v.villager()
	node.register()
	node.answer()
	node.connect()
	stranger.connect()
	ask := func(p *villager) (PublishedScore, error) {
		return askScore(t.Context(), p.host, v.host.ID(), node.key.Address())
	}
	if _, err := ask(node); !errors.Is(err, ErrNoScore) {
		t.Errorf("before the first epoch: %v", err)
	}
	if _, _, err := Scores(v.EpochsFolder()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder before the first epoch: %v", err)
	}
	v.must(node.profile())
	v.must(node.work("a study"))
	v.forget()
	v.must(v.ChallengeAll(t.Context()))
	_, err := v.chain.Advance(t.Context(), time.Hour)
	v.must(err)
	closed, err := v.CloseEpoch(t.Context())
	v.must(err)

	told, err := ask(node)
	v.must(err)
	head, lines, err := Scores(v.EpochsFolder())
	v.must(err)
	if told.Epoch != closed.Number || told.ScoreHead != head || len(lines) != 1 || told.Line.Leaf != lines[0].Leaf || told.Line.Reward.Cmp(lines[0].Reward.Int) != 0 || told.Line.Gate != score.GateOpen {
		t.Errorf("told %+v, published %+v", told, lines)
	}
	var said strings.Builder
	for _, s := range told.Explained() {
		said.WriteString(s.About + ": " + s.Text + "\n")
	}
	for _, want := range []string{"compute: c = ", "1 of 1 uptime challenges answered", "jobs accepted 1 (late 0)", "scarcity of DE", "uptime: "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("want %q in\n%s", want, said.String())
		}
	}
	if _, err := askScore(t.Context(), stranger.host, v.host.ID(), stranger.key.Address()); !errors.Is(err, ErrNoScore) {
		t.Errorf("a stranger: %v", err)
	}
	if other, err := ask(stranger); err != nil || other.Line.Leaf != told.Line.Leaf {
		t.Errorf("anybody may ask for any node: %v", err)
	}

	// The book follows from the archive: without it, the next start writes it again.
	v.must(v.db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket(scoresBucket) }))
	v.end()
	v.open()
	node.connect()
	again, err := ask(node)
	if err != nil || again.Line.Leaf != told.Line.Leaf {
		t.Errorf("after the book was lost: %+v, %v", again, err)
	}
	_, err = v.chain.Advance(t.Context(), time.Hour)
	v.must(err)
	if _, err = v.CloseEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if next, err := ask(node); err != nil || next.Epoch != 2 {
		t.Errorf("after the second epoch: %d, %v", next.Epoch, err)
	}
	v.must(v.db.View(func(tx *bolt.Tx) error {
		kept := 0
		err := tx.Bucket(scoresBucket).ForEachBucket(func([]byte) error { kept++; return nil })
		if kept != 1 {
			t.Errorf("%d epochs are kept in the book", kept)
		}
		return err
	}))
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := askScore(ended, node.host, v.host.ID(), node.key.Address()); err == nil {
		t.Error("asked although nobody waits")
	}
}

func published(number uint64, node common.Address) PublishedScore {
	p := score.DefaultParameters()
	return PublishedScore{
		ScoreHead: ScoreHead{Epoch: number, From: 1, To: 2, Parameters: p, Weights: score.InitialWeights(p)},
		Line:      epoch.Line{Line: score.Line{Node: node, Gate: score.GateOpen, Limit: score.Wei{Int: big.NewInt(1)}, Reward: score.Wei{Int: big.NewInt(1)}}},
	}
}

func TestWhatACoordinatorSaysOfAScoreIsChecked(t *testing.T) {
	node := common.Address{1}
	if err := published(1, node).validate(node); err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(p *PublishedScore){
		"another node":       func(p *PublishedScore) { p.Line.Node = common.Address{2} },
		"rules of its own":   func(p *PublishedScore) { p.Parameters.Step++ },
		"no time":            func(p *PublishedScore) { p.To = p.From },
		"weights of its own": func(p *PublishedScore) { p.Weights.C++ },
		"a gate of its own":  func(p *PublishedScore) { p.Line.Gate = "send money" },
	} {
		p := published(1, node)
		if alter(&p); p.validate(node) == nil {
			t.Errorf("%s: let through", name)
		}
	}
}

func TestANodeRemembersItsScores(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "node.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if list, err := keptScores(db, 5); err != nil || len(list) != 0 {
		t.Errorf("at the beginning: %v, %v", list, err)
	}
	const extra = 3
	for number := uint64(1); number <= scoresKept+extra; number++ {
		if err := keepScore(db, published(number, common.Address{1})); err != nil {
			t.Fatal(err)
		}
	}
	list, err := keptScores(db, scoresKept+extra)
	if err != nil || len(list) != scoresKept || list[0].Epoch != scoresKept+extra || list[scoresKept-1].Epoch != extra+1 {
		t.Fatalf("%d are kept: %v", len(list), err)
	}
	if err := keepScore(db, published(scoresKept, common.Address{1})); err != nil {
		t.Fatal(err)
	}
	if list, err = keptScores(db, 2); err != nil || len(list) != 2 || list[1].Epoch != scoresKept+extra-1 {
		t.Errorf("the newest two: %+v, %v", list, err)
	}
}
