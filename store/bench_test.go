//go:build unix

package store_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/limen-waf/limen/store"
)

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRecord writes as fast as the disk takes rows: when the queue is full it
// waits and tries again.
func BenchmarkRecord(b *testing.B) {
	for _, with := range []struct {
		name   string
		source *store.Request
	}{{"row", nil}, {"row+request", sampleRequest}} {
		b.Run(with.name, func(b *testing.B) {
			s := open(b, store.Options{})
			var n atomic.Int64
			var bytes int64
			b.ReportAllocs()
			cpu := cpuTime()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				verdicts := make([]*store.Verdict, 1000)
				for i := range verdicts {
					verdicts[i] = typical(i)
					verdicts[i].Source = with.source
				}
				for pb.Next() {
					v := *verdicts[n.Add(1)%1000]
					for !s.Record(&v) {
						time.Sleep(time.Millisecond)
					}
				}
			})
			if err := s.Flush(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			used := cpuTime() - cpu
			bytes = s.Stats().Bytes
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/1000, "cpu-µs/row")
			b.ReportMetric(float64(bytes)/float64(b.N), "B/row")
		})
	}
}

// BenchmarkRecordPaced writes 10,000 rows a second, the load of a busy proxy.
func BenchmarkRecordPaced(b *testing.B) {
	for _, with := range []struct {
		name   string
		source *store.Request
	}{{"row", nil}, {"row+request", sampleRequest}} {
		b.Run(with.name, func(b *testing.B) {
			s := open(b, store.Options{})
			verdicts := make([]*store.Verdict, 1000)
			for i := range verdicts {
				verdicts[i] = typical(i)
				if with.source != nil {
					source := *with.source
					source.Target += "&page=" + strconv.Itoa(i)
					verdicts[i].Source, verdicts[i].Path, verdicts[i].RequestDigest = &source, source.Target, ""
				}
			}
			b.ReportAllocs()
			cpu := cpuTime()
			b.ResetTimer()
			begin := time.Now()
			for i := range b.N {
				v := *verdicts[i%1000]
				if !s.Record(&v) {
					b.Fatal("queue full")
				}
				if i%100 == 99 {
					time.Sleep(time.Until(begin.Add(time.Duration(i) * 100 * time.Microsecond)))
				}
			}
			if err := s.Flush(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N)/1000, "cpu-µs/row")
			b.ReportMetric(float64(b.N)/float64(s.Stats().Commits), "rows/commit")
		})
	}
}

// BenchmarkRecordCaller is the cost on the request path alone: the queue is full
// but for a row or two, so that nothing is written while it is measured.
func BenchmarkRecordCaller(b *testing.B) {
	for _, with := range []struct {
		name   string
		source *store.Request
	}{{"row", nil}, {"row+request", sampleRequest}} {
		b.Run(with.name, func(b *testing.B) {
			s := open(b, store.Options{QueueRows: 1, CommitEvery: time.Hour})
			v := *typical(1)
			v.Source = with.source
			v.ID = s.NewID()
			b.ReportAllocs()
			cpu := cpuTime()
			for range b.N {
				s.Record(&v)
			}
			b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N)/1000, "cpu-µs/row")
		})
	}
}

// filled returns a store of LIMEN_BENCH_ROWS rows, kept in LIMEN_BENCH_DIR when that
// is set.
func filled(b *testing.B) (*store.Store, int) {
	rows, _ := strconv.Atoi(os.Getenv("LIMEN_BENCH_ROWS"))
	if rows == 0 {
		rows = 100_000
	}
	dir := os.Getenv("LIMEN_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	dir = filepath.Join(dir, strconv.Itoa(rows))
	_, err := os.Stat(dir)
	s := open(b, store.Options{Dir: dir})
	if err == nil {
		return s, rows
	}
	for i := range rows {
		v := typical(i)
		switch { // some rare values
		case i%(rows/5+1) == 7:
			v.ClientIP, v.Host, v.Score = "192.0.2.1", "rare.example.com", 0.5
		case i%(rows/5+1) == 8:
			v.Decision, v.Class = store.Tag, "xxe"
		}
		for !s.Record(v) {
			time.Sleep(time.Millisecond)
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	return s, rows
}

func BenchmarkQueryFirstPage(b *testing.B) {
	s, _ := filled(b)
	for _, q := range []struct {
		name string
		q    store.Query
	}{
		{"all", store.Query{}},
		{"oldest", store.Query{Order: store.Oldest}},
		{"block", store.Query{Decision: store.Block}},
		{"block-sqli", store.Query{Decision: store.Block, Class: "sqli"}},
		{"class-rare", store.Query{Class: "xxe"}},
		{"host", store.Query{Host: "www3.example.com"}},
		{"host-rare", store.Query{Host: "rare.example.com"}},
		{"host-absent", store.Query{Host: "absent.example.com"}},
		{"host-class-absent", store.Query{Host: "www3.example.com", Class: "shellshock"}},
		{"client", store.Query{ClientIP: "10.5.7.9"}},
		{"client-rare", store.Query{ClientIP: "192.0.2.1"}},
		{"client-absent", store.Query{ClientIP: "203.0.113.9"}},
		{"score", store.Query{MinScore: 0.4, MaxScore: 0.6}},
		{"score-high", store.Query{MinScore: 0.9}},
		{"model", store.Query{Model: modelDigest}},
		{"model-absent", store.Query{Model: policyDigest}},
		{"path", store.Query{Path: "/shop/product/77?"}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for range b.N {
				p, err := s.Verdicts(context.Background(), q.q)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(p.Verdicts)), "rows")
			}
		})
	}
}

func BenchmarkVerdict(b *testing.B) {
	s, _ := filled(b)
	p, err := s.Verdicts(context.Background(), store.Query{Limit: 10000})
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		v := p.Verdicts[rand.IntN(len(p.Verdicts))]
		if _, err := s.Verdict(context.Background(), v.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRow(b *testing.B) {
	v := typical(1)
	var row []byte
	b.ReportAllocs()
	for range b.N {
		row = store.AppendRow(row[:0], v)
	}
	b.ReportMetric(float64(len(row)), "B/row")
}

func BenchmarkDecodeRow(b *testing.B) {
	v := typical(1)
	row := store.AppendRow(nil, v)
	b.ReportAllocs()
	for range b.N {
		if _, err := store.DecodeRow(v.ID, row); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	var dst []byte
	b.ReportAllocs()
	for range b.N {
		dst = store.AppendRequest(dst[:0], sampleRequest)
	}
	b.ReportMetric(float64(len(dst)), "B")
}
