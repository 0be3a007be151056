package dashboard

import (
	"net/http"

	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// page is one that a browser asks for.
type page struct {
	pattern string
	role    Role
	show    func(*visit) error
}

func pages() []page {
	return []page{
		{"GET /{$}", Viewer, showWorklist},
		{"GET /cases/{id}", Viewer, showCase},
		{"GET /cases/{id}/overlay.png", Viewer, showOverlay},
		{"GET /cases/{id}/images/{row}/{n}", Viewer, showImage},
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
	}
}

// param is a parameter of a route's query.
type param = web.Param

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

// of is the operation of a dashboard.
func (o operation) of(b *Board) web.Operation {
	return web.Operation{Method: o.method, Path: o.path, Does: o.does, Role: web.Role(o.role), Query: o.query, In: o.in, Out: o.out, Kind: o.kind,
		Answer: func(v *web.Visit) (any, error) { return o.answer(&visit{v, b}) }}
}

// streamed is an answer that writes itself.
func streamed(v *visit, show func(*visit) error) web.Streamed {
	return func(*web.Visit) error { return show(v) }
}

func operations() []operation {
	get, post := http.MethodGet, http.MethodPost
	return []operation{
		{method: get, path: "/status", role: Viewer, does: "Doors, storage, queues and deliveries", out: Status{}, answer: func(v *visit) (any, error) { return v.site.Status() }},
		{method: get, path: "/cases", role: Viewer, does: "The worklist, the newest first", query: []param{
			{Name: "state", Does: "only cases in this state; may be repeated"}, {Name: "limit", Does: "at most so many, 1 to 5000"}, {Name: "study", Does: "only cases of this Study Instance UID"}},
			out: []Entry{}, answer: answerCases},
		{method: get, path: "/cases/{id}", role: Viewer, does: "One case; the beginning of its id is enough", out: Entry{}, answer: answerCase},
		{method: get, path: "/cases/{id}/result", role: Viewer, does: "What a case's result says", out: Result{}, answer: answerResult},
		{method: get, path: "/cases/{id}/overlay.png", role: Viewer, does: "The picture of a case's result", kind: "image/png", answer: func(v *visit) (any, error) { return streamed(v, showOverlay), nil }},
		{method: get, path: "/cases/{id}/images", role: Viewer, does: "The series of images of a case's study, the largest first", out: []Row{}, answer: answerRows},
		{method: get, path: "/cases/{id}/images/{row}/{n}", role: Viewer, does: "One image as it is looked at; row and image count from 0", kind: "image/png", answer: func(v *visit) (any, error) { return streamed(v, showImage), nil }},
		{method: post, path: "/cases/{id}/again", role: Reader, does: "Try a case anew that ended without a result", out: worklist.Case{}, answer: func(v *visit) (any, error) { return v.site.Again(v.R.PathValue("id"), v.Who) }},
		{method: post, path: "/cases/{id}/read", role: Reader, does: "Accept or reject a delivered result; it becomes a signed statement about the node's work", in: Word{}, out: worklist.Case{}, answer: answerRead},
		{method: get, path: "/held", role: Viewer, does: "Cases that wait for a person", out: []HeldCase{}, answer: func(v *visit) (any, error) { return v.heldList() }},
		{method: get, path: "/held/{id}", role: Releaser, does: "One of them with its pictures; it is recorded who looked", out: HeldCase{}, answer: func(v *visit) (any, error) { return v.site.Look(v.R.Context(), v.R.PathValue("id"), v.Who) }},
		{method: post, path: "/held/{id}/decide", role: Releaser, does: "Release a held case, black out regions, or refuse it", in: DecisionRequest{}, out: worklist.Case{}, answer: answerDecide},
		{method: get, path: "/deliveries", role: Viewer, does: "Results on their way to destinations", out: []outbox.Delivery{}, answer: func(v *visit) (any, error) { return v.deliveries(maxListed) }},
		{method: post, path: "/deliveries/retry", role: Admin, does: "Try deliveries now, of one destination or of all", in: DestinationRequest{}, out: Count{}, answer: answerRetry},
		{method: post, path: "/deliveries/withdraw", role: Admin, does: "Give up what a destination has not got", in: DestinationRequest{}, out: Count{}, answer: answerWithdraw},
		{method: post, path: "/explain", role: Viewer, does: "What the rules make of a study, and why; nothing comes of it", in: ExplainRequest{}, out: Explanation{}, answer: answerExplain},
		{method: get, path: "/costs", role: Viewer, does: "What was paid by day and model, beside the site's own cost", out: Bill{}, answer: func(v *visit) (any, error) { return v.bill() }},
		{method: get, path: "/audit", role: Admin, does: "Lines of the audit log, the newest last", query: []param{
			{Name: "from", Does: "RFC 3339; 24 hours ago where it is left out"}, {Name: "until", Does: "RFC 3339"}, {Name: "kind", Does: "only lines of this kind"}},
			out: []AuditLine{}, answer: answerAudit},
		{method: get, path: "/audit/verification", role: Admin, does: "How far the look through the audit log is, or what the last one came to", out: Verification{}, answer: func(v *visit) (any, error) { return v.site.Verification(), nil }},
		{method: post, path: "/audit/verification", role: Admin, does: "Begin to look for lines that were changed, removed, cut or moved; nobody waits for it", out: Verification{}, answer: func(v *visit) (any, error) { v.site.StartVerify(); return v.site.Verification(), nil }},
		{method: get, path: "/audit/verify", role: Admin, does: "The same while you wait", out: audit.Report{}, answer: func(v *visit) (any, error) { return v.site.VerifyAudit(v.R.Context()) }},
	}
}
