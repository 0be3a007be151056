package dicomweb

import (
	"fmt"
	"io"
)

// StudyOf reads the Study Instance UID of the Part 10 file r from its beginning, of which it
// takes a MiB at most. Who sends a study learns so which one it is.
func StudyOf(r io.Reader) (uid string, err error) {
	h, _, err := peek(r, true)
	switch {
	case err != nil:
		return "", fmt.Errorf("look for the study of an object: %w", err)
	case !validUID(h.StudyUID) || h.StudyUID == "":
		return "", fmt.Errorf("look for the study of an object: %w", errHead)
	}
	return h.StudyUID, nil
}
