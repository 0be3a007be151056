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
const pipelineDepth = 2

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
		// A whole chunk counts also beside io.EOF. A part never does: the rest of buf is an older chunk.
		if got, err := blob.ReadAt(chunk, m.Offset(n)); got < len(chunk) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("read chunk %d of %d: %d of its %d bytes are stored: %w; check the disk", n+1, len(m.Chunks), got, len(chunk), err)
		}
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("send chunk %d of %d: %w", n+1, len(m.Chunks), err)
		}
	}
	return nil
}

// Receive reads the chunks from first on and hands each, verified and decrypted,
// to take in order; the plaintext is take's only until it returns. Receive returns
// the first chunk that is still missing: a caller resumes there after ErrTruncated.
// Reading and decrypting overlap; abort must unblock a pending read (a stream's
// Reset) and is called when ctx ends or a chunk is refused.
func Receive(ctx context.Context, r io.Reader, abort func(), o *Opener, first int, take func(n int, plain []byte) error) (next int, err error) {
	plain := make([]byte, 0, min(o.manifest.PlainBytes, ChunkBytes))
	defer func() { clear(plain[:cap(plain)]) }()
	return receive(ctx, r, abort, o, first, func(int) []byte { return plain }, take)
}

// receive is Receive with a place for each chunk's plaintext: an empty slice with
// enough room behind it.
func receive(ctx context.Context, r io.Reader, abort func(), o *Opener, first int, place func(n int) []byte, take func(n int, plain []byte) error) (next int, err error) {
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
		for s := range filled {
			out, err := o.Open(place(s.n), s.n, s.data)
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
