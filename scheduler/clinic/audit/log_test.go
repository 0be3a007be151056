package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// childFolder names the folder in which this test binary plays a clinic that is killed.
const childFolder = "AUDIT_TEST_CHILD"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		fmt.Fprintln(os.Stderr, playClinic(folder))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var (
	key   = [32]byte{1, 2, 3}
	began = time.Date(2026, 7, 15, 10, 0, 0, 0, time.UTC)
)

// place is where a test's log and its remembered head lie.
type place struct{ folder, head string }

func newPlace(t testing.TB) place {
	dir := t.TempDir()
	return place{filepath.Join(dir, "audit"), filepath.Join(dir, "head")}
}

func (p place) heads(t testing.TB) HeadFile {
	t.Helper()
	h, err := NewHeadFile(p.head, key)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// remembered is the head that lies beside the log.
func (p place) remembered(t testing.TB) *Head {
	t.Helper()
	head, known, err := p.heads(t).Load()
	if err != nil || !known {
		t.Fatal(known, err)
	}
	return &head
}

func (p place) open(t testing.TB, maxFileBytes int64) (*Log, Opened) {
	t.Helper()
	l, opened, err := Open(p.folder, Config{Key: key, Heads: p.heads(t), MaxFileBytes: maxFileBytes, Now: func() time.Time { return began }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, opened
}

func (p place) verify(t testing.TB) Report {
	t.Helper()
	r, err := Verify(t.Context(), p.folder, key, p.remembered(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// write opens the log, appends n entries and closes it.
func (p place) write(t testing.TB, n int, maxFileBytes int64) Opened {
	t.Helper()
	l, opened := p.open(t, maxFileBytes)
	for i := range n {
		if err := l.Append(t.Context(), Entry{At: began.Add(time.Duration(i) * time.Minute), Kind: Intake, Case: fmt.Sprintf("%012x", i), Count: i + 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return opened
}

func (p place) files(t testing.TB) []string {
	t.Helper()
	files, err := listFiles(p.folder)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (p place) bytes(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p place) put(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	p := newPlace(t)
	l, opened := p.open(t, 0)
	if opened != (Opened{}) {
		t.Fatalf("%+v", opened)
	}
	want := Entry{
		At: began.Add(123456789 * time.Nanosecond), Kind: Disclosure, Outcome: Minor, Case: "0123456789ab", Task: "aa", Actor: "o'hara", Peer: "0xnode", Way: "market",
		Rule: "head", Basis: "consent-7", Model: "t1@1", Hash: strings.Repeat("ab", 32), Count: 176, Reason: "two\nlines and <html> \xff",
		Subject: &Subject{PatientID: "PATIENT-4711", StudyUID: "1.2.840.4711.99", Accession: "ACCESSION-8"},
	}
	if err := l.Append(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), Entry{Kind: Stop, Reason: strings.Repeat("é", 300)}); err != nil {
		t.Fatal(err)
	}
	var got []Line
	if err := l.Read(t.Context(), Span{}, func(line Line) error { got = append(got, line); return nil }); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	want.At, want.Reason = began.Add(123*time.Millisecond), "two\uFFFDlines and <html> \uFFFD"
	if e := got[0].Entry; *e.Subject != *want.Subject {
		t.Errorf("%+v", e.Subject)
	} else if e.Subject = want.Subject; e != want {
		t.Errorf("%+v; want %+v", e, want)
	}
	if e := got[1]; !e.At.Equal(began) || len(e.Reason) > MaxText || strings.Trim(e.Reason, "é") != "" || e.Sequence != 2 || e.Number != 2 || e.Previous != got[0].Sum {
		t.Errorf("%+v", e)
	}
	raw := p.bytes(t, fileName(1))
	for _, secret := range []string{"PATIENT", "1.2.840", "ACCESSION"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s lies in the clear", secret)
		}
	}
	for _, e := range []Entry{{Kind: "gossip"}, {}, {Kind: Start, Outcome: "bad"}} {
		if err := l.Append(t.Context(), e); err == nil {
			t.Errorf("%+v was written", e)
		}
	}
	if _, _, err := Open(p.folder, Config{Key: key, Heads: p.heads(t)}); err == nil {
		t.Error("two write one log")
	}
}

func TestTheChainGoesOnOverFilesAndLives(t *testing.T) {
	p := newPlace(t)
	for life := range 5 {
		if opened := p.write(t, 7, 600); opened != (Opened{Lines: uint64(life * 7)}) {
			t.Fatalf("life %d: %+v", life, opened)
		}
	}
	r := p.verify(t)
	if !r.Sound() || r.Lines != 35 || r.Head.Sequence != 35 || r.Files != len(p.files(t)) || r.Files < 5 || !r.Remembered || r.Unfinished != 0 {
		t.Fatalf("%+v", r)
	}
	var lines []uint64
	err := Read(t.Context(), p.folder, key, Span{From: began.Add(time.Minute), Until: began.Add(3 * time.Minute)}, func(l Line) error {
		lines = append(lines, l.Sequence)
		return nil
	})
	if want := []uint64{2, 3, 9, 10, 16, 17, 23, 24, 30, 31}; err != nil || !slices.Equal(lines, want) {
		t.Fatal(lines, err)
	}
}

// failing is a disk whose writes end in the middle.
type failing struct {
	disk
	left    int // bytes until it is full
	syncs   int
	noTrunc bool
}

var errFull = errors.New("no space left")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return f.disk.Write(p)
	}
	n, err := f.disk.Write(p[:f.left])
	f.left = 0
	return n, errors.Join(errFull, err)
}

func (f *failing) Sync() error { f.syncs++; return f.disk.Sync() }

func (f *failing) Truncate(size int64) error {
	if f.noTrunc {
		return errFull
	}
	return f.disk.Truncate(size)
}

func TestAFullDiskLeavesNoHalfLine(t *testing.T) {
	p := newPlace(t)
	l, _ := p.open(t, 0)
	entry := Entry{Kind: Intake, Case: "a"}
	if err := l.Append(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	full := &failing{disk: l.file, left: 100}
	l.file = full
	for range 3 {
		if err := l.Append(t.Context(), entry); !errors.Is(err, errFull) {
			t.Fatal(err)
		}
		if r := p.verify(t); !r.Sound() || r.Lines != 1 || r.Unfinished != 0 {
			t.Fatalf("%+v", r)
		}
	}
	full.left = 1 << 20
	if err := l.Append(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	if r := p.verify(t); !r.Sound() || r.Lines != 2 {
		t.Fatalf("%+v", r)
	}
	full.left, full.noTrunc = 10, true
	if err := l.Append(t.Context(), entry); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	full.left = 1 << 20
	if err := l.Append(t.Context(), entry); err == nil || !strings.Contains(err.Error(), "restart the clinic") {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if opened := p.write(t, 1, 0); opened.Mended != 10 {
		t.Fatalf("%+v", opened)
	}
	if r := p.verify(t); !r.Sound() {
		t.Fatalf("%+v", r)
	}
}

func TestManyWritersShareSyncs(t *testing.T) {
	const writers, each = 32, 20
	p := newPlace(t)
	l, _ := p.open(t, 20_000)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if err := l.Append(t.Context(), Entry{Kind: Delivery, Case: fmt.Sprintf("%d-%d", w, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	if err := l.Read(t.Context(), Span{}, func(line Line) error { seen[line.Case] = true; return nil }); err != nil || len(seen) != writers*each {
		t.Fatal(len(seen), err)
	}
	if r, err := l.Verify(t.Context()); err != nil || !r.Sound() || r.Lines != writers*each {
		t.Fatalf("%+v %v", r, err)
	}
}

// BenchmarkAppend is what an entry costs its caller: alone, and with 32 at once that share syncs.
func BenchmarkAppend(b *testing.B) {
	entry := Entry{Kind: Intake, Case: "0123456789ab"}
	b.Run("alone", func(b *testing.B) {
		p := newPlace(b)
		l, _ := p.open(b, 0)
		for b.Loop() {
			if err := l.Append(b.Context(), entry); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("together", func(b *testing.B) {
		p := newPlace(b)
		l, _ := p.open(b, 0)
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := l.Append(b.Context(), entry); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkVerify reads a log of 16 MiB, which is also what a start reads at most.
func BenchmarkVerify(b *testing.B) {
	p := newPlace(b)
	k := mustKeys(key)
	var data []byte
	var head Head
	for len(data) < DefaultMaxFileBytes {
		line, next, err := k.encode(Entry{At: began, Kind: Disclosure, Case: "0123456789ab", Subject: &Subject{PatientID: "4711", StudyUID: "1.2.3"}}, head)
		if err != nil {
			b.Fatal(err)
		}
		data, head = append(data, line...), next
	}
	if err := os.Mkdir(p.folder, 0o700); err != nil {
		b.Fatal(err)
	}
	p.put(b, fileName(1), data)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if r, err := Verify(b.Context(), p.folder, key, &head); err != nil || !r.Sound() {
			b.Fatal(err, r)
		}
	}
}
