package clinic

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/scheduler/clinic/inbox"
)

// known is what the daemon knows by itself of who and what a study is: read off the top
// level of each file by the inbox's own reader, so that it holds whatever a confined child
// says, and what the child said besides. None of it may stand in a payload. It is found as
// it is written, not where somebody disguised it: who has taken a reader over can turn a
// name into numbers, or into the last bits of pixels, and no search finds that.
type known struct {
	words map[string]bool // lower case, as profile.addWords makes them
	uids  map[string]bool
	dates map[string]bool // YYYYMMDD; words as well
}

func newKnown() *known {
	return &known{words: map[string]bool{}, uids: map[string]bool{}, dates: map[string]bool{}}
}

// maxKnown bounds what is remembered of a study: a stranger's files could name a patient
// otherwise each.
const maxKnown = 1 << 20

// file adds what a file's head says; of one that can't be read only its child tells.
func (k *known) file(data []byte, policy Policy) {
	_ = inbox.Peek(data, func(number uint32, vr string, value []byte) {
		t := tag.Tag{Group: uint16(number >> 16), Element: uint16(number)}
		values, own := strings.Split(string(value), `\`), dictionaryVR(t)
		if vr != "" && vr != own { // a file may say that a name is a number
			k.value(t, vr, values, policy)
		}
		k.value(t, own, values, policy)
	})
}

// told adds what the child said.
func (k *known) told(f facts, policy Policy) {
	for _, a := range f.Attributes {
		k.value(tag.Tag{Group: a.Group, Element: a.Element}, a.VR, a.Values, policy)
	}
	for t, value := range map[tag.Tag]string{
		tag.PatientID: f.Patient.PatientID, tag.IssuerOfPatientID: f.Patient.Issuer, tag.PatientName: f.Patient.PatientName, tag.PatientBirthDate: f.Patient.BirthDate,
	} {
		k.value(t, dictionaryVR(t), []string{value}, policy)
	}
	for _, uid := range f.UIDs {
		k.uid(uid)
	}
}

func (k *known) uid(uid string) {
	if len(uid) >= shortestToken && !standardUID(uid) && len(k.uids) < maxKnown {
		k.uids[uid] = true
	}
}

func (k *known) value(t tag.Tag, vr string, values []string, policy Policy) {
	if vr == "UI" {
		for _, v := range values {
			k.uid(strings.Trim(v, " \x00"))
		}
		return
	}
	if !identifying(t, vr, policy) || len(k.words) > maxKnown {
		return
	}
	p := profile{words: k.words}
	for _, v := range values {
		if !utf8.ValidString(v) { // of another character set, as it stands: see folded
			v = latin1([]byte(v))
		}
		if vr == "DT" {
			v = v[:min(len(v), len(dummyDate))]
		}
		if (vr == "DT" || vr == "DA") && dateForm.MatchString(strings.TrimSpace(v)) {
			k.dates[strings.TrimSpace(v)] = true
		}
		p.addWords(v)
	}
}

// search finds what is known in the objects of a payload. Its zero value finds nothing.
type search struct {
	head, pixels texts           // all words, and those that are looked for among pixels
	numbers      map[string]bool // dates, numbers and UIDs, as whole tokens
	dates        map[string]bool // those of numbers; before a time of the day as well
}

// texts are words, found by their first letters; see letters.
type texts struct {
	words    map[uint32][]string
	filter   [1 << 16]bool // of hashes of those letters
	shortest int           // bytes of a word that is looked for; at least four
}

// add adds a word, and how it is written where each of its letters is a byte.
func (t *texts) add(word string) {
	if t.words == nil {
		t.words = map[uint32][]string{}
	}
	first, size := utf8.DecodeRuneInString(word)
	t.begin(word, word, strings.ToUpper(word), string(unicode.ToUpper(first))+word[size:])
	if short, ok := oneByteEach(word); ok && len(short) < len(word) {
		t.begin(short, short)
	}
}

// begin has a word found by what it may begin with: capital letters of most alphabets have
// other bytes than the small ones; see letters.
func (t *texts) begin(word string, forms ...string) {
	for _, form := range forms {
		if len(form) < max(shortestWord, t.shortest) {
			continue
		}
		key := letters([]byte(form))
		if !slices.Contains(t.words[key], word) {
			t.words[key] = append(t.words[key], word)
			t.filter[hashed(key)] = true
		}
	}
}

// oneByteEach is a text in ISO 8859-1; latin1 reads it.
func oneByteEach(text string) (short string, ok bool) {
	data := make([]byte, 0, len(text))
	for _, r := range text {
		if r > math.MaxUint8 {
			return "", false
		}
		data = append(data, byte(r))
	}
	return string(data), true
}

const (
	// shortestToken is the length of the shortest number that is looked for.
	shortestToken = shortestNumber
	// shortestInPixels is the length of what is looked for among pixels: shorter texts come up there by
	// chance.
	shortestInPixels = 8
)

// search is what is looked for under an order: what is known, but for what MedHive itself
// writes into every object, or made for this one.
func (k *known) search(o order) *search {
	s := &search{numbers: maps.Clone(k.uids), dates: map[string]bool{}, pixels: texts{shortest: shortestInPixels}}
	own := strings.ToLower(ownWords() + " " + o.Patient)
	moved := map[string]bool{}
	if o.ShiftDays != 0 { // a date may have become another one of the study's
		for date := range k.dates {
			moved[movedDate(date, o.ShiftDays)] = true
		}
	}
	for word := range k.words {
		switch {
		case strings.Contains(own, word) || moved[word]:
		case strings.Trim(word, "0123456789.+-e") == "":
			if len(word) >= shortestToken {
				s.numbers[word], s.dates[word] = true, k.dates[word]
			}
		case len(word) >= shortestWord:
			s.head.add(word)
			s.pixels.add(word)
		}
	}
	return s
}

// writerName is the Implementation Version Name of whatever leaves; see the package dicom.
const writerName = "MEDHIVE_1"

// ownWords are the texts that stand in objects whatever study they are made of.
func ownWords() string {
	all := Policy{
		RetainDates: true, RetainDevice: true, RetainCharacteristics: true, Private: make([]PrivateAttribute, 1), Redactions: make([]Redaction, 1), Deface: true,
	}
	texts := slices.Concat(imageWords, rescaleTypes, greys, []string{
		dummyText, dummyDate, dummyDateTime, dummyTime, dummyAge, "REMOVED", "OTHER", writerName,
	})
	var collect func(elements []*dicom.Element)
	collect = func(elements []*dicom.Element) {
		for _, e := range elements {
			texts = append(texts, textOf(e)...)
			items, _ := itemsOf(e)
			for _, item := range items {
				collect(item)
			}
		}
	}
	collect(all.marks())
	return strings.Join(texts, " ")
}

// letters are the first four bytes of a text without their case.
func letters(b []byte) uint32 { return binary.LittleEndian.Uint32(b) | 0x20202020 }

// hashed spreads letters over the filter (Knuth's multiplicative hash).
func hashed(key uint32) uint16 { return uint16(key * 2654435761 >> 16) }

// finds says that something known stands in an object: anywhere before its pixels, or among
// them if it is long enough to be no chance.
func (s *search) finds(object []byte) bool {
	pixels := pixelsAt(object)
	return s.head.in(object[:pixels]) || s.number(object[:pixels], shortestToken) ||
		s.pixels.in(object[pixels:]) || s.number(object[pixels:], shortestInPixels)
}

// pixelsAt is where the pixels begin at the earliest: behind the last header of Pixel Data
// whose length reaches the object's end, else at the end. An earlier one can be made of numbers
// that stand before the pixels, so that what follows them is searched less strictly.
func pixelsAt(object []byte) int {
	header := []byte{0xE0, 0x7F, 0x10, 0x00, 'O'}
	const size = 12 // tag, VR, two reserved bytes, length
	last := len(object)
	for at := 0; ; at++ {
		n := bytes.Index(object[at:], header)
		if n < 0 || len(object)-at-n < size {
			return last
		}
		at += n
		if int64(binary.LittleEndian.Uint32(object[at+8:])) == int64(len(object)-at-size) {
			last = at + size
		}
	}
}

// in looks for the words, whatever their case.
func (t *texts) in(data []byte) bool {
	if len(t.words) == 0 {
		return false
	}
	for n := 0; n+4 <= len(data); n++ {
		key := letters(data[n:])
		if !t.filter[hashed(key)] {
			continue
		}
		for _, word := range t.words[key] {
			if len(word) <= len(data)-n && folded(data[n:n+len(word)], word) {
				return true
			}
		}
	}
	return false
}

// folded says that data is word in any case. What is no UTF-8 is compared byte by byte, as if
// each were a letter of ISO 8859-1: so a text of whatever other character set is found as it
// stands.
func folded(data []byte, word string) bool {
	if !utf8.Valid(data) {
		return strings.ToLower(latin1(data)) == latin1([]byte(word))
	}
	return strings.ToLower(string(data)) == word
}

// numeric are the bytes that numbers, dates and UIDs are written with.
var numeric = func() (is [256]bool) {
	for _, b := range []byte("0123456789.+-eE") {
		is[b] = true
	}
	return is
}()

// number looks for whole tokens of at least so many bytes. A token may be followed by the
// first byte of the next element's tag, which can be a digit's.
func (s *search) number(data []byte, shortest int) bool {
	for n := 0; n < len(data); n++ {
		if !numeric[data[n]] {
			continue
		}
		start := n
		for n < len(data) && numeric[data[n]] {
			n++
		}
		if s.knows(data[start:n], shortest) {
			return true
		}
	}
	return false
}

// knows says that a token is known, or begins with a known date and the hour of a day, as a DT
// does.
func (s *search) knows(token []byte, shortest int) bool {
	if len(token) < shortest {
		return false
	}
	if s.numbers[string(token)] || len(token) > shortest && s.numbers[string(token[:len(token)-1])] {
		return true
	}
	date := len(dummyDate)
	return len(token) >= date+len("15") && s.dates[string(token[:date])] && timeForm.Match(token[date:date+len("15")])
}
