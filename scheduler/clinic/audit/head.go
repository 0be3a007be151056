package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A head file has two slots, written in turn, so that a crash while one is written leaves
// the other. A slot is the sequence (8 bytes, big endian), the sum and a keyed hash of both.
const (
	slotBytes  = 8 + sha256.Size + sha256.Size
	slotStride = 4096 // each in a block of its own
	slots      = 2
)

// HeadFile remembers a head in a small file, which must lie on another disk, or at least in
// another folder, than the log: who can cut the log should not be able to put both back.
type HeadFile struct {
	path string
	key  []byte
}

// NewHeadFile remembers the head at path, bound to the log's key. It touches no file yet.
func NewHeadFile(path string, key [32]byte) (HeadFile, error) {
	k, err := deriveKeys(key)
	return HeadFile{path, k.head}, err
}

// Load reads the newer of both slots; no file is no head.
func (f HeadFile) Load() (head Head, known bool, err error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, false, nil
	}
	if err != nil {
		return Head{}, false, fmt.Errorf("read the remembered end of the audit log: %w", pathless(err))
	}
	defer file.Close() // only read
	head, newest, empty, err := f.read(file)
	if err != nil {
		return head, false, fmt.Errorf("read the remembered end of the audit log: %w", pathless(err))
	}
	if newest < 0 && !empty {
		return head, false, fmt.Errorf("read the remembered end of the audit log: %w; put the file back from your backup, or remove it, which the log will say", ErrBroken)
	}
	return head, newest >= 0, nil
}

// read finds the newer of both heads and the slot in which it stands, -1 where none is whole.
// empty: nothing was ever written.
func (f HeadFile) read(file io.ReaderAt) (head Head, newest int64, empty bool, err error) {
	newest, empty = -1, true
	for i := range int64(slots) {
		var slot [slotBytes]byte
		if _, err := file.ReadAt(slot[:], i*slotStride); err != nil && !errors.Is(err, io.EOF) {
			return head, newest, false, err
		}
		empty = empty && slot == [slotBytes]byte{}
		body, sum := slot[:slotBytes-sha256.Size], slot[slotBytes-sha256.Size:]
		sequence := binary.BigEndian.Uint64(body)
		if hmac.Equal(sum, mac(f.key, body)) && (newest < 0 || sequence > head.Sequence) {
			head, newest = Head{Sequence: sequence}, i
			if sequence > 0 {
				head.Sum = hex.EncodeToString(body[8:])
			}
		}
	}
	return head, newest, empty, nil
}

// Save writes the head over the older slot.
func (f HeadFile) Save(head Head) error {
	sum, err := hex.DecodeString(head.sum())
	if err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("remember the end of the audit log: its sum has %d digits", len(head.Sum))
	}
	body := append(binary.BigEndian.AppendUint64(nil, head.Sequence), sum...)
	slot := append(body, mac(f.key, body)...)
	file, err := os.OpenFile(f.path, os.O_RDWR, 0)
	made := errors.Is(err, fs.ErrNotExist)
	if made {
		file, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if err == nil {
		var newest int64
		if _, newest, _, err = f.read(file); err == nil {
			_, err = file.WriteAt(slot, (newest+1)%slots*slotStride)
		}
		err = errors.Join(err, file.Sync(), file.Close())
	}
	if err == nil && made {
		err = syncFolder(filepath.Dir(f.path))
	}
	if err != nil {
		return fmt.Errorf("remember the end of the audit log: %w", pathless(err))
	}
	return nil
}

// pathless is an error of a file without the file's path.
func pathless(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return fmt.Errorf("%s: %w", at.Op, at.Err)
	}
	return err
}

// syncFolder makes new names in a folder durable.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
