package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/warning"
)

var redraw = flag.Bool("update", false, "draw the picture of status anew")

// statusPicture is the README's.
const statusPicture = "../../packaging/pictures/status.svg"

// The picture's measures in pixels: those of a terminal with a font of 14.
const (
	pictureColumns = 96
	glyphWidth     = 8.4
	lineHeight     = 19
	pictureMargin  = 16
)

// drawTerminal shows text as a terminal does. What it says of severity has its colour.
func drawTerminal(text string) []byte {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	var b bytes.Buffer
	wide, high := 2*pictureMargin+pictureColumns*glyphWidth, 2*pictureMargin+lineHeight*len(lines)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" role="img" aria-label="medhive status">`+"\n", wide, high, wide, high)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="#16202b"/>`+"\n"+`<g font-family="ui-monospace,DejaVu Sans Mono,Menlo,monospace" font-size="14" fill="#d7e0ea" xml:space="preserve">`+"\n")
	for i, line := range lines {
		colour := ""
		for word, c := range map[warning.Severity]string{warning.Critical: "#ff8a80", warning.Caution: "#ffd180", warning.Notice: "#90caf9"} {
			if strings.HasPrefix(line, string(word)+" ") {
				colour = fmt.Sprintf(` fill="%s"`, c)
			}
		}
		if line != "" && line[0] != ' ' && strings.Contains(line, " · ") || strings.HasPrefix(line, "$") {
			colour = ` fill="#ffffff" font-weight="bold"`
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d"%s>%s</text>`+"\n", pictureMargin, pictureMargin+lineHeight*i+lineHeight-5, colour, html.EscapeString(line))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// TestTheStatusPictureIsFresh draws what the command prints of a node in the middle of a day.
func TestTheStatusPictureIsFresh(t *testing.T) {
	n := exampleNode()
	n.Warnings = []warning.Warning{{Code: warning.DiskLow, Severity: warning.Caution, Since: noon.Add(-90 * 60e9),
		Text: "1.6 GiB are free on the disk of the state folder; below 512 MiB no work is taken", Fix: "free some room, or move the state folder to a larger disk"}}
	b := bytes.NewBufferString("$ medhive status\n")
	if err := printRoles(b, []roleStatus{{Role: warning.Node, Name: "node", Running: true, Node: &n}}, noon, pictureColumns); err != nil {
		t.Fatal(err)
	}
	picture := drawTerminal(b.String())
	if *redraw {
		if err := os.WriteFile(statusPicture, picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(statusPicture); err != nil || !bytes.Equal(kept, picture) {
		t.Errorf("the picture of status is not what the command prints (%v); draw it anew with `go test ./cmd/medhive -run StatusPicture -update`", err)
	}
}
