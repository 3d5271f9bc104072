package storebench

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Ensure that a filled folder answers every query with as many rows as its name says.
func TestFillAndMeasure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "limen")
	const rows, span = 5000, 3 * time.Hour
	last, begin := -1, time.Now()
	filled, err := Fill(context.Background(), dir, rows, span, 1, func(n int) { last = n })
	if err != nil {
		t.Fatal(err)
	}
	if filled.Rows != rows || filled.Segments != 3 || filled.Bytes < 100*rows || filled.PerSecond() <= 0 || last < 0 {
		t.Errorf("%+v, progress %d", filled, last)
	}
	timings, err := Measure(context.Background(), dir, Plan{Span: span, Rounds: 1, Cold: true}, func(*Timing) {})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, q := range timings {
		seen[q.Name] = true
		switch {
		case strings.Contains(q.Name, "rare"):
			if q.Rows != 1 {
				t.Errorf("%s, %s first: %d rows, want 1", q.Name, q.Order, q.Rows)
			}
		case strings.Contains(q.Name, "absent"):
			if q.Rows != 0 {
				t.Errorf("%s, %s first: %d rows, want none", q.Name, q.Order, q.Rows)
			}
		case strings.Contains(q.Name, "common"):
			if q.Rows == 0 {
				t.Errorf("%s, %s first: no rows", q.Name, q.Order)
			}
		}
		if q.First <= 0 || q.Warm.N != 1 {
			t.Errorf("%+v", q)
		}
	}
	if len(seen) != len(Cases(span))+2 || len(timings) != 2*len(Cases(span))+2 {
		t.Errorf("%d queries in %d orders", len(seen), len(timings))
	}
	if filled.Labels < 10 || filled.Labels > maxLabels+10 {
		t.Errorf("%d labels", filled.Labels)
	}
	only := Plan{Span: span, Rounds: 2, Only: regexp.MustCompile("^label"), Server: true, CPU: func() (time.Duration, error) { return time.Since(begin), nil }}
	if timings, err = Measure(context.Background(), dir, only, func(*Timing) {}); err != nil {
		t.Fatal(err)
	}
	for _, q := range timings {
		if !strings.HasPrefix(q.Name, "label") || q.CPU <= 0 || q.Warm.N != 2 {
			t.Errorf("%+v", q)
		}
	}
	if len(timings) != 10 {
		t.Errorf("%d queries by label", len(timings))
	}
	if _, err := Fill(context.Background(), dir, rows, span, 1, func(int) {}); err == nil || !strings.Contains(err.Error(), "give an empty one") {
		t.Errorf("a second filling: %v", err)
	}
}

// Ensure that a filling ends with its context.
func TestFillEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fill(ctx, t.TempDir(), 100, time.Hour, 1, func(int) {}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
