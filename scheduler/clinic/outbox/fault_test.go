package outbox

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/models"
)

func TestFaultsAreSaidInFixedWords(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, p *Parcel, a *archive, conf *Config)
		fault Fault
		state State
	}{
		{"no room", func(_ *testing.T, _ *Parcel, a *archive, _ *Config) { a.full = true }, NoRoom, Waiting},
		{"no such destination", func(_ *testing.T, _ *Parcel, _ *archive, c *Config) { c.Carriers = nil }, NoCarrier, Waiting},
		{"nothing that it can have", func(_ *testing.T, p *Parcel, _ *archive, _ *Config) { p.Destinations[0].Forms = []Form{Record} }, NothingWanted, Failed},
		{"a file that changed", func(*testing.T, *Parcel, *archive, *Config) {}, FilesChanged, Failed}, // below
		{"a carrier that says nothing", func(_ *testing.T, _ *Parcel, _ *archive, c *Config) { c.Carriers = map[string]Carrier{"pacs": mute{}} }, NotTaken, Waiting},
		{"a carrier's own words", func(_ *testing.T, _ *Parcel, _ *archive, c *Config) {
			c.Carriers = map[string]Carrier{"pacs": talker{}}
		}, Other, Waiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				dir, pacs := t.TempDir(), newArchive()
				conf := Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil)}, Log: slog.New(slog.NewTextHandler(&log, nil))}
				p := result(t, dir, 1, "pacs")
				c.spoil(t, &p, pacs, &conf)
				o := opened(t, dir, conf)
				defer closed(t, o)
				put(t, o, p)
				if c.fault == FilesChanged {
					if err := os.WriteFile(filepath.Join(p.Folder, "sr.dcm"), []byte("x"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				stop := running(o)
				synctest.Wait()
				stop()
				list, err := o.Of(p.Task)
				if err != nil || len(list) != 1 || list[0].Fault != c.fault || list[0].State != c.state || list[0].Attempts != 1 {
					t.Errorf("%+v, %v", list, err)
				}
				if strings.Contains(log.String(), "Mustermann") || strings.Contains(log.String(), dir) {
					t.Errorf("the log repeats what it must not:\n%s", log.String())
				}
			})
		})
	}
}

// mute takes nothing and says nothing.
type mute struct{}

func (mute) Takes(Form) bool                                       { return true }
func (mute) Carry(context.Context, []Item, func(Item) error) error { return nil }

// talker repeats a patient's name.
type talker struct{}

func (talker) Takes(Form) bool { return true }
func (talker) Carry(context.Context, []Item, func(Item) error) error {
	return errors.New("550 Mustermann^Max is known already")
}

// A delivery that is withdrawn between its last file and its end has ended already.
func TestWithdrawnInTheLastMoment(t *testing.T) {
	dir, pacs := t.TempDir(), Objects(newArchive(), nil)
	o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": pacs}})
	defer closed(t, o)
	p := result(t, dir, 1, "pacs")
	put(t, o, p)
	if n, err := o.Withdraw(func(Delivery) bool { return true }); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := o.conclude(attempt{key: o.store.keyOf(p.Task, false, "pacs"), destination: "pacs", ctx: t.Context()}, pacs); err != nil {
		t.Error(err)
	}
	if got := states(t, o); got[Withdrawn] != 1 {
		t.Errorf("%v", got)
	}
}

// What can't be read for a moment is tried again; what is gone is given up.
func TestFilesThatCannotBeReadNow(t *testing.T) {
	dir := t.TempDir()
	p := result(t, dir, 1)
	items := located(t, p)
	for _, c := range []struct {
		name  string
		spoil func(path string) error
		fault Fault
	}{
		{"gone", func(string) error { return nil }, FilesChanged},
		{"unreadable", func(path string) error { return os.Mkdir(path, 0o700) }, Unreadable},
	} {
		path := filepath.Join(p.Folder, items[0].File)
		if err := errors.Join(os.RemoveAll(path), c.spoil(path)); err != nil {
			t.Fatal(err)
		}
		err := locate(p.Folder, items)
		if faultOf(err) != c.fault || strings.Contains(causeOf(err), dir) {
			t.Errorf("%s: %v, cause %q", c.name, err, causeOf(err))
		}
	}
}

// A result whose files are gone says nothing of its destination, which stays paused.
func TestAFaultAtHomeEndsNoPause(t *testing.T) {
	dir := t.TempDir()
	o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(newArchive(), nil)}})
	defer closed(t, o)
	p := result(t, dir, 1, "pacs")
	put(t, o, p)
	if err := os.RemoveAll(p.Folder); err != nil {
		t.Fatal(err)
	}
	paused := lane{busy: true, until: time.Now().Add(time.Hour), failures: 3}
	o.lanes["pacs"] = &paused
	o.attempt(attempt{key: o.store.keyOf(p.Task, false, "pacs"), destination: "pacs", run: t.Context(), ctx: t.Context(), stop: func() {}})
	if got := states(t, o); got[Failed] != 1 {
		t.Fatalf("%v", got)
	}
	if paused.failures != 3 || paused.busy {
		t.Errorf("the destination is at %+v", paused)
	}
}

func TestRetryAndWithdraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		pacs.down = true
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil)}})
		defer closed(t, o)
		stop := running(o)
		defer stop()
		put(t, o, result(t, dir, 1, "pacs"))
		put(t, o, result(t, dir, 2, "pacs"))
		pass(8 * 24 * time.Hour)
		synctest.Wait()
		if got := states(t, o); got[Failed] != 2 {
			t.Fatalf("after eight days: %v", got)
		}
		if h := o.Health(); len(h) != 1 || h[0].Failed != 2 || h[0].Waiting != 0 {
			t.Errorf("health: %+v", h)
		}
		pacs.set(func(a *archive) { a.down = false })
		if n, err := o.Withdraw(func(d Delivery) bool { return d.Cases[0] == "case2" }); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		if n, err := o.Retry(func(Delivery) bool { return true }); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		synctest.Wait()
		if got := states(t, o); got[Delivered] != 1 || got[Withdrawn] != 1 {
			t.Errorf("%v", got)
		}
		if n, err := o.Prune(time.Now().Add(time.Hour)); n != 2 || err != nil {
			t.Errorf("%d forgotten, %v", n, err)
		}
		for uid, want := range map[string]bool{instance(1, Report): true, instance(2, Capture): true, instance(3, Report): false} {
			if has, err := o.Has(uid); has != want || err != nil {
				t.Errorf("its own instance %s is known: %v, %v", uid, has, err)
			}
		}
	})
}

func TestPutRefuses(t *testing.T) {
	dir := t.TempDir()
	o := opened(t, dir, Config{})
	defer closed(t, o)
	whole := result(t, dir, 1, "pacs")
	for name, spoil := range map[string]func(*Parcel){
		"no task": func(p *Parcel) { p.Task = models.Digest{} }, "a path of here": func(p *Parcel) { p.Folder = "spool" },
		"no folder": func(p *Parcel) { p.Folder = filepath.Join(dir, "gone") }, "a case that is a name": func(p *Parcel) { p.Case = "Müller^Änne" },
		"a destination that is a path": func(p *Parcel) { p.Destinations = []Destination{{Name: "../x"}} },
		"an unknown form":              func(p *Parcel) { p.Destinations = []Destination{{Name: "x", Forms: []Form{"hologram"}}} },
		"too many destinations":        func(p *Parcel) { p.Destinations = make([]Destination, maxDestinations+1) },
	} {
		p := whole
		spoil(&p)
		if _, err := o.Put(p); err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
