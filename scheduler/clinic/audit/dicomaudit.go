package audit

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// The parts of a DICOM audit message (PS3.15 A.5.1), in the schema's order.
type (
	auditMessage struct {
		XMLName      xml.Name            `xml:"AuditMessage"`
		Event        eventIdentification `xml:"EventIdentification"`
		Participants []activeParticipant `xml:"ActiveParticipant"`
		Source       sourceOfMessage     `xml:"AuditSourceIdentification"`
		Objects      []participantObject `xml:"ParticipantObjectIdentification"`
	}
	codedValue struct {
		Code    string `xml:"csd-code,attr"`
		Scheme  string `xml:"codeSystemName,attr"`
		Meaning string `xml:"originalText,attr"`
	}
	eventIdentification struct {
		ID          codedValue   `xml:"EventID"`
		Types       []codedValue `xml:"EventTypeCode"`
		Action      string       `xml:"EventActionCode,attr"`
		At          string       `xml:"EventDateTime,attr"`
		Outcome     string       `xml:"EventOutcomeIndicator,attr"`
		Description string       `xml:"EventOutcomeDescription,omitempty"`
	}
	activeParticipant struct {
		Role      *codedValue `xml:"RoleIDCode"`
		UserID    string      `xml:"UserID,attr"`
		Requestor bool        `xml:"UserIsRequestor,attr"`
	}
	sourceOfMessage struct {
		Site string     `xml:"AuditEnterpriseSiteID,attr,omitempty"`
		ID   string     `xml:"AuditSourceID,attr"`
		Type sourceCode `xml:"AuditSourceTypeCode"`
	}
	sourceCode struct {
		Code string `xml:"csd-code,attr"`
	}
	valuePair struct {
		Type  string `xml:"type,attr"`
		Value string `xml:"value,attr"` // base64
	}
	participantObject struct {
		Kind        codedValue         `xml:"ParticipantObjectIDTypeCode"`
		Name        string             `xml:"ParticipantObjectName"`
		Details     []valuePair        `xml:"ParticipantObjectDetail"`
		Description *objectDescription `xml:"ParticipantObjectDescription"`
		ID          string             `xml:"ParticipantObjectID,attr"`
		TypeCode    string             `xml:"ParticipantObjectTypeCode,attr"`
		Role        string             `xml:"ParticipantObjectTypeCodeRole,attr"`
		LifeCycle   string             `xml:"ParticipantObjectDataLifeCycle,attr,omitempty"`
	}
	objectDescription struct {
		Accession  *accessionNumber `xml:"Accession"`
		SOPClass   *instanceCount   `xml:"SOPClass"`
		Encrypted  bool             `xml:"Encrypted,omitempty"`
		Anonymized bool             `xml:"Anonymized,omitempty"`
	}
	accessionNumber struct {
		Number string `xml:"Number,attr"`
	}
	instanceCount struct {
		Number string `xml:"NumberOfInstances,attr"`
	}
)

func (c code) xml() codedValue { return codedValue{c.value, c.scheme, c.meaning} }

// message is a line as a DICOM audit message.
func (x Reporting) message(line Line) ([]byte, error) {
	e, err := x.eventOf(line)
	if err != nil {
		return nil, err
	}
	m := auditMessage{
		Event: eventIdentification{
			ID: e.event.xml(), Action: e.action, At: line.At.UTC().Format(time.RFC3339Nano), Outcome: e.outcome, Description: line.Reason,
		},
		Source: sourceOfMessage{Site: x.Site, ID: x.source(), Type: sourceCode{"4"}}, // an application server
	}
	if e.kind.value != "" {
		m.Event.Types = append(m.Event.Types, e.kind.xml())
	}
	m.Event.Types = append(m.Event.Types, e.own.xml())
	for _, p := range e.participants {
		one := activeParticipant{UserID: p.id, Requestor: p.requestor}
		if p.role.value != "" {
			role := p.role.xml()
			one.Role = &role
		}
		m.Participants = append(m.Participants, one)
	}
	for _, o := range e.objects {
		m.Objects = append(m.Objects, o.xml())
	}
	data, err := xml.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write line %d of the audit log as a DICOM audit message: %w", line.Sequence, err)
	}
	return data, nil
}

func (o object) xml() participantObject {
	out := participantObject{Kind: o.kind.xml(), Name: o.kind.meaning, ID: o.id, TypeCode: o.typeCode, Role: o.role, LifeCycle: o.lifeCycle}
	for _, d := range o.details {
		out.Details = append(out.Details, valuePair{d[0], base64.StdEncoding.EncodeToString([]byte(d[1]))})
	}
	var d objectDescription
	if o.accession != "" {
		d.Accession = &accessionNumber{o.accession}
	}
	if o.instances > 0 {
		d.SOPClass = &instanceCount{strconv.Itoa(o.instances)}
	}
	d.Encrypted, d.Anonymized = o.anonymous, o.anonymous
	if d != (objectDescription{}) {
		out.Description = &d
	}
	return out
}

// DICOMWriter writes lines as DICOM audit messages, one XML document a line of text. Its Write
// fits Read's tell.
type DICOMWriter struct {
	w   io.Writer
	how Reporting
}

// NewDICOMWriter writes to w.
func NewDICOMWriter(w io.Writer, how Reporting) *DICOMWriter {
	return &DICOMWriter{w: w, how: how}
}

// Write writes one message.
func (d *DICOMWriter) Write(line Line) error {
	data, err := d.how.message(line)
	if err != nil {
		return err
	}
	if _, err := d.w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write the audit log as DICOM audit messages: %w", err)
	}
	return nil
}
