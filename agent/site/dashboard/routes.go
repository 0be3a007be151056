package dashboard

import (
	"net/http"

	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// apiBase is below which path programs ask.
const apiBase = "/api/v1"

// page is one that a browser asks for.
type page struct {
	pattern string
	role    Role
	show    func(*visit) error
}

func pages() []page {
	return []page{
		{"GET /login", nobody, showLogin},
		{"POST /login", nobody, sendLogin},
		{"POST /logout", Viewer, sendLogout},
		{"GET /{$}", Viewer, showWorklist},
		{"GET /cases/{id}", Viewer, showCase},
		{"GET /cases/{id}/overlay.png", Viewer, showOverlay},
		{"POST /cases/{id}/again", Reader, sendAgain},
		{"POST /cases/{id}/read", Reader, sendRead},
		{"GET /held", Viewer, showHeld},
		{"GET /held/{id}", Releaser, showHeldCase},
		{"GET /held/{id}/pictures/{n}", Releaser, showHeldPicture},
		{"POST /held/{id}/decide", Releaser, sendDecision},
		{"GET /rules", Viewer, showRules},
		{"POST /rules/try", Viewer, sendTry},
		{"POST /rules/load", Admin, sendLoad},
		{"GET /deliveries", Viewer, showDeliveries},
		{"POST /deliveries/retry", Admin, sendRetry},
		{"POST /deliveries/withdraw", Admin, sendWithdraw},
		{"GET /costs", Viewer, showCosts},
		{"GET /status", Viewer, showStatus},
		{"GET /audit", Admin, showAudit},
		{"POST /audit/verify", Admin, sendVerify},
		{"POST /audit/export", Admin, sendExport},
		{"GET /events", Viewer, showEvents},
	}
}

// param is a parameter of a route's query.
type param struct{ name, does string }

// operation is one that a program asks for, as the OpenAPI document names it.
type operation struct {
	method, path, does string
	role               Role
	query              []param
	in, out            any    // values of the bodies' types; nil: none
	kind               string // media type of the answer; empty: JSON
	answer             func(*visit) (any, error)
}

// ExplainRequest asks what rules make of a study.
type ExplainRequest struct {
	Study string `json:"study"`           // Study Instance UID, or the id of a case
	Rules string `json:"rules,omitempty"` // TOML to try in place of the rules in force
}

// DecisionRequest is a person's word on a held case.
type DecisionRequest struct {
	Choice  quarantine.Choice  `json:"choice"`
	Regions []clinic.Redaction `json:"regions,omitempty"`
	Reason  string             `json:"reason,omitempty"`
}

// DestinationRequest names a destination.
type DestinationRequest struct {
	Destination string `json:"destination,omitempty"` // empty: all
}

// Count says of how many something was done.
type Count struct {
	Deliveries int `json:"deliveries"`
}

// AuditLine is one line of the audit log, with who it was about.
type AuditLine struct {
	Sequence uint64 `json:"sequence"`
	audit.Entry
	Subject *audit.Subject `json:"subject,omitempty"`
}

func operations() []operation {
	get, post := http.MethodGet, http.MethodPost
	return []operation{
		{method: get, path: "/session", role: nobody, does: "Who you are, and the token for what you change", out: Session{}, answer: func(v *visit) (any, error) { return v.session(), nil }},
		{method: post, path: "/session", role: nobody, does: "Log in; the answer sets the session's cookie", in: loginForm{}, out: Session{}, answer: answerLogin},
		{method: get, path: "/status", role: Viewer, does: "Doors, storage, queues and deliveries", out: Status{}, answer: func(v *visit) (any, error) { return v.site.Status() }},
		{method: get, path: "/cases", role: Viewer, does: "The worklist, the newest first", query: []param{
			{"state", "only cases in this state; may be repeated"}, {"limit", "at most so many, 1 to 5000"}, {"study", "only cases of this Study Instance UID"}},
			out: []Entry{}, answer: answerCases},
		{method: get, path: "/cases/{id}", role: Viewer, does: "One case; the beginning of its id is enough", out: Entry{}, answer: answerCase},
		{method: get, path: "/cases/{id}/result", role: Viewer, does: "What a case's result says", out: Result{}, answer: answerResult},
		{method: get, path: "/cases/{id}/overlay.png", role: Viewer, does: "The picture of a case's result", kind: "image/png", answer: func(*visit) (any, error) { return streamed(showOverlay), nil }},
		{method: post, path: "/cases/{id}/again", role: Reader, does: "Try a case anew that ended without a result", out: worklist.Case{}, answer: func(v *visit) (any, error) { return v.site.Again(v.r.PathValue("id"), v.Who) }},
		{method: post, path: "/cases/{id}/read", role: Reader, does: "Accept or reject a delivered result; it becomes a signed statement about the node's work", in: Word{}, out: worklist.Case{}, answer: answerRead},
		{method: get, path: "/held", role: Viewer, does: "Cases that wait for a person", out: []HeldCase{}, answer: func(v *visit) (any, error) { return v.heldList() }},
		{method: get, path: "/held/{id}", role: Releaser, does: "One of them with its pictures; it is recorded who looked", out: HeldCase{}, answer: func(v *visit) (any, error) { return v.site.Look(v.r.Context(), v.r.PathValue("id"), v.Who) }},
		{method: post, path: "/held/{id}/decide", role: Releaser, does: "Release a held case, black out regions, or refuse it", in: DecisionRequest{}, out: worklist.Case{}, answer: answerDecide},
		{method: get, path: "/deliveries", role: Viewer, does: "Results on their way to destinations", out: []outbox.Delivery{}, answer: func(v *visit) (any, error) { return v.deliveries(maxListed) }},
		{method: post, path: "/deliveries/retry", role: Admin, does: "Try deliveries now, of one destination or of all", in: DestinationRequest{}, out: Count{}, answer: answerRetry},
		{method: post, path: "/deliveries/withdraw", role: Admin, does: "Give up what a destination has not got", in: DestinationRequest{}, out: Count{}, answer: answerWithdraw},
		{method: post, path: "/explain", role: Viewer, does: "What the rules make of a study, and why; nothing comes of it", in: ExplainRequest{}, out: Explanation{}, answer: answerExplain},
		{method: get, path: "/costs", role: Viewer, does: "What was paid by day and model, beside the site's own cost", out: Bill{}, answer: func(v *visit) (any, error) { return v.bill() }},
		{method: get, path: "/audit", role: Admin, does: "Lines of the audit log, the newest last", query: []param{
			{"from", "RFC 3339; 24 hours ago where it is left out"}, {"until", "RFC 3339"}, {"kind", "only lines of this kind"}},
			out: []AuditLine{}, answer: answerAudit},
		{method: get, path: "/audit/verify", role: Admin, does: "Look for lines that were changed, removed, cut or moved", out: audit.Report{}, answer: func(v *visit) (any, error) { return v.site.VerifyAudit(v.r.Context()) }},
	}
}
