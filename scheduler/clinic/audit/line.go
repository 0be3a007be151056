package audit

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// maxLineBytes bounds one line: thirteen texts of MaxText that JSON has escaped, and a subject.
const maxLineBytes = 32 << 10

// A line is a JSON object whose last member is the keyed hash of all bytes before it:
//
//	sum = HMAC-SHA256(key, bytes of the line up to `,"sum":"`)
//
// Those bytes hold the number of the line and the sum of the line before, so that no line
// can be changed, left out, added or moved without the key.
const (
	sumOpen   = `,"sum":"`
	sumClose  = `"}`
	sumDigits = sha256.Size * 2
	tailBytes = len(sumOpen) + sumDigits + len(sumClose)
)

// Labels of what is derived from the log's key.
const (
	chainLabel = "medhive/audit/chain/1"
	sealLabel  = "medhive/audit/subject/1"
	headLabel  = "medhive/audit/head/1"
)

// zeroSum stands before the first line of a log.
var zeroSum = strings.Repeat("0", sumDigits)

// Line is one line of a log.
type Line struct {
	Sequence uint64 // from 1
	Entry           // Subject is opened, where there is one
	Previous string // sum of the line before, hex
	Sum      string

	File   string // name of its file
	Number int    // in that file, from 1
}

// written is a line as JSON, without its sum.
type written struct {
	Sequence uint64 `json:"n"`
	Entry
	Subject  []byte `json:"subject,omitempty"` // nonce and ciphertext
	Previous string `json:"prev"`
}

// keys are derived from the log's key.
type keys struct {
	chain []byte
	head  []byte
	seal  cipher.AEAD
}

func deriveKeys(key [32]byte) (keys, error) {
	derive := func(label string) ([]byte, error) { return hkdf.Key(sha256.New, key[:], nil, label, sha256.Size) }
	var k keys
	var err, err2, err3, err4 error
	k.chain, err = derive(chainLabel)
	k.head, err2 = derive(headLabel)
	seal, err3 := derive(sealLabel)
	if err = errors.Join(err, err2, err3); err != nil {
		return k, fmt.Errorf("derive the keys of the audit log: %w", err)
	}
	block, err := aes.NewCipher(seal)
	if err == nil {
		k.seal, err4 = cipher.NewGCMWithRandomNonce(block)
	}
	if err = errors.Join(err, err4); err != nil {
		return k, fmt.Errorf("derive the keys of the audit log: %w", err)
	}
	return k, nil
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// encode writes an entry as the line after head, with its line end.
func (k keys) encode(e Entry, head Head) (line []byte, next Head, err error) {
	w := written{Sequence: head.Sequence + 1, Entry: e.bounded(), Previous: head.sum()}
	if e.Subject != nil {
		plain, err := json.Marshal(Subject{PatientID: bound(e.Subject.PatientID), StudyUID: bound(e.Subject.StudyUID), Accession: bound(e.Subject.Accession)})
		if err != nil {
			return nil, head, err
		}
		w.Subject = k.seal.Seal(nil, nil, plain, sealName(w.Sequence, w.Previous))
	}
	body, err := json.Marshal(w)
	if err != nil {
		return nil, head, err
	}
	body = body[:len(body)-1] // the object goes on
	sum := hex.EncodeToString(mac(k.chain, body))
	line = append(append(append(body, sumOpen...), sum...), sumClose+"\n"...)
	if len(line) > maxLineBytes {
		return nil, head, fmt.Errorf("a line of %d bytes: at most %d are taken", len(line), maxLineBytes)
	}
	return line, Head{Sequence: w.Sequence, Sum: sum}, nil
}

// sum is the head's, or what stands before the first line.
func (h Head) sum() string {
	if h.Sum == "" {
		return zeroSum
	}
	return h.Sum
}

// sealName binds a sealed subject to its place in the chain.
func sealName(sequence uint64, previous string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, sequence), previous...)
}

// errTorn is the text of a line that was not finished or is none.
var errTorn = errors.New("it is no whole line")

// decode reads one line without its line end and holds it against its own sum.
func (k keys) decode(text []byte) (Line, error) {
	var line Line
	if len(text) < tailBytes || len(text) > maxLineBytes || !bytes.HasSuffix(text, []byte(sumClose)) {
		return line, errTorn
	}
	body, tail := text[:len(text)-tailBytes], text[len(text)-tailBytes:]
	if !bytes.HasPrefix(tail, []byte(sumOpen)) {
		return line, errTorn
	}
	line.Sum = string(tail[len(sumOpen) : len(sumOpen)+sumDigits])
	sum, err := hex.DecodeString(line.Sum)
	if err != nil || hex.EncodeToString(sum) != line.Sum { // one sum has one form
		return line, errTorn
	}
	var w written
	if err := json.Unmarshal(append(bytes.Clone(body), '}'), &w); err != nil {
		return line, errTorn
	}
	line.Sequence, line.Entry, line.Previous = w.Sequence, w.Entry, w.Previous
	if !hmac.Equal(sum, mac(k.chain, body)) {
		return line, errors.New("its sum does not fit: the line was changed, or the key is another's")
	}
	if len(w.Subject) > 0 {
		plain, err := k.seal.Open(nil, nil, w.Subject, sealName(w.Sequence, w.Previous))
		if err != nil {
			return line, errors.New("its subject was sealed with another key")
		}
		line.Subject = new(Subject)
		if err := json.Unmarshal(plain, line.Subject); err != nil {
			return line, errTorn
		}
	}
	return line, nil
}

// check refuses what no entry may be.
func (e Entry) check() error {
	if !kinds[e.Kind] {
		return fmt.Errorf("write to the audit log: kind %.40q is not known", e.Kind)
	}
	switch e.Outcome {
	case Success, Minor, Serious:
		return nil
	}
	return fmt.Errorf("write to the audit log: outcome %.40q is not known", e.Outcome)
}

// bounded is the entry with its texts as a line keeps them.
func (e Entry) bounded() Entry {
	for _, text := range []*string{&e.Case, &e.Task, &e.Actor, &e.Peer, &e.Way, &e.Rule, &e.Basis, &e.Model, &e.Hash, &e.Reason} {
		*text = bound(*text)
	}
	e.At = e.At.UTC().Round(0).Truncate(time.Millisecond)
	e.Subject = nil
	return e
}

func bound(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
	if len(text) <= MaxText {
		return text
	}
	return strings.ToValidUTF8(text[:MaxText], "")
}
