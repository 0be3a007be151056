package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// Chart is what the clinic knows of the study that a result is about. It is put
// together at the clinic, and what is made of it stays there.
type Chart struct {
	Seed            models.Digest // identity of the result; the resources' names depend on it alone
	StudyUID        string        // the clinic's own
	StudyDate       string        // YYYYMMDD, or empty
	PatientID       string        // empty: the bundle names no subject
	PatientSystem   string        // URI of the patient identifiers' namespace, as the clinic configures it; may be empty
	AccessionNumber string        // may be empty
	AccessionSystem string        // URI of the accession numbers' namespace; may be empty
	Issued          time.Time     // when the result was made; zero: unknown
}

// FHIR writes a FHIR R4 Bundle (collection): a DiagnosticReport, preliminary, or
// cancelled for an outcome other than Completed; an Observation for each measurement,
// probability and box; the Device that is the model. Patient, study and request are
// logical references by identifier, so nothing else of a patient is in it.
func FHIR(chart Chart, c Contents, m models.Manifest) ([]byte, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("write FHIR bundle: %w", err)
	}
	if chart.Seed.IsZero() || chart.StudyUID == "" {
		return nil, errors.New("write FHIR bundle: the chart needs a seed and a study")
	}
	w := fhirWriter{chart: chart, m: m, seed: derived(chart.Seed, kindFHIR)}
	own, device := w.name(), w.name()
	report := w.report(c)
	observations := w.observations(c, reference4{Reference: device})
	entries := []entry4{{FullURL: own, Resource: report}}
	for n := range observations {
		name := w.name()
		report.Result = append(report.Result, reference4{Reference: name})
		entries = append(entries, entry4{FullURL: name, Resource: observations[n]})
	}
	entries = append(entries, entry4{FullURL: device, Resource: w.device()})
	bundle := bundle4{
		ResourceType: "Bundle", Type: "collection", Entry: entries,
		Identifier: identifier4{System: uriSystem, Value: own},
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // the narrative is XHTML
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(bundle); err != nil {
		return nil, fmt.Errorf("write FHIR bundle: %w", err)
	}
	return out.Bytes(), nil
}

// The code systems and identifier namespaces of FHIR R4.
const (
	uriSystem         = "urn:ietf:rfc:3986"
	dicomUIDSystem    = "urn:dicom:uid"
	ucumSystem        = "http://unitsofmeasure.org"
	loincSystem       = "http://loinc.org"
	identifierTypes   = "http://terminology.hl7.org/CodeSystem/v2-0203"
	serviceSections   = "http://terminology.hl7.org/CodeSystem/v2-0074"
	observationGroups = "http://terminology.hl7.org/CodeSystem/observation-category"
	absentReasons     = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
)

// codeSystem is the URI of a DICOM coding scheme (PS3.16 table 8-1), "" if FHIR names none.
func codeSystem(scheme string) string {
	switch scheme {
	case "SCT":
		return "http://snomed.info/sct"
	case "LN":
		return loincSystem
	case "DCM":
		return "http://dicom.nema.org/resources/ontology/DCM"
	case "UCUM":
		return ucumSystem
	case "RADLEX":
		return "http://radlex.org"
	case "UMLS":
		return "http://terminology.hl7.org/CodeSystem/umls"
	}
	return ""
}

func concept4Of(c models.Code, text string) concept4 {
	if text == "" {
		text = c.Meaning
	}
	concept := concept4{Text: text}
	if system := codeSystem(c.Scheme); system != "" {
		concept.Coding = []coding4{{System: system, Code: c.Value, Display: c.Meaning}}
	}
	return concept
}

func quantity(value float64, unit models.Code) *quantity4 {
	return &quantity4{Value: json.Number(dicom.DecimalString(value)), Unit: unit.Meaning, System: codeSystem(unit.Scheme), Code: unit.Value}
}

// fhirWriter names resources and holds what they share.
type fhirWriter struct {
	chart Chart
	m     models.Manifest
	seed  models.Digest
	count uint64
}

// name is the next resource's fullUrl.
func (w *fhirWriter) name() string {
	w.count++
	id := numberedUUID(w.seed, w.count)
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func (w *fhirWriter) subject() *reference4 {
	if w.chart.PatientID == "" {
		return nil
	}
	return &reference4{Type: "Patient", Identifier: &identifier4{
		Type: &concept4{Coding: []coding4{{System: identifierTypes, Code: "MR", Display: "Medical record number"}}}, System: w.chart.PatientSystem, Value: w.chart.PatientID,
	}}
}

func (w *fhirWriter) study() []reference4 {
	return []reference4{{Type: "ImagingStudy", Identifier: &identifier4{System: dicomUIDSystem, Value: "urn:oid:" + w.chart.StudyUID}}}
}

func (w *fhirWriter) report(c Contents) *report4 {
	r := &report4{
		ResourceType: "DiagnosticReport", Status: "preliminary",
		Category:  []concept4{{Coding: []coding4{{System: serviceSections, Code: "IMG", Display: "Diagnostic Imaging"}}}},
		Code:      concept4{Coding: []coding4{{System: loincSystem, Code: "18748-4", Display: "Diagnostic imaging study"}}, Text: w.m.Title},
		Subject:   w.subject(),
		Effective: isoDate(w.chart.StudyDate), ImagingStudy: w.study(),
	}
	if !w.chart.Issued.IsZero() {
		r.Issued = w.chart.Issued.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	if w.chart.AccessionNumber != "" {
		r.BasedOn = []reference4{{Type: "ServiceRequest", Identifier: &identifier4{
			Type: &concept4{Coding: []coding4{{System: identifierTypes, Code: "ACSN", Display: "Accession ID"}}}, System: w.chart.AccessionSystem, Value: w.chart.AccessionNumber,
		}}}
	}
	conclusion := Warning + ". Automatic analysis by " + w.m.ID + " " + w.m.Version + ", not reviewed."
	switch c.outcome() {
	case Failed:
		r.Status, conclusion = "cancelled", conclusion+" The analysis failed: "+shortened(c.Reason, maxReason)
	case NotApplicable:
		r.Status, conclusion = "cancelled", conclusion+" The model does not apply to this study: "+shortened(c.Reason, maxReason)
	}
	r.Conclusion = conclusion
	r.Text = narrative4{Status: "generated", Div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>` + html.EscapeString(conclusion) + `</p></div>`}
	return r
}

// observations are one for each figure, or one that says why there is none.
func (w *fhirWriter) observations(c Contents, device reference4) []*observation4 {
	basis := observation4{
		ResourceType: "Observation", Status: "preliminary",
		Category: []concept4{{Coding: []coding4{{System: observationGroups, Code: "imaging", Display: "Imaging"}}}},
		Subject:  w.subject(), Effective: isoDate(w.chart.StudyDate), DerivedFrom: w.study(), Device: &device,
		Note: []note4{{Text: Warning}},
	}
	var list []*observation4
	add := func(change func(*observation4)) {
		o := basis
		change(&o)
		list = append(list, &o)
	}
	if c.outcome() != Completed {
		add(func(o *observation4) {
			reason := coding4{System: absentReasons, Code: "error", Display: "Error"}
			if c.outcome() == NotApplicable {
				reason = coding4{System: absentReasons, Code: "not-applicable", Display: "Not Applicable"}
			}
			o.Status, o.Code = "cancelled", concept4Of(conceptSummary, "")
			o.Absent = &concept4{Coding: []coding4{reason}, Text: shortened(c.Reason, maxReason)}
		})
	}
	for _, f := range c.Measurements {
		add(func(o *observation4) {
			o.Code = concept4Of(f.Concept, strings.Trim(f.Concept.Meaning+", "+f.SegmentName, ", "))
			o.Site, o.Quantity = w.site(f), quantity(f.Value, f.Unit)
		})
	}
	for _, p := range c.Probabilities {
		add(func(o *observation4) { o.certain(p.Name, p.Code, p.Value) })
	}
	unit := "mm (to the patient's left, back and head)"
	if w.m.Axes() == 2 {
		unit = "pixels (column, row)"
	}
	for _, box := range c.Boxes {
		add(func(o *observation4) {
			o.certain(box.Name, classCode(w.m, box.Name), box.Score)
			o.Note = append(o.Note[:1:1], note4{Text: fmt.Sprintf("between %s and %s %s", strings.Join(decimals(box.Min[:]...), ", "), strings.Join(decimals(box.Max[:]...), ", "), unit)})
		})
	}
	return list
}

// certain makes o a statement of how sure the model is of a class.
func (o *observation4) certain(name string, class *models.Code, value float64) {
	o.Code = concept4Of(certainty(), certainty().Meaning+": "+name)
	of := concept4{Text: name}
	if class != nil {
		of = concept4Of(*class, name)
	}
	o.Component = []component4{{Code: of, Quantity: quantity(value*100, percent())}}
}

// site is the structure that was measured.
func (w *fhirWriter) site(f Measurement) *concept4 {
	for _, l := range w.m.Structures() {
		if l.Value == f.Segment && l.Type != nil {
			site := concept4Of(*l.Type, l.Name)
			return &site
		}
	}
	return nil
}

func (w *fhirWriter) device() *device4 {
	return &device4{
		ResourceType: "Device", Identifier: []identifier4{{System: uriSystem, Value: "urn:oid:" + UIDs(deviceSeed(w.m))()}},
		Manufacturer: manufacturer, Type: &concept4{Text: "Software that analyses medical images"},
		DeviceName: []deviceName4{{Name: w.m.ID, Type: "model-name"}}, Version: []version4{{Value: w.m.Version}},
		Note: []note4{{Text: Warning + ". " + w.m.IntendedUse}},
	}
}

// isoDate turns a DICOM date into FHIR's, "" if it is none.
func isoDate(dicom string) string {
	day, err := time.Parse(dicomDate, dicom)
	if err != nil {
		return ""
	}
	return day.Format(time.DateOnly)
}
