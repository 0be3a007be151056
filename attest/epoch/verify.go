package epoch

import (
	"bytes"
	"context"
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
	v, err := Auditor{}.verify(context.Background(), dir)
	return v.Differences, err
}

// Verified is an epoch as its folder gives it and what recomputing it showed.
// Nothing of the bundle is to be believed while there are differences.
type Verified struct {
	Bundle      Bundle
	Differences []Difference
	Unchecked   []string // statements that only a wallet on chain could confirm and none has; they were taken as given

	jobs [][32]byte // ids of the jobs that count; none when nothing could be recomputed
}

// Jobs are the ids (JobID) of the jobs that the epoch counts, unsorted; none where its
// inputs could not be recomputed.
func (v Verified) Jobs() [][32]byte { return v.jobs }

func (a Auditor) verify(ctx context.Context, dir string) (Verified, error) {
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
	checked := a.check(ctx, in)
	v.Differences, v.Unchecked = append(v.Differences, checked.faults...), checked.unchecked
	want, jobs, err := compute(checked.sound)
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

// Walk verifies as VerifyChain does and shows each epoch to visit, asking no chain.
func Walk(dirs []string, visit func(Verified)) error {
	return Auditor{}.Walk(context.Background(), dirs, visit)
}

// Walk verifies as VerifyChain does and shows each epoch to visit; differences name the
// epoch. It holds one bundle at a time, and the states that an epoch may go back to.
func (a Auditor) Walk(ctx context.Context, dirs []string, visit func(Verified)) error {
	c := chained{counted: map[[32]byte]uint64{}, states: map[uint64]common.Hash{0: fingerprint(State{})}, jobs: map[uint64][][32]byte{}}
	for i, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := a.verify(ctx, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(dir), err)
		}
		where := fmt.Sprintf("epoch %d ", v.Bundle.Summary.Number)
		for i := range v.Differences {
			v.Differences[i].Where = where + v.Differences[i].Where
		}
		c.follow(&v, where, i == 0)
		visit(v)
	}
	return nil
}

// chained is what a walk knows of the epochs behind it.
type chained struct {
	counted map[[32]byte]uint64    // job → the epoch that paid it
	jobs    map[uint64][][32]byte  // by the epoch that paid them
	states  map[uint64]common.Hash // fingerprint of the state after each epoch
	newest  uint64
}

// follow checks that v builds on an epoch behind it, the newest one unless v says that
// those after were skipped, and pays no job twice. Of the first epoch at hand it believes
// the state that it builds on, unless that is epoch 1.
func (c *chained) follow(v *Verified, where string, first bool) {
	in := v.Bundle.Inputs
	base := in.Previous.Number
	if want, known := c.states[base]; known && want != fingerprint(in.Previous) {
		v.Differences = append(v.Differences, Difference{where + "previous", fmt.Sprintf("the state after epoch %d as published", base), shown(in.Previous)})
	} else if !known && !first {
		v.Differences = append(v.Differences, Difference{where + "previous", fmt.Sprintf("the state after epoch %d", c.newest), fmt.Sprintf("the state after epoch %d, which is not here", base)})
	}
	for n := base + 1; n < in.Number && n <= c.newest; n++ { // skipped: what they counted was not paid
		for _, id := range c.jobs[n] {
			delete(c.counted, id)
		}
		delete(c.jobs, n)
		delete(c.states, n)
	}
	for _, id := range v.jobs {
		if paid, twice := c.counted[id]; twice {
			v.Differences = append(v.Differences, Difference{fmt.Sprintf("%sjob %x", where, id[:4]), "every job once", fmt.Sprintf("counted in epoch %d already", paid)})
			continue
		}
		c.counted[id] = v.Bundle.Summary.Number
		c.jobs[v.Bundle.Summary.Number] = append(c.jobs[v.Bundle.Summary.Number], id)
	}
	c.newest = v.Bundle.Summary.Number
	c.states[c.newest] = fingerprint(v.Bundle.State())
}

// SameState reports whether two states are the same to the last figure.
func SameState(a, b State) bool { return fingerprint(a) == fingerprint(b) }

// fingerprint is the hash of a state's JSON; no nodes and an empty list are the same.
func fingerprint(s State) common.Hash {
	if len(s.Nodes) == 0 {
		s.Nodes = nil
	}
	data, err := json.Marshal(s)
	if err != nil { // numbers, hashes and text: it can't be
		return common.Hash{}
	}
	return sha256.Sum256(data)
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

// CompareRegistrations lists what of got, an epoch's rows, is not as want, the registry's.
// The order is of no matter. Where no row has a voucher none is compared: the epoch is from
// before devices counted, or leaves them all out, and that lowers trust at most.
func CompareRegistrations(want, got []Registration) []Difference {
	rows := make(map[common.Address]Registration, len(want))
	vouched := slices.ContainsFunc(got, func(r Registration) bool { return r.Voucher != (common.Hash{}) })
	for _, r := range (Inputs{Registrations: want}).canonical().Registrations {
		if !vouched {
			r.Voucher = common.Hash{}
		}
		rows[r.Node] = r
	}
	var found []Difference
	for _, r := range got {
		w, there := rows[r.Node]
		if !there {
			found = append(found, Difference{"registration " + r.Node.Hex(), "none", "a row"})
		} else if w != r {
			found = append(found, Difference{"registration " + r.Node.Hex(), shown(w), shown(r)})
		}
		delete(rows, r.Node)
	}
	for _, node := range slices.SortedFunc(maps.Keys(rows), common.Address.Cmp) {
		found = append(found, Difference{"registration " + node.Hex(), shown(rows[node]), "no row"})
	}
	return found
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
	var texts [2][]byte
	var objects [2]map[string]json.RawMessage
	for i, v := range []any{want, got} {
		data, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", where, err)
		}
		texts[i] = data
	}
	if bytes.Equal(texts[0], texts[1]) { // nearly all of a hundred thousand lines
		return nil, nil
	}
	for i, data := range texts {
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
