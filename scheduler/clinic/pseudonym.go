package clinic

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"io"
	"math/big"
	"strings"

	"github.com/medhive/medhive/models"
)

// SecretBytes is the length of a clinic's secret and of its vault key.
const SecretBytes = 32

// Pseudonyms turns identifiers into others that only this clinic can connect:
// HMAC-SHA-256 under the clinic's secret. The same input gives the same output
// for as long as the secret stays, and another output at every other clinic.
type Pseudonyms struct{ secret [SecretBytes]byte }

// NewPseudonyms uses secret, which must come from a cryptographic source.
func NewPseudonyms(secret [SecretBytes]byte) Pseudonyms { return Pseudonyms{secret} }

// uuidVersion8 and uuidVariant are the fixed bits of a UUID whose other bits its
// maker defines (RFC 9562 section 5.8).
const (
	uuidVersion8 = 0x80
	uuidVariant  = 0x80
	uuidBytes    = 16
)

// UID is the replacement of a UID: "2.25." and the decimal value of a UUID
// (PS3.5 B.2), whose bits come from the HMAC. It carries no root, date or device
// of the original. An empty UID stays empty.
func (p Pseudonyms) UID(original string) string {
	if original == "" {
		return ""
	}
	sum := p.derive("uid", original)
	uuid := sum[:uuidBytes]
	uuid[6] = uuid[6]&0x0F | uuidVersion8
	uuid[8] = uuid[8]&0x3F | uuidVariant
	return "2.25." + new(big.Int).SetBytes(uuid).String()
}

// pseudonymBytes gives 16 letters of base 32: with 80 bits, a million patients
// meet with a chance below 1e-12.
const pseudonymBytes = 10

// Patient is the pseudonym of a patient, valid as Patient ID (LO) and as
// Patient's Name (PN). DICOM identifies a patient by ID and issuer (PS3.3 C.2.2).
func (p Pseudonyms) Patient(id, issuer string) string {
	sum := p.derive("patient", id, issuer)
	return "MH-" + base32.StdEncoding.EncodeToString(sum[:pseudonymBytes])
}

// Task names the analysis of one series by one model package. The same study,
// model and version give the same task, so that a second submission is found.
func (p Pseudonyms) Task(studyUID, seriesUID string, pkg models.Digest) models.Digest {
	return p.derive("task", studyUID, seriesUID, string(pkg[:]))
}

// taskUnder is Task for a study that leaves under a policy. One that changes nothing of what
// leaves gives the same task as none.
func (p Pseudonyms) taskUnder(study *Study, pkg models.Digest) (models.Digest, error) {
	rules, changes, err := study.policy.digest()
	if err != nil || !changes {
		return p.Task(study.StudyUID, study.SeriesUID, pkg), err
	}
	return p.derive("task", study.StudyUID, study.SeriesUID, string(pkg[:]), string(rules[:])), nil
}

// The days by which dates move back: at least a year, so that no year is what it was, and
// at most ten more.
const (
	leastShiftDays = 366
	shiftRangeDays = 3650
)

// shiftOf is the number of days, below zero, by which all dates of a patient move (PS3.15
// E.3.6): the time between two studies stays what it was.
func (p Pseudonyms) shiftOf(head header) int {
	sum := p.derive("dates", p.patientOf(head))
	return -leastShiftDays - int(binary.BigEndian.Uint64(sum[:8])%shiftRangeDays)
}

// fingerprint recognises the secret without revealing it.
func (p Pseudonyms) fingerprint() models.Digest { return p.derive("fingerprint") }

// derive writes each part behind its length, so that no two lists of parts give the same bytes.
func (p Pseudonyms) derive(purpose string, parts ...string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, p.secret[:])
	for _, part := range append([]string{"medhive.clinic/1 " + purpose}, parts...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		_, _ = io.WriteString(mac, part) // a hash never fails
	}
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return sum
}

// patientOf picks what identifies the patient of a data set best: the ID with
// its issuer, else name and birth date, else the study, which then is a patient
// of its own.
func (p Pseudonyms) patientOf(head header) string {
	switch {
	case head.PatientID != "":
		return p.Patient(head.PatientID, head.Issuer)
	case head.PatientName != "":
		return p.Patient("name:"+strings.ToLower(head.PatientName), head.BirthDate)
	default:
		return p.Patient("study:"+head.StudyUID, "")
	}
}
