package hwprobe

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// The layout of the picture, in SVG's user units.
const (
	pictureWidth = 960
	panelHeight  = 150
	panelGap     = 34
	leftMargin   = 78
	rightMargin  = 24
	topMargin    = 104
	bottomMargin = 52
	maxHeading   = 150 // letters of a line above the panels
)

// panel is one curve over time.
type panel struct {
	name, unit string
	colour     string // tells the curves apart in print and for the colour-blind (Okabe and Ito)
	values     []*float64
	absent     string // what stands there when there is no value
	fromZero   bool
}

// Picture draws a measurement as SVG: TOPS, watts and temperature over time, one below
// the other. What was not measured is an empty panel that says why. The same trace and
// profile give the same bytes.
func Picture(t Trace, p Profile) []byte {
	var b bytes.Buffer
	panels := panelsOf(t, p)
	height := topMargin + len(panels)*(panelHeight+panelGap) - panelGap + bottomMargin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="#222">`+"\n", pictureWidth, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", pictureWidth, height)
	text(&b, leftMargin, 30, `font-size="18" font-weight="bold"`, fitted(heading(p), maxHeading*2/3))
	text(&b, leftMargin, 51, `font-size="12"`, fitted(subheading(p), maxHeading))
	text(&b, leftMargin, 70, `font-size="12" fill="#555"`, fitted(verdict(p), maxHeading))
	end := 1.0
	if n := len(t.Points); n > 0 {
		end = max(end, t.Points[n-1].Seconds)
	}
	for i, panel := range panels {
		panel.draw(&b, t, topMargin+i*(panelHeight+panelGap), end)
	}
	timeAxis(&b, topMargin+len(panels)*(panelHeight+panelGap)-panelGap, end)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func heading(p Profile) string {
	name := p.Devices.CPU.Model
	if p.TOPS.Provider != "cpu" && len(p.Devices.Accelerators) > 0 {
		name = NameOf(p.Devices.Accelerators[0])
	}
	if name == "" {
		name = "unknown processor"
	}
	return fmt.Sprintf("%s: %s int8 TOPS sustained, %v", name, figure(p.TOPS.Median), p.Tier)
}

func subheading(p Profile) string {
	text := fmt.Sprintf("%s through %s on %d threads (ONNX Runtime %s); best second %s TOPS", p.TOPS.Basis, p.TOPS.Provider, p.TOPS.Threads, p.TOPS.Runtime, figure(p.TOPS.Best))
	if p.TOPS.LastQuarter > 0 {
		text += fmt.Sprintf(", last quarter %.2f of it", p.TOPS.LastQuarter)
	}
	return text
}

func verdict(p Profile) string {
	if p.Certified {
		return fmt.Sprintf("certified: %.0f s, no flag; measured %s", p.TOPS.Seconds, p.At.Format("2006-01-02 15:04 MST"))
	}
	if len(p.Flags) == 0 {
		return fmt.Sprintf("not certified (%s, %.0f s); measured %s", p.Mode, p.TOPS.Seconds, p.At.Format("2006-01-02 15:04 MST"))
	}
	flags := make([]string, len(p.Flags))
	for i, f := range p.Flags {
		flags[i] = fmt.Sprintf("%s: %s", f.Code, f.Text)
	}
	return "not certified; " + strings.Join(flags, "; ")
}

func panelsOf(t Trace, p Profile) []panel {
	tops, watts, celsius := make([]*float64, len(t.Points)), make([]*float64, len(t.Points)), make([]*float64, len(t.Points))
	for i, x := range t.Points {
		tops[i], watts[i], celsius[i] = &x.TOPS, x.Watts, x.Celsius
	}
	why := "power is unmeasured"
	if p.Watts.Basis != Unmeasured && p.Watts.Basis != "" {
		why = "no course of the power"
	}
	return []panel{
		{"int8 rate", "TOPS", "#0072b2", tops, "nothing was measured", true},
		{"power, " + string(p.Watts.Basis), "W", "#d55e00", watts, why, true},
		{"temperature", "°C", "#009e73", celsius, "no temperature sensor is known here", false},
	}
}

// draw puts the panel at height y; end is the last moment in seconds.
func (p panel) draw(b *bytes.Buffer, t Trace, y int, end float64) {
	const width = pictureWidth - leftMargin - rightMargin
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#bbb"/>`+"\n", leftMargin, y, width, panelHeight)
	text(b, leftMargin, y-6, `font-weight="bold"`, fmt.Sprintf("%s (%s)", p.name, p.unit))
	low, high, any := span(p.values)
	if !any {
		text(b, leftMargin+width/2, y+panelHeight/2, `text-anchor="middle" fill="#777"`, p.absent)
		return
	}
	if p.fromZero {
		low = min(low, 0)
	}
	step := niceStep((high - low) / 4)
	low, high = math.Floor(low/step)*step, math.Ceil(high/step)*step
	if high <= low {
		high = low + step
	}
	height := func(v float64) float64 { return float64(y) + panelHeight*(1-(v-low)/(high-low)) }
	for n := range int(math.Round((high-low)/step)) + 1 {
		v := low + float64(n)*step
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#eee"/>`+"\n", leftMargin, height(v), leftMargin+width, height(v))
		text(b, leftMargin-6, int(height(v))+4, `text-anchor="end"`, fmt.Sprintf("%.6g", v))
	}
	var line strings.Builder
	for i, v := range p.values {
		move := "L"
		if i == 0 || p.values[i-1] == nil {
			move = "M" // a gap is not drawn over
		}
		if v != nil {
			fmt.Fprintf(&line, "%s%.1f %.1f", move, leftMargin+width*t.Points[i].Seconds/end, height(*v))
		}
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", line.String(), p.colour)
	for i, x := range t.Points {
		if len(x.Throttle) > 0 && p.values[i] != nil {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="#cc0000"><title>%s</title></circle>`+"\n",
				leftMargin+width*x.Seconds/end, height(*p.values[i]), escaped(strings.Join(x.Throttle, "; ")))
		}
	}
}

// timeAxis writes seconds, or minutes for a long run, below the panels.
func timeAxis(b *bytes.Buffer, y int, end float64) {
	const width, ticks, minute = pictureWidth - leftMargin - rightMargin, 8, 60
	unit, per := "s", 1.0
	if end > 4*minute {
		unit, per = "min", minute
	}
	step := niceStep(end / per / ticks)
	for n := 0; float64(n)*step <= end/per; n++ {
		v := float64(n) * step
		text(b, leftMargin+int(width*v*per/end), y+18, `text-anchor="middle"`, fmt.Sprintf("%.6g", v))
	}
	text(b, leftMargin+width/2, y+38, `text-anchor="middle"`, "time ("+unit+")")
}

// niceStep is 1, 2 or 5 times a power of ten, at least x.
func niceStep(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x {
			return m * power
		}
	}
	return 10 * power
}

func text(b *bytes.Buffer, x, y int, attributes, words string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" %s>%s</text>`+"\n", x, y, attributes, escaped(words))
}

// fitted cuts words that would run out of the picture.
func fitted(words string, most int) string {
	letters := []rune(words)
	if len(letters) <= most {
		return words
	}
	return string(letters[:most-1]) + "…"
}

// escaped is text for XML; what XML can't hold becomes U+FFFD.
func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
	return b.String()
}
