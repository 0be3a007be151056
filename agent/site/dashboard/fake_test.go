package dashboard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/burnin"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// The cases of a fake site.
const (
	deliveredID = "3f9a01c2d4e5"
	heldID      = "77b0c1d2e3f4"
	workingID   = "0a1b2c3d4e5f"
	failedID    = "c0ffee00c0de"
	acceptedID  = "5e5e5e5e5e5e"
	heldImage   = "1.2.826.0.1.3680043.8.498.36.1"
)

const fakeRules = `[[rule]]
name = "brain"
match = { modality = ["MR"] }
model = "t1-tissue"
`

// fake is a site without rooms behind it: cases that stay as they are but for what a person
// says.
type fake struct {
	mu      sync.Mutex // guards what follows
	cases   []Entry
	doubt   quarantine.Case
	changed chan struct{}
	log     []audit.Entry
	check   Verification
	refusal error // what Decide, Read and Again answer; nil: they do it

	overlay, held []byte
	now           time.Time
	unreadable    bool // the images can't be listed
}

func newFake(t testing.TB) *fake {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	overlay, err := os.ReadFile("../../../packaging/pictures/overlay.png")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{changed: make(chan struct{}), overlay: overlay, held: burned(t, overlay), now: now}
	add := func(id string, state worklist.State, minutes int, name, patient, birth, sex, modality, study string, change func(*Entry)) {
		at := now.Add(-time.Duration(minutes) * time.Minute)
		e := Entry{Case: worklist.Case{
			ID: id, StudyKey: id, StudyUID: "1.2.826.0.1.3680043.8.498." + fmt.Sprint(minutes), State: state, Rule: "brain", Model: "t1-tissue@1.0.0", Changed: at,
			Subject: worklist.Subject{PatientName: name, PatientID: patient, BirthDate: birth, Sex: sex, Modalities: []string{modality}, Description: study,
				StudyDate: now.Format("20060102"), Accession: "A" + patient[2:], Instances: 176, Source: "dimse MR1"},
			Terms: worklist.Terms{PriorityBy: "rule", PriceCeilingGwei: 2_000_000, Destinations: []string{"pacs"}, Residency: []string{"DE"}},
			At:    worklist.Times{Received: at.Add(-3 * time.Minute), Routed: at.Add(-3 * time.Minute)},
		}}
		change(&e)
		f.cases = append(f.cases, e)
	}
	result := func(e *Entry) {
		e.Task, e.PriceGwei, e.Outcome = models.DigestOf([]byte(e.ID)), 1_250_000, "completed"
		e.At.Submitted, e.At.Analysed, e.At.Delivered = e.Changed.Add(-2*time.Minute), e.Changed.Add(-time.Minute), e.Changed
	}
	add(workingID, worklist.Submitted, 1, "Oduya^Amara", "PN20417", "19710304", "F", "MR", "Head without contrast", func(e *Entry) {
		e.Terms.Priority, e.Terms.PriorityBy = scheduler.STAT, "order"
		e.Progress = Progress{Kind: "progress", Stage: "infer", Done: 0.62, Node: "0x01"}
		e.At.Submitted = e.Changed
	})
	add(heldID, worklist.Held, 4, "Lindqvist^Per", "PN20398", "19550921", "M", "MR", "Head, outside study", func(e *Entry) {
		e.Reason, e.At.Held = "the detector found what looks like text in the pixels", e.Changed
	})
	add(deliveredID, worklist.Delivered, 9, "Marchetti^Giulia", "PN20377", "19880112", "F", "MR", "Head, T1 volume", result)
	add("91d2e3f4a5b6", worklist.Delivering, 12, "Okafor^Chidi", "PN20371", "19630730", "M", "MR", "Head, T1 volume", func(e *Entry) {
		result(e)
		e.At.Delivered, e.Reason = time.Time{}, "the destination does not answer"
	})
	add(acceptedID, worklist.Accepted, 41, "Novak^Jana", "PN20352", "19790505", "F", "MR", "Head with contrast", func(e *Entry) {
		result(e)
		e.Reading, e.At.Read = worklist.Reading{Accepted: true, By: "anna"}, e.Changed
	})
	add(failedID, worklist.NotAnalysed, 95, "Silva^Rui", "PN20340", "20010228", "M", "CT", "Chest", func(e *Entry) {
		e.Reason, e.At.Ended, e.Rule = "no node offered within the time", e.Changed, "chest"
	})
	f.doubt = quarantine.Case{ID: heldID, StudyUID: f.cases[1].StudyUID, Model: "t1-tissue@1.0.0", HeldAt: f.cases[1].Changed, Held: clinic.Held{
		Reasons: []string{"the detector found what looks like text"}, Alike: 12,
		Images: []clinic.HeldImage{{SOPInstanceUID: heldImage, Rows: heldRows, Columns: heldColumns, Reasons: []string{"looks like text"},
			Regions: []burnin.Region{{X: 14, Y: 14, Width: 152, Height: 18, Score: 0.93}}, Picture: f.held}},
	}}
	return f
}

// Pixels of the held picture.
const heldRows, heldColumns = 384, 384

// burned is a slice of the test head with a made-up name in its corner.
func burned(t testing.TB, overlay []byte) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, heldColumns, heldRows))
	slices, err := png.Decode(bytes.NewReader(overlay))
	if err != nil {
		t.Fatal(err)
	}
	b := slices.Bounds() // the first slice of the picture, without what is laid over it
	slice := image.Rect(b.Dx()*11/696, b.Dy()*30/382, b.Dx()*109/696, b.Dy()*142/382)
	draw.CatmullRom.Scale(img, image.Rect(28, 0, heldColumns-28, heldRows), slices, slice, draw.Src, nil)
	d := font.Drawer{Dst: img, Src: image.White, Face: basicfont.Face7x13, Dot: fixed.P(16, 27)}
	d.DrawString("LINDQVIST PER 1955")
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (f *fake) entries(kind audit.Kind) (list []audit.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.log {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

func (f *fake) record(e audit.Entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.At = f.now
	f.log = append(f.log, e)
	return nil
}

func (f *fake) Worklist(w worklist.Filter) (list []Entry, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.cases {
		if (len(w.States) == 0 || slices.Contains(w.States, e.State)) && (w.StudyUID == "" || w.StudyUID == e.StudyUID) && (w.Limit == 0 || len(list) < w.Limit) {
			list = append(list, e)
		}
	}
	return list, nil
}

func (f *fake) Case(id string) (Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.cases, func(e Entry) bool { return id != "" && strings.HasPrefix(e.ID, id) })
	if at < 0 {
		return Entry{}, fmt.Errorf("case %.12q: %w", id, worklist.ErrUnknownCase)
	}
	return f.cases[at], nil
}

func (f *fake) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// step moves a case and tells those who watch.
func (f *fake) step(id string, change func(*Entry)) (worklist.Case, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return worklist.Case{}, f.refusal
	}
	at := slices.IndexFunc(f.cases, func(e Entry) bool { return e.ID == id })
	if at < 0 {
		return worklist.Case{}, worklist.ErrUnknownCase
	}
	change(&f.cases[at])
	close(f.changed)
	f.changed = make(chan struct{})
	return f.cases[at].Case, nil
}

func (f *fake) Again(id, who string) (worklist.Case, error) {
	return f.step(id, func(e *Entry) { e.State, e.By = worklist.Routed, who })
}

func (f *fake) Read(_ context.Context, id, who string, w Word) (worklist.Case, error) {
	c, err := f.step(id, func(e *Entry) {
		e.State, e.Reading = worklist.Rejected, worklist.Reading{Accepted: w.Accepted, Code: w.Reason, By: who}
		if w.Accepted {
			e.State = worklist.Accepted
		}
	})
	if err == nil {
		err = f.record(audit.Entry{Kind: audit.Verdict, Actor: who, Case: id, Reason: w.Reason})
	}
	return c, err
}

func (f *fake) Result(id string) (*Result, error) {
	e, err := f.Case(id)
	if err != nil || e.Outcome == "" {
		return nil, err
	}
	return &Result{Outcome: e.Outcome, Pictured: true, Files: []string{"seg.dcm", "sr.dcm", "sc.dcm", "overlay.png"}, Figures: []Figure{
		{"White matter", 638.2, "ml"}, {"Grey matter", 949.0, "ml"}}}, nil
}

func (f *fake) Picture(id string) ([]byte, error) {
	if e, err := f.Case(id); err != nil || e.Outcome == "" {
		return nil, ErrNothing
	}
	return f.overlay, nil
}

// Rows are a volume and a scout of the cases that have a result.
func (f *fake) Rows(id string) ([]Row, error) {
	if f.unreadable {
		return nil, errors.New("a file of the study is damaged")
	}
	e, err := f.Case(id)
	if err != nil || e.Outcome == "" {
		return nil, err
	}
	return []Row{{Modality: "MR", Description: "T1 volume", Images: 176}, {Modality: "MR", Description: "scout <b>", Images: 3}}, nil
}

// Image is a picture whose size tells its number.
func (f *fake) Image(_ context.Context, id string, row, n int) ([]byte, error) {
	rows, err := f.Rows(id)
	if err != nil || row < 0 || row >= len(rows) || n < 0 || n >= rows[row].Images {
		return nil, ErrNothing
	}
	var out bytes.Buffer
	err = png.Encode(&out, image.NewGray(image.Rect(0, 0, 200+n, 200+row)))
	return out.Bytes(), err
}

func (f *fake) Held(context.Context) (list []HeldCase, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.cases {
		if e.State == worklist.Held {
			list = append(list, HeldCase{Case: e.Case, Doubt: &f.doubt})
		}
	}
	return list, nil
}

func (f *fake) Look(_ context.Context, id, who string) (HeldCase, error) {
	e, err := f.Case(id)
	if err != nil {
		return HeldCase{}, err
	}
	if err := f.record(audit.Entry{Kind: audit.View, Actor: who, Case: e.ID}); err != nil || e.ID != heldID {
		return HeldCase{Case: e.Case}, err
	}
	return HeldCase{Case: e.Case, Doubt: &f.doubt}, nil
}

func (f *fake) HeldPicture(_ context.Context, id string, n int) ([]byte, error) {
	if id != heldID || n > 0 {
		return nil, ErrNothing
	}
	return f.held, nil
}

func (f *fake) Decide(_ context.Context, id, who string, d quarantine.Decision, reason string) (worklist.Case, error) {
	c, err := f.step(id, func(e *Entry) {
		e.By, e.Reason, e.Policy = who, "", d.Policy(e.Policy)
		e.State = worklist.Routed
		if d.Choice == quarantine.Refuse {
			e.State = worklist.Refused
		}
	})
	if err == nil {
		err = f.record(audit.Entry{Kind: audit.Release, Actor: who, Case: id, Reason: string(d.Choice), Count: len(d.Regions)})
	}
	return c, err
}

func (f *fake) Deliveries(int) ([]outbox.Delivery, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []outbox.Delivery
	for _, e := range f.cases {
		if e.Outcome == "" {
			continue
		}
		d := outbox.Delivery{Task: e.Task, Destination: "pacs", Cases: []string{e.ID}, State: outbox.Delivered, Items: make([]outbox.Item, 3), Attempts: 1, Since: e.Changed, Folder: "/srv/Marchetti"}
		if e.State == worklist.Delivering {
			d.State, d.Fault, d.Attempts = outbox.Waiting, outbox.Unreachable, 4
		}
		list = append(list, d)
	}
	return list, nil
}

func (f *fake) RetryNow(destination string) (int, error) {
	return 1, f.record(audit.Entry{Kind: "retry", Peer: destination})
}

func (f *fake) Withdraw(who, destination string) (int, error) {
	return 1, f.record(audit.Entry{Kind: "withdraw", Actor: who, Peer: destination})
}

func (f *fake) RulesText() (string, error) { return fakeRules, nil }

func (f *fake) Explain(studyUID, text string) (Explanation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules, err := route.Parse([]byte(text))
	if err != nil {
		return Explanation{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	at := slices.IndexFunc(f.cases, func(e Entry) bool { return e.StudyUID == studyUID })
	if at < 0 {
		return Explanation{}, inbox.ErrUnknownStudy
	}
	facts := route.Facts{Way: "dimse", CallingAE: "MR1", Modalities: f.cases[at].Subject.Modalities}
	d := route.Decide(rules, facts, f.now, route.Spent{})
	return Explanation{Study: studyUID, Subject: f.cases[at].Subject, Facts: facts, Routes: d.Routes, Lines: d.Explain}, nil
}

func (f *fake) LoadRules(who string) error {
	return f.record(audit.Entry{Kind: audit.Configure, Actor: who})
}

func (f *fake) Viewed(who, id string, count int, what string) error {
	return f.record(audit.Entry{Kind: audit.View, Actor: who, Case: id, Count: count, Reason: what})
}

func (f *fake) Logged(who string, in bool) error {
	e := audit.Entry{Kind: audit.Login, Actor: who}
	if !in {
		e.Outcome = audit.Serious
	}
	return f.record(e)
}

func (f *fake) UsersChanged() error { return f.record(audit.Entry{Kind: audit.Configure}) }

func (f *fake) Exported(who string) error {
	return f.record(audit.Entry{Kind: audit.Export, Actor: who})
}

func (f *fake) Lines(_ context.Context, _ audit.Span, tell func(audit.Line) error) error {
	f.mu.Lock()
	log := slices.Clone(f.log)
	f.mu.Unlock()
	for n, e := range log {
		if err := tell(audit.Line{Sequence: uint64(n + 1), Entry: e, Sum: strings.Repeat("ab", 32)}); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) StartVerify() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.check = Verification{Running: true, Began: f.now, Done: 0.25}
}

// Verification is a quarter done when it is begun, and done at the next look.
func (f *fake) Verification() Verification {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.check
	if now.Running {
		report, err := f.VerifyAudit(context.Background())
		if err == nil {
			f.check = Verification{Began: f.now, Ended: f.now, Report: &report}
		}
	}
	return now
}

func (f *fake) VerifyAudit(context.Context) (audit.Report, error) {
	return audit.Report{Files: 1, Lines: 42, Remembered: true}, nil
}

func (f *fake) Reporting() audit.Reporting { return audit.Reporting{Site: "ST-VINCENT"} }

func (f *fake) Status() (Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := map[worklist.State]int{}
	for _, e := range f.cases {
		counts[e.State]++
	}
	return Status{
		Up: 26 * time.Hour, AETitle: "MEDHIVE", Rules: 2, Cases: counts, Doors: []Door{{"DICOM", "127.0.0.1:11112"}, {"web", "127.0.0.1:8443"}},
		Inbox:    inbox.Storage{Bytes: 41 << 30, Free: 512 << 30, Limit: 200 << 30, Arriving: 1},
		Arriving: []Arriving{{Key: "aabbccddeeff", Instances: 88, Expected: 176, Since: f.now.Add(-4 * time.Second)}},
		Outbox:   []outbox.Health{{Destination: "pacs", Waiting: 1, Oldest: f.now.Add(-12 * time.Minute), Fault: outbox.Unreachable}},
	}, nil
}
