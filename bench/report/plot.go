package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// LinePlot is a picture of some series.
type LinePlot struct {
	Title, XTitle, YTitle string
	XLog, YLog            bool
	XTicks                []Tick // empty: those of the axis
	Series                []Series
}

// Series is one line.
type Series struct {
	Name   string
	Points []Point
}

// Point of a line. Least and Greatest are the range of Y; both 0: none.
type Point struct{ X, Y, Least, Greatest float64 }

// Tick is a mark on an axis.
type Tick struct {
	At   float64
	Text string
}

// Measures of the picture in pixels.
const (
	plotWidth, plotHeight                          = 860, 420
	marginLeft, marginRight, marginTop, marginFoot = 78, 190, 40, 54
)

// palette is that of Okabe and Ito, which colour-blind people can tell apart; yellow is left out, since it cannot be seen on white.
var palette = []string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F"}

// colours are those of systems, so that each has its own in every plot.
var colours = map[string]string{
	"tickgate": palette[0], "tickgate 100 ms": palette[5], "naive": palette[1], "nats": palette[2], "centrifuge 100 ms": palette[3], "centrifuge": palette[3],
	"longpoll": palette[4], "floor": palette[6],
}

func colourOf(name string, number int) string {
	if colour, known := colours[name]; known {
		return colour
	}
	return palette[number%len(palette)]
}

// axis maps values to pixels.
type axis struct {
	from, to   float64 // values, already logarithms if log
	start, end float64 // pixels
	log        bool
}

func (a axis) at(v float64) float64 {
	if a.log {
		v = math.Log10(v)
	}
	return a.start + (v-a.from)/(a.to-a.from)*(a.end-a.start)
}

// newAxis spans the values, to the steps of 1, 2 and 5 around them; one that is not logarithmic begins at 0.
func newAxis(values []float64, log bool, start, end float64) axis {
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if log {
			v = math.Log10(v)
		}
		least, greatest = min(least, v), max(greatest, v)
	}
	if log {
		least, greatest = stepBelow(least), -stepBelow(-greatest)
	} else {
		least = min(0, least)
		if greatest > 0 {
			greatest = math.Pow(10, -stepBelow(-math.Log10(greatest)))
		}
	}
	if greatest <= least {
		greatest = least + 1
	}
	return axis{from: least, to: greatest, start: start, end: end, log: log}
}

// nearly is what logarithms may be beside each other.
const nearly = 1e-9

// stepBelow returns the logarithm of the last step of 1, 2 and 5 that is not above a logarithm; of its negative, minus that of the first that is not
// below, since 1/2 and 1/5 are such steps as well.
func stepBelow(log float64) float64 {
	below := math.Floor(log + nearly)
	for _, step := range []float64{2, 5} {
		if at := math.Floor(log+nearly) + math.Log10(step); at <= log+nearly {
			below = at
		}
	}
	return below
}

// steps are the marks within a power of ten: more where there are few powers.
func (a axis) steps() []float64 {
	const fewPowers = 2.5
	if a.to-a.from > fewPowers {
		return []float64{1}
	}
	return []float64{1, 2, 5}
}

func (a axis) ticks() (ticks []Tick) {
	if a.log {
		for power := math.Floor(a.from); power <= a.to; power++ {
			for _, step := range a.steps() {
				if v := step * math.Pow(10, power); math.Log10(v) >= a.from-nearly && math.Log10(v) <= a.to+nearly {
					ticks = append(ticks, Tick{v, tickText(v)})
				}
			}
		}
		return ticks
	}
	const steps = 5
	for i := range steps + 1 {
		v := a.from + (a.to-a.from)*float64(i)/steps
		ticks = append(ticks, Tick{v, tickText(v)})
	}
	return ticks
}

// tickText writes a mark without digits that say nothing.
func tickText(v float64) string {
	const digits = 6
	text := strconv.FormatFloat(v, 'g', digits, 64)
	if rounded, err := strconv.ParseFloat(text, 64); err == nil {
		text = strconv.FormatFloat(rounded, 'f', -1, 64)
	}
	return grouped(text)
}

// WriteSVG draws the plot. Values that a logarithmic axis cannot show are left out.
func (p *LinePlot) WriteSVG(out io.Writer) error {
	var xs, ys []float64
	for i := range p.Series {
		p.Series[i].Points = drawable(p.Series[i].Points, p.XLog, p.YLog)
		for _, point := range p.Series[i].Points {
			xs, ys = append(xs, point.X), append(ys, point.Y)
			if point.Greatest > 0 && (!p.YLog || point.Least > 0) {
				ys = append(ys, point.Least, point.Greatest)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	b.WriteString(`<style>text{fill:#222;font-variant-numeric:tabular-nums}.grid{stroke:#8884}.paper{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#ddd}.paper{fill:#161616}}</style>` + "\n")
	fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%d"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="15" font-weight="600">%s</text>`+"\n", marginLeft, escaped(p.Title))
	if len(xs) == 0 {
		fmt.Fprintf(&b, `<text x="%d" y="%d">no figure</text></svg>`+"\n", plotWidth/2, plotHeight/2)
		_, err := io.WriteString(out, b.String())
		return err
	}
	x := newAxis(xs, p.XLog, marginLeft, plotWidth-marginRight)
	y := newAxis(ys, p.YLog, plotHeight-marginFoot, marginTop)
	p.drawAxes(&b, x, y)
	for i, series := range p.Series {
		drawSeries(&b, series, colourOf(series.Name, i), x, y, marginTop+8+18*i)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func drawable(points []Point, xLog, yLog bool) (kept []Point) {
	for _, point := range points {
		if (!xLog || point.X > 0) && (!yLog || point.Y > 0) {
			kept = append(kept, point)
		}
	}
	return kept
}

func (p *LinePlot) drawAxes(b *strings.Builder, x, y axis) {
	const foot = plotHeight - marginFoot
	xTicks := p.XTicks
	if len(xTicks) == 0 {
		xTicks = x.ticks()
	}
	for _, tick := range xTicks {
		at := x.at(tick.At)
		if at < marginLeft-1 || at > plotWidth-marginRight+1 {
			continue
		}
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at, at, marginTop, foot, at, foot+18, escaped(tick.Text))
	}
	for _, tick := range y.ticks() {
		at := y.at(tick.At)
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", marginLeft, plotWidth-marginRight, at, at, marginLeft-8, at+4, escaped(tick.Text))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (marginLeft+plotWidth-marginRight)/2, plotHeight-12, escaped(p.XTitle))
	fmt.Fprintf(b, `<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (marginTop+foot)/2, escaped(p.YTitle))
}

func drawSeries(b *strings.Builder, s Series, stroke string, x, y axis, legendY int) {
	var path []string
	for _, point := range s.Points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", x.at(point.X), y.at(point.Y)))
	}
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`+"\n", stroke, strings.Join(path, " "))
	const fewPoints = 12
	if len(s.Points) <= fewPoints {
		for _, point := range s.Points {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(point.X), y.at(point.Y), stroke)
			if point.Greatest > point.Least && (!y.log || point.Least > 0) {
				fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="%s" stroke-width="1.5"/>`+"\n", x.at(point.X), x.at(point.X), y.at(point.Least), y.at(point.Greatest), stroke)
			}
		}
	}
	const legendX = plotWidth - marginRight + 14
	fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%d" y2="%d" stroke="%s" stroke-width="3"/><text x="%d" y="%d">%s</text>`+"\n",
		legendX, legendX+18, legendY, legendY, stroke, legendX+24, legendY+4, escaped(s.Name))
}

func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}
