// Package history remembers how a role's figures went: watts, temperatures, jobs, for hours
// in memory and for a year in the role's database. In: a figure now and then. Out: spans of
// a series as few points, each with its mean and extremes. It is bounded: old points fall
// out, coarse ones stay. A kill loses five minutes at most; it never fails the role.
package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Series is one figure over time.
type Series struct {
	ID   uint8  // in the database: never another series'
	Name string // as programs know it
	Unit string // "W", "°C"; empty: a number
	Does string // what it is, for people
	// Total says that figures are amounts, which add up: jobs that ended. Else they are
	// levels, of which a point has the mean.
	Total bool
}

// tier is one fineness of what is kept in the database.
type tier struct {
	step time.Duration
	rows int // that are kept, the newest
}

// The tiers, from fine to coarse.
var tiers = [...]tier{
	{5 * time.Minute, 7 * 24 * 12},
	{time.Hour, 400 * 24},
}

// What is kept in memory alone.
const (
	// Step is the time between two points of the last hour.
	Step    = 10 * time.Second
	recents = int(time.Hour / Step)
	// maxSeries bounds a row.
	maxSeries = 32
)

// History is the memory of some series. It is safe for concurrent use.
type History struct {
	db     *bolt.DB
	series []Series

	mu     sync.Mutex      // guards what follows
	recent []row           // of the last hour, by time
	open   row             // of the finest tier: what is not in the database yet
	rows   [len(tiers)]int // that are in the database
}

// row is what all series had in a step that begins at at.
type row struct {
	at    time.Time
	cells map[string]Cell // by name; what had no figure is absent
}

// Value is a figure at a moment.
type Value struct {
	Name  string // of the series
	Value float64
}

// Open reads nothing yet: what is in db is read when somebody asks.
func Open(db *bolt.DB, series []Series) (*History, error) {
	if len(series) > maxSeries {
		return nil, fmt.Errorf("open the history: %d series, want at most %d", len(series), maxSeries)
	}
	ids, names := map[uint8]bool{}, map[string]bool{}
	for _, s := range series {
		if ids[s.ID] || names[s.Name] {
			return nil, fmt.Errorf("open the history: series %s or its id %d is there twice", s.Name, s.ID)
		}
		ids[s.ID], names[s.Name] = true, true
	}
	h := &History{db: db, series: series, open: row{cells: map[string]Cell{}}}
	err := db.Update(func(tx *bolt.Tx) error {
		for n := range tiers {
			b, err := tx.CreateBucketIfNotExists(bucketOf(n))
			if err != nil {
				return err
			}
			h.rows[n] = b.Stats().KeyN
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	return h, nil
}

func bucketOf(tier int) []byte { return fmt.Appendf(nil, "history.%d", tier) }

// Series are those that it remembers.
func (h *History) Series() []Series { return h.series }

// Find is a series by its name.
func (h *History) Find(name string) (Series, bool) {
	for _, s := range h.series {
		if s.Name == name {
			return s, true
		}
	}
	return Series{}, false
}

// Note takes figures of a moment. When a step of the finest tier is over it is written.
func (h *History) Note(at time.Time, values ...Value) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var err error
	if begin := at.Truncate(tiers[0].step); !h.open.at.Equal(begin) {
		err = h.flush()
		h.open.at = begin
	}
	begin := at.Truncate(Step)
	if n := len(h.recent); n == 0 || !h.recent[n-1].at.Equal(begin) {
		if n > 0 && begin.Before(h.recent[n-1].at) {
			h.recent = h.recent[:0] // the clock went back: what follows is the truth
		}
		if len(h.recent) == recents {
			h.recent = append(h.recent[:0], h.recent[1:]...)
		}
		h.recent = append(h.recent, row{begin, map[string]Cell{}})
	}
	now := h.recent[len(h.recent)-1]
	for _, v := range values {
		if _, known := h.Find(v.Name); !known || math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
			continue
		}
		one := cellOf(v.Value)
		now.cells[v.Name] = now.cells[v.Name].with(one)
		h.open.cells[v.Name] = h.open.cells[v.Name].with(one)
	}
	return err
}

// Flush writes what is not in the database yet. Call it before the role ends.
func (h *History) Flush() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.flush()
}

// flush adds the open row to each tier; what can't be written is dropped, so that a full disk
// takes no memory. Callers hold mu.
func (h *History) flush() error {
	if len(h.open.cells) == 0 {
		return nil
	}
	cells := h.open.cells
	h.open.cells = map[string]Cell{}
	rows := h.rows
	err := h.db.Update(func(tx *bolt.Tx) (err error) {
		for n, t := range tiers {
			if rows[n], err = h.merge(tx.Bucket(bucketOf(n)), h.open.at.Truncate(t.step), cells, rows[n], t.rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	h.rows = rows
	return nil
}

// merge adds cells to the row at a time, drops the oldest of so many rows beyond keep, and
// tells how many are left. Rows are counted, not dated, so that a clock that was wrong for a
// while costs none but its own.
func (h *History) merge(b *bolt.Bucket, at time.Time, cells map[string]Cell, rows, keep int) (int, error) {
	key := keyOf(at)
	old := b.Get(key)
	if old == nil {
		rows++
	}
	all := h.decode(old)
	for name, c := range cells {
		all[name] = all[name].with(c)
	}
	if err := b.Put(key, h.encode(all)); err != nil {
		return rows, err
	}
	for ; rows > keep; rows-- {
		oldest, _ := b.Cursor().First()
		if err := b.Delete(oldest); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// keyOf orders rows by time. Times before 1970, which a machine without a clock may have, are
// those of 1970.
func keyOf(at time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(0, at.Unix())))
}

// cellBytes of one series: id, number, sum, least, most.
const cellBytes = 1 + 4 + 8 + 4 + 4

func (h *History) encode(cells map[string]Cell) []byte {
	var data []byte
	for _, s := range h.series {
		c, ok := cells[s.Name]
		if !ok || c.N == 0 {
			continue
		}
		data = append(data, s.ID)
		data = binary.BigEndian.AppendUint32(data, c.N)
		data = binary.BigEndian.AppendUint64(data, math.Float64bits(c.Sum))
		data = binary.BigEndian.AppendUint32(data, math.Float32bits(c.Min))
		data = binary.BigEndian.AppendUint32(data, math.Float32bits(c.Max))
	}
	return data
}

// decode reads a row. Series that this version does not know are left out, and so is what a
// damaged row has: a history is no state.
func (h *History) decode(data []byte) map[string]Cell {
	cells := map[string]Cell{}
	for ; len(data) >= cellBytes; data = data[cellBytes:] {
		for _, s := range h.series {
			if s.ID != data[0] {
				continue
			}
			c := Cell{N: binary.BigEndian.Uint32(data[1:]), Sum: math.Float64frombits(binary.BigEndian.Uint64(data[5:])),
				Min: math.Float32frombits(binary.BigEndian.Uint32(data[13:])), Max: math.Float32frombits(binary.BigEndian.Uint32(data[17:]))}
			if c.sound() {
				cells[s.Name] = c
			}
		}
	}
	return cells
}

// ErrUnknown says that there is no series of a name.
var ErrUnknown = errors.New("there is no such series")
