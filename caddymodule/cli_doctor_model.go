package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
)

// Requests of the self-test: any model worth its name tells them apart.
var (
	selfTestAttack = &classifier.Request{
		Method: "GET", Target: "/products?category=lamps%27%20UNION%20SELECT%20username%2C%20password%20FROM%20users--%20-",
		Headers: []classifier.Header{{Name: "Host", Value: "shop.example"}, {Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}, {Name: "Accept", Value: "*/*"}},
	}
	selfTestPlain = &classifier.Request{
		Method: "GET", Target: "/products?category=lamps&page=2",
		Headers: selfTestAttack.Headers,
	}
)

// maxDifference is how far apart the logits of two engines may be. CUDA adds
// in another order, and rounds more coarsely.
const (
	maxDifference     = 1e-4
	maxDifferenceCUDA = 1e-2
)

// checkModel loads the model and has it score on every engine there is.
func (d *doctor) checkModel() {
	m, err := model.Open(d.model)
	if err != nil {
		d.add(check{Name: "model", State: checkBroken, Found: err.Error(), Advice: modelAdvice(err)})
		return
	}
	spec := m.Manifest
	c := check{Name: "model", State: checkOK, Found: fmt.Sprintf("%s %s (%s)", spec.Name, spec.Version, m.Path), Detail: []string{
		m.Digest,
		"classes " + strings.Join(spec.Classes, ", "),
		fmt.Sprintf("%s, tokenizer version %d, windows of %d tokens", thresholds(spec), spec.Tokenizer.Version, spec.Tokenizer.Window),
	}}
	if spec.Tokenizer.Version != classifier.TokenizerVersion || spec.Tokenizer.Vocabulary != classifier.Vocabulary {
		c.State = checkBroken
		c.Advice = fmt.Sprintf("the model needs tokenizer version %d with %d tokens, this build has version %d with %d: use a model and a build of the same release",
			spec.Tokenizer.Version, spec.Tokenizer.Vocabulary, classifier.TokenizerVersion, classifier.Vocabulary)
	}
	d.add(c)
	if c.State == checkOK {
		d.checkEngines(m)
	}
}

func modelAdvice(err error) string {
	if errors.Is(err, model.ErrManifest) || errors.Is(err, model.ErrDigest) {
		return "take the .onnx and the .json of one release, or the model in this binary: --model default"
	}
	return ""
}

// checkEngines runs the self-test on each device, and says which one a server
// takes.
func (d *doctor) checkEngines(m *model.Model) {
	devices := []string{string(gpu.Native)}
	if r := gpu.Probe(d.data); r.Library != nil {
		devices = append(devices, string(gpu.CPU))
		if r.CUDA.Visible && r.CUDA.Usable {
			devices = append(devices, string(gpu.CUDA))
		}
	}
	if d.device != "" && d.device != string(gpu.Auto) && !slices.Contains(devices, d.device) {
		devices = append(devices, d.device)
	}
	wanted := d.device
	var reference []float32
	works := false
	for _, device := range devices {
		c, logits := d.checkEngine(m, device, reference)
		if c.State == checkOK {
			works = true
			if reference == nil {
				reference = logits
			}
		} else if device != wanted && c.State == checkBroken {
			c.State = checkWarn // another engine may do the work
		}
		d.add(c)
	}
	if !works {
		d.add(check{Name: "engine", State: checkBroken, Found: "no engine passes the self-test"})
	}
}

// checkEngine scores the two requests of the self-test on a device. reference
// holds the logits of an engine that works, or nil.
func (d *doctor) checkEngine(m *model.Model, device string, reference []float32) (check, []float32) {
	c := check{Name: "engine " + device, State: checkBroken}
	e, err := openEngine(m, gpu.Options{Device: device, Strict: true, DataDir: d.data})
	if err != nil {
		c.Found = err.Error()
		if errors.Is(err, ort.ErrNetwork) {
			c.Advice = "use the native engine: device native"
		}
		return c, nil
	}
	defer e.Close()
	info := e.Info()
	c.Found = fmt.Sprintf("%s %s on %s", info.Engine, info.Version, info.Device)
	k, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		c.Detail = []string{err.Error()}
		return c, nil
	}
	policy := blockingPolicy(m)
	logits := make([]float32, 0, 2*info.Classes)
	for _, t := range []struct {
		name    string
		request *classifier.Request
		flagged bool
	}{{"a known attack", selfTestAttack, true}, {"a plain request", selfTestPlain, false}} {
		res, err := k.Classify(context.Background(), t.request)
		if err != nil {
			c.Detail = append(c.Detail, err.Error())
			return c, nil
		}
		c.Detail = append(c.Detail, fmt.Sprintf("%s scores %.4f (%s) in %d µs", t.name, res.Score, res.Class, (res.Tokenize+res.Infer).Microseconds()))
		if policy.Flagged(&res) != t.flagged {
			c.Detail = append(c.Detail, fmt.Sprintf("the wrong side of the threshold %v", policy.ThresholdFor(res.Attack)))
			c.Advice = "the model does not tell an attack from a plain request: train it again, or use the one in this binary"
			return c, nil
		}
		row, err := rawLogits(e, t.request)
		if err != nil {
			c.Detail = append(c.Detail, err.Error())
			return c, nil
		}
		logits = append(logits, row...)
	}
	c.State = checkOK
	if reference != nil {
		limit := maxDifference
		if strings.HasPrefix(info.Device, string(gpu.CUDA)) {
			limit = maxDifferenceCUDA
		}
		difference := largestDifference(logits, reference)
		c.Detail = append(c.Detail, fmt.Sprintf("differs from the native engine by %.2g", difference))
		if !(difference <= limit) {
			c.State, c.Advice = checkBroken, fmt.Sprintf("more than %g is not rounding: use another version of ONNX Runtime, or device native", limit)
		}
	}
	return c, logits
}

// rawLogits scores the request as one window.
func rawLogits(e classifier.Engine, r *classifier.Request) ([]float32, error) {
	logits := make([]float32, e.Info().Classes)
	s := classifier.NewTokenizer(classifier.Limits{}).Tokenize(r)
	return logits, e.Score(context.Background(), []classifier.Window{s.Tokens}, logits)
}

func largestDifference(a, b []float32) float64 {
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i])-float64(b[i])))
	}
	return most
}

// thresholds says what score a model blocks from, and what the score means.
func thresholds(spec model.Manifest) string {
	text := fmt.Sprintf("threshold %v", spec.Threshold)
	for _, class := range spec.Classes {
		if t, ok := spec.ClassThresholds[class]; ok {
			text += fmt.Sprintf(" (%s %v)", class, t)
		}
	}
	if spec.Prior != 0 {
		text += fmt.Sprintf(", a probability where %.4g of the requests are attacks", spec.Prior)
	}
	return text
}
