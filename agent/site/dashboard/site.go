package dashboard

import (
	"context"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// Site is what a dashboard shows and does. Its methods may be called by many at once.
type Site interface {
	Cases
	Quarantine
	Deliveries
	Rules
	Record
	Status() (Status, error)
}

// Cases is the worklist.
type Cases interface {
	// Worklist lists cases, the newest first.
	Worklist(worklist.Filter) ([]Entry, error)
	// Case finds the case whose id begins with id.
	Case(id string) (Entry, error)
	// Changed is closed at the next change of any case.
	Changed() <-chan struct{}
	// Again has a case tried anew that ended without a result.
	Again(id, who string) (worklist.Case, error)
	// Read takes a reader's word on a delivered result.
	Read(ctx context.Context, id, who string, w Word) (worklist.Case, error)
	// Result is what the case's result says; nil where none is kept.
	Result(id string) (*Result, error)
	// Picture is the overlay of a result, a PNG.
	Picture(id string) ([]byte, error)
	// Rows are the series of images of a case's study, the largest first; none where they are
	// no longer kept.
	Rows(id string) ([]Row, error)
	// Image is image n of a row as it is looked at, a PNG; both count from 0.
	Image(ctx context.Context, id string, row, n int) ([]byte, error)
}

// Quarantine is what waits for a person.
type Quarantine interface {
	// Held lists the cases that wait, without pictures.
	Held(context.Context) ([]HeldCase, error)
	// Look shows one with its pictures and records who looked.
	Look(ctx context.Context, id, who string) (HeldCase, error)
	// HeldPicture is one picture of a case, a PNG; n counts from 0.
	HeldPicture(ctx context.Context, id string, n int) ([]byte, error)
	// Decide carries out a person's word.
	Decide(ctx context.Context, id, who string, d quarantine.Decision, reason string) (worklist.Case, error)
}

// Deliveries are results on their way.
type Deliveries interface {
	// Deliveries lists the newest so many.
	Deliveries(limit int) ([]outbox.Delivery, error)
	RetryNow(destination string) (int, error)
	Withdraw(who, destination string) (int, error)
}

// Rules are the routing rules.
type Rules interface {
	// RulesText is the file as it stands.
	RulesText() (string, error)
	// Explain says what rules would make of a study that the site holds; empty rules are those
	// in force.
	Explain(studyUID, rules string) (Explanation, error)
	// LoadRules reads the file anew.
	LoadRules(who string) error
}

// Record is the audit log.
type Record interface {
	// Viewed records that somebody saw a case, or a list of them where id is empty.
	Viewed(who, id string, count int, what string) error
	// Logged records that somebody was let in, or refused.
	Logged(who string, in bool) error
	// UsersChanged records that the file of users is another than before.
	UsersChanged() error
	// Exported records that somebody took the audit log out.
	Exported(who string) error
	// Lines tells the log's lines of a span.
	Lines(ctx context.Context, span audit.Span, tell func(audit.Line) error) error
	// VerifyAudit looks for lines that were changed, removed or cut.
	VerifyAudit(context.Context) (audit.Report, error)
	// StartVerify begins the same without anybody who waits; one that runs goes on.
	StartVerify()
	// Verification is how far that is, or what the last one came to.
	Verification() Verification
	// Reporting says how lines are told to others.
	Reporting() audit.Reporting
}

// Verification is a look through the whole audit log.
type Verification struct {
	Running bool          `json:"running"`
	Began   time.Time     `json:"began,omitzero"` // zero: there was none since the start
	Ended   time.Time     `json:"ended,omitzero"`
	Done    float64       `json:"done,omitempty"` // share of the log, 0 to 1
	Report  *audit.Report `json:"report,omitempty"`
	Fault   string        `json:"fault,omitempty"` // why it broke off
}

// Entry is a case as screens show it.
type Entry struct {
	worklist.Case
	Progress Progress `json:"progress,omitzero"` // of a submitted one
}

// Progress is the last step of a case in the market.
type Progress struct {
	Kind  string  `json:"kind"`
	Stage string  `json:"stage,omitempty"`
	Done  float64 `json:"done,omitempty"` // of the stage, 0 to 1
	Node  string  `json:"node,omitempty"`
}

// Word is what a person says who read a result.
type Word struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"` // why not: one of attest.ReaderReasons
}

// HeldCase is a case that waits for a person.
type HeldCase struct {
	worklist.Case
	// Doubt is what its pixels may show; nil where it is held for another reason.
	Doubt *quarantine.Case `json:"doubt,omitempty"`
	// Damaged says that its pictures can't be read; refused and tried again, it has new ones.
	Damaged bool `json:"damaged,omitempty"`
}

// Result is what a person reads of a result beside its objects.
type Result struct {
	Outcome  string   `json:"outcome,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Figures  []Figure `json:"figures,omitempty"`
	Pictured bool     `json:"pictured"` // Picture has an overlay
	Files    []string `json:"files,omitempty"`
}

// Row is a series of images in their order.
type Row struct {
	Modality    string `json:"modality,omitempty"`
	Description string `json:"description,omitempty"`
	Images      int    `json:"images"` // frames
}

// Figure is one number of a result.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // UCUM, as for people: "ml", "1"
}

// Explanation is what the rules make of a study, and why.
type Explanation struct {
	Study   string           `json:"study"` // its UID
	Subject worklist.Subject `json:"subject"`
	Facts   route.Facts      `json:"facts"`
	Routes  []route.Route    `json:"routes"`
	Stopped []route.Stopped  `json:"stopped,omitempty"`
	Lines   []route.Line     `json:"rules"`
}

// Status is a site on one screen.
type Status struct {
	Up       time.Duration          `json:"up_ns"`
	AETitle  string                 `json:"ae_title"`
	Doors    []Door                 `json:"doors"`
	Rules    int                    `json:"rules"`
	Inbox    inbox.Storage          `json:"inbox"`
	Arriving []Arriving             `json:"arriving,omitempty"`
	Cases    map[worklist.State]int `json:"cases"`
	Outbox   []outbox.Health        `json:"outbox,omitempty"`
}

// Door is where the site listens.
type Door struct {
	Kind    string `json:"kind"` // DICOM, HL7 or web
	Address string `json:"address"`
}

// Arriving is a study that is still coming in.
type Arriving struct {
	Key       string    `json:"key"` // its name for logs
	Instances int       `json:"instances"`
	Expected  int       `json:"expected,omitempty"`
	Since     time.Time `json:"since"`
}
