package vision_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/vision"
)

// thing is something to be found: a box relative to the model's picture.
type thing struct {
	x1, y1, x2, y2 float64
	class          int
	score          float64
}

func (th *thing) center() (x, y, w, h float64) {
	return (th.x1 + th.x2) / 2, (th.y1 + th.y2) / 2, th.x2 - th.x1, th.y2 - th.y1
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// The encoders write what a model would give for things: each the decoder's formula
// solved for the output. The index of a thing picks the cell, so that no two share one.

func encodeYOLOX(s *vision.Spec, classes int, things []thing) []vision.Output {
	var cells [][3]int // x, y, stride
	for _, st := range s.Strides {
		for y := range (s.Height + st - 1) / st {
			for x := range (s.Width + st - 1) / st {
				cells = append(cells, [3]int{x, y, st})
			}
		}
	}
	data := make([]float32, len(cells)*(5+classes))
	for i, th := range things {
		k := (i*7919 + 13) % len(cells)
		row, st := data[k*(5+classes):], float64(cells[k][2])
		x, y, w, h := th.center()
		row[0] = float32(x*float64(s.Width)/st - float64(cells[k][0]))
		row[1] = float32(y*float64(s.Height)/st - float64(cells[k][1]))
		row[2] = float32(math.Log(w * float64(s.Width) / st))
		row[3] = float32(math.Log(h * float64(s.Height) / st))
		row[4] = float32(math.Sqrt(th.score))
		row[5+th.class] = float32(math.Sqrt(th.score))
	}
	return []vision.Output{{Name: "output", Shape: []int64{1, int64(len(cells)), int64(5 + classes)}, Data: data}}
}

func encodeFastestDet(s *vision.Spec, classes int, things []thing) []vision.Output {
	const rows, columns = 22, 22
	data := make([]float32, (5+classes)*rows*columns)
	set := func(channel, cell int, v float64) { data[channel*rows*columns+cell] = float32(v) }
	for _, th := range things {
		x, y, w, h := th.center()
		gx, gy := int(x*columns), int(y*rows)
		cell := gy*columns + gx
		set(0, cell, th.score)
		set(1, cell, math.Atanh(x*columns-float64(gx)))
		set(2, cell, math.Atanh(y*rows-float64(gy)))
		set(3, cell, logit(w))
		set(4, cell, logit(h))
		set(5+th.class, cell, th.score)
	}
	return []vision.Output{{Name: "758", Shape: []int64{1, int64(5 + classes), rows, columns}, Data: data}}
}

func encodeRFB(_ *vision.Spec, classes int, things []thing) []vision.Output {
	n := 100
	scores, boxes := make([]float32, n*classes), make([]float32, n*4)
	for i, th := range things {
		k := (i*37 + 5) % n
		scores[k*classes+th.class] = float32(th.score)
		for j, v := range []float64{th.x1, th.y1, th.x2, th.y2} {
			boxes[4*k+j] = float32(v)
		}
	}
	return []vision.Output{
		{Name: "scores", Shape: []int64{1, int64(n), int64(classes)}, Data: scores},
		{Name: "boxes", Shape: []int64{1, int64(n), 4}, Data: boxes},
	}
}

// encodeSSD uses anchors that are written out here as the models' documentation
// has them, for 300 by 300 pixels.
func encodeSSD(_ *vision.Spec, classes int, things []thing) []vision.Output {
	var anchors [][4]float64 // x, y, w, h
	scale := func(i int) float64 {
		if i > 5 {
			return 1
		}
		return 0.2 + 0.75*float64(i)/5
	}
	for i, g := range []int{19, 10, 5, 3, 2, 1} {
		shapes := [][2]float64{{0.1, 1}, {0.2, 2}, {0.2, 0.5}} // scale, aspect ratio
		if i > 0 {
			k := scale(i)
			shapes = [][2]float64{{k, 1}, {k, 2}, {k, 0.5}, {k, 3}, {k, 0.3333}, {math.Sqrt(k * scale(i+1)), 1}}
		}
		for y := range g {
			for x := range g {
				for _, sh := range shapes {
					anchors = append(anchors, [4]float64{
						(float64(x) + 0.5) / float64(g), (float64(y) + 0.5) / float64(g),
						sh[0] * math.Sqrt(sh[1]), sh[0] / math.Sqrt(sh[1]),
					})
				}
			}
		}
	}
	n := len(anchors)
	scores, boxes := make([]float32, n*classes), make([]float32, n*4)
	for i := range scores {
		scores[i] = -20
	}
	for i, th := range things {
		k := (i*7919 + 13) % n
		a := anchors[k]
		x, y, w, h := th.center()
		scores[k*classes+th.class] = float32(logit(th.score))
		boxes[4*k] = float32((y - a[1]) / a[3] * 10)
		boxes[4*k+1] = float32((x - a[0]) / a[2] * 10)
		boxes[4*k+2] = float32(math.Log(h/a[3]) * 5)
		boxes[4*k+3] = float32(math.Log(w/a[2]) * 5)
	}
	return []vision.Output{
		{Name: "class_predictions", Shape: []int64{1, int64(n), int64(classes)}, Data: scores},
		{Name: "box_encodings", Shape: []int64{1, int64(n), 4}, Data: boxes},
	}
}

// families are the presets for detection, each with its encoder.
var families = []struct {
	preset string
	// classes of the output, the background included.
	classes int
	encode  func(s *vision.Spec, classes int, things []thing) []vision.Output
}{
	{"yolox", 6, encodeYOLOX},
	{"fastestdet", 6, encodeFastestDet},
	{"rfb", 7, encodeRFB},
	{"ssd", 7, encodeSSD},
}

// Ensure that what a model of each family finds comes out where it is in the
// upload, whatever the way of resizing.
func TestDetect(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	r := rand.New(rand.NewPCG(3, 4))
	for _, f := range families {
		for _, resize := range []vision.Resize{vision.Stretch, vision.Letterbox, vision.Crop} {
			t.Run(f.preset+" "+string(resize), func(t *testing.T) {
				s := preset(t, f.preset)
				s.Resize, s.Position = resize, vision.Center
				background := f.classes - len(names)
				tensor := make([]float32, s.Size())
				for range 20 {
					// Three things in three columns of the picture: none suppresses another.
					var things []thing
					for i := range 3 {
						x1 := float64(i)/3 + 0.02 + 0.05*r.Float64()
						y1 := 0.1 + 0.3*r.Float64()
						things = append(things, thing{
							x1, y1, x1 + 0.1 + 0.1*r.Float64(), y1 + 0.2 + 0.3*r.Float64(),
							background + r.IntN(len(names)), 0.95 - 0.05*float64(i),
						})
					}
					fullW, fullH := 200+r.IntN(2000), 200+r.IntN(2000)
					p := newPicture(8, 8, func(int, int) [3]byte { return [3]byte{} })
					p.FullWidth, p.FullHeight = fullW, fullH
					pl := s.Fill(tensor, p)
					got, err := s.Detect(f.encode(&s, f.classes, things), names, pl, 0)
					if err != nil {
						t.Fatal(err)
					}
					found := 0
					for i, th := range things {
						// To pixels of the upload, clipped.
						var want [4]float64
						for j, v := range [4]float64{th.x1, th.y1, th.x2, th.y2} {
							if j%2 == 0 {
								want[j] = min(max(v*float64(s.Width)*pl.ScaleX+pl.OffsetX, 0), float64(fullW))
							} else {
								want[j] = min(max(v*float64(s.Height)*pl.ScaleY+pl.OffsetY, 0), float64(fullH))
							}
						}
						if want[2] <= want[0] || want[3] <= want[1] {
							continue // in the letterbox's padding
						}
						if found == len(got) {
							t.Fatalf("thing %d %+v was not found: %+v", i, th, got)
						}
						b := got[found]
						found++
						if b.Index != th.class-background || b.Label != names[b.Index] || math.Abs(b.Score-th.score) > 1e-4 {
							t.Fatalf("got %+v, expected %+v", b, th)
						}
						for j := range want {
							if math.Abs(b.Box[j]-want[j]) > 1e-3*float64(max(fullW, fullH)) {
								t.Fatalf("%s: got %v, expected %v, in %d by %d", b.Label, b.Box, want, fullW, fullH)
							}
						}
					}
					if found != len(got) {
						t.Fatalf("found %+v for %+v", got, things)
					}
				}
			})
		}
	}
}

// whole is the placement of a picture of the model's size.
func whole(s *vision.Spec) vision.Placement {
	return vision.Placement{ScaleX: 1, ScaleY: 1, FullWidth: s.Width, FullHeight: s.Height}
}

// Ensure that thresholds, the number of boxes, suppression within and across
// classes, and the background act as they say.
func TestDetectOptions(t *testing.T) {
	things := []thing{ // of classes 1 to 3; class 0 is the background for those that have one
		{0.1, 0.1, 0.4, 0.5, 1, 0.9},
		{0.11, 0.1, 0.41, 0.5, 1, 0.8},  // the same thing again
		{0.1, 0.11, 0.4, 0.52, 2, 0.75}, // the same place, another class
		{0.6, 0.6, 0.8, 0.9, 3, 0.72},
		{0.05, 0.7, 0.2, 0.95, 1, 0.2}, // weak
	}
	for name, tc := range map[string]struct {
		change   func(s *vision.Spec)
		minScore float64
		want     []int // things
	}{
		"per class":      {func(s *vision.Spec) { s.NMS = vision.NMSPerClass }, 0.5, []int{0, 2, 3}},
		"all":            {func(s *vision.Spec) { s.NMS = vision.NMSAll }, 0.5, []int{0, 3}},
		"no suppression": {func(s *vision.Spec) { s.IoU, s.NMS = 1, vision.NMSAll }, 0.5, []int{0, 1, 2, 3}},
		"lower":          {func(s *vision.Spec) { s.NMS = vision.NMSPerClass }, 0.1, []int{0, 2, 3, 4}},
		"higher":         {func(s *vision.Spec) { s.NMS = vision.NMSPerClass }, 0.74, []int{0, 2}},
		"the Spec's":     {func(s *vision.Spec) { s.NMS, s.MinScore = vision.NMSPerClass, 0.85 }, 0, []int{0}},
		"NaN":            {func(s *vision.Spec) { s.NMS, s.MinScore = vision.NMSPerClass, 0.85 }, math.NaN(), []int{0}},
		"above 1":        {func(s *vision.Spec) {}, 2, nil},
		"the first":      {func(s *vision.Spec) { s.MaxBoxes, s.NMS = 2, vision.NMSPerClass }, 0.5, []int{0, 2}},
		"background":     {func(s *vision.Spec) { s.Background, s.NMS = true, vision.NMSPerClass }, 0.5, []int{0, 2, 3}},
	} {
		for _, f := range families {
			t.Run(name+" "+f.preset, func(t *testing.T) {
				s := preset(t, f.preset)
				tc.change(&s)
				placed := things
				if f.preset == "fastestdet" {
					// One cell has one thing: move those that would share it.
					placed = append([]thing(nil), things...)
					placed[1].x1, placed[1].x2 = 0.15, 0.45
					placed[2].y1, placed[2].y2 = 0.13, 0.57
				}
				out := f.encode(&s, f.classes, placed)
				if tc.change(&s); s.Background {
					// The background is sure of itself everywhere.
					fillBackground(f.preset, f.classes, out)
				}
				got, err := s.Detect(out, nil, whole(&s), tc.minScore)
				if err != nil {
					t.Fatal(err)
				}
				ok := len(got) == len(tc.want)
				for i := 0; ok && i < len(got); i++ {
					ok = math.Abs(got[i].Score-placed[tc.want[i]].score) < 1e-4 && got[i].Index == placed[tc.want[i]].class
				}
				if !ok {
					t.Errorf("got %+v, expected things %v", got, tc.want)
				}
			})
		}
	}
}

// fillBackground makes class 0 score 0.99 for every box of the families that
// have a score for each class.
func fillBackground(preset string, classes int, out []vision.Output) {
	v := float32(0.99)
	switch preset {
	case "ssd":
		v = float32(logit(0.99))
	case "yolox", "fastestdet":
		return // they take the best class, so that this would hide the others
	}
	for i := 0; i < len(out[0].Data); i += classes {
		out[0].Data[i] = v
	}
}

// Ensure that a box of the background class is never in a result.
func TestDetectBackground(t *testing.T) {
	for _, f := range families {
		for _, background := range []bool{false, true} {
			s := preset(t, f.preset)
			s.Background = background
			got, err := s.Detect(f.encode(&s, f.classes, []thing{{0.1, 0.1, 0.4, 0.5, 0, 0.9}}), nil, whole(&s), 0)
			if err != nil || (len(got) == 0) != background {
				t.Errorf("%s, background %t: got %v, %v", f.preset, background, got, err)
			}
		}
	}
}

// Ensure that scores that the graph left as they are go through the activation.
func TestDetectActivation(t *testing.T) {
	th := []thing{{0.1, 0.1, 0.4, 0.5, 1, 0.9}}
	s := preset(t, "yolox")
	out := encodeYOLOX(&s, 6, th)
	for i := range out[0].Data {
		if i%11 >= 4 { // 4 numbers of the box, 7 scores
			out[0].Data[i] = float32(logit(math.Max(float64(out[0].Data[i]), 1e-6)))
		}
	}
	if _, err := s.Detect(out, nil, whole(&s), 0); !errors.Is(err, vision.ErrOutput) || !strings.Contains(err.Error(), "activation sigmoid") {
		t.Errorf("got %v, expected the advice to set the activation", err)
	}
	s.Activation = vision.ActivationSigmoid
	if got, err := s.Detect(out, nil, whole(&s), 0); err != nil || len(got) != 1 || math.Abs(got[0].Score-0.9) > 1e-4 {
		t.Errorf("got %v, %v, expected one box of 0.9", got, err)
	}

	s = preset(t, "rfb")
	s.Activation = vision.ActivationSoftmax
	out = encodeRFB(&s, 3, nil)
	copy(out[0].Data[3*5:], []float32{0, 0, float32(math.Log(8))}) // 0.1, 0.1, 0.8
	copy(out[1].Data[4*5:], []float32{0.1, 0.1, 0.4, 0.5})
	if got, err := s.Detect(out, nil, whole(&s), 0); err != nil || len(got) != 1 || math.Abs(got[0].Score-0.8) > 1e-6 || got[0].Index != 2 {
		t.Errorf("got %v, %v, expected one box of 0.8", got, err)
	}
}

// Ensure that outputs that are not the family's are errors that say what is
// wrong.
func TestDetectErrors(t *testing.T) {
	th := []thing{{0.1, 0.1, 0.4, 0.5, 1, 0.9}}
	zeros := func(name string, shape ...int64) vision.Output {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		return vision.Output{Name: name, Shape: shape, Data: make([]float32, n)}
	}
	// poison puts a value where the one thing's box or score is.
	poison := func(out int, from, v float32) func(o []vision.Output) []vision.Output {
		return func(o []vision.Output) []vision.Output {
			for i, x := range o[out].Data {
				if x == from || from != from {
					o[out].Data[i] = v
				}
			}
			return o
		}
	}
	replace := func(with ...vision.Output) func(o []vision.Output) []vision.Output {
		return func([]vision.Output) []vision.Output { return with }
	}
	for name, tc := range map[string]struct {
		preset  string
		classes int
		change  func(o []vision.Output) []vision.Output
		names   []string
		is      error
		want    string
	}{
		"yolox: nothing":           {"yolox", 2, replace(), nil, vision.ErrOutput, "gave no output"},
		"yolox: another size":      {"yolox", 2, replace(zeros("o", 1, 8400, 7)), nil, vision.ErrOutput, "has 8400 cells, but strides [8 16 32] on 416 by 416 pixels make 3549"},
		"yolox: another form":      {"yolox", 2, replace(zeros("o", 1, 85, 22, 22)), nil, vision.ErrOutput, "expected [1,cells,5+classes]"},
		"yolox: two pictures":      {"yolox", 2, replace(zeros("o", 2, 3549, 7)), nil, vision.ErrOutput, "of one picture"},
		"yolox: no classes":        {"yolox", 2, replace(zeros("o", 1, 3549, 5)), nil, vision.ErrOutput, "expected [1,cells,5+classes]"},
		"yolox: labels":            {"yolox", 2, nil, []string{"a"}, vision.ErrLabels, "1 names for the 2 classes"},
		"yolox: all NaN":           {"yolox", 2, poison(0, nan, nan), nil, vision.ErrOutput, "score of NaN"},
		"yolox: class NaN":         {"yolox", 2, func(o []vision.Output) []vision.Output { o[0].Data[13*7+6] = nan; return o }, nil, vision.ErrOutput, "score of NaN"},
		"yolox: box NaN":           {"yolox", 2, func(o []vision.Output) []vision.Output { o[0].Data[13*7] = nan; return o }, nil, vision.ErrOutput, "corners NaN"},
		"yolox: box infinite":      {"yolox", 2, func(o []vision.Output) []vision.Output { o[0].Data[13*7+1] = inf; return o }, nil, vision.ErrOutput, "+Inf"},
		"yolox: truncated":         {"yolox", 2, func(o []vision.Output) []vision.Output { o[0].Data = o[0].Data[1:]; return o }, nil, vision.ErrOutput, "24842 elements"},
		"fastestdet: another form": {"fastestdet", 2, replace(zeros("o", 1, 3549, 85)), nil, vision.ErrOutput, "expected [1,5+classes,rows,columns]"},
		"fastestdet: no cells":     {"fastestdet", 2, replace(zeros("o", 1, 85, 0, 22)), nil, vision.ErrOutput, "expected [1,5+classes,rows,columns]"},
		"fastestdet: labels":       {"fastestdet", 2, nil, []string{"a", "b", "c"}, vision.ErrLabels, "3 names for the 2 classes"},
		"fastestdet: all NaN":      {"fastestdet", 2, poison(0, nan, nan), nil, vision.ErrOutput, "score of NaN"},
		"rfb: one output":          {"rfb", 2, replace(zeros("scores", 1, 9, 2)), nil, vision.ErrOutput, "none of scores [1,9,2] has the shape of the corners"},
		"rfb: other boxes":         {"rfb", 2, replace(zeros("scores", 1, 9, 2), zeros("boxes", 1, 8, 4)), nil, vision.ErrOutput, "expected [1,8,classes]"},
		"rfb: labels":              {"rfb", 4, replace(zeros("scores", 1, 9, 3), zeros("boxes", 1, 9, 4)), []string{"a", "b", "c", "d"}, vision.ErrLabels, "expected 3 (or 2 without the background)"},
		"rfb: four classes":        {"rfb", 4, nil, nil, vision.ErrOutput, "could both be the corners"},
		"rfb: only background":     {"rfb", 2, replace(zeros("scores", 1, 9, 1), zeros("boxes", 1, 9, 4)), nil, vision.ErrOutput, "background off"},
		"rfb: logits":              {"rfb", 2, poison(0, 0.9, 9), nil, vision.ErrOutput, "score of 9, expected 0 to 1"},
		"rfb: box NaN":             {"rfb", 2, poison(1, 0.4, nan), nil, vision.ErrOutput, "corners"},
		"rfb: score NaN":           {"rfb", 2, poison(0, 0.9, nan), nil, vision.ErrOutput, "score of NaN"},
		"ssd: another size":        {"ssd", 3, replace(zeros("s", 1, 3000, 3), zeros("b", 1, 3000, 4)), nil, vision.ErrOutput, "on 300 by 300 pixels make 1917 anchors"},
		"ssd: one coordinate more": {"ssd", 3, replace(zeros("s", 1, 1917, 3), zeros("b", 1, 1917, 5)), nil, vision.ErrOutput, "box encodings"},
		"ssd: score NaN":           {"ssd", 3, poison(0, -20, nan), nil, vision.ErrOutput, "score of NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			s := preset(t, tc.preset)
			var out []vision.Output
			for _, f := range families {
				if f.preset == tc.preset {
					out = f.encode(&s, tc.classes, th)
				}
			}
			if tc.change != nil {
				out = tc.change(out)
			}
			got, err := s.Detect(out, tc.names, whole(&s), 0)
			if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) || got != nil {
				t.Errorf("got %v, %v, expected %v with %q", got, err, tc.is, tc.want)
			}
		})
	}

	s := preset(t, "rfb")
	s.Outputs = []string{"boxes", "scores"}
	out := encodeRFB(&s, 4, th)
	if got, err := s.Detect(out, nil, whole(&s), 0); err != nil || len(got) != 1 {
		t.Errorf("four classes, outputs named: got %v, %v", got, err)
	}
	s = preset(t, "imagenet")
	if _, err := s.Detect(out, nil, whole(&s), 0); !errors.Is(err, vision.ErrSpec) {
		t.Errorf("a classifier that detects: got %v", err)
	}
}

// FuzzDetect ensures that whatever a model gives, there is an error or there
// are boxes within the picture, in order.
func FuzzDetect(f *testing.F) {
	for i := range families {
		f.Add(i, float32(0.9), []byte{0, 0, 0, 0, 0, 0, 128, 63})
		f.Add(i, nan, []byte{255, 255, 127, 127, 0, 0, 128, 255})
	}
	f.Fuzz(func(t *testing.T, family int, background float32, values []byte) {
		fam := families[uint(family)%uint(len(families))]
		s := preset(t, fam.preset)
		out := fam.encode(&s, fam.classes, nil)
		for i := range out {
			for k := range out[i].Data {
				out[i].Data[k] = background
			}
			for k := 0; 4*k+4 <= len(values) && k < len(out[i].Data); k++ {
				out[i].Data[(k*131)%len(out[i].Data)] = math.Float32frombits(binary.LittleEndian.Uint32(values[4*k:]))
			}
		}
		pl := vision.Placement{ScaleX: 3, ScaleY: 0.5, OffsetX: -20, OffsetY: 7, FullWidth: 640, FullHeight: 200}
		boxes, err := s.Detect(out, nil, pl, 0)
		if err != nil {
			if !errors.Is(err, vision.ErrOutput) || boxes != nil {
				t.Fatalf("%v with %v", boxes, err)
			}
			return
		}
		for i, b := range boxes {
			if !(b.Box[0] >= 0 && b.Box[0] < b.Box[2] && b.Box[2] <= 640 && b.Box[1] >= 0 && b.Box[1] < b.Box[3] && b.Box[3] <= 200) {
				t.Fatalf("box %v", b.Box)
			}
			if !(b.Score >= s.MinScore && b.Score <= 1) || i > 0 && b.Score > boxes[i-1].Score {
				t.Fatalf("score %v", b.Score)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	var things []thing
	for range 30 {
		x, y := 0.8*r.Float64(), 0.8*r.Float64()
		things = append(things, thing{x, y, x + 0.15, y + 0.15, 1 + r.IntN(20), 0.4 + 0.5*r.Float64()})
	}
	for _, f := range families {
		s := preset(b, f.preset)
		classes := map[string]int{"yolox": 80, "fastestdet": 80, "rfb": 22, "ssd": 24}[f.preset]
		out := f.encode(&s, classes, things)
		b.Run(f.preset, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Detect(out, nil, whole(&s), 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
