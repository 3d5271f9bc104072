package session

import (
	"testing"
	"time"
)

// Ensure that the size of batches with the least cost a row is found and kept, whatever
// it is, and found again when the costs change.
func TestPace(t *testing.T) {
	costs := map[string]func(rows int64) time.Duration{
		"larger is cheaper":  func(n int64) time.Duration { return time.Millisecond + time.Duration(n)*10*time.Microsecond },
		"smaller is cheaper": func(n int64) time.Duration { return time.Duration(n*n) * 10 * time.Microsecond },
		"four is cheapest":   func(n int64) time.Duration { return 160*time.Microsecond + time.Duration(n*n)*10*time.Microsecond },
	}
	want := map[string]int64{"larger is cheaper": 16, "smaller is cheaper": 1, "four is cheapest": 4}
	var p pace
	for _, name := range []string{"larger is cheaper", "smaller is cheaper", "four is cheapest", "larger is cheaper"} {
		counts := map[int64]int{}
		const rounds = 4000
		for i := range rounds {
			n := p.pick(16)
			took := costs[name](n)
			if i%3 == 0 { // another process had the CPU
				took *= 4
			}
			p.note(n, int(n), took)
			if i >= rounds/2 {
				counts[n]++
			}
		}
		if got := counts[want[name]]; got < rounds/2*9/10 {
			t.Errorf("%s: %d of %d batches had %d rows: %v", name, got, rounds/2, want[name], counts)
		}
	}
}

// Ensure that no more is taken than waits, and everything when that is as good.
func TestPaceTakes(t *testing.T) {
	var p pace
	for range 1000 {
		for _, waiting := range []int64{0, 1, 2, 3, 7, 16, 100} {
			n := p.pick(waiting)
			if n > waiting || n < min(1, waiting) {
				t.Fatalf("took %d of %d", n, waiting)
			}
			p.note(n, int(n), time.Duration(n)*time.Millisecond)
		}
	}
	if n := p.pick(13); n != 13 && p.picks%paceTry != 0 {
		t.Errorf("took %d of 13 at equal cost", n)
	}
}
