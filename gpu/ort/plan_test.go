package ort

import (
	"math"
	"reflect"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// Ensure that windows are batched by length, within the limits.
func TestPlanBatches(t *testing.T) {
	tests := []struct {
		name    string
		most    int
		slack   int
		lengths []int
		want    []batch
	}{
		{"none", 8, 64, nil, nil},
		{"empty window", 8, 64, []int{0}, []batch{{0, 1, 8}}},
		{"exact", 8, 64, []int{16}, []batch{{0, 1, 16}}},
		{"one more", 8, 64, []int{17}, []batch{{0, 1, 24}}},
		{"alike", 8, 64, []int{30, 40, 33}, []batch{{0, 3, 40}}},
		{"far apart", 8, 64, []int{1000, 20, 1024, 30}, []batch{{0, 2, 32}, {2, 2, 1024}}},
		{"limit", 2, 64, []int{8, 8, 8, 8, 8}, []batch{{0, 2, 8}, {2, 2, 8}, {4, 1, 8}}},
		{"no slack", 8, 0, []int{8, 9, 7, 16}, []batch{{0, 2, 8}, {2, 2, 16}}},
		{"all together", 8, math.MaxInt, []int{8, 1024}, []batch{{0, 2, 1024}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := plan{step: 8, most: test.most, slack: test.slack}
			windows := make([]classifier.Window, len(test.lengths))
			for i, n := range test.lengths {
				windows[i] = make(classifier.Window, n)
			}
			// Twice, because a plan is reused.
			for range 2 {
				got := p.batches(windows)
				if len(got) != len(test.want) || len(got) > 0 && !reflect.DeepEqual(got, test.want) {
					t.Fatalf("got %v, expected %v", got, test.want)
				}
			}
			seen := map[int32]bool{}
			for _, i := range p.order {
				seen[i] = true
			}
			if len(seen) != len(windows) {
				t.Fatalf("order %v does not hold each of %d windows once", p.order, len(windows))
			}
		})
	}
}

// Ensure that rows are padded with Pad, whatever the memory held before.
func TestPlanFill(t *testing.T) {
	p := plan{step: 4, most: 8, slack: 64}
	windows := []classifier.Window{{1, 2, 3, 4, 5}, {7}}
	b := p.batches(windows)
	if !reflect.DeepEqual(b, []batch{{0, 2, 8}}) {
		t.Fatalf("got %v", b)
	}
	tokens := make([]int64, 16)
	for i := range tokens {
		tokens[i] = 99
	}
	p.fill(tokens, windows, b[0])
	// The shorter window comes first.
	want := []int64{7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0}
	if !reflect.DeepEqual(tokens, want) {
		t.Fatalf("got %v, expected %v", tokens, want)
	}
}
