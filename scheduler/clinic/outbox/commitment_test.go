package outbox

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/models"
)

func TestCommitment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		pacs.silent = true
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, pacs)}})
		defer closed(t, o)
		stop := running(o)
		defer stop()
		p := result(t, dir, 1, "pacs")
		put(t, o, p)
		synctest.Wait()
		if got := states(t, o); got[Committing] != 1 {
			t.Fatalf("asked for a commitment: %v", got)
		}
		pass(90 * time.Minute) // no answer within the hour: it asks again, and sends nothing again
		synctest.Wait()
		if len(pacs.asked) != 2 || pacs.calls != 1 || pacs.asked[0] == pacs.asked[1] {
			t.Fatalf("asked %v, sent %d times", pacs.asked, pacs.calls)
		}
		var all []string
		for _, i := range pacs.requests[0] {
			all = append(all, i.SOPInstanceUID)
		}
		if err := o.Committed(t.Context(), Commitment{Transaction: "2.25.1", Kept: all}); err != nil || states(t, o)[Committing] != 1 {
			t.Errorf("a stranger's transaction counts: %v", err)
		}
		if err := o.Committed(t.Context(), Commitment{Transaction: pacs.asked[0], Kept: all[1:], Lost: all[:1]}); err != nil { // the answer to the first question
			t.Fatal(err)
		}
		pacs.set(func(a *archive) { a.silent = false })
		pass(time.Hour)
		synctest.Wait()
		if got := states(t, o); got[Delivered] != 1 {
			t.Errorf("%v", got)
		}
		want := map[string]int{all[0]: 2}
		for _, uid := range all[1:] {
			want[uid] = 1
		}
		if got := pacs.counts(); !maps.Equal(got, want) {
			t.Errorf("the archive got %v, want what it lost once more: %v", got, want)
		}
	})
}

func TestCommitmentThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, pacs := t.TempDir(), newArchive()
		pacs.silent = true
		o := opened(t, dir, Config{Carriers: map[string]Carrier{"pacs": Objects(pacs, pacs)}})
		defer closed(t, o)
		stop := running(o)
		defer stop()
		put(t, o, result(t, dir, 1, "pacs"))
		pass(8 * 24 * time.Hour)
		synctest.Wait()
		d, err := o.Of(models.DigestOf([]byte("task 1")))
		if err != nil || len(d) != 1 || d[0].State != Failed || d[0].Fault != NotAnswered || len(d[0].Asked) != maxAsked || pacs.calls != 1 {
			t.Errorf("%+v, %v", d, err)
		}
	})
}
