package bench

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// Size and margins of a plot, in its own units.
const (
	plotWidth, plotHeight                        = 640, 400
	marginLeft, marginRight, marginTop, marginUp = 64, 150, 40, 48
)

// colours differ in lightness too, so that the lines can be told apart without them.
var colours = [...]string{"#7f7f7f", "#0072b2", "#d55e00", "#009e73"}

// axis is a logarithmic one.
type axis struct {
	low, high float64 // powers of ten
	from, to  float64 // where they lie in the plot
}

func newAxis(values []float64, from, to float64) axis {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v > 0 {
			low, high = min(low, math.Log10(v)), max(high, math.Log10(v))
		}
	}
	if math.IsInf(low, 0) {
		low, high = 0, 1
	}
	low, high = math.Floor(low+1e-9), math.Ceil(high-1e-9)
	if low == high {
		high++
	}
	return axis{low, high, from, to}
}

func (a axis) at(v float64) float64 {
	return a.from + (math.Log10(v)-a.low)/(a.high-a.low)*(a.to-a.from)
}

// SVG draws the curve with two logarithmic axes. It can be read on light and on dark ground.
func (c *Curve) SVG() []byte {
	var xs, ys []float64
	for _, l := range c.Lines {
		for _, p := range l.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	x := newAxis(xs, marginLeft, plotWidth-marginRight)
	y := newAxis(ys, plotHeight-marginUp, marginTop)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#888">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<title>%s by %s</title>`+"\n", escape(c.Title), escape(c.X))
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="15">%s, %s</text>`+"\n", marginLeft, escape(c.Title), escape(c.Y))
	fmt.Fprintf(&b, `<text x="%g" y="%d" text-anchor="middle">%s</text>`+"\n", (x.from+x.to)/2, plotHeight-10, escape(c.X))
	for p := x.low; p <= x.high; p++ {
		at := x.at(math.Pow(10, p))
		fmt.Fprintf(&b, `<path d="M%.1f %.1fV%.1f" stroke="#8884"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", at, y.from, y.to, at, y.from+18, tick(p))
	}
	for p := y.low; p <= y.high; p++ {
		at := y.at(math.Pow(10, p))
		fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" stroke="#8884"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", x.from, at, x.to, x.from-8, at+4, tick(p))
	}
	for i, l := range c.Lines {
		c.draw(&b, &l, colours[i%len(colours)], x, y, i)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (c *Curve) draw(b *bytes.Buffer, l *Line, colour string, x, y axis, row int) {
	var path, dots strings.Builder
	for _, p := range l.Points {
		if p.X <= 0 || p.Y <= 0 {
			continue // not on a logarithmic axis
		}
		step := "L"
		if path.Len() == 0 {
			step = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", step, x.at(p.X), y.at(p.Y))
		fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="3"><title>%g: %.4g %s</title></circle>`, x.at(p.X), y.at(p.Y), p.X, p.Y, escape(c.Y))
	}
	fmt.Fprintf(b, `<g fill="%s"><path d="%s" fill="none" stroke="%s" stroke-width="2"/>%s<rect x="%.1f" y="%d" width="12" height="4"/></g>`+"\n",
		colour, path.String(), colour, dots.String(), x.to+10, marginTop+20*row+4)
	fmt.Fprintf(b, `<text x="%.1f" y="%d">%s</text>`+"\n", x.to+26, marginTop+20*row+11, escape(l.Name))
}

// tick names a power of ten.
func tick(power float64) string {
	switch v := math.Pow(10, power); {
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%gk", v/1e3)
	default:
		return fmt.Sprintf("%g", v)
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
