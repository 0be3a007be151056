package report

import "encoding/json"

// The parts of FHIR R4 resources that a result uses, in the order of the standard.
type (
	bundle4 struct {
		ResourceType string      `json:"resourceType"`
		Identifier   identifier4 `json:"identifier"`
		Type         string      `json:"type"`
		Entry        []entry4    `json:"entry"`
	}
	entry4 struct {
		FullURL  string `json:"fullUrl"`
		Resource any    `json:"resource"`
	}
	report4 struct {
		ResourceType string       `json:"resourceType"`
		Text         narrative4   `json:"text"`
		BasedOn      []reference4 `json:"basedOn,omitempty"`
		Status       string       `json:"status"`
		Category     []concept4   `json:"category"`
		Code         concept4     `json:"code"`
		Subject      *reference4  `json:"subject,omitempty"`
		Effective    string       `json:"effectiveDateTime,omitempty"`
		Issued       string       `json:"issued,omitempty"`
		Result       []reference4 `json:"result,omitempty"`
		ImagingStudy []reference4 `json:"imagingStudy"`
		Conclusion   string       `json:"conclusion"`
	}
	observation4 struct {
		ResourceType string       `json:"resourceType"`
		Status       string       `json:"status"`
		Category     []concept4   `json:"category"`
		Code         concept4     `json:"code"`
		Subject      *reference4  `json:"subject,omitempty"`
		Effective    string       `json:"effectiveDateTime,omitempty"`
		Quantity     *quantity4   `json:"valueQuantity,omitempty"`
		Absent       *concept4    `json:"dataAbsentReason,omitempty"`
		Note         []note4      `json:"note"`
		Site         *concept4    `json:"bodySite,omitempty"`
		Device       *reference4  `json:"device"`
		DerivedFrom  []reference4 `json:"derivedFrom"`
		Component    []component4 `json:"component,omitempty"`
	}
	component4 struct {
		Code     concept4   `json:"code"`
		Quantity *quantity4 `json:"valueQuantity"`
	}
	device4 struct {
		ResourceType string        `json:"resourceType"`
		Identifier   []identifier4 `json:"identifier"`
		Manufacturer string        `json:"manufacturer"`
		DeviceName   []deviceName4 `json:"deviceName"`
		Type         *concept4     `json:"type"`
		Version      []version4    `json:"version"`
		Note         []note4       `json:"note"`
	}
	deviceName4 struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	version4 struct {
		Value string `json:"value"`
	}
	identifier4 struct {
		Type   *concept4 `json:"type,omitempty"`
		System string    `json:"system,omitempty"`
		Value  string    `json:"value"`
	}
	reference4 struct {
		Reference  string       `json:"reference,omitempty"`
		Type       string       `json:"type,omitempty"`
		Identifier *identifier4 `json:"identifier,omitempty"`
	}
	concept4 struct {
		Coding []coding4 `json:"coding,omitempty"`
		Text   string    `json:"text,omitempty"`
	}
	coding4 struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}
	quantity4 struct {
		Value  json.Number `json:"value"`
		Unit   string      `json:"unit,omitempty"`
		System string      `json:"system,omitempty"`
		Code   string      `json:"code,omitempty"`
	}
	note4 struct {
		Text string `json:"text"`
	}
	narrative4 struct {
		Status string `json:"status"`
		Div    string `json:"div"`
	}
)
