package history

import (
	"errors"
	"math"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

var (
	watts = Series{ID: 1, Name: "watts", Unit: "W"}
	jobs  = Series{ID: 2, Name: "jobs", Total: true}
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// opened is a history in a file of the test.
func opened(t testing.TB, path string) (*History, *bolt.DB) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(db, []Series{watts, jobs})
	if err != nil {
		t.Fatal(err)
	}
	return h, db
}

func fresh(t testing.TB) *History {
	t.Helper()
	h, db := opened(t, filepath.Join(t.TempDir(), "db"))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func note(t testing.TB, h *History, at time.Time, values ...Value) {
	t.Helper()
	if err := h.Note(at, values...); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, h *History, name string, from, until time.Time, most int) Span {
	t.Helper()
	span, err := h.Read(name, from, until, most)
	if err != nil {
		t.Fatal(err)
	}
	return span
}

func TestTheLastHourIsFine(t *testing.T) {
	h := fresh(t)
	for n := range 2 * recents {
		note(t, h, noon.Add(time.Duration(n)*Step), Value{"watts", float64(n)})
	}
	until := noon.Add(time.Duration(2*recents-1) * Step)
	span := read(t, h, "watts", until.Add(-time.Hour), until, 1000)
	if len(span.Points) != recents || span.Step != Step || span.Points[recents-1].Mean() != float64(2*recents-1) {
		t.Errorf("%d points of %v, the last one %+v", len(span.Points), span.Step, span.Points[len(span.Points)-1])
	}
	if few := read(t, h, "watts", until.Add(-time.Hour), until, 60); len(few.Points) > 61 || few.Step != 70*time.Second {
		t.Errorf("%d points of %v where 60 were asked for", len(few.Points), few.Step)
	}
}

func TestADayOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	h, db := opened(t, path)
	at := noon
	for range 24 * 60 {
		note(t, h, at, Value{"watts", 100}, Value{"jobs", 1})
		at = at.Add(time.Minute)
	}
	if err := errors.Join(h.Flush(), db.Close()); err != nil {
		t.Fatal(err)
	}
	h, db = opened(t, path)
	defer db.Close() // it is read only
	note(t, h, at.Add(-time.Minute), Value{"jobs", 5})
	day := read(t, h, "jobs", noon, at, 1000)
	sum := 0.0
	for _, p := range day.Points {
		sum += p.Value(jobs)
	}
	if day.Step != 5*time.Minute || len(day.Points) != 24*12 || sum != 24*60+5 {
		t.Errorf("%d points of %v add up to %g jobs", len(day.Points), day.Step, sum)
	}
	month := read(t, h, "watts", noon.AddDate(0, -1, 0), at, 10_000)
	if month.Step != time.Hour || len(month.Points) != 24 || month.Points[3].Mean() != 100 || month.Points[3].N != 60 {
		t.Errorf("%d points of %v: %+v", len(month.Points), month.Step, month.Points[3])
	}
}

func TestItIsBounded(t *testing.T) {
	h := fresh(t)
	keep := tiers[0].rows
	err := h.db.Update(func(tx *bolt.Tx) error {
		for n := range keep + 100 {
			var err error
			if h.rows[0], err = h.merge(tx.Bucket(bucketOf(0)), noon.Add(time.Duration(n)*tiers[0].step), map[string]Cell{"watts": cellOf(1)}, h.rows[0], keep); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = h.db.View(func(tx *bolt.Tx) error {
			if n := tx.Bucket(bucketOf(0)).Stats().KeyN; n != keep || h.rows[0] != keep {
				t.Errorf("%d rows are kept, %d by its own count", n, h.rows[0])
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if oldest := read(t, h, "watts", noon, noon.Add(7*24*time.Hour), 1<<20).Points[0].At; !oldest.Equal(noon.Add(100 * tiers[0].step)) {
		t.Errorf("the oldest point is of %v", oldest)
	}
}

func TestAClockThatJumps(t *testing.T) {
	h := fresh(t)
	note(t, h, time.Unix(0, 0), Value{"watts", 1})
	note(t, h, noon.AddDate(20, 0, 0), Value{"watts", 2})
	note(t, h, noon, Value{"watts", 3})
	note(t, h, noon.Add(Step), Value{"watts", math.NaN()}, Value{"nothing", 1})
	for what, span := range map[string]Span{"hour": read(t, h, "watts", noon.Add(-time.Hour), noon.Add(time.Minute), 100), "day": read(t, h, "watts", noon.AddDate(0, 0, -1), noon.Add(time.Hour), 1000)} {
		if len(span.Points) != 1 || span.Points[0].Mean() != 3 {
			t.Errorf("the %s has %+v", what, span.Points)
		}
	}
	if _, err := h.Read("nothing", noon, noon.Add(time.Hour), 10); !errors.Is(err, ErrUnknown) {
		t.Errorf("a series that is none: %v", err)
	}
}

func cells(t *rapid.T) Cell {
	var c Cell
	for _, v := range rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 5).Draw(t, "values") {
		c = c.with(cellOf(v))
	}
	return c
}

func TestCellsAddUpInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := cells(t), cells(t), cells(t)
		one, other := a.with(b).with(c), c.with(a.with(b))
		if one.N != other.N || one.Min != other.Min || one.Max != other.Max || math.Abs(one.Sum-other.Sum) > 1e-6 {
			t.Fatalf("%+v or %+v", one, other)
		}
		if m := one.Mean(); one.N > 0 && (m < float64(one.Min)-1 || m > float64(one.Max)+1) {
			t.Fatalf("the mean of %+v is %g", one, m)
		}
	})
}

// TestAThinSpanSaysTheSame wants that no figure is lost, and that no more steps are left than
// were asked for.
func TestAThinSpanSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span, at := Span{Series: jobs, Step: Step}, noon
		sum := 0.0
		for range rapid.IntRange(1, 300).Draw(t, "points") {
			at = at.Add(Step * time.Duration(rapid.IntRange(1, 4).Draw(t, "gap")))
			span.Points = append(span.Points, Point{at, cellOf(1)})
			sum++
		}
		most := rapid.IntRange(1, 100).Draw(t, "most")
		few := span.thin(noon, at, most)
		if len(few.Points) > most+1 || few.Step%Step != 0 {
			t.Fatalf("%d points where %d were asked for, of %v", len(few.Points), most, few.Step)
		}
		for i, p := range few.Points {
			sum -= p.Sum
			if i > 0 && !p.At.After(few.Points[i-1].At) {
				t.Fatalf("%v comes after %v", p.At, few.Points[i-1].At)
			}
		}
		if sum != 0 {
			t.Fatalf("%g figures are lost", sum)
		}
	})
}

// FuzzRow wants that no row of a damaged database is more than a gap.
func FuzzRow(f *testing.F) {
	h := &History{series: []Series{watts, jobs}}
	f.Add(h.encode(map[string]Cell{"watts": cellOf(7), "jobs": cellOf(1).with(cellOf(2))}))
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		cells := h.decode(data)
		for name, c := range h.decode(h.encode(cells)) {
			if c != cells[name] {
				t.Errorf("%s is %+v, and written it is %+v", name, cells[name], c)
			}
			if !c.sound() {
				t.Errorf("%+v is taken", c)
			}
		}
	})
}
