package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
)

// Clinic is a clinic's site: its door for studies, and its worklist. What it answers names
// patients and belongs into no log. A site on loopback without users and tokens asks nobody who
// they are; elsewhere studies want a Token, and the worklist a Login.
type Clinic struct{ door *door }

// NewClinic speaks to a site's web door, such as https://medhive.clinic.example or
// http://127.0.0.1:8443.
func NewClinic(base string, options ...Option) (*Clinic, error) {
	d, err := openDoor(base, options)
	if err != nil {
		return nil, err
	}
	return &Clinic{d}, nil
}

// Login begins a session by name and password, of `medhive clinic user add`.
func (c *Clinic) Login(ctx context.Context, name, password string) error {
	return c.door.login(ctx, name, password)
}

// maxInstances bounds one study: a larger one is sent in parts by other means.
const maxInstances = 20_000

// Sent is a study that the clinic holds.
type Sent struct {
	Study     string // Study Instance UID
	Instances int
}

// Send brings every file of a folder (os.DirFS) or a zip (zip.Reader) to the clinic by STOW-RS.
// All must be DICOM files of one study. Once it returns without an error the clinic has them on
// disk; to send the same again changes nothing.
func (c *Clinic) Send(ctx context.Context, study fs.FS) (Sent, error) {
	uid, objects, err := gather(study)
	if err != nil {
		return Sent{}, fmt.Errorf("send a study: %w", err)
	}
	services := dicomweb.Client{Base: c.door.base.JoinPath("dicom-web"), HTTP: &http.Client{Transport: c.door.http.Transport}, Plain: c.door.plain}
	if c.door.token != "" {
		services.Authorization = func() (string, error) { return "Bearer " + c.door.token, nil }
	}
	stored, err := services.Store(ctx, uid, objects)
	if err != nil {
		var no *dicomweb.StatusError
		if errors.As(err, &no) {
			err = &Error{Status: no.Status, Text: no.Error()}
		}
		return Sent{}, fmt.Errorf("send a study of %d objects: %w", len(objects), err)
	}
	return Sent{uid, len(stored)}, nil
}

// gather finds a study's files and its UID.
func gather(study fs.FS) (uid string, objects []dicomweb.Object, err error) {
	err = fs.WalkDir(study, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if len(objects) == maxInstances {
			return fmt.Errorf("it has more than %d files", maxInstances)
		}
		open := func() (io.ReadCloser, error) { return study.Open(path) }
		own, err := studyOf(open)
		switch {
		case err != nil:
			return fmt.Errorf("file %d: %w; leave out what is no DICOM file", len(objects)+1, err)
		case uid != "" && own != uid:
			return fmt.Errorf("file %d is of another study than those before; send one study at a time", len(objects)+1)
		}
		uid, objects = own, append(objects, dicomweb.Object{Open: open, Bytes: info.Size()})
		return nil
	})
	if err == nil && len(objects) == 0 {
		err = errors.New("there is no file")
	}
	return uid, objects, err
}

func studyOf(open func() (io.ReadCloser, error)) (uid string, err error) {
	f, err := open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	return dicomweb.StudyOf(f)
}

// State is where a case stands.
type State string

// The states of a case, from intake to the reader's word.
const (
	Received    State = "received"
	Routed      State = "routed"
	Held        State = "held" // a person of the clinic is to look at it
	Submitted   State = "submitted"
	Analysed    State = "analysed"
	Delivering  State = "delivering"
	Delivered   State = "delivered"    // every destination has the result
	NotAnalysed State = "not-analysed" // there will be no result, or none until a person asks again
	Refused     State = "refused"
	Accepted    State = "accepted" // the reader agreed with the result
	Rejected    State = "rejected"
)

// Settled says that nothing happens to a case until a person does something.
func (s State) Settled() bool {
	switch s {
	case Held, Delivered, NotAnalysed, Refused, Accepted, Rejected:
		return true
	}
	return false
}

// Case is one study as one model sees it.
type Case struct {
	ID       string    `json:"id"` // says nothing of the patient: the name for logs
	Study    string    `json:"study"`
	Revision int       `json:"revision,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	Model    string    `json:"model,omitempty"`
	State    State     `json:"state"`
	Task     string    `json:"task,omitzero"`
	Reason   string    `json:"reason,omitempty"`  // why it is held, refused or not analysed, without any of the patient
	Outcome  string    `json:"outcome,omitempty"` // completed, failed or not-applicable
	Gwei     uint64    `json:"price_gwei,omitempty"`
	Changed  time.Time `json:"changed,omitzero"`
	// Subject is what the clinic's screens show of the study. It names the patient.
	Subject  json.RawMessage `json:"subject,omitzero"`
	Progress Progress        `json:"progress,omitzero"` // of a submitted one
}

// Progress is the last step of a case in the market.
type Progress struct {
	Kind  string  `json:"kind"`
	Stage string  `json:"stage,omitempty"`
	Done  float64 `json:"done,omitempty"` // of the stage, 0 to 1
}

// Filter chooses cases. The zero value chooses the newest 200.
type Filter struct {
	Study  string // Study Instance UID
	States []State
	Limit  int // 1 to 5000; 0: 200
}

// Cases lists cases, the newest first. The clinic records that they were looked at.
func (c *Clinic) Cases(ctx context.Context, f Filter) (list []Case, err error) {
	query := url.Values{}
	if f.Study != "" {
		query.Set("study", f.Study)
	}
	for _, s := range f.States {
		query.Add("state", string(s))
	}
	if f.Limit != 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	return list, c.door.get(ctx, apiBase+"/cases", query, &list)
}

// Case is one by its id, or the beginning of it.
func (c *Clinic) Case(ctx context.Context, id string) (one Case, err error) {
	return one, c.door.get(ctx, apiBase+"/cases/"+url.PathEscape(id), nil, &one)
}

// Await waits until every case of a study is settled, and is these. A study has none before it
// is complete, a while after its last file came. What the clinic's rules take no interest in has
// a case too, which is not-analysed.
func (c *Clinic) Await(ctx context.Context, study string) (list []Case, err error) {
	return list, every(ctx, pollEvery, func() (bool, error) {
		if list, err = c.Cases(ctx, Filter{Study: study}); err != nil || len(list) == 0 {
			return false, err
		}
		for _, one := range list {
			if !one.State.Settled() {
				return false, nil
			}
		}
		return true, nil
	})
}

// Result is what a person reads of a result beside its objects. NOT FOR CLINICAL USE.
type Result struct {
	Outcome  string   `json:"outcome,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Figures  []Figure `json:"figures,omitempty"`
	Pictured bool     `json:"pictured"` // Overlay has a picture
	Files    []string `json:"files,omitempty"`
}

// Figure is one number of a result.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // UCUM, as for people: "ml", "1"
}

// Result is what a case's result says; ErrNotFound where there is none.
func (c *Clinic) Result(ctx context.Context, id string) (r Result, err error) {
	return r, c.door.get(ctx, apiBase+"/cases/"+url.PathEscape(id)+"/result", nil, &r)
}

// Overlay is the picture of a case's result, a PNG.
func (c *Clinic) Overlay(ctx context.Context, id string) ([]byte, error) {
	answer, done, err := c.door.ask(ctx, http.MethodGet, apiBase+"/cases/"+url.PathEscape(id)+"/overlay.png", "", nil, "")
	if err != nil {
		return nil, err
	}
	defer done()
	if answer.StatusCode != http.StatusOK {
		return nil, refusal(answer)
	}
	return readAll(answer.Body, maxPicture)
}

// Read states what a reader thought of a delivered result: it becomes a signed statement about
// the node's work. Of a rejection, reason is one of the words that the dashboard offers.
func (c *Clinic) Read(ctx context.Context, id string, accepted bool, reason string) (one Case, err error) {
	return one, c.door.post(ctx, apiBase+"/cases/"+url.PathEscape(id)+"/read", struct {
		Accepted bool   `json:"accepted"`
		Reason   string `json:"reason,omitempty"`
	}{accepted, reason}, &one)
}
