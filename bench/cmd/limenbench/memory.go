//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/proc"
	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/bench/site"
)

// memoryRow is the memory of one contestant over many requests, from a fresh
// process.
type memoryRow struct {
	Name     string         `json:"name"`
	Requests int            `json:"requests"`
	Samples  []memorySample `json:"samples"`
	Peak     int64          `json:"peak"`
	// Growth is the bytes that the least-squares line through RSS rises over the
	// second half of the requests; Anonymous is the same without mapped files.
	Growth    float64 `json:"growth"`
	Anonymous float64 `json:"growth_anonymous"`
	// Disk is the size of the contestant's files in the end.
	Disk int64 `json:"disk"`
	// Facts are what the contestant says of itself in the end.
	Facts *site.Facts `json:"facts,omitempty"`
}

// memorySample is the memory after a number of requests.
type memorySample struct {
	Requests int `json:"requests"`
	proc.Memory
}

// measureMemory drives a fresh process of every contestant but the baseline and
// samples its memory.
func (r *proxyReport) measureMemory(ctx context.Context, st *stage, f *proxyFlags, requests *samples) error {
	all := append([]*site.Caddy(nil), st.caddies...)
	if len(all) > 1 {
		all = all[1:]
	}
	for _, old := range all {
		caddy, err := st.restart(ctx, old)
		if err != nil {
			return err
		}
		st.say("%s: memory over %d requests", caddy.Contestant.Name, f.memoryRequests)
		row := &memoryRow{Name: caddy.Contestant.Name, Requests: f.memoryRequests}
		if err := row.measure(ctx, st, caddy, f, requests); err != nil {
			return err
		}
		r.Memory = append(r.Memory, row)
	}
	return nil
}

func (row *memoryRow) measure(ctx context.Context, st *stage, caddy *site.Caddy, f *proxyFlags, requests *samples) error {
	var finished atomic.Int64
	var failure error
	sample := func() {
		memory, err := proc.ReadMemory(caddy.PID())
		if err != nil {
			failure = err
			return
		}
		row.Samples = append(row.Samples, memorySample{int(finished.Load()), memory})
	}
	sample()
	stop := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		for ticker := time.Tick(f.memorySample); ; {
			select {
			case <-ticker:
				sample()
			case <-stop:
				return
			}
		}
	})
	_, err := st.measure(ctx, caddy, requests.messages, load.Options{
		Connections: f.connections, Count: f.memoryRequests,
		Progress: func(n int) { finished.Store(int64(n)) },
	})
	close(stop)
	sampling.Wait()
	if err != nil {
		return err
	}
	finished.Store(int64(f.memoryRequests))
	sample()
	row.summarize()
	if caddy.Contestant.Limen() {
		if row.Facts, err = caddy.Facts(ctx); err != nil {
			return err
		}
	}
	if row.Disk, err = size(caddy.Folder()); err != nil {
		return err
	}
	return failure
}

// size returns the bytes that the files in the folder take on disk.
func size(folder string) (total int64, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			total += stat.Blocks * 512
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measuring %s: %w", folder, err)
	}
	return total, nil
}

func (row *memoryRow) summarize() {
	var x, rss, anonymous []float64
	for _, s := range row.Samples {
		row.Peak = max(row.Peak, s.Peak)
		if 2*s.Requests >= row.Requests {
			x = append(x, float64(s.Requests))
			rss = append(rss, float64(s.RSS))
			anonymous = append(anonymous, float64(s.Anon))
		}
	}
	half := float64(row.Requests) / 2
	row.Growth, row.Anonymous = report.Slope(x, rss)*half, report.Slope(x, anonymous)*half
}

func writeMemory(w io.Writer, rows []*memoryRow) {
	const steps = 8
	for _, row := range rows {
		table := report.Table{Titles: []string{"requests", "RSS MB", "own pages MB", "mapped files MB", "PSS MB"}}
		for step := 0; step <= steps; step++ {
			s := row.nearest(row.Requests * step / steps)
			table.Row(s.Requests, megabytes(s.RSS), megabytes(s.Anon), megabytes(s.File), megabytes(s.PSS))
		}
		facts := ""
		if row.Facts != nil {
			facts = fmt.Sprintf(" (%s)", row.Facts)
		}
		fmt.Fprintf(w, "Memory of a fresh %s over %d requests%s, %d samples: peak %s MB; trend over the second half %+.1f MB RSS, %+.1f MB own pages; %s MB on disk in the end (1 MB = 10⁶ bytes):\n\n%s\n",
			row.Name, row.Requests, facts, len(row.Samples), megabytes(row.Peak), row.Growth/1e6, row.Anonymous/1e6, megabytes(row.Disk), &table)
	}
}

// nearest returns the sample taken nearest to the given number of requests.
func (row *memoryRow) nearest(requests int) memorySample {
	best := row.Samples[0]
	for _, s := range row.Samples {
		if abs(s.Requests-requests) <= abs(best.Requests-requests) {
			best = s
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }
