package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Retrieve fetches all objects of a study (WADO-RS, PS3.18 section 10.4), each in whatever
// transfer syntax the server keeps it, and hands each as a Part 10 file to keep, in the order
// of the answer. It returns how many keep took; where the answer breaks off, or keep returns
// an error, also that: what was kept until then is not the whole study.
func (c *Client) Retrieve(ctx context.Context, studyUID string, keep func(io.Reader) error) (int, error) {
	if !validUID(studyUID) {
		return 0, errors.New("retrieve a study: it is named by something that is no UID")
	}
	if err := c.secure(); err != nil {
		return 0, fmt.Errorf("retrieve a study: %w", err)
	}
	request, err := http.NewRequest(http.MethodGet, c.Base.JoinPath("studies", studyUID).String(), nil)
	if err != nil {
		return 0, fmt.Errorf("retrieve a study: %w", withoutAddress(err))
	}
	request.Header.Set("Accept", typeMultipart+`; type="`+typeDICOM+`"; transfer-syntax=*`)
	answer, err := c.do(ctx, request, func(status int) bool { return status == http.StatusOK })
	if err != nil {
		return 0, fmt.Errorf("retrieve a study: %w", err)
	}
	defer answer.Body.Close()
	all, err := answerParts(answer)
	if err != nil {
		return 0, fmt.Errorf("retrieve a study: %w", err)
	}
	for kept := 0; ; kept++ {
		_, data, err := all.next()
		if errors.Is(err, io.EOF) {
			if kept == 0 {
				err = errors.New("the answer holds no object")
				return 0, fmt.Errorf("retrieve a study: %w", err)
			}
			return kept, nil
		}
		if err == nil {
			err = keep(&bounded{r: data, left: defaultMaxObjectBytes})
		}
		if err != nil {
			return kept, fmt.Errorf("retrieve a study: object %d: %w", kept+1, err)
		}
		if kept == defaultMaxObjects {
			return kept, fmt.Errorf("retrieve a study: it has more than %d objects", defaultMaxObjects)
		}
	}
}

// answerParts reads the objects of an answer.
func answerParts(answer *http.Response) (parts, error) {
	media, parameters, err := parseType(answer.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, errors.New("the answer has no Content-Type")
	case media == typeDICOM:
		return &onePart{data: answer.Body}, nil
	case media != typeMultipart || parameters["boundary"] == "" || len(parameters["boundary"]) > maxBoundary:
		return nil, errors.New("the answer holds no DICOM objects; look at the path of the address, it mostly ends in /dicom-web or /rs")
	}
	return newParts(answer.Body, parameters["boundary"]), nil
}
