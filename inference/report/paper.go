package report

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/medhive/medhive/models"
)

// Layout of a page, A4, in mm and points.
const (
	marginMM   = 15
	headMM     = 12 // the warning above the text
	lineMM     = 5.5
	textPoints = 10
	titlePoint = 14
	warnPoints = 13
	columnMM   = 45 // of what stands before a colon
	valueMM    = 45 // of a figure
	fontName   = "go"
	warnRed    = 176 // of 255: dark enough to be read on white, and in grey
)

// Paper writes what Document encapsulates: PDF pages, each with the warning at its head and
// its foot. The fonts are inside.
func Paper(head Letterhead, c Contents, picture image.Image, m models.Manifest, opts Options) ([]byte, error) {
	statement, err := c.State(m, false)
	if err != nil {
		return nil, fmt.Errorf("lay out pages: %w", err)
	}
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	p := &paper{Fpdf: fpdf.New("P", "mm", "A4", ""), font: font, m: m}
	p.begin(opts.Now)
	p.AddPage()
	p.heading(m.Title)
	p.identity(head)
	p.outcome(c, opts.Now)
	p.figures(statement)
	p.model()
	if picture != nil {
		if err := p.picture(picture); err != nil {
			return nil, fmt.Errorf("lay out pages: %w", err)
		}
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("lay out pages: %w", err)
	}
	return out.Bytes(), nil
}

type paper struct {
	*fpdf.Fpdf
	font *sfnt.Font
	m    models.Manifest
}

// begin sets what is the same on every page. Nothing of it depends on the clock or the
// machine.
func (p *paper) begin(now time.Time) {
	p.SetCatalogSort(true)
	p.SetCreationDate(now.UTC())
	p.SetModificationDate(now.UTC())
	p.SetProducer(manufacturer, true)
	p.SetTitle(Warning+": "+p.m.ID+" "+p.m.Version, true)
	p.SetLang("en")
	p.AddUTF8FontFromBytes(fontName, "", goregular.TTF)
	p.AddUTF8FontFromBytes(fontName, "B", gobold.TTF)
	p.SetMargins(marginMM, marginMM+headMM, marginMM)
	p.SetAutoPageBreak(true, marginMM+headMM)
	p.SetHeaderFunc(func() {
		p.SetY(marginMM)
		p.warn(Warning)
		p.SetY(marginMM + headMM)
	})
	p.SetFooterFunc(func() {
		p.SetY(-marginMM)
		p.warn(fmt.Sprintf("%s · %s %s · page %d", Warning, p.m.ID, p.m.Version, p.PageNo()))
	})
}

// warn writes a line in the colour of the warning and returns to that of the text.
func (p *paper) warn(text string) {
	p.SetFont(fontName, "B", warnPoints)
	p.SetTextColor(warnRed, 0, 0)
	p.CellFormat(0, lineMM, p.printable(text), "", 1, "C", false, 0, "")
	p.SetTextColor(0, 0, 0)
	p.SetFont(fontName, "", textPoints)
}

func (p *paper) heading(text string) {
	p.Ln(lineMM / 2)
	p.SetFont(fontName, "B", titlePoint)
	p.MultiCell(0, lineMM+1, p.printable(text), "", "L", false)
	p.SetFont(fontName, "", textPoints)
	p.Ln(lineMM / 2)
}

// line writes a name and a value; nothing where there is no value.
func (p *paper) line(name, value string) {
	if value == "" {
		return
	}
	p.SetFont(fontName, "B", textPoints)
	p.CellFormat(columnMM, lineMM, p.printable(name), "", 0, "L", false, 0, "")
	p.SetFont(fontName, "", textPoints)
	p.MultiCell(0, lineMM, p.printable(value), "", "L", false)
}

// identity names whose study it is. A name in letters that the font lacks is not written at
// all: half a name is another person's.
func (p *paper) identity(head Letterhead) {
	name := strings.ReplaceAll(head.PatientName, "^", " ")
	if p.printable(name) != name {
		name = "see the study; the name is in letters that this page can't show"
	}
	id := head.PatientID
	if p.printable(id) != id {
		id = "see the study"
	}
	p.line("Patient", name)
	p.line("Patient ID", id)
	p.line("Born", isoDate(head.BirthDate))
	p.line("Study of", isoDate(head.StudyDate))
	p.line("Accession number", head.AccessionNumber)
}

func (p *paper) outcome(c Contents, now time.Time) {
	p.line("Analysed", now.UTC().Format("2006-01-02 15:04 UTC"))
	p.Ln(lineMM)
	text := "Automatic analysis, not reviewed by a person."
	switch c.outcome() {
	case Failed:
		text = "The analysis failed: " + shortened(c.Reason, maxReason)
	case NotApplicable:
		text = "The model does not apply to this study: " + shortened(c.Reason, maxReason)
	}
	p.MultiCell(0, lineMM, p.printable(text), "", "L", false)
}

// figures lists what the structured report states.
func (p *paper) figures(s Statement) {
	if len(s.Groups) == 0 && len(s.Evaluations) == 0 {
		return
	}
	p.heading("Findings of the model")
	for _, g := range s.Groups {
		for n, f := range g.Figures {
			name := ""
			if n == 0 {
				name = g.Name
			}
			p.row(name, f.Concept.Meaning, figureText(f))
		}
		if box := g.Box; box != nil {
			p.row("", "Place", fmt.Sprintf("%s to %s %s", strings.Join(decimals(box.Min[:p.m.Axes()]...), ", "), strings.Join(decimals(box.Max[:p.m.Axes()]...), ", "), p.placeUnit()))
		}
	}
	for _, e := range s.Evaluations {
		p.row("", e.Concept.Meaning, e.Value.Meaning)
	}
}

func (p *paper) placeUnit() string {
	if p.m.Axes() == 2 {
		return "pixels"
	}
	return "mm"
}

// figureText is a value to four digits after the point, which is more than any of them means,
// with its unit.
func figureText(f Figure) string {
	value := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.4f", f.Value), "0"), ".")
	unit := f.Unit.Meaning
	if f.Unit.Value == "1" { // UCUM: no unit
		unit = ""
	}
	return strings.TrimSpace(value + " " + unit)
}

// row writes one figure; long names get lines of their own.
func (p *paper) row(name, concept, value string) {
	if name != "" {
		p.SetFont(fontName, "B", textPoints)
		p.MultiCell(0, lineMM, p.printable(name), "", "L", false)
		p.SetFont(fontName, "", textPoints)
	}
	p.SetX(marginMM + lineMM)
	width, _ := p.GetPageSize()
	concept, value = p.printable(concept), p.printable(value)
	if p.GetStringWidth(value) > valueMM {
		p.MultiCell(0, lineMM, concept+": "+value, "", "L", false)
		return
	}
	p.CellFormat(width-2*marginMM-lineMM-valueMM, lineMM, concept, "", 0, "L", false, 0, "")
	p.CellFormat(valueMM, lineMM, value, "", 1, "R", false, 0, "")
}

func (p *paper) model() {
	p.heading("Model")
	p.line("Name", p.m.ID+" "+p.m.Version)
	p.line("Weights", p.m.Weights.SHA256.Short())
	p.line("Intended use", p.m.IntendedUse)
}

// picture puts one picture onto a page of its own, as large as it gets.
func (p *paper) picture(img image.Image) error {
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 || max(size.X, size.Y) > maximumCapture {
		return errors.New("the picture has no sensible size")
	}
	opaque := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(opaque, opaque.Bounds(), image.Black, image.Point{}, draw.Src)
	draw.Draw(opaque, opaque.Bounds(), img, img.Bounds().Min, draw.Over)
	var data bytes.Buffer
	if err := png.Encode(&data, opaque); err != nil {
		return err
	}
	p.AddPage()
	options := fpdf.ImageOptions{ImageType: "PNG"}
	p.RegisterImageOptionsReader("picture", options, &data)
	width, height := p.GetPageSize()
	room, depth := width-2*marginMM, height-2*(marginMM+headMM)
	scale := min(room/float64(size.X), depth/float64(size.Y))
	w, h := scale*float64(size.X), scale*float64(size.Y)
	p.ImageOptions("picture", (width-w)/2, marginMM+headMM, w, h, false, options, 0, "")
	return p.Error()
}

// printable is a text in the letters that the font has; others become a question mark, and
// line breaks spaces.
func (p *paper) printable(text string) string {
	var buffer sfnt.Buffer
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\r' || c == '\t' {
			return ' '
		}
		const plane = 0x10000 // the library's tables end there
		if glyph, err := p.font.GlyphIndex(&buffer, c); err != nil || glyph == 0 || c >= plane || c < ' ' {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
}
