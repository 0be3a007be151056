package logbook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	// followEvery is how often a followed file is looked at: at once for a person, and no
	// burden for a machine.
	followEvery = 250 * time.Millisecond
	// perLine bounds what is read for a line of the end: lines of a log are shorter by far.
	perLine = 1 << 10
	// maxTail bounds the end in bytes.
	maxTail = 64 << 20
)

// Print writes the last lines of the log at path.
func Print(w io.Writer, path string, lines int) error {
	data, err := Tail(path, DefaultKeep, min(maxTail, int64(max(1, lines))*perLine))
	if err != nil {
		return err
	}
	_, err = w.Write(lastLines(data, lines))
	return err
}

// lastLines are the last lines of text.
func lastLines(data []byte, lines int) []byte {
	at := len(data)
	for n := 0; n <= lines && at >= 0; n++ {
		if n == lines {
			return data[at:]
		}
		at = bytes.LastIndexByte(data[:max(0, at-1)], '\n') + 1
		if at == 0 {
			return data
		}
	}
	return nil
}

// Follow writes what comes to the log at path until ctx ends, also when the file is parted.
// It begins at the end of the file.
func Follow(ctx context.Context, w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return pathless(err)
	}
	defer func() { _ = f.Close() }() // it was read only
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return pathless(err)
	}
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if _, err := io.Copy(w, f); err != nil {
			return err
		}
		next, err := successor(f, path)
		if err != nil {
			return err
		}
		if next == nil {
			continue
		}
		if _, err := io.Copy(w, f); err != nil { // what came before it was parted
			return err
		}
		_ = f.Close()
		f = next
	}
}

// successor is the file that stands in path now; nil where that is f, or nothing yet.
func successor(f *os.File, path string) (*os.File, error) {
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, pathless(err)
	}
	here, err := f.Stat()
	if err != nil {
		return nil, pathless(err)
	}
	if os.SameFile(here, there) {
		return nil, nil
	}
	next, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return next, pathless(err)
}
