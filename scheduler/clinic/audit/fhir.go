package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Code systems of an AuditEvent (FHIR R4).
const (
	dicomSystem     = "http://dicom.nema.org/resources/ontology/DCM"
	ownSystem       = "urn:medhive:audit"
	entityType      = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	entityRole      = "http://terminology.hl7.org/CodeSystem/object-role"
	entityLifeCycle = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle"
	sourceType      = "http://terminology.hl7.org/CodeSystem/security-source-type"
	identifierType  = "http://terminology.hl7.org/CodeSystem/v2-0203"
	uriSystem       = "urn:ietf:rfc:3986"
)

// FHIRWriter writes lines as one FHIR R4 Bundle of AuditEvents, one after the other, without
// holding them. Its Write fits Read's tell.
type FHIRWriter struct {
	w     io.Writer
	how   Reporting
	began bool
}

// NewFHIRWriter begins a bundle; nothing is written before the first line or Close.
func NewFHIRWriter(w io.Writer, how Reporting) *FHIRWriter { return &FHIRWriter{w: w, how: how} }

// Write adds a line.
func (f *FHIRWriter) Write(line Line) error {
	e, err := f.how.eventOf(line)
	if err != nil {
		return err
	}
	data, err := json.Marshal(bundleEntry{FullURL: "urn:uuid:" + line.uuid(), Resource: f.how.auditEvent(e)})
	if err != nil {
		return fmt.Errorf("write line %d of the audit log as FHIR: %w", line.Sequence, err)
	}
	before := ",\n"
	if !f.began {
		before = `{"resourceType":"Bundle","type":"collection","entry":[` + "\n"
	}
	f.began = true
	if _, err := f.w.Write(append([]byte(before), data...)); err != nil {
		return fmt.Errorf("write the audit log as FHIR: %w", err)
	}
	return nil
}

// Close ends the bundle. It does not close what it writes to.
func (f *FHIRWriter) Close() error {
	end := "\n]}\n"
	if !f.began {
		end = `{"resourceType":"Bundle","type":"collection"}` + "\n"
	}
	if _, err := io.WriteString(f.w, end); err != nil {
		return fmt.Errorf("write the audit log as FHIR: %w", err)
	}
	return nil
}

type bundleEntry struct {
	FullURL  string     `json:"fullUrl"`
	Resource auditEvent `json:"resource"`
}

type coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type concept struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

type identifier struct {
	Type   *concept `json:"type,omitempty"`
	System string   `json:"system,omitempty"`
	Value  string   `json:"value"`
}

type reference struct {
	Identifier *identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

// auditEvent is a FHIR R4 AuditEvent, as far as it is used.
type auditEvent struct {
	ResourceType string        `json:"resourceType"`
	Type         coding        `json:"type"`
	Subtype      []coding      `json:"subtype,omitempty"`
	Action       string        `json:"action"`
	Recorded     string        `json:"recorded"`
	Outcome      string        `json:"outcome"`
	OutcomeDesc  string        `json:"outcomeDesc,omitempty"`
	Purpose      []concept     `json:"purposeOfEvent,omitempty"`
	Agent        []auditAgent  `json:"agent"`
	Source       auditSource   `json:"source"`
	Entity       []auditEntity `json:"entity,omitempty"`
}

type auditAgent struct {
	Type      *concept   `json:"type,omitempty"`
	Who       *reference `json:"who,omitempty"`
	Requestor bool       `json:"requestor"`
	Policy    []string   `json:"policy,omitempty"`
}

type auditSource struct {
	Site     string    `json:"site,omitempty"`
	Observer reference `json:"observer"`
	Type     []coding  `json:"type,omitempty"`
}

type auditEntity struct {
	What      *reference    `json:"what,omitempty"`
	Type      *coding       `json:"type,omitempty"`
	Role      *coding       `json:"role,omitempty"`
	Lifecycle *coding       `json:"lifecycle,omitempty"`
	Detail    []auditDetail `json:"detail,omitempty"`
}

type auditDetail struct {
	Type  string `json:"type"`
	Value string `json:"valueString"`
}

func (c code) coding() coding {
	system := dicomSystem
	if c.scheme == ownScheme {
		system = ownSystem
	}
	return coding{System: system, Code: c.value, Display: c.meaning}
}

// auditEvent writes an event as FHIR has it.
func (x Reporting) auditEvent(e event) auditEvent {
	out := auditEvent{
		ResourceType: "AuditEvent", Type: e.event.coding(), Action: e.action,
		Recorded: e.line.At.UTC().Format(time.RFC3339Nano), Outcome: e.outcome, OutcomeDesc: e.line.Reason,
		Source: auditSource{
			Site: x.Site, Observer: reference{Identifier: &identifier{System: ownSystem, Value: x.source()}, Display: x.source()},
			Type: []coding{{System: sourceType, Code: "4", Display: "Application Server"}},
		},
	}
	if e.kind.value != "" {
		out.Subtype = append(out.Subtype, e.kind.coding())
	}
	out.Subtype = append(out.Subtype, e.own.coding())
	if e.line.Basis != "" {
		out.Purpose = []concept{{Text: e.line.Basis}}
	}
	for i, p := range e.participants {
		agent := auditAgent{Who: &reference{Identifier: &identifier{Value: p.id}, Display: p.id}, Requestor: p.requestor}
		if p.role.value != "" {
			agent.Type = &concept{Coding: []coding{p.role.coding()}}
		}
		if i == 0 && e.line.Rule != "" {
			agent.Policy = []string{ownSystem + ":rule:" + e.line.Rule}
		}
		out.Agent = append(out.Agent, agent)
	}
	for _, o := range e.objects {
		out.Entity = append(out.Entity, o.entity())
	}
	return out
}

// entity is an object as FHIR has it. Names of types and roles are those of its code systems.
func (o object) entity() auditEntity {
	id := &identifier{System: ownSystem + ":" + o.kind.value, Value: o.id}
	switch {
	case o.kind.scheme == dicomScheme: // a study
		id.System, id.Value = uriSystem, "urn:oid:"+o.id
	case o.kind.scheme == rfcScheme: // a patient
		id.System = ""
		id.Type = &concept{Coding: []coding{{System: identifierType, Code: "MR", Display: "Medical record number"}}}
	}
	types := map[string]string{"1": "Person", "2": "System Object"}
	roles := map[string]string{"1": "Patient", "3": "Report", "13": "Security Resource"}
	entity := auditEntity{
		What: &reference{Identifier: id},
		Type: &coding{System: entityType, Code: o.typeCode, Display: types[o.typeCode]},
		Role: &coding{System: entityRole, Code: o.role, Display: roles[o.role]},
	}
	if o.lifeCycle != "" {
		entity.Lifecycle = &coding{System: entityLifeCycle, Code: o.lifeCycle}
	}
	details := o.details
	if o.accession != "" {
		details = append(details[:len(details):len(details)], [2]string{"accession", o.accession})
	}
	for _, d := range details {
		entity.Detail = append(entity.Detail, auditDetail{Type: d[0], Value: d[1]})
	}
	return entity
}
