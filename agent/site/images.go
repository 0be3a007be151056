package site

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/medhive/medhive/agent/site/dashboard"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"

	dcm "github.com/medhive/medhive/inference/dicom"
)

const (
	// maxViewing is how many images are made into pictures at once: each is a process of its
	// own with an image in its memory.
	maxViewing = 2
	// maxRowsKept is how many studies' lists of images are remembered, some hundred bytes an
	// image.
	maxRowsKept = 16
)

// images are what people look at of studies that the site holds.
type images struct {
	viewing chan struct{} // a token for each picture in the making

	mu   sync.Mutex // guards rows
	rows map[string][]inbox.Row
}

func newImages() *images {
	return &images{viewing: make(chan struct{}, maxViewing), rows: map[string][]inbox.Row{}}
}

// of lists the images in a study's folder, which nobody changes once the study is complete.
func (i *images) of(folder string) ([]inbox.Row, error) {
	i.mu.Lock()
	rows, known := i.rows[folder]
	i.mu.Unlock()
	if known {
		return rows, nil
	}
	rows, err := inbox.Rows(folder)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.rows) >= maxRowsKept {
		clear(i.rows)
	}
	i.rows[folder] = rows
	return rows, nil
}

// imagesOf lists a case's images; none where its study is no longer here.
func (b board) imagesOf(c worklist.Case) ([]inbox.Row, error) {
	study, err := b.s.inbox.Study(c.StudyUID, c.Revision)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b.s.images.of(study.Folder)
}

// Rows are the series of a case's study.
func (b board) Rows(id string) ([]dashboard.Row, error) {
	c, err := b.s.book.Get(id)
	if err != nil {
		return nil, err
	}
	rows, err := b.imagesOf(c)
	list := make([]dashboard.Row, len(rows))
	for n, r := range rows {
		list[n] = dashboard.Row{Modality: r.Modality, Description: r.Description, Images: r.Frames()}
	}
	return list, err
}

// Image is image n of a row, from 0.
func (b board) Image(ctx context.Context, id string, row, n int) ([]byte, error) {
	c, err := b.s.book.Get(id)
	if err != nil {
		return nil, err
	}
	rows, err := b.imagesOf(c)
	if err != nil {
		return nil, err
	}
	if row < 0 || row >= len(rows) {
		return nil, dashboard.ErrNothing
	}
	image, frame, ok := rows[row].Frame(n)
	if !ok {
		return nil, dashboard.ErrNothing
	}
	select {
	case b.s.images.viewing <- struct{}{}:
		defer func() { <-b.s.images.viewing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for other images to be shown: %w", context.Cause(ctx))
	}
	file, err := readBounded(image.File, dcm.DefaultLimits().MaxFileBytes)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	picture, err := b.s.analyst.View(ctx, file, frame)
	var refusal *dcm.Refusal
	if errors.As(err, &refusal) {
		err = errors.Join(dashboard.ErrRefused, err)
	}
	return picture, err
}
