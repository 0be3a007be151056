package dimse

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Kinds of N-ACTION and N-EVENT-REPORT of storage commitment (PS3.4 sections J.3.2, J.3.3).
const (
	actionRequest  = 1
	eventAll       = 1
	eventSomeFail  = 2
	statusNoEvent  = 0x0113
	statusNoAction = 0x0123
	statusArgument = 0x0115
	statusLimit    = 0x0213 // resource limitation: a peer may try again
)

// committed takes an archive's report (N-EVENT-REPORT).
func (a *association) committed(ctx context.Context, id byte, terms agreed, c command) error {
	release, err := a.list(id, c)
	if release == nil {
		return err
	}
	defer release()
	report, status, err := readReport(a.link, id, terms.syntax, c)
	if err != nil {
		return err
	}
	if status == statusSuccess {
		report.CallingAE = a.calling
		if err := a.server.config.Committed(ctx, report); err != nil {
			a.server.log.Warn("report on commitment not taken", "association", a.number, "calling", a.calling, "error", err)
			status = statusProcessing
		}
	}
	return a.reply(id, c, status)
}

// list takes one of the places for lists of references; without one the peer is told to try
// again, and release is nil.
func (a *association) list(id byte, c command) (release func(), err error) {
	select {
	case a.server.lists <- struct{}{}:
		return func() { <-a.server.lists }, nil
	default:
	}
	if c.dataSet {
		if _, err := a.link.data(id).skip(); err != nil {
			return nil, err
		}
	}
	return nil, a.reply(id, c, statusLimit)
}

// readReport reads the data set of an N-EVENT-REPORT; status says what is wrong with it.
func readReport(l *link, id byte, syntax string, c command) (report Commitment, status uint16, err error) {
	if !c.dataSet {
		return report, statusArgument, nil
	}
	content, err := l.data(id).all(maxReferences)
	if err != nil {
		return report, 0, err
	}
	if c.eventOrAction != eventAll && c.eventOrAction != eventSomeFail {
		return report, statusNoEvent, nil
	}
	report, err = parseReferences(content, syntax)
	if err != nil {
		return report, statusArgument, nil
	}
	return report, statusSuccess, nil
}

// parseReferences reads the data set of a request or a report: a transaction's UID with
// references, and those that failed.
func parseReferences(content []byte, syntax string) (Commitment, error) {
	set, err := decodeSet(content, syntax)
	if err != nil {
		return Commitment{}, err
	}
	report := Commitment{TransactionUID: find(set, tagTransaction)}
	if !validUID(report.TransactionUID) {
		return Commitment{}, fmt.Errorf("%w: no transaction UID", errDataSet)
	}
	for _, item := range items(set, tagReferenced) {
		ref, err := parseReference(item)
		if err != nil {
			return Commitment{}, err
		}
		report.Committed = append(report.Committed, ref)
	}
	for _, item := range items(set, tagFailed) {
		ref, err := parseReference(item)
		if err != nil {
			return Commitment{}, err
		}
		failed := FailedReference{Reference: ref, Reason: statusProcessing}
		if reason := value(item, tagFailureReason); len(reason) == 2 {
			failed.Reason = binary.LittleEndian.Uint16(reason)
		}
		report.Failed = append(report.Failed, failed)
	}
	if len(report.Committed)+len(report.Failed) == 0 {
		return Commitment{}, fmt.Errorf("%w: no references", errDataSet)
	}
	return report, nil
}

func parseReference(item []element) (Reference, error) {
	ref := Reference{SOPClassUID: find(item, tagReferencedClass), SOPInstanceUID: find(item, tagReferencedInstance)}
	if !validUID(ref.SOPClassUID) || !validUID(ref.SOPInstanceUID) {
		return ref, fmt.Errorf("%w: a reference without UIDs", errDataSet)
	}
	return ref, nil
}

// encodeReferences writes what parseReferences reads.
func encodeReferences(c Commitment, syntax string) []byte {
	reference := func(r Reference) []element {
		return []element{text(tagReferencedClass, "UI", r.SOPClassUID), text(tagReferencedInstance, "UI", r.SOPInstanceUID)}
	}
	set := []element{text(tagTransaction, "UI", c.TransactionUID)}
	if len(c.Failed) > 0 {
		e := element{tag: tagFailed, vr: "SQ"}
		for _, f := range c.Failed {
			item := append(reference(f.Reference), element{tag: tagFailureReason, vr: "US", value: binary.LittleEndian.AppendUint16(nil, f.Reason)})
			e.items = append(e.items, item)
		}
		set = append(set, e)
	}
	if len(c.Committed) > 0 {
		e := element{tag: tagReferenced, vr: "SQ"}
		for _, r := range c.Committed {
			e.items = append(e.items, reference(r))
		}
		set = append(set, e)
	}
	return encodeSet(set, syntax)
}

// commit answers a modality that asks us to commit ourselves (N-ACTION), then reports: to
// the peer's own address where it has one, else on this association.
func (a *association) commit(ctx context.Context, id byte, terms agreed, c command) error {
	release, err := a.list(id, c)
	if release == nil {
		return err
	}
	defer release()
	var content []byte
	if c.dataSet {
		if content, err = a.link.data(id).all(maxReferences); err != nil {
			return err
		}
	}
	if c.eventOrAction != actionRequest {
		return a.reply(id, c, statusNoAction)
	}
	request, err := parseReferences(content, terms.syntax)
	if err != nil {
		return a.reply(id, c, statusArgument)
	}
	held, err := a.server.config.Holds(ctx, a.calling, request.Committed)
	if err != nil {
		a.server.log.Warn("commitment refused", "association", a.number, "calling", a.calling, "error", err)
		return a.reply(id, c, statusOf(err))
	}
	if err := a.reply(id, c, statusSuccess); err != nil {
		return err
	}
	report := judge(request, held)
	if a.peer.Address != "" {
		a.server.reportLater(ctx, a.peer, a.called, report)
		return nil
	}
	a.messages++
	return a.link.send(id, eventCommand(report, a.messages), bytes.NewReader(encodeReferences(report, terms.syntax)))
}

// judge splits what was asked for into held and not.
func judge(request Commitment, held []Reference) Commitment {
	have := make(map[Reference]bool, len(held))
	for _, r := range held {
		have[r] = true
	}
	report := Commitment{TransactionUID: request.TransactionUID}
	for _, r := range request.Committed {
		if have[r] {
			report.Committed = append(report.Committed, r)
		} else {
			report.Failed = append(report.Failed, FailedReference{Reference: r, Reason: statusNoSuchInstance})
		}
	}
	return report
}

func eventCommand(report Commitment, message uint16) command {
	c := command{field: eventRQ, class: commitmentPush, instance: commitmentInstance, messageID: message, dataSet: true, eventOrAction: eventAll}
	if len(report.Failed) > 0 {
		c.eventOrAction = eventSomeFail
	}
	return c
}

// reportLater reports to a peer at its own address, and again if that fails. A report that
// is lost with this process is asked for again by the peer, which keeps its objects so long.
func (s *server) reportLater(ctx context.Context, peer Peer, title string, report Commitment) {
	s.mu.Lock()
	full := s.reporting == maxReportsUnderway
	if !full {
		s.reporting++
	}
	s.mu.Unlock()
	if full {
		s.log.Warn("report on commitment left out: too many wait", "peer", peer.AETitle, "waiting", maxReportsUnderway)
		return
	}
	s.background.Go(func() {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.reporting--
		}()
		remote := Remote{Address: peer.Address, CalledAE: peer.AETitle, CallingAE: title, TLS: peer.TLS}
		if err := persist(ctx, func() error { return sendReport(ctx, remote, report) }); err != nil && ctx.Err() == nil {
			s.log.Warn("report on commitment given up", "peer", peer.AETitle, "error", err)
		}
	})
}

// persist tries until it works, or often enough: the error is the last one.
func persist(ctx context.Context, try func() error) error {
	pause := firstReportRetry
	for attempt := 0; ; attempt++ {
		err := try()
		if err == nil || attempt == reportRetries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause *= reportRetryStretch
	}
}

// sendReport calls a peer as the archive that it asked (PS3.4 section J.3.3): with the roles
// turned round, since the caller is the one that provides the service.
func sendReport(ctx context.Context, remote Remote, report Commitment) error {
	c, err := dial(ctx, remote, []offer{{id: 1, class: commitmentPush, syntaxes: []string{implicitLittleEndian, explicitLittleEndian}}}, []role{{class: commitmentPush, scp: true}})
	if err != nil {
		return fmt.Errorf("report on commitment: %w", err)
	}
	defer c.close()
	terms, ok := c.contexts[1]
	if !ok {
		return c.explain("report on commitment", &RefusedSyntaxError{SOPClassUID: commitmentPush})
	}
	if err := c.link.send(1, eventCommand(report, 1), bytes.NewReader(encodeReferences(report, terms.syntax))); err != nil {
		return c.explain("report on commitment", err)
	}
	answer, err := c.answer(1, eventRQ)
	if err == nil {
		err = outcome(answer.status)
	}
	if err != nil {
		return c.explain("report on commitment", err)
	}
	c.release()
	return nil
}

// RequestCommitment asks a peer to commit itself to instances (PS3.4 annex J). It returns
// once the peer has taken the request: with the report where it came on the same association
// within wait, else with nil, and the report comes to our server (Config.Committed), maybe
// days later. A report that was returned is acknowledged already: if it gets lost, ask again.
func RequestCommitment(ctx context.Context, remote Remote, transactionUID string, refs []Reference, wait time.Duration) (*Commitment, error) {
	const doing = "ask for storage commitment"
	if !validUID(transactionUID) || len(refs) == 0 {
		return nil, fmt.Errorf("%s: want a transaction UID and at least one instance", doing)
	}
	c, err := dial(ctx, remote, []offer{{id: 1, class: commitmentPush, syntaxes: []string{implicitLittleEndian, explicitLittleEndian}}}, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer c.close()
	terms, ok := c.contexts[1]
	if !ok {
		return nil, c.explain(doing, &RefusedSyntaxError{SOPClassUID: commitmentPush})
	}
	content := encodeReferences(Commitment{TransactionUID: transactionUID, Committed: refs}, terms.syntax)
	if len(content) > maxReferences {
		return nil, c.explain(doing, fmt.Errorf("%d instances are too many for one request: ask for fewer", len(refs)))
	}
	request := command{field: actionRQ, class: commitmentPush, instance: commitmentInstance, messageID: 1, dataSet: true, eventOrAction: actionRequest}
	if err := c.link.send(1, request, bytes.NewReader(content)); err != nil {
		return nil, c.explain(doing, err)
	}
	report, err := c.awaitReport(transactionUID, terms, wait)
	if err != nil {
		return nil, c.explain(doing, err)
	}
	if report != nil {
		report.CallingAE = remote.CalledAE
	}
	c.release()
	return report, nil
}

// awaitReport waits for the answer to an N-ACTION, then for the report; either may be first.
func (c *call) awaitReport(transaction string, terms agreed, wait time.Duration) (*Commitment, error) {
	var report *Commitment
	for taken := false; !taken || report == nil; {
		if taken {
			if wait <= 0 {
				return nil, nil
			}
			if !c.within(wait) {
				return nil, nil
			}
		}
		message, id, err := c.link.readCommand()
		switch {
		case err != nil && taken:
			return nil, nil // the request stands; the report comes otherwise
		case err != nil:
			return nil, err
		case id != 1:
			return nil, breach(abortInvalidParameter, "message in presentation context %d, which was not accepted", id)
		case message.field == eventRQ:
			got, status, err := readReport(c.link, id, terms.syntax, message)
			if err != nil {
				return nil, err
			}
			if status == statusSuccess && got.TransactionUID == transaction {
				report = &got
			} else if status == statusSuccess {
				status = statusArgument // of another request: it is to come to our server
			}
			if err := c.link.send(id, message.respond(status), nil); err != nil {
				return nil, err
			}
		case message.field == actionRQ|answerFlag && message.messageID == 1 && !taken:
			if err := c.skipData(id, message); err != nil {
				return nil, err
			}
			if err := outcome(message.status); err != nil {
				return nil, err
			}
			taken = true
		default:
			return nil, breach(abortUnexpected, "message %04X where a report should be", message.field)
		}
	}
	return report, nil
}
