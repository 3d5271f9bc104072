package caddymodule

import (
	"math"
	"strconv"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/limen-waf/limen/classifier/vision"
)

// parseModel sets up a model from Caddyfile tokens. Syntax:
//
//	model http default|<path>
//	model <name> <path> {
//		labels       <path>
//		preset       <name>
//
//		size         <width> <height>
//		layout       nchw|nhwc
//		order        rgb|bgr
//		resize       stretch
//		resize       crop [<ratio>]
//		resize       letterbox [top_left|center] [<grey>]
//		scale        <number>|1/<number>
//		mean         <r> <g> <b>
//		std          <r> <g> <b>
//		decoder      logits|probabilities|sigmoid|yolox|ssd|fastestdet|rfb
//		outputs      <name...>
//		background   on|off
//		activation   none|sigmoid|softmax
//		strides      <pixels...>
//		anchors      <min_scale> <max_scale> <aspect_ratio...> {
//			interpolated  on|off
//			reduce_lowest on|off
//			coder         <y> <x> <height> <width>
//		}
//		iou          <number>
//		nms          per_class|all
//		min_score    <number>
//		max_boxes    <number>
//
//		device       auto|cpu|cuda[:<n>]|tensorrt[:<n>] [strict]
//		threads      <number>
//		runs         <number>
//		max_batch    <number>
//		max_delay    <duration>
//		max_queue    <number>
//		memory_limit <size>
//		arena        on|off
//		spin         on|off
//		option       <key> <value>
//		cuda         <key> <value>
//		tensorrt     <key> <value>
//	}
//
// Everything in the block is optional; option, cuda and tensorrt may stand several
// times, the others once.
func (a *App) parseModel(d *caddyfile.Dispenser) (set bool, err error) {
	name, err := argument(d)
	if err != nil {
		return false, err
	}
	if !d.NextArg() {
		if name == modelHTTP {
			return false, d.Errf("model %s needs 'default' or the path of an ONNX file", name)
		}
		return false, d.Errf("model %s needs the path of an ONNX file", name)
	}
	m := ModelConfig{Source: d.Val()}
	if d.NextArg() {
		return false, d.Errf("model has one argument too many: '%s'", d.Val())
	}
	if err := m.parseBlock(d); err != nil {
		return false, err
	}
	if name == modelHTTP && !m.isPlain() {
		return false, d.Errf("model %s takes no options: its manifest has them", name)
	}
	_, set = a.Models[name]
	if a.Models == nil {
		a.Models = make(map[string]ModelConfig)
	}
	a.Models[name] = m
	return set, nil
}

func (m *ModelConfig) parseBlock(d *caddyfile.Dispenser) error {
	seen := make(map[string]bool)
	spec := make(map[string]any)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && option != "option" && option != "cuda" && option != "tensorrt" {
			return d.Errf("%s is given twice", option)
		}
		seen[option] = true
		known, err := m.parseRun(option, d)
		if err == nil && !known {
			known, err = parseSpec(option, d, spec)
		}
		switch {
		case err != nil:
			return err
		case !known:
			return d.Errf("unknown option '%s' of a model", option)
		case d.NextArg():
			return d.Errf("%s has one argument too many: '%s'", option, d.Val())
		}
	}
	if len(spec) > 0 {
		m.Spec = caddyconfig.JSON(spec, nil)
	}
	return nil
}

// parseRun reads an option of the model's files and of how it is run.
func (m *ModelConfig) parseRun(option string, d *caddyfile.Dispenser) (known bool, err error) {
	switch option {
	case "labels":
		m.Labels, err = argument(d)
	case "preset":
		m.Preset, err = argument(d)
		if err == nil {
			if _, unknown := vision.Preset(m.Preset); unknown != nil {
				err = d.WrapErr(unknown)
			}
		}
	case "device":
		m.Device, err = argument(d)
		if err == nil && d.NextArg() {
			if d.Val() != "strict" {
				return true, d.Errf("device %s is followed by '%s', expected strict or nothing", m.Device, d.Val())
			}
			m.Strict = true
		}
	case "threads":
		m.Threads, err = positive(d, 1<<10)
	case "runs":
		m.Runs, err = positive(d, 1<<10)
	case "max_batch":
		m.MaxBatch, err = positive(d, 1<<16)
	case "max_queue":
		m.MaxQueue, err = positive(d, 1<<24)
	case "max_delay":
		m.MaxDelay, err = positiveDuration(d)
	case "memory_limit":
		m.MemoryLimit, err = size(d)
	case "arena":
		var on bool
		on, err = onOff(d)
		m.NoArena = !on
	case "spin":
		m.Spin, err = onOff(d)
	case "option":
		err = keyValue(d, &m.Options)
	case "cuda":
		err = keyValue(d, &m.CUDA)
	case "tensorrt":
		err = keyValue(d, &m.TensorRT)
	default:
		return false, nil
	}
	return true, err
}

// parseSpec reads an option of vision.Spec into the fields of its JSON form.
func parseSpec(option string, d *caddyfile.Dispenser, spec map[string]any) (known bool, err error) {
	put := func(field string, value any) { spec[field] = value }
	switch option {
	case "size":
		var w, h int
		if w, err = positive(d, 1<<16); err == nil {
			h, err = positive(d, 1<<16)
		}
		put("width", w)
		put("height", h)
	case "layout":
		err = word(d, put, string(vision.NCHW), string(vision.NHWC))
	case "order":
		err = word(d, put, string(vision.OrderRGB), string(vision.OrderBGR))
	case "resize":
		err = parseResize(d, put)
	case "scale":
		var n float64
		n, err = number(d)
		put(option, n)
	case "mean", "std":
		var n []float64
		n, err = numbers(d, 3, 3)
		put(option, n)
	case "decoder":
		err = word(d, put, string(vision.Logits), string(vision.Probabilities), string(vision.Sigmoid),
			string(vision.YOLOX), string(vision.SSD), string(vision.FastestDet), string(vision.RFB))
	case "outputs":
		names := d.RemainingArgs()
		if len(names) == 0 {
			err = d.Errf("%s needs a value", option)
		}
		put(option, names)
	case "background":
		var on bool
		on, err = onOff(d)
		put(option, on)
	case "activation":
		err = word(d, put, string(vision.ActivationNone), string(vision.ActivationSigmoid), string(vision.ActivationSoftmax))
	case "strides":
		var n []float64
		n, err = numbers(d, 1, 16)
		put(option, n)
	case "anchors":
		err = parseAnchors(d, put)
	case "iou", "min_score":
		var p float64
		p, err = probability(d)
		put(option, p)
	case "nms":
		err = word(d, put, string(vision.NMSPerClass), string(vision.NMSAll))
	case "max_boxes":
		var n int
		n, err = positive(d, 1<<16)
		put(option, n)
	default:
		return false, nil
	}
	return true, err
}

func word(d *caddyfile.Dispenser, put func(string, any), words ...string) error {
	option := d.Val()
	w, err := oneOf(d, words...)
	put(option, w)
	return err
}

func parseResize(d *caddyfile.Dispenser, put func(string, any)) error {
	kind, err := oneOf(d, string(vision.Stretch), string(vision.Crop), string(vision.Letterbox))
	if err != nil {
		return err
	}
	put("resize", kind)
	for d.NextArg() {
		arg := d.Val()
		switch kind {
		case string(vision.Crop):
			ratio, err := strconv.ParseFloat(arg, 64)
			if err != nil || !(ratio > 0 && ratio <= 1) {
				return d.Errf("resize crop is '%s', expected the part of the picture to take, above 0 and at most 1", arg)
			}
			put("crop_ratio", ratio)
		case string(vision.Letterbox):
			if arg == string(vision.TopLeft) || arg == string(vision.Center) {
				put("position", arg)
				continue
			}
			grey, err := strconv.ParseUint(arg, 10, 8)
			if err != nil {
				return d.Errf("resize letterbox is '%s', expected top_left, center or a grey value from 0 to 255", arg)
			}
			put("pad", grey)
		default:
			return d.Errf("resize %s has one argument too many: '%s'", kind, arg)
		}
	}
	return nil
}

// parseAnchors reads the anchors of an SSD model. What is left out is as in
// vision.DefaultAnchors.
func parseAnchors(d *caddyfile.Dispenser, put func(string, any)) error {
	n, err := numbers(d, 3, 34)
	if err != nil {
		return err
	}
	a := vision.DefaultAnchors()
	a.MinScale, a.MaxScale, a.AspectRatios = n[0], n[1], n[2:]
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		switch option := d.Val(); option {
		case "interpolated":
			a.Interpolated, err = onOff(d)
		case "reduce_lowest":
			a.ReduceLowest, err = onOff(d)
		case "coder":
			if n, err = numbers(d, 4, 4); err == nil {
				a.Coder = [4]float64(n)
			}
		default:
			return d.Errf("unknown option '%s' of anchors", option)
		}
		if err != nil {
			return err
		}
	}
	put("anchors", a)
	return nil
}

// positive reads a whole number from 1 to most.
func positive(d *caddyfile.Dispenser, most int) (int, error) {
	option := d.Val()
	arg, err := argument(d)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > most {
		return 0, d.Errf("%s is '%s', expected a whole number from 1 to %d", option, arg, most)
	}
	return n, nil
}

func onOff(d *caddyfile.Dispenser) (bool, error) {
	v, err := oneOf(d, "on", "off")
	return v == "on", err
}

// number reads a number, or 1 divided by one.
func number(d *caddyfile.Dispenser) (float64, error) {
	option := d.Val()
	arg, err := argument(d)
	if err != nil {
		return 0, err
	}
	n, ok := parseNumber(arg)
	if !ok {
		return 0, d.Errf("%s is '%s', expected a number such as 0.5 or 1/255", option, arg)
	}
	return n, nil
}

func parseNumber(arg string) (float64, bool) {
	text, divided := arg, false
	if len(arg) > 2 && arg[:2] == "1/" {
		text, divided = arg[2:], true
	}
	n, err := strconv.ParseFloat(text, 64)
	if divided {
		n = 1 / n
	}
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// numbers reads the arguments that are left, from least to most of them.
func numbers(d *caddyfile.Dispenser, least, most int) ([]float64, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) < least || len(args) > most {
		if least == most {
			return nil, d.Errf("%s has %d arguments, expected %d numbers", option, len(args), least)
		}
		return nil, d.Errf("%s has %d arguments, expected %d to %d numbers", option, len(args), least, most)
	}
	out := make([]float64, len(args))
	for i, arg := range args {
		n, ok := parseNumber(arg)
		if !ok {
			return nil, d.Errf("%s has '%s', expected a number such as 0.5 or 1/255", option, arg)
		}
		out[i] = n
	}
	return out, nil
}

func keyValue(d *caddyfile.Dispenser, into *map[string]string) error {
	option := d.Val()
	var key, value string
	if !d.Args(&key, &value) {
		return d.Errf("%s needs a key and a value", option)
	}
	if _, twice := (*into)[key]; twice {
		return d.Errf("%s %s is given twice", option, key)
	}
	if *into == nil {
		*into = make(map[string]string)
	}
	(*into)[key] = value
	return nil
}
