// Package route decides by rules which models a study goes to, how urgently, where, at
// what price and where the results go. In go a clinic's rules (TOML), what is known of
// a study, the time and what the rules have spent; out comes a decision with, for each
// rule, which condition held and which did not. It is pure: it reads no clock, no file and
// no study, keeps nothing, and what it explains is for the clinic's own people, not for logs.
package route

import (
	"time"

	"github.com/medhive/medhive/scheduler"
)

// Facts are what routing needs of a study. An empty value is not known, and what is not
// known meets no condition.
type Facts struct {
	Way        string // how the study came: dimse, stow, folder, submit, fetch or order
	CallingAE  string // application entity title of the sender; empty unless by DIMSE
	CalledAE   string // title that the sender called
	Modalities []string
	SOPClasses []string // UIDs
	BodyParts  []string // (0018,0015) of each series

	StudyDescription   string   // (0008,1030)
	SeriesDescriptions []string // (0008,103E)
	Manufacturer       string   // (0008,0070)
	Station            string   // (0008,1010)
	Institution        string   // (0008,0080)
	Referrer           string   // requesting service (0032,1033), for rules by ward

	Age           Age    // at the study
	Sex           string // M, F or O
	InstanceCount int

	OrderPriority     string // of a matching order by HL7 or UPS: routine, urgent or STAT
	RequestedPriority string // Requested Procedure Priority (0040,1003): STAT, HIGH, ROUTINE, MEDIUM or LOW
	DIMSEPriority     string // of the C-STORE (PS3.7 9.1.1.1): low, medium or high
	AskedModel        string // an order that names a model or a rule; only rules of that model or name are looked at
}

// Decision is what becomes of a study.
type Decision struct {
	Routes  []Route   // in the rules' order; none: nobody analyses it
	Stopped []Stopped // rules that met the study and may not spend more
	Explain []Line    // one for each rule, in order
}

// Route is one model that a study goes to, and on which terms.
type Route struct {
	Rule             string // name of the rule
	Model            string // id or id@version
	Priority         scheduler.Class
	PriorityBy       string        // what gave the priority: rule, order, requested or dimse
	Residency        []string      // ISO 3166-1 alpha-2, where it may be analysed
	PriceCeilingGwei uint64        // for one node's work
	Within           time.Duration // deadline, from the submission
	Copying          scheduler.Copying
	Copies           int           // how many, 0 where it is analysed once
	LocalAfter       time.Duration // the clinic's own runner begins then; 0: never
	Silent           bool          // analysed, and delivered nowhere
	Destinations     []string      // names of the clinic's destinations
	Forms            []Form        // what is delivered
	OnFailure        OnFailure
	Deidentify       Deidentify
}

// MostGwei is what the route may cost: copies that are compared are paid each, of those
// that race one is.
func (r Route) MostGwei() uint64 {
	if r.Copying == scheduler.Replicated {
		return saturatingMul(r.PriceCeilingGwei, uint64(r.Copying.Copies(r.Copies)))
	}
	return r.PriceCeilingGwei
}

// Stopped is a rule that met a study and has spent its budget.
type Stopped struct {
	Rule   string
	Model  string
	Reason string // for people: which limit, and what stands against it
}

// Form is a kind of result object.
type Form string

// The forms of a result.
const (
	SEG  Form = "seg"  // DICOM Segmentation
	SR   Form = "sr"   // DICOM structured report, TID 1500
	SC   Form = "sc"   // secondary capture, for viewers that show neither
	PDF  Form = "pdf"  // DICOM encapsulated PDF
	FHIR Form = "fhir" // FHIR R4 bundle
)

// OnFailure says what a destination hears of a study that could not be analysed.
type OnFailure string

// The ways to fail.
const (
	Notice OnFailure = "notice" // an explicit 'not analysed' object
	Silent OnFailure = "silent" // nothing; the worklist has it
)

// Deidentify are a rule's choices within the confidentiality profile (PS3.15 E.3).
type Deidentify struct {
	RetainDates           bool // shifted per patient, PS3.15 E.3.6
	RetainDevice          bool // PS3.15 E.3.8
	RetainCharacteristics bool // PS3.15 E.3.7
	Private               []PrivateAttribute
	Deface                bool // faces of head scans are removed, where the model's manifest allows it
}

// PrivateAttribute is one private data element that a rule lets pass.
type PrivateAttribute struct {
	Creator string // private creator, as in the data set
	Group   uint16 // odd
	Element uint8  // the element's lower byte; the upper is the creator's block (PS3.5 7.8.1)
}

// Verdict is what became of a rule.
type Verdict string

// The verdicts.
const (
	Taken      Verdict = "taken"
	Ignored    Verdict = "taken: not to be analysed" // the rule matched and says so
	Missed     Verdict = "conditions not met"
	Preceded   Verdict = "an earlier rule was taken"
	OverBudget Verdict = "budget spent"
	Off        Verdict = "switched off"
	NotAsked   Verdict = "another model was asked for"
)

// Line says what became of one rule and why. It may hold what identifies a patient.
type Line struct {
	Rule       string      `json:"rule"`
	Group      string      `json:"group,omitempty"`
	Verdict    Verdict     `json:"verdict"`
	Detail     string      `json:"detail,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
}

// Condition is one condition of a rule and what it saw.
type Condition struct {
	Key    string `json:"key"` // as in the rule: "modality", or "unless modality"
	Wanted string `json:"wanted"`
	Saw    string `json:"saw"` // "nothing" if the fact is not known
	Held   bool   `json:"held"`
}

// Use is what was spent under one rule in the day and the month that stand, see Since.
// Work that was submitted and has not ended counts with what it may cost.
type Use struct {
	DayCount, MonthCount int
	DayGwei, MonthGwei   uint64
}

// Spent is the use of each rule by its name.
type Spent map[string]Use

func saturatingMul(a, b uint64) uint64 {
	if a != 0 && b > ^uint64(0)/a {
		return ^uint64(0)
	}
	return a * b
}

func saturatingAdd(a, b uint64) uint64 {
	if a > ^uint64(0)-b {
		return ^uint64(0)
	}
	return a + b
}
