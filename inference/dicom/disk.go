package dicom

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// OpenFiles is LoadFiles for a study that is to be read where it lies: of each file in
// a folder only the head is taken into memory, and its uncompressed pixels are read
// when Image, Frame or Native ask for them. A file that changes meanwhile is refused
// then. A zip or a single file is loaded.
func OpenFiles(path string, lim Limits) ([]File, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return LoadFiles(path, lim)
	}
	return loadFolder(path, lim.OrDefault(), takeHead)
}

// headBytes hold the attributes of most instances, the private ones of some vendors
// included; a longer header makes parse read the whole file.
const headBytes = 32 << 10

// diskFile is an instance that was left on disk.
type diskFile struct {
	path     string // never shown: it may name a patient
	size     int64
	modified time.Time
	head     []byte // the first bytes, at most headBytes
}

// takeHead is a taker for files of a folder.
func takeHead(head []byte, body io.Reader, _ int64) (File, error) {
	file, ok := body.(*os.File)
	if !ok {
		return File{}, errors.New("open study: not a file on disk")
	}
	info, err := file.Stat()
	if err != nil {
		return File{}, withoutPath(err)
	}
	d := &diskFile{path: file.Name(), size: info.Size(), modified: info.ModTime()}
	d.head = make([]byte, max(min(d.size, headBytes), int64(len(head))))
	copy(d.head, head)
	if _, err := io.ReadFull(file, d.head[len(head):]); err != nil {
		return File{}, withoutPath(err)
	}
	return File{disk: d}, nil
}

var errChanged = &Refusal{What: "file changed while it was read", Do: "wait until the export is complete and start again"}

// readAt fills buffer from the file, which must be what it was.
func (d *diskFile) readAt(buffer []byte, offset int64) *Refusal {
	file, err := os.Open(d.path)
	if err != nil {
		return &Refusal{What: "file cannot be opened again", Do: "check that the study still lies where it was", Err: withoutPath(err)}
	}
	defer file.Close() // only read from: nothing is lost by a failed close
	info, err := file.Stat()
	if err == nil && (info.Size() != d.size || !info.ModTime().Equal(d.modified)) {
		return errChanged
	}
	if err == nil {
		_, err = file.ReadAt(buffer, offset)
	}
	switch {
	case errors.Is(err, io.EOF):
		return errChanged
	case err != nil:
		return &Refusal{What: "file cannot be read", Do: "check the disk or the share that it lies on", Err: withoutPath(err)}
	}
	return nil
}

// parse reads the attributes from the head alone where it holds all of them and
// native pixels are all that follows; else from the whole file.
func (d *diskFile) parse(lim Limits, unpacked *atomic.Int64) (*Object, error) {
	if int64(len(d.head)) < d.size {
		if object, err := parseBytes(d.head, d, lim, new(atomic.Int64)); err == nil && object.onDisk != nil {
			return object, nil
		}
	}
	data := d.head
	if int64(len(data)) < d.size {
		if d.size > lim.MaxFileBytes {
			return nil, tooLarge(lim)
		}
		data = make([]byte, d.size)
		if refusal := d.readAt(data, 0); refusal != nil {
			return nil, refusal
		}
	}
	return parseBytes(data, nil, lim, unpacked)
}

// onlyPixelsRemain says whether the next element is uncompressed Pixel Data that ends
// with the file, and moves behind its header if so.
func (p *parser) onlyPixelsRemain() bool {
	b := p.data[p.at:]
	if p.encapsulated || p.inflated || p.big || len(b) < 12 || b[0] != 0xE0 || b[1] != 0x7F || b[2] != 0x10 || b[3] != 0 {
		return false
	}
	at, length := p.at+8, binary.LittleEndian.Uint32(b[4:])
	if !p.implicit {
		if vr := string(b[4:6]); vr != "OW" && vr != "OB" {
			return false
		}
		at, length = p.at+12, binary.LittleEndian.Uint32(b[8:])
	}
	if length == undefinedLength || int64(at)+int64(length) != p.disk.size {
		return false
	}
	p.at = at
	return true
}

// Content is the instance's bytes: those of a file that was left on disk are read now.
// The error is a *Refusal.
func (f File) Content() ([]byte, error) {
	if f.disk == nil {
		return f.Data, nil
	}
	data := make([]byte, f.disk.size)
	if refusal := f.disk.readAt(data, 0); refusal != nil {
		return nil, refusal
	}
	return data, nil
}

// section is a part of a file on disk.
type section struct {
	file   *diskFile
	offset int64
	length int
}

// read gives the bytes from–to of the section, in the buffer.
func (s *section) read(from, to int64, buffer *[]byte) ([]byte, *Refusal) {
	if int64(cap(*buffer)) < to-from {
		*buffer = make([]byte, to-from)
	}
	raw := (*buffer)[:to-from]
	return raw, s.file.readAt(raw, s.offset+from)
}
