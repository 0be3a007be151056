package dashboard

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/audit"
)

const (
	// auditSpan is how far back the log is shown where nobody says.
	auditSpan = 24 * time.Hour
	// auditListed bounds what is shown; an export has all of it.
	auditListed = 500
)

// auditPage is a piece of the audit log.
type auditPage struct {
	Lines       []AuditLine // the newest first
	From, Until string
	Kind        string
	Kinds       []audit.Kind
	Cut         bool // there are older ones in the span
	Check       Verification
}

func auditKinds() []audit.Kind {
	return []audit.Kind{audit.Intake, audit.Order, audit.Disclosure, audit.Result, audit.Delivery, audit.View, audit.Export, audit.Hold,
		audit.Release, audit.Verdict, audit.Remove, audit.Rotate, audit.Configure, audit.Login, audit.Start, audit.Stop, audit.Mended, audit.Gap}
}

// spanOf reads a span; days of a browser's date field count whole.
func spanOf(from, until string, now time.Time) (s audit.Span, err error) {
	s.From = now.Add(-auditSpan)
	if from != "" {
		if s.From, err = moment(from); err != nil {
			return s, err
		}
	}
	if until != "" {
		if s.Until, err = moment(until); err != nil {
			return s, err
		}
		if _, err := time.Parse(time.DateOnly, until); err == nil {
			s.Until = s.Until.AddDate(0, 0, 1)
		}
	}
	return s, nil
}

func moment(text string) (time.Time, error) {
	if at, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, refuse("%.40q is no time: want 2026-11-01 or 2026-11-01T08:00:00Z", text)
	}
	return at, nil
}

// lines are the newest of a span, the newest last.
func (v *visit) lines(from, until, kind string) (list []AuditLine, cut bool, err error) {
	span, err := spanOf(from, until, v.conf.Now())
	if err != nil {
		return nil, false, err
	}
	if kind != "" && !slices.Contains(auditKinds(), audit.Kind(kind)) {
		return nil, false, refuse("kind %.20q is none of the log's", kind)
	}
	err = v.site.Lines(v.R.Context(), span, func(l audit.Line) error {
		if kind != "" && string(l.Kind) != kind {
			return nil
		}
		if len(list) == 2*auditListed { // the older half goes at once, so that a long log is read in one pass
			list, cut = append(list[:0], list[auditListed:]...), true
		}
		list = append(list, AuditLine{l.Sequence, l.Entry, l.Subject})
		return nil
	})
	if len(list) > auditListed {
		list, cut = list[len(list)-auditListed:], true
	}
	if err != nil {
		return nil, false, err
	}
	if list == nil {
		list = []AuditLine{}
	}
	return list, cut, v.lookedAt("", "the audit log")
}

func answerAudit(v *visit) (any, error) {
	q := v.R.URL.Query()
	list, _, err := v.lines(q.Get("from"), q.Get("until"), q.Get("kind"))
	return list, err
}

func showAudit(v *visit) error {
	q := v.R.URL.Query()
	from, until, kind := q.Get("from"), q.Get("until"), q.Get("kind")
	list, cut, err := v.lines(from, until, kind)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	check := v.site.Verification()
	if check.Running {
		v.W.Header().Set("Refresh", verifyRefresh)
	}
	return v.Page(http.StatusOK, "audit", "Audit log", auditPage{list, from, until, kind, auditKinds(), cut, check})
}

// verifyRefresh is after how many seconds a page shows again how far a verification is.
const verifyRefresh = "2"

func sendVerify(v *visit) error {
	v.site.StartVerify()
	v.Redirect("/audit")
	return nil
}

// sendExport hands the log out as a file.
func sendExport(v *visit) error {
	form := v.R.PostForm
	span, err := spanOf(form.Get("from"), form.Get("until"), v.conf.Now())
	if err != nil {
		return err
	}
	format := form.Get("format")
	if format != "fhir" && format != "dicom" {
		return refuse("choose FHIR or DICOM")
	}
	how := v.site.Reporting()
	how.Identify = form.Get("identify") == "yes"
	if err := v.site.Exported(v.Who); err != nil {
		return err
	}
	_ = http.NewResponseController(v.W).SetWriteDeadline(time.Now().Add(exportTime)) // as in ServeHTTP
	kind, name := "application/fhir+json", "audit.json"
	if format == "dicom" {
		kind, name = "application/xml-lines", "audit.xml"
	}
	v.W.Header().Set("Content-Type", kind)
	v.W.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	if err := v.export(format, how, span); err != nil {
		v.conf.Log.Error("an export of the audit log broke off", "error", err)
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
	return nil
}

// exportTime bounds how long an export is taken.
const exportTime = 15 * time.Minute

func (v *visit) export(format string, how audit.Reporting, span audit.Span) error {
	if format == "dicom" {
		return v.site.Lines(v.R.Context(), span, audit.NewDICOMWriter(v.W, how).Write)
	}
	bundle := audit.NewFHIRWriter(v.W, how)
	if err := v.site.Lines(v.R.Context(), span, bundle.Write); err != nil {
		return err
	}
	return bundle.Close()
}
