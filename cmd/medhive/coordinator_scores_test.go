package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/score"
)

// goldenEpochs is a folder with one published epoch, as a coordinator writes it.
func goldenEpochs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	golden := os.DirFS(filepath.Join("..", "..", "attest", "epoch", "testdata", "second"))
	if err := os.CopyFS(filepath.Join(folder, "epoch-00000001"), golden); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestCoordinatorScores(t *testing.T) {
	p, folder := newPerson(t), goldenEpochs(t)
	var all scoresReport
	p.ask(&all, "coordinator", "scores", "--epochs", folder)
	if all.Epoch != 1 || len(all.Lines) < 2 || all.Lines[0].Reward.Cmp(all.Lines[1].Reward.Int) < 0 || len(all.Explained) != 0 {
		t.Fatalf("all nodes: %+v", all)
	}
	best := all.Lines[0]
	stdout, stderr, code := p.run("coordinator", "scores", "--epochs", folder)
	if code != exitOK || !strings.Contains(stdout, "epoch 1, ") || strings.Count(stdout, "\n") != 2+len(all.Lines) || !strings.Contains(stdout, best.Node.Hex()) {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	stdout, stderr, code = p.run("coordinator", "scores", best.Node.Hex(), "--epochs", folder)
	if code != exitOK || !strings.Contains(stdout, "compute") || !strings.Contains(stdout, "uptime challenges answered") || strings.Count(stdout, best.Node.Hex()) != 1 {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	var one scoresReport
	p.ask(&one, "coordinator", "scores", best.Node.Hex(), "--epochs", folder)
	if len(one.Lines) != 1 || one.Lines[0].Leaf != best.Leaf || len(one.Explained) < 5 {
		t.Errorf("one node: %+v", one)
	}
}

func TestCoordinatorScoresThatAreNotThere(t *testing.T) {
	p, folder := newPerson(t), goldenEpochs(t)
	for want, args := range map[string][]string{
		"no epoch has been published there yet": {},
		"has no line of":                        {"0x00000000000000000000000000000000000000aa", "--epochs", folder},
	} {
		if _, stderr, code := p.run(append([]string{"coordinator", "scores"}, args...)...); code != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	for _, args := range [][]string{{"node"}, {"0x01", "0x02"}} {
		if _, stderr, code := p.run(append([]string{"coordinator", "scores"}, args...)...); code != exitUsage || !strings.Contains(stderr, "40 hexadecimal digits") {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
}

// What `node status` shows of a score is what came through the node's local door.
func TestScoreRows(t *testing.T) {
	if rows := scoreRows(nil); len(rows) != 0 {
		t.Errorf("before the first epoch: %v", rows)
	}
	report, err := readScores(goldenEpochs(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := agent.PublishedScore{ScoreHead: report.ScoreHead, Line: report.Lines[0]}
	sent, err := json.Marshal(agent.NodeScore{PublishedScore: p, Explained: p.Explained()})
	if err != nil {
		t.Fatal(err)
	}
	var came agent.NodeScore
	if err := json.Unmarshal(sent, &came); err != nil {
		t.Fatal(err)
	}
	rows := scoreRows(&came)
	if len(rows) != 1+len(came.Explained) || rows[0][0] != "score" || !strings.Contains(rows[0][1], "epoch 1, to ") || !slices.Equal(came.Explained, p.Explained()) {
		t.Errorf("%v", rows)
	}
	for i, s := range came.Explained {
		if marked := strings.HasPrefix(rows[i+1][1], string(s.Mood)+": "); marked == (s.Mood == score.MoodFact) {
			t.Errorf("%s sentence: %q", s.Mood, rows[i+1])
		}
	}
}
