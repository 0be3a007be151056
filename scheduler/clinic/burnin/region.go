// Package burnin finds text that is burned into the pixels of an image: a patient's name
// beside a chest, a date in the corner of a slice. In: the stored values of one frame. Out:
// the regions that look like lines of text, each with a score. It works by the statistics of
// strokes, letters and lines, without a model and without reading a word, so it can only say
// where a person should look. It opens no file and knows no patient.
package burnin

// Region is a rectangle of pixels that looks like text.
type Region struct {
	X      int     `json:"x"`      // pixels from the left edge of the image to the region's
	Y      int     `json:"y"`      // pixels from the upper edge of the image to the region's
	Width  int     `json:"width"`  // pixels
	Height int     `json:"height"` // pixels
	Score  float64 `json:"score"`  // 0 to 1; how much it looks like a line of text
}

// Within says that most of r lies in o, which is made larger by half its height on all sides:
// the same words in the next slice end a letter further.
func (r Region) Within(o Region) bool {
	margin := o.Height / 2
	o.X, o.Y, o.Width, o.Height = o.X-margin, o.Y-margin, o.Width+2*margin, o.Height+2*margin
	width := min(r.X+r.Width, o.X+o.Width) - max(r.X, o.X)
	height := min(r.Y+r.Height, o.Y+o.Height) - max(r.Y, o.Y)
	return width > 0 && height > 0 && 2*width*height > r.Width*r.Height
}

// With is the least region that holds r and o. Its score is that of the likelier one.
func (r Region) With(o Region) Region {
	x1, y1 := max(r.X+r.Width, o.X+o.Width), max(r.Y+r.Height, o.Y+o.Height)
	r.X, r.Y, r.Score = min(r.X, o.X), min(r.Y, o.Y), max(r.Score, o.Score)
	r.Width, r.Height = x1-r.X, y1-r.Y
	return r
}
