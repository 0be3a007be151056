package intake

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// What one epoch may hold, in bytes of its inputs: what others state, and what the
// coordinator records itself. With the sixteenth left for the registry and the state of the
// epoch before, their sum is what can be read back (epoch.MaxInputsBytes).
const (
	statementBytes = epoch.MaxInputsBytes / 16 * 11 // 352 MiB: 200,000 receipts
	recordBytes    = epoch.MaxInputsBytes / 16 * 4  // 128 MiB: 190,000 answered challenges
)

// MaxChallenges is how many uptime challenges one epoch has room for; the rest is for
// compute challenges.
const MaxChallenges = 150_000

// How many times longer an entry's JSON can be than its binary form: bytes become hex, and
// of a text that others write each byte may become a \u003c.
const (
	statementGrowth = 4
	recordGrowth    = 3
)

// weight is how many bytes of an epoch's inputs an encoded entry comes to, at most.
func weight(entry []byte) uint64 {
	switch entry[0] {
	case entryJSON:
		return uint64(len(entry))
	case entryChallenge, entryOutage:
		return recordGrowth * uint64(len(entry))
	}
	return statementGrowth * uint64(len(entry))
}

// The parts of what is still free that one party's statements may take up: a node has to be
// registered, a clinic's key costs nothing but needs nodes that sign with it.
const (
	nodeParts   = 8
	clinicParts = 2
)

// openWindow is what came in since the last line: how many bytes in all, and of whom. Only
// writing transactions touch it, which come one after the other.
type openWindow struct {
	sequence            uint64 // of the log, when this was right
	statements, records uint64
	nodes, clinics      map[common.Address]uint64
	lapsed              map[common.Address]uint64 // by node
	pairs               map[pair]told
}

// pair is a clinic and a node, told what the first said of the second.
type (
	pair struct{ clinic, node common.Address }
	told struct{ receipts, lapses uint32 }
)

// spareLapses is how many more lapses than receipts of one node are taken of a clinic in one
// epoch: it may have a node that never delivers, and lapses may overtake receipts. Of more
// an epoch would count none.
const spareLapses = 8

func emptyWindow(sequence uint64) *openWindow {
	return &openWindow{sequence: sequence, nodes: map[common.Address]uint64{}, lapsed: map[common.Address]uint64{}, clinics: map[common.Address]uint64{}, pairs: map[pair]told{}}
}

// mayLapse refuses a lapse beyond what a clinic's receipts of the node bear.
func (o *openWindow) mayLapse(v *attest.Verdict) error {
	if t := o.pairs[pair{v.Clinic, v.Node}]; t.lapses >= t.receipts+spareLapses {
		return fmt.Errorf("lapse of task %s: %d more of node %s are known in this epoch than receipts, and it counts no more; nothing is to be done: %w", v.Task.Short(), spareLapses, v.Node, ErrReplay)
	}
	return nil
}

// has reports whether a statement of weight w finds room (else ErrBusy):
//
//	used + w ≤ free / parts
//
// for each whose share it takes up, with free = statementBytes − all statements. These are
// the dynamic thresholds of Choudhury and Hahne (IEEE/ACM Transactions on Networking 6(2),
// 1998): m parties that send without end leave statementBytes / (1 + m/parts) free, so
// whoever has sent little so far is always heard, and nobody is cut short while there is
// much room.
func (o *openWindow) has(e entry, w uint64) error {
	free := statementBytes - min(o.statements, statementBytes)
	if w > free {
		return fmt.Errorf("this epoch is full; the rest is for the next one: %w", ErrBusy)
	}
	for _, s := range o.shares(e) {
		if s.used[s.who]+w > free/s.parts {
			return fmt.Errorf("%s has used up its share of this epoch; the rest is for the next one: %w", s.who, ErrBusy)
		}
	}
	return nil
}

// share is the part of what is free that one party may take up.
type share struct {
	used  map[common.Address]uint64
	who   common.Address
	parts uint64
}

// shares are what a statement takes up. A node's lapses have a share of their own, and a
// replica's verdict takes up the clinic's only: what a node sends must not keep out what is
// said against it. What coordinators judge takes up nobody's.
func (o *openWindow) shares(e entry) []share {
	node := func(who common.Address) share { return share{o.nodes, who, nodeParts} }
	clinic := func(who common.Address) share { return share{o.clinics, who, clinicParts} }
	switch {
	case e.Receipt != nil:
		return []share{node(e.Receipt.Receipt.Node), clinic(e.Receipt.Receipt.Clinic)}
	case e.Profile != nil:
		return []share{node(e.Profile.Statement.Node)}
	case e.Verdict != nil && e.Verdict.Verdict.Kind == attest.CheckReplica:
		return []share{clinic(e.Verdict.Verdict.Clinic)}
	case e.Verdict != nil && e.Verdict.Verdict.Kind == attest.CheckLapse:
		return []share{{o.lapsed, e.Verdict.Verdict.Node, nodeParts}, clinic(e.Verdict.Verdict.Clinic)}
	}
	return nil
}

// own says that an entry is the coordinator's record.
func (e entry) own() bool { return e.Receipt == nil && e.Profile == nil && e.Verdict == nil }

func (o *openWindow) count(e entry, w uint64) {
	if e.own() {
		o.records += w
		return
	}
	o.statements += w
	for _, s := range o.shares(e) {
		s.used[s.who] += w
	}
	switch {
	case e.Receipt != nil:
		p := pair{e.Receipt.Receipt.Clinic, e.Receipt.Receipt.Node}
		o.pairs[p] = told{o.pairs[p].receipts + 1, o.pairs[p].lapses}
	case e.Verdict != nil && e.Verdict.Verdict.Kind == attest.CheckLapse:
		p := pair{e.Verdict.Verdict.Clinic, e.Verdict.Verdict.Node}
		o.pairs[p] = told{o.pairs[p].receipts, o.pairs[p].lapses + 1}
	}
}

// opened is what came in since the last line. It is counted anew after a line was drawn,
// after a start, and when a transaction that had counted was rolled back.
func (b *Bolt) opened(tx *bbolt.Tx) (*openWindow, error) {
	log := tx.Bucket([]byte(bucketLog))
	if b.open != nil && b.open.sequence == log.Sequence() {
		return b.open, nil
	}
	o := emptyWindow(log.Sequence())
	err := eachEntry(tx, lastLine(tx), func(_ uint64, data []byte, e entry) error {
		o.count(e, weight(data))
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.open = o
	return o, nil
}

// lastLine is the log sequence at which the newest epoch ends, 0 before the first.
func lastLine(tx *bbolt.Tx) uint64 {
	if key, value := tx.Bucket([]byte(bucketEpochs)).Cursor().Last(); key != nil {
		return binary.BigEndian.Uint64(value)
	}
	return 0
}

// eachEntry shows the log after from, in order. The entry's bytes are visit's until it returns.
func eachEntry(tx *bbolt.Tx, from uint64, visit func(sequence uint64, data []byte, e entry) error) error {
	cursor := tx.Bucket([]byte(bucketLog)).Cursor()
	for key, value := cursor.Seek(number(from + 1)); key != nil; key, value = cursor.Next() {
		sequence := binary.BigEndian.Uint64(key)
		e, err := decodeEntry(value)
		if err != nil {
			return fmt.Errorf("log entry %d: %w; restore the store from its backup", sequence, err)
		}
		if err := visit(sequence, value, e); err != nil {
			return err
		}
	}
	return nil
}

// add appends an entry to the log. What others state needs room in the open window
// (ErrBusy, a refusal); what the coordinator records itself is always kept.
func (b *Bolt) add(tx *bbolt.Tx, e entry) (sequence uint64, refusal, fault error) {
	data, err := e.encode()
	if err != nil {
		return 0, nil, err
	}
	open, err := b.opened(tx)
	if err != nil {
		return 0, nil, err
	}
	if !e.own() {
		if refusal := open.has(e, weight(data)); refusal != nil {
			return 0, refusal, nil
		}
	}
	if sequence, err = appendEntry(tx, data); err != nil {
		return 0, nil, err
	}
	open.count(e, weight(data))
	open.sequence = sequence
	return sequence, nil, nil
}

// lineOf is where the line under the open window is drawn: at the end of the log, or, should
// more have come than one epoch may hold, before the first entry that is too much.
func (b *Bolt) lineOf(tx *bbolt.Tx) (to uint64, err error) {
	open, err := b.opened(tx)
	if err != nil {
		return 0, err
	}
	if open.statements <= statementBytes && open.records <= recordBytes {
		return open.sequence, nil
	}
	var statements, records uint64
	to = lastLine(tx)
	err = eachEntry(tx, to, func(sequence uint64, data []byte, e entry) error {
		if e.own() {
			records += weight(data)
		} else {
			statements += weight(data)
		}
		if statements > statementBytes || records > recordBytes {
			return errFull
		}
		to = sequence
		return nil
	})
	if err != nil && !errors.Is(err, errFull) {
		return 0, err
	}
	return to, nil
}

var errFull = errors.New("the epoch is full")
