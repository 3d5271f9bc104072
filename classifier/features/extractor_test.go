package features_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/features"
	"github.com/limen-waf/limen/gpu/native"
	"github.com/limen-waf/limen/model"
)

// Ensure that the highest windows of a long request are kept, in order, that pauses are
// made, and that a context and a model of another tokenizer end it.
func TestExtractor(t *testing.T) {
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	e, err := native.New(m)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, err := features.New(m, e, classifier.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	pauses := 0
	x.Pause = func(context.Context) { pauses++ }
	body := append(bytes.Repeat([]byte("ordinary words of a long letter. "), 60), "' UNION SELECT user, password FROM users-- -"...)
	body = append(body, bytes.Repeat([]byte(" and more of the letter that goes on."), 60)...)
	r := &classifier.Request{Method: "POST", Target: "/letters", Headers: []classifier.Header{{Name: "Content-Type", Value: "text/plain"}}, Body: body}
	n := e.FeatureSize()
	all, err := x.Request(context.Background(), r, 1000)
	if err != nil {
		t.Fatal(err)
	}
	two, err := x.Request(context.Background(), r, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 8*n || len(two) != 2*n || pauses < len(all)/n/4 {
		t.Fatalf("%d and %d windows, %d pauses", len(all)/n, len(two)/n, pauses)
	}
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Classify(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	at := func(w []float32) int {
		for i := 0; i+n <= len(all); i += n {
			if slices.Equal(all[i:i+n], w) {
				return i / n
			}
		}
		return -1
	}
	a, b := at(two[:n]), at(two[n:])
	if a < 0 || b <= a || a != res.Window && b != res.Window {
		t.Errorf("windows %d and %d are kept, the highest is %d", a, b, res.Window)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Request(ctx, r, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, expected that of the context", err)
	}
	other := *m
	other.Manifest.Tokenizer.Version++
	if _, err := features.New(&other, e, classifier.Limits{}); !errors.Is(err, classifier.ErrTokenizer) {
		t.Errorf("error is %v, expected ErrTokenizer", err)
	}
}
