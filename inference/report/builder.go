package report

import (
	"fmt"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
)

// builder collects elements and keeps the first error.
type builder struct {
	elements []*lib.Element
	err      error
}

func (b *builder) add(t tag.Tag, data any) {
	element, err := dicom.NewElement(t, data)
	if err != nil {
		if b.err == nil {
			b.err = fmt.Errorf("attribute %s: %w", t, err)
		}
		return
	}
	b.elements = append(b.elements, element)
}

func (b *builder) text(t tag.Tag, values ...string) { b.add(t, values) }
func (b *builder) ints(t tag.Tag, values ...int)    { b.add(t, values) }

// items adds a sequence; each function fills one item.
func (b *builder) items(t tag.Tag, fills ...func(*builder)) {
	list := make([][]*lib.Element, len(fills))
	for n, fill := range fills {
		item := &builder{}
		fill(item)
		list[n] = item.elements
		if b.err == nil {
			b.err = item.err
		}
	}
	b.add(t, list)
}

// code fills one coded concept (PS3.3 section 8.8).
func code(value, scheme, meaning string) func(*builder) {
	return func(b *builder) {
		if len(value) <= maxSH {
			b.text(tag.CodeValue, value)
		} else {
			b.text(tag.LongCodeValue, value)
		}
		b.text(tag.CodingSchemeDesignator, scheme)
		b.text(tag.CodeMeaning, shortened(meaning, maxLO))
	}
}

func shortened(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit])
	}
	return text
}

func decimals(values ...float64) []string {
	list := make([]string, len(values))
	for n, v := range values {
		list[n] = dicom.DecimalString(v)
	}
	return list
}
