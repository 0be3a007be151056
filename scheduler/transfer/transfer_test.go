package transfer

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

var task = models.DigestOf([]byte("task"))

// random is n bytes that no compression or repetition could hide.
func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// sealedPayload seals plain and returns everything about it.
func sealedPayload(t testing.TB, plain []byte) (Manifest, Key, []byte) {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	m, err := Seal(&sealed, plain, Payload, task, key)
	if err != nil {
		t.Fatal(err)
	}
	if int64(sealed.Len()) != m.CipherBytes() {
		t.Fatalf("%d bytes of ciphertext, manifest says %d", sealed.Len(), m.CipherBytes())
	}
	return m, key, sealed.Bytes()
}

func opener(t testing.TB, m Manifest, purpose Purpose, task models.Digest, key Key) *Opener {
	t.Helper()
	o, err := NewOpener(m, purpose, task, key)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// collect gathers everything from a reader.
func collect(r io.Reader, o *Opener) ([]byte, int, error) {
	var plain []byte
	next, err := Receive(context.Background(), r, func() {}, o, 0, func(_ int, part []byte) error {
		plain = append(plain, part...)
		return nil
	})
	return plain, next, err
}

func TestSealAndReceive(t *testing.T) {
	for _, size := range []int{0, 1, ChunkBytes - 1, ChunkBytes, ChunkBytes + 1, 7*ChunkBytes + 12345} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			plain := random(t, size)
			m, key, sealed := sealedPayload(t, plain)
			encoded, err := m.Encode()
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := DecodeManifest(encoded, int64(size))
			if err != nil {
				t.Fatal(err)
			}
			got, next, err := collect(bytes.NewReader(sealed), opener(t, decoded, Payload, task, key))
			if err != nil || !bytes.Equal(got, plain) || next != len(m.Chunks) {
				t.Errorf("%d of %d bytes came back, %d chunks: %v", len(got), len(plain), next, err)
			}
			if size >= 16 && bytes.Contains(sealed, plain[:16]) {
				t.Error("plaintext stands in the ciphertext")
			}
		})
	}
}

func TestReceiveRefuses(t *testing.T) {
	plain := random(t, 3*ChunkBytes)
	m, key, sealed := sealedPayload(t, plain)
	chunk := func(n int) []byte { return sealed[m.Offset(n) : m.Offset(n)+int64(m.Size(n))] }
	flipped := bytes.Clone(sealed)
	flipped[m.Offset(1)+77] ^= 1
	wrongKey := key
	wrongKey[0] ^= 1
	swapped := Manifest{Version: m.Version, PlainBytes: m.PlainBytes, Chunks: []models.Digest{m.Chunks[1], m.Chunks[0], m.Chunks[2]}}
	dropped := Manifest{Version: m.Version, PlainBytes: 2 * ChunkBytes, Chunks: m.Chunks[:2]}
	for name, c := range map[string]struct {
		data  []byte
		o     *Opener
		want  error
		taken int // chunks that were good before
	}{
		"one bit":                {flipped, opener(t, m, Payload, task, key), ErrTampered, 1},
		"truncated":              {sealed[:m.Offset(2)+5], opener(t, m, Payload, task, key), ErrTruncated, 2},
		"nothing":                {nil, opener(t, m, Payload, task, key), ErrTruncated, 0},
		"chunks swapped":         {bytes.Join([][]byte{chunk(1), chunk(0), chunk(2)}, nil), opener(t, m, Payload, task, key), ErrTampered, 0},
		"chunks swapped for all": {bytes.Join([][]byte{chunk(1), chunk(0), chunk(2)}, nil), opener(t, swapped, Payload, task, key), ErrWrongKey, 0},
		"end cut off for all":    {sealed[:m.Offset(2)], opener(t, dropped, Payload, task, key), ErrWrongKey, 1},
		"wrong key":              {sealed, opener(t, m, Payload, task, wrongKey), ErrWrongKey, 0},
		"another task":           {sealed, opener(t, m, Payload, models.Digest{1}, key), ErrWrongKey, 0},
		"payload as result":      {sealed, opener(t, m, Result, task, key), ErrWrongKey, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, next, err := collect(bytes.NewReader(c.data), c.o)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if next != c.taken || len(got) != c.taken*ChunkBytes {
				t.Errorf("%d chunks, %d bytes were taken, want %d chunks", next, len(got), c.taken)
			}
		})
	}
}

func TestReceiveEndsWhenTheSenderStalls(t *testing.T) {
	m, key, sealed := sealedPayload(t, random(t, 2*ChunkBytes))
	sealed[3] ^= 1 // the first chunk is refused while the reader waits for more
	r, w := io.Pipe()
	go func() { _, _ = w.Write(sealed[:m.Offset(1)]) }()
	_, err := Receive(t.Context(), r, func() { r.Close() }, opener(t, m, Payload, task, key), 0, func(int, []byte) error { return nil })
	if !errors.Is(err, ErrTampered) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _ = io.Pipe()
	if _, err := Receive(ctx, r, func() { r.Close() }, opener(t, m, Payload, task, key), 0, func(int, []byte) error { return nil }); err == nil {
		t.Error("an ended context did not end it")
	}
}

// cutting gives at most budget bytes, then the connection is lost.
type cutting struct {
	io.Reader
}

func (cutting) Close() error { return nil }

func TestFetchResumesWhereItWasCut(t *testing.T) {
	plain := random(t, 5*ChunkBytes+99)
	m, key, sealed := sealedPayload(t, plain)
	cuts := []int64{2*ChunkBytes + 500, ChunkBytes + 100, 10, 3*ChunkBytes + 48} // bytes until each cut; one brings nothing
	var starts []int
	got, err := Fetch(t.Context(), opener(t, m, Payload, task, key), 1, func(_ context.Context, first int) (io.ReadCloser, error) {
		starts = append(starts, first)
		rest := bytes.NewReader(sealed[m.Offset(first):])
		if n := len(starts) - 1; n < len(cuts) {
			return cutting{io.LimitReader(rest, cuts[n])}, nil
		}
		return cutting{rest}, nil
	}, func(float64) {})
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%d of %d bytes: %v", len(got), len(plain), err)
	}
	if fmt.Sprint(starts) != "[0 2 3 3]" && fmt.Sprint(starts) != "[0 2 3 3 6]" {
		t.Errorf("streams started at chunks %v", starts)
	}
}

func TestFetchGivesUp(t *testing.T) {
	m, key, sealed := sealedPayload(t, random(t, 2*ChunkBytes))
	tries := 0
	_, err := Fetch(t.Context(), opener(t, m, Payload, task, key), 3, func(context.Context, int) (io.ReadCloser, error) {
		tries++
		return cutting{bytes.NewReader(nil)}, nil
	}, func(float64) {})
	if !errors.Is(err, ErrTruncated) || tries != 4 {
		t.Errorf("%d tries: %v", tries, err)
	}
	sealed[0] ^= 1
	tries = 0
	_, err = Fetch(t.Context(), opener(t, m, Payload, task, key), 3, func(context.Context, int) (io.ReadCloser, error) {
		tries++
		return cutting{bytes.NewReader(sealed)}, nil
	}, func(float64) {})
	if !errors.Is(err, ErrTampered) || tries != 1 {
		t.Errorf("a tampered chunk was asked for %d times: %v", tries, err)
	}
}

func TestSendStopsWhenTheLeaseIsGone(t *testing.T) {
	m, _, sealed := sealedPayload(t, random(t, 4*ChunkBytes))
	gone, asked := errors.New("gone"), 0
	var sent bytes.Buffer
	err := Send(&sent, bytes.NewReader(sealed), m, 1, func() error {
		if asked++; asked > 2 {
			return gone
		}
		return nil
	})
	if !errors.Is(err, gone) || !bytes.Equal(sent.Bytes(), sealed[m.Offset(1):m.Offset(3)]) {
		t.Errorf("%d bytes sent: %v", sent.Len(), err)
	}
	for _, first := range []int{-1, 4, 1 << 30} {
		if err := Send(&sent, bytes.NewReader(sealed), m, first, func() error { return nil }); !errors.Is(err, ErrManifest) {
			t.Errorf("from chunk %d: %v", first, err)
		}
	}
}

func TestWrappedKeyIsForOneAward(t *testing.T) {
	node, err := NewRecipient()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewRecipient()
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	b := Binding{Task: task, Fence: 3, Node: common.HexToAddress("0x01")}
	wrapped, err := Wrap(key, node.Public(), b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := node.Unwrap(wrapped, b); err != nil || got != key {
		t.Fatal("the key did not come back:", err)
	}
	for name, unwrap := range map[string]func() (Key, error){
		"another node's key": func() (Key, error) { return other.Unwrap(wrapped, b) },
		"another fence":      func() (Key, error) { return node.Unwrap(wrapped, Binding{task, 4, b.Node}) },
		"another task":       func() (Key, error) { return node.Unwrap(wrapped, Binding{models.Digest{}, 3, b.Node}) },
		"another node":       func() (Key, error) { return node.Unwrap(wrapped, Binding{task, 3, common.Address{}}) },
		"cut short":          func() (Key, error) { return node.Unwrap(wrapped[:40], b) },
		"nothing":            func() (Key, error) { return node.Unwrap(nil, b) },
	} {
		if _, err := unwrap(); !errors.Is(err, ErrWrongKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Wrap(key, []byte("short"), b); err == nil {
		t.Error("a key was wrapped to noise")
	}
}

func TestResultKeyIsSharedByTwo(t *testing.T) {
	clinic, err := NewRecipient()
	if err != nil {
		t.Fatal(err)
	}
	b := Binding{Task: task, Fence: 3, Node: common.HexToAddress("0x01")}
	encapsulation, key, err := ResultKey(clinic.Public(), b)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := clinic.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	restarted, err := LoadRecipient(stored)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := restarted.ResultKey(encapsulation, b); err != nil || got != key {
		t.Errorf("the two sides derive different keys: %v", err)
	}
	if got, err := restarted.ResultKey(encapsulation, Binding{task, 4, b.Node}); err == nil && got == key {
		t.Error("another fence derives the same key")
	}
	if _, err := restarted.ResultKey(encapsulation[1:], b); !errors.Is(err, ErrWrongKey) {
		t.Errorf("short encapsulation: %v", err)
	}
}

func TestManifestRefuses(t *testing.T) {
	m, _, _ := sealedPayload(t, random(t, 2*ChunkBytes))
	good, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeManifest(good, 2*ChunkBytes-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	for name, bad := range map[string]Manifest{
		"a chunk less":  {m.Version, m.PlainBytes, m.Chunks[:1]},
		"a chunk more":  {m.Version, m.PlainBytes, append(m.Chunks, m.Chunks[0])},
		"no chunk":      {m.Version, 0, nil},
		"negative size": {m.Version, -1, m.Chunks},
	} {
		data, err := bad.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeManifest(data, -1); !errors.Is(err, ErrManifest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := DecodeManifest(make([]byte, MaxManifestBytes+1), -1); !errors.Is(err, ErrManifest) {
		t.Errorf("oversized: %v", err)
	}
	if CID(good)[:4] != "bafk" {
		t.Errorf("address %s", CID(good))
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	failed := errors.New("half way")
	if err := f.Put(ctx, "a.payload", func(w io.Writer) error { _, _ = w.Write([]byte("half")); return failed }); !errors.Is(err, failed) {
		t.Errorf("put: %v", err)
	}
	if _, err := f.Open(ctx, "a.payload"); !errors.Is(err, ErrNoBlob) {
		t.Errorf("half a blob is there: %v", err)
	}
	if err := f.Put(ctx, "a.payload", func(w io.Writer) error { _, err := w.Write([]byte("whole")); return err }); err != nil {
		t.Fatal(err)
	}
	blob, err := f.Open(ctx, "a.payload")
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	part := make([]byte, 3)
	if _, err := blob.ReadAt(part, 2); err != nil || string(part) != "ole" {
		t.Errorf("%q, %v", part, err)
	}
	for range 2 {
		if err := f.Delete(ctx, "a.payload"); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "../x", ".partial", "A", "a/b"} {
		if err := f.Delete(ctx, name); err == nil {
			t.Errorf("name %q was taken", name)
		}
	}
}

func TestAnyPayloadComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "plain")
		m, key, sealed := sealedPayload(t, plain)
		if at := rapid.IntRange(-1, len(sealed)-1).Draw(rt, "flip"); at >= 0 {
			sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			if _, _, err := collect(bytes.NewReader(sealed), opener(t, m, Payload, task, key)); !errors.Is(err, ErrTampered) {
				rt.Fatalf("byte %d flipped: %v", at, err)
			}
			return
		}
		if got, _, err := collect(bytes.NewReader(sealed), opener(t, m, Payload, task, key)); err != nil || !bytes.Equal(got, plain) {
			rt.Fatal(err)
		}
	})
}

func FuzzDecodeManifest(f *testing.F) {
	m, _, _ := sealedPayload(f, make([]byte, 100))
	good, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := DecodeManifest(data, -1)
		if err != nil {
			return
		}
		var total int64
		for n := range m.Chunks {
			if size := m.Size(n); size < tagBytes || size > ChunkBytes+tagBytes {
				t.Fatalf("chunk %d has %d bytes", n, size)
			}
			total += int64(m.Size(n))
		}
		if total != m.CipherBytes() {
			t.Fatalf("chunks have %d bytes, whole %d", total, m.CipherBytes())
		}
	})
}
