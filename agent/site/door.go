package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// How many cases or deliveries are listed: where nobody says, and at the most.
const defaultListed, maxListed = 200, 2000

// MostListed is the most cases that one question may ask for.
const MostListed = maxListed

// Decision is a person's word on a held case, as commands send it.
type Decision struct {
	Who     string             `json:"who"`
	Choice  quarantine.Choice  `json:"choice"`
	Regions []clinic.Redaction `json:"regions,omitempty"`
	Reason  string             `json:"reason,omitempty"`
}

// Who names the person that asks.
type Who struct {
	Who string `json:"who"`
}

// LookLine is one line of the answer to who looks at a held case.
type LookLine struct {
	Case  *HeldCase         `json:"case,omitempty"`
	Image *clinic.HeldImage `json:"image,omitempty"`
}

// Word is what a person says who read a result.
type Word struct {
	Who string `json:"who"`
	agent.ReaderFeedback
}

// RetryRequest says what is tried now; an empty destination is all of them.
type RetryRequest struct {
	Destination string `json:"destination,omitempty"`
}

// WithdrawRequest gives up what a destination has not got.
type WithdrawRequest struct {
	Who         string `json:"who"`
	Destination string `json:"destination"`
}

// Retried says how many deliveries are tried now, or were withdrawn.
type Retried struct {
	Deliveries int `json:"deliveries"`
}

// FetchRequest asks for a study of an archive.
type FetchRequest struct {
	Study string `json:"study"`
	From  string `json:"from,omitempty"`
	// Model or rule that is asked for, and how urgently; empty and routine: as the rules say.
	Model    string          `json:"model,omitempty"`
	Priority scheduler.Class `json:"priority,omitempty"`
	Who      string          `json:"who,omitempty"` // that asks for the model
}

// BackupRequest asks for a copy of the vault.
type BackupRequest struct {
	Who  string `json:"who"`
	Path string `json:"path"` // absolute
}

// Done says that something was done.
type Done struct {
	Done string `json:"done"`
}

// openLocal opens the door for commands of this machine's user: a socket in the site's
// folder.
func (s *Site) openLocal() (err error) {
	page := func(pattern string, answer func(*http.Request) (any, error)) api.Page {
		return api.Page{Pattern: pattern, Handler: api.Answer(answer)}
	}
	long := func(pattern string, answer func(*http.Request) (any, error)) api.Page {
		return api.Page{Pattern: pattern, Handler: api.Lines(func(r *http.Request, send func(any) error) error {
			v, err := answer(r)
			if err != nil {
				return err
			}
			return send(v)
		})}
	}
	s.local, err = api.Serve(s.folder, map[string]api.Handler{
		"GET /status":     func(context.Context) (any, error) { return s.Status() },
		"GET /held":       func(ctx context.Context) (any, error) { return s.Held(ctx) },
		"GET /deliveries": func(context.Context) (any, error) { return s.Deliveries(maxListed) },
	},
		page("GET /cases", s.answerCases),
		page("GET /cases/{id}", func(r *http.Request) (any, error) { return s.Case(r.PathValue("id")) }),
		page("POST /rules/load", s.answerReload),
		page("POST /cases/{id}/again", s.answerAgain),
		page("POST /cases/{id}/read", s.answerRead),
		api.Page{Pattern: "POST /held/{id}/look", Handler: api.Lines(s.tellLook)},
		page("POST /held/{id}/decide", s.answerDecide),
		page("POST /deliveries/retry", s.answerRetry),
		page("POST /deliveries/withdraw", s.answerWithdraw),
		page("GET /explain/{study}", func(r *http.Request) (any, error) { return s.ExplainStudy(r.PathValue("study")) }),
		long("POST /fetch", s.answerFetch),
		long("POST /vault/backup", s.answerBackup),
		long("POST /vault/rotate", s.answerRotate),
		page("POST /audit/exported", s.answerExported))
	return err
}

func (s *Site) answerCases(r *http.Request) (any, error) {
	f := worklist.Filter{Limit: defaultListed, StudyUID: r.URL.Query().Get("study")}
	for _, state := range r.URL.Query()["state"] {
		f.States = append(f.States, worklist.State(state))
	}
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxListed {
			return nil, fmt.Errorf("limit %.20q: want 1 to %d", text, maxListed)
		}
		f.Limit = n
	}
	return s.Worklist(f)
}

func (s *Site) answerReload(r *http.Request) (any, error) {
	var q Who
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	if err := s.LoadRules(); err != nil {
		return nil, err
	}
	return Done{"the rules were read anew"}, s.record(audit.Entry{Kind: audit.Configure, Actor: q.Who, Count: s.rules.Load().Len(), Reason: "the routing rules"})
}

func (s *Site) answerAgain(r *http.Request) (any, error) {
	var q Who
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	return s.Again(r.PathValue("id"), q.Who)
}

func (s *Site) answerRead(r *http.Request) (any, error) {
	var q Word
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	return s.Read(r.Context(), r.PathValue("id"), q.Who, q.ReaderFeedback)
}

// tellLook sends a held case without its pictures, and then each image with its own, one a
// line: together they may be larger than an answer.
func (s *Site) tellLook(r *http.Request, send func(any) error) error {
	var q Who
	if err := api.Decode(r, &q); err != nil {
		return err
	}
	h, err := s.Look(r.Context(), r.PathValue("id"), q.Who)
	if err != nil {
		return err
	}
	var images []clinic.HeldImage
	if h.Doubt != nil {
		images, h.Doubt.Held.Images = h.Doubt.Held.Images, nil
	}
	if err := send(LookLine{Case: &h}); err != nil {
		return err
	}
	for _, image := range images {
		if err := send(LookLine{Image: &image}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Site) answerDecide(r *http.Request) (any, error) {
	var q Decision
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	return s.Decide(r.Context(), r.PathValue("id"), q.Who, quarantine.Decision{Choice: q.Choice, Regions: q.Regions}, q.Reason)
}

func (s *Site) answerRetry(r *http.Request) (any, error) {
	var q RetryRequest
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	n, err := s.RetryNow(q.Destination)
	return Retried{n}, err
}

func (s *Site) answerWithdraw(r *http.Request) (any, error) {
	var q WithdrawRequest
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	n, err := s.Withdraw(q.Who, q.Destination)
	return Retried{n}, err
}

func (s *Site) answerFetch(r *http.Request) (any, error) {
	var q FetchRequest
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	if q.Model != "" || q.Priority > scheduler.Routine {
		if !IsUID(q.Study) {
			return nil, fmt.Errorf("%.70q is no Study Instance UID", q.Study)
		}
		if _, err := s.Order(r.Context(), q.Who, q.Study, q.Model, q.Priority); err != nil {
			return nil, err
		}
	}
	return s.Fetch(r.Context(), q.Study, q.From)
}

func (s *Site) answerBackup(r *http.Request) (any, error) {
	var q BackupRequest
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	return Done{"the vault was backed up"}, s.Backup(r.Context(), q.Who, q.Path)
}

func (s *Site) answerRotate(r *http.Request) (any, error) {
	var q Who
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	return Done{"the vault has a new key"}, s.Rotate(r.Context(), q.Who)
}

func (s *Site) answerExported(r *http.Request) (any, error) {
	var q Who
	if err := api.Decode(r, &q); err != nil {
		return nil, err
	}
	return Done{"the export was recorded"}, s.record(audit.Entry{Kind: audit.Export, Actor: q.Who, Reason: "the audit log"})
}

// Backup writes a copy of the vault to a new file. Its keys are not in it.
func (s *Site) Backup(ctx context.Context, who, path string) (err error) {
	if !filepath.IsAbs(path) {
		return errors.New("back up the vault: want an absolute path")
	}
	if err := s.record(audit.Entry{Kind: audit.Export, Actor: who, Reason: "a backup of the vault"}); err != nil {
		return err
	}
	return WriteBackup(ctx, s.Vault(), path)
}

// WriteBackup writes a copy of a vault to a new file, whole or not at all.
func WriteBackup(ctx context.Context, v *clinic.Vault, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("back up the vault: %w; name a new file", pathless(err))
	}
	if err = errors.Join(v.Backup(ctx, f), f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("back up the vault: %w", err), os.Remove(path))
	}
	return nil
}

// Rotate gives the vault a new key.
func (s *Site) Rotate(ctx context.Context, who string) error {
	if err := s.record(audit.Entry{Kind: audit.Rotate, Actor: who, Reason: "the vault's key"}); err != nil {
		return err
	}
	return s.Vault().Rotate(ctx)
}
