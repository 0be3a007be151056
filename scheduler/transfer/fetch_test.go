package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// metered counts what a sender has handed out over all streams.
type metered struct {
	io.Reader
	sent *int64
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	*m.sent += int64(n)
	return n, err
}

func (metered) Close() error { return nil }

// cutAt opens streams of which the n-th ends after cuts[n] bytes.
func cutAt(m Manifest, sealed []byte, cuts []int64, sent *int64) OpenStream {
	streams := 0
	return func(_ context.Context, first int) (io.ReadCloser, error) {
		var rest io.Reader = bytes.NewReader(sealed[m.Offset(first):])
		if streams < len(cuts) {
			rest = io.LimitReader(rest, cuts[streams])
		}
		streams++
		return metered{rest, sent}, nil
	}
}

func vessel(t testing.TB, size int64) *Vessel {
	t.Helper()
	v, err := NewVessel(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func TestThreeCutsCostAtMostAChunkEach(t *testing.T) {
	plain := random(t, 9*ChunkBytes+4321)
	m, key, sealed := sealedPayload(t, plain)
	cuts := []int64{2*ChunkBytes + 500, ChunkBytes + ChunkBytes/2, 3*ChunkBytes - 7}
	var sent int64
	v := vessel(t, m.PlainBytes)
	tally, err := FetchInto(t.Context(), opener(t, m, Payload, task, key), v, 0, cutAt(m, sealed, cuts, &sent), func(float64) {})
	if err != nil || !bytes.Equal(v.Bytes(), plain) {
		t.Fatalf("the payload did not come: %v", err)
	}
	if tally.Streams != 4 || tally.Received != sent || tally.Received-tally.Twice != m.CipherBytes() {
		t.Errorf("%+v, the sender handed out %d bytes for %d of ciphertext", tally, sent, m.CipherBytes())
	}
	if limit := int64(len(cuts)) * (ChunkBytes + tagBytes); tally.Twice == 0 || tally.Twice >= limit {
		t.Errorf("%d bytes came twice; three cuts inside a chunk may cost 1 to %d", tally.Twice, limit-1)
	}
}

func TestAnyCutsCostAtMostAChunkEach(t *testing.T) {
	plain := random(t, 5*ChunkBytes+17)
	m, key, sealed := sealedPayload(t, plain)
	v := vessel(t, m.PlainBytes)
	rapid.Check(t, func(rt *rapid.T) {
		cuts := rapid.SliceOfN(rapid.Int64Range(0, 3*ChunkBytes), 0, 6).Draw(rt, "cuts")
		var sent int64
		tally, err := FetchInto(t.Context(), opener(t, m, Payload, task, key), v, len(cuts), cutAt(m, sealed, cuts, &sent), func(float64) {})
		if err != nil || !bytes.Equal(v.Bytes(), plain) {
			rt.Fatalf("the payload did not come: %v", err)
		}
		if tally.Received != sent || tally.Received-tally.Twice != m.CipherBytes() || tally.Twice > int64(len(cuts))*(ChunkBytes+tagBytes) {
			rt.Fatalf("%+v, the sender handed out %d bytes for %d of ciphertext", tally, sent, m.CipherBytes())
		}
	})
}

func TestFetchIntoAnotherSize(t *testing.T) {
	m, key, sealed := sealedPayload(t, random(t, 100))
	var sent int64
	tally, err := FetchInto(t.Context(), opener(t, m, Payload, task, key), vessel(t, 99), 0, cutAt(m, sealed, nil, &sent), func(float64) {})
	if !errors.Is(err, ErrManifest) || sent != 0 || tally != (Tally{}) {
		t.Errorf("%+v, %d bytes: %v", tally, sent, err)
	}
}

// TestABrokenFetchLeavesNothing closes a vessel whose fetch was refused half way.
func TestABrokenFetchLeavesNothing(t *testing.T) {
	plain := random(t, 4*ChunkBytes)
	m, key, sealed := sealedPayload(t, plain)
	sealed[m.Offset(2)] ^= 1
	var sent int64
	v := vessel(t, m.PlainBytes)
	if _, err := FetchInto(t.Context(), opener(t, m, Payload, task, key), v, 3, cutAt(m, sealed, nil, &sent), func(float64) {}); !errors.Is(err, ErrTampered) {
		t.Fatal(err)
	}
	if !bytes.Equal(v.mem[:2*ChunkBytes], plain[:2*ChunkBytes]) {
		t.Fatal("the good chunks are not there: nothing would be proved")
	}
	if given := closed(t, v); !bytes.Equal(given, make([]byte, len(given))) {
		t.Error("plaintext is left in the pages that are given back")
	}
}

// watched tells of every read how much has been read by then.
type watched struct {
	io.Reader
	total *atomic.Int64
	more  chan struct{} // holds a token after a read
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.total.Add(int64(n))
	select {
	case w.more <- struct{}{}:
	default:
	}
	return n, err
}

// TestASlowTakerBoundsTheReceiver holds the first chunk until the socket has been
// read ahead as far as it ever may, and looks at each later one that it goes no further.
func TestASlowTakerBoundsTheReceiver(t *testing.T) {
	const ahead = (pipelineDepth + 1) * (ChunkBytes + tagBytes)
	m, key, sealed := sealedPayload(t, random(t, 20*ChunkBytes))
	w := watched{bytes.NewReader(sealed), new(atomic.Int64), make(chan struct{}, 1)}
	_, err := Receive(t.Context(), w, func() {}, opener(t, m, Payload, task, key), 0, func(n int, _ []byte) error {
		for n == 0 && w.total.Load() < ahead {
			<-w.more
		}
		if got := w.total.Load() - m.Offset(n); got > ahead {
			t.Errorf("at chunk %d, %d bytes were read ahead; the limit is %d", n+1, got, ahead)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestASlowWriterBoundsTheSender looks at each write how far the disk has been read ahead.
func TestASlowWriterBoundsTheSender(t *testing.T) {
	m, _, sealed := sealedPayload(t, random(t, 5*ChunkBytes))
	var read, written int64
	disk := readerAt(func(p []byte, at int64) (int, error) {
		read = max(read, at+int64(len(p)))
		return bytes.NewReader(sealed).ReadAt(p, at)
	})
	w := writer(func(p []byte) (int, error) {
		if read-written > ChunkBytes+tagBytes {
			t.Errorf("%d bytes are read from the disk, %d are sent", read, written)
		}
		written += int64(len(p))
		return len(p), nil
	})
	if err := Send(w, disk, m, 0, func() error { return nil }); err != nil || written != m.CipherBytes() {
		t.Errorf("%d bytes sent: %v", written, err)
	}
}

type readerAt func(p []byte, at int64) (int, error)

func (f readerAt) ReadAt(p []byte, at int64) (int, error) { return f(p, at) }

type writer func(p []byte) (int, error)

func (f writer) Write(p []byte) (int, error) { return f(p) }

// ending notes how a stream was ended.
type ending struct {
	io.Reader
	closed, reset int
}

func (e *ending) Close() error { e.closed++; return nil }
func (e *ending) Reset() error { e.reset++; return nil }

func TestOnlyAWholeStreamIsClosed(t *testing.T) {
	m, key, sealed := sealedPayload(t, random(t, 2*ChunkBytes))
	tampered := bytes.Clone(sealed)
	tampered[m.Offset(1)] ^= 1
	for name, c := range map[string]struct {
		bytes []byte
		whole bool
	}{"whole": {sealed, true}, "cut": {sealed[:m.Offset(1)+9], false}, "tampered": {tampered, false}} {
		var first *ending
		_, err := Fetch(t.Context(), opener(t, m, Payload, task, key), 0, func(context.Context, int) (io.ReadCloser, error) {
			if first != nil {
				return nil, errors.New("gone")
			}
			first = &ending{Reader: bytes.NewReader(c.bytes)}
			return first, nil
		}, func(float64) {})
		if (err == nil) != c.whole || (first.closed > 0) != c.whole || (first.reset > 0) == c.whole {
			t.Errorf("%s: closed %d times, reset %d times: %v", name, first.closed, first.reset, err)
		}
	}
}

// TestAShortFileIsNotSent: what is missing on the disk is told, and no older bytes go out in its place.
func TestAShortFileIsNotSent(t *testing.T) {
	m, _, sealed := sealedPayload(t, random(t, 3*ChunkBytes))
	silent := readerAt(func(p []byte, _ int64) (int, error) { return len(p) - 1, nil })
	for name, c := range map[string]struct {
		disk io.ReaderAt
		sent int64
		text string
	}{
		"a chunk is missing": {bytes.NewReader(sealed[:m.Offset(2)]), m.Offset(2), "chunk 3 of 3: 0 of its"},
		"cut in a chunk":     {bytes.NewReader(sealed[:m.Offset(1)+7]), m.Offset(1), "chunk 2 of 3: 7 of its"},
		"short and silent":   {silent, 0, "chunk 1 of 3"},
	} {
		var out bytes.Buffer
		err := Send(&out, c.disk, m, 0, func() error { return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), c.text) || int64(out.Len()) != c.sent {
			t.Errorf("%s: %d bytes were sent, want %d: %v", name, out.Len(), c.sent, err)
		}
	}
	var out bytes.Buffer
	eager := readerAt(func(p []byte, at int64) (int, error) { return copy(p, sealed[at:]), io.EOF })
	if err := Send(&out, eager, m, 0, func() error { return nil }); err != nil || !bytes.Equal(out.Bytes(), sealed) {
		t.Errorf("a whole chunk beside the end of the file: %v", err)
	}
}
