package site

import (
	"cmp"
	"slices"
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// factsOf is what the rules may ask of a study.
func factsOf(s inbox.Study) route.Facts {
	f := route.Facts{
		Way: string(s.Origin.Way), CallingAE: s.Origin.CallingAE, CalledAE: s.Origin.CalledAE,
		StudyDescription: s.Facts.StudyDescription, Manufacturer: s.Facts.Manufacturer, Station: s.Facts.Station,
		Institution: s.Facts.Institution, Referrer: s.Facts.RequestingService, Sex: s.Facts.Sex, InstanceCount: s.Instances,
		RequestedPriority: s.Facts.RequestedPriority, Age: ageOf(s.Facts),
	}
	if max(s.Origin.Priority, s.Facts.Priority) > scheduler.Routine {
		f.DIMSEPriority = "high"
	}
	for _, series := range s.Series {
		f.Modalities = add(f.Modalities, series.Modality)
		f.BodyParts = add(f.BodyParts, series.BodyPart)
		f.SeriesDescriptions = add(f.SeriesDescriptions, series.Description)
		for _, class := range series.SOPClasses {
			f.SOPClasses = add(f.SOPClasses, class)
		}
	}
	return f
}

// add appends what is there and not yet in list.
func add(list []string, value string) []string {
	if value == "" || slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}

// dicomDate is a DA (PS3.5 section 6.2).
const dicomDate = "20060102"

// ageOf is the patient's age at the study: as the study says it, else from the dates.
func ageOf(f inbox.Facts) route.Age {
	if age := route.ParseAge(f.Age); age != (route.Age{}) {
		return age
	}
	birth, err := time.Parse(dicomDate, f.BirthDate)
	if err != nil {
		return route.Age{}
	}
	at, err := time.Parse(dicomDate, f.StudyDate)
	if err != nil {
		return route.Age{}
	}
	return route.AgeBetween(birth, at)
}

// caseOf is a study that no rule has looked at yet.
func caseOf(s inbox.Study) worklist.Case {
	source := string(s.Origin.Way)
	if s.Origin.CallingAE != "" {
		source += " " + s.Origin.CallingAE
	}
	facts := factsOf(s)
	return worklist.Case{
		StudyKey: s.Key, StudyUID: s.StudyUID, Revision: s.Revision, State: worklist.Received,
		Subject: worklist.Subject{
			PatientName: s.Facts.PatientName, PatientID: s.Facts.PatientID, BirthDate: s.Facts.BirthDate, Sex: s.Facts.Sex,
			Accession: s.Facts.AccessionNumber, StudyDate: s.Facts.StudyDate, Description: s.Facts.StudyDescription,
			Modalities: facts.Modalities, Instances: s.Instances, Source: source,
		},
	}
}

// eventOf is a route as an event of a case. What its rule leaves out is the market's.
func eventOf(r route.Route, c worklist.Case, order string, market Market) (worklist.Route, error) {
	if len(r.Residency) == 0 {
		r.Residency = market.Residency
	}
	r.PriceCeilingGwei = cmp.Or(r.PriceCeilingGwei, market.PriceCeilingGwei)
	r.Within = cmp.Or(r.Within, market.Within)
	t := worklist.Terms{
		Priority: r.Priority, PriorityBy: r.PriorityBy, Residency: r.Residency, PriceCeilingGwei: r.PriceCeilingGwei, Within: r.Within,
		Copying: r.Copying, Copies: r.Copies, LocalAfter: r.LocalAfter, Silent: r.Silent, Destinations: r.Destinations,
		Notice: r.OnFailure == route.Notice, Order: order,
	}
	t.Destinations = nil
	for _, name := range r.Destinations {
		t.Destinations = add(t.Destinations, name)
	}
	for _, f := range r.Forms {
		t.Forms = append(t.Forms, string(f))
	}
	policy := clinic.Policy{
		RetainDates: r.Deidentify.RetainDates, RetainDevice: r.Deidentify.RetainDevice, RetainCharacteristics: r.Deidentify.RetainCharacteristics,
		// Counted from 1: what `medhive clinic submit` is given by hand is another task, whose files
		// lie elsewhere and go to no destination.
		Deface: r.Deidentify.Deface, Revision: c.Revision + 1,
	}
	for _, p := range r.Deidentify.Private {
		policy.Private = append(policy.Private, clinic.PrivateAttribute{Group: p.Group, Creator: p.Creator, Element: p.Element})
	}
	if c.By != "" { // a person released the study before a rule looked at it
		policy = merged(policy, c.Policy)
	}
	return worklist.Route{Rule: r.Rule, Model: r.Model, Terms: t, Policy: policy}, policy.Validate()
}

// merged is a rule's policy with what a person decided on the pixels.
func merged(rule, person clinic.Policy) clinic.Policy {
	rule.Released = rule.Released || person.Released
	rule.Redactions = append(slices.Clone(rule.Redactions), person.Redactions...)
	return rule
}

// mostGwei is what a case may cost: copies that are compared are paid each.
func mostGwei(t worklist.Terms) uint64 {
	return route.Route{PriceCeilingGwei: t.PriceCeilingGwei, Copying: t.Copying, Copies: t.Copies}.MostGwei()
}
