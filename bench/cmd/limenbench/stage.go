//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
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

// setting says where, when and of what numbers were taken.
type setting struct {
	Machine proc.Machine `json:"machine"`
	Date    time.Time    `json:"date"`
	Commit  string       `json:"commit"`
	Caddy   string       `json:"caddy"`
	Command string       `json:"command"`
	// OthersCores and StealCores are the mean cores that other processes used,
	// and that the hypervisor withheld, during measurements.
	OthersCores float64 `json:"others_cores"`
	StealCores  float64 `json:"steal_cores"`
	// Limen is what each contestant with Limen says of itself at the end.
	Limen map[string]*site.Facts `json:"limen,omitempty"`
}

// ask notes what the contestant says of itself, if it has Limen.
func (s *setting) ask(ctx context.Context, st *stage, caddy *site.Caddy) {
	if !caddy.Contestant.Limen() {
		return
	}
	facts, err := caddy.Facts(ctx)
	if err != nil {
		st.say("%v", err)
		return
	}
	if s.Limen == nil {
		s.Limen = map[string]*site.Facts{}
	}
	s.Limen[caddy.Contestant.Name] = facts
}

// newSetting must be called before the measurements, for the machine's load.
func newSetting(name string, arguments []string, binary string) setting {
	s := setting{Machine: proc.ReadMachine(), Date: time.Now().UTC().Truncate(time.Second)}
	s.Commit = output("git", "rev-parse", "--short=12", "HEAD")
	if s.Commit == "" {
		s.Commit = "unknown"
	} else if output("git", "status", "--porcelain") != "" {
		s.Commit += " and uncommitted changes"
	}
	s.Caddy, _, _ = strings.Cut(output(binary, "version"), " ")
	words := []string{"go run ./cmd/limenbench", name}
	for _, argument := range arguments {
		if strings.ContainsAny(argument, " \t'\"$*?;&|<>(){}") {
			argument = "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
		}
		words = append(words, argument)
	}
	s.Command = strings.Join(words, " ")
	return s
}

// output returns what a command prints, "" if it fails.
func output(name string, arguments ...string) string {
	out, err := exec.Command(name, arguments...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// String returns the setting as a Markdown list.
func (s *setting) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- machine: %s, %d cores, %.0f GiB, Linux %s, %s; load average before the run %.2f, other processes used %.2f cores and the hypervisor withheld %.2f during it\n",
		s.Machine.CPU, s.Machine.Cores, float64(s.Machine.Memory)/(1<<30), s.Machine.Kernel, s.Machine.Arch, s.Machine.Load, s.OthersCores, s.StealCores)
	fmt.Fprintf(&b, "- date: %s, commit %s, Caddy %s, benchmark built with %s\n", s.Date.Format("2006-01-02 15:04 MST"), s.Commit, s.Caddy, s.Machine.Go)
	fmt.Fprintf(&b, "- command, in bench/: `%s`\n", s.Command)
	for _, name := range slices.Sorted(maps.Keys(s.Limen)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, s.Limen[name])
	}
	return b.String()
}
