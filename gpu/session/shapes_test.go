package session_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/gpu/session"
)

// shapesFolder has the models of model/training/shapes and their samples.
var shapesFolder = filepath.Join(root, "testdata", "images")

// shapesSample is what the generator drew into a picture.
type shapesSample struct {
	Width, Height int
	Shapes        []struct {
		Label string
		Box   [4]float64
	}
}

// shapesSamples reads what is in the sample pictures.
func shapesSamples(t *testing.T) map[string]shapesSample {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(shapesFolder, "samples.json"))
	if err != nil {
		t.Fatal(err)
	}
	var samples map[string]shapesSample
	if err := json.Unmarshal(raw, &samples); err != nil {
		t.Fatal(err)
	}
	if len(samples) == 0 {
		t.Fatal("samples.json names no picture")
	}
	return samples
}

// shapesLabels reads the labels of both models.
func shapesLabels(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(filepath.Join(shapesFolder, "shapes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, err := vision.ReadLabels(f)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// shapesModel opens one of the two models with a preset whose size is the model's.
func shapesModel(t *testing.T, name, preset string) (*session.Session, vision.Spec) {
	t.Helper()
	library(t)
	raw, err := os.ReadFile(filepath.Join(shapesFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	s, err := session.Open(name, raw, session.Options{Device: "cpu", DataDir: root})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	spec, err := vision.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.FitInput(s.Inputs()[0].Shape); err != nil {
		t.Fatal(err)
	}
	if err := spec.Validate(); err != nil {
		t.Fatal(err)
	}
	if !s.BatchDim() {
		t.Errorf("%s cannot be batched, but its first dimension is free", name)
	}
	return s, spec
}

// Ensure that the models and samples stay small, that the pictures decode to
// what samples.json says, and that it uses no label the labels file has not.
func TestShapesFiles(t *testing.T) {
	names := shapesLabels(t)
	for name, sample := range shapesSamples(t) {
		raw, err := os.ReadFile(filepath.Join(shapesFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := picture.Decode(raw, picture.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.FullWidth != sample.Width || p.FullHeight != sample.Height || len(raw) > 16<<10 {
			t.Errorf("%s is %d by %d pixels in %d bytes, expected %d by %d in at most 16 KiB",
				name, p.FullWidth, p.FullHeight, len(raw), sample.Width, sample.Height)
		}
		p.Release()
		if len(sample.Shapes) == 0 {
			t.Errorf("%s has nothing in it", name)
		}
		for _, s := range sample.Shapes {
			if !slices.Contains(names, s.Label) {
				t.Errorf("%s has a %q, which is not in shapes.txt", name, s.Label)
			}
		}
	}
	for _, name := range []string{"shapes-classify.onnx", "shapes-detect.onnx"} {
		info, err := os.Stat(filepath.Join(shapesFolder, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() >= 300_000 {
			t.Errorf("%s has %d bytes, expected less than 300,000", name, info.Size())
		}
	}
}

// Ensure that the classifier knows the shape of each sample that has just one.
func TestShapesClassify(t *testing.T) {
	s, spec := shapesModel(t, "shapes-classify.onnx", "imagenet")
	names := shapesLabels(t)
	checked := 0
	for name, sample := range shapesSamples(t) {
		if len(sample.Shapes) != 1 {
			continue
		}
		checked++
		out, _ := look(t, s, &spec, shapesPicture(t, name), picture.Options{})
		got, err := spec.Classify(out, names, len(names))
		if err != nil {
			t.Fatal(err)
		}
		t.Log(name, got)
		if len(got) != len(names) || got[0].Label != sample.Shapes[0].Label || got[0].Probability < 0.8 {
			t.Errorf("%s: got %+v, expected %s with 0.8 at least first and every label after it", name, got, sample.Shapes[0].Label)
		}
		sum := 0.0
		for _, l := range got {
			sum += l.Probability
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("%s: the probabilities make %v", name, sum)
		}
	}
	if checked == 0 {
		t.Error("no sample has just one shape")
	}
}

// Ensure that the detector finds each shape of each sample once, where it was
// drawn, and nothing else, decoded at full size and at the size that it needs.
func TestShapesDetect(t *testing.T) {
	s, spec := shapesModel(t, "shapes-detect.onnx", "yolox")
	names := shapesLabels(t)
	w, h := spec.Need(0, 0)
	for name, sample := range shapesSamples(t) {
		for size, o := range map[string]picture.Options{"full": {}, "needed": {NeedWidth: w, NeedHeight: h}} {
			t.Run(name+"/"+size, func(t *testing.T) {
				out, placement := look(t, s, &spec, shapesPicture(t, name), o)
				got, err := spec.Detect(out, names, placement, 0.5)
				if err != nil {
					t.Fatal(err)
				}
				t.Log(got)
				if len(got) != len(sample.Shapes) {
					t.Errorf("got %d boxes, expected %d", len(got), len(sample.Shapes))
				}
				for _, want := range sample.Shapes {
					if !slices.ContainsFunc(got, func(b vision.Box) bool {
						return b.Label == want.Label && vision.IoU(b.Box, want.Box) >= 0.7
					}) {
						t.Errorf("no box for the %s at %v", want.Label, want.Box)
					}
				}
			})
		}
	}
}

// shapesPicture reads a sample picture.
func shapesPicture(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(shapesFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
