package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/scheduler/broker"
)

// findingsName is the file of figures beside a delivered result.
const findingsName = "findings.json"

// add takes over what the market says of the task.
func (r *Report) add(o broker.Outcome) {
	r.State, r.Winner, r.Fence, r.Bids, r.Receipt = o.State, o.Node.Hex(), o.Fence, o.Bids, o.Receipt
	r.Phases.OfferToAward, r.Phases.Transfer = o.Phases.OfferToAward, o.Phases.Transfer
	r.Phases.Inference, r.Phases.Result = o.Phases.Inference, o.Phases.Result
}

// describe takes over what was found and where it lies.
func (r *Report) describe(folder string, f inference.Findings, files []dicom.File) {
	r.Provider, r.RuntimeVersion, r.Outcome, r.Reason = f.Provider, f.Runtime, cmp.Or(f.Outcome, inference.Completed), f.Reason
	r.Segments, r.Measurements, r.Probabilities, r.Boxes = f.Segments, f.Measurements, f.Probabilities, f.Boxes
	r.wrote(folder, files)
}

// wrote takes over where files lie.
func (r *Report) wrote(folder string, files []dicom.File) {
	r.Folder = folder
	for _, file := range files {
		r.Files = append(r.Files, filepath.Join(folder, file.Name))
	}
}

// readDelivered describes a result that an earlier submission delivered.
func (r *Report) readDelivered(folder string) error {
	data, err := os.ReadFile(filepath.Join(folder, findingsName))
	if err != nil {
		return fmt.Errorf("task %s was delivered before, but its files are no longer in --out: %w; name the folder of the first submission", r.Task.Short(), pathless(err))
	}
	var findings inference.Findings
	if err := json.Unmarshal(data, &findings); err != nil {
		return fmt.Errorf("task %s was delivered before, but its figures can't be read: %w", r.Task.Short(), err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("task %s was delivered before: %w", r.Task.Short(), pathless(err))
	}
	var files []dicom.File
	for _, e := range entries {
		files = append(files, dicom.File{Name: e.Name()})
	}
	r.describe(folder, findings, slices.Clip(files))
	return nil
}
