package dicomweb

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// A server that took a result of ours, and whose answer was lost, may refuse the second
// sending as a duplicate: the result is there.
func TestADuplicateOfOursIsThere(t *testing.T) {
	ours := Reference{someClass, "1.1"}
	for name, c := range map[string]struct {
		status  int
		reason  uint16
		derived bool
		there   bool
	}{
		"ours, alone":             {409, reasonConflict, true, true},
		"ours, accepted":          {202, reasonConflict, true, true},
		"of anybody":              {409, reasonConflict, false, false},
		"ours, for other reasons": {409, reasonMismatch, true, false},
	} {
		body, err := json.Marshal(answerSet([]outcome{{Reference: ours, Failure: c.reason}}))
		if err != nil {
			t.Fatal(err)
		}
		client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(c.status)
			_, _ = w.Write(body)
		})
		object := held(plainFile("1.1"))
		object.Derived = c.derived
		stored, err := client.Store(t.Context(), "", []Object{object})
		if (err == nil) != c.there || (stored[0].Err == nil) != c.there || c.there && stored[0].Warning != reasonConflict {
			t.Errorf("%s: %+v, %v", name, stored[0], err)
		}
	}
}
