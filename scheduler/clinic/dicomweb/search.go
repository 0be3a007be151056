package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Query asks for studies (QIDO-RS, PS3.18 section 10.6). Empty fields match everything; "*"
// and "?" are wildcards in PatientID, PatientName and AccessionNumber.
type Query struct {
	StudyUID, PatientID, PatientName, AccessionNumber string
	StudyDate                                         string // YYYYMMDD, or a range YYYYMMDD-YYYYMMDD
	Modality                                          string
	Limit                                             int // answers taken; 0: 200
}

const defaultLimit = 200

// Study is one answer to a Query: identity, for the clinic's own eyes only.
type Study struct {
	StudyUID, PatientID, PatientName, AccessionNumber string
	StudyDate, StudyTime, Description                 string
	Modalities                                        []string
	Instances                                         int // (0020,1208); 0 where the server does not say
}

// Attributes of a study (PS3.18 table 10.6.3-3).
const (
	tagStudyDate        = "00080020"
	tagStudyTime        = "00080030"
	tagAccessionNumber  = "00080050"
	tagModalities       = "00080061"
	tagStudyDescription = "00081030"
	tagPatientName      = "00100010"
	tagPatientID        = "00100020"
	tagStudyUID         = "0020000D"
	tagStudyInstances   = "00201208"
)

// Search asks for the studies that match q, at most q.Limit of them.
func (c *Client) Search(ctx context.Context, q Query) ([]Study, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	if err := c.secure(); err != nil {
		return nil, fmt.Errorf("search for studies: %w", err)
	}
	place := c.Base.JoinPath("studies")
	place.RawQuery = q.values().Encode()
	request, err := http.NewRequest(http.MethodGet, place.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("search for studies: %w", withoutAddress(err))
	}
	request.Header.Set("Accept", typeJSON)
	answer, err := c.do(ctx, request, func(status int) bool { return status == http.StatusOK || status == http.StatusNoContent })
	if err != nil {
		return nil, fmt.Errorf("search for studies: %w", err)
	}
	defer answer.Body.Close()
	sets, err := readSets(answer, defaultMaxObjects)
	if err != nil {
		return nil, fmt.Errorf("search for studies: %w", err)
	}
	var found []Study
	for _, set := range sets[:min(len(sets), q.Limit)] { // some servers know no limit
		s, err := readStudy(set)
		if err != nil {
			return nil, fmt.Errorf("search for studies: %w", err)
		}
		found = append(found, s)
	}
	return found, nil
}

func (q Query) values() url.Values {
	values := url.Values{"limit": {strconv.Itoa(q.Limit)}, "includefield": {tagStudyDescription}}
	for key, value := range map[string]string{
		"StudyInstanceUID": q.StudyUID, "PatientID": q.PatientID, "PatientName": q.PatientName,
		"AccessionNumber": q.AccessionNumber, "StudyDate": q.StudyDate, "ModalitiesInStudy": q.Modality,
	} {
		if value != "" {
			values.Set(key, value)
		}
	}
	return values
}

func readStudy(set Dataset) (Study, error) {
	s := Study{
		StudyUID: set.Text(tagStudyUID), PatientID: set.Text(tagPatientID), PatientName: set.Text(tagPatientName),
		AccessionNumber: set.Text(tagAccessionNumber), StudyDate: set.Text(tagStudyDate), StudyTime: set.Text(tagStudyTime),
		Description: set.Text(tagStudyDescription), Modalities: set[tagModalities].Strings,
	}
	if !validUID(s.StudyUID) {
		return Study{}, errors.New("an answer names a study by something that is no UID")
	}
	if n, err := strconv.Atoi(set.Text(tagStudyInstances)); err == nil && n > 0 {
		s.Instances = n
	}
	return s, nil
}
