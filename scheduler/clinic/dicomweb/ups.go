package dicomweb

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"mime"
	"net/http"
	"net/url"
)

// maxWorkitemBytes bounds the body of a request about a work item.
const maxWorkitemBytes = 128 << 10

func (s *Server) handleWorkitems() {
	base := s.config.Base + "/workitems"
	s.mux.HandleFunc("POST "+base, s.createWorkitem)
	s.mux.HandleFunc("GET "+base, s.searchWorkitems)
	s.mux.HandleFunc("GET "+base+"/{uid}", s.retrieveWorkitem)
	s.mux.HandleFunc("POST "+base+"/{uid}", s.updateWorkitem)
	s.mux.HandleFunc("PUT "+base+"/{uid}/state", s.changeWorkitem)
	s.mux.HandleFunc("POST "+base+"/{uid}/cancelrequest", s.cancelWorkitem)
}

// warn adds a Warning header as PS3.18 section 8.4.3 wants it.
func (s *Server) warn(w http.ResponseWriter, r *http.Request, words string) {
	if words != "" {
		w.Header().Add("Warning", fmt.Sprintf("299 %s: %s", s.service(r), words))
	}
}

// service is the base address under which the request came.
func (s *Server) service(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host, Path: s.config.Base}).String()
}

// createWorkitem is PS3.18 section 11.4.
func (s *Server) createWorkitem(w http.ResponseWriter, r *http.Request) {
	set, err := s.payload(w, r)
	if err != nil {
		s.refuseWorkitem(w, r, err)
		return
	}
	uid := named(r, "AffectedSOPInstanceUID", "workitem")
	if uid == "" {
		uid = set.Text(tagSOPInstance)
	}
	if uid == "" {
		uid = NewUID()
	}
	item, err := NewWorkitem(uid, set, s.config.Now())
	if err != nil {
		s.refuseWorkitem(w, r, refuse(http.StatusBadRequest, "%v", err))
		return
	}
	if err := s.config.Workitems.Create(r.Context(), item); err != nil {
		s.refuseWorkitem(w, r, err)
		return
	}
	place := s.service(r) + "/workitems/" + uid
	w.Header().Set("Location", place)
	w.Header().Set("Content-Location", place)
	w.WriteHeader(http.StatusCreated)
}

// retrieveWorkitem is PS3.18 section 11.5.
func (s *Server) retrieveWorkitem(w http.ResponseWriter, r *http.Request) {
	if !acceptsJSON(r) {
		s.refuseWorkitem(w, r, refuse(http.StatusNotAcceptable, "work items are given in %s; ask for it with Accept", typeJSON))
		return
	}
	item, err := s.config.Workitems.Get(r.Context(), r.PathValue("uid"))
	if err != nil {
		s.refuseWorkitem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, []Dataset{item.answer()})
}

// updateWorkitem is PS3.18 section 11.6.
func (s *Server) updateWorkitem(w http.ResponseWriter, r *http.Request) {
	set, err := s.payload(w, r)
	if err != nil {
		s.refuseWorkitem(w, r, err)
		return
	}
	transaction := named(r, "transaction-uid", "TransactionUID")
	if transaction == "" {
		transaction = set.Text(tagTransaction)
	}
	s.change(w, r, http.StatusOK, func(item Workitem) (Workitem, string, error) {
		next, err := item.Update(transaction, set, s.config.Now())
		return next, "", err
	})
}

// changeWorkitem is PS3.18 section 11.7.
func (s *Server) changeWorkitem(w http.ResponseWriter, r *http.Request) {
	set, err := s.payload(w, r)
	if err != nil {
		s.refuseWorkitem(w, r, err)
		return
	}
	s.change(w, r, http.StatusOK, func(item Workitem) (Workitem, string, error) {
		next, warning, err := item.ChangeState(State(set.Text(tagState)), set.Text(tagTransaction), s.config.Now())
		if err == nil && item.State == Scheduled {
			next.Performer = cmp.Or(s.config.User(r), address(r).String())
		}
		return next, warning, err
	})
}

// cancelWorkitem is PS3.18 section 11.8; its payload may be missing.
func (s *Server) cancelWorkitem(w http.ResponseWriter, r *http.Request) {
	var why Dataset
	if r.ContentLength != 0 {
		var err error
		if why, err = s.payload(w, r); err != nil {
			s.refuseWorkitem(w, r, err)
			return
		}
	}
	s.change(w, r, http.StatusAccepted, func(item Workitem) (Workitem, string, error) {
		return item.RequestCancel(why, s.config.Now())
	})
}

// change carries a step out and answers.
func (s *Server) change(w http.ResponseWriter, r *http.Request, status int, step func(Workitem) (Workitem, string, error)) {
	var warning string
	_, err := s.config.Workitems.Change(r.Context(), r.PathValue("uid"), func(item Workitem) (next Workitem, err error) {
		next, warning, err = step(item)
		return next, err
	})
	if err != nil {
		s.refuseWorkitem(w, r, err)
		return
	}
	s.warn(w, r, warning)
	w.WriteHeader(status)
}

// refuseWorkitem answers with what went wrong. What is not the sender's fault is told to the
// log alone.
func (s *Server) refuseWorkitem(w http.ResponseWriter, r *http.Request, err error) {
	if no, ok := errors.AsType[*refusal](err); ok {
		no.answer(w)
		return
	}
	if step, ok := errors.AsType[*StepError](err); ok {
		s.warn(w, r, step.Words)
		http.Error(w, step.Error(), step.Status)
		return
	}
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, ErrExists):
		status = http.StatusConflict
	case errors.Is(err, ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, ErrFull), errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable
	}
	if status == http.StatusInternalServerError {
		s.config.Log.Error("work item", "error", err)
		http.Error(w, "the list of work items failed; try again, and look at the clinic's log", status)
		return
	}
	refuse(status, "%v", err).answer(w)
}

// payload reads the one data set of a request.
func (s *Server) payload(w http.ResponseWriter, r *http.Request) (Dataset, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || packed(r) || media != typeJSON && media != "application/json" {
		return nil, refuse(http.StatusUnsupportedMediaType, "work items are taken in %s", typeJSON)
	}
	body := http.MaxBytesReader(w, r.Body, maxWorkitemBytes)
	sets, err := DecodeDatasets(&patient{body: body, control: http.NewResponseController(w), idle: s.config.Idle}, 1)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, refuse(http.StatusRequestEntityTooLarge, "a work item has at most %d bytes", maxWorkitemBytes)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	if len(sets) != 1 {
		return nil, refuse(http.StatusBadRequest, "want one data set")
	}
	return sets[0], nil
}

// named gives a UID of the query, which stands under one of the names, or alone after the
// question mark, as in the templates of PS3.18 chapter 11.
func named(r *http.Request, names ...string) string {
	query := r.URL.Query()
	for _, name := range names {
		if uid := query.Get(name); uid != "" {
			return uid
		}
	}
	if validUID(r.URL.RawQuery) {
		return r.URL.RawQuery
	}
	return ""
}

// NewUID is a random one below 2.25 (PS3.5 section B.2).
func NewUID() string {
	var uuid [16]byte
	rand.Read(uuid[:]) // never fails, see crypto/rand
	uuid[6] = uuid[6]&0x0F | 0x40
	uuid[8] = uuid[8]&0x3F | 0x80
	return "2.25." + new(big.Int).SetBytes(uuid[:]).String()
}
