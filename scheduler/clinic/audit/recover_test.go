package audit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A process may end after any byte that it wrote, or the disk may lose what was not synced: what
// was acknowledged stays, what was not is cut, and the log says so.
func TestAnUnfinishedEndIsMended(t *testing.T) {
	p := newPlace(t)
	p.write(t, 3, 0)
	whole := p.bytes(t, fileName(1))
	k := mustKeys(key)
	more, _, err := k.encode(Entry{At: began, Kind: Result, Case: "unacknowledged"}, *p.remembered(t))
	if err != nil {
		t.Fatal(err)
	}
	head := p.bytes(t, "../head")
	ends := map[string][]byte{"zeros": make([]byte, 700), "a line of zeros": append(make([]byte, 50), '\n'), "zeros, then a line": append(make([]byte, 50), more...)}
	for i := 0; i < len(more)-1; i += 9 {
		ends[fmt.Sprintf("%d bytes", i+1)] = more[:i+1]
	}
	for name, end := range ends {
		p.put(t, fileName(1), append(bytes.Clone(whole), end...))
		p.put(t, "../head", head)
		if opened := p.write(t, 1, 0); opened.Mended != int64(len(end)) || opened.Gap != 0 || opened.Lines != 4 {
			t.Fatalf("%s: %+v", name, opened)
		}
		if r := p.verify(t); !r.Sound() || r.Lines != 5 {
			t.Fatalf("%s: %+v", name, r)
		}
	}
	p.put(t, fileName(1), append(bytes.Clone(whole), more...)) // whole, and killed before its head was remembered
	p.put(t, "../head", head)
	if opened := p.write(t, 1, 0); opened != (Opened{Lines: 4}) {
		t.Fatalf("%+v", opened)
	}
	if r := p.verify(t); !r.Sound() || r.Lines != 5 {
		t.Fatalf("%+v", r)
	}
}

func TestAFileThatWasBegunIsMended(t *testing.T) {
	for name, content := range map[string][]byte{"empty": nil, "a part of a line": []byte(`{"n":8`)} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.write(t, 7, 600)
			p.put(t, fileName(8), content)
			if opened := p.write(t, 1, 600); opened.Mended != int64(len(content)) || opened.Gap != 0 {
				t.Fatalf("%+v", opened)
			}
			if r := p.verify(t); !r.Sound() {
				t.Fatalf("%+v", r)
			}
		})
	}
}

func TestACutEndIsSaidForEver(t *testing.T) {
	p := newPlace(t)
	p.write(t, 5, 0)
	data := p.bytes(t, fileName(1))
	for _, c := range []struct {
		name string
		keep int
		gap  uint64
	}{{"two lines", bytes.Count(data, []byte("\n")) - 2, 2}, {"all lines", 0, 5}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			p.write(t, 5, 0)
			lines := bytes.SplitAfter(p.bytes(t, fileName(1)), []byte("\n"))
			p.put(t, fileName(1), bytes.Join(lines[:c.keep], nil))
			if opened := p.write(t, 2, 0); opened.Gap != c.gap || opened.Lines != 6 {
				t.Fatalf("%+v", opened)
			}
			if opened := p.write(t, 2, 0); opened != (Opened{Lines: 8}) {
				t.Fatalf("%+v", opened)
			}
			r := p.verify(t)
			if len(r.Faults) != 1 || !strings.Contains(r.Faults[0].What, fmt.Sprintf("%d lines before this one were gone", c.gap)) || r.Head.Sequence != 10 {
				t.Fatalf("%+v", r)
			}
			count := 0
			if err := Read(t.Context(), p.folder, key, Span{}, func(Line) error { count++; return nil }); err != nil || count != c.keep+5 {
				t.Fatal(count, err)
			}
		})
	}
	t.Run("in the middle of a line", func(t *testing.T) {
		p := newPlace(t)
		p.write(t, 5, 0)
		lines := bytes.SplitAfter(p.bytes(t, fileName(1)), []byte("\n"))
		p.put(t, fileName(1), append(bytes.Join(lines[:3], nil), lines[3][:100]...))
		if opened := p.write(t, 2, 0); opened.Gap != 2 || opened.Mended != 100 || opened.Lines != 7 {
			t.Fatalf("%+v", opened)
		}
		if opened := p.write(t, 2, 0); opened != (Opened{Lines: 9}) {
			t.Fatalf("%+v", opened)
		}
		if r := p.verify(t); len(r.Faults) != 1 || !strings.Contains(r.Faults[0].What, "2 lines before this one were gone") {
			t.Fatalf("%+v", r)
		}
		if err := Read(t.Context(), p.folder, key, Span{}, func(Line) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("and more is removed later, where it does not show", func(t *testing.T) {
		for name, from := range map[string]int{"some of the lines before": 1, "all of them": 0} {
			p := newPlace(t)
			p.write(t, 5, 0)
			lines := bytes.SplitAfter(p.bytes(t, fileName(1)), []byte("\n"))
			p.put(t, fileName(1), bytes.Join(lines[:3], nil))
			p.write(t, 2, 0)
			lines = bytes.SplitAfter(p.bytes(t, fileName(1)), []byte("\n"))
			p.put(t, fileName(1), bytes.Join(append(lines[:from:from], lines[3:]...), nil))
			if r := p.verify(t); len(r.Faults) == 0 || strings.Contains(r.Faults[0].What, "when the service began") {
				t.Errorf("%s: %+v", name, r)
			}
		}
	})
	t.Run("the remembered end is gone", func(t *testing.T) {
		p := newPlace(t)
		p.write(t, 5, 0)
		if err := os.Remove(p.head); err != nil {
			t.Fatal(err)
		}
		if opened := p.write(t, 1, 0); !opened.Forgotten {
			t.Fatalf("%+v", opened)
		}
		if r := p.verify(t); len(r.Faults) != 1 || !strings.Contains(r.Faults[0].What, "remembered end") {
			t.Fatalf("%+v", r)
		}
	})
}

func TestAChangedLogIsNotGoneOnWith(t *testing.T) {
	p := newPlace(t)
	p.write(t, 5, 0)
	data := p.bytes(t, fileName(1))
	data[len(data)/2] ^= 1
	p.put(t, fileName(1), data)
	if _, _, err := Open(p.folder, Config{Key: key, Heads: p.heads(t)}); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "line 3") {
		t.Fatal(err)
	}
	p = newPlace(t)
	p.write(t, 5, 0)
	other := newPlace(t)
	l, _ := other.open(t, 0)
	for range 5 {
		if err := l.Append(t.Context(), Entry{Kind: View}); err != nil {
			t.Fatal(err)
		}
	}
	p.put(t, fileName(1), other.bytes(t, fileName(1))) // as long, under the same key
	if _, _, err := Open(p.folder, Config{Key: key, Heads: p.heads(t)}); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "not the line that is remembered") {
		t.Fatal(err)
	}
}

// playClinic writes one entry after the other from several hands and says after each what
// it was told is kept, until it is killed.
func playClinic(folder string) error {
	heads, err := NewHeadFile(filepath.Join(folder, "head"), key)
	if err != nil {
		return err
	}
	l, opened, err := Open(filepath.Join(folder, "audit"), Config{Key: key, Heads: heads, MaxFileBytes: 3000})
	if err != nil {
		return err
	}
	if opened.Gap > 0 {
		return fmt.Errorf("%d lines are gone", opened.Gap)
	}
	faults := make(chan error)
	for range 3 {
		go func() { // ends with the process
			for n := 0; ; n++ {
				name := fmt.Sprintf("%d-%d", os.Getpid(), n)
				if err := l.Append(context.Background(), Entry{Kind: Intake, Case: name}); err != nil {
					faults <- err
					return
				}
				fmt.Println(name)
			}
		}()
	}
	return <-faults
}

func TestKillLosesNothingThatWasAcknowledged(t *testing.T) {
	p := newPlace(t)
	dir := filepath.Dir(p.folder)
	acknowledged := map[string]int{}
	for life := range 12 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childFolder+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()]++
			if n == 10+life {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed
	}
	p.write(t, 1, 3000)
	if r := p.verify(t); !r.Sound() {
		t.Fatalf("%+v", r)
	}
	kept := map[string]int{}
	if err := Read(t.Context(), p.folder, key, Span{}, func(l Line) error { kept[l.Case]++; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(acknowledged) < 12*10/3 {
		t.Fatalf("only %d entries were acknowledged", len(acknowledged))
	}
	for name, times := range acknowledged {
		if kept[name] < times {
			t.Errorf("%s was acknowledged %d times and is there %d times", name, times, kept[name])
		}
	}
}

func TestHeadFileSurvivesATornWrite(t *testing.T) {
	p := newPlace(t)
	if err := os.Mkdir(p.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	h := p.heads(t)
	sum := strings.Repeat("ab", 32)
	for n := uint64(0); n < 3; n++ {
		if err := h.Save(Head{Sequence: n, Sum: sum}); err != nil {
			t.Fatal(err)
		}
	}
	whole := p.bytes(t, "../head")
	for i := range slotBytes { // the slot of 2 stands first
		torn := bytes.Clone(whole)
		torn[i] ^= 0xFF
		p.put(t, "../head", torn)
		if head, known, err := h.Load(); err != nil || !known || head != (Head{Sequence: 1, Sum: sum}) {
			t.Fatalf("byte %d: %+v %t %v", i, head, known, err)
		}
	}
	torn := bytes.Clone(whole)
	torn[0], torn[slotStride] = 0xFF, 0xFF
	p.put(t, "../head", torn)
	if _, _, err := h.Load(); !errors.Is(err, ErrBroken) {
		t.Fatal(err)
	}
	if err := h.Save(Head{Sequence: 1, Sum: "xy"}); err == nil {
		t.Fatal("a sum that is none was saved")
	}
}

// Entries that share a sync move the head by any number: still the slot that is written is
// never the one that holds the newest head.
func TestHeadFileNeverWritesOverItsNewestHead(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for _, by := range []uint64{1, 2, 3, 4} {
		p := newPlace(t)
		if err := os.Mkdir(p.folder, 0o700); err != nil {
			t.Fatal(err)
		}
		h := p.heads(t)
		if err := h.Save(Head{}); err != nil {
			t.Fatal(err)
		}
		for n := by; n < 6*by; n += by {
			before := p.bytes(t, "../head")
			if err := h.Save(Head{Sequence: n, Sum: sum}); err != nil {
				t.Fatal(err)
			}
			torn := p.bytes(t, "../head")
			for i := range torn {
				if i >= len(before) || torn[i] != before[i] {
					torn[i] ^= 0xFF // what was on its way to the disk
				}
			}
			whole := p.bytes(t, "../head")
			p.put(t, "../head", torn)
			if head, known, err := h.Load(); err != nil || !known || head.Sequence != n-by {
				t.Fatalf("by %d, torn at %d: %+v %t %v", by, n, head, known, err)
			}
			p.put(t, "../head", whole)
		}
	}
}

// Whatever lives a log has, what was acknowledged is there, in order, and nothing is wrong.
func TestAnyLivesOfALog(t *testing.T) {
	for seed := range uint64(25) {
		chance := rand.New(rand.NewPCG(seed, 1))
		p := newPlace(t)
		var acknowledged []string
		for life := range 6 {
			l, opened := p.open(t, 1500)
			if opened.Gap != 0 || opened.Forgotten {
				t.Fatalf("seed %d, life %d: %+v", seed, life, opened)
			}
			for range chance.IntN(5) {
				name := fmt.Sprintf("%d-%d", life, len(acknowledged))
				if err := l.Append(t.Context(), Entry{Kind: Intake, Case: name}); err != nil {
					t.Fatal(err)
				}
				acknowledged = append(acknowledged, name)
			}
			next, _, err := l.keys.encode(Entry{At: began, Kind: Result, Case: "unacknowledged"}, l.Head())
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if files := p.files(t); chance.IntN(2) == 0 && len(files) > 0 { // the next line was on its way
				name := files[len(files)-1]
				if chance.IntN(3) == 0 {
					name = fileName(l.Head().Sequence + 1)
				}
				before, err := os.ReadFile(filepath.Join(p.folder, name))
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				p.put(t, name, append(before, next[:chance.IntN(len(next))]...))
			}
		}
		p.write(t, 1, 1500)
		if r := p.verify(t); !r.Sound() {
			t.Fatalf("seed %d: %+v", seed, r)
		}
		var kept []string
		err := Read(t.Context(), p.folder, key, Span{}, func(line Line) error {
			if line.Kind == Intake && strings.Contains(line.Case, "-") {
				kept = append(kept, line.Case)
			}
			return nil
		})
		if err != nil || !slices.Equal(kept, acknowledged) {
			t.Fatalf("seed %d: %v; want %v: %v", seed, kept, acknowledged, err)
		}
	}
}
