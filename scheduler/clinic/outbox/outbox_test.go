package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/models"
)

// archive is a destination in memory.
type archive struct {
	mu       sync.Mutex // guards all
	down     bool
	full     bool
	calls    int
	got      map[string]int // times each instance came
	silent   bool           // it answers no commitment at once
	loses    map[string]bool
	asked    []string // transaction UIDs
	requests [][]Object
}

func newArchive() *archive { return &archive{got: map[string]int{}, loses: map[string]bool{}} }

func (a *archive) Send(ctx context.Context, list []Object, taken func(int) error) error {
	a.mu.Lock()
	a.calls++
	down, full := a.down, a.full
	a.mu.Unlock()
	switch {
	case down:
		return &Failure{Fault: Unreachable, Err: errors.New("connection refused")}
	case full:
		return &Failure{Fault: NoRoom}
	}
	for n, o := range list {
		if _, err := os.Stat(o.Path); err != nil {
			return err
		}
		a.mu.Lock()
		a.got[o.SOPInstanceUID]++
		a.mu.Unlock()
		if err := taken(n); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) RequestCommitment(_ context.Context, transaction string, list []Object) (*Commitment, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.requests = append(a.asked, transaction), append(a.requests, list)
	if a.silent {
		return nil, nil
	}
	c := &Commitment{Transaction: transaction}
	for _, o := range list {
		if a.loses[o.SOPInstanceUID] {
			delete(a.loses, o.SOPInstanceUID)
			c.Lost = append(c.Lost, o.SOPInstanceUID)
		} else {
			c.Kept = append(c.Kept, o.SOPInstanceUID)
		}
	}
	return c, nil
}

func (a *archive) set(change func(*archive)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *archive) counts() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.got)
}

var testSecret = [32]byte{7}

// instance is the SOP Instance UID of a form of result n.
func instance(n int, f Form) string { return fmt.Sprintf("2.25.%d%d", n+1, place(f)) }

// result writes the folder of result n and returns its parcel.
func result(t *testing.T, root string, n int, names ...string) Parcel {
	t.Helper()
	task := models.DigestOf(fmt.Appendf(nil, "task %d", n))
	folder := filepath.Join(root, strings.TrimPrefix(task.String(), "sha256:"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range forms {
		data := fmt.Appendf(nil, `{"resourceType":"Bundle","entry":[],"number":%d}`, n)
		if f.form.IsDICOM() {
			data = part10("1.2.840.10008.5.1.4.1.1.66.4", instance(n, f.form), "1.2.840.10008.1.2.1")
		}
		if err := os.WriteFile(filepath.Join(folder, f.file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := Parcel{Case: fmt.Sprintf("case%d", n), Task: task, Folder: folder}
	for _, name := range names {
		p.Destinations = append(p.Destinations, Destination{Name: name})
	}
	return p
}

func opened(t *testing.T, folder string, conf Config) *Outbox {
	t.Helper()
	o, err := Open(filepath.Join(folder, "outbox.db"), testSecret, conf)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func put(t *testing.T, o *Outbox, p Parcel) []Delivery {
	t.Helper()
	list, err := o.Put(p)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// running runs o until the returned function is called.
func running(o *Outbox) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func closed(t *testing.T, o *Outbox) {
	t.Helper()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}

// pass lets time go by: virtual time, for synctest moves the clock.
func pass(d time.Duration) { <-time.After(d) }

// states counts deliveries by state.
func states(t *testing.T, o *Outbox) map[State]int {
	t.Helper()
	all, err := o.All()
	if err != nil {
		t.Fatal(err)
	}
	count := map[State]int{}
	for _, d := range all {
		count[d.State]++
	}
	return count
}

func TestEachFormReachesWhoCanHaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs, web := t.TempDir(), newArchive(), newArchive()
		shelf := filepath.Join(dir, "shelf")
		if err := os.Mkdir(shelf, 0o700); err != nil {
			t.Fatal(err)
		}
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil), "web": Objects(web, nil), "shelf": Folder(shelf)}})
		defer closed(t, o)
		p := result(t, dir, 1, "pacs", "shelf")
		p.Destinations = append(p.Destinations, Destination{Name: "web", Forms: []Form{Report, Document, Record}})
		put(t, o, p)
		stop := running(o)
		synctest.Wait()
		stop()
		if got, want := pacs.counts(), map[string]int{instance(1, Segmentation): 1, instance(1, Report): 1, instance(1, Capture): 1, instance(1, Document): 1}; !maps.Equal(got, want) {
			t.Errorf("the archive has %v, want %v", got, want)
		}
		if got, want := web.counts(), map[string]int{instance(1, Report): 1, instance(1, Document): 1}; !maps.Equal(got, want) {
			t.Errorf("the other archive has %v, want %v", got, want)
		}
		for _, f := range forms {
			data, err := os.ReadFile(filepath.Join(shelf, filepath.Base(p.Folder), f.file))
			own, _ := os.ReadFile(filepath.Join(p.Folder, f.file))
			if err != nil || !bytes.Equal(data, own) {
				t.Errorf("%s on the shelf: %v", f.file, err)
			}
		}
		if got := states(t, o); got[Delivered] != 3 || len(got) != 1 {
			t.Errorf("%v", got)
		}
	})
}

// An archive that is away for an hour gets everything after it, each once, and is not
// hammered meanwhile.
func TestDownForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parcels = 50
		dir, pacs := t.TempDir(), newArchive()
		pacs.down = true
		var changes []Delivery
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil)}, Changed: func(d Delivery) { changes = append(changes, d) }})
		stop := running(o)
		for n := range parcels {
			put(t, o, result(t, dir, n, "pacs"))
			pass(time.Minute)
		}
		pass(10 * time.Minute)
		synctest.Wait()
		if calls := pacs.calls; calls < 5 || calls > 30 {
			t.Errorf("%d attempts in an hour, with %d parcels waiting", calls, parcels)
		}
		if h := o.Health(); len(h) != 1 || h[0].Waiting != parcels || h[0].Fault != Unreachable || time.Since(h[0].Oldest) < time.Hour-time.Minute {
			t.Errorf("health: %+v", h)
		}
		pacs.set(func(a *archive) { a.down = false })
		back := time.Now()
		for states(t, o)[Delivered] < parcels {
			if time.Since(back) > time.Hour+time.Minute {
				t.Fatalf("an hour after the archive is back: %v", states(t, o))
			}
			pass(time.Minute)
			synctest.Wait()
		}
		stop()
		closed(t, o)
		for n := range parcels {
			for _, f := range []Form{Segmentation, Report, Capture, Document} {
				if pacs.got[instance(n, f)] != 1 {
					t.Errorf("result %d, %s: came %d times", n, f, pacs.got[instance(n, f)])
				}
			}
		}
		if len(changes) == 0 || changes[len(changes)-1].State != Delivered {
			t.Errorf("%d changes were told, the last is no delivery", len(changes))
		}
	})
}

// A parcel that comes again after it was delivered, as after a restart, changes nothing, also
// where it holds forms that the destination can't have.
func TestWhatIsDeliveredStaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, pacs)}})
		defer closed(t, o)
		stop := running(o)
		p := result(t, dir, 1, "pacs")
		put(t, o, p)
		synctest.Wait()
		before, err := o.Of(p.Task)
		if err != nil || len(before) != 1 || before[0].State != Delivered {
			t.Fatalf("%+v, %v", before, err)
		}
		put(t, o, p)
		pass(2 * time.Hour)
		synctest.Wait()
		stop()
		if after, err := o.Of(p.Task); err != nil || !reflect.DeepEqual(after, before) || pacs.calls != 1 || len(pacs.asked) != 1 {
			t.Errorf("sent %d times, asked %d times: %+v", pacs.calls, len(pacs.asked), after)
		}
	})
}

func TestTheSameTaskIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		conf := Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil)}}
		o := opened(t, dir, conf)
		p := result(t, dir, 1, "pacs")
		p.Destinations[0].Forms = []Form{Segmentation}
		put(t, o, p)
		put(t, o, p)
		stop := running(o)
		synctest.Wait()
		p.Case = "another"
		put(t, o, p) // a second rule
		synctest.Wait()
		stop()
		closed(t, o)
		o = opened(t, dir, conf) // the next life
		defer closed(t, o)
		stop = running(o)
		defer stop()
		put(t, o, p)
		p.Destinations[0].Forms = []Form{Segmentation, Report}
		list := put(t, o, p)
		synctest.Wait()
		if got, want := pacs.counts(), map[string]int{instance(1, Segmentation): 1, instance(1, Report): 1}; !maps.Equal(got, want) {
			t.Errorf("the archive got %v, want %v", got, want)
		}
		if len(list) != 1 || !slices.Equal(list[0].Cases, []string{"case1", "another"}) {
			t.Errorf("%+v", list)
		}
		if err := os.WriteFile(filepath.Join(p.Folder, "sr.dcm"), part10("1.2", "1.2.3", "1.2"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Put(p); !errors.Is(err, ErrOtherResult) {
			t.Errorf("another result of the task: %v", err)
		}
	})
}

func TestTheUrgentGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var order []string
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(senderFunc(func(list []Object, taken func(int) error) error {
			for n, i := range list {
				order = append(order, i.SOPInstanceUID)
				if err := taken(n); err != nil {
					return err
				}
			}
			return nil
		}), nil)}})
		defer closed(t, o)
		for n := range 3 {
			p := result(t, dir, n, "pacs")
			p.Destinations[0].Forms, p.Priority = []Form{Report}, map[int]int{2: 2}[n]
			put(t, o, p)
			pass(time.Second)
		}
		stop := running(o)
		synctest.Wait()
		stop()
		if want := []string{instance(2, Report), instance(0, Report), instance(1, Report)}; !slices.Equal(order, want) {
			t.Errorf("%v, want %v", order, want)
		}
	})
}

type senderFunc func(list []Object, taken func(int) error) error

func (f senderFunc) Send(_ context.Context, list []Object, taken func(int) error) error {
	return f(list, taken)
}

// What lies on disk tells nobody without the key which task goes where.
func TestTheDatabaseIsSealed(t *testing.T) {
	dir := t.TempDir()
	o := opened(t, dir, Config{})
	p := result(t, dir, 1, "pacs")
	put(t, o, p)
	closed(t, o)
	data, err := os.ReadFile(filepath.Join(dir, "outbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"pacs", p.Case, p.Folder, instance(1, Report), string(p.Task[:])} {
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("the database holds %q in the clear", text)
		}
	}
	if o, err := Open(filepath.Join(dir, "outbox.db"), [32]byte{8}, Config{}); err == nil {
		t.Error("another key opens it")
		closed(t, o)
	}
}
