package runner

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/medhive/medhive/inference/dicom"
)

// Reason says why a job has no result.
type Reason string

// The reasons. Only Refused lies with the study; the others are failed tries.
const (
	Crashed  Reason = "crashed"  // the process died
	Timeout  Reason = "timeout"  // it was killed at its time limit
	Memory   Reason = "memory"   // it reached its memory cap
	Refused  Reason = "refused"  // the study or model can't be taken; see Refusal
	Protocol Reason = "protocol" // it said something that a runner never says
	Broken   Reason = "failed"   // the computation failed in words
)

// Failure is a job without a result. The daemon that started the runner is unharmed.
type Failure struct {
	Reason  Reason
	Detail  string         // for a person; never from the study's contents
	Refusal *dicom.Refusal // set when Reason is Refused
}

// Error says reason and detail.
func (f *Failure) Error() string {
	if f.Refusal != nil {
		return "runner refused the study: " + f.Refusal.Error()
	}
	return fmt.Sprintf("runner %s: %s", f.Reason, f.Detail)
}

// Unwrap gives the refusal to errors.As.
func (f *Failure) Unwrap() error {
	if f.Refusal == nil {
		return nil
	}
	return f.Refusal
}

// failureOf reads the child's account of a failed job and trusts none of its words.
func failureOf(payload []byte) *Failure {
	var m failureMessage
	if err := parseMessage(payload, &m); err != nil {
		return &Failure{Reason: Protocol, Detail: "its failure message can't be read; restart it"}
	}
	switch m.Reason {
	case Refused:
		return &Failure{Reason: Refused, Detail: printable(m.What), Refusal: &dicom.Refusal{What: printable(m.What), Where: printable(m.Where), Do: printable(m.Do)}}
	case Memory, Timeout, Protocol, Broken:
		return &Failure{Reason: m.Reason, Detail: printable(m.Detail)}
	}
	return &Failure{Reason: Protocol, Detail: "its failure message names no known reason; restart it"}
}

// maxDetail bounds a text from the child in logs and messages.
const maxDetail = 400

// printable keeps a text from the child fit for a terminal and a log.
func printable(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// outOfMemory are the words of those who ask for memory: Go's runtime, glibc, C++ and
// ONNX Runtime's allocator.
func outOfMemory() []string {
	return []string{"out of memory", "cannot allocate memory", "bad_alloc", "failed to allocate", "allocatememory", "bfcarena", "pthread_create failed", "failed to create new os thread"}
}

// speaksOfMemory reports whether a text, of any case, says that memory ran out.
func speaksOfMemory(text string) bool {
	text = strings.ToLower(text)
	for _, words := range outOfMemory() {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
