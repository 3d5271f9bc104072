package vision_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/vision"
)

// Ensure that an option out of range is refused with an error that names it and what it
// may be.
func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		preset string
		change func(s *vision.Spec)
		want   string // empty: valid
	}{
		"no decoder":           {"imagenet", func(s *vision.Spec) { s.Decoder = "" }, "set one of logits, probabilities or sigmoid"},
		"decoder of the other": {"imagenet", func(s *vision.Spec) { s.Decoder = vision.SSD }, `decoder is "ssd", expected logits, probabilities or sigmoid for task classify`},
		"unknown decoder":      {"yolox", func(s *vision.Spec) { s.Decoder = "yolo" }, `decoder is "yolo", expected yolox, ssd, fastestdet or rfb`},
		"unknown task":         {"yolox", func(s *vision.Spec) { s.Task = "segment" }, `task is "segment", expected classify or detect`},
		"no size":              {"yolox", func(s *vision.Spec) { s.Width = 0 }, "set size"},
		"negative size":        {"yolox", func(s *vision.Spec) { s.Height = -1 }, "416 by -1"},
		"huge size":            {"yolox", func(s *vision.Spec) { s.Height = 1 << 20 }, "1 to 8192"},
		"layout":               {"yolox", func(s *vision.Spec) { s.Layout = "chw" }, "expected nchw or nhwc"},
		"order":                {"yolox", func(s *vision.Spec) { s.Order = "grb" }, "expected rgb or bgr"},
		"resize":               {"yolox", func(s *vision.Spec) { s.Resize = "fit" }, "expected stretch, crop or letterbox"},
		"crop ratio":           {"imagenet", func(s *vision.Spec) { s.CropRatio = 1.1 }, "crop_ratio is 1.1"},
		"crop ratio NaN":       {"imagenet", func(s *vision.Spec) { s.CropRatio = math.NaN() }, "crop_ratio is NaN"},
		"crop ratio unused":    {"imagenet", func(s *vision.Spec) { s.CropRatio, s.Resize = 7, vision.Stretch }, ""},
		"position":             {"yolox", func(s *vision.Spec) { s.Position = "left" }, "expected top_left or center"},
		"scale":                {"imagenet", func(s *vision.Spec) { s.Scale = math.Inf(1) }, "scale is +Inf"},
		"mean":                 {"imagenet", func(s *vision.Spec) { s.Mean[1] = math.NaN() }, "mean is"},
		"one std 0":            {"imagenet", func(s *vision.Spec) { s.Std[2] = 0 }, "std is [0.229 0.224 0]"},
		"all std 0":            {"imagenet", func(s *vision.Spec) { s.Std = [3]float64{} }, ""},
		"too many outputs":     {"yolox", func(s *vision.Spec) { s.Outputs = []string{"a", "b"} }, "decoder yolox reads 1"},
		"too few outputs":      {"ssd", func(s *vision.Spec) { s.Outputs = []string{"a"} }, "decoder ssd reads 2"},
		"empty output":         {"yolox", func(s *vision.Spec) { s.Outputs = []string{""} }, "a name is empty"},
		"iou":                  {"yolox", func(s *vision.Spec) { s.IoU = 1.5 }, "iou is 1.5"},
		"min score":            {"yolox", func(s *vision.Spec) { s.MinScore = -1 }, "min_score is -1"},
		"min score unused":     {"imagenet", func(s *vision.Spec) { s.MinScore = -1 }, ""},
		"nms":                  {"yolox", func(s *vision.Spec) { s.NMS = "soft" }, "expected per_class or all"},
		"max boxes":            {"yolox", func(s *vision.Spec) { s.MaxBoxes = 1 << 20 }, "max_boxes is 1048576"},
		"activation":           {"yolox", func(s *vision.Spec) { s.Activation = "relu" }, "expected none, sigmoid or softmax"},
		"softmax of yolox":     {"yolox", func(s *vision.Spec) { s.Activation = vision.ActivationSoftmax }, "not for decoder yolox"},
		"stride 0":             {"yolox", func(s *vision.Spec) { s.Strides = []int{8, 0} }, "strides are [8 0]"},
		"many strides":         {"yolox", func(s *vision.Spec) { s.Strides = make([]int, 17) }, "at most 16"},
		"ssd without strides":  {"ssd", func(s *vision.Spec) { s.Strides = nil }, "needs one for each grid"},
		"yolox's own strides":  {"yolox", func(s *vision.Spec) { s.Strides = nil }, ""},
		"anchor scales":        {"ssd", func(s *vision.Spec) { s.Anchors.MinScale = 0.99 }, "scales are 0.99 to 0.95"},
		"no ratios":            {"ssd", func(s *vision.Spec) { s.Anchors.AspectRatios = nil }, "aspect_ratios are []"},
		"ratio 0":              {"ssd", func(s *vision.Spec) { s.Anchors.AspectRatios[1] = 0 }, "numbers above 0"},
		"coder":                {"ssd", func(s *vision.Spec) { s.Anchors.Coder[3] = -5 }, "coder is"},
		"too many anchors":     {"ssd", func(s *vision.Spec) { s.Strides, s.Width, s.Height = []int{1}, 8192, 8192 }, "at most 4194304"},
		"no anchors":           {"ssd", func(s *vision.Spec) { s.Anchors = nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := preset(t, tc.preset)
			tc.change(&s)
			err := s.Validate()
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v, expected it to be valid", err)
			case tc.want != "" && (!errors.Is(err, vision.ErrSpec) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, expected an ErrSpec with %q", err, tc.want)
			}
		})
	}
}

// Ensure that defaults left out and defaults written down have one digest, that
// what is not used does not count, and that everything else does.
func TestDigest(t *testing.T) {
	base := vision.Spec{Width: 224, Height: 192, Decoder: vision.Logits}
	full := base
	full.Task, full.Layout, full.Order, full.Resize = vision.Classify, vision.NCHW, vision.OrderRGB, vision.Stretch
	full.Scale, full.Std = 1, [3]float64{1, 1, 1}
	full.Pad, full.Strides, full.IoU = 7, []int{3}, 0.9 // of no use here
	if base.Digest() != full.Digest() {
		t.Errorf("%s without the defaults, %s with them", base.Digest(), full.Digest())
	}
	if d := base.Digest(); len(d) != len("sha256:")+64 || !strings.HasPrefix(d, "sha256:") {
		t.Errorf("the digest is %q", d)
	}

	// Each field of a preset in its turn, by way of its JSON.
	ssd := preset(t, "ssd")
	ssd.Outputs = []string{"<boxes>", "scores"}
	text, err := json.Marshal(ssd)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{ssd.Digest(): "none"}
	for field, v := range fields {
		if field == "task" || field == "position" {
			continue // the decoder has only one task; a position is for letterboxes
		}
		changed := preset(t, "ssd")
		changed.Outputs = slices.Clone(ssd.Outputs)
		set := reflect.ValueOf(&changed).Elem().FieldByIndex(fieldByTag(t, field))
		switch set.Kind() {
		case reflect.String:
			set.SetString("other")
		case reflect.Int:
			set.SetInt(set.Int() + 1)
		case reflect.Float64:
			set.SetFloat(set.Float() + 1e-9)
		case reflect.Bool:
			set.SetBool(!set.Bool())
		case reflect.Array:
			set.Index(2).SetFloat(0.25)
		case reflect.Slice:
			set.Set(set.Slice(0, set.Len()-1))
		case reflect.Pointer:
			changed.Anchors.AspectRatios[0] = 4
		default:
			t.Fatalf("field %s (%v) has a kind this test does not know", field, v)
		}
		if other := seen[changed.Digest()]; other != "" {
			t.Errorf("a change of %s has the same digest as a change of %s", field, other)
		}
		seen[changed.Digest()] = field
	}
	if len(seen) < 15 {
		t.Errorf("only %d fields were tried", len(seen))
	}
}

func fieldByTag(t *testing.T, name string) []int {
	t.Helper()
	for _, f := range reflect.VisibleFields(reflect.TypeFor[vision.Spec]()) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Index
		}
	}
	t.Fatalf("no field %s", name)
	return nil
}

// Ensure that a Spec is the same after a way through JSON, as a configuration
// keeps it.
func TestSpecJSON(t *testing.T) {
	for _, name := range vision.Presets() {
		s := preset(t, name)
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again vision.Spec
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s, again) || s.Digest() != again.Digest() {
			t.Errorf("%s came back as %+v", text, again)
		}
	}
}

// Ensure that the Spec takes its size from the model and refuses an input that is
// no picture in its layout.
func TestFitInput(t *testing.T) {
	for name, tc := range map[string]struct {
		layout        vision.Layout
		shape         []int64
		width, height int
		fitted        vision.Layout
		want          string // of the error
	}{
		"fixed":              {vision.NCHW, []int64{1, 3, 240, 320}, 320, 240, vision.NCHW, ""},
		"free batch":         {vision.NCHW, []int64{-1, 3, 240, 320}, 320, 240, vision.NCHW, ""},
		"free size":          {vision.NCHW, []int64{-1, 3, -1, -1}, 7, 5, vision.NCHW, ""},
		"free width":         {vision.NHWC, []int64{-1, 128, -1, 3}, 7, 128, vision.NHWC, ""},
		"free channels":      {vision.NCHW, []int64{1, -1, 64, 64}, 64, 64, vision.NCHW, ""},
		"layout found":       {"", []int64{1, 240, 320, 3}, 320, 240, vision.NHWC, ""},
		"layout free":        {"", []int64{-1, -1, -1, -1}, 7, 5, vision.NCHW, ""},
		"layout either":      {"", []int64{1, 3, 64, 3}, 3, 64, vision.NCHW, ""},
		"other layout":       {vision.NCHW, []int64{1, 224, 224, 3}, 0, 0, "", "set layout nhwc"},
		"other layout, nhwc": {vision.NHWC, []int64{1, 3, 224, 224}, 0, 0, "", "set layout nchw"},
		"grey":               {"", []int64{1, 1, 28, 28}, 0, 0, "", "3 colour channels"},
		"no picture":         {"", []int64{-1, 1000}, 0, 0, "", "four dimensions"},
		"fixed batch":        {"", []int64{8, 3, 64, 64}, 0, 0, "", "batches of 8"},
		"huge":               {"", []int64{1, 3, 64, 1 << 40}, 0, 0, "", "1 to 8192"},
		"no width":           {"", []int64{1, 3, 64, 0}, 0, 0, "", "1 to 8192"},
	} {
		t.Run(name, func(t *testing.T) {
			s := vision.Spec{Width: 7, Height: 5, Layout: tc.layout, Decoder: vision.Logits}
			err := s.FitInput(tc.shape)
			if tc.want != "" {
				if !errors.Is(err, vision.ErrSpec) || !strings.Contains(err.Error(), tc.want) {
					t.Fatalf("got %v, expected an ErrSpec with %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Width != tc.width || s.Height != tc.height || s.Layout != tc.fitted {
				t.Errorf("got %d by %d %s, expected %d by %d %s", s.Width, s.Height, s.Layout, tc.width, tc.height, tc.fitted)
			}
			for i, d := range s.InputShape() {
				if tc.shape[i] > 0 && d != tc.shape[i] {
					t.Errorf("input shape %v for a model that takes %v", s.InputShape(), tc.shape)
				}
			}
		})
	}
}
