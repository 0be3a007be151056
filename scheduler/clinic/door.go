// Package clinic is the clinic's door: studies go out without anything that
// names a patient (DICOM PS3.15 Basic Profile, then the model's allow-list), and
// results come back in the clinic's own identity. In: files of a study, results
// of strangers, both parsed in a confined child. Out: a payload to seal, and files to
// deliver. What connects the two lies in an encrypted vault, whose keys no child gets; the
// door never sends anything itself.
package clinic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Door prepares studies and restores results for one clinic.
type Door struct {
	vault      *Vault
	limits     dcm.Limits
	now        func() time.Time
	namespaces Namespaces
	policy     Policy
	child      *Confine // nil: strangers' bytes are parsed in this process
}

// Namespaces are the URIs under which the clinic's record system knows its
// identifiers. Empty ones are left out of what the door writes for it.
type Namespaces struct{ Patient, Accession string }

// WithNamespaces is the same door for a clinic of these namespaces.
func (d *Door) WithNamespaces(n Namespaces) *Door {
	other := *d
	other.namespaces = n
	return &other
}

// NewDoor uses vault, which the caller closes after the last call. now stamps
// vault entries, for a clean-up by age.
func NewDoor(vault *Vault, limits dcm.Limits, now func() time.Time) *Door {
	return &Door{vault: vault, limits: limits.OrDefault(), now: now}
}

// Prepared is a study that may leave the clinic.
type Prepared struct {
	Task        models.Digest // the same for the same series, model and version at this clinic
	Payload     []byte        // tar of DICOM instances; the same bytes for the same study and model
	RequestHash models.Digest // SHA-256 of Payload
	Instances   int
}

// Prepare de-identifies study for pkg and stores in the vault what Restore needs.
// The vault's entry is on disk before Prepare returns, and so before a byte of
// the payload can leave. Refusals (dcm.Refusal) say which file and what to do.
func (d *Door) Prepare(ctx context.Context, study *Study, pkg models.Package) (Prepared, error) {
	if study.selection != pkg.Manifest.Selection {
		return Prepared{}, fmt.Errorf("prepare the study for %s: it was taken in for another model; take it in again", pkg.Name())
	}
	if refusal := study.policy.permits(pkg.Manifest); refusal != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), refusal)
	}
	if _, err := NewAllowList(pkg.Manifest.AllowedAttrs); err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	task, err := d.vault.names.taskUnder(study, pkg.Digest())
	if err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	f := study.facts
	names := order{Allow: pkg.Manifest.AllowedAttrs, Patient: d.vault.names.patientOf(f.Patient), UIDs: make(map[string]string, len(f.UIDs))}
	if study.policy.RetainDates {
		names.ShiftDays = d.vault.names.shiftOf(f.Patient)
	}
	originals := make(map[string]string, len(f.UIDs))
	for _, uid := range f.UIDs {
		names.UIDs[uid] = d.vault.names.UID(uid)
		originals[names.UIDs[uid]] = uid
	}
	payload, err := d.strip(ctx, study, names)
	if err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	ready := Prepared{
		Task: task, Payload: payload, RequestHash: models.DigestOf(payload), Instances: f.Objects,
	}
	err = d.vault.Put(ready.Task, Identity{
		StudyUID: study.StudyUID, SeriesUID: study.SeriesUID, Attributes: f.Attributes, UIDs: originals,
		Instances: study.Slices(), Rows: f.Rows, Columns: f.Columns,
		Model: pkg.Name(), Structures: structures(pkg.Manifest), Series: report.SeriesDescription(pkg.Manifest),
		Payload: ready.RequestHash, PreparedAt: d.now().UTC(),
		SpacingMM: f.SpacingMM, Labels: labelsOf(pkg.Manifest), Providers: pkg.Manifest.Providers,
		Source:   &Referred{Modality: f.Modality, FrameOfReferenceUID: f.FrameOfReferenceUID, Instances: f.Instances},
		Manifest: ofResult(pkg.Manifest),
		Policy:   study.policy, ShiftDays: names.ShiftDays,
	})
	if err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	return ready, nil
}

func structures(m models.Manifest) []string {
	var names []string
	for _, label := range m.Structures() {
		names = append(names, label.Name)
	}
	return names
}

// strip packs what the reader makes of the study, each object once it was inspected and
// searched: the reader may have been taken over by what it read. The names in the archive
// are the clinic's, whoever made the files.
func (d *Door) strip(ctx context.Context, study *Study, names order) (payload []byte, err error) {
	look, err := d.inspect(ctx, termsOf(study, names, d.limits))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, look.Close()) }()
	var files []dcm.File
	find := study.known.search(names)
	err = study.images.strip(ctx, names, func(data []byte) error {
		if find.finds(data) {
			return at(place(len(files), study.facts.Objects), stray("it names the patient, the visit or the house"))
		}
		files = append(files, dcm.File{Name: fmt.Sprintf("%05d.dcm", len(files)+1), Data: data})
		return look.object(data)
	})
	if err == nil {
		err = look.done()
	}
	if err != nil {
		return nil, asHeld(err)
	}
	return packed(files)
}

// packed is the payload.
func packed(files []dcm.File) ([]byte, error) {
	var payload bytes.Buffer
	payload.Grow(tarBytes(files))
	if err := dcm.WriteTar(&payload, files); err != nil {
		return nil, err
	}
	return payload.Bytes(), nil
}

// tarBytes estimates a tar's size: a header of 512 bytes and up to 511 of padding a file.
func tarBytes(files []dcm.File) int {
	const block = 512
	total := 4 * block
	for _, f := range files {
		total += len(f.Data) + 2*block
	}
	return total
}
