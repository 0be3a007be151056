package simulation

import (
	"fmt"
	"strings"

	"github.com/medhive/medhive/attest/score"
)

// Sizes of the picture in pixels.
const (
	pictureWidth, pictureHeight = 1180, 470
	plotTop, plotHeight         = 60, 340
	detectLeft, detectWidth     = 60, 420
	earnLeft, earnWidth         = 560, 130
	earnStep                    = 155
)

// Picture is an SVG of both: on the left how soon cheaters are caught, on the right what
// each tier's healthy nodes earned month by month inside its band.
func (r Report) Picture() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12">`+"\n", pictureWidth, pictureHeight)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	r.drawDetection(&b)
	for tier := 1; tier < score.TierCount; tier++ {
		r.drawEarnings(&b, tier)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#555">%d nodes, %d days, seed %d; %d of %d honest nodes suspended by checks; checks take %.1f %% of all computations</text>`+"\n",
		detectLeft, pictureHeight-15, r.Config.Nodes, r.Config.Days, r.Config.Seed, r.HonestClosed, r.HonestNodes, 100*r.Overhead)
	b.WriteString("</svg>\n")
	return b.String()
}

// drawDetection draws share caught over jobs since cheating began.
func (r Report) drawDetection(b *strings.Builder) {
	x := func(jobs int) float64 { return detectLeft + detectWidth*float64(jobs)/curveJobs }
	y := func(share float64) float64 { return plotTop + plotHeight*(1-share) }
	fmt.Fprintf(b, `<text x="%d" y="30" font-size="15">Cheating in %.0f %% of the jobs: share of cheaters caught</text>`+"\n", detectLeft, 100*r.Config.CheatRate)
	for percent := 0; percent <= 100; percent += 25 {
		level := y(float64(percent) / 100)
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1[3]f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%d %%</text>`+"\n", detectLeft, detectLeft+detectWidth, level, detectLeft-6, level+4, percent)
	}
	for jobs := 0; jobs <= curveJobs; jobs += 100 {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(jobs), plotTop+plotHeight+18, jobs)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">jobs since it began</text>`+"\n", detectLeft+detectWidth/2, plotTop+plotHeight+36)
	fmt.Fprintf(b, `<line x1="%.1f" x2="%.1[1]f" y1="%d" y2="%d" stroke="#999" stroke-dasharray="4"/>`+"\n", x(JobsCounted), plotTop, plotTop+plotHeight)
	for i, k := range []struct {
		name, colour string
		c            Caught
		want         float64
	}{{"newcomers", "#c0392b", r.Newcomers, wantNewcomers}, {fmt.Sprintf("trusted for %d days", r.Config.SleepDays), "#2471a3", r.Sleepers, wantTrusted}} {
		if k.c.Nodes == 0 {
			continue
		}
		var points strings.Builder
		for jobs, caught := range k.c.Curve {
			fmt.Fprintf(&points, "%.1f,%.1f ", x(jobs), y(float64(caught)/float64(k.c.Nodes)))
		}
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`+"\n", k.colour, strings.TrimSpace(points.String()))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="none" stroke="%s"/>`+"\n", x(JobsCounted), y(k.want), k.colour)
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s">%s (%d): %.1f %% within %d jobs, want %.0f %% (circle)</text>`+"\n", detectLeft+130, plotTop+plotHeight-50+20*i, k.colour, k.name, k.c.Nodes, 100*k.c.Within, JobsCounted, 100*k.want)
	}
}

// drawEarnings draws the quantiles of a tier's healthy nodes, month by month.
func (r Report) drawEarnings(b *strings.Builder, tier int) {
	t, band := r.Tiers[tier], r.Config.Parameters.Tiers[tier]
	left := earnLeft + earnStep*(tier-1)
	top := 1.15 * float64(band.HighHive)
	bottom := 0.6 * float64(band.LowHive)
	y := func(hive float64) float64 {
		return plotTop + plotHeight*(1-min(1, max(0, (hive-bottom)/(top-bottom))))
	}
	if tier == 1 {
		fmt.Fprintf(b, `<text x="%d" y="30" font-size="15">HIVE a month of healthy nodes: p5, median, p95; grey is the band</text>`+"\n", left)
	}
	fmt.Fprintf(b, `<text x="%d" y="52">tier %d, %.1f %% inside</text>`+"\n", left, tier, 100*t.Inside)
	fmt.Fprintf(b, `<rect x="%d" y="%.1f" width="%d" height="%.1f" fill="#e5e8e8"/>`+"\n", left, y(float64(band.HighHive)), earnWidth, y(float64(band.LowHive))-y(float64(band.HighHive)))
	for _, edge := range []uint64{band.LowHive, band.HighHive} {
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end" font-size="10">%d</text>`+"\n", left-3, y(float64(edge))+3, edge)
	}
	step := float64(earnWidth) / float64(max(len(t.Months), 1))
	for month, q := range t.Months {
		if q.Count == 0 {
			continue
		}
		x := float64(left) + step*(float64(month)+0.5)
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1[1]f" y1="%.1f" y2="%.1f" stroke="#1e8449" stroke-width="2"/><circle cx="%.1[1]f" cy="%.1[4]f" r="3" fill="#1e8449"/>`+"\n", x, y(q.Low), y(q.High), y(q.Median))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">months 1 to %d</text>`+"\n", left+earnWidth/2, plotTop+plotHeight+18, len(t.Months))
}
