package intake

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// BeatEvery is how often the coordinator writes down that it lives. A gap of more than
// maxSilence is an outage of its own: it was stopped, killed, suspended, or its disk did
// not take a write. Three missed beats are no hiccup of a busy machine.
const (
	BeatEvery  = 10 * time.Second
	maxSilence = 3 * BeatEvery
)

// outage is a time in which the coordinator was not itself, by its own clock.
type outage struct {
	From, To time.Time
}

const outageBytes = 16

func (o outage) encode(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(o.From.UnixMilli()))
	return binary.BigEndian.AppendUint64(b, uint64(o.To.UnixMilli()))
}

func decodeOutage(b []byte) (outage, error) {
	if len(b) != outageBytes {
		return outage{}, fmt.Errorf("outage of %d bytes", len(b))
	}
	at := func(b []byte) time.Time { return time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC() }
	return outage{at(b), at(b[8:])}, nil
}

// Beat writes down that the coordinator lives at now, and, if it was silent for too long
// before, that it had an outage, which it returns: its beginning and its end, zero if there
// was none. Call it at the start, before anything is asked, then every BeatEvery, and
// before an epoch is sealed.
func (b *Bolt) Beat(ctx context.Context, now time.Time) (from, to time.Time, err error) {
	err = b.batch(ctx, 1, func(tx *bbolt.Tx) error {
		from, to = time.Time{}, time.Time{} // bbolt may run it twice
		beats := tx.Bucket([]byte(bucketBeat))
		if last := beats.Get([]byte(keyBeat)); len(last) == 8 {
			before := time.UnixMilli(int64(binary.BigEndian.Uint64(last))).UTC()
			if now.Sub(before) > maxSilence {
				from, to = before, now
				if _, _, err := b.add(tx, entry{Outage: &outage{before, now}}); err != nil {
					return err
				}
			}
		}
		// A clock that was set back starts anew: what it will call a gap is none then.
		return beats.Put([]byte(keyBeat), number(uint64(now.UnixMilli())))
	})
	return from, to, err
}

// excuse makes the challenges and examinations that were asked in an outage nobody's: not
// the silent node's, since it was perhaps the coordinator that was deaf, and not the
// answering one's either.
func excuse(w *epoch.Window, outages []outage) {
	in := func(at time.Time) bool {
		for _, o := range outages {
			if !at.Before(o.From) && !at.After(o.To) {
				return true
			}
		}
		return false
	}
	for i := range w.Challenges {
		if c := &w.Challenges[i]; in(c.AskedAt) {
			c.Outcome, c.Answer = attest.OwnOutage, nil
		}
	}
	for i := range w.Examinations {
		// What was proved or found false stands by itself; only silence is excused.
		if e := &w.Examinations[i]; e.Outcome == attest.Missed && in(e.AskedAt) {
			e.Outcome = attest.OwnOutage
		}
	}
}
