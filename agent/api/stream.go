package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// maxRequest bounds a body: a request names a study, it does not hold one.
	maxRequest = 64 << 10
	// maxLine bounds one line of a stream: a report with its boxes and files.
	maxLine = 4 << 20
	// lineTimeout is how long a line may take to reach its reader, who is a process of
	// this machine: one that has stopped reading is let go.
	lineTimeout = 10 * time.Second
)

// Lines is a handler that sends one JSON value a line until tell returns or the reader
// goes away, which ends the request's context. An error of tell becomes the last line,
// {"error": …}; no other line may have that key.
func Lines(tell func(r *http.Request, send func(line any) error) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// The request is here; a stream may last for hours.
		if err := control.SetReadDeadline(time.Time{}); err != nil {
			http.Error(w, "this door can't stream", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		lines := json.NewEncoder(w)
		send := func(line any) error {
			if err := control.SetWriteDeadline(time.Now().Add(lineTimeout)); err != nil {
				return err
			}
			if err := lines.Encode(line); err != nil {
				return err
			}
			return control.Flush()
		}
		// Without a body the answer begins at once, so that the reader knows it is heard. A
		// body could not be read any more once it has begun.
		if r.ContentLength == 0 && control.Flush() != nil {
			return
		}
		if err := tell(r, send); err != nil && r.Context().Err() == nil {
			_ = send(fault{err.Error()}) // the reader has gone; nothing is left to tell it
		}
	})
}

// Decode reads a request's JSON body into out, which it bounds.
func Decode(r *http.Request, out any) error {
	body := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxRequest))
	body.DisallowUnknownFields()
	if err := body.Decode(out); err != nil {
		return fmt.Errorf("read the request: %w; is the role that runs of another version than this command?", err)
	}
	return nil
}

// Send asks with in as the JSON body, nil for none, and decodes the answer into out.
func Send(ctx context.Context, stateDir, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, done, err := ask(ctx, stateDir, method, path, in)
	if err != nil {
		return err
	}
	defer done()
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("local api: decode answer: %w", err)
	}
	return nil
}

// Follow asks for a stream, with in as the JSON body, and hands each line to each until
// the stream ends, ctx does, or each returns an error. The role's own error is returned in
// its words.
func Follow(ctx context.Context, stateDir, method, path string, in any, each func(line []byte) error) error {
	answer, done, err := ask(ctx, stateDir, method, path, in)
	if err != nil {
		return err
	}
	defer done()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var said fault
		if json.Unmarshal(lines.Bytes(), &said) == nil && said.Error != "" {
			return errors.New(said.Error)
		}
		if err := each(lines.Bytes()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("local api: the stream broke off: %w", err)
	}
	return nil
}
