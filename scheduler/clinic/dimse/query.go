package dimse

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Query asks for studies (PS3.4 section C.6.2, study root). Empty fields match everything;
// "*" and "?" are wildcards in all but StudyUID.
type Query struct {
	StudyUID, PatientID, PatientName, AccessionNumber string
	StudyDate                                         string // YYYYMMDD, or a range YYYYMMDD-YYYYMMDD
	Modality                                          string
	Limit                                             int // answers taken; 0: 200
}

// Study is one answer to a Query: identity, for the clinic's own eyes only.
type Study struct {
	StudyUID, PatientID, PatientName, AccessionNumber string
	StudyDate, StudyTime, Description                 string
	Modalities                                        []string
	Instances                                         int // (0020,1208); 0 where the peer does not say
}

// Bounds on answers.
const (
	defaultAnswers = 200
	maxAnswers     = 10_000
	// maxAfterCancel is how many answers may still come after we said enough.
	maxAfterCancel = 1_000
	// maxText bounds one text of an answer in bytes: the longest VR among them has three
	// groups of 64 characters.
	maxText = 1 << 10
	// maxProgress bounds the pending answers to one C-MOVE: one for each object is usual.
	maxProgress = 1_000_000
)

func (q Query) identifier(syntax string) []byte {
	return encodeSet([]element{
		text(tagCharacterSet, "CS", "ISO_IR 192"),
		text(tagStudyDate, "DA", q.StudyDate),
		text(tagStudyTime, "TM", ""),
		text(tagAccession, "SH", q.AccessionNumber),
		text(tagLevel, "CS", "STUDY"),
		text(tagModalities, "CS", q.Modality),
		text(tagStudyDescription, "LO", ""),
		text(tagPatientName, "PN", q.PatientName),
		text(tagPatientID, "LO", q.PatientID),
		text(tagStudyUID, "UI", q.StudyUID),
		text(tagStudyInstances, "IS", ""),
	}, syntax)
}

// maxKey bounds a matching key in bytes: the longest VR among them has 64 characters a
// component group.
const maxKey = 256

// Find asks a peer for studies (C-FIND, PS3.4 section C.4.1). It gives at most query.Limit.
func Find(ctx context.Context, remote Remote, query Query) ([]Study, error) {
	const doing = "find studies"
	if query.Limit <= 0 {
		query.Limit = defaultAnswers
	}
	query.Limit = min(query.Limit, maxAnswers)
	for _, key := range []string{query.StudyUID, query.PatientID, query.PatientName, query.AccessionNumber, query.StudyDate, query.Modality} {
		if len(key) > maxKey {
			return nil, fmt.Errorf("%s: a key of %d bytes, want at most %d: shorten it, and try again", doing, len(key), maxKey)
		}
	}
	if query.StudyUID != "" && !validUID(query.StudyUID) {
		return nil, fmt.Errorf("%s: the study's UID is none: correct it, and try again", doing)
	}
	c, terms, err := ask(ctx, remote, studyRootFind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer c.close()
	request := command{field: findRQ, class: studyRootFind, messageID: 1, dataSet: true, priority: Medium}
	if err := c.link.send(1, request, bytes.NewReader(query.identifier(terms.syntax))); err != nil {
		return nil, c.explain(doing, err)
	}
	var studies []Study
	for after := 0; ; {
		answer, err := c.answer(1, findRQ)
		if err != nil {
			return nil, c.explain(doing, err)
		}
		if answer.status != statusPending && answer.status != statusPendingWarning {
			if err := c.skipData(1, answer); err != nil {
				return nil, c.explain(doing, err)
			}
			if answer.status != statusCancelled || len(studies) < query.Limit {
				if err := outcome(answer.status); err != nil {
					return nil, c.explain(doing, err)
				}
			}
			c.release()
			return studies, nil
		}
		study, err := c.readStudy(terms, answer)
		if err != nil {
			return nil, c.explain(doing, err)
		}
		if len(studies) < query.Limit {
			studies = append(studies, study)
			continue
		}
		if after == 0 {
			err = c.link.send(1, command{field: cancelRQ, messageID: 1}, nil)
		}
		if after++; err != nil || after > maxAfterCancel {
			_ = c.explain(doing, fmt.Errorf("more answers than asked for")) // says so to the peer
			return studies, nil
		}
	}
}

func (c *call) readStudy(terms agreed, answer command) (Study, error) {
	if !answer.dataSet {
		return Study{}, breach(abortNotSpecified, "an answer without a study")
	}
	content, err := c.link.data(1).all(maxIdentifier)
	if err != nil {
		return Study{}, err
	}
	return parseStudy(content, terms.syntax)
}

// parseStudy reads the identifier of an answer.
func parseStudy(content []byte, syntax string) (Study, error) {
	set, err := decodeSet(content, syntax)
	if err != nil {
		return Study{}, err
	}
	characterSet := find(set, tagCharacterSet)
	said := func(t tag) string {
		value := find(set, t)
		return decodeText(value[:min(len(value), maxText)], characterSet)
	}
	s := Study{
		StudyUID: find(set, tagStudyUID), PatientID: said(tagPatientID), PatientName: said(tagPatientName), AccessionNumber: said(tagAccession),
		StudyDate: said(tagStudyDate), StudyTime: said(tagStudyTime), Description: said(tagStudyDescription),
	}
	if !validUID(s.StudyUID) {
		return Study{}, fmt.Errorf("%w: a study without its UID", errDataSet)
	}
	for _, modality := range strings.Split(said(tagModalities), `\`) {
		if modality = strings.TrimSpace(modality); modality != "" {
			s.Modalities = append(s.Modalities, modality)
		}
	}
	if n, err := strconv.Atoi(find(set, tagStudyInstances)); err == nil && n > 0 {
		s.Instances = n
	}
	return s, nil
}

// ask opens an association for questions of one class.
func ask(ctx context.Context, remote Remote, class string) (*call, agreed, error) {
	c, err := dial(ctx, remote, []offer{{id: 1, class: class, syntaxes: []string{explicitLittleEndian, implicitLittleEndian}}}, nil)
	if err != nil {
		return nil, agreed{}, err
	}
	terms, ok := c.contexts[1]
	if !ok {
		defer c.close()
		return nil, agreed{}, c.explain("ask", &RefusedSyntaxError{SOPClassUID: class})
	}
	return c, terms, nil
}

// MoveRequest asks an archive to send a study, or one series of it, to an AE title that it
// knows (PS3.4 section C.4.2).
type MoveRequest struct {
	StudyUID    string
	SeriesUID   string // empty: the whole study
	Destination string // AE title
	Priority    Priority
	Progress    func(MoveResult) // may be nil; called for each pending answer
}

// MoveResult counts sub-operations: objects sent, that failed, that were sent with a
// warning. Remaining is 0 at the end unless the peer gave up.
type MoveResult struct {
	Remaining, Completed, Failed, Warnings int
	Status                                 uint16
}

func (r MoveRequest) identifier(syntax string) []byte {
	level := text(tagLevel, "CS", "STUDY")
	set := []element{level, text(tagStudyUID, "UI", r.StudyUID)}
	if r.SeriesUID != "" {
		set[0] = text(tagLevel, "CS", "SERIES")
		set = append(set, text(tagSeriesUID, "UI", r.SeriesUID))
	}
	return encodeSet(set, syntax)
}

// Move asks a peer to send a study to a destination, and returns when the peer is done. The
// result counts what the peer says, not what arrived; where it counts objects that failed,
// and others that did not, the error is nil: see Failed. A peer sends pending answers as it
// goes on: it is given up when it is silent for remote.Timeout.
func Move(ctx context.Context, remote Remote, request MoveRequest) (MoveResult, error) {
	const doing = "fetch a study"
	if !validUID(request.StudyUID) || request.SeriesUID != "" && !validUID(request.SeriesUID) || !validAE(request.Destination) {
		return MoveResult{}, fmt.Errorf("%s: want the study's UID and the AE title it is to go to: correct them, and try again", doing)
	}
	c, terms, err := ask(ctx, remote, studyRootMove)
	if err != nil {
		return MoveResult{}, fmt.Errorf("%s: %w", doing, err)
	}
	defer c.close()
	message := command{field: moveRQ, class: studyRootMove, messageID: 1, dataSet: true, priority: request.Priority, destination: request.Destination}
	if err := c.link.send(1, message, bytes.NewReader(request.identifier(terms.syntax))); err != nil {
		return MoveResult{}, c.explain(doing, err)
	}
	var result MoveResult
	for range maxProgress {
		answer, err := c.answer(1, moveRQ)
		if err == nil {
			err = c.skipData(1, answer)
		}
		if err != nil {
			return result, c.explain(doing, err)
		}
		result = MoveResult{Remaining: int(answer.remaining), Completed: int(answer.completed), Failed: int(answer.failed), Warnings: int(answer.warnings), Status: answer.status}
		if answer.status == statusPending {
			if request.Progress != nil {
				request.Progress(result)
			}
			continue
		}
		c.release()
		if err := outcome(answer.status); err != nil && (result.Completed+result.Warnings == 0 || result.Failed == 0) {
			return result, fmt.Errorf("%s: %w", doing, err)
		}
		return result, nil
	}
	return result, c.explain(doing, breach(abortNotSpecified, "more than %d answers", maxProgress))
}
