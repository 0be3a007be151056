package site

import (
	"context"
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
)

// Order asks for one study to be analysed by a model or rule, as a RIS does by UPS-RS: it is
// on disk when it returns, and holds for a study that is here or comes.
func (s *Site) Order(ctx context.Context, who, studyUID, model string, priority scheduler.Class) (uid string, err error) {
	set := dicomweb.Dataset{
		"00741200": {VR: "CS", Strings: []string{"MEDIUM"}},                            // Scheduled Procedure Step Priority
		"00404041": {VR: "CS", Strings: []string{"READY"}},                             // Input Readiness State
		"00741204": {VR: "LO", Strings: []string{"Analysis"}},                          // Procedure Step Label
		"00404005": {VR: "DT", Strings: []string{time.Now().Format("20060102150405")}}, // Scheduled Procedure Step Start DateTime
		"00404021": {VR: "SQ", Items: []dicomweb.Dataset{{"0020000D": {VR: "UI", Strings: []string{studyUID}}}}},
	}
	if priority > scheduler.Routine {
		set["00741200"] = dicomweb.Element{VR: "CS", Strings: []string{"HIGH"}}
	}
	if model != "" {
		set["00404018"] = dicomweb.Element{VR: "SQ", Items: []dicomweb.Dataset{{ // Scheduled Workitem Code Sequence
			"00080119": {VR: "UC", Strings: []string{model}}, "00080102": {VR: "SH", Strings: []string{"99MEDHIVE"}}, "00080104": {VR: "LO", Strings: []string{"Model or rule"}},
		}}}
	}
	uid = dicomweb.NewUID()
	item, err := dicomweb.NewWorkitem(uid, set, time.Now())
	if err != nil {
		return "", err
	}
	e := audit.Entry{Kind: audit.Order, Actor: who, Way: "command", Model: model, Subject: &audit.Subject{StudyUID: studyUID}}
	if err := s.record(e); err != nil {
		return "", err
	}
	return uid, s.items.Create(ctx, item)
}
