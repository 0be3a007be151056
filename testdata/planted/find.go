package planted

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Finder looks for many plants at once.
type Finder struct {
	begins [1 << 16]bool
	forms  map[uint32][]sought // by their first four bytes
}

// ID names a plant by the numbers of its study and of itself there, from 0.
type ID struct{ Study, Plant int }

type sought struct {
	form []byte
	id   ID
}

// NewFinder looks for the plants of studies.
func NewFinder(studies []Study) *Finder {
	f := &Finder{forms: map[uint32][]sought{}}
	for n, s := range studies {
		for m, p := range s.Plants {
			for _, form := range p.forms {
				f.add(form, ID{n, m})
				if upper := bytes.ToUpper(form); utf8.Valid(form) && !bytes.Equal(upper, form) {
					f.add(upper, ID{n, m})
				}
			}
		}
	}
	return f
}

func (f *Finder) add(form []byte, id ID) {
	f.begins[binary.LittleEndian.Uint16(form)] = true
	head := binary.LittleEndian.Uint32(form)
	f.forms[head] = append(f.forms[head], sought{form, id})
}

// In lists the plants that data holds, in whatever case, by study and number.
func (f *Finder) In(data []byte) map[ID]bool {
	found := map[ID]bool{}
	for _, text := range [][]byte{data, bytes.ToUpper(data)} {
		for at := 0; at+4 <= len(text); at++ {
			if !f.begins[binary.LittleEndian.Uint16(text[at:])] {
				continue
			}
			for _, one := range f.forms[binary.LittleEndian.Uint32(text[at:])] {
				if bytes.HasPrefix(text[at:], one.form) {
					found[one.id] = true
				}
			}
		}
	}
	return found
}
