// Package chart draws what a comparison found, each plot as SVG (text as text)
// and as PNG.
//
// [Operating] shows true against false positive rates, [Bars] costs. [Save]
// writes either.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// palette can be told apart by people with any colour vision (Okabe and Ito,
// Color Universal Design, 2008); grey comes first, for the baseline.
var palette = []color.Color{
	color.RGBA{0x80, 0x80, 0x80, 0xff},
	color.RGBA{0x00, 0x72, 0xb2, 0xff},
	color.RGBA{0x56, 0xb4, 0xe9, 0xff},
	color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff},
}

func shade(i int) color.Color { return palette[i%len(palette)] }

var faint = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}

// sans is a face whose widths are those of Arial and Helvetica.
func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// blank returns a plot without data.
func blank(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font = sans(13)
	p.Title.Padding = 8
	p.Legend.TextStyle.Font = sans(10)
	p.Legend.Padding = 3
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(11)
		axis.Label.Padding = 6
		axis.Tick.Label.Font = sans(10)
		axis.Padding = 4
	}
	return p
}

// line returns a style of the given width and colour.
func line(width vg.Length, c color.Color) draw.LineStyle {
	return draw.LineStyle{Width: width, Color: c}
}

// plain are ticks whose labels have no more digits than they need.
func plain(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, tick := range ticks {
		if !tick.IsMinor() {
			ticks[i].Label = strconv.FormatFloat(math.Round(tick.Value*1e6)/1e6, 'f', -1, 64)
		}
	}
	return ticks
}

// Save writes the plot to folder/name.svg and folder/name.png; width and height
// are in points (1/72 inch). It makes the folder if need be.
func Save(p *plot.Plot, width, height float64, folder, name string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("saving plots: %w", err)
	}
	for _, format := range []string{"svg", "png"} {
		whole, err := draw.NewFormattedCanvas(vg.Length(width), vg.Length(height), format)
		if err != nil {
			return fmt.Errorf("drawing %s as %s: %w", name, format, err)
		}
		canvas := draw.New(whole)
		canvas.SetColor(color.White)
		canvas.Fill(canvas.Rectangle.Path())
		const margin = 10
		p.Draw(draw.Crop(canvas, margin, -margin, margin, -margin))
		var b bytes.Buffer
		if _, err := whole.WriteTo(&b); err != nil {
			return fmt.Errorf("drawing %s as %s: %w", name, format, err)
		}
		text := b.Bytes()
		if format == "svg" {
			// For those who do not have the font: ones of the same widths.
			text = bytes.ReplaceAll(text, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
		}
		if err := os.WriteFile(filepath.Join(folder, name+"."+format), text, 0o644); err != nil {
			return fmt.Errorf("saving plots: %w", err)
		}
	}
	return nil
}
