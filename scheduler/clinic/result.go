package clinic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// The files of a delivered result.
const (
	segmentationFile = "seg.dcm"
	overlayFile      = "overlay.png"
	reportFile       = "sr.dcm"
	captureFile      = "sc.dcm"
	findingsFile     = "findings.json"
	recordFile       = "fhir.json"
)

// Bounds of a picture, before it is decoded: a 4K wall of slices fits.
const (
	maxPictureBytes  = 32 << 20
	maxPictureEdge   = 8192 // pixels
	maxPicturePixels = 16 << 20
)

// Restore gives the result of task the clinic's identity back: seg.dcm, sr.dcm, sc.dcm
// and doc.dcm with the patient, the study and every UID as they stood in the source,
// overlay.png, findings.json, and fhir.json. finished is when the node was done, by its
// receipt. The node is not trusted: whatever does not belong to what was sent under task
// is a dcm.Refusal, and so are findings whose structures, voxels or volumes are not those
// of the segmentation, and a report that says anything else than the findings. Report,
// capture, document and bundle are then written by the clinic itself, from the checked findings and
// the node's picture, and the warning is put below every picture anew. Of the
// segmentation, attributes that a result has no business to hold are dropped, and the
// series and instance UIDs that the node made stay. An unknown task is ErrUnknownTask.
//
// A door with a confined child has all of it read there; ErrNotJudged is then a result that
// was not looked at.
func (d *Door) Restore(ctx context.Context, task models.Digest, result inference.Result, finished time.Time) ([]dcm.File, error) {
	id, err := d.vault.Get(task)
	if err != nil {
		return nil, fmt.Errorf("restore the result: %w", err)
	}
	o := restoration{
		Identity: id, Task: task, Namespaces: d.namespaces, Finished: finished.UTC(), Limits: d.limits,
		// The same result has the same objects, under UIDs that no node can foresee.
		Seed: models.DigestOf([]byte(d.vault.names.UID("report of " + task.String()))),
	}
	var files []dcm.File
	if err = o.dated(); err == nil && d.child != nil {
		files, err = d.restoreApart(ctx, o, result)
	} else if err == nil {
		files, err = o.restore(result)
	}
	if err != nil {
		return nil, fmt.Errorf("restore the result of task %s: %w", task.Short(), err)
	}
	return files, nil
}

// restore reads a node's result, and writes what the clinic delivers of it.
func (o restoration) restore(result inference.Result) ([]dcm.File, error) {
	id := o.Identity
	if err := id.statesFigures(result.Findings); err != nil {
		return nil, err
	}
	files, err := o.files(result)
	if err != nil {
		return nil, err
	}
	findings, err := restoreFindings(id, result.Findings)
	if err != nil {
		return nil, err
	}
	files = append(files, dcm.File{Name: findingsFile, Data: findings})
	if id.rewrites() {
		document, err := o.writer().document(result.Findings, files)
		if err != nil {
			return nil, err
		}
		files = append(files, dcm.File{Name: documentFile, Data: document})
	}
	if id.Manifest == nil { // vaulted before there were reports
		return files, nil
	}
	record, err := report.FHIR(id.chart(o.Task, o.Namespaces, o.Finished), contentsOf(result.Findings, *id.Manifest, true), *id.Manifest)
	if err != nil {
		return nil, err
	}
	return append(files, dcm.File{Name: recordFile, Data: record}), nil
}

// chart is what the clinic's record system is told of the study.
func (id Identity) chart(task models.Digest, names Namespaces, finished time.Time) report.Chart {
	return report.Chart{
		Seed: task, StudyUID: id.StudyUID, StudyDate: id.value(tag.StudyDate),
		PatientID: id.value(tag.PatientID), PatientSystem: names.Patient,
		AccessionNumber: id.value(tag.AccessionNumber), AccessionSystem: names.Accession, Issued: finished,
	}
}

// files restores each file that the node returned. The segmentation comes first: the
// report may refer to it.
func (o restoration) files(result inference.Result) ([]dcm.File, error) {
	id, w := o.Identity, o.writer()
	given, err := id.filesOf(result)
	if err != nil {
		return nil, err
	}
	var files []dcm.File
	var segmentation made
	series, instances := map[string]bool{}, map[string]bool{}
	for _, name := range []string{segmentationFile, overlayFile, reportFile, captureFile} {
		data, there := given[name]
		if !there || !id.rewrites() && (name == reportFile || name == captureFile) {
			continue
		}
		var own made
		switch name {
		case segmentationFile:
			data, own, err = newRestorer(id, resultAttributes()).segmentation(data, result.Findings.Segments, o.Limits)
			segmentation = own
		case overlayFile:
			data, err = id.cleanPicture(data)
		case reportFile:
			data, own, err = w.restoreReport(data, segmentation, result.Findings)
		case captureFile:
			data, own, err = w.restoreCapture(data)
		}
		if err != nil {
			return nil, err
		}
		if own != (made{}) {
			if series[own.series] || instances[own.instance] {
				return nil, refuse("two objects of the result have the same identity")
			}
			series[own.series], instances[own.instance] = true, true
		}
		files = append(files, dcm.File{Name: name, Data: data})
	}
	return files, nil
}

// restoreReport holds a report against the findings. Whether it also states the
// volumes of segments for which the model declares no measurement is the node's choice.
func (w writer) restoreReport(data []byte, segmentation made, f inference.Findings) ([]byte, made, error) {
	var contents []report.Contents
	var wants []report.Statement
	for _, volumes := range []bool{false, true} {
		c := contentsOf(f, *w.id.Manifest, volumes)
		want, err := c.State(*w.id.Manifest, segmentation != made{})
		if err != nil {
			return nil, made{}, because("the findings state what no report can", err)
		}
		contents, wants = append(contents, c), append(wants, want)
	}
	which, own, err := newRestorer(w.id, reportAttributes()).structuredReport(data, segmentation, wants, w.limits)
	if err != nil {
		return nil, made{}, err
	}
	written, err := w.report(segmentation, contents[which])
	return written, own, err
}

func (w writer) restoreCapture(data []byte) ([]byte, made, error) {
	picture, own, err := newRestorer(w.id, captureAttributes()).capture(data, w.limits)
	if err != nil {
		return nil, made{}, err
	}
	written, err := w.capture(picture)
	return written, own, err
}

// filesOf are the files of a result by name: each once, and those that its outcome
// and the model's task need.
func (id Identity) filesOf(result inference.Result) (map[string][]byte, error) {
	given := map[string][]byte{}
	for _, f := range result.Files {
		switch f.Name {
		case segmentationFile, overlayFile, reportFile, captureFile:
		default:
			return nil, refuse("the result holds a file that is neither the segmentation, its picture nor its report")
		}
		if _, twice := given[f.Name]; twice {
			return nil, refuse("the result holds a file twice")
		}
		given[f.Name] = f.Data
	}
	_, segmented := given[segmentationFile]
	_, reported := given[reportFile]
	completed := result.Findings.Outcome == "" || result.Findings.Outcome == inference.Completed
	segments := completed && (id.Manifest == nil || id.Manifest.TaskKind() == models.Segmentation)
	switch {
	case segments && !segmented:
		return nil, refuse("the result holds no segmentation")
	case !segments && (segmented || len(result.Findings.Segments) > 0):
		return nil, refuse("the result holds a segmentation that the model or the outcome does not give")
	case !segments && !reported:
		return nil, refuse("the result holds no report")
	}
	return given, nil
}

// cleanPicture decodes a PNG and writes it anew, above a band with the warning, the model
// and its version: what is not a pixel stays out, and what the node painted may be anything.
func (id Identity) cleanPicture(data []byte) ([]byte, error) {
	broken := refuse("the result's picture is no PNG of a sensible size")
	if len(data) > maxPictureBytes {
		return nil, broken
	}
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || max(config.Width, config.Height) > maxPictureEdge || config.Width*config.Height > maxPicturePixels {
		return nil, broken
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, broken
	}
	banded, err := report.Banded(picture, id.model())
	if err != nil {
		return nil, broken
	}
	return report.PNG(banded)
}

// model is the manifest, or of an entry without one what its name tells.
func (id Identity) model() models.Manifest {
	if id.Manifest != nil {
		return *id.Manifest
	}
	name, version, _ := strings.Cut(id.Model, "@")
	return models.Manifest{ID: name, Version: version}
}

// restoreFindings names the clinic's own series and refuses figures of another model.
func restoreFindings(id Identity, f inference.Findings) ([]byte, error) {
	own, sent := id.UIDs[f.SeriesUID]
	if !sent || own != id.SeriesUID {
		return nil, refuse("the findings are about a series that was not sent")
	}
	if f.Model+"@"+f.Version != id.Model {
		return nil, refuse("the findings are of another model than the one that was asked for")
	}
	f.SeriesUID = own
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, because("the findings hold figures that can't be written", err)
	}
	return append(data, '\n'), nil
}
