package clinic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// The files of a delivered result.
const (
	segmentationFile = "seg.dcm"
	overlayFile      = "overlay.png"
	findingsFile     = "findings.json"
)

// Bounds of the picture: a 4K wall of slices fits.
const (
	maxPictureBytes = 32 << 20
	maxPictureEdge  = 8192 // pixels
)

// Restore gives the result of task the clinic's identity back: seg.dcm with the
// patient, the study and every UID as they stood in the source, overlay.png and
// findings.json. The node is not trusted: whatever does not belong to what was
// sent under task is a dcm.Refusal, and so are findings whose structures, voxels or
// volumes are not those of the segmentation; attributes that a result has no
// business to hold are dropped. The series and instance UIDs that the node made stay.
// An unknown task is ErrUnknownTask.
func (d *Door) Restore(task models.Digest, result inference.Result) ([]dcm.File, error) {
	id, err := d.vault.Get(task)
	if err != nil {
		return nil, fmt.Errorf("restore the result: %w", err)
	}
	files, err := d.restoreFiles(id, result)
	if err != nil {
		return nil, fmt.Errorf("restore the result of task %s: %w", task.Short(), err)
	}
	findings, err := restoreFindings(id, result.Findings)
	if err != nil {
		return nil, fmt.Errorf("restore the result of task %s: %w", task.Short(), err)
	}
	return append(files, dcm.File{Name: findingsFile, Data: findings}), nil
}

func (d *Door) restoreFiles(id Identity, result inference.Result) ([]dcm.File, error) {
	var files []dcm.File
	for _, f := range result.Files {
		var data []byte
		var err error
		switch f.Name {
		case segmentationFile:
			data, err = newRestorer(id).segmentation(f.Data, result.Findings.Segments, d.limits)
		case overlayFile:
			data, err = cleanPicture(f.Data)
		default:
			err = refuse("the result holds a file that is neither the segmentation nor its picture")
		}
		if err != nil {
			return nil, err
		}
		for _, other := range files {
			if other.Name == f.Name {
				return nil, refuse("the result holds a file twice")
			}
		}
		files = append(files, dcm.File{Name: f.Name, Data: data})
	}
	if len(files) == 0 || files[0].Name != segmentationFile && files[len(files)-1].Name != segmentationFile {
		return nil, refuse("the result holds no segmentation")
	}
	return files, nil
}

// cleanPicture decodes a PNG and writes it anew: what is not a pixel stays out.
func cleanPicture(data []byte) ([]byte, error) {
	broken := refuse("the result's picture is no PNG of a sensible size")
	if len(data) > maxPictureBytes {
		return nil, broken
	}
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width > maxPictureEdge || config.Height > maxPictureEdge {
		return nil, broken
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, broken
	}
	var clean bytes.Buffer
	// The node wrote it as fast; packing harder saves a tenth and costs twice the time.
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&clean, picture); err != nil {
		return nil, fmt.Errorf("write the picture: %w", err)
	}
	return clean.Bytes(), nil
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
		return nil, errors.Join(refuse("the findings hold figures that can't be written"), err)
	}
	return append(data, '\n'), nil
}
