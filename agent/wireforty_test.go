package agent

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/testdata/planted"
)

// Forty studies with two hundred identifiers go through a clinic and a node, while every
// byte that leaves the clinic is kept: on its streams, before they are encrypted, in the
// sealed payload as the node opens it with the key of its award, in all logs, errors and
// metrics. Nothing is found there, nor in what clinic, node and coordinator keep on disk. What
// gdcmanon and Orthanc leave of the same files is printed beside it.
func TestNoneOfTwoHundredIdentifiersLeavesTheClinic(t *testing.T) {
	studies := planted.Sow(t, t.TempDir())
	find := planted.NewFinder(studies)
	w := startWired(t)
	left := map[planted.ID]bool{}
	for place, data := range w.submitAll(t, studies) {
		for id := range find.In(data) {
			left[id] = true
			plant := studies[id.Study].Plants[id.Plant]
			t.Errorf("%s: study %d's %s (%s) left the clinic", place, id.Study, plant.Kind, plant.Where)
		}
	}
	beside{studies: studies, find: find}.print(t, left)
}

// submitAll takes the studies the whole way, and returns what left.
func (w *wired) submitAll(t *testing.T, studies []planted.Study) map[string][]byte {
	t.Helper()
	var held []int
	var errs []byte
	var mu sync.Mutex // guards held and errs
	var workers sync.WaitGroup
	next := make(chan int)
	for range maxReading {
		workers.Go(func() {
			for n := range next {
				s := Submission{Path: studies[n].Folder, Model: "t1-tissue", Out: filepath.Join(w.home, "results"), Residency: []string{"DE"},
					PriceCeilingGwei: 10, Within: 8 * time.Minute}
				if n == planted.BlackedOut {
					x, y, width, height := planted.Text()
					s.Policy = clinic.Policy{Released: true, Redactions: []clinic.Redaction{{X: x, Y: y, Width: width, Height: height}}}
				}
				_, err := w.clinic.Submit(t.Context(), s)
				if err == nil {
					continue
				}
				mu.Lock()
				errs = append(append(errs, err.Error()...), '\n')
				var refusal *dicom.Refusal
				if errors.As(err, &refusal) && n >= planted.FirstBurned {
					held = append(held, n)
				} else {
					t.Errorf("study %d: %v", n, err)
				}
				mu.Unlock()
			}
		})
	}
	for n := range studies {
		next <- n
	}
	close(next)
	workers.Wait()
	slices.Sort(held)
	if want := []int{planted.FirstBurned, planted.FirstBurned + 1, planted.SilentBurned}; !slices.Equal(held, want) {
		t.Errorf("studies %v stayed in the clinic for the text in their pixels, want %v", held, want)
	}
	w.wire.mu.Lock()
	defer w.wire.mu.Unlock()
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	const smallest = 2 * 36 * 36 // bytes of a slice's pixels
	if sent := len(studies) - len(held); len(w.seen.payloads) != sent || w.wire.sent.Len() < sent*planted.Slices*smallest {
		t.Fatalf("%d payloads and %d bytes of streams were captured of %d studies: the tap missed some", len(w.seen.payloads), w.wire.sent.Len(), sent)
	}
	page := httptest.NewRecorder()
	w.clinic.metrics().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return map[string][]byte{
		"streams": bytes.Clone(w.wire.sent.Bytes()), "payloads": bytes.Join(w.seen.payloads, nil), "logs": bytes.Clone(w.book.text.Bytes()),
		"errors": errs, "metrics": page.Body.Bytes(),
		"the clinic's disk": onDisk(t, ClinicState(w.home, "clinic")), "the node's disk": onDisk(t, NodeState(w.home, "node")),
		"the coordinator's disk": onDisk(t, CoordinatorState(w.home)),
	}
}

// onDisk is all that files below a folder hold, and what they are called.
func onDisk(t *testing.T, folder string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(append(all, path...), data...)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d bytes, %v", len(all), err)
	}
	return all
}
