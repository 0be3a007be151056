package dicomweb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
)

// Bounds of a multipart body's own words.
const (
	maxBoundary    = 256 // characters; RFC 2046 allows 70, senders are forgiven more
	maxPartHeaders = 16
	maxPartWords   = 64 << 10 // bytes between two objects: the end of one part and the headers of the next
)

// bareType is a type parameter that many senders leave without the quotes that its slash
// needs (RFC 2045 section 5.1).
var bareType = regexp.MustCompile(`(?i)(;\s*type=)([^";\s]+)`)

// parseType is mime.ParseMediaType for the headers of DICOMweb as they are written.
func parseType(header string) (media string, parameters map[string]string, err error) {
	media, parameters, err = mime.ParseMediaType(header)
	if errors.Is(err, mime.ErrInvalidMediaParameter) {
		media, parameters, err = mime.ParseMediaType(bareType.ReplaceAllString(header, `$1"$2"`))
	}
	return media, parameters, err
}

// parts gives one object after the other, then io.EOF.
type parts interface {
	next() (mediaType string, data io.Reader, err error)
}

// manyParts are the parts of a multipart body (RFC 2387).
type manyParts struct {
	reader  *multipart.Reader
	seen    *tail
	closing []byte          // what ends the last part
	part    *multipart.Part // that was given last; nil: none yet
}

func newParts(r io.Reader, boundary string) *manyParts {
	seen := &tail{r: r}
	return &manyParts{reader: multipart.NewReader(seen, boundary), seen: seen, closing: []byte("--" + boundary + "--")}
}

// next is io.EOF only where the body was closed as it should: the library's reader says EOF
// too where one breaks off between two parts or within a part's headers.
func (m *manyParts) next() (string, io.Reader, error) {
	if m.part != nil {
		_ = m.part.Close() // passes over what nobody read; an error is the next one's too
	}
	m.seen.bounded, m.seen.words = true, maxPartWords
	part, err := m.reader.NextRawPart()
	m.seen.bounded, m.part = false, part
	switch {
	case errors.Is(err, io.EOF) && bytes.Contains(m.seen.last, m.closing):
		return "", nil, io.EOF
	case err != nil:
		return "", nil, fmt.Errorf("read the next part: %w", whole(err))
	case len(part.Header) > maxPartHeaders:
		return "", nil, errors.New("a part with too many headers")
	}
	return part.Header.Get("Content-Type"), part, nil
}

// tailBytes is more than the library's reader holds of a body at once: when it has found the
// end, the end is among them.
const tailBytes = 16 << 10

// errWords is read where the headers of a part do not end: the library would hold 10 MiB.
var errWords = fmt.Errorf("a part with headers of more than %d bytes", maxPartWords)

// tail is r, and remembers the last bytes that were read.
type tail struct {
	r       io.Reader
	last    []byte
	bounded bool // only words bytes more may be read
	words   int
}

func (t *tail) Read(p []byte) (int, error) {
	if t.bounded && t.words <= 0 {
		return 0, errWords
	}
	n, err := t.r.Read(p)
	t.words -= n
	t.last = append(t.last, p[:n]...)
	if over := len(t.last) - tailBytes; over > tailBytes {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return n, err
}

// onePart is a body that is one object.
type onePart struct {
	data io.Reader
	done bool
}

func (o *onePart) next() (string, io.Reader, error) {
	if o.done {
		return "", nil, io.EOF
	}
	o.done = true
	return typeDICOM, o.data, nil
}
