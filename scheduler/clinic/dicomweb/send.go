package dicomweb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

// maxRequestBytes is where a store is divided into several requests: proxies before an
// archive take no endless ones. A single larger object goes alone.
const maxRequestBytes = 64 << 20

// Object is one Part 10 file to be sent. Open gives it from the beginning, as often as it is
// called; Bytes is its length.
type Object struct {
	Open  func() (io.ReadCloser, error)
	Bytes int64
	// Derived says that its SOP Instance UID was derived from what it shows, as the UIDs of our
	// results are: 122 bits of a hash over the task that made it (PS3.5 section B.2). Nobody else
	// comes upon such a UID, and another result has another one. So a server that refuses it as a
	// duplicate (0111) tells of an earlier sending, whose acknowledgement was lost: it counts as
	// stored. Of any other object a 0111 is a refusal, since a server may mean by it that it keeps
	// something else under that UID, as our own does.
	Derived bool
}

// FileObject is the Part 10 file at path.
func FileObject(path string) (Object, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Object{}, fmt.Errorf("send an object: %w", withoutPath(err))
	}
	return Object{Open: func() (io.ReadCloser, error) { return os.Open(path) }, Bytes: info.Size()}, nil
}

// Stored is what became of one object.
type Stored struct {
	Reference
	Warning uint16 // what the server changed or missed (B000, B006, B007), or 0111: it had the object already; 0: nothing
	Err     error  // nil: the server has it; a *RefusedError: it will not take it as it is
}

// RefusedError is a server's no to one object (PS3.18 table I.2-2).
type RefusedError struct{ Reason uint16 }

func (e *RefusedError) Error() string { return "the server refuses it: " + reasonWords(e.Reason) }

// Temporary says whether the same object may be taken later on.
func (e *RefusedError) Temporary() bool {
	return e.Reason&0xFF00 == reasonOutOfResources || e.Reason == reasonProcessingFailure
}

// ErrNotAcknowledged is of an object that the server's answer does not name: some take
// anything, keep nothing, and say 200.
var ErrNotAcknowledged = errors.New("the server's answer does not name the object: it may not have kept it")

// Store sends objects of one study (PS3.18 section 10.5), studyUID may be empty. It answers
// for each object, in their order, and with the first error that kept any of them from being
// stored; an object counts as stored only where the server's answer names it. To send again
// what was stored already changes nothing at a server that obeys the standard; one that refuses
// it as a duplicate is understood too, see Object.Derived.
func (c *Client) Store(ctx context.Context, studyUID string, objects []Object) ([]Stored, error) {
	stored := make([]Stored, len(objects))
	for first := 0; first < len(objects); {
		last, size := first+1, objects[first].Bytes
		for last < len(objects) && size+objects[last].Bytes <= maxRequestBytes {
			size += objects[last].Bytes
			last++
		}
		err := c.storeSome(ctx, studyUID, objects[first:last], stored[first:last])
		if err == nil && last-first > 1 {
			err = c.storeDisputed(ctx, studyUID, objects[first:last], stored[first:last])
		}
		if err != nil {
			for n := first; n < len(objects); n++ {
				if stored[n].Err == nil {
					stored[n].Err = err
				}
			}
			return stored, fmt.Errorf("store %d objects: %w", len(objects), err)
		}
		first = last
	}
	return stored, firstRefusal(stored)
}

// storeDisputed gives each object that was refused with the whole request, and not by name,
// a request of its own: some servers, Orthanc among them, refuse all for one that they cannot
// read.
func (c *Client) storeDisputed(ctx context.Context, studyUID string, objects []Object, stored []Stored) error {
	for n := range objects {
		if _, whole := errors.AsType[*StatusError](stored[n].Err); !whole {
			continue
		}
		if err := c.storeSome(ctx, studyUID, objects[n:n+1], stored[n:n+1]); err != nil {
			return err
		}
	}
	return nil
}

func firstRefusal(stored []Stored) error {
	var first error
	refused := 0
	for _, s := range stored {
		if s.Err != nil {
			refused++
			if first == nil {
				first = s.Err
			}
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("store %d objects: %d were not taken: %w", len(stored), refused, first)
}

// storeSome is one request. It fills in stored; an error means that nothing of it is known.
func (c *Client) storeSome(ctx context.Context, studyUID string, objects []Object, stored []Stored) error {
	for n, o := range objects {
		h, err := o.head()
		if err != nil {
			return fmt.Errorf("object %d: %w", n+1, err)
		}
		stored[n].Reference = h
	}
	place := c.Base.JoinPath("studies")
	if studyUID != "" {
		if !validUID(studyUID) {
			return errors.New("the study is named by something that is no UID")
		}
		place = place.JoinPath(studyUID)
	}
	body := newMultipartBody(objects)
	request, err := http.NewRequest(http.MethodPost, place.String(), nil)
	if err != nil {
		return withoutAddress(err)
	}
	request.ContentLength = body.length()
	request.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
	request.Body = body.reader()
	request.Header.Set("Content-Type", typeMultipart+`; type="`+typeDICOM+`"; boundary=`+body.boundary)
	request.Header.Set("Accept", typeJSON)
	answer, err := c.do(ctx, request, func(status int) bool {
		return status == http.StatusOK || status == http.StatusAccepted || status == http.StatusConflict || status == http.StatusBadRequest
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := readStored(answer)
	if err != nil {
		return err
	}
	for n := range stored {
		switch o, known := said[stored[n].Reference]; {
		case !known && answer.StatusCode >= http.StatusBadRequest:
			stored[n].Err = &StatusError{Status: answer.StatusCode}
		case !known:
			stored[n].Err = ErrNotAcknowledged
		case o.Failure == reasonConflict && objects[n].Derived:
			stored[n].Warning, stored[n].Err = reasonConflict, nil
		case o.Failure != 0:
			stored[n].Err = &RefusedError{o.Failure}
		default:
			stored[n].Warning, stored[n].Err = o.Warning, nil
		}
	}
	return nil
}

// readStored reads what an answer says of each object. That of a refusal may be in plain
// words: then it says nothing of any.
func readStored(answer *http.Response) (map[Reference]outcome, error) {
	sets, err := readSets(answer, 1)
	if err != nil && answer.StatusCode >= http.StatusBadRequest {
		return nil, nil
	}
	if err != nil || len(sets) == 0 {
		return nil, err
	}
	return readOutcomes(sets[0]), nil
}

func (o Object) head() (Reference, error) {
	f, err := o.Open()
	if err != nil {
		return Reference{}, withoutPath(err)
	}
	defer f.Close()
	h, _, err := peek(f, false)
	return h.Reference, err
}

// withoutPath drops the path of a file: it may name a patient.
func withoutPath(err error) error {
	if of, ok := errors.AsType[*os.PathError](err); ok {
		return of.Err
	}
	return err
}

// multipartBody is a request's body of whole files, of a length that is known beforehand.
type multipartBody struct {
	objects  []Object
	boundary string
}

func newMultipartBody(objects []Object) multipartBody {
	return multipartBody{objects, rand.Text()}
}

const partHead = "\r\nContent-Type: " + typeDICOM + "\r\n\r\n"

func (b multipartBody) opening(n int) string {
	if n == 0 {
		return "--" + b.boundary + partHead
	}
	return "\r\n--" + b.boundary + partHead
}

func (b multipartBody) closing() string { return "\r\n--" + b.boundary + "--\r\n" }

func (b multipartBody) length() int64 {
	sum := int64(len(b.closing()))
	for n, o := range b.objects {
		sum += int64(len(b.opening(n))) + o.Bytes
	}
	return sum
}

func (b multipartBody) reader() io.ReadCloser {
	body := &sentBody{}
	var pieces []io.Reader
	for n, o := range b.objects {
		file := &lazyFile{object: o, left: o.Bytes}
		body.files = append(body.files, file)
		pieces = append(pieces, strings.NewReader(b.opening(n)), file)
	}
	body.Reader = io.MultiReader(append(pieces, strings.NewReader(b.closing()))...)
	return body
}

// sentBody closes the file under way when a request ends before its body does.
type sentBody struct {
	io.Reader
	files []*lazyFile
}

func (b *sentBody) Close() error {
	for _, f := range b.files {
		f.close()
	}
	return nil
}

// lazyFile is open from its first byte to its last.
type lazyFile struct {
	object Object
	left   int64 // bytes that are still owed

	mu     sync.Mutex // guards what follows: a request is closed by another goroutine than reads it
	file   io.ReadCloser
	closed bool
}

func (l *lazyFile) Read(p []byte) (int, error) {
	file, err := l.open()
	if err != nil {
		return 0, err
	}
	if l.left == 0 {
		l.close()
		return 0, io.EOF
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := file.Read(p)
	if l.left -= int64(n); errors.Is(err, io.EOF) && l.left > 0 {
		return n, errors.New("the file became shorter while it was sent")
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, withoutPath(err)
}

func (l *lazyFile) open() (io.ReadCloser, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, os.ErrClosed
	}
	if l.file == nil {
		file, err := l.object.Open()
		if err != nil {
			return nil, withoutPath(err)
		}
		l.file = file
	}
	return l.file, nil
}

func (l *lazyFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed = true; l.file != nil {
		_ = l.file.Close() // it was only read
		l.file = nil
	}
}
