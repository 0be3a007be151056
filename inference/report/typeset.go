package report

import (
	"errors"
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// typesetter holds one face for each size of text. The font is part of the binary.
type typesetter struct{ title, text, letter font.Face }

func newTypesetter() (*typesetter, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	t := &typesetter{}
	for _, face := range []struct {
		at   *font.Face
		size float64
	}{{&t.title, titleSize}, {&t.text, textSize}, {&t.letter, letterSize}} {
		// At 72 dots per inch a point is a pixel.
		if *face.at, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: face.size, DPI: 72, Hinting: font.HintingFull}); err != nil {
			return nil, fmt.Errorf("scale font: %w", err)
		}
	}
	return t, nil
}

func (t *typesetter) close() error {
	return errors.Join(t.title.Close(), t.text.Close(), t.letter.Close())
}

// width is how many pixels a text takes.
func (t *typesetter) width(face font.Face, text string) int {
	return font.MeasureString(face, text).Ceil()
}

func fixedPixels(n int) fixed.Int26_6 { return fixed.I(n) }
