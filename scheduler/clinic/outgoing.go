package clinic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/runner"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// terms are what the payload of one order may hold. They are made of what the daemon chose,
// and say nothing of whose study it is.
type terms struct {
	Allow   []string        `json:"allow"`
	Policy  Policy          `json:"policy,omitzero"`
	Patient string          `json:"patient"` // the pseudonym
	Study   string          `json:"study"`   // substitutes, as are all UIDs here
	Series  string          `json:"series"`
	Objects []string        `json:"objects"` // SOP Instance UIDs, each once
	UIDs    map[string]bool `json:"uids"`    // all
	Limits  dcm.Limits      `json:"limits"`
}

// termsOf are the terms of an order for a study.
func termsOf(study *Study, o order, lim dcm.Limits) terms {
	t := terms{
		Allow: o.Allow, Policy: study.policy, Patient: o.Patient, UIDs: make(map[string]bool, len(o.UIDs)), Limits: lim,
		Study: o.UIDs[study.StudyUID], Series: o.UIDs[study.SeriesUID],
	}
	t.Policy.Redactions = nil // of the clinic's own images, by their own UIDs
	for _, uid := range o.UIDs {
		t.UIDs[uid] = true
	}
	for _, in := range study.facts.Instances {
		t.Objects = append(t.Objects, o.UIDs[in.UID])
	}
	slices.Sort(t.Objects)
	t.Objects = slices.Compact(t.Objects)
	return t
}

// UID is the substitute itself: another one has none.
func (t terms) UID(substitute string) string {
	if !t.UIDs[substitute] {
		return ""
	}
	return substitute
}

func (t terms) patientOf(header) string { return t.Patient }

// shiftOf is 0: the dates that leave were moved already.
func (t terms) shiftOf(header) int { return 0 }

// inspection reads a payload object by object and holds it against its terms. An object may
// leave if the profile and the allow-list would let all of it stay, were it the clinic's own,
// and if it is to the last byte what this clinic's writer makes of that. So no attribute, no
// item, no preamble, padding, unused bit or trailing byte is there that these don't know.
type inspection struct {
	terms
	allow AllowList
	seen  map[string]bool // SOP Instance UIDs
}

func newInspection(t terms) (*inspection, error) {
	allow, err := NewAllowList(t.Allow)
	return &inspection{terms: t, allow: allow, seen: map[string]bool{}}, err
}

// doExport is what to do about an object that may not leave.
const doExport = "nothing was sent; export the study from its source again, and if it is refused again, keep it and have the one who maintains MedHive here look at it"

func stray(what string) *dcm.Refusal {
	return &dcm.Refusal{What: "what the reader made of the study may not leave: " + what, Do: doExport}
}

// object holds one object against the terms.
func (i *inspection) object(data []byte) error {
	elements, pixels, err := readExact(data)
	if err != nil {
		return stray("an object is " + err.Error())
	}
	instance := first(elements, tag.SOPInstanceUID)
	switch {
	case first(elements, tag.StudyInstanceUID) != i.Study, first(elements, tag.SeriesInstanceUID) != i.Series:
		return stray("an object belongs to another study or series")
	case i.seen[instance] || !slices.Contains(i.Objects, instance):
		return stray("an object comes twice, or has another identity")
	}
	i.seen[instance] = true
	clean, err := deidentifyAgain(dicom.Dataset{Elements: elements}, i.terms, i.policyOf(elements), i.allow)
	if err != nil {
		return stray("an object is of no class that leaves")
	}
	if t, ok := staysWithin(elements, clean.Dataset.Elements); !ok {
		return stray(fmt.Sprintf("attribute %s, or what it holds", t))
	}
	whole, err := cleanPixels(elements, pixels)
	if err != nil {
		return stray("an object's pixels are not what its rows and columns say")
	}
	again, err := dcm.Encode(dicom.Dataset{Elements: elements}, whole)
	if err != nil || !bytes.Equal(again, data) {
		return stray("an object is " + errInexact.Error())
	}
	return nil
}

// policyOf is the policy with what an object says of its pixels: which of them were blacked
// out, and whether a face was found, is known only where the originals are. A statement that
// something was taken away lets nothing more out.
func (i *inspection) policyOf(elements []*dicom.Element) Policy {
	p := i.Policy
	claims := map[string]bool{}
	for _, item := range dcm.Items(find(elements, tag.DeidentificationMethodCodeSequence)) {
		claims[first(item, tag.CodeValue)] = true
	}
	if claims[codeCleanPixels] {
		p.Redactions = []Redaction{{Width: 1, Height: 1}}
	}
	p.Deface = p.Deface && claims[codeCleanFace]
	return p
}

// staysWithin says that each element is as it stands in clean, or empty there where clean has it
// too; if not, t is the first that is otherwise. What is missing was left out, and tells
// nothing.
func staysWithin(elements, clean []*dicom.Element) (t tag.Tag, ok bool) {
	at := 0
	for _, e := range elements {
		for at < len(clean) && clean[at].Tag.Compare(e.Tag) < 0 {
			at++
		}
		if at == len(clean) || clean[at].Tag != e.Tag || !equalElement(e, clean[at]) {
			return e.Tag, false
		}
		at++
	}
	return t, true
}

// equalElement compares an element with what would be left of it.
func equalElement(e, clean *dicom.Element) bool {
	if vrOf(e) != vrOf(clean) {
		return false
	}
	items, nested := itemsOf(e)
	if !nested {
		return isEmpty(e) || sameValue(e, clean)
	}
	other, _ := itemsOf(clean)
	if len(items) > 0 && len(items) != len(other) {
		return false
	}
	for n := range items {
		if _, ok := staysWithin(items[n], other[n]); !ok {
			return false
		}
	}
	return true
}

// sameValue compares values; a text may have the one character of padding that the writer
// gives it.
func sameValue(e, clean *dicom.Element) bool {
	switch v := e.Value.GetValue().(type) {
	case []int:
		w, same := clean.Value.GetValue().([]int)
		return same && slices.Equal(v, w)
	case []float64: // NaN is equal to none, and has no business here
		w, same := clean.Value.GetValue().([]float64)
		return same && slices.Equal(v, w)
	case []byte:
		w, same := clean.Value.GetValue().([]byte)
		return same && bytes.Equal(v, w)
	case []string:
		w, same := clean.Value.GetValue().([]string)
		got, want := strings.Join(v, `\`), strings.Join(w, `\`)
		pad := " "
		if vrOf(e) == "UI" {
			pad = "\x00"
		}
		return same && (got == want || len(want)%2 != 0 && got == want+pad)
	}
	return false
}

func isEmpty(e *dicom.Element) bool {
	switch v := e.Value.GetValue().(type) {
	case []int:
		return len(v) == 0
	case []float64:
		return len(v) == 0
	case []byte:
		return len(v) == 0
	case []string:
		return len(v) == 0 || len(v) == 1 && v[0] == ""
	}
	return false
}

// done says that all objects came.
func (i *inspection) done() error {
	if len(i.seen) != len(i.Objects) {
		return stray("objects are missing")
	}
	return nil
}

// serveInspection holds a payload against its terms. All of it is heard whatever comes of
// it, so that the parent is never stuck in a write.
func serveInspection(in io.Reader, out io.Writer, t terms) error {
	i, fault := newInspection(t)
	for n := 0; ; n++ {
		kind, data, err := hear(in, t.Limits, wordInstance, wordAll)
		if errors.Is(err, io.EOF) {
			return nil // nothing is to leave
		}
		if err != nil {
			return err
		}
		if kind == wordAll {
			break
		}
		if fault == nil {
			if fault = i.object(data); fault != nil {
				fault = at(place(n, len(t.Objects)), fault)
			}
		}
	}
	if fault == nil {
		fault = i.done()
	}
	if fault != nil {
		return errors.Join(sendJSON(out, wordRefusal, messageOf(fault)), untilEnd(in))
	}
	return errors.Join(send(out, wordDone, nil), untilEnd(in))
}

// inspector holds a payload against its terms while it is made.
type inspector interface {
	object(data []byte) error
	done() error
	Close() error
}

// inspect begins the inspection of a payload: in a fresh child where the door has one, which
// has seen no byte of the study that its first child read.
func (d *Door) inspect(ctx context.Context, t terms) (inspector, error) {
	if d.child == nil {
		i, err := newInspection(t)
		return inspectedHere{i}, err
	}
	cell, err := runner.OpenCell(ctx, runner.CellOptions{
		Command: d.child.Command, Timeout: d.child.Timeout, MemoryBytes: copiesOfObject*(d.limits.MaxFileBytes+objectHeaderBytes) + workspaceMemory,
	})
	if err != nil {
		return nil, err
	}
	far := &remote{cell: cell, limits: d.limits, log: d.child.Log}
	if err := sendJSON(cell, wordInspect, t); err != nil {
		return nil, errors.Join(far.notInspected(err), cell.Close())
	}
	return &inspectedApart{remote: far}, nil
}

// copiesOfObject is how often an inspection holds an object: as it came, read, and written
// again.
const copiesOfObject = 3

// inspectedHere inspects in this process.
type inspectedHere struct{ *inspection }

func (inspectedHere) Close() error { return nil }

// inspectedApart has a child inspect. Close may be called at any time.
type inspectedApart struct {
	*remote
	closing sync.Once
	closed  error
}

func (a *inspectedApart) object(data []byte) error {
	return a.notInspected(send(a.cell, wordInstance, data))
}

func (a *inspectedApart) done() error {
	err := send(a.cell, wordAll, nil)
	if err == nil {
		var kind word
		var payload []byte
		if kind, payload, err = hear(a.cell, a.limits, wordDone, wordRefusal); err == nil && kind == wordRefusal {
			err = refusalOf(payload)
		}
	}
	return a.notInspected(err)
}

func (a *inspectedApart) Close() error {
	a.closing.Do(func() { a.closed = a.cell.Close() })
	return a.closed
}

// notInspected says how an inspection ended. One that was too slow, or killed from outside, is
// no verdict on the study, which is prepared again.
func (r *remote) notInspected(err error) error {
	err = r.ended(err)
	if isOurs(err) {
		return fmt.Errorf("the payload could not be read again before it leaves: %w", err)
	}
	return refusalFor(err, "the payload broke the process that reads it again", doExport)
}

// inspectionOf reads the terms of an inspection.
func inspectionOf(payload []byte) (t terms, err error) {
	err = json.Unmarshal(payload, &t)
	t.Limits = t.Limits.OrDefault()
	return t, err
}
