package agent

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// A canary's files are given to nobody before their verdict is published: a node knows the
// hash of what it was sent, and must not learn from it that it was a canary. Published twice
// they are there once; what nobody will judge goes; the oldest go where there are too many.
func TestFilesOfCanaries(t *testing.T) {
	state := t.TempDir()
	var names []common.Hash
	for n := range byte(3) {
		data := bytes.Repeat([]byte{n}, 100)
		names = append(names, sha256.Sum256(data))
		if err := holdFile(state, data); err != nil {
			t.Fatal(err)
		}
	}
	given := func(name common.Hash) bool {
		_, err := os.Stat(filepath.Join(evidenceFolder(state), blobName(name)))
		return err == nil
	}
	if given(names[0]) {
		t.Error("a file is given before it is published")
	}
	for range 2 {
		if err := publishFiles(state, names[:2], 200); err != nil {
			t.Fatal(err)
		}
	}
	if !given(names[0]) || !given(names[1]) || given(names[2]) {
		t.Error("published are not the files that were to be")
	}
	if err := keepOnly(heldFolder(state), map[string]bool{blobName(names[2]): true}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(heldFolder(state)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v are held", entries, err)
	}
	if err := dropFiles(state, names); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(heldFolder(state)); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v are held", entries, err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(evidenceFolder(state), blobName(names[1])), old, old); err != nil {
		t.Fatal(err)
	}
	if err := publishFiles(state, nil, 150); err != nil || !given(names[0]) || given(names[1]) {
		t.Errorf("the newer one is there: %v, the older one: %v; %v", given(names[0]), given(names[1]), err)
	}
}

// What grows leaves no part of a study behind in memory, and holds what came.
func TestGrownLeavesNothingBehind(t *testing.T) {
	var plain []byte
	var whole []byte
	for n := range byte(50) {
		part := bytes.Repeat([]byte{n + 1}, 10)
		before := plain
		whole, plain = append(whole, part...), grown(plain, part)
		if len(before) > 0 && &before[0] != &plain[0] && !bytes.Equal(before, make([]byte, len(before))) {
			t.Fatal("a part of the study was left behind")
		}
	}
	if !bytes.Equal(plain, whole) {
		t.Error("it holds something else than came")
	}
	if took := recheckTime(maxRecheckBytes); took > 20*time.Minute {
		t.Errorf("the largest study holds a lane for %v", took)
	}
}
