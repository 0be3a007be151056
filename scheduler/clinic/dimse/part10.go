package dimse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxHead bounds the file meta information: a few hundred bytes are usual.
const maxHead = 64 << 10

// preamble is what stands before the magic word (PS3.10 section 7.1).
const preamble = 128

// FileObject reads the head of a Part 10 file; the file is opened again when the object is
// sent. Its errors do not name the file.
func FileObject(path string) (Object, error) {
	file, err := os.Open(path)
	if err != nil {
		return Object{}, fmt.Errorf("open an object's file: %w", withoutPath(err))
	}
	head, err := io.ReadAll(io.LimitReader(file, maxHead))
	about, problem := file.Stat()
	if err := errors.Join(err, problem, file.Close()); err != nil {
		return Object{}, fmt.Errorf("read an object's file: %w", withoutPath(err))
	}
	object, start, err := parseHead(head)
	if err != nil {
		return Object{}, err
	}
	if object.TransferSyntaxUID != deflatedExplicit && (about.Size()-start)%2 == 1 {
		return Object{}, errors.New("an object's file has a data set of odd length, so it is damaged: make it again")
	}
	object.Open = func() (io.ReadCloser, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, withoutPath(err)
		}
		if _, err := file.Seek(start, io.SeekStart); err != nil {
			return nil, errors.Join(withoutPath(err), file.Close())
		}
		return file, nil
	}
	return object, nil
}

// withoutPath drops the path: names of studies' files are not for logs.
func withoutPath(err error) error {
	var named *os.PathError
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

// parseHead reads group 0002, which is always Explicit VR Little Endian, and says where the
// data set starts.
func parseHead(head []byte) (object Object, start int64, err error) {
	bad := errors.New("an object's file is not DICOM Part 10, or lacks its class, instance or transfer syntax: make it again")
	if len(head) < preamble+4 || string(head[preamble:preamble+4]) != "DICM" {
		return Object{}, 0, bad
	}
	budget := maxElements
	r := &reader{rest: head[preamble+4:], explicit: true, budget: &budget}
	for len(r.rest) >= 2 && binary.LittleEndian.Uint16(r.rest) == 0x0002 {
		t, _, length, err := r.head()
		if err != nil {
			return Object{}, 0, bad
		}
		value, err := r.cut(length)
		if err != nil {
			return Object{}, 0, bad
		}
		switch t {
		case 0x00020002:
			object.SOPClassUID = trimUID(value)
		case 0x00020003:
			object.SOPInstanceUID = trimUID(value)
		case 0x00020010:
			object.TransferSyntaxUID = trimUID(value)
		}
	}
	if len(r.rest) == 0 || !validUID(object.SOPClassUID) || !validUID(object.SOPInstanceUID) || !validUID(object.TransferSyntaxUID) {
		return Object{}, 0, bad
	}
	return object, int64(len(head) - len(r.rest)), nil
}
