package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Tally is what a payload cost on the way.
type Tally struct {
	Received int64 // bytes of ciphertext read from all streams
	Twice    int64 // of them, bytes that an earlier stream had brought before its cut
	Streams  int   // 1 if nothing was cut
}

// OpenStream yields a stream of ciphertext that begins at a chunk's first byte. A stream
// with a Reset method, as libp2p's have, is reset when it is given up half way: its sender
// would hear nothing of a mere Close, and wait for room in a window that nobody reads.
type OpenStream func(ctx context.Context, first int) (io.ReadCloser, error)

// Fetch collects a whole payload on Go's heap: what the clinic may hold anyway. A
// node uses FetchInto.
func Fetch(ctx context.Context, o *Opener, maxCuts int, open OpenStream, progress func(done float64)) ([]byte, error) {
	plain := make([]byte, o.manifest.PlainBytes)
	if _, _, err := fetch(ctx, o, plain, maxCuts, open, progress); err != nil {
		clear(plain)
		return nil, err
	}
	return plain, nil
}

// FetchInto collects a whole payload in v, which must have the manifest's
// PlainBytes. After a cut open is called again for the first chunk that is missing,
// as long as every attempt but maxCuts brings at least one chunk. The tally is good
// also beside an error.
//
// A cut makes at most the chunk in work come twice. What the sender had written by then
// and nobody had read is lost with the connection and sent again, too: no more than the
// stream's window (of yamux, up to 16 MiB where the way is long) and the sockets' buffers.
func FetchInto(ctx context.Context, o *Opener, v *Vessel, maxCuts int, open OpenStream, progress func(done float64)) (Tally, error) {
	next, tally, err := fetch(ctx, o, v.mem, maxCuts, open, progress)
	v.used = max(v.used, min(len(v.mem), (next+1)*ChunkBytes)) // what Close wipes: the chunk in work, too
	return tally, err
}

// fetch fills plain and says which chunk it was at.
func fetch(ctx context.Context, o *Opener, plain []byte, maxCuts int, open OpenStream, progress func(done float64)) (next int, tally Tally, err error) {
	if int64(len(plain)) != o.manifest.PlainBytes {
		return 0, tally, fmt.Errorf("fetch payload of %d bytes into %d: %w", o.manifest.PlainBytes, len(plain), ErrManifest)
	}
	cuts, total := 0, len(o.manifest.Chunks)
	var reached int64 // bytes of ciphertext from the start that have come at least once
	for next < total {
		if err := ctx.Err(); err != nil {
			return next, tally, fmt.Errorf("fetch payload: %w", context.Cause(ctx))
		}
		stream, err := open(ctx, next)
		if err != nil {
			return next, tally, fmt.Errorf("fetch payload from chunk %d of %d: %w", next+1, total, err)
		}
		before, counted := next, &counting{r: stream}
		next, err = receive(ctx, counted, func() { giveUp(stream) }, o, next, func(n int) []byte {
			return plain[n*ChunkBytes : n*ChunkBytes]
		}, func(n int, _ []byte) error {
			progress(float64(n+1) / float64(total))
			return nil
		})
		if err == nil {
			_ = stream.Close() // everything has come
		} else {
			giveUp(stream)
		}
		from, to := o.manifest.Offset(before), o.manifest.Offset(before)+counted.bytes
		tally.Streams++
		tally.Received += counted.bytes
		tally.Twice += max(0, min(to, reached)-from)
		reached = max(reached, to)
		if err == nil {
			continue
		}
		if next == before {
			cuts++
		}
		if !errors.Is(err, ErrTruncated) || cuts > maxCuts {
			return next, tally, fmt.Errorf("fetch payload: %w", err)
		}
	}
	return next, tally, nil
}

// giveUp ends a stream before its end, so that both sides hear of it.
func giveUp(stream io.Closer) {
	if s, ok := stream.(interface{ Reset() error }); ok {
		_ = s.Reset() // it was ending anyway
		return
	}
	_ = stream.Close()
}

// counting counts what is read through it, by one reader.
type counting struct {
	r     io.Reader
	bytes int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.bytes += int64(n)
	return n, err
}
