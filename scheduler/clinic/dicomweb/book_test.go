package dicomweb

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func TestBookKeepsWhatItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "items.db")
	var told []State
	book, err := OpenBook(path, bookSecret, func(w Workitem) { told = append(told, w.State) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	item := at(t, Scheduled)
	if err := book.Create(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if err := book.Create(t.Context(), item); !errors.Is(err, ErrExists) {
		t.Errorf("created twice: %v", err)
	}
	changed, err := book.Change(t.Context(), itemUID, func(w Workitem) (Workitem, error) {
		next, _, err := w.ChangeState(InProgress, lock, noon)
		return next, err
	})
	if err != nil {
		t.Fatal(err)
	}
	mind := errors.New("changed my mind")
	if _, err := book.Change(t.Context(), itemUID, func(w Workitem) (Workitem, error) { return at(t, Canceled), mind }); !errors.Is(err, mind) {
		t.Errorf("an error of the change: %v", err)
	}
	huge := func(w Workitem) (Workitem, error) {
		w.Attributes = Dataset{"00091001": {VR: "UN", Binary: make([]byte, maxItemBytes)}}
		return w, nil
	}
	if _, err := book.Change(t.Context(), itemUID, huge); !errors.Is(err, errLarge) {
		t.Errorf("a huge item: %v", err)
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(told) != "[SCHEDULED IN PROGRESS]" {
		t.Errorf("the hook was told %v", told)
	}

	onDisk, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Invented", "4711", itemUID, someStudy, "Brain tissue"} {
		if bytes.Contains(onDisk, []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
	book = openBook(t, path, nil)
	back, err := book.Get(t.Context(), itemUID)
	if err != nil || !reflect.DeepEqual(back, changed) {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := book.Get(t.Context(), "1.2.3"); !errors.Is(err, ErrUnknown) {
		t.Errorf("no item: %v", err)
	}
	if n, err := book.Prune(noon.Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("an item in progress was pruned: %d, %v", n, err)
	}
	if _, err := book.Change(t.Context(), itemUID, func(w Workitem) (Workitem, error) { return w.Cancel("enough", noon) }); err != nil {
		t.Fatal(err)
	}
	if n, err := book.Prune(noon.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
}

func TestBookWantsItsKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "items.db")
	book, err := OpenBook(path, bookSecret, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Create(t.Context(), at(t, Scheduled)); err != nil {
		t.Fatal(err)
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	for _, canary := range []bool{true, false} { // books of before it had none
		if !canary {
			change(t, path, func(tx *bolt.Tx) error { return tx.DeleteBucket(sealBucket) })
		}
		if other, err := OpenBook(path, [32]byte{9}, nil, nil); err == nil || !strings.Contains(err.Error(), "key file") {
			t.Errorf("with another key: %v", err)
			other.Close()
		}
		book := openBook(t, path, nil)
		if _, err := book.Get(t.Context(), itemUID); err != nil {
			t.Errorf("with its key: %v", err)
		}
		if err := book.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenBook(filepath.Join(t.TempDir(), "none", "items.db"), bookSecret, nil, nil); err == nil || strings.Contains(err.Error(), "none") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// change changes a book's file behind its back.
func change(t testing.TB, path string, how func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(how), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// addItem adds an item about a study that is created n minutes after noon.
func addItem(t testing.TB, book *Book, n int, study, accession string) string {
	t.Helper()
	set := asked()
	set[tagInputInformation] = sequence(Dataset{tagStudyUID: text("UI", study)})
	set[tagReferencedRequests] = sequence(Dataset{tagAccessionNumber: text("SH", accession)})
	item, err := NewWorkitem(fmt.Sprintf("2.25.%d", 100+n), set, noon.Add(time.Duration(n)*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Create(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	return item.UID
}

// uids are what a visit of the book sees.
func uids(t testing.TB, visit func(func(Workitem) bool) error) (seen []string) {
	t.Helper()
	if err := visit(func(w Workitem) bool { seen = append(seen, w.UID); return true }); err != nil {
		t.Error(err)
	}
	return seen
}

// One item that a disk has damaged does not end the list of all others, at once and after a
// new start, and the log says so without naming it.
func TestOneUnreadableItemIsPassedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "items.db")
	book := openBook(t, path, nil)
	first, damaged, last := addItem(t, book, 1, "1.2.840.91", "A1"), addItem(t, book, 2, "1.2.840.92", "A2"), addItem(t, book, 3, "1.2.840.93", "A3")
	spoil := func(tx *bolt.Tx) error {
		value := bytes.Clone(tx.Bucket(itemsBucket).Get(book.name(damaged)))
		value[len(value)/2] ^= 1
		return tx.Bucket(itemsBucket).Put(book.name(damaged), value)
	}
	if err := book.db.Update(spoil); err != nil {
		t.Fatal(err)
	}
	for _, life := range []string{"at once", "after a start"} {
		var said bytes.Buffer
		log := slog.New(slog.NewTextHandler(&said, nil))
		if life == "at once" {
			book.log = log
		} else {
			if err := book.Close(); err != nil {
				t.Fatal(err)
			}
			var err error
			if book, err = OpenBook(path, bookSecret, nil, log); err != nil {
				t.Fatal(err)
			}
			defer book.Close()
		}
		all := uids(t, func(visit func(Workitem) bool) error { return book.All(t.Context(), visit) })
		if !slices.Equal(all, []string{first, last}) {
			t.Errorf("%s: the list holds %v", life, all)
		}
		if _, err := book.Get(t.Context(), damaged); !errors.Is(err, errKey) {
			t.Errorf("%s: the damaged one: %v", life, err)
		}
		if n, err := book.Prune(noon.Add(time.Hour)); n != 0 || err != nil {
			t.Errorf("%s: pruned %d, %v", life, n, err)
		}
		if again := uids(t, func(visit func(Workitem) bool) error { return book.All(t.Context(), visit) }); !slices.Equal(again, all) {
			t.Errorf("%s: and then %v", life, again)
		}
		if words := said.String(); strings.Count(words, "can't be read") != 1 || strings.Contains(words, "2.25.") || strings.Contains(words, "1.2.840") || strings.Contains(words, path) {
			t.Errorf("%s: the log says %q", life, words)
		}
	}
}

// A study that comes asks for the items that name it; the others are not read.
func TestNamingReadsOnlyWhatIsAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "items.db")
	book := openBook(t, path, nil)
	late, early := addItem(t, book, 9, "1.2.840.91", "A1"), addItem(t, book, 1, "1.2.840.91", "A2")
	other := addItem(t, book, 2, "1.2.840.92", "A1")
	ended := addItem(t, book, 0, "1.2.840.91", "A1")
	end := func(w Workitem) (Workitem, error) { return w.Cancel("enough", noon) }
	begin := func(w Workitem) (Workitem, error) {
		next, _, err := w.ChangeState(InProgress, lock, noon)
		return next, err
	}
	for _, step := range []func(Workitem) (Workitem, error){begin, end} {
		if _, err := book.Change(t.Context(), ended, step); err != nil {
			t.Fatal(err)
		}
	}
	look := func(life string) {
		for name, c := range map[string]struct {
			study, accession string
			want             []string
		}{
			"a study":                        {"1.2.840.91", "", []string{early, late}},
			"an accession number":            {"", "A1", []string{other, late}},
			"both":                           {"1.2.840.91", "A1", []string{early, other, late}},
			"unknown":                        {"1.2.840.99", "A9", nil},
			"nothing":                        {"", "", nil},
			"an accession number as a study": {"A1", "", nil},
		} {
			got := uids(t, func(visit func(Workitem) bool) error { return book.Naming(t.Context(), c.study, c.accession, visit) })
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: %v, want %v", life, name, got, c.want)
			}
		}
		if got := uids(t, func(visit func(Workitem) bool) error { return book.Open(t.Context(), visit) }); !slices.Equal(got, []string{early, other, late}) {
			t.Errorf("%s, open: %v", life, got)
		}
		if got := uids(t, func(visit func(Workitem) bool) error { return book.All(t.Context(), visit) }); !slices.Equal(got, []string{ended, early, other, late}) {
			t.Errorf("%s, all: %v", life, got)
		}
	}
	look("as it was filled")
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, path, func(tx *bolt.Tx) error { return tx.DeleteBucket(sealBucket) }) // as books of before had it
	book = openBook(t, path, nil)
	look("opened again")
	// What no question is about is not even unsealed.
	var said bytes.Buffer
	book.log = slog.New(slog.NewTextHandler(&said, nil))
	err := book.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(itemsBucket).Put(book.name(other), []byte("damaged")) })
	if err != nil {
		t.Fatal(err)
	}
	if uids(t, func(visit func(Workitem) bool) error { return book.Naming(t.Context(), "1.2.840.91", "", visit) }); said.Len() > 0 {
		t.Errorf("the item of another study was read: %s", said.String())
	}
}

// Who looks through the items may end each: none is held meanwhile.
func TestOpenLetsItemsBeChanged(t *testing.T) {
	book := openBook(t, filepath.Join(t.TempDir(), "items.db"), nil)
	for n := range 3 {
		addItem(t, book, n, "1.2.840.91", "A1")
	}
	seen := uids(t, func(visit func(Workitem) bool) error {
		return book.Open(t.Context(), func(w Workitem) bool {
			_, err := book.Change(t.Context(), w.UID, func(w Workitem) (Workitem, error) {
				next, _, err := w.RequestCancel(nil, noon)
				return next, err
			})
			if err != nil {
				t.Error(err)
			}
			return visit(w)
		})
	})
	if left := uids(t, func(visit func(Workitem) bool) error { return book.Open(t.Context(), visit) }); len(seen) != 3 || left != nil {
		t.Errorf("saw %v, left %v", seen, left)
	}
}

// The bytes of all items are bounded; what was asked for can still be worked on and ended.
func TestBookBoundsItsBytes(t *testing.T) {
	book := openBook(t, filepath.Join(t.TempDir(), "items.db"), nil)
	one := addItem(t, book, 0, "1.2.840.91", "A1")
	size := book.index.bytes()
	book.mostNew, book.most = 3*size+size/2, 5*size
	addItem(t, book, 1, "1.2.840.91", "A1")
	two := addItem(t, book, 2, "1.2.840.91", "A1")
	more, err := NewWorkitem("2.25.7", asked(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Create(t.Context(), more); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	grow := func(bytes int, state State) func(Workitem) (Workitem, error) {
		return func(w Workitem) (Workitem, error) {
			w.Attributes = w.Attributes.clone()
			w.Attributes["00091001"], w.State, w.Changed = Element{VR: "LO", Strings: []string{strings.Repeat("x", bytes)}}, state, noon
			return w, nil
		}
	}
	if _, err := book.Change(t.Context(), one, grow(size, InProgress)); err != nil {
		t.Errorf("an item that grows within the bound: %v", err)
	}
	if _, err := book.Change(t.Context(), two, grow(size, InProgress)); !errors.Is(err, ErrFull) {
		t.Errorf("an item that grows beyond it: %v", err)
	}
	if _, err := book.Change(t.Context(), two, grow(size, Completed)); err != nil {
		t.Errorf("an item that ends: %v", err)
	}
	if _, err := book.Change(t.Context(), one, grow(2*endBytes, Completed)); !errors.Is(err, ErrFull) {
		t.Errorf("an item that ends with more words than any needs: %v", err)
	}
	before := book.index.bytes()
	if n, err := book.Prune(noon.Add(time.Hour)); n != 1 || err != nil || book.index.bytes() >= before {
		t.Errorf("pruned %d, %v: %d bytes of %d are left", n, err, book.index.bytes(), before)
	}
	names := make([]Dataset, maxNamed+1)
	for n := range names {
		names[n] = Dataset{tagStudyUID: text("UI", fmt.Sprintf("1.2.%d", n+1))}
	}
	crowded := more
	crowded.Attributes = Dataset{tagInputInformation: sequence(names...)}
	if err := book.Create(t.Context(), crowded); !errors.Is(err, errLarge) {
		t.Errorf("an item of %d studies: %v", len(names), err)
	}
}

var bookSecret = [32]byte{1, 2, 3}

func openBook(t testing.TB, path string, changed func(Workitem)) *Book {
	t.Helper()
	book, err := OpenBook(path, bookSecret, changed, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	return book
}
