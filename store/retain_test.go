package store_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/limen-waf/limen/store"
)

// Ensure that limits that change while the store is open take effect, and that ones that
// make no sense are refused.
func TestSetLimits(t *testing.T) {
	clock := newClock()
	s := open(t, store.Options{Dir: t.TempDir(), Clock: clock.now})
	for range 6 {
		for i := range 4000 {
			record(t, s, typical(i))
		}
		flush(t, s)
		clock.add(time.Hour)
	}
	s.Sweep()
	if got := len(s.SegmentNames()); got != 6 {
		t.Fatalf("%d segments before", got)
	}
	if err := s.SetLimits(3*time.Hour, 0); err != nil {
		t.Fatal(err)
	}
	s.Sweep()
	if got := len(s.SegmentNames()); got != 3 {
		t.Errorf("%d segments of the last three hours", got)
	}
	if err := s.SetLimits(0, 8<<20); err != nil {
		t.Fatal(err)
	}
	for i := range 60000 {
		record(t, s, typical(i))
		if i%2000 == 0 {
			flush(t, s)
			clock.add(10 * time.Second)
			s.Sweep()
		}
	}
	flush(t, s)
	s.Sweep()
	if got := s.Stats().Bytes; got > 8<<20 {
		t.Errorf("%d bytes", got)
	}
	if err := s.SetLimits(-1, 0); err == nil {
		t.Error("a negative time is taken")
	}
	if err := s.SetLimits(0, 1000); err == nil {
		t.Error("a size below the least is taken")
	}
}

// Ensure that at 1,000 rows a second, through a clock that runs ahead, the size stays
// within max_size and commits take no longer in the end than in the beginning.
// LIMEN_SIMULATE is the time to simulate, such as 24h; LIMEN_SIMULATE_OUT a file for the
// figures by hour.
func TestSimulatedDay(t *testing.T) {
	length, limit := 90*time.Second, int64(16<<20)
	if d, err := time.ParseDuration(os.Getenv("LIMEN_SIMULATE")); err == nil {
		length, limit = d, 1<<30
	} else if testing.Short() {
		length = 45 * time.Second
	}
	const rate, tick = 1000, 50 * time.Millisecond
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now, MaxSize: limit, CommitEvery: time.Millisecond}
	s := open(t, o)
	verdicts := make([]*store.Verdict, 10000)
	for i := range verdicts {
		verdicts[i] = typical(i)
	}
	var out *os.File
	if name := os.Getenv("LIMEN_SIMULATE_OUT"); name != "" {
		var err error
		if out, err = os.Create(name); err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		fmt.Fprintln(out, "part,rows,bytes,segments,commit_p50_us,commit_p99_us,commit_max_us")
	}
	const parts = 24
	ticks := int(length / tick)
	var p99s []time.Duration
	var took []time.Duration
	var most int64
	n, part := 0, 1
	for i := range ticks {
		for range rate * int(tick) / int(time.Second) {
			v := *verdicts[n%len(verdicts)]
			record(t, s, &v)
			n++
		}
		flush(t, s)
		took = append(took, time.Duration(s.Stats().CommitMicros)*time.Microsecond)
		clock.add(tick)
		if i%100 == 99 { // five seconds; a server looks four times a minute
			s.Sweep()
		}
		if size := s.Stats().Bytes; size > most {
			most = size
		}
		if i+1 == part*ticks/parts {
			slices.Sort(took)
			p99 := took[len(took)*99/100]
			p99s = append(p99s, p99)
			st := s.Stats()
			if out != nil {
				fmt.Fprintln(out, strconv.Itoa(part)+","+strconv.Itoa(n)+","+strconv.FormatInt(st.Bytes, 10)+","+strconv.Itoa(st.Segments)+","+
					fmt.Sprint(took[len(took)/2].Microseconds(), ",", p99.Microseconds(), ",", took[len(took)-1].Microseconds()))
			}
			took = took[:0]
			part++
		}
	}
	if most > limit {
		t.Errorf("%d bytes at most, the limit is %d", most, limit)
	}
	if st := s.Stats(); st.Dropped > 0 || st.Errors > 0 || int(st.Written) != n {
		t.Errorf("%d rows: %+v", n, st)
	}
	// The first part has the small files.
	early, late := slices.Sorted(slices.Values(p99s[1 : parts/2]))[parts/4], slices.Sorted(slices.Values(p99s[parts/2:]))[parts/4]
	t.Logf("%s simulated, %d rows: %d bytes at most of %d; commit p99 %s in the first half, %s in the second", length, n, most, limit, early, late)
	if os.Getenv("LIMEN_SIMULATE") != "" && late > 2*early+time.Millisecond {
		t.Errorf("commits become slower: p99 %s in the first half, %s in the second", early, late)
	}
	if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 {
		t.Error(problems(r))
	}
}
