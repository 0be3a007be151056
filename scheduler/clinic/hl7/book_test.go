package hl7

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/scheduler"
)

func openBook(t *testing.T, path string, secret byte) *Book {
	t.Helper()
	b, err := OpenBook(path, [32]byte{secret}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBookFindsTheNewestOrderOfAStudy(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
	order := func(accession, study string, class scheduler.Class, minutes int) Order {
		return Order{Accession: accession, StudyUID: study, Control: Place, Priority: class, Stated: true, At: at.Add(time.Duration(minutes) * time.Minute)}
	}
	if err := b.Keep(t.Context(), []Order{
		order("A1", "1.1", scheduler.Routine, 0), order("A1", "", scheduler.STAT, 1), // raised later, by its accession number alone
		order("A2", "1.2", scheduler.Urgent, 0), order("A2", "1.3", scheduler.STAT, 1), // one accession number, two studies
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, accession, study string
		found                  bool
		want                   scheduler.Class
	}{
		{"by both: the newer", "A1", "1.1", true, scheduler.STAT},
		{"by the study alone", "", "1.1", true, scheduler.Routine},
		{"by the accession number alone", "A1", "", true, scheduler.STAT},
		{"another study of the accession number", "A2", "1.2", true, scheduler.Urgent},
		{"that study", "A2", "1.3", true, scheduler.STAT},
		{"a third study of the accession number", "A2", "1.9", false, 0},
		{"unknown", "A9", "9.9", false, 0},
		{"nothing", "", "", false, 0},
		{"an accession number in the study's place", "", "A1", false, 0},
	} {
		got, found, err := b.Find(c.accession, c.study)
		if err != nil || found != c.found || got.Priority != c.want {
			t.Errorf("%s: %+v %t %v", c.name, got, found, err)
		}
	}
}

// As an examination begins, many systems tell of it (SC) without its priority.
func TestAPriorityThatWasOrderedStays(t *testing.T) {
	stat := Order{Accession: "A1", StudyUID: "1.1", Control: Place, Priority: scheduler.STAT, Stated: true, At: at}
	later := at.Add(time.Hour)
	for _, c := range []struct {
		name   string
		then   Order
		class  scheduler.Class
		stated bool
	}{
		{"progress without a priority", Order{Accession: "A1", StudyUID: "1.1", Control: Place, At: later}, scheduler.STAT, true},
		{"progress by the accession number alone", Order{Accession: "A1", Control: Place, At: later}, scheduler.STAT, true},
		{"progress by the study alone", Order{StudyUID: "1.1", Control: Place, At: later}, scheduler.STAT, true},
		{"lowered", Order{Accession: "A1", StudyUID: "1.1", Control: Place, Priority: scheduler.Routine, Stated: true, At: later}, scheduler.Routine, true},
		{"cancelled", Order{Accession: "A1", StudyUID: "1.1", Control: Cancel, At: later}, scheduler.Routine, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
			for _, o := range []Order{stat, c.then} {
				if err := b.Keep(t.Context(), []Order{o}); err != nil {
					t.Fatal(err)
				}
			}
			got, found, err := b.Find("A1", "1.1")
			if err != nil || !found || got.Priority != c.class || got.Stated != c.stated || got.Control != c.then.Control || !got.At.Equal(later) {
				t.Errorf("%+v %t %v", got, found, err)
			}
		})
	}
	b := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
	another := Order{Accession: "A1", StudyUID: "1.2", Control: Place, At: later}
	if err := b.Keep(t.Context(), []Order{stat, another}); err != nil {
		t.Fatal(err)
	}
	if got, found, err := b.Find("A1", ""); err != nil || !found || got.StudyUID != "1.2" || got.Stated {
		t.Errorf("another study of the accession number: %+v %t %v", got, found, err)
	}
	again := Order{Accession: "A1", StudyUID: "1.1", Control: Cancel, Priority: scheduler.STAT, Stated: true, At: later}
	reopened := Order{Accession: "A1", StudyUID: "1.1", Control: Place, At: later.Add(time.Hour)}
	if err := b.Keep(t.Context(), []Order{again, reopened}); err != nil {
		t.Fatal(err)
	}
	if got, found, err := b.Find("A1", "1.1"); err != nil || !found || got.Stated || got.Control != Place {
		t.Errorf("after it was cancelled: %+v %t %v", got, found, err)
	}
}

func TestBookIsSealedAndOutlivesItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	b := openBook(t, path, 1)
	if err := b.Keep(t.Context(), []Order{{Accession: "ACC-4711", StudyUID: "1.2.840.99999", Procedure: "CTHEAD", At: at}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"ACC-4711", "1.2.840.99999", "CTHEAD"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s lies in the clear", secret)
		}
	}
	b = openBook(t, path, 1)
	if got, found, err := b.Find("ACC-4711", ""); err != nil || !found || got.Procedure != "CTHEAD" || !got.At.Equal(at) {
		t.Fatal(got, found, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// A book of another key is not opened: its orders would be found by nobody.
func TestBookNoticesAnotherKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	b := openBook(t, path, 1)
	for _, filled := range []bool{false, true} {
		if filled {
			if err := b.Keep(t.Context(), []Order{{Accession: "A1", StudyUID: "1.1", At: at}, {Accession: "A2", At: at}}); err != nil {
				t.Fatal(err)
			}
			err := b.db.Update(func(tx *bbolt.Tx) error { // one damaged order is no other key
				return errors.Join(spoil(b, tx, "A2", ""), tx.DeleteBucket(sealBucket)) // books of before had no words
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, life := range []string{"first", "second"} {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenBook(path, [32]byte{2}, nil); !errors.Is(err, ErrWrongKey) {
				t.Errorf("%s life, filled %t: %v", life, filled, err)
			}
			b = openBook(t, path, 1)
		}
	}
	if _, found, err := b.Find("A1", ""); !found || err != nil {
		t.Error(found, err)
	}
}

// spoil damages what is filed under a name.
func spoil(b *Book, tx *bbolt.Tx, accession, study string) error {
	name := b.names(accession, study)[0]
	value := bytes.Clone(tx.Bucket(ordersBucket).Get(name))
	value[len(value)-1] ^= 1
	return tx.Bucket(ordersBucket).Put(name, value)
}

// What a disk has damaged is passed over: the study is found by its other name, or has no
// order. The log says so and names nobody.
func TestFindPassesOverADamagedOrder(t *testing.T) {
	var said bytes.Buffer
	b, err := OpenBook(filepath.Join(t.TempDir(), "orders.db"), [32]byte{1}, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	order := Order{Accession: "ACC-4711", StudyUID: "1.2.840.99999", Control: Place, Priority: scheduler.STAT, Stated: true, At: at}
	if err := b.Keep(t.Context(), []Order{order, {StudyUID: "1.2.840.77777", At: at}}); err != nil {
		t.Fatal(err)
	}
	err = b.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(spoil(b, tx, "", "1.2.840.99999"), spoil(b, tx, "", "1.2.840.77777"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, found, err := b.Find("ACC-4711", "1.2.840.99999"); err != nil || !found || got.Priority != scheduler.STAT {
		t.Errorf("by its accession number: %+v %t %v", got, found, err)
	}
	if _, found, err := b.Find("", "1.2.840.77777"); err != nil || found {
		t.Errorf("alone: %t %v", found, err)
	}
	if words := said.String(); strings.Count(words, "can't be read") != 2 || strings.Contains(words, "4711") || strings.Contains(words, "1.2.840") {
		t.Errorf("the log says %q", words)
	}
	if err := b.Keep(t.Context(), []Order{order}); err != nil { // sent again, it is whole
		t.Fatal(err)
	}
	if _, found, err := b.Find("", "1.2.840.99999"); err != nil || !found {
		t.Errorf("sent again: %t %v", found, err)
	}
}

// A value that was moved under another name, or whose time was changed, is not taken.
func TestBookNoticesWhatWasChanged(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
	name := b.names("A1", "")[0]
	value, err := b.seal(name, Order{Accession: "A1", At: at})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.open(name, value); err != nil {
		t.Fatal(err)
	}
	if _, err := b.open(b.names("A2", "")[0], value); !errors.Is(err, errUnread) {
		t.Fatal(err)
	}
	for i := range value {
		changed := bytes.Clone(value)
		changed[i] ^= 1
		if _, err := b.open(name, changed); !errors.Is(err, errUnread) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func TestBookForgetsAndIsBounded(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
	b.limit = 3
	if err := b.Keep(t.Context(), []Order{{Accession: "A1", StudyUID: "1.1", At: at}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Keep(t.Context(), []Order{{Accession: "A2", At: at.Add(time.Hour)}, {Accession: "A3", At: at}}); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	if _, found, err := b.Find("A2", ""); found || err != nil {
		t.Fatal("half of a message was kept", err)
	}
	if err := b.Keep(t.Context(), []Order{{Accession: "A2", At: at.Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Keep(t.Context(), []Order{{Accession: "A2", At: at.Add(time.Hour)}}); err != nil { // it has a place
		t.Fatal(err)
	}
	if n, err := b.Prune(at.Add(time.Minute)); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if _, found, err := b.Find("A2", ""); !found || err != nil {
		t.Fatal(found, err)
	}
	if err := b.Keep(t.Context(), []Order{{Accession: "A4", StudyUID: "1.4", At: at}}); err != nil {
		t.Fatal(err)
	}
}
