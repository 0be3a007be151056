package inbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Image is one image of a complete study, as its head describes it.
type Image struct {
	File   string // its path
	Number int    // Instance Number; 0 where it has none
	Frames int    // at least 1
}

// Row are the images of one series in the order of their numbers.
type Row struct {
	SeriesUID   string
	Modality    string
	Description string
	Images      []Image
}

// Frames is how many frames a row has.
func (r Row) Frames() (n int) {
	for _, i := range r.Images {
		n += i.Frames
	}
	return n
}

// Frame finds frame n of a row, from 0: the image, and which of its frames it is, from 0.
func (r Row) Frame(n int) (i Image, frame int, ok bool) {
	for _, i := range r.Images {
		if n >= 0 && n < i.Frames {
			return i, n, true
		}
		n -= i.Frames
	}
	return Image{}, 0, false
}

// maxFrames is how many frames of one image are counted; more than any has.
const maxFrames = 1 << 16

// Rows reads what images lie in the folder of a study, the series with the most frames
// first. It reads heads alone, bounded; what is no image is left out.
func Rows(folder string) ([]Row, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list the study's images: %w", ofDisk(err))
	}
	bySeries := map[string]*Row{}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		h, err := headIn(path)
		if errors.Is(err, errForeign) || err == nil && h.number(tagRows) == 0 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list the study's images: %w", ofDisk(err))
		}
		text := h.texts()
		uid := text(tagSeries)
		row := bySeries[uid]
		if row == nil {
			row = &Row{SeriesUID: uid, Modality: text(tagModality), Description: text(tagSeriesDescription)}
			bySeries[uid] = row
		}
		number, _ := strconv.Atoi(text(tagInstanceNumber)) // 0 where there is none
		frames, _ := strconv.Atoi(text(tagFrames))
		row.Images = append(row.Images, Image{File: path, Number: number, Frames: min(max(1, frames), maxFrames)})
	}
	rows := make([]Row, 0, len(bySeries))
	for _, r := range bySeries {
		slices.SortFunc(r.Images, func(a, b Image) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.File, b.File)) })
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Frames(), a.Frames()), cmp.Compare(a.SeriesUID, b.SeriesUID))
	})
	return rows, nil
}

// headIn reads the head of a file.
func headIn(path string) (h head, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	for look := int64(firstLook); ; look *= 4 {
		data, err := io.ReadAll(io.NewSectionReader(f, 0, look))
		if err != nil {
			return h, err
		}
		whole := int64(len(data)) < look || look >= maxHeadBytes
		if h, err = readHead(data, "", whole); !errors.Is(err, errMore) {
			return h, err
		}
		if whole {
			return h, errForeign
		}
	}
}
