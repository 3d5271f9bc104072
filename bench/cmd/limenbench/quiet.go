//go:build linux

package main

import (
	"context"
	"time"

	"github.com/limen-waf/limen/bench/proc"
)

// quiet adds up what others used of the machine during measurements.
type quiet struct {
	elapsed, others, steal time.Duration
}

// moment is the machine's state when a measurement began.
type moment struct {
	at          time.Time
	busy, steal time.Duration
}

func (q *quiet) begin() (moment, error) {
	busy, steal, err := proc.Busy()
	return moment{time.Now(), busy, steal}, err
}

// end returns the mean number of cores that others used since from.
func (q *quiet) end(from moment, ours time.Duration) (float64, error) {
	busy, steal, err := proc.Busy()
	elapsed, others := time.Since(from.at), max(0, busy-from.busy-ours)
	q.elapsed += elapsed
	q.others += others
	q.steal += steal - from.steal
	return others.Seconds() / elapsed.Seconds(), err
}

// wait returns when others have used at most most cores for two seconds, or
// when the patience is over.
func (st *stage) wait(ctx context.Context, patience time.Duration, most float64) error {
	for begin := time.Now(); time.Since(begin) < patience; {
		var look quiet
		from, err := look.begin()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
		others, err := look.end(from, 0)
		if err != nil || others <= most {
			return err
		}
	}
	return nil
}

// calm returns the rounds in which others used at most most cores while any of
// the contestants was measured, or all rounds if there is none.
func calm(contestants [][]*used, most float64) (kept [][]*used) {
	kept = make([][]*used, len(contestants))
	for round := range contestants[0] {
		others := 0.0
		for _, rounds := range contestants {
			others = max(others, rounds[round].others)
		}
		if others > most {
			continue
		}
		for i, rounds := range contestants {
			kept[i] = append(kept[i], rounds[round])
		}
	}
	if len(kept[0]) == 0 {
		return contestants
	}
	return kept
}

// cores returns the mean number of cores that others used, and that the
// hypervisor took.
func (q *quiet) cores() (others, steal float64) {
	if q.elapsed == 0 {
		return 0, 0
	}
	return q.others.Seconds() / q.elapsed.Seconds(), q.steal.Seconds() / q.elapsed.Seconds()
}
