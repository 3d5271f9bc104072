//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/proc"
	"github.com/limen-waf/limen/bench/site"
)

// stage holds the servers of a measurement and their files.
type stage struct {
	folder   string
	upstream *site.Upstream
	caddies  []*site.Caddy
	log      io.Writer
	began    time.Time
	quiet    quiet
}

// newStage starts the upstream. Close must be called, whatever happens after.
func newStage(s *settings, log io.Writer) (*stage, error) {
	folder, err := os.MkdirTemp(s.folder, "limenbench-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	st := &stage{folder: folder, log: log, began: time.Now()}
	if st.upstream, err = site.StartUpstream(s.response); err != nil {
		st.close()
		return nil, err
	}
	return st, nil
}

// start runs a contestant.
func (st *stage) start(ctx context.Context, c *site.Contestant) (*site.Caddy, error) {
	caddy, err := site.StartCaddy(ctx, c, st.folder, st.upstream.Address)
	if err != nil {
		return nil, err
	}
	st.caddies = append(st.caddies, caddy)
	return caddy, nil
}

// startAll runs the contestants, all at once.
func (st *stage) startAll(ctx context.Context, contestants []*site.Contestant) error {
	for _, c := range contestants {
		st.say("starting %s", c.Name)
		if _, err := st.start(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// restart gives back the contestant with a new process and empty folders.
func (st *stage) restart(ctx context.Context, old *site.Caddy) (*site.Caddy, error) {
	old.Stop()
	for i, caddy := range st.caddies {
		if caddy == old {
			st.caddies = append(st.caddies[:i], st.caddies[i+1:]...)
			break
		}
	}
	if err := os.RemoveAll(old.Folder()); err != nil {
		return nil, fmt.Errorf("emptying the folder of %s: %w", old.Contestant.Name, err)
	}
	return st.start(ctx, old.Contestant)
}

// close stops everything and removes the files.
func (st *stage) close() {
	for _, caddy := range st.caddies {
		caddy.Stop()
	}
	if st.upstream != nil {
		st.upstream.Stop()
	}
	if err := os.RemoveAll(st.folder); err != nil {
		fmt.Fprintln(st.log, "limenbench:", err)
	}
}

func (st *stage) say(format string, arguments ...any) {
	fmt.Fprintf(st.log, "[%3.0fs] %s\n", time.Since(st.began).Seconds(), fmt.Sprintf(format, arguments...))
}

// used is what one run cost.
type used struct {
	server, upstream, generator proc.CPU
	result                      *load.Result
	// others is the mean number of cores that other processes used meanwhile.
	others float64
}

// settle is the time that a server gets to finish what a run left behind (its
// batched writes, its garbage); the cost of that belongs to the run.
const settle = 300 * time.Millisecond

// measure runs the load against the server and reads what everybody used.
func (st *stage) measure(ctx context.Context, server *site.Caddy, messages []load.Message, o load.Options) (*used, error) {
	var before, after [3]proc.CPU
	pids := [3]int{server.PID(), st.upstream.PID(), os.Getpid()}
	read := func(into *[3]proc.CPU) (err error) {
		for i, pid := range pids {
			if into[i], err = proc.ReadCPU(pid); err != nil {
				return err
			}
		}
		return nil
	}
	busy, err := st.quiet.begin()
	if err != nil {
		return nil, err
	}
	if err := read(&before); err != nil {
		return nil, err
	}
	o.Address = server.Address
	result, err := load.Run(ctx, messages, o)
	if err != nil {
		if server.Exited() {
			return nil, fmt.Errorf("%s ended during the run; its last lines:\n%s", server.Contestant.Name, server.Output())
		}
		return nil, fmt.Errorf("driving %s: %w", server.Contestant.Name, err)
	}
	time.Sleep(settle)
	if err := read(&after); err != nil {
		return nil, fmt.Errorf("%s did not survive the run: %w; its last lines:\n%s", server.Contestant.Name, err, server.Output())
	}
	u := &used{server: after[0].Sub(before[0]), upstream: after[1].Sub(before[1]), generator: after[2].Sub(before[2]), result: result}
	u.others, err = st.quiet.end(busy, u.server.Total+u.upstream.Total+u.generator.Total)
	return u, err
}
