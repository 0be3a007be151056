package outbox

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

var someTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func item(f Form, content string) Item {
	return Item{Form: f, File: forms[place(f)].file, SHA256: models.DigestOf([]byte(content)), SOPInstanceUID: "1.2." + string(rune('0'+place(f)))}
}

func TestPauseDoublesUpToTheLast(t *testing.T) {
	for _, c := range []struct {
		failures int
		want     time.Duration
	}{{1, 5 * time.Second}, {2, 10 * time.Second}, {3, 20 * time.Second}, {10, 2560 * time.Second}, {11, time.Hour}, {1000, time.Hour}} {
		if got := pauseAfter(c.failures, 5*time.Second, time.Hour, 0); got != c.want {
			t.Errorf("after %d failures: %v, want %v", c.failures, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n, chance := rapid.IntRange(1, 500).Draw(t, "n"), rapid.Float64Range(0, 0.999999).Draw(t, "chance")
		whole, got := pauseAfter(n, 5*time.Second, time.Hour, 0), pauseAfter(n, 5*time.Second, time.Hour, chance)
		if got > whole || got < whole/2 {
			t.Fatalf("%v is not between the half and the whole of %v", got, whole)
		}
	})
}

func TestJoined(t *testing.T) {
	seg, sr := item(Segmentation, "seg"), item(Report, "sr")
	taken := func(i Item) Item { i.Taken = true; return i }
	parcel := func(name string) Parcel {
		return Parcel{Case: name, Task: models.DigestOf([]byte("t")), Folder: "/new"}
	}
	begun := started(parcel("a"), "pacs", []Item{seg}, someTime, time.Hour)
	done := begun.acknowledged(seg).carried(someTime)
	notice := begun
	notice.Notice = true
	later := someTime.Add(time.Minute)
	for _, c := range []struct {
		name  string
		had   Delivery
		items []Item
		want  []Item
		state State
		err   error
	}{
		{"the same again", begun, []Item{seg}, []Item{seg}, Waiting, nil},
		{"what was delivered", done, []Item{seg}, []Item{taken(seg)}, Delivered, nil},
		{"one more form of what was delivered", done, []Item{seg, sr}, []Item{taken(seg), sr}, Waiting, nil},
		{"another result", begun, []Item{item(Segmentation, "other")}, nil, "", ErrOtherResult},
		{"a later notice", notice, []Item{item(Segmentation, "other")}, []Item{item(Segmentation, "other")}, Waiting, nil},
		{"a later notice when one is there", notice.acknowledged(seg), []Item{item(Segmentation, "other")}, []Item{taken(seg)}, Waiting, nil},
		{"given up, the same again", begun.ended(Failed, someTime), []Item{seg}, []Item{seg}, Failed, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.had.joined(parcel("b"), c.items, later, time.Hour)
			if !errors.Is(err, c.err) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			if !slices.Equal(got.Items, c.want) || got.State != c.state || !slices.Contains(got.Cases, "a") {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAnswered(t *testing.T) {
	seg, sr := item(Segmentation, "seg"), item(Report, "sr")
	d := started(Parcel{Case: "a"}, "pacs", []Item{seg, sr}, someTime, time.Hour).acknowledged(seg).acknowledged(sr).asking("1.2.3", someTime, time.Hour)
	for _, c := range []struct {
		name   string
		answer Commitment
		state  State
		taken  []bool
		fault  Fault
	}{
		{"both kept", Commitment{Kept: []string{seg.SOPInstanceUID, sr.SOPInstanceUID}}, Delivered, []bool{true, true}, ""},
		{"one kept, nothing of the other", Commitment{Kept: []string{seg.SOPInstanceUID}}, Committing, []bool{true, true}, ""},
		{"one lost", Commitment{Kept: []string{seg.SOPInstanceUID}, Lost: []string{sr.SOPInstanceUID}}, Waiting, []bool{true, false}, NotCommitted},
		{"kept and lost at once", Commitment{Kept: []string{seg.SOPInstanceUID, sr.SOPInstanceUID}, Lost: []string{sr.SOPInstanceUID}}, Waiting, []bool{true, false}, NotCommitted},
		{"of strangers", Commitment{Kept: []string{"9.9"}, Lost: []string{"9.8"}}, Committing, []bool{true, true}, ""},
	} {
		got := d.answered(c.answer, someTime, time.Minute)
		if got.State != c.state || got.Items[0].Taken != c.taken[0] || got.Items[1].Taken != c.taken[1] || got.Fault != c.fault {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Whatever happens in whatever order: an item that was taken is pending again only where an
// archive said that it lost it, nothing ends as delivered with an item pending, and what has
// ended stays so but for a person's word or for new forms.
func TestStepsKeepTheirWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []Item{item(Segmentation, "1"), item(Report, "2"), item(Capture, "3")}
		now, lost := someTime, map[string]bool{}
		d := started(Parcel{Case: "a"}, "pacs", all[:rapid.IntRange(1, 3).Draw(t, "items")], now, 7*24*time.Hour)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
			before := d
			person := false
			clear(lost)
			switch step := rapid.SampledFrom([]string{"take", "miss", "carry", "ask", "answer", "lose", "retry", "join", "trim"}).Draw(t, "step"); {
			case step == "retry":
				d, person = d.retried(now, time.Hour), true
			case step == "join":
				d, _ = d.joined(Parcel{Case: "b"}, all[:rapid.IntRange(1, 3).Draw(t, "more")], now, time.Hour)
				person = len(d.Items) > len(before.Items)
			case !d.open():
			case step == "take":
				d = d.acknowledged(rapid.SampledFrom(d.Items).Draw(t, "item"))
			case step == "miss":
				d = d.missed(Unreachable, now, time.Minute)
			case step == "carry" && len(d.pending()) == 0:
				d = d.carried(now)
			case step == "ask" && len(d.pending()) == 0:
				d = d.asking("1.2", now, time.Hour)
			case step == "answer":
				d = d.answered(Commitment{Kept: []string{d.Items[0].SOPInstanceUID}}, now, time.Minute)
			case step == "lose":
				uid := d.Items[0].SOPInstanceUID
				lost[uid] = true
				d = d.answered(Commitment{Lost: []string{uid}}, now, time.Minute)
			case step == "trim" && d.Items[0].Taken:
				d = d.trimmed(func(f Form) bool { return f != Capture })
			}
			for _, was := range before.Items {
				at := slices.IndexFunc(d.Items, func(i Item) bool { return i.File == was.File })
				if was.Taken && (at < 0 || !d.Items[at].Taken) && !lost[was.SOPInstanceUID] {
					t.Fatalf("an item that was taken is to be sent again:\n%+v\n%+v", before, d)
				}
			}
			if d.State == Delivered && len(d.pending()) > 0 {
				t.Fatalf("delivered with items left: %+v", d)
			}
			if before.State.Final() && d.State != before.State && !person {
				t.Fatalf("%s became %s by itself", before.State, d.State)
			}
			if d.open() && d.Next.After(d.GiveUp) && d.State == Waiting {
				t.Fatalf("the next attempt comes after the last: %+v", d)
			}
		}
	})
}

func TestGivenUpAtTheEndOfItsLife(t *testing.T) {
	d, now := started(Parcel{Case: "a"}, "pacs", []Item{item(Report, "1")}, someTime, 7*24*time.Hour), someTime
	for n := 1; d.open(); n++ {
		if n > 1000 {
			t.Fatal("it is never given up")
		}
		d = d.missed(Unreachable, now, pauseAfter(d.Attempts+1, 5*time.Second, time.Hour, 0))
		if d.open() {
			now = d.Next
		}
	}
	if d.State != Failed || !now.Equal(someTime.Add(7*24*time.Hour)) || d.Attempts < 7*24 {
		t.Errorf("given up after %d attempts at %v: %s", d.Attempts, now.Sub(someTime), d.State)
	}
}
