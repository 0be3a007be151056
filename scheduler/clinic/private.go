package clinic

import (
	"slices"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// Elements of a private group that reserve a block (PS3.5 section 7.8.1): the element
// (gggg,00bb) reserves (gggg,bb00) to (gggg,bbFF).
const (
	firstCreator = 0x0010
	lastCreator  = 0x00FF
	blockBits    = 8
)

// safe returns the private attributes of one data set or item that the policy lets out,
// judged, and the creators of their blocks. A block is its creator's in its own item only.
func (p *profile) safe(elements []*dicom.Element) []*dicom.Element {
	if len(p.policy.Private) == 0 {
		return nil
	}
	reserved := map[tag.Tag]string{}
	for _, e := range elements {
		if tag.IsPrivate(e.Tag.Group) && e.Tag.Element >= firstCreator && e.Tag.Element <= lastCreator {
			if creator := textOf(e); len(creator) == 1 {
				reserved[e.Tag] = creator[0]
			}
		}
	}
	var kept []*dicom.Element
	used := map[tag.Tag]bool{}
	for _, e := range elements {
		own := tag.Tag{Group: e.Tag.Group, Element: e.Tag.Element >> blockBits}
		creator, ok := reserved[own]
		listed := PrivateAttribute{Group: e.Tag.Group, Creator: creator, Element: uint8(e.Tag.Element)}
		if !ok || e.Value == nil || !slices.Contains(p.policy.Private, listed) {
			continue
		}
		clean := p.safeValue(e)
		if clean == nil {
			continue
		}
		if !used[own] {
			used[own] = true
			kept = append(kept, textElement(own, "LO", creator))
		}
		kept = append(kept, clean)
	}
	for _, e := range kept {
		p.listed[e] = true
	}
	return kept
}

// safeValue returns a listed private attribute if its value can be judged: numbers, and
// plain texts and bytes that repeat no identifying word. Names and sequences never leave. nil: it
// goes.
func (p *profile) safeValue(e *dicom.Element) *dicom.Element {
	switch vr := vrOf(e); vr {
	case "SQ", "PN", "AE", "UR":
		return nil
	case "DA", "DT", "TM":
		if !p.policy.RetainDates {
			return nil
		}
		return moved(e, p.shiftDays)
	case "AS":
		if !p.policy.RetainCharacteristics {
			return nil
		}
		return age(e)
	case "UI":
		clean := p.remap(e)
		if clean == nil || slices.Contains(textOf(clean), "") { // one that the vault has no substitute for
			return nil
		}
		return clean
	case "US", "UL", "SS", "SL", "AT", "FL", "FD":
		return e
	}
	if data, ok := e.Value.GetValue().([]byte); ok {
		if p.echoes(strings.ToValidUTF8(string(data), "")) || p.echoes(latin1(data)) || p.echoes(latin1(slices.DeleteFunc(slices.Clone(data), func(b byte) bool { return b == 0 }))) {
			return nil
		}
		return e
	}
	if values := textOf(e); values == nil || slices.ContainsFunc(values, func(v string) bool { return !plainText.MatchString(v) || p.echoes(v) }) {
		return nil
	}
	return e
}

// latin1 reads bytes as ISO 8859-1, where each is a character.
func latin1(data []byte) string {
	text := make([]rune, len(data))
	for n, b := range data {
		text[n] = rune(b)
	}
	return string(text)
}
