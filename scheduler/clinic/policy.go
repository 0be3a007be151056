package clinic

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/models"
)

// Policy is what a clinic's rule, or a person who looked at a study, wants otherwise than
// the Basic Profile has it: options of PS3.15 E.3, regions to black out, a face to remove.
// Nothing of it makes more leave than the model's manifest allows, but for Private: those
// attributes have no keyword that a manifest could name. The zero value is the profile as
// it stands.
type Policy struct {
	// RetainDates lets dates out that are moved by a number of days, the same for all studies
	// of a patient (PS3.15 E.3.6, Retain Longitudinal Temporal Information with Modified Dates).
	RetainDates bool `json:"retain_dates,omitempty"`
	// RetainDevice lets the device's identity out (E.3.8, Retain Device Identity).
	RetainDevice bool `json:"retain_device,omitempty"`
	// RetainCharacteristics lets age, sex, size, weight and the like out (E.3.7). Ages from 90
	// years on leave as 90.
	RetainCharacteristics bool `json:"retain_characteristics,omitempty"`
	// Private attributes leave; all others go (E.3.10, Retain Safe Private).
	Private []PrivateAttribute `json:"private,omitempty"`
	// Released says that a person looked at the pixels: the doubt of a rule or of the
	// detector of burned-in text is passed over. It changes nothing of what leaves.
	Released bool `json:"released,omitempty"`
	// Redactions are blacked out before anything leaves (E.3.1, Clean Pixel Data).
	Redactions []Redaction `json:"redactions,omitempty"`
	// Deface removes the face from a head scan (E.3.2, Clean Recognizable Visual Features);
	// a model whose manifest does not permit it refuses the study then.
	Deface bool `json:"deface,omitempty"`
	// Revision counts what the study was completed to: slices that came late make the next
	// one, which is another task. The first is 0.
	Revision int `json:"revision,omitempty"`
}

// Redaction is a rectangle of pixels of one image, or of one of its frames.
type Redaction struct {
	SOPInstanceUID string `json:"instance,omitempty"` // the clinic's own; empty is every image of the study
	Frame          int    `json:"frame,omitempty"`    // from 1; 0 is all of them
	X              int    `json:"x"`                  // pixels from the left edge to the rectangle's
	Y              int    `json:"y"`                  // pixels from the upper edge to the rectangle's
	Width          int    `json:"width"`              // pixels
	Height         int    `json:"height"`             // pixels
}

// PrivateAttribute names one private attribute (PS3.5 section 7.8.1): its group, which is
// odd, who reserved the block, and the last byte of its element's number. Its text form is
// "0019,SIEMENS MR HEADER,0C".
type PrivateAttribute struct {
	Group   uint16
	Creator string
	Element uint8
}

// Bounds of a policy.
const (
	maxPrivate    = 256
	maxRedactions = 1 << 12
	maxRevision   = 1 << 20
)

// Groups below this one belong to the command set, to files and to the odd ones that
// PS3.5 section 7.8 forbids.
const firstPrivateGroup = 0x0009

// String is the text form.
func (a PrivateAttribute) String() string {
	return fmt.Sprintf("%04X,%s,%02X", a.Group, a.Creator, a.Element)
}

// MarshalText is the text form.
func (a PrivateAttribute) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the text form.
func (a *PrivateAttribute) UnmarshalText(text []byte) error {
	read, err := ParsePrivateAttribute(string(text))
	if err == nil {
		*a = read
	}
	return err
}

// ParsePrivateAttribute reads "0019,SIEMENS MR HEADER,0C".
func ParsePrivateAttribute(text string) (PrivateAttribute, error) {
	refuse := fmt.Errorf("private attribute %.80q: want group, creator and the element's last byte, such as 0019,SIEMENS MR HEADER,0C", text)
	first, last := strings.IndexByte(text, ','), strings.LastIndexByte(text, ',')
	if first < 0 || first == last {
		return PrivateAttribute{}, refuse
	}
	group, err1 := strconv.ParseUint(text[:first], 16, 16)
	element, err2 := strconv.ParseUint(text[last+1:], 16, 8)
	a := PrivateAttribute{Group: uint16(group), Creator: text[first+1 : last], Element: uint8(element)}
	if err1 != nil || err2 != nil || !a.valid() {
		return PrivateAttribute{}, refuse
	}
	return a, nil
}

func (a PrivateAttribute) valid() bool {
	return tag.IsPrivate(a.Group) && a.Group >= firstPrivateGroup && a.Group != 0xFFFF &&
		a.Creator != "" && strings.TrimSpace(a.Creator) == a.Creator && len(a.Creator) <= longestText("LO") && !strings.ContainsAny(a.Creator, "\\\x00\x1b")
}

// Validate says what of a policy can't be followed, and what to do about it.
func (p Policy) Validate() error {
	switch {
	case len(p.Private) > maxPrivate:
		return fmt.Errorf("policy lets %d private attributes out: the limit is %d; name fewer", len(p.Private), maxPrivate)
	case len(p.Redactions) > maxRedactions:
		return fmt.Errorf("policy blacks out %d regions: the limit is %d; draw larger ones, or refuse the study", len(p.Redactions), maxRedactions)
	case p.Revision < 0 || p.Revision > maxRevision:
		return fmt.Errorf("policy is for revision %d of the study: want 0 to %d; submit the study anew", p.Revision, maxRevision)
	}
	if n := slices.IndexFunc(p.Private, func(a PrivateAttribute) bool { return !a.valid() }); n >= 0 {
		return fmt.Errorf("policy's private attribute %d has an even group or no creator; write it as 0019,SIEMENS MR HEADER,0C", n+1)
	}
	for n, r := range p.Redactions {
		if len(r.SOPInstanceUID) > maxUIDBytes || r.Frame < 0 || r.Frame > maxSlices ||
			r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 || r.X > maxEdge-r.Width || r.Y > maxEdge-r.Height {
			return fmt.Errorf("policy's region %d has no size or lies outside of any; draw it again", n+1)
		}
	}
	return nil
}

// IsZero says that the profile stays as it stands.
func (p Policy) IsZero() bool {
	return !p.changes() && !p.Released
}

// Options names in words what the policy lets out or takes away beyond the profile, for
// whoever is told of a study.
func (p Policy) Options() []string {
	var words []string
	for _, o := range []struct {
		chosen bool
		said   string
	}{
		{len(p.Redactions) > 0, "regions of the pixels blacked out"},
		{p.Deface, "face removed"},
		{p.RetainDates, "dates moved by a number of days of the patient"},
		{p.RetainCharacteristics, "patient's characteristics as far as the model needs them"},
		{p.RetainDevice, "device identity as far as the model needs it"},
		{len(p.Private) > 0, "private attributes of the clinic's list"},
	} {
		if o.chosen {
			words = append(words, o.said)
		}
	}
	return words
}

// changes says that another payload may leave than without the policy.
func (p Policy) changes() bool {
	return p.RetainDates || p.RetainDevice || p.RetainCharacteristics || len(p.Private) > 0 || len(p.Redactions) > 0 || p.Deface || p.Revision != 0
}

// sorted is the policy in the one order that is hashed, without what comes twice.
func (p Policy) sorted() Policy {
	p.Private = slices.Clone(p.Private)
	slices.SortFunc(p.Private, func(a, b PrivateAttribute) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Creator, b.Creator), cmp.Compare(a.Element, b.Element))
	})
	p.Private = slices.Compact(p.Private)
	p.Redactions = slices.Clone(p.Redactions)
	slices.SortFunc(p.Redactions, func(a, b Redaction) int {
		return cmp.Or(cmp.Compare(a.SOPInstanceUID, b.SOPInstanceUID), cmp.Compare(a.Frame, b.Frame),
			cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X), cmp.Compare(a.Height, b.Height), cmp.Compare(a.Width, b.Width))
	})
	p.Redactions = slices.Compact(p.Redactions)
	return p
}

// digest names what a policy changes of the payload; ok is false where it changes nothing,
// so that the tasks of an unchanged profile keep the names they had.
func (p Policy) digest() (d models.Digest, ok bool, err error) {
	if !p.changes() {
		return d, false, nil
	}
	p = p.sorted()
	p.Released = false
	data, err := json.Marshal(p)
	if err != nil {
		return d, false, fmt.Errorf("name the policy: %w", err)
	}
	return models.DigestOf(data), true, nil
}

// Under is the same door under a policy, which Intake and Prepare follow. The caller has
// validated it.
func (d *Door) Under(p Policy) *Door {
	other := *d
	other.policy = p.sorted()
	return &other
}
