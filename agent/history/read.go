package history

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Read is a series between two moments, in at most so many steps: from memory for the last
// hour, else from the finest tier that reaches back far enough.
func (h *History) Read(name string, from, until time.Time, most int) (Span, error) {
	s, known := h.Find(name)
	if !known {
		return Span{}, fmt.Errorf("read the history of %.40q: %w", name, ErrUnknown)
	}
	if !until.After(from) || most < 1 {
		return Span{Series: s, Step: Step}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if until.Sub(from) <= time.Duration(recents)*Step {
		span := Span{Series: s, Step: Step}
		for _, r := range h.recent {
			if c := r.cells[name]; c.N > 0 && !r.at.Before(from.Truncate(Step)) && !r.at.After(until) {
				span.Points = append(span.Points, Point{r.at, c})
			}
		}
		return span.thin(from, until, most), nil
	}
	n := len(tiers) - 1
	for i, t := range tiers {
		if until.Sub(from) <= time.Duration(t.rows)*t.step {
			n = i
			break
		}
	}
	span := Span{Series: s, Step: tiers[n].step}
	err := h.db.View(func(tx *bolt.Tx) error {
		cursor, end := tx.Bucket(bucketOf(n)).Cursor(), keyOf(until)
		for key, data := cursor.Seek(keyOf(from.Truncate(span.Step))); key != nil && bytes.Compare(key, end) <= 0; key, data = cursor.Next() {
			if c := h.decode(data)[name]; c.N > 0 {
				span.Points = append(span.Points, Point{time.Unix(int64(binary.BigEndian.Uint64(key)), 0).UTC(), c})
			}
		}
		return nil
	})
	if err != nil {
		return Span{}, fmt.Errorf("read the history of %s: %w", name, err)
	}
	h.addOpen(&span, until)
	return span.thin(from, until, most), nil
}

// addOpen puts what is not written yet at the end of a span. Callers hold mu.
func (h *History) addOpen(span *Span, until time.Time) {
	c := h.open.cells[span.Series.Name]
	if c.N == 0 || h.open.at.After(until) {
		return
	}
	begin := h.open.at.Truncate(span.Step).UTC()
	for i := len(span.Points) - 1; i >= 0; i-- {
		switch at := span.Points[i].At; {
		case at.Equal(begin):
			span.Points[i].Cell = span.Points[i].with(c)
			return
		case at.Before(begin):
			span.Points = append(span.Points[:i+1], append([]Point{{begin, c}}, span.Points[i+1:]...)...)
			return
		}
	}
	span.Points = append([]Point{{begin, c}}, span.Points...)
}
