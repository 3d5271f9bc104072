package vision

import (
	"fmt"
	"image"
	"math"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/limen-waf/limen/classifier/picture"
)

// maxCaption is the longest label that is drawn, in characters.
const maxCaption = 40

// Draw paints boxes with their labels and scores into a picture, the strongest
// on top. scaleX and scaleY lead from the pixels of the boxes, which are those
// of the upload, to those of the picture: 1 where it is at full size, and
// p.Width / FullWidth where it was decoded at a reduced one. The colour goes by the
// class. What lies outside the picture is left out.
func Draw(p *picture.RGB, scaleX, scaleY float64, boxes []Box) {
	if p.Width < 1 || p.Height < 1 {
		return
	}
	// Readable at the size at which a picture is looked at: whole.
	side := math.Sqrt(float64(p.Width) * float64(p.Height))
	line := max(2, int(side/250))
	face := captionFace(math.Max(11, side/36))
	defer face.Close()
	for i := len(boxes) - 1; i >= 0; i-- {
		b := &boxes[i]
		r, ok := pixels(p, scaleX, scaleY, b.Box)
		if !ok {
			continue
		}
		c := colorOf(b.Index)
		frame(p, r, line, c)
		caption(p, r, line, c, face, captionText(b))
	}
}

// pixels rounds a box to whole pixels of the picture. ok is false where none is left.
func pixels(p *picture.RGB, scaleX, scaleY float64, b [4]float64) (r image.Rectangle, ok bool) {
	at := func(v, scale float64, limit int) int {
		return int(math.Round(clip(v*scale, float64(limit))))
	}
	for _, v := range b {
		if math.IsNaN(v * scaleX * scaleY) {
			return r, false
		}
	}
	r.Min = image.Pt(at(b[0], scaleX, p.Width), at(b[1], scaleY, p.Height))
	r.Max = image.Pt(at(b[2], scaleX, p.Width), at(b[3], scaleY, p.Height))
	return r, !r.Empty()
}

// colorOf spreads the classes around the colour wheel by the golden angle, so
// that no two neighbours are alike.
func colorOf(class int) [3]byte {
	hue := math.Mod(float64(class)*0.618033988749895+0.33, 1) * 6
	channel := func(shift float64) byte {
		v := math.Abs(math.Mod(hue+shift, 6)-3) - 1
		return byte(40 + 215*math.Min(math.Max(v, 0), 1))
	}
	return [3]byte{channel(0), channel(4), channel(2)}
}

// frame paints the outline of a rectangle, to the inside.
func frame(p *picture.RGB, r image.Rectangle, line int, c [3]byte) {
	fill(p, image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+line).Intersect(r), c)
	fill(p, image.Rect(r.Min.X, r.Max.Y-line, r.Max.X, r.Max.Y).Intersect(r), c)
	fill(p, image.Rect(r.Min.X, r.Min.Y, r.Min.X+line, r.Max.Y).Intersect(r), c)
	fill(p, image.Rect(r.Max.X-line, r.Min.Y, r.Max.X, r.Max.Y).Intersect(r), c)
}

func fill(p *picture.RGB, r image.Rectangle, c [3]byte) {
	r = r.Intersect(image.Rect(0, 0, p.Width, p.Height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := p.Pix[3*(y*p.Width+r.Min.X):][:3*r.Dx()]
		for i := 0; i < len(row); i += 3 {
			row[i], row[i+1], row[i+2] = c[0], c[1], c[2]
		}
	}
}

// captionText is what stands at a box. Control characters of a hostile labels
// file become spaces.
func captionText(b *Box) string {
	label := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, b.Label)
	if r := []rune(label); len(r) > maxCaption {
		label = string(r[:maxCaption-1]) + "…"
	}
	return fmt.Sprintf("%s %.2f", label, b.Score)
}

// caption paints text on a ground of the box's colour: above the box where
// there is room, else within it at the top.
func caption(p *picture.RGB, box image.Rectangle, line int, c [3]byte, face font.Face, text string) {
	m := face.Metrics()
	ascent, height := m.Ascent.Ceil(), m.Ascent.Ceil()+m.Descent.Ceil()
	width := font.MeasureString(face, text).Ceil() + 2*line
	x := max(0, min(box.Min.X, p.Width-width))
	y := box.Min.Y - height
	if y < 0 {
		y = box.Min.Y
	}
	ground := image.Rect(x, y, x+width, y+height).Intersect(image.Rect(0, 0, p.Width, p.Height))
	if ground.Empty() {
		return
	}
	fill(p, ground, c)

	// The text as a mask of how much of each pixel it covers.
	mask := image.NewAlpha(ground)
	d := font.Drawer{Dst: mask, Src: image.Opaque, Face: face, Dot: fixed.P(x+line, y+ascent)}
	d.DrawString(text)
	ink := byte(255)
	if 299*int(c[0])+587*int(c[1])+114*int(c[2]) > 128*1000 { // luma of ITU-R BT.601
		ink = 0
	}
	for y := ground.Min.Y; y < ground.Max.Y; y++ {
		row := p.Pix[3*(y*p.Width+ground.Min.X):][:3*ground.Dx()]
		for i, a := range mask.Pix[(y-ground.Min.Y)*mask.Stride:][:ground.Dx()] {
			for k := 3 * i; k < 3*i+3; k++ {
				row[k] = byte((int(row[k])*(255-int(a)) + int(ink)*int(a) + 127) / 255)
			}
		}
	}
}

// captionFont is Go's own bold face (Latin, Greek, Cyrillic), which is part of
// golang.org/x/image.
var captionFont = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(gobold.TTF) })

// captionFace makes a face of so many pixels. A face may not be shared.
func captionFace(size float64) font.Face {
	f, err := captionFont()
	if err != nil {
		panic("vision: the built-in font: " + err.Error())
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic("vision: the built-in font: " + err.Error())
	}
	return face
}
