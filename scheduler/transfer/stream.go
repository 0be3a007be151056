package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// pipelineDepth is how many sealed chunks may wait between the socket and the
// cipher: with the plaintext's own size it bounds the memory of a transfer.
const pipelineDepth = 4

// Send writes the chunks from first on, raw and in order. allowed is asked before
// each chunk, so a lost lease stops the flow within one.
func Send(w io.Writer, blob io.ReaderAt, m Manifest, first int, allowed func() error) error {
	if first < 0 || first >= len(m.Chunks) {
		return fmt.Errorf("send from chunk %d of %d: %w", first+1, len(m.Chunks), ErrManifest)
	}
	buf := make([]byte, ChunkBytes+tagBytes)
	for n := first; n < len(m.Chunks); n++ {
		if err := allowed(); err != nil {
			return err
		}
		chunk := buf[:m.Size(n)]
		if _, err := blob.ReadAt(chunk, m.Offset(n)); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read chunk %d of %d: %w", n+1, len(m.Chunks), err)
		}
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("send chunk %d of %d: %w", n+1, len(m.Chunks), err)
		}
	}
	return nil
}

// Receive reads the chunks from first on and hands each, verified and decrypted,
// to take in order. It returns the first chunk that is still missing: a caller
// resumes there after ErrTruncated. Reading and decrypting overlap; abort must
// unblock a pending read (a stream's Reset) and is called when ctx ends or a chunk
// is refused.
func Receive(ctx context.Context, r io.Reader, abort func(), o *Opener, first int, take func(n int, plain []byte) error) (next int, err error) {
	type sealed struct {
		n    int
		data []byte
	}
	next = first
	filled := make(chan sealed, pipelineDepth)
	empty := make(chan []byte, pipelineDepth+1)
	for range cap(empty) {
		empty <- nil // allocated when first used: a small payload stays small
	}
	defer context.AfterFunc(ctx, abort)()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(filled)
		for n := first; n < len(o.manifest.Chunks); n++ {
			var buf []byte
			select {
			case buf = <-empty:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if size := o.manifest.Size(n); cap(buf) < size {
				buf = make([]byte, size)
			} else {
				buf = buf[:size]
			}
			if _, err := io.ReadFull(r, buf); err != nil {
				return fmt.Errorf("chunk %d of %d: %w: %w", n+1, len(o.manifest.Chunks), ErrTruncated, err)
			}
			select {
			case filled <- sealed{n, buf}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	g.Go(func() error {
		plain := make([]byte, 0, min(o.manifest.PlainBytes, ChunkBytes))
		for s := range filled {
			out, err := o.Open(plain[:0], s.n, s.data)
			if err == nil {
				err = take(s.n, out)
			}
			if err != nil {
				abort()
				return err
			}
			next = s.n + 1
			empty <- s.data
		}
		return nil
	})
	err = g.Wait()
	return next, err
}

// Fetch collects a whole payload in memory. open yields a stream positioned at a
// chunk; after a cut it is called again for the first chunk that is missing, as
// long as every attempt but maxCuts brings at least one chunk.
func Fetch(ctx context.Context, o *Opener, maxCuts int, open func(ctx context.Context, first int) (io.ReadCloser, error), progress func(done float64)) ([]byte, error) {
	plain := make([]byte, 0, o.manifest.PlainBytes)
	next, cuts, total := 0, 0, len(o.manifest.Chunks)
	for next < total {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("fetch payload: %w", context.Cause(ctx))
		}
		stream, err := open(ctx, next)
		if err != nil {
			return nil, fmt.Errorf("fetch payload from chunk %d of %d: %w", next+1, total, err)
		}
		before := next
		next, err = Receive(ctx, stream, func() { _ = stream.Close() }, o, next, func(n int, part []byte) error {
			plain = append(plain, part...)
			progress(float64(n+1) / float64(total))
			return nil
		})
		closeErr := stream.Close()
		if err == nil {
			continue
		}
		if next == before {
			cuts++
		}
		if !errors.Is(err, ErrTruncated) || cuts > maxCuts {
			return nil, fmt.Errorf("fetch payload: %w", errors.Join(err, closeErr))
		}
	}
	return plain, nil
}
