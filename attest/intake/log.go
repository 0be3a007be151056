package intake

import (
	"encoding/json"
	"errors"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
)

// entry is one record of the log. Exactly one field is set.
type entry struct {
	Receipt   *attest.SignedReceipt `json:"receipt,omitempty"`
	Profile   *attest.SignedProfile `json:"profile,omitempty"`
	Challenge *attest.Challenge     `json:"challenge,omitempty"`

	Examination *attest.Examination   `json:"examination,omitempty"`
	Verdict     *attest.SignedVerdict `json:"verdict,omitempty"`
	Outage      *outage               `json:"-"` // has a binary form only
}

// The first byte of an entry: a binary form follows, or it is the whole entry's JSON. What
// comes by the thousand is binary; profiles and examinations are rare, and the logs of
// before are JSON throughout.
const (
	entryReceipt   = 1
	entryChallenge = 2
	entryVerdict   = 3
	entryOutage    = 4
	entryJSON      = '{'
)

// entryBytes is the room for a common entry.
const entryBytes = 640

func (e entry) encode() ([]byte, error) {
	b := make([]byte, 1, entryBytes)
	switch {
	case e.Receipt != nil:
		b[0] = entryReceipt
		return e.Receipt.AppendBinary(b)
	case e.Challenge != nil:
		b[0] = entryChallenge
		return e.Challenge.AppendBinary(b)
	case e.Verdict != nil:
		b[0] = entryVerdict
		return e.Verdict.AppendBinary(b)
	case e.Outage != nil:
		b[0] = entryOutage
		return e.Outage.encode(b), nil
	}
	return json.Marshal(e)
}

// errNoEntry says that an entry of the log is of no kind.
var errNoEntry = errors.New("entry is empty or of an unknown kind; use the version that wrote it")

func decodeEntry(data []byte) (e entry, err error) {
	if len(data) == 0 {
		return entry{}, errNoEntry
	}
	switch data[0] {
	case entryReceipt:
		e.Receipt = new(attest.SignedReceipt)
		err = e.Receipt.UnmarshalBinary(data[1:])
	case entryChallenge:
		e.Challenge = new(attest.Challenge)
		err = e.Challenge.UnmarshalBinary(data[1:])
	case entryVerdict:
		e.Verdict = new(attest.SignedVerdict)
		err = e.Verdict.UnmarshalBinary(data[1:])
	case entryOutage:
		e.Outage = new(outage)
		*e.Outage, err = decodeOutage(data[1:])
	case entryJSON:
		err = json.Unmarshal(data, &e)
	default:
		err = errNoEntry
	}
	return e, err
}

// logFill is how full the log's pages are made: it only grows at its end.
const logFill = 1.0

// appendEntry puts an encoded entry at the end of the log.
func appendEntry(tx *bbolt.Tx, data []byte) (sequence uint64, err error) {
	log := tx.Bucket([]byte(bucketLog))
	log.FillPercent = logFill
	if sequence, err = log.NextSequence(); err != nil {
		return 0, err
	}
	return sequence, log.Put(number(sequence), data)
}
