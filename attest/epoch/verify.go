package epoch

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/score"
)

// maxShown bounds a JSON value inside a Difference.
const maxShown = 160

// Verify recomputes the epoch in dir from its inputs: every signature, every
// line, the leaves, the root and the data set's hash. It returns what differs,
// nothing when all is as it should be; an error only when the folder can't be
// read. The previous epoch's state is taken from the inputs: VerifyChain checks
// that too, and the caller compares root and data set hash with the chain's.
func Verify(dir string) ([]Difference, error) {
	v, err := verify(dir)
	return v.Differences, err
}

// Verified is an epoch as its folder gives it and what recomputing it showed.
// Nothing of the bundle is to be believed while there are differences.
type Verified struct {
	Bundle      Bundle
	Differences []Difference

	jobs [][32]byte // ids of the jobs that count; none when nothing could be recomputed
}

func verify(dir string) (Verified, error) {
	b, raw, err := read(dir)
	if err != nil {
		return Verified{}, err
	}
	v := Verified{Bundle: b}
	if got := common.Hash(sha256.Sum256(raw)); got != b.Summary.DatasetHash {
		v.Differences = append(v.Differences, Difference{"dataset_hash", got.Hex() + ", the hash of inputs.json", b.Summary.DatasetHash.Hex()})
	}
	in := b.Inputs.canonical()
	canonical, err := in.encode()
	if err != nil {
		return Verified{}, fmt.Errorf("verify epoch %d: %w", b.Summary.Number, err)
	}
	if !bytes.Equal(canonical, raw) {
		v.Differences = append(v.Differences, Difference{InputsFile, "canonical JSON, every list sorted", "another form; nothing was recomputed from it"})
		return v, nil
	}
	if !in.Parameters.Published() {
		v.Differences = append(v.Differences, Difference{"parameters", shown(score.DefaultParameters()), shown(in.Parameters)})
	}
	sound, faults := in.check()
	v.Differences = append(v.Differences, faults...)
	want, jobs, err := compute(sound)
	if err != nil {
		v.Differences = append(v.Differences, Difference{InputsFile, "inputs that can be scored", err.Error()})
		return v, nil
	}
	v.jobs = jobs
	want.DatasetHash = b.Summary.DatasetHash // judged above
	more, err := compare(want, b.Summary)
	v.Differences = append(v.Differences, more...)
	return v, err
}

// VerifyChain verifies consecutive epochs, the oldest first, and that each one
// builds on the one before and pays no job a second time.
func VerifyChain(dirs ...string) ([]Difference, error) {
	var found []Difference
	err := Walk(dirs, func(v Verified) { found = append(found, v.Differences...) })
	return found, err
}

// Walk verifies as VerifyChain does and shows each epoch to visit; differences
// name the epoch. It holds one bundle at a time.
func Walk(dirs []string, visit func(Verified)) error {
	counted := map[[32]byte]uint64{}
	var before State
	for i, dir := range dirs {
		v, err := verify(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(dir), err)
		}
		b := v.Bundle
		where := fmt.Sprintf("epoch %d ", b.Summary.Number)
		for i := range v.Differences {
			v.Differences[i].Where = where + v.Differences[i].Where
		}
		if want, got := shown(before), shown(b.Inputs.Previous); (i > 0 || b.Inputs.Number == 1) && !sameJSON(before, b.Inputs.Previous) {
			v.Differences = append(v.Differences, Difference{where + "previous", want, got})
		}
		for _, id := range v.jobs {
			if first, twice := counted[id]; twice {
				v.Differences = append(v.Differences, Difference{fmt.Sprintf("%sjob %x", where, id[:4]), "every job once", fmt.Sprintf("counted in epoch %d already", first)})
				continue
			}
			counted[id] = b.Summary.Number
		}
		visit(v)
		before = b.State()
	}
	return nil
}

// compare lists the values of got that differ from want, lines by node.
func compare(want, got Summary) ([]Difference, error) {
	wantLines, gotLines := byNode(want.Lines), byNode(got.Lines)
	var found []Difference
	if len(gotLines) != len(got.Lines) {
		found = append(found, Difference{"lines", "one for each node", "a node twice"})
	}
	for _, node := range slices.SortedFunc(maps.Keys(wantLines), common.Address.Cmp) {
		line, ok := gotLines[node]
		if !ok {
			found = append(found, Difference{"line " + node.Hex(), "a line", "none"})
			continue
		}
		more, err := compareFields("line "+node.Hex()+" ", wantLines[node], line)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	for _, node := range slices.SortedFunc(maps.Keys(gotLines), common.Address.Cmp) {
		if _, ok := wantLines[node]; !ok {
			found = append(found, Difference{"line " + node.Hex(), "none", "a line"})
		}
	}
	want.Lines, got.Lines = nil, nil
	more, err := compareFields("", want, got)
	return append(found, more...), err
}

func byNode(lines []Line) map[common.Address]Line {
	m := make(map[common.Address]Line, len(lines))
	for _, l := range lines {
		m[l.Node] = l
	}
	return m
}

// compareFields compares the JSON objects of two values key by key.
func compareFields(where string, want, got any) ([]Difference, error) {
	var objects [2]map[string]json.RawMessage
	for i, v := range []any{want, got} {
		data, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", where, err)
		}
		if err := json.Unmarshal(data, &objects[i]); err != nil {
			return nil, fmt.Errorf("compare %s: %w", where, err)
		}
	}
	var found []Difference
	for _, key := range slices.Sorted(maps.Keys(objects[0])) {
		if w, g := objects[0][key], objects[1][key]; !bytes.Equal(w, g) {
			found = append(found, Difference{where + key, clip(w), clip(g)})
		}
	}
	return found, nil
}

// sameJSON compares two states; no nodes and an empty list are the same.
func sameJSON(a, b State) bool {
	if len(a.Nodes) == 0 && len(b.Nodes) == 0 {
		a.Nodes, b.Nodes = nil, nil
	}
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// shown is a value's JSON, cut to what fits a line.
func shown(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return clip(data)
}

func clip(data []byte) string {
	if len(data) > maxShown {
		return string(data[:maxShown]) + "…"
	}
	return string(data)
}
