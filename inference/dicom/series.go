package dicom

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

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

// Instance is one slice of a series.
type Instance struct {
	Object      *Object
	File        int // position among the files that were given, from 1
	SOPClassUID string
	UID         string     // SOP Instance UID
	Position    [3]float64 // mm, LPS: centre of the first voxel (PS3.3 C.7.6.2.1.1)
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

	format pixelFormat
}

// ReadSeries parses the files of a study and takes the series that fits the
// selection and has the most slices, the first by UID among equals. It checks that
// its slices form one regular volume. Every error is a *Refusal.
func ReadSeries(files []File, sel Selection, lim Limits) (*Series, error) {
	lim = lim.orDefault()
	var total int64
	for _, f := range files {
		total += int64(len(f.Data))
	}
	if len(files) > lim.MaxFiles || total > lim.MaxTotalBytes {
		return nil, tooLarge(lim)
	}
	if len(files) == 0 {
		return nil, errNoDICOM
	}
	objects := make([]*Object, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	refusals := make([]*Refusal, len(files))
	for n, f := range files {
		group.Go(func() error {
			var err error
			if objects[n], err = Parse(f, lim); err != nil {
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
	chosen, err := choose(objects, sel)
	if err != nil {
		return nil, err
	}
	return newSeries(chosen, len(files), sel)
}

// plainModality is a modality that can be shown: a few capitals carry no name.
var plainModality = regexp.MustCompile(`^[A-Z]{2,4}$`)

// choose groups images by series and picks one.
func choose(objects []*Object, sel Selection) ([]Instance, error) {
	groups := map[string][]Instance{}
	var others []string
	for n, o := range objects {
		modality := o.String(tag.Modality)
		if sel.Modality != "" && modality != sel.Modality {
			if plainModality.MatchString(modality) && !slices.Contains(others, modality) {
				others = append(others, modality)
			}
			continue
		}
		if o.Pixels == nil || o.String(tag.SeriesInstanceUID) == "" {
			continue
		}
		uid := o.String(tag.SeriesInstanceUID)
		groups[uid] = append(groups[uid], Instance{Object: o, File: n + 1, SOPClassUID: o.String(tag.SOPClassUID), UID: o.String(tag.SOPInstanceUID)})
	}
	if len(groups) == 0 {
		slices.Sort(others)
		found := "none of the files holds an image series of a named modality"
		if len(others) > 0 {
			found = "the study holds " + strings.Join(others, ", ")
		}
		return nil, &Refusal{What: fmt.Sprintf("no %s image series", sel.Modality), Where: found, Do: fmt.Sprintf("send a study of modality %s, or choose another model", sel.Modality)}
	}
	var chosen []Instance
	var chosenUID string
	for uid, instances := range groups {
		if c := cmp.Compare(len(instances), len(chosen)); c > 0 || (c == 0 && uid < chosenUID) {
			chosen, chosenUID = instances, uid
		}
	}
	return chosen, nil
}

// newSeries checks instance by instance, then the stack.
func newSeries(instances []Instance, files int, sel Selection) (*Series, error) {
	lead := instances[0].Object
	s := &Series{
		StudyUID:            lead.String(tag.StudyInstanceUID),
		UID:                 lead.String(tag.SeriesInstanceUID),
		FrameOfReferenceUID: lead.String(tag.FrameOfReferenceUID),
		Modality:            lead.String(tag.Modality),
		Instances:           instances,
	}
	planes := make([]plane, len(instances))
	for n := range instances {
		in := &instances[n]
		where := func(r *Refusal) *Refusal { return r.at("file %d of %d", in.File, files) }
		var refusal *Refusal
		if planes[n], refusal = readPlane(in.Object); refusal != nil {
			return nil, where(refusal)
		}
		in.Position = planes[n].position
		format, refusal := readFormat(in.Object)
		if refusal != nil {
			return nil, where(refusal)
		}
		if n == 0 {
			s.format = format
		}
		if refusal := planes[n].sameAs(planes[0]); refusal != nil {
			return nil, where(refusal)
		}
		if format.rows != s.format.rows || format.columns != s.format.columns {
			return nil, where(&Refusal{What: "slices differ in their matrix size", Do: "send one series, not several merged ones"})
		}
		if in.Object.String(tag.FrameOfReferenceUID) != s.FrameOfReferenceUID || in.Object.String(tag.StudyInstanceUID) != s.StudyUID {
			return nil, where(&Refusal{What: "slices belong to different studies or frames of reference", Do: "send one series, not several merged ones"})
		}
	}
	grid, err := s.stack(planes, files, sel)
	if err != nil {
		return nil, err
	}
	s.Grid = grid
	return s, nil
}
