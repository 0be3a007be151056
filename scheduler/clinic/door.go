// Package clinic is the clinic's door: studies go out without anything that
// names a patient (DICOM PS3.15 Basic Profile, then the model's allow-list), and
// results come back in the clinic's own identity. In: files of a study, results
// of strangers. Out: a payload to seal, and files to deliver. What connects the
// two lies in an encrypted vault; the door never sends anything itself.
package clinic

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"time"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

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
	return &Door{vault: vault, limits: limits, now: now}
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
	allow, err := NewAllowList(pkg.Manifest.AllowedAttrs)
	if err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	files, uids, err := d.strip(ctx, study, allow)
	if err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	var payload bytes.Buffer
	payload.Grow(tarBytes(files))
	if err := dcm.WriteTar(&payload, files); err != nil {
		return Prepared{}, fmt.Errorf("prepare the study for %s: %w", pkg.Name(), err)
	}
	ready := Prepared{
		Task:    d.vault.names.Task(study.StudyUID, study.SeriesUID, pkg.Digest()),
		Payload: payload.Bytes(), RequestHash: models.DigestOf(payload.Bytes()), Instances: len(files),
	}
	source := study.slices[0].Dataset.Elements
	err = d.vault.Put(ready.Task, Identity{
		StudyUID: study.StudyUID, SeriesUID: study.SeriesUID, Attributes: identityOf(source), UIDs: uids,
		Instances: len(files), Rows: number(source, tag.Rows), Columns: number(source, tag.Columns),
		Model: pkg.Name(), Structures: structures(pkg.Manifest), Series: report.SeriesDescription(pkg.Manifest),
		Payload: ready.RequestHash, PreparedAt: d.now().UTC(),
		SpacingMM: study.spacingMM(), Labels: labelsOf(pkg.Manifest), Providers: pkg.Manifest.Providers,
		Source: study.referred(), Manifest: ofResult(pkg.Manifest),
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

// strip de-identifies the slices side by side and joins their UID maps.
func (d *Door) strip(ctx context.Context, study *Study, allow AllowList) ([]dcm.File, map[string]string, error) {
	files := make([]dcm.File, len(study.slices))
	maybe := make([]map[string]string, len(study.slices))
	faults := make([]error, len(study.slices))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for n, object := range study.slices {
		work.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			files[n].Name = fmt.Sprintf("%05d.dcm", n+1)
			files[n].Data, maybe[n], faults[n] = d.stripOne(object, allow, place(n, len(study.slices)))
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	uids := map[string]string{}
	for n := range files {
		if faults[n] != nil {
			return nil, nil, faults[n]
		}
		maps.Copy(uids, maybe[n])
	}
	return files, uids, nil
}

func (d *Door) stripOne(object *dcm.Object, allow AllowList, where string) ([]byte, map[string]string, error) {
	object, err := object.Native(d.limits) // compressed pixels could hide what their header does not say
	if err != nil {
		return nil, nil, at(where, err)
	}
	clean, err := Deidentify(object.Dataset, d.vault.names, allow)
	if err != nil {
		return nil, nil, at(where, err)
	}
	pixels, err := cleanPixels(object.Dataset.Elements, object.Pixels)
	if err != nil {
		return nil, nil, &dcm.Refusal{What: "the pixels can't be read", Where: where, Do: "submit the series uncompressed, as the scanner made it", Err: err}
	}
	data, err := dcm.Encode(dicom.Dataset{Elements: clean.Dataset.Elements}, pixels)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: write the instance: %w", where, err)
	}
	return data, clean.UIDs, nil
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
