package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// store answers a store transaction (PS3.18 section 10.5): each object is handed on as it
// comes, and the answer says of each what became of it.
func (s *Server) store(w http.ResponseWriter, r *http.Request) {
	in, body, no := s.begin(r)
	if no != nil {
		no.answer(w)
		return
	}
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	default:
		refuse(http.StatusServiceUnavailable, "%d stores are under way already; send again a little later", s.config.MaxRequests).answer(w)
		return
	}
	in.Request = s.requests.Add(1)
	patience := &patient{body: r.Body, control: http.NewResponseController(w), idle: s.config.Idle}
	outcomes, broken := s.storeAll(r.Context(), in, body(patience))
	kept, reasons := tally(outcomes)
	s.config.RequestEnded(in.Request, kept)
	s.config.Log.Info("store", "request", in.Request, "kept", kept, "refused", len(outcomes)-kept, "reasons", reasons, "broken", broken != nil)
	if broken != nil && kept == 0 && len(outcomes) == 0 {
		refuse(http.StatusBadRequest, "the request broke off or is no multipart body; nothing was kept, send it again").answer(w)
		return
	}
	status := http.StatusOK
	switch {
	case kept == 0 && len(outcomes) == 0:
		refuse(http.StatusBadRequest, "the request holds no object").answer(w)
		return
	case kept == 0:
		status = http.StatusConflict
	case kept < len(outcomes) || broken != nil:
		status = http.StatusAccepted
	}
	writeJSON(w, status, answerSet(outcomes))
}

// begin reads of a store request what stands before its objects.
func (s *Server) begin(r *http.Request) (in Incoming, body func(io.Reader) parts, no *refusal) {
	in = Incoming{Address: address(r), User: s.config.User(r), StudyUID: r.PathValue("study")}
	if in.StudyUID != "" && !validUID(in.StudyUID) {
		return in, nil, refuse(http.StatusBadRequest, "the address names a study by something that is no UID")
	}
	if !acceptsJSON(r) {
		return in, nil, refuse(http.StatusNotAcceptable, "the answer is in %s; ask for it with Accept", typeJSON)
	}
	if packed(r) {
		return in, nil, refuse(http.StatusUnsupportedMediaType, "objects are taken as they are, without a Content-Encoding")
	}
	media, parameters, err := parseType(r.Header.Get("Content-Type"))
	if err != nil {
		return in, nil, refuse(http.StatusUnsupportedMediaType, `want Content-Type: multipart/related; type="application/dicom"; boundary=…`)
	}
	switch boundary := parameters["boundary"]; {
	case media == typeDICOM:
		return in, func(r io.Reader) parts { return &onePart{data: r} }, nil
	case media != typeMultipart, parameters["type"] != "" && parameters["type"] != typeDICOM:
		return in, nil, refuse(http.StatusUnsupportedMediaType, "objects are taken as %s, in %s or alone", typeDICOM, typeMultipart)
	case boundary == "" || len(boundary) > maxBoundary:
		return in, nil, refuse(http.StatusBadRequest, "the parts are told apart by a boundary of 1 to 70 characters: the Content-Type has none")
	default:
		return in, func(r io.Reader) parts { return newParts(r, boundary) }, nil
	}
}

// packed says that a body was compressed, which is not undone here.
func packed(r *http.Request) bool {
	encoding := r.Header.Get("Content-Encoding")
	return encoding != "" && encoding != "identity"
}

// storeAll hands on each object. broken is why the request could not be read to its end.
func (s *Server) storeAll(ctx context.Context, in Incoming, all parts) (outcomes []outcome, broken error) {
	for {
		media, data, err := all.next()
		if errors.Is(err, io.EOF) {
			return outcomes, nil
		}
		if err != nil {
			return outcomes, err
		}
		if len(outcomes) == s.config.MaxObjects {
			return append(outcomes, outcome{Failure: reasonOutOfResources}), errors.New("too many objects in one request")
		}
		outcomes = append(outcomes, s.storeOne(ctx, in, media, data))
		if ctx.Err() != nil {
			return outcomes, ctx.Err()
		}
	}
}

func (s *Server) storeOne(ctx context.Context, in Incoming, media string, data io.Reader) outcome {
	if media != "" {
		if plain, _, err := parseType(media); err != nil || plain != typeDICOM {
			return outcome{Failure: reasonCannotUnderstand}
		}
	}
	bounded := &bounded{r: data, left: s.config.MaxObjectBytes}
	h, file, err := peek(bounded, in.StudyUID != "")
	o := outcome{Reference: h.Reference}
	switch {
	case err == nil && in.StudyUID != "" && h.StudyUID != in.StudyUID:
		err = ErrDataSetMismatch
	case err == nil:
		in.SOPClassUID, in.SOPInstanceUID, in.TransferSyntaxUID = h.SOPClassUID, h.SOPInstanceUID, h.TransferSyntaxUID
		err = s.config.Receiver.Receive(ctx, in, file)
	}
	o.Failure = failureReason(err)
	return o
}

// tally counts what was kept, and says why the rest was not.
func tally(outcomes []outcome) (kept int, reasons string) {
	counts := map[string]int{}
	for _, o := range outcomes {
		if o.Failure == 0 {
			kept++
		} else {
			counts[reasonWords(o.Failure)]++
		}
	}
	var words []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%d: %s", counts[reason], reason))
	}
	return kept, strings.Join(words, "; ")
}

// errTooLarge is read where an object is longer than one may be.
var errTooLarge = errors.New("object too large")

// bounded is r, and errTooLarge where r goes on after left bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}

// leastRate is what a sender brings on average, in bytes a second: one that trickles would
// hold its turn for ever.
const leastRate = 1 << 10

// patient reads a body that may take long, but not fall silent for long, nor trickle.
type patient struct {
	body    io.Reader
	control *http.ResponseController
	idle    time.Duration
	owed    time.Duration // by how much what came falls short of leastRate
}

// Read implements io.Reader. At the body's end the deadline goes: the server listens on for
// the sender's leaving, and would take an old one for that. A deadline that was missed stays:
// else the server would wait for the rest of the body before it answers. Where none can be
// set, as in a test without a socket, the body counts as it is.
func (p *patient) Read(b []byte) (int, error) {
	began := time.Now()
	_ = p.control.SetReadDeadline(began.Add(p.idle - p.owed))
	n, err := p.body.Read(b)
	p.owed = max(0, p.owed+time.Since(began)-time.Duration(n)*time.Second/leastRate)
	if errors.Is(err, io.EOF) {
		_ = p.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
