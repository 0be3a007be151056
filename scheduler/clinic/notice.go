package clinic

import (
	"fmt"
	"strings"
	"time"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Notice makes what the clinic delivers of a task that ended without a result: a
// structured report and a FHIR bundle that state the failure and its reason, under
// the patient's own identity.
// reason may hold the words of a node; what can't be printed of it is left out.
func (d *Door) Notice(pkg models.Package, task models.Digest, reason string) ([]dcm.File, error) {
	id, err := d.vault.Get(task)
	if err != nil {
		return nil, fmt.Errorf("say that there is no result: %w", err)
	}
	if id.Source == nil {
		return nil, fmt.Errorf("say that task %s has no result: it was prepared by an older version; submit the study again", task.Short())
	}
	files, err := d.statement(id, pkg.Manifest, task, d.now().UTC(), reason)
	if err != nil {
		return nil, fmt.Errorf("say that task %s has no result: %w", task.Short(), err)
	}
	return files, nil
}

// statement writes that a study was not analysed, at a time and for a reason. The same of all
// gives the same bytes; a later failure of the task is another report.
func (d *Door) statement(id Identity, m models.Manifest, task models.Digest, now time.Time, reason string) ([]dcm.File, error) {
	contents := report.Contents{Outcome: report.Failed, Reason: printable(reason)}
	options := report.Options{Seed: models.DigestOf([]byte(task.String() + now.String() + reason)), Now: now, SoftwareVersion: "clinic"}
	written, err := report.StructuredReport(id.source(), report.Reference{}, contents, m, options)
	if err != nil {
		return nil, err
	}
	restored, err := identified(id, reportFile, written, d.limits)
	if err != nil {
		return nil, err
	}
	chart := id.chart(task, d.namespaces, now)
	chart.Seed = options.Seed
	record, err := report.FHIR(chart, contents, m)
	if err != nil {
		return nil, err
	}
	return []dcm.File{{Name: reportFile, Data: restored}, {Name: recordFile, Data: record}}, nil
}

// printable leaves out of a reason what commands a screen.
func printable(reason string) string {
	return strings.Map(func(c rune) rune {
		if !readable(string(c), "LO") {
			return -1
		}
		return c
	}, strings.ToValidUTF8(reason, ""))
}
