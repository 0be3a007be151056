package inbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// studyID names a study in the inbox's folder: an HMAC of its Study Instance UID.
type studyID [16]byte

// keyBytes of a studyID are its name for logs.
const keyBytes = 6

func (id studyID) key() string { return hex.EncodeToString(id[:keyBytes]) }

// seals are the keys that come of the inbox's secret.
type seals struct {
	names   []byte
	records cipher.AEAD
}

func newSeals(secret [SecretBytes]byte) (seals, error) {
	names, err := hkdf.Key(sha256.New, secret[:], nil, "medhive/inbox/names/1", SecretBytes)
	if err != nil {
		return seals{}, err
	}
	key, err := hkdf.Key(sha256.New, secret[:], nil, "medhive/inbox/records/1", SecretBytes)
	if err != nil {
		return seals{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return seals{}, err
	}
	records, err := cipher.NewGCMWithRandomNonce(block)
	return seals{names, records}, err
}

func (s seals) id(studyUID string) studyID {
	mac := hmac.New(sha256.New, s.names)
	mac.Write([]byte(studyUID))
	return studyID(mac.Sum(nil)[:len(studyID{})])
}

// record is one line of a revision's journal. One of its fields is set.
type record struct {
	Begin    *beginning `json:"begin,omitempty"` // the first
	Kept     *kept      `json:"kept,omitempty"`
	Void     int        `json:"void,omitempty"`     // the file of this number was not kept after all
	Conflict bool       `json:"conflict,omitempty"` // an instance came with other content
	Expected int        `json:"expected,omitempty"`
	Done     *Study     `json:"done,omitempty"` // the last
}

// beginning is what is known of a revision when it is made.
type beginning struct {
	StudyUID string    `json:"study"`
	Revision int       `json:"revision"`
	Origin   Origin    `json:"origin"`
	At       time.Time `json:"at"`
	Base     int       `json:"base,omitempty"` // instances of earlier revisions, whose records follow
}

// kept is an instance whose file is complete.
type kept struct {
	Number   int             `json:"n"` // of its file, from 1
	UID      string          `json:"uid"`
	Class    string          `json:"class"`
	Syntax   string          `json:"syntax"`
	Bytes    int64           `json:"bytes"`          // of the file
	Check    uint32          `json:"check"`          // CRC-32C of the file: whether a crash left all of it
	Likeness sum             `json:"like"`           // see head.likeness
	Skip     int             `json:"skip,omitempty"` // bytes of the file before the data set
	Series   string          `json:"series,omitempty"`
	Priority scheduler.Class `json:"priority,omitempty"`
	At       time.Time       `json:"at"`
	// Safe is the position of the first record that was not on disk for sure when this one
	// was written: those before it need not be looked at after a crash.
	Safe uint64 `json:"safe"`
	Late bool   `json:"late,omitempty"` // it came after an earlier revision was complete

	Facts *Facts  `json:"facts,omitempty"` // with the first instance
	About *Series `json:"about,omitempty"` // with the first of a series
}

// sum is a BLAKE3 hash; its text form is base64.
type sum [32]byte

// MarshalText implements encoding.TextMarshaler.
func (s sum) MarshalText() ([]byte, error) { return base64.StdEncoding.AppendEncode(nil, s[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *sum) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err == nil && len(raw) != len(s) {
		err = fmt.Errorf("a hash of %d bytes", len(raw))
	}
	copy(s[:], raw)
	return err
}

// maxRecordBytes bounds a record that is read: a Done of a study of some thousand series.
const maxRecordBytes = 16 << 20

// journal is the sealed list of what lies in a revision's folder. A record stands behind
// its length (4 bytes, little endian), bound to its study, revision and position, so that
// none can be taken from elsewhere or left out but at the end.
type journal struct {
	seals seals
	name  []byte // what all records are bound to
	file  diskFile

	// mu guards what follows.
	mu       sync.Mutex
	size     int64
	position uint64 // of the next record
	// broken is set when it is not known any more what of the file is on disk; nothing is
	// appended then.
	broken error
}

// errBroken ends in what to do.
var errBroken = errors.New("the record of a study can't be written any more; mend the disk and start the clinic again")

func journalName(id studyID, revision int) []byte {
	return binary.LittleEndian.AppendUint32(append([]byte(nil), id[:]...), uint32(revision))
}

func bound(name []byte, position uint64) []byte {
	return binary.LittleEndian.AppendUint64(append([]byte(nil), name...), position)
}

// append writes records, which are on disk after the next Sync, and returns the position of
// the first.
func (j *journal) append(records ...record) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return 0, j.broken
	}
	var b []byte
	for n, r := range records {
		plain, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		sealed := j.seals.records.Seal(nil, nil, plain, bound(j.name, j.position+uint64(n)))
		if len(sealed) > maxRecordBytes {
			return 0, ErrTooLarge
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(sealed)))
		b = append(b, sealed...)
	}
	if _, err := j.file.Write(b); err != nil {
		if cut := j.file.Truncate(j.size); cut != nil {
			j.broken = fmt.Errorf("%w: %w", errBroken, ofDisk(cut))
		}
		return 0, err
	}
	first := j.position
	j.size += int64(len(b))
	j.position += uint64(len(records))
	return first, nil
}

// next is the position that the next record has, or an earlier one.
func (j *journal) next() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.position
}

// sync brings on disk what was appended. After a failure the system may have forgotten what
// it could not write, so that a later success would say nothing.
func (j *journal) sync() error {
	err := j.file.Sync()
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.broken = errBroken
	}
	return err
}

// errTorn says that a journal breaks off inside its last record, as after a crash, or that
// its disk is bad; errHoles, that only the latter can be.
var (
	errTorn  = errors.New("the record breaks off")
	errHoles = errors.New("the record has holes")
)

// maxHole is how many records in a row may be damaged with others looked for behind them.
const maxHole = 64

// readJournal returns the records of a journal and the length of the file that they take.
// What follows them comes as errTorn. One that can't be read, with others behind it that
// can, is returned without content and comes as errHoles.
func readJournal(path string, s seals, name []byte) (records []record, size int64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, ofDisk(err)
	}
	whole, end := 0, 0 // records and bytes up to the last one that can be read
	for at := 0; len(data)-at >= 4; {
		length := int64(binary.LittleEndian.Uint32(data[at:]))
		if length > maxRecordBytes || length > int64(len(data)-at-4) {
			break
		}
		sealed := data[at+4 : at+4+int(length)]
		at += 4 + int(length)
		var r record
		plain, problem := s.records.Open(nil, nil, sealed, bound(name, uint64(len(records))))
		if problem == nil {
			problem = json.Unmarshal(plain, &r)
		}
		if problem != nil {
			r = record{}
		}
		records = append(records, r)
		if problem != nil && len(records)-whole > maxHole {
			break
		}
		if problem != nil {
			continue
		}
		if len(records) > whole+1 {
			err = errHoles
		}
		whole, end = len(records), at
	}
	if end < len(data) {
		err = errors.Join(err, errTorn)
	}
	return records[:whole], int64(end), err
}
