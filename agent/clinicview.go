package agent

import "context"

// View shows a frame of one image, from 0, of a study that the clinic holds: an 8-bit PNG for
// its own screens. The bytes are parsed by the clinic's confined reader.
func (c *Clinic) View(ctx context.Context, file []byte, frame int) ([]byte, error) {
	return c.door.View(ctx, file, frame)
}
