package clinic

import (
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"
)

//go:generate sh -c "go run ./generate generate/ps3.15-table-e.1-1.json > table_generated.go.new && mv table_generated.go.new table_generated.go"

// Action is what the Basic Application Level Confidentiality Profile does to an
// attribute (DICOM PS3.15 E.1.1 and Table E.1-1a).
type Action uint8

// The codes of the table. A code with a slash leaves a choice to whoever applies
// it, by the attribute's Type in the object's IOD (PS3.15 Table E.1-1a).
const (
	Keep               Action = iota // K, and every tag without a row
	Remove                           // X
	Empty                            // Z: zero length
	Dummy                            // D: a value of the right VR that says nothing
	Remap                            // U: another UID, the same wherever the old one stood
	Clean                            // C: no row of the Basic Profile; options only
	RemoveOrEmpty                    // X/Z
	RemoveOrDummy                    // X/D
	EmptyOrDummy                     // Z/D
	RemoveEmptyOrDummy               // X/Z/D
	RemoveEmptyOrRemap               // X/Z/U*: a sequence that refers to other instances
)

// resolved makes the choice of a combined code: always its last letter. A dummy
// value is valid for an attribute of Type 1, 2 and 3 and an empty one for 2 and
// 3, so the last letter keeps every IOD valid without knowing it; what it lets
// stand says no more than that the attribute was there, and the allow-list
// removes that too. Clean becomes Remove: nothing here can judge free text.
func (a Action) resolved() Action {
	switch a {
	case RemoveOrEmpty:
		return Empty
	case RemoveOrDummy, EmptyOrDummy, RemoveEmptyOrDummy:
		return Dummy
	case RemoveEmptyOrRemap:
		return Remap
	case Clean:
		return Remove
	default:
		return a
	}
}

// Options are what the options of PS3.15 E.3 that a Policy can choose do to an attribute in
// place of the Basic Profile's action.
type Options uint8

// The options of a row; see Policy.
const (
	ShiftsDates          Options = 1 << iota // Retain Longitudinal Temporal Information with Modified Dates: C
	KeepsDevice                              // Retain Device Identity: K
	KeepsCharacteristics                     // Retain Patient Characteristics: K
	KeepsSafePrivate                         // Retain Safe Private: C
)

// Row is one line of Table E.1-1. It stands for the tags t with t&Mask == Value,
// group in the upper 16 bits.
type Row struct {
	Value, Mask uint32
	Action      Action
	Options     Options
	Name        string
}

// Rows are the lines of Table E.1-1, for those who want to show or test them.
func Rows() []Row { return slices.Clone(confidentialityRows[:]) }

// ActionFor looks t up. Private attributes, curves and overlays are found by the
// rows that stand for many tags.
func ActionFor(t tag.Tag) Action {
	if r := rowFor(t); r != nil {
		return r.Action
	}
	return Keep
}

// rowFor is the row of t, nil if there is none.
func rowFor(t tag.Tag) *Row {
	value := t.Uint32()
	exact := confidentialityRows[:wholeTagRows]
	n, found := slices.BinarySearchFunc(exact, value, func(r Row, v uint32) int { return int(int64(r.Value) - int64(v)) })
	if found {
		return &exact[n]
	}
	several := confidentialityRows[wholeTagRows:]
	for n, r := range several {
		if value&r.Mask == r.Value {
			return &several[n]
		}
	}
	return nil
}
