package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler"
)

func TestWhenAStudyIsComplete(t *testing.T) {
	for name, c := range map[string]struct {
		during func(b *Inbox)
		after  time.Duration // since the last instance
		why    Completion
	}{
		"nothing came for a while":      {func(*Inbox) {}, time.Minute, Quiet},
		"as many came as expected":      {func(b *Inbox) { _ = b.Expect(study1, 2) }, 0, Counted},
		"fewer came than expected":      {func(b *Inbox) { _ = b.Expect(study1, 3) }, time.Minute, Quiet},
		"the association ended":         {func(b *Inbox) { b.AssociationEnded(5) }, 20 * time.Second, HungUp},
		"another association ended":     {func(b *Inbox) { b.AssociationEnded(6) }, time.Minute, Quiet},
		"whoever brought it said so":    {func(b *Inbox) { _ = b.Finish(study1) }, 0, AllAtOnce},
		"what was announced is another": {func(b *Inbox) { _ = b.Expect("1.2.3", 2) }, time.Minute, Quiet},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := openInbox(t, t.TempDir(), Config{})
				for n := 1; n <= 2; n++ {
					if _, err := sendBy(b, ct(study1, n), 5); err != nil {
						t.Fatal(err)
					}
				}
				last := time.Now()
				c.during(b)
				s := next(t, b)
				if waited := time.Since(last); waited != c.after || s.Completed != c.why {
					t.Errorf("complete after %s, %s; want after %s, %s", waited, s.Completed, c.after, c.why)
				}
			})
		})
	}
}

func TestTheQuietPeriodBeginsAnewWithEachInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{})
		begin := time.Now()
		for n := 1; n <= 5; n++ {
			send(t, b, ct(study1, n))
			pause(t, 50*time.Second)
		}
		if s := next(t, b); s.Instances != 5 || time.Since(begin) != 4*50*time.Second+time.Minute {
			t.Errorf("%d instances after %s", s.Instances, time.Since(begin))
		}
	})
}

// pause lets virtual time go by.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.After(d)
}

func TestAStudyThatNeverEndsIsHandedOutAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{LongestWait: 10 * time.Minute})
		begin := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := 1; ctx.Err() == nil; n++ {
				if _, err := sendBy(b, ct(study1, n), 0); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				<-time.After(30 * time.Second)
			}
		}()
		s := next(t, b)
		if time.Since(begin) != 10*time.Minute || s.Completed != WaitedFor {
			t.Errorf("complete after %s, %s", time.Since(begin), s.Completed)
		}
		stop()
		<-done
	})
}

func TestLateSlicesMakeTheNextRevision(t *testing.T) {
	for _, rule := range []LateRule{LateAnew, LateNote} {
		t.Run(string(rule), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				folder := t.TempDir()
				b := openInbox(t, folder, Config{Late: rule})
				send(t, b, ct(study1, 1))
				send(t, b, ct(study1, 2))
				first := finish(t, b, study1)
				if kept := send(t, b, ct(study1, 3)); !kept.Late || kept.Revision != 1 {
					t.Errorf("kept %+v", kept)
				}
				if kept := send(t, b, ct(study1, 1)); !kept.Duplicate {
					t.Errorf("an earlier slice again: %+v", kept)
				}
				s := next(t, b)
				if s.Revision != 1 || s.Instances != 3 || s.Late != 1 || s.Duplicates != 1 || s.NoteOnly != (rule == LateNote) || s.Facts.PatientID != "4711" {
					t.Errorf("%+v", s)
				}
				if got := len(objects(t, s)); got != 3 {
					t.Errorf("%d objects", got)
				}
				if err := b.Taken(s); err != nil {
					t.Fatal(err)
				}
				if s.Bytes != b.room.used.Load() {
					t.Errorf("%d bytes counted, the study has %d", b.room.used.Load(), s.Bytes)
				}
				// The earlier one can go; the later one keeps what it needs.
				if err := b.Remove(study1, 0); err != nil {
					t.Fatal(err)
				}
				if _, err := b.Study(study1, 0); !errors.Is(err, ErrUnknownStudy) {
					t.Errorf("the removed revision: %v", err)
				}
				if got := len(objects(t, s)); got != 3 || len(objects(t, first)) != 0 {
					t.Errorf("%d objects after the earlier revision went", got)
				}
				if err := b.Remove(study1, 1); err != nil {
					t.Fatal(err)
				}
				if used := b.room.used.Load(); used != 0 {
					t.Errorf("%d bytes counted of nothing", used)
				}
				if kept := send(t, b, ct(study1, 1)); kept.Duplicate || kept.Revision != 2 {
					t.Errorf("after all went: %+v", kept)
				}
			})
		})
	}
}

func TestLateReportsAreOnlyNoted(t *testing.T) {
	for class, note := range map[string]bool{"1.2.840.10008.5.1.4.1.1.88.33": true, "1.2.840.10008.5.1.4.1.1.66.4": true, "1.2.840.10008.5.1.4.1.1.4": false} {
		synctest.Test(t, func(t *testing.T) {
			b := openInbox(t, t.TempDir(), Config{})
			send(t, b, ct(study1, 1))
			finish(t, b, study1)
			late := ct(study1, 2)
			late.more = map[uint32]string{tagClass: class}
			if _, err := b.Receive(t.Context(), Origin{}, Instance{}, bytes.NewReader(late.file())); err != nil {
				t.Fatal(err)
			}
			if s := next(t, b); s.NoteOnly != note || s.Late != 1 {
				t.Errorf("%s: %+v", class, s)
			}
		})
	}
}

func TestOurOwnResultsAreNotTakenBack(t *testing.T) {
	result := ct(study1, 2)
	b := openInbox(t, t.TempDir(), Config{Ours: func(uid string) bool { return uid == result.uid() }})
	send(t, b, ct(study1, 1))
	finish(t, b, study1)
	if kept := send(t, b, result); !kept.Duplicate || !kept.Ours || len(b.Arriving()) != 0 {
		t.Errorf("%+v", kept)
	}
}

// TestAStudyWithAWriterClosesBehindIt: after the longest wait, what comes while an instance
// is still being received belongs to the next revision.
func TestAStudyWithAWriterClosesBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{LongestWait: time.Hour})
		slow, out := io.Pipe()
		first := ct(study1, 1)
		first.pixels = make([]byte, 2*firstLook)
		data := first.dataset(explicitLE)
		ended := make(chan error, 2)
		go func() {
			_, err := b.Receive(context.Background(), Origin{}, first.instance(explicitLE), slow)
			ended <- err
		}()
		if _, err := out.Write(data[:len(data)-10]); err != nil {
			t.Fatal(err)
		}
		pause(t, time.Hour+lastGrace/2)
		synctest.Wait()
		if len(b.Arriving()) != 1 {
			t.Error("a study was completed though an instance of it was on its way")
		}
		var second Kept
		go func() {
			var err error
			second, err = sendBy(b, ct(study1, 2), 0)
			ended <- err
		}()
		synctest.Wait()
		if _, err := out.Write(data[len(data)-10:]); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
		if s := next(t, b); s.Revision != 0 || s.Instances != 1 || s.Completed != WaitedFor {
			t.Errorf("%+v", s)
		}
		if second.Revision != 1 || !second.Late {
			t.Errorf("the second one: %+v", second)
		}
		if s := next(t, b); s.Revision != 1 || s.Instances != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// TestStudiesOfLongAgoAreRememberedOnDisk takes in more studies than are kept in memory.
func TestStudiesOfLongAgoAreRememberedOnDisk(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{})
	uid := func(n int) string { return fmt.Sprintf("1.2.840.777.%d", n) }
	for n := range shelfPlaces + 5 {
		send(t, b, ct(uid(n), 1))
		finish(t, b, uid(n))
	}
	if held := b.Holds([]string{ct(uid(0), 1).uid(), ct(uid(shelfPlaces+4), 1).uid(), "1.2.3"}); held[0] || !held[1] || held[2] || len(b.shelf) != shelfPlaces {
		t.Errorf("held %v, %d studies in memory", held, len(b.shelf))
	}
	if kept := send(t, b, ct(uid(0), 1)); !kept.Duplicate {
		t.Errorf("a slice of the first study again: %+v", kept)
	}
	if kept := send(t, b, ct(uid(1), 2)); !kept.Late {
		t.Errorf("a late slice of the second study: %+v", kept)
	}
	if s := finish(t, b, uid(1)); s.Instances != 2 || s.Late != 1 {
		t.Errorf("%+v", s)
	}
}

func TestTooMuchAtOnceIsRefused(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{MaxArriving: 2, MaxInstances: 2, MaxBytes: 9000})
	for n := 1; n <= 2; n++ {
		send(t, b, ct(study1, n))
	}
	_, err := sendBy(b, ct(study1, 3), 0)
	mustBe(t, err, ErrTooLarge)
	send(t, b, ct("1.2.2", 1))
	_, err = sendBy(b, ct("1.2.3", 1), 0)
	mustBe(t, err, ErrFull)
	_, err = sendBy(b, ct("1.2.2", 2), 0)
	mustBe(t, err, ErrFull)
	if room, err := b.Storage(); err != nil || room.Bytes > 9000 || room.Arriving != 2 || room.Limit != 9000 {
		t.Errorf("%+v, %v", room, err)
	}
	if err := b.Expect("", 1); err == nil {
		t.Error("expects a study without a UID")
	}
	for name, c := range map[string]Config{"a negative limit": {Quiet: -1}, "a rule that is none": {Late: "never"}, "another": {Conflict: "both"}} {
		if _, err := Open(t.TempDir(), [SecretBytes]byte{1}, c, nil); err == nil {
			t.Errorf("opened with %s", name)
		}
	}
}

func TestPressingStudiesGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{})
		for n, p := range []scheduler.Class{scheduler.Routine, scheduler.STAT, scheduler.Urgent} {
			s := ct([]string{"1.2.1", "1.2.2", "1.2.3"}[n], 1)
			if _, err := b.Receive(t.Context(), Origin{Priority: p}, Instance{}, bytes.NewReader(s.file())); err != nil {
				t.Fatal(err)
			}
		}
		pause(t, time.Hour)
		synctest.Wait()
		for _, want := range []string{"1.2.2", "1.2.3", "1.2.1"} {
			if s := next(t, b); s.StudyUID != want {
				t.Errorf("study %s, want %s", s.StudyUID, want)
			}
		}
	})
}

func TestAStudyThatIsNotTakenCannotBeRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{})
		send(t, b, ct(study1, 1))
		mustBe(t, b.Remove(study1, 0), ErrUnknownStudy)
		pause(t, time.Hour)
		synctest.Wait()
		mustBe(t, b.Remove(study1, 0), ErrNotTaken)
		s := next(t, b)
		mustBe(t, b.Remove(study1, 0), ErrNotTaken)
		if err := b.Taken(s); err != nil {
			t.Fatal(err)
		}
		mustBe(t, b.Taken(s), ErrUnknownStudy)
		if err := b.Remove(study1, 0); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNextEndsWithItsContextAndWithTheInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Next(ctx)
		mustBe(t, err, context.DeadlineExceeded)
		ended := make(chan error)
		go func() {
			_, err := b.Next(context.Background())
			ended <- err
		}()
		synctest.Wait()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		mustBe(t, <-ended, ErrClosed)
		_, err = sendBy(b, ct(study1, 1), 0)
		mustBe(t, err, ErrClosed)
	})
}

// TestDue holds the rule against what it is to promise, whatever came when.
func TestDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Quiet:       time.Duration(rapid.IntRange(1, 1000).Draw(t, "quiet")) * time.Second,
			LongestWait: time.Duration(rapid.IntRange(1, 10000).Draw(t, "longest")) * time.Second,
		}
		start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		a := arrival{
			first:     start,
			last:      start.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "last")) * time.Second),
			instances: rapid.IntRange(1, 10).Draw(t, "instances"), expected: rapid.IntRange(0, 10).Draw(t, "expected"),
			finished: rapid.Bool().Draw(t, "finished"),
		}
		if rapid.Bool().Draw(t, "hung up") {
			a.hungUp = a.last.Add(time.Duration(rapid.IntRange(-10, 2000).Draw(t, "hang-up")) * time.Second)
		}
		at, why := c.due(a)
		if at.After(a.last.Add(c.Quiet)) {
			t.Fatalf("due %s after the last instance, the quiet period is %s", at.Sub(a.last), c.Quiet)
		}
		if at.After(a.first.Add(c.LongestWait)) && at.After(a.last) {
			t.Fatalf("due %s after the first instance, the longest wait is %s", at.Sub(a.first), c.LongestWait)
		}
		if all := a.finished || a.expected > 0 && a.instances >= a.expected; all != (why == AllAtOnce || why == Counted) {
			t.Fatalf("%s, and %d of %d are there, finished %v", why, a.instances, a.expected, a.finished)
		}
		if at.Before(a.last) && why != WaitedFor {
			t.Fatalf("due %s before the last instance came, by %s", a.last.Sub(at), why)
		}
		if more := a; !a.finished {
			more.last = more.last.Add(time.Second)
			if later, _ := c.due(more); later.Before(at) {
				t.Fatal("a later instance makes the study complete sooner")
			}
		}
	})
}
