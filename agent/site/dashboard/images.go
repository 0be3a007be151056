package dashboard

import (
	"fmt"
	"net/url"
	"strconv"
)

// imageChoice is the image of a case's study that a page shows, and what others there are.
type imageChoice struct {
	Rows []Row
	Row  int // from 0, of Rows
	At   int // from 1, of the row's images
}

// Of is how many images the row has.
func (c imageChoice) Of() int { return c.Rows[c.Row].Images }

// Index counts from 0.
func (c imageChoice) Index() int { return c.At - 1 }

// Link is the query of another image: so many further, or the first of another row.
func (c imageChoice) Link(row, at int) string {
	return "?" + url.Values{"row": {strconv.Itoa(row)}, "image": {strconv.Itoa(at)}}.Encode() + "#images"
}

// chosenImage reads from the page's query which image is to be shown: the middle one of the
// largest series, if none is named. nil: there is none.
func (v *visit) chosenImage(rows []Row) (_ *imageChoice, err error) {
	if len(rows) == 0 {
		return nil, nil
	}
	query := v.R.URL.Query()
	c := imageChoice{Rows: rows}
	if text := query.Get("row"); text != "" {
		if c.Row, err = strconv.Atoi(text); err != nil || c.Row < 0 || c.Row >= len(rows) {
			return nil, refuse("there is no series %.20q", text)
		}
	}
	c.At = (c.Of() + 1) / 2
	if text := query.Get("image"); text != "" {
		if c.At, err = strconv.Atoi(text); err != nil {
			return nil, refuse("%.20q is no number of an image", text)
		}
		c.At = min(max(1, c.At), c.Of())
	}
	return &c, nil
}

func showImage(v *visit) error {
	row, err := strconv.Atoi(v.R.PathValue("row"))
	n, other := strconv.Atoi(v.R.PathValue("n"))
	if err != nil || other != nil {
		return ErrNothing
	}
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return err
	}
	data, err := v.site.Image(v.R.Context(), e.ID, row, n)
	if err != nil {
		return err
	}
	// Whoever leafs through a study has looked at the study.
	if err := v.lookedAt(e.ID, "the images of the study"); err != nil {
		return err
	}
	v.png(data)
	return nil
}

func answerRows(v *visit) (any, error) {
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return nil, err
	}
	rows, err := v.site.Rows(e.ID)
	if err != nil {
		return nil, fmt.Errorf("list the images: %w", err)
	}
	if err := v.lookedAt(e.ID, "the list of the study's images"); err != nil {
		return nil, err
	}
	if rows == nil {
		rows = []Row{}
	}
	return rows, nil
}
