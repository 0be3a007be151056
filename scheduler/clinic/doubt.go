package clinic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Held is a study that stays at the clinic until a person has looked at its pictures: a
// rule, a device or the detector of burned-in text says that its pixels may show who the
// patient is. It is a dcm.Refusal for whoever has no quarantine.
type Held struct {
	Reasons []string    `json:"reasons"` // why, in words without patient data; each once
	Images  []HeldImage `json:"images"`  // what to look at, at most MaxHeldImages
	Alike   int         `json:"alike"`   // further frames that show text where one of these does
	Others  int         `json:"others"`  // further frames in doubt, of which there is no picture either
}

// HeldImage is one doubtful frame.
type HeldImage struct {
	SOPInstanceUID string          `json:"instance"`        // the clinic's own
	Frame          int             `json:"frame,omitempty"` // from 1; 0 if the object has only one
	Rows           int             `json:"rows"`            // pixels of the frame itself
	Columns        int             `json:"columns"`
	Reasons        []string        `json:"reasons"`           // of this frame
	Regions        []burnin.Region `json:"regions,omitempty"` // in pixels of the frame itself; they hold those of frames that are alike
	Picture        []byte          `json:"picture"`           // PNG, 8-bit grey, no edge longer than MaxHeldEdge
}

// Bounds of what a reader may hold: enough to look at, little enough to keep.
const (
	MaxHeldImages  = 24
	MaxHeldEdge    = 1024                          // pixels of a picture
	maxHeldPicture = 2 * MaxHeldEdge * MaxHeldEdge // bytes of a PNG, which may be longer than its pixels
	MaxHeldRegions = 64
	maxHeldReasons = 32
	maxHeldText    = 400                                             // bytes of a reason
	maxHeldBytes   = 2*MaxHeldImages*MaxHeldEdge*MaxHeldEdge + 1<<20 // of a message: pixels in base 64, and what is said of them
)

// Error says why the study is held, without patient data.
func (h *Held) Error() string { return h.refusal().Error() }

// Unwrap makes h a refusal to those who have no quarantine.
func (h *Held) Unwrap() error { return h.refusal() }

func (h *Held) refusal() *dcm.Refusal {
	return &dcm.Refusal{
		What:  "held in quarantine: " + strings.Join(h.Reasons, "; "),
		Where: fmt.Sprintf("%d of its frames", len(h.Images)+h.Alike+h.Others),
		Do:    "look at the pictures (medhive clinic quarantine show), then release the study, black out the text, or refuse it",
	}
}

// screening collects frames in doubt. Its zero value is empty.
type screening struct {
	Held   heldMessage
	frames int
}

// heldMessage is a Held on its way from a reader, with its pictures as pixels: nobody else
// than the daemon makes a PNG that the clinic's screens will show.
type heldMessage struct {
	Held
	Pictures []doubtful `json:"pictures"`
}

// add takes frames in doubt. Of those that show text where another one does already, a
// picture is enough; so is it of more than a person will look at.
func (h *screening) add(list []doubtful) {
	for _, d := range list {
		h.frames++
		for _, reason := range d.Reasons {
			if !slices.Contains(h.Held.Reasons, reason) && len(h.Held.Reasons) < maxHeldReasons {
				h.Held.Reasons = append(h.Held.Reasons, reason)
			}
		}
		switch at := slices.IndexFunc(h.Held.Pictures, d.alike); {
		case at >= 0:
			h.Held.Pictures[at].cover(d.Regions)
			h.Held.Alike++
		case len(h.Held.Pictures) == MaxHeldImages:
			h.Held.Others++
		default:
			h.Held.Pictures = append(h.Held.Pictures, d)
		}
	}
}

// alike says that o shows text at each place where d does.
func (d doubtful) alike(o doubtful) bool {
	return len(d.Regions) > 0 && d.Rows == o.Rows && d.Columns == o.Columns && !slices.ContainsFunc(d.Regions, func(r burnin.Region) bool {
		return !slices.ContainsFunc(o.Regions, r.Within)
	})
}

// cover makes d's regions hold those of a frame for which its picture stands: what a person
// blacks out by it goes from that frame as a whole.
func (d *doubtful) cover(regions []burnin.Region) {
	for _, r := range regions {
		if at := slices.IndexFunc(d.Regions, r.Within); at >= 0 {
			d.Regions[at] = d.Regions[at].With(r)
		}
	}
}

// error is nil if nothing is in doubt.
func (h *screening) error() error {
	if h.frames == 0 {
		return nil
	}
	return &h.Held
}

// Error makes the message an error within the reader.
func (m *heldMessage) Error() string { return m.refusal().Error() }

// Unwrap is the refusal that m is to others.
func (m *heldMessage) Unwrap() error { return m.refusal() }

// held makes the pictures. It is the daemon's: ok is false for what no reader of ours says.
func (m *heldMessage) held() (*Held, bool) {
	h := m.Held
	h.Images = make([]HeldImage, len(m.Pictures))
	if len(m.Pictures) > MaxHeldImages {
		return nil, false
	}
	for n, d := range m.Pictures {
		if d.Wide < 1 || d.High < 1 || max(d.Wide, d.High) > MaxHeldEdge || len(d.Grey) != d.Wide*d.High {
			return nil, false
		}
		h.Images[n] = d.HeldImage
		var picture bytes.Buffer
		if err := png.Encode(&picture, &image.Gray{Pix: d.Grey, Stride: d.Wide, Rect: image.Rect(0, 0, d.Wide, d.High)}); err != nil {
			return nil, false
		}
		h.Images[n].Picture = picture.Bytes()
	}
	return &h, h.valid()
}

// asHeld turns a reader's message into what the callers of a door get; other errors stay.
func asHeld(err error) error {
	var m *heldMessage
	if !errors.As(err, &m) {
		return err
	}
	h, ok := m.held()
	if !ok {
		return errStrange
	}
	return h
}

// heldOf reads a reader's message.
func heldOf(payload []byte) error {
	var m heldMessage
	if json.Unmarshal(payload, &m) != nil {
		return errStrange
	}
	return asHeld(&m)
}

// valid says that a reader can have told h, whoever took it over.
func (h *Held) valid() bool {
	if len(h.Reasons) < 1 || len(h.Images) < 1 || len(h.Images) > MaxHeldImages || min(h.Alike, h.Others) < 0 || max(h.Alike, h.Others) > maxSlices || !plainReasons(h.Reasons) {
		return false
	}
	return !slices.ContainsFunc(h.Images, func(i HeldImage) bool { return !i.valid() })
}

func plainReasons(list []string) bool {
	return len(list) <= maxHeldReasons && !slices.ContainsFunc(list, func(s string) bool {
		return s == "" || len(s) > maxHeldText || !utf8.ValidString(s) || printable(s) != s
	})
}

func (i HeldImage) valid() bool {
	if i.SOPInstanceUID == "" || len(i.SOPInstanceUID) > maxUIDBytes || !utf8.ValidString(i.SOPInstanceUID) || printable(i.SOPInstanceUID) != i.SOPInstanceUID || i.Frame < 0 || i.Frame > maxSlices {
		return false
	}
	if i.Rows < 1 || i.Rows > maxEdge || i.Columns < 1 || i.Columns > maxEdge || len(i.Regions) > MaxHeldRegions || !plainReasons(i.Reasons) || len(i.Picture) > maxHeldPicture {
		return false
	}
	return !slices.ContainsFunc(i.Regions, func(r burnin.Region) bool {
		return r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 || r.X > i.Columns-r.Width || r.Y > i.Rows-r.Height || !(r.Score >= 0 && r.Score <= 1)
	})
}
