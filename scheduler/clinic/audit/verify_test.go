package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever single byte of a log is changed, it is noticed, and the place is named.
func TestEveryChangedByteIsNoticed(t *testing.T) {
	p := newPlace(t)
	p.write(t, 4, 0)
	name := fileName(1)
	data := p.bytes(t, name)
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 0x01
		p.put(t, name, changed)
		r := p.verify(t)
		line := bytes.Count(data[:i], []byte("\n")) + 1
		if r.Sound() {
			t.Fatalf("byte %d of line %d: nothing is noticed", i, line)
		}
		if f := r.Faults[0]; i < len(data)-1 && (f.File != name || f.Line != line && f.Line != line+1) {
			t.Fatalf("byte %d of line %d: %+v", i, line, r.Faults)
		}
	}
}

func TestVerifyNamesWhatWasDone(t *testing.T) {
	lines := func(data []byte) [][]byte {
		return bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	}
	first := fileName(1)
	edit := func(change func([][]byte) [][]byte) func(*testing.T, place) {
		return func(t *testing.T, p place) {
			all := lines(append(p.bytes(t, first), '\n'))
			p.put(t, first, bytes.Join(change(all), nil))
		}
	}
	for _, c := range []struct {
		name string
		do   func(*testing.T, place)
		line int
		what string
	}{
		{"nothing", func(*testing.T, place) {}, -1, ""},
		{"a line removed", edit(func(l [][]byte) [][]byte { return slices.Delete(l, 1, 2) }), 2, "line 3 after line 1"},
		{"the first line removed", edit(func(l [][]byte) [][]byte { return l[1:] }), 1, "begins with line 2"},
		{"two lines changed places", edit(func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l }), 2, "line 3 after line 1"},
		{"a line twice", edit(func(l [][]byte) [][]byte { return slices.Insert(l, 1, l[0]) }), 2, "line 1 after line 1"},
		{"a line of another log", edit(func(l [][]byte) [][]byte {
			line, _, err := keys.encode(mustKeys([32]byte{9}), Entry{Kind: Start}, Head{Sequence: 1, Sum: zeroSum})
			if err != nil {
				panic(err)
			}
			l[1] = line
			return l
		}), 2, "its sum does not fit"},
		{"a sum in capitals", edit(func(l [][]byte) [][]byte {
			at := len(l[1]) - tailBytes + len(sumOpen) - 1
			copy(l[1][at:], bytes.ToUpper(l[1][at:at+sumDigits]))
			return l
		}), 2, "no whole line"},
		{"garbage", edit(func(l [][]byte) [][]byte { return slices.Insert(l, 1, []byte("garbage\n")) }), 2, "no whole line"},
		{"an endless line", edit(func(l [][]byte) [][]byte {
			return slices.Insert(l, 1, append(bytes.Repeat([]byte("x"), 3*maxLineBytes), '\n'))
		}), 2, "no whole line"},
		{"a file removed", func(t *testing.T, p place) { remove(t, p, p.files(t)[1]) }, 1, "lines were removed"},
		{"the first file removed", func(t *testing.T, p place) { remove(t, p, first) }, 1, "those before it are gone"},
		{"the last file removed", func(t *testing.T, p place) { remove(t, p, p.files(t)[len(p.files(t))-1]) }, 0, "its end was cut"},
		{"a file emptied", func(t *testing.T, p place) { p.put(t, p.files(t)[1], nil) }, 0, "the file is empty"},
		{"a file renamed", func(t *testing.T, p place) {
			if err := os.Rename(filepath.Join(p.folder, first), filepath.Join(p.folder, fileName(2))); err != nil {
				t.Fatal(err)
			}
		}, 1, "the file's name says"},
		{"all removed", func(t *testing.T, p place) {
			for _, name := range p.files(t) {
				remove(t, p, name)
			}
		}, 0, "its end was cut"},
		{"an older backup put back", func(t *testing.T, p place) {
			for _, name := range p.files(t)[1:] {
				remove(t, p, name)
			}
		}, 0, "the log ends with line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			p.write(t, 12, 900)
			if n := len(p.files(t)); n < 3 {
				t.Fatalf("%d files", n)
			}
			c.do(t, p)
			r := p.verify(t)
			if c.line < 0 {
				if !r.Sound() {
					t.Fatalf("%+v", r)
				}
				return
			}
			if r.Sound() || r.Faults[0].Line != c.line || !strings.Contains(r.Faults[0].What, c.what) {
				t.Fatalf("%+v; want line %d: %s", r.Faults, c.line, c.what)
			}
		})
	}
}

func remove(t *testing.T, p place, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(p.folder, name)); err != nil {
		t.Fatal(err)
	}
}

func mustKeys(key [32]byte) keys {
	k, err := deriveKeys(key)
	if err != nil {
		panic(err)
	}
	return k
}

func TestAnotherKeyFitsNothing(t *testing.T) {
	p := newPlace(t)
	p.write(t, 3, 0)
	r, err := Verify(t.Context(), p.folder, [32]byte{9}, p.remembered(t))
	if err != nil || len(r.Faults) < 3 {
		t.Fatal(r, err)
	}
	heads, err := NewHeadFile(p.head, [32]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := heads.Load(); !errors.Is(err, ErrBroken) {
		t.Fatal(err)
	}
	if err := Read(t.Context(), p.folder, [32]byte{9}, Span{}, func(Line) error { return nil }); !errors.Is(err, ErrBroken) {
		t.Fatal(err)
	}
}

// Only what the log itself wrote is taken; nothing that a stranger writes breaks the reader, even
// if its sum fits.
func FuzzDecode(f *testing.F) {
	k := mustKeys(key)
	line, _, err := k.encode(Entry{At: began, Kind: Disclosure, Reason: "a reason"}, Head{}) // without a subject, whose seal is never twice the same
	if err != nil {
		f.Fatal(err)
	}
	line = line[:len(line)-1]
	f.Add(line)
	f.Add(line[:len(line)-tailBytes])
	f.Add([]byte(`{"n":1,"subject":"AAAA"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := k.decode(data); err == nil && !bytes.Equal(data, line) {
			t.Fatalf("a forged line was taken: %+v", got)
		}
		summed := append(bytes.Clone(data), sumOpen+hex.EncodeToString(mac(k.chain, data))+sumClose...)
		if got, err := k.decode(summed); err == nil && len(got.Sum) != sumDigits {
			t.Fatalf("%+v", got)
		}
	})
}

func FuzzVerify(f *testing.F) {
	p := newPlace(f)
	p.write(f, 3, 0)
	f.Add(p.bytes(f, fileName(1)))
	f.Add([]byte("\n\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newPlace(t)
		if err := os.Mkdir(p.folder, 0o700); err != nil {
			t.Fatal(err)
		}
		p.put(t, fileName(1), data)
		if _, err := Verify(t.Context(), p.folder, key, nil); err != nil {
			t.Fatal(err)
		}
		l, _, err := Open(p.folder, Config{Key: key, Heads: p.heads(t)})
		if err != nil {
			return
		}
		if err := errors.Join(l.Append(t.Context(), Entry{Kind: Start}), l.Close()); err != nil {
			t.Fatal(err)
		}
	})
}
