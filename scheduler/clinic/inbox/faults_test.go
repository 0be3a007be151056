package inbox

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// damagedZip holds a sound object and one whose bytes are not those that were packed.
func damagedZip(t *testing.T) []byte {
	t.Helper()
	sound, bad := ct(study1, 1), ct(study1, 2)
	bad.pixels = bytes.Repeat([]byte("pixels that are packed"), 20_000)
	data := zipped(t, map[string][]byte{"bad": bad.file(), "sound": sound.file()})
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range archive.File {
		begin, err := member.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		if member.Name == "bad" {
			data[begin+int64(member.CompressedSize64)/2] ^= 0xA5
		}
	}
	return data
}

// TestADamagedFileStopsNoOther: a member of a zip that can't be unpacked, and a name that is
// as long as names can be, are put away with the reason, and what lies beside them is taken.
func TestADamagedFileStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{})
		folder, long := t.TempDir(), strings.Repeat("n", 255)
		lay(t, folder, map[string][]byte{
			"a.zip": damagedZip(t), long: []byte("no DICOM"), long[:254]: []byte("none either"), "z.dcm": ct("1.2.840.777.2", 1).file(),
		})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := b.Watch(ctx, Watching{Folder: folder}); err != nil {
			t.Fatal(err)
		}
		for pattern, want := range map[string]int{
			"*": 2, "done/z.dcm": 1, "failed/a.zip": 1, "failed/a.zip" + reasonSuffix: 1, "failed/n*" + reasonSuffix: 2, "failed/n*": 4,
		} {
			if found, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(found) != want {
				t.Errorf("%s: %d, want %d, %v", pattern, len(found), want, err)
			}
		}
		if held := b.Holds([]string{ct(study1, 1).uid(), ct(study1, 2).uid()}); !held[0] || held[1] {
			t.Errorf("the sound object and the damaged one: %v", held)
		}
	})
}

func TestImportGoesOnBehindADamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, damagedZip(t), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openInbox(t, t.TempDir(), Config{})
	if done, err := b.Import(t.Context(), Origin{Way: WaySubmit}, path); err != nil || done.Instances != 1 || done.Refused != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestHalfAnImportIsNotSaidToBeAll: where an import breaks off, its studies are not complete
// at once.
func TestHalfAnImportIsNotSaidToBeAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		lay(t, folder, map[string][]byte{"1": ct(study1, 1).file(), "2": ct(study1, 2).file()})
		b := openInbox(t, t.TempDir(), Config{MaxBytes: int64(len(ct(study1, 1).file())) + 100})
		if done, err := b.Import(t.Context(), Origin{Way: WaySubmit}, folder); !errors.Is(err, ErrFull) || done.Instances != 1 {
			t.Fatalf("%+v, %v", done, err)
		}
		if s := next(t, b); s.Completed != Quiet {
			t.Errorf("complete: %s", s.Completed)
		}
	})
}

// stuck is a sender that stops behind its first bytes, until it may go on.
type stuck struct {
	data  []byte
	stops int // bytes before it stops
	given atomic.Int64
	on    <-chan struct{}
}

func (s *stuck) Read(p []byte) (int, error) {
	at := int(s.given.Load())
	if at >= s.stops {
		<-s.on
	} else {
		p = p[:min(len(p), s.stops-at)]
	}
	if at == len(s.data) {
		return 0, io.EOF
	}
	n := copy(p, s.data[at:])
	s.given.Add(int64(n))
	return n, nil
}

// TestASlowSenderHoldsAStudyForSoLong: what does not come to its end is given up soon after
// the study's longest wait, and what comes in the meantime is not lost by it.
func TestASlowSenderHoldsAStudyForSoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{LongestWait: time.Hour})
		begun := time.Now()
		send(t, b, ct(study1, 1))
		slow := ct(study1, 2)
		slow.pixels = make([]byte, 4*firstLook)
		var sending sync.WaitGroup
		sending.Go(func() {
			_, err := b.Receive(context.Background(), Origin{}, slow.instance(explicitLE), &trickle{slow.dataset(explicitLE), 2 * firstLook})
			mustBe(t, err, ErrTooSlow)
		})
		s := next(t, b)
		if took := time.Since(begun); s.Instances != 1 || took < time.Hour || took > time.Hour+2*lastGrace {
			t.Errorf("%d instances after %s", s.Instances, took)
		}
		sending.Wait()
		if kept := send(t, b, slow); kept.Revision != 1 {
			t.Errorf("sent again: %+v", kept)
		}
	})
}

// trickle is a sender that gives a byte every half minute behind its first ones.
type trickle struct {
	data []byte
	fast int
}

func (s *trickle) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	if s.fast <= 0 {
		<-time.After(30 * time.Second)
		p = p[:1]
	}
	n := copy(p[:min(len(p), max(s.fast, 1))], s.data)
	s.data, s.fast = s.data[n:], s.fast-n
	return n, nil
}

// TestFewLongHeadsAtOnce: senders with heads of megabytes share a few places, and keep
// nobody else from sending.
func TestFewLongHeadsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openInbox(t, t.TempDir(), Config{})
		on := make(chan struct{})
		var senders [2 * wideLooks]*stuck
		var sending sync.WaitGroup
		for n := range senders {
			s := ct(study1, n)
			data := append(raw(0x00090010, "OB", 2*wideLook, make([]byte, 2*wideLook)...), s.dataset(explicitLE)...)
			senders[n] = &stuck{data: data, stops: wideLook + firstLook, on: on}
			sending.Go(func() {
				if _, err := b.Receive(context.Background(), Origin{}, s.instance(explicitLE), senders[n]); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wide := 0
		for _, s := range senders {
			if s.given.Load() > wideLook {
				wide++
			}
		}
		if wide != wideLooks {
			t.Errorf("%d long heads are being read, want %d", wide, wideLooks)
		}
		send(t, b, ct("1.2.840.777.2", 1))
		close(on)
		sending.Wait()
		if s := finish(t, b, study1); s.Instances != len(senders) {
			t.Errorf("%d instances", s.Instances)
		}
		if len(b.wide) != 0 {
			t.Errorf("%d places are still taken", len(b.wide))
		}
	})
}

// TestConflictsBesideNewSlices: for the race detector too.
func TestConflictsBesideNewSlices(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{})
	send(t, b, ct(study1, 0))
	other := ct(study1, 0)
	other.patient = "Seacole^Mary"
	const each = 20
	var sending sync.WaitGroup
	sending.Go(func() {
		for range each {
			_, err := sendBy(b, other, 0)
			mustBe(t, err, ErrConflict)
		}
	})
	sending.Go(func() {
		for n := range each {
			send(t, b, ct(study1, n+1))
		}
	})
	sending.Wait()
	if s := finish(t, b, study1); s.Conflicts != each || s.Instances != each+1 {
		t.Errorf("%d conflicts, %d instances", s.Conflicts, s.Instances)
	}
}
