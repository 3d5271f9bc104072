package vision

// Task is what a model does with a picture.
type Task string

// The tasks.
const (
	Classify Task = "classify" // labels for the whole picture
	Detect   Task = "detect"   // boxes around what is in it
)

// Layout is the order of the dimensions of the input tensor.
type Layout string

// The layouts: batch (N), channels (C), rows (H) and columns (W).
const (
	NCHW Layout = "nchw"
	NHWC Layout = "nhwc"
)

// Order is the order of the colour channels of the input tensor.
type Order string

// The orders.
const (
	OrderRGB Order = "rgb"
	OrderBGR Order = "bgr"
)

// Resize is how a picture of any shape is brought to the model's.
type Resize string

// The ways to resize.
const (
	// Stretch takes the whole picture and gives up its aspect ratio.
	Stretch Resize = "stretch"
	// Crop takes the middle of the picture, CropRatio of what fits.
	Crop Resize = "crop"
	// Letterbox takes the whole picture, keeps its aspect ratio and pads.
	Letterbox Resize = "letterbox"
)

// Position is where the picture lies in a letterbox.
type Position string

// The positions.
const (
	TopLeft Position = "top_left"
	Center  Position = "center"
)

// Decoder is how the outputs of a model are read.
type Decoder string

// The decoders. The first three are for classification.
const (
	// Logits are one number a class, through softmax.
	Logits Decoder = "logits"
	// Probabilities are one number a class, as they are.
	Probabilities Decoder = "probabilities"
	// Sigmoid is one number a class, each for itself: a picture may have
	// several labels or none.
	Sigmoid Decoder = "sigmoid"

	// YOLOX reads one output [1, cells, 5+classes] (Ge et al.,
	// "YOLOX: Exceeding YOLO Series in 2021", exported without its decoding).
	YOLOX Decoder = "yolox"
	// SSD reads box encodings [1, anchors, 4] and class scores
	// [1, anchors, classes] (Liu et al., "SSD: Single Shot MultiBox Detector",
	// in the form of TensorFlow's Object Detection API).
	SSD Decoder = "ssd"
	// FastestDet reads one output [1, 5+classes, rows, columns]
	// (github.com/dog-qiuqiu/FastestDet).
	FastestDet Decoder = "fastestdet"
	// RFB reads class scores [1, boxes, classes] and corners [1, boxes, 4]
	// relative to the model's picture (Linzaer's
	// Ultra-Light-Fast-Generic-Face-Detector-1MB, and others that decode their
	// boxes in the graph).
	RFB Decoder = "rfb"
)

// Activation is what a detector's scores still have to go through.
type Activation string

// The activations.
const (
	ActivationNone    Activation = "none"
	ActivationSigmoid Activation = "sigmoid"
	ActivationSoftmax Activation = "softmax" // over the classes of one box
)

// NMS says which boxes suppress each other in non-maximum suppression.
type NMS string

// The kinds of suppression.
const (
	NMSPerClass NMS = "per_class"
	NMSAll      NMS = "all" // whatever their classes
)

// Spec says how a model wants its pictures and how its outputs are read. A
// zero field has the default that its comment names.
type Spec struct {
	// Task is classify or detect. Default: what the decoder is for.
	Task Task `json:"task,omitempty"`

	// Width and Height of the model's input in pixels. Required; see
	// [Spec.FitInput] for taking them from the model.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// Layout of the input tensor. Default: nchw.
	Layout Layout `json:"layout,omitempty"`
	// Order of the colour channels. Default: rgb.
	Order Order `json:"order,omitempty"`
	// Resize is stretch, crop or letterbox. Default: stretch.
	Resize Resize `json:"resize,omitempty"`
	// CropRatio is the part of the largest centred rectangle of the model's
	// shape that crop takes, above 0 and at most 1: 0.875 is the customary
	// "shorter side to 256, then the middle 224". Default: 1.
	CropRatio float64 `json:"crop_ratio,omitempty"`
	// Position of the picture in a letterbox. Default: top_left.
	Position Position `json:"position,omitempty"`
	// Pad is the grey value around the picture in a letterbox, 0 to 255.
	Pad uint8 `json:"pad,omitempty"`

	// A sample v of 0 to 255 becomes (v*Scale - Mean) / Std, with Mean and Std
	// in the tensor's order of channels. Scale 0 means 1, and a Std of three
	// zeros means three ones.
	Scale float64    `json:"scale,omitempty"`
	Mean  [3]float64 `json:"mean,omitzero"`
	Std   [3]float64 `json:"std,omitzero"`

	// Decoder reads the outputs. Required.
	Decoder Decoder `json:"decoder,omitempty"`
	// Outputs are the names of the outputs that the decoder reads, or their
	// numbers from 0: one for most decoders, box encodings and then scores for
	// ssd and rfb. Default: the outputs that have the right shape.
	Outputs []string `json:"outputs,omitempty"`
	// Background says that class 0 is "nothing there": it never is in a result.
	// The labels may name it or leave it out.
	Background bool `json:"background,omitempty"`

	// What follows is for detection.

	// Activation of the scores. Default: sigmoid for ssd, none for the others,
	// whose graphs hold it.
	Activation Activation `json:"activation,omitempty"`
	// Strides are the pixels of a cell, one for each grid of the model, in the
	// order of the output. Default: 8, 16, 32 for yolox; required for ssd.
	Strides []int `json:"strides,omitempty"`
	// Anchors are the boxes of each cell. For ssd; default: [DefaultAnchors].
	Anchors *Anchors `json:"anchors,omitempty"`
	// IoU is the overlap (intersection over union) from which on the weaker of two boxes is
	// suppressed, above 0 and at most 1. Default: 0.45.
	IoU float64 `json:"iou,omitempty"`
	// NMS is per_class or all. Default: per_class.
	NMS NMS `json:"nms,omitempty"`
	// MinScore is the least score of a box, above 0 and at most 1, where the
	// caller asks for none. Default: 0.3.
	MinScore float64 `json:"min_score,omitempty"`
	// MaxBoxes is the most boxes of a result. Default: 100.
	MaxBoxes int `json:"max_boxes,omitempty"`
}

// Anchors are the boxes that an SSD model starts from, as TensorFlow's Object Detection
// API generates them (ssd_anchor_generator): the same for each cell of a grid,
// around its middle.
type Anchors struct {
	// MinScale and MaxScale are the sizes on the first and on the last grid,
	// relative to the picture; those between are evenly spaced.
	MinScale float64 `json:"min_scale"`
	MaxScale float64 `json:"max_scale"`
	// AspectRatios are widths by heights.
	AspectRatios []float64 `json:"aspect_ratios"`
	// Interpolated adds a square of the geometric mean of a grid's scale and
	// the next one's.
	Interpolated bool `json:"interpolated"`
	// ReduceLowest leaves the first grid with three boxes: a square of scale 0.1
	// and the aspect ratios 2 and 0.5.
	ReduceLowest bool `json:"reduce_lowest"`
	// Coder divides the encodings: centre y, centre x, height, width.
	Coder [4]float64 `json:"coder"`
}
