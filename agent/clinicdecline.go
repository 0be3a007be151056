package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic"
)

// Declined is a study that was refused before a task was made of it.
type Declined struct {
	Path     string // folder of its images
	StudyUID string
	Model    string        // id or id@version, which the study was meant for
	Out      string        // folder for the results
	Task     models.Digest // names the notice; the caller's choice, the same each time
	At       time.Time     // when it was refused
	Reason   string        // in words of the product
}

// ErrNoNotice says that no notice can be made of a study, now or later.
var ErrNoNotice = errors.New("nobody can be told by an object of the study")

// Decline leaves a report and a bundle in a folder of their own that say why a study was not
// analysed, as a task without a result does. The same Declined gives the same files.
func (c *Clinic) Decline(ctx context.Context, d Declined) (folder string, err error) {
	select {
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-ctx.Done():
		return "", fmt.Errorf("wait for other studies to be read: %w", context.Cause(ctx))
	}
	pkg, err := c.catalog.Find(d.Model)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoNotice, err)
	}
	files, err := c.door.Decline(ctx, pkg, clinic.Declined{Folder: d.Path, StudyUID: d.StudyUID, Task: d.Task, At: d.At, Reason: d.Reason})
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoNotice, err)
	}
	c.delivering.Lock()
	defer c.delivering.Unlock()
	delivery, err := clinic.NewDelivery(c.vault, d.Out)
	if err != nil {
		return "", err
	}
	return delivery.Notify(d.Task, files)
}
