package explain

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/limen-waf/limen/classifier"
)

// Explanation says what made a score.
type Explanation struct {
	// Score is the request's score, Class what the request most likely is, and Attack
	// the likeliest attack class; see classifier.Result.
	Score  float64 `json:"score"`
	Class  string  `json:"class"`
	Attack string  `json:"attack"`
	// Window is the index of the window that was looked at, the one with the
	// highest score, of Windows.
	Window  int `json:"window"`
	Windows int `json:"windows"`
	// Evidence is -ln(1 - Score), in nats; the weights share it out.
	Evidence float64 `json:"evidence"`
	// Spans are the characters that made the score, the heaviest first. They do not
	// overlap. An ordinary request has spans of next to no weight, or none.
	Spans []Span `json:"spans"`
}

// Span is a run of characters of the request.
type Span struct {
	// Field is where it stands: "method", "target", "header name", "header" (its
	// value) or "body".
	Field string `json:"field"`
	// Header is the index of the header field in the request, Name its name.
	Header int    `json:"header"`
	Name   string `json:"name,omitempty"`
	// Start and End are the bytes [Start, End) of the field as it was sent. Both are
	// -1 where the characters do not stand in it as such: a compressed body.
	Start int `json:"start"`
	End   int `json:"end"`
	// Text is these bytes, or, where Start is -1, those that the network read.
	Text string `json:"text"`
	// Weight is the part of Explanation.Evidence that the span accounts for, in nats.
	Weight float64 `json:"weight"`
}

// Located reports whether the span stands in the request as such.
func (s *Span) Located() bool { return s.Start >= 0 }

// In returns the spans that stand in a field as such; header is the index of a header
// field, and anything for the others.
func (e *Explanation) In(field string, header int) []Span {
	var out []Span
	for _, s := range e.Spans {
		if s.Field == field && s.Located() && (s.Header < 0 || s.Header == header) {
			out = append(out, s)
		}
	}
	return out
}

// Explain finds what made the score that c gives to r. After scoring it runs the
// network on variants of one window: at most as much work as scoring some 250 windows of
// 1,024 tokens, mostly a tenth of that. The error is ctx.Err() or the engine's.
func Explain(ctx context.Context, c *classifier.Classifier, r *classifier.Request) (Explanation, error) {
	res, err := c.Classify(ctx, r)
	if err != nil {
		return Explanation{}, err
	}
	if err := ctx.Err(); err != nil {
		return Explanation{}, err
	}
	if res.Fallback != "" {
		return Explanation{}, errors.New("scoring did not finish: " + res.Fallback)
	}
	out := Explanation{
		Score: res.Score, Class: res.Class, Attack: res.Attack, Window: res.Window, Windows: res.Windows,
		Evidence: -math.Log1p(-min(res.Score, 1-1e-15)), Spans: []Span{},
	}
	if out.Evidence < leastWeight {
		return out, nil // nothing in it can weigh enough to be shown
	}
	spec := c.Model().Manifest.Tokenizer
	seq := classifier.NewTokenizer(c.Limits()).Tokenize(r)
	windows := seq.Windows(nil, spec.Window, spec.Overlap)
	first := 0
	if len(windows) > 1 {
		first = min(res.Window*(spec.Window-spec.Overlap), len(seq.Tokens)-spec.Window)
	}
	window := windows[res.Window]
	p := newPicture(window, classifier.Origins(r, seq)[first:first+len(window)])
	o := &oracle{ctx: ctx, engine: c.Engine(), classes: len(c.Model().Manifest.Classes), picture: p}
	found, err := o.find()
	if err != nil {
		return Explanation{}, fmt.Errorf("explaining the score: %w", err)
	}
	spans, err := o.spans(r, found, out.Evidence)
	if err != nil {
		return Explanation{}, fmt.Errorf("explaining the score: %w", err)
	}
	out.Spans = append(out.Spans, spans...)
	return out, nil
}
