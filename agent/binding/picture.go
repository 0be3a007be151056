package binding

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the empty margin that scanners want around a code, in modules (ISO/IEC 18004).
const quiet = 4

// Picture is text as a QR code of lines that a terminal shows, two modules a character high.
// It is drawn as light on dark, so that it scans on a console as it is.
func Picture(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("draw the code: %w", err)
	}
	dark := func(x, y int) bool { return x >= 0 && y >= 0 && x < code.Size && y < code.Size && code.Black(x, y) }
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		for x := -quiet; x < code.Size+quiet; x++ {
			b.WriteRune([]rune("█▀▄ ")[b2i(dark(x, y))<<1|b2i(dark(x, y+1))])
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func b2i(v bool) int {
	if v {
		return 1
	}
	return 0
}

// SVG is text as a QR code for a page, in modules; the page sets its size.
func SVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("draw the code: %w", err)
	}
	side := code.Size + 2*quiet
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`, side, side, side, side)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}
