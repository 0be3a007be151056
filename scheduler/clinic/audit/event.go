package audit

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// Reporting says how lines are told to other systems.
type Reporting struct {
	Site   string // the clinic's name or number; empty: none is told
	Source string // what reports: an AE title or a host's name; empty: MEDHIVE
	// Identify tells the sealed subjects: patient, study and accession number. Without it a
	// case is told by its id alone.
	Identify bool
}

func (x Reporting) source() string {
	if x.Source == "" {
		return "MEDHIVE"
	}
	return x.Source
}

// code is a coded value: of DICOM (CID 400 and 401, PS3.16) or of our own.
type code struct{ value, scheme, meaning string }

const (
	dicomScheme = "DCM"
	ownScheme   = "99MEDHIVE"
	rfcScheme   = "RFC-3881"
)

func dcm(value, meaning string) code { return code{value, dicomScheme, meaning} }

// class is what the standards call a kind of entry.
type class struct {
	event     code
	kind      code   // the event's type; empty: none but our own
	action    string // C, R, U, D or E
	lifeCycle string // of the data (PS3.15 A.5.1.2.3); empty: none is told
	sends     bool   // data goes from us to the other side
	takes     bool   // data comes from the other side to us
	device    bool   // the actor is a system, not a person
	meaning   string // of our own code, the kind's name
}

// classes are the events of PS3.15 A.5.3.
var classes = map[Kind]class{
	Intake:     {event: dcm("110104", "DICOM Instances Transferred"), action: "C", lifeCycle: "2", takes: true, device: true, meaning: "Study taken in"},
	Order:      {event: dcm("110109", "Order Record"), action: "C", device: true, meaning: "Order taken in"},
	Disclosure: {event: dcm("110106", "Export"), action: "R", lifeCycle: "11", sends: true, device: true, meaning: "De-identified payload disclosed to a node"},
	Result:     {event: dcm("110107", "Import"), action: "C", lifeCycle: "1", takes: true, device: true, meaning: "Result received"},
	Delivery:   {event: dcm("110104", "DICOM Instances Transferred"), action: "C", lifeCycle: "10", sends: true, device: true, meaning: "Result delivered"},
	View:       {event: dcm("110103", "DICOM Instances Accessed"), action: "R", lifeCycle: "6", meaning: "Study or result viewed"},
	Export:     {event: dcm("110106", "Export"), action: "R", lifeCycle: "10", meaning: "Data handed out"},
	Hold:       {event: dcm("110103", "DICOM Instances Accessed"), action: "U", lifeCycle: "4", device: true, meaning: "Study held in quarantine"},
	Release:    {event: dcm("110103", "DICOM Instances Accessed"), action: "U", lifeCycle: "4", meaning: "Held study decided"},
	Verdict:    {event: dcm("110103", "DICOM Instances Accessed"), action: "U", lifeCycle: "4", meaning: "Result accepted or rejected"},
	Remove:     {event: dcm("110105", "DICOM Study Deleted"), action: "D", lifeCycle: "15", meaning: "Data deleted"},
	Rotate:     {event: dcm("110113", "Security Alert"), kind: dcm("110129", "Security Configuration"), action: "E", meaning: "Keys changed, backed up or restored"},
	Configure:  {event: dcm("110113", "Security Alert"), kind: dcm("110131", "Software Configuration"), action: "E", meaning: "Settings changed"},
	Login:      {event: dcm("110114", "User Authentication"), kind: dcm("110122", "Login"), action: "E", meaning: "Login"},
	Start:      {event: dcm("110100", "Application Activity"), kind: dcm("110120", "Application Start"), action: "E", device: true, meaning: "Service began"},
	Stop:       {event: dcm("110100", "Application Activity"), kind: dcm("110121", "Application Stop"), action: "E", device: true, meaning: "Service ended"},
	Mended:     {event: dcm("110101", "Audit Log Used"), action: "U", device: true, meaning: "Unfinished line cut off the audit log"},
	Gap:        {event: dcm("110113", "Security Alert"), kind: dcm("110133", "Audit Recording Stopped"), action: "E", device: true, meaning: "Lines of the audit log are gone"},
}

// roles of participants (PS3.16 CID 402).
var (
	applicationRole = dcm("110150", "Application")
	destinationRole = dcm("110152", "Destination Role ID")
	sourceRole      = dcm("110153", "Source Role ID")
)

// participant is who took part.
type participant struct {
	id        string
	requestor bool
	role      code // empty: a person
}

// object is what it was about.
type object struct {
	id        string
	kind      code
	typeCode  string // 1 person, 2 system object
	role      string // PS3.15 A.5.1.2.2
	lifeCycle string
	details   [][2]string
	accession string
	instances int
	anonymous bool // the data was de-identified and sealed
}

// event is a line as the standards see it.
type event struct {
	class
	own          code
	line         Line
	outcome      string // EventOutcomeIndicator
	participants []participant
	objects      []object
}

// outcomes are the indicators of PS3.15 A.5.2.
var outcomes = map[Outcome]string{Success: "0", Minor: "4", Serious: "8"}

// eventOf says what a line is to other systems.
func (x Reporting) eventOf(line Line) (event, error) {
	c, known := classes[line.Kind]
	if !known {
		return event{}, fmt.Errorf("export line %d of the audit log: kind %.40q is not known", line.Sequence, line.Kind)
	}
	e := event{class: c, own: code{string(line.Kind), ownScheme, c.meaning}, line: line, outcome: outcomes[line.Outcome]}
	if e.outcome == "" {
		e.outcome = outcomes[Serious]
	}
	e.participants = x.participants(c, line)
	e.objects = x.objects(c, line)
	return e, nil
}

// participants are the service itself and who stands on the other side: the peer, and the
// actor where that is somebody else. One of them asked for it: a person who acted, a system
// that sent us something, else the service.
func (x Reporting) participants(c class, line Line) []participant {
	if line.Actor == Service {
		line.Actor = ""
	}
	self := participant{id: x.source(), role: applicationRole}
	other := participant{id: line.Peer}
	switch {
	case c.takes:
		self.role, other.role = destinationRole, sourceRole
	case c.sends:
		self.role, other.role = sourceRole, destinationRole
	case c.device:
		other.role = applicationRole
	}
	if c.device && line.Peer == "" { // the actor is the system on the other side
		other.id, line.Actor = line.Actor, ""
		other.requestor = other.id != ""
	}
	other.requestor = other.requestor || c.takes && line.Actor == "" && other.id != ""
	self.requestor = line.Actor == "" && !other.requestor
	all := []participant{self}
	if other.id != "" {
		all = append(all, other)
	}
	if line.Actor != "" {
		actor := participant{id: line.Actor, requestor: true}
		if c.device {
			actor.role = applicationRole
		}
		all = append(all, actor)
	}
	return all
}

// objects are the study and the patient, where they are told, else the case; and the line
// itself, by which what was exported can be held against the log.
func (x Reporting) objects(c class, line Line) []object {
	var all []object
	var details [][2]string
	add := func(name, value string) {
		if value != "" {
			details = append(details, [2]string{name, value})
		}
	}
	for _, d := range [][2]string{
		{"case", line.Case}, {"task", line.Task}, {"rule", line.Rule}, {"basis", line.Basis}, {"model", line.Model},
		{"sha256", line.Hash}, {"way", line.Way}, {"reason", line.Reason},
	} {
		add(d[0], d[1])
	}
	if line.Count > 0 {
		add("count", strconv.Itoa(line.Count))
	}
	study := object{id: line.Case, kind: code{"case", ownScheme, "Case of the worklist"}, typeCode: "2", role: "3", lifeCycle: c.lifeCycle, anonymous: line.Kind == Disclosure}
	subject := line.Subject
	if !x.Identify || subject == nil {
		subject = &Subject{}
	}
	if subject.StudyUID != "" {
		study.id, study.kind, study.accession = subject.StudyUID, dcm("110180", "Study Instance UID"), subject.Accession
	}
	if c.lifeCycle != "" {
		study.instances = line.Count
	}
	if study.id != "" {
		all = append(all, study)
	}
	if subject.PatientID != "" {
		all = append(all, object{id: subject.PatientID, kind: code{"2", rfcScheme, "Patient Number"}, typeCode: "1", role: "1"})
	}
	add("sum", line.Sum)
	return append(all, object{
		id: strconv.FormatUint(line.Sequence, 10), kind: code{"line", ownScheme, "Line of the audit log"}, typeCode: "2", role: "13", details: details,
	})
}

// uuid names the line for other systems: the first half of its sum as a UUID of version 8
// (RFC 9562 5.8).
func (l Line) uuid() string {
	sum, err := hex.DecodeString(l.Sum)
	if err != nil || len(sum) < 16 {
		sum = make([]byte, 16)
	}
	id := [16]byte(sum[:16])
	id[6] = id[6]&0x0F | 0x80
	id[8] = id[8]&0x3F | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
