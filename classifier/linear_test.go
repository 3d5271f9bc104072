//go:build unix

package classifier_test

import (
	"syscall"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// Ensure that no request takes more than linear work: one of 64 KiB must not
// take eight times the CPU time of 64 of 1 KiB. Quadratic work takes 64 times as
// much. CPU time, unlike the clock, does not depend on what else runs.
func TestLinearWork(t *testing.T) {
	const times = 64
	small, large := hostileRequests(1<<10), hostileRequests(times<<10)
	tok := classifier.NewTokenizer(classifier.Limits{})
	for i := range small {
		more := func() bool {
			a := cpu(t, func() {
				for range times {
					tok.Tokenize(small[i])
				}
			})
			b := cpu(t, func() { tok.Tokenize(large[i]) })
			return b > 8*a+20_000
		}
		tries := 0 // the first may grow the buffers, or collect garbage
		for tries < 3 && more() {
			tries++
		}
		if tries == 3 {
			t.Errorf("more than linear: %.20q %.40q %.60q", large[i].Target, large[i].Body, large[i].Headers)
		}
	}
}

// cpu returns the microseconds of CPU time that f takes.
func cpu(t *testing.T, f func()) int64 {
	t.Helper()
	used := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Skip("no CPU times: ", err)
		}
		return int64(u.Utime.Sec+u.Stime.Sec)*1_000_000 + int64(u.Utime.Usec+u.Stime.Usec)
	}
	before := used()
	f()
	return used() - before
}
