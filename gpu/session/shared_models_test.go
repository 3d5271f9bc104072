package session_test

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/gpu/session"
)

// The published models of the shared data: where each is and what it is called
// in expected.txt.
var sharedModels = map[string]struct{ path, preset, labels string }{
	"mobilenetv2-12-int8.onnx":   {"mobilenetv2_int8", "imagenet", "imagenet1000_synset.txt"},
	"mobilenet_v1_025_128.onnx":  {"mobilenet_v1_025_128", "imagenet-nhwc", "imagenet1001.txt"},
	"nsfw_mobilenet_v2_mid.onnx": {"nsfw_mobilenet_v2_mid", "nsfw", "nsfw5.txt"},
	"yolox_nano.onnx":            {"yolox_nano", "yolox", "coco80.txt"},
	"FastestDet.onnx":            {"fastestdet", "fastestdet", "coco80.txt"},
	"ssd_mobilenetv2_oidv4.onnx": {"ssd_mobilenetv2_oidv4", "ssd", "oidv4_24.txt"},
	"version-RFB-320.onnx":       {"ultraface", "rfb", "face.txt"},
}

// How far a result may be from the documented one, for the difference that the
// way of resizing makes (the models' notes have up to 0.1).
const (
	strong    = 0.55 // documented boxes from this score on must be found
	sure      = 0.65 // boxes found from this score on must be documented
	scoreSlip = 0.15
)

// expectation is what one model is documented to see in one photo, with either of two
// ways of resizing.
type expectation struct {
	model, photo string
	labels       []vision.Label // the most probable first
	boxes        []vision.Box
	others       []vision.Box // with the other way
}

var (
	expectedHead  = regexp.MustCompile(`^== (\S+) \d+x\d+ on (\S+) preset \S+ interp (\S+)$`)
	expectedLabel = regexp.MustCompile(`^ +([\d.]+) +(\d+)  (.+)$`)
	expectedBox   = regexp.MustCompile(`^ +([\d.]+)  (.+?) +x1=(-?\d+) y1=(-?\d+) x2=(-?\d+) y2=(-?\d+)$`)
)

// expectations reads the models' documented results.
func expectations(t *testing.T, path string) []*expectation {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var list []*expectation
	known := map[string]*expectation{}
	var e *expectation
	bilinear := false
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		if m := expectedHead.FindStringSubmatch(line); m != nil {
			key := m[1] + " " + m[2]
			if e = known[key]; e == nil {
				e = &expectation{photo: m[1], model: m[2]}
				known[key] = e
				list = append(list, e)
			}
			bilinear = m[3] == "bilinear"
		} else if m := expectedBox.FindStringSubmatch(line); m != nil {
			b := vision.Box{Score: number(m[1]), Label: m[2], Box: [4]float64{number(m[3]), number(m[4]), number(m[5]), number(m[6])}}
			if bilinear {
				e.boxes = append(e.boxes, b)
			} else {
				e.others = append(e.others, b)
			}
		} else if m := expectedLabel.FindStringSubmatch(line); m != nil {
			if bilinear {
				e.labels = append(e.labels, vision.Label{Probability: number(m[1]), Index: int(number(m[2])), Label: m[3]})
			}
		} else if line != "" {
			t.Fatalf("%s: cannot read %q", path, line)
		}
	}
	return list
}

// sharedFolder returns the folder of the shared models, or skips the test.
func sharedFolder(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("LIMEN_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	folder = filepath.Join(folder, "models")
	if _, err := os.Stat(filepath.Join(folder, "expected.txt")); err != nil {
		t.Skipf("no models in %s; LIMEN_SHARED names the folder of the shared data", folder)
	}
	return folder
}

// sharedModel opens a model of the shared data with its preset and labels.
func sharedModel(t testing.TB, folder, name string, o session.Options) (*session.Session, vision.Spec, []string) {
	t.Helper()
	library(t)
	m, ok := sharedModels[name]
	if !ok {
		t.Fatalf("model %s is not known here", name)
	}
	raw, err := os.ReadFile(filepath.Join(folder, m.path, name))
	if err != nil {
		t.Fatal(err)
	}
	o.DataDir = root
	s, err := session.Open(name, raw, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	spec, err := vision.Preset(m.preset)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.FitInput(s.Inputs()[0].Shape); err != nil {
		t.Fatal(err)
	}
	if err := spec.Validate(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(folder, "labels", m.labels))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, err := vision.ReadLabels(f)
	if err != nil {
		t.Fatal(err)
	}
	return s, spec, names
}

// look runs a model on a photo.
func look(t testing.TB, s *session.Session, spec *vision.Spec, photo []byte, o picture.Options) ([]vision.Output, vision.Placement) {
	t.Helper()
	p, err := picture.Decode(photo, o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	input := make([]float32, spec.Size())
	placement := spec.Fill(input, p)
	tensors, _, err := s.Run(t.Context(), []session.Tensor{floats(s.Inputs()[0].Name, spec.InputShape(), input...)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []vision.Output
	for _, x := range tensors {
		out = append(out, vision.Output{Name: x.Name, Shape: x.Shape, Data: session.Float32s(x.Data)})
	}
	return out, placement
}

// Ensure that every published model gives its documented labels and boxes on its photos,
// decoded at full size and at the size that it needs.
func TestSharedModels(t *testing.T) {
	folder := sharedFolder(t)
	checked := map[string]int{}
	opened := map[string]func() (*session.Session, vision.Spec, []string){}
	for _, e := range expectations(t, filepath.Join(folder, "expected.txt")) {
		if opened[e.model] == nil {
			s, spec, names := sharedModel(t, folder, e.model, session.Options{Device: "cpu"})
			opened[e.model] = func() (*session.Session, vision.Spec, []string) { return s, spec, names }
		}
		s, spec, names := opened[e.model]()
		photo, err := os.ReadFile(filepath.Join(folder, "photos", e.photo))
		if err != nil {
			t.Fatal(err)
		}
		w, h := spec.Need(0, 0)
		for size, o := range map[string]picture.Options{"full": {}, "needed": {NeedWidth: w, NeedHeight: h}} {
			t.Run(fmt.Sprintf("%s/%s/%s", e.model, e.photo, size), func(t *testing.T) {
				out, placement := look(t, s, &spec, photo, o)
				if spec.Task == vision.Classify {
					got, err := spec.Classify(out, names, len(e.labels))
					if err != nil {
						t.Fatal(err)
					}
					t.Log(got)
					checkLabels(t, got, e.labels)
				} else {
					got, err := spec.Detect(out, names, placement, 0)
					if err != nil {
						t.Fatal(err)
					}
					t.Log(got)
					checkBoxes(t, got, e)
				}
				checked[e.model]++
			})
		}
	}
	for name := range sharedModels {
		if checked[name] == 0 {
			t.Errorf("model %s has no documented result", name)
		}
	}
}

func checkLabels(t *testing.T, got, want []vision.Label) {
	t.Helper()
	if got[0].Index != want[0].Index || got[0].Label != want[0].Label || math.Abs(got[0].Probability-want[0].Probability) > scoreSlip {
		t.Errorf("got %v first, expected %v", got[0], want[0])
	}
	for _, g := range got {
		for _, w := range want {
			if g.Index == w.Index && (g.Label != w.Label || math.Abs(g.Probability-w.Probability) > scoreSlip) {
				t.Errorf("got %v, expected %v", g, w)
			}
		}
	}
}

func checkBoxes(t *testing.T, got []vision.Box, e *expectation) {
	t.Helper()
	same := func(a, b vision.Box) bool {
		return a.Label == b.Label && vision.IoU(a.Box, b.Box) >= 0.5 && math.Abs(a.Score-b.Score) <= scoreSlip
	}
	found := func(list []vision.Box, b vision.Box) bool {
		for _, l := range list {
			if same(l, b) {
				return true
			}
		}
		return false
	}
	n := 0
	for _, w := range e.boxes {
		if w.Score < strong {
			continue
		}
		n++
		if !found(got, w) {
			t.Errorf("%+v was not found", w)
		}
	}
	if n == 0 {
		t.Errorf("no documented box scores %v", strong)
	}
	for _, g := range got {
		if g.Score >= sure && !found(e.boxes, g) && !found(e.others, g) {
			t.Errorf("%+v is not documented", g)
		}
		if strings.TrimSpace(g.Label) == "" {
			t.Errorf("%+v has no label", g)
		}
	}
}
