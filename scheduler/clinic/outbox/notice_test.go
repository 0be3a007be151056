package outbox

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		pacs.down = true
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil)}})
		defer closed(t, o)
		stop := running(o)
		defer stop()
		notice := func(name string) Parcel {
			p := result(t, filepath.Join(dir, name), 1, "pacs")
			p.Notice = true
			for _, f := range []string{"seg.dcm", "sc.dcm", "doc.dcm"} {
				if err := os.Remove(filepath.Join(p.Folder, f)); err != nil {
					t.Fatal(err)
				}
			}
			uid := "2.25.99" + fmt.Sprint(len(name))
			if err := os.WriteFile(filepath.Join(p.Folder, "sr.dcm"), part10("1.2", uid, "1.2"), 0o600); err != nil {
				t.Fatal(err)
			}
			p.Destinations[0].Forms = []Form{Segmentation} // a notice goes out all the same
			return p
		}
		put(t, o, notice("a"))
		put(t, o, notice("bb")) // a later failure, before the archive heard of the first
		synctest.Wait()
		real := result(t, dir, 1, "pacs")
		put(t, o, real)
		if list := put(t, o, notice("ccc")); list != nil {
			t.Errorf("a notice after the result is taken: %+v", list)
		}
		pacs.set(func(a *archive) { a.down = false })
		pass(2 * time.Hour)
		synctest.Wait()
		if got := states(t, o); got[Delivered] != 1 || got[Withdrawn] != 1 || len(got) != 2 {
			t.Errorf("%v", got)
		}
		if pacs.got["2.25.991"]+pacs.got["2.25.992"]+pacs.got["2.25.993"] != 0 || pacs.got[instance(1, Report)] != 1 {
			t.Errorf("the archive got %v", pacs.got)
		}
	})
}

func TestNoticeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, nil)}})
		defer closed(t, o)
		stop := running(o)
		defer stop()
		p := result(t, dir, 1, "pacs")
		p.Notice, p.Destinations[0].Forms = true, []Form{Record}
		put(t, o, p)
		synctest.Wait()
		if pacs.got[instance(1, Report)] != 1 {
			t.Errorf("the notice did not go out in the forms that it has: %v", pacs.got)
		}
	})
}
