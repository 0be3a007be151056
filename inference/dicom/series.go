package dicom

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/volume"
)

// Selection says which series of a study is wanted.
type Selection struct {
	Modality     string  // Modality (0008,0060), such as "MR"; "" takes any image series
	MinSlices    int     // fewer are refused
	MaxSpacingMM float64 // a larger voxel edge is refused; 0 means no limit
}

// Instance is one slice of a series: a single-frame instance or a frame of one.
type Instance struct {
	Object      *Object
	Frame       int // of Object, from 0; SEG and SR count from 1
	File        int // position among the files that were given, from 1
	SOPClassUID string
	UID         string     // SOP Instance UID
	Position    [3]float64 // mm, LPS: centre of the first voxel (PS3.3 C.7.6.2.1.1)

	view     view
	format   imageFormat
	scale    scale
	inverted bool
}

// Series is one image series with a regular grid: i runs along a row of pixels, j
// down the column, k along the slices in the order of Instances.
type Series struct {
	StudyUID            string
	UID                 string
	FrameOfReferenceUID string
	Modality            string
	Grid                volume.Grid
	Instances           []Instance // sorted along the slice normal (row direction × column direction)
	// Notes say what was left out to get one volume: identical duplicates, localisers,
	// further time points or echoes. They hold no patient data.
	Notes []string
}

// ReadSeries parses the files of a study and takes the series that fits the
// selection and has the most slices, the first by UID among equals; multi-frame
// instances count by their frames. It checks that its slices form one regular
// volume. Every error is a *Refusal.
func ReadSeries(files []File, sel Selection, lim Limits) (*Series, error) {
	lim = lim.OrDefault()
	objects, err := parseStudy(files, lim)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(objects, sel)
	if err != nil {
		return nil, err
	}
	return newSeries(chosen, len(files), sel, lim)
}

// parseStudy parses all files; the first refusal in their order counts.
func parseStudy(files []File, lim Limits) ([]*Object, error) {
	var total int64
	for _, f := range files {
		total += f.size()
	}
	if len(files) > lim.MaxFiles || total > lim.MaxTotalBytes {
		return nil, tooLarge(lim)
	}
	if len(files) == 0 {
		return nil, errNoDICOM
	}
	objects := make([]*Object, len(files))
	refusals := make([]*Refusal, len(files))
	var unpacked atomic.Int64
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n, f := range files {
		group.Go(func() error {
			var err error
			if objects[n], err = parse(f, lim, &unpacked); err != nil {
				refusals[n] = asRefusal(err).at("file %d of %d", n+1, len(files))
			}
			return nil
		})
	}
	_ = group.Wait() // no call returns an error; refusals holds them in order
	for _, refusal := range refusals {
		if refusal != nil {
			return nil, refusal
		}
	}
	return objects, nil
}

// plainModality is a modality that can be shown: a few capitals carry no name.
var plainModality = regexp.MustCompile(`^[A-Z]{2,4}$`)

// images are the objects of the modality that have pixels, with their places among
// the files.
func images(objects []*Object, modality string) ([]Instance, *Refusal) {
	var others []string
	var found []Instance
	for n, o := range objects {
		own := o.String(tag.Modality)
		if modality != "" && own != modality {
			if plainModality.MatchString(own) && !slices.Contains(others, own) {
				others = append(others, own)
			}
			continue
		}
		if !o.hasPixels() || o.String(tag.SeriesInstanceUID) == "" {
			continue
		}
		found = append(found, Instance{Object: o, File: n + 1, SOPClassUID: o.String(tag.SOPClassUID), UID: o.String(tag.SOPInstanceUID)})
	}
	if len(found) == 0 {
		slices.Sort(others)
		r := &Refusal{What: fmt.Sprintf("no %s image series", modality), Where: "none of the files holds an image series of a named modality", Do: fmt.Sprintf("send a study of modality %s, or choose another model", modality)}
		if modality == "" {
			r = &Refusal{What: "no image series", Where: "none of the files holds an image that belongs to a series", Do: "send the images of the study"}
		}
		if len(others) > 0 {
			r.Where = "the study holds " + strings.Join(others, ", ")
		}
		return nil, r
	}
	return found, nil
}

// choose groups images by series and picks the one with the most frames.
func choose(objects []*Object, sel Selection) ([]Instance, error) {
	found, refusal := images(objects, sel.Modality)
	if refusal != nil {
		return nil, refusal
	}
	groups := map[string][]Instance{}
	frames := map[string]int{}
	for _, in := range found {
		uid := in.Object.String(tag.SeriesInstanceUID)
		groups[uid] = append(groups[uid], in)
		frames[uid] += max(in.Object.FrameCount(), 1)
	}
	chosen := ""
	for uid := range groups {
		if c := cmp.Compare(frames[uid], frames[chosen]); c > 0 || (c == 0 && uid < chosen) {
			chosen = uid
		}
	}
	return groups[chosen], nil
}

// newSeries checks instance by instance, then the stack.
func newSeries(instances []Instance, files int, sel Selection, lim Limits) (*Series, error) {
	lead := instances[0].Object
	s := &Series{
		StudyUID:            lead.String(tag.StudyInstanceUID),
		UID:                 lead.String(tag.SeriesInstanceUID),
		FrameOfReferenceUID: lead.String(tag.FrameOfReferenceUID),
		Modality:            lead.String(tag.Modality),
	}
	b := &stacker{series: s, files: files, sel: sel}
	for n := range instances {
		if refusal := b.add(instances[n]); refusal != nil {
			return nil, refusal.at("file %d of %d", instances[n].File, files)
		}
	}
	grid, refusal := b.stack()
	if refusal != nil {
		return nil, refusal
	}
	if grid.Voxels() > lim.MaxVoxels {
		return nil, &Refusal{What: "series is too large", Where: fmt.Sprintf("%d × %d × %d voxels, the limit is %d million", grid.Size[0], grid.Size[1], grid.Size[2], lim.MaxVoxels>>20), Do: "send the series that matters only"}
	}
	s.Grid = grid
	return s, nil
}
