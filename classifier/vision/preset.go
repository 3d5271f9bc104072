package vision

import (
	"fmt"
	"slices"
	"strings"
)

// presets are the families of models that are known by name. What their
// figures come from stands beside each.
var presets = []struct {
	name string
	spec Spec
}{
	// torchvision's and the ONNX Model Zoo's ImageNet classifiers.
	{"imagenet", Spec{
		Task: Classify, Width: 224, Height: 224, Layout: NCHW, Order: OrderRGB,
		Resize: Crop, CropRatio: 0.875,
		Scale: 1.0 / 255, Mean: [3]float64{0.485, 0.456, 0.406}, Std: [3]float64{0.229, 0.224, 0.225},
		Decoder: Logits,
	}},
	// TensorFlow's (slim) ImageNet classifiers: Inception's scaling to -1..1,
	// softmax in the graph, class 0 is background.
	{"imagenet-nhwc", Spec{
		Task: Classify, Width: 224, Height: 224, Layout: NHWC, Order: OrderRGB,
		Resize: Crop, CropRatio: 0.875,
		Scale: 1 / 127.5, Mean: [3]float64{1, 1, 1},
		Decoder: Probabilities, Background: true,
	}},
	// GantMan/nsfw_model: Drawing, Hentai, Neutral, Porn, Sexy.
	{"nsfw", Spec{
		Task: Classify, Width: 224, Height: 224, Layout: NHWC, Order: OrderRGB,
		Resize: Stretch, Scale: 1.0 / 255, Decoder: Probabilities,
	}},
	// Megvii-BaseDetection/YOLOX, as its tools/export_onnx.py writes it from
	// release 0.1.1rc0 on: no scaling, decoding left to the caller.
	{"yolox", Spec{
		Task: Detect, Width: 416, Height: 416, Layout: NCHW, Order: OrderBGR,
		Resize: Letterbox, Position: TopLeft, Pad: 114,
		Decoder: YOLOX, Strides: []int{8, 16, 32}, IoU: 0.45, NMS: NMSPerClass, MinScore: 0.3,
	}},
	// TensorFlow Object Detection API, ssd_mobilenet_v2 and its kin at 300x300
	// without its post-processing.
	{"ssd", Spec{
		Task: Detect, Width: 300, Height: 300, Layout: NHWC, Order: OrderRGB,
		Resize: Stretch, Scale: 1 / 127.5, Mean: [3]float64{1, 1, 1},
		Decoder: SSD, Background: true, Strides: []int{16, 32, 64, 128, 256, 512},
		IoU: 0.5, NMS: NMSPerClass, MinScore: 0.4,
	}},
	// dog-qiuqiu/FastestDet.
	{"fastestdet", Spec{
		Task: Detect, Width: 352, Height: 352, Layout: NCHW, Order: OrderBGR,
		Resize: Stretch, Scale: 1.0 / 255,
		Decoder: FastestDet, IoU: 0.45, NMS: NMSAll, MinScore: 0.5,
	}},
	// Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, version RFB-320.
	{"rfb", Spec{
		Task: Detect, Width: 320, Height: 240, Layout: NCHW, Order: OrderRGB,
		Resize: Stretch, Mean: [3]float64{127, 127, 127}, Std: [3]float64{128, 128, 128},
		Decoder: RFB, Background: true, IoU: 0.3, NMS: NMSPerClass, MinScore: 0.7,
	}},
}

// Presets lists the presets by name.
func Presets() []string {
	names := make([]string, len(presets))
	for i := range presets {
		names[i] = presets[i].name
	}
	return names
}

// Preset returns the Spec of a well-known family of models. The size in it
// holds where the model takes any; see [Spec.FitInput]. The error wraps
// [ErrPreset].
func Preset(name string) (Spec, error) {
	for i := range presets {
		if presets[i].name == name {
			s := presets[i].spec.normal()
			s.Strides = slices.Clone(s.Strides)
			return s, nil
		}
	}
	return Spec{}, fmt.Errorf("%w: %q; there are %s, and options for the rest", ErrPreset, name, strings.Join(Presets(), ", "))
}
