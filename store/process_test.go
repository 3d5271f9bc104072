//go:build unix

package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/store"
)

// TestHelperProcess is no test: it is what the tests below run in another process.
func TestHelperProcess(t *testing.T) {
	dir := os.Getenv("LIMEN_STORE_HELPER")
	if dir == "" {
		t.Skip("only run by other tests")
	}
	switch os.Getenv("LIMEN_STORE_TASK") {
	case "hold":
		s, err := store.Open(store.Options{Dir: dir})
		fmt.Println("opened", err)
		if err == nil {
			_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
			_ = s.Close()
		}
	case "write":
		writeUntilKilled(dir)
	case "full":
		writeToFullDisk(dir)
	case "readonly":
		onReadOnlyDisk(dir)
	}
	os.Exit(0)
}

func helper(t *testing.T, task, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperProcess$")
	cmd.Env = append(os.Environ(), "LIMEN_STORE_HELPER="+dir, "LIMEN_STORE_TASK="+task)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeUntilKilled writes from several goroutines and prints the ID of each row when
// it is on disk.
func writeUntilKilled(dir string) {
	o := store.Options{Dir: dir, CommitEvery: 5 * time.Millisecond, Span: time.Minute, SegmentBytes: 512 << 10}
	store.SetZoneRows(&o, 32)
	begin := time.Now()
	s, err := store.Open(o)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("start", time.Since(begin).Microseconds())
	var mu sync.Mutex
	for range 4 {
		go func() {
			for i := 0; ; i++ {
				v := typical(i)
				s.Count(v)
				if err := s.RecordSync(ctx, v); err != nil {
					fmt.Println("error", err)
					return
				}
				mu.Lock()
				fmt.Println("row", v.ID)
				mu.Unlock()
			}
		}()
	}
	for i := 0; ; i++ {
		s.Record(typical(i))
		if i%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// Ensure that no acknowledged row is lost when the process is killed at any moment,
// that the files open again, soon, and that what is in them is whole.
func TestKilled(t *testing.T) {
	rounds := 8
	if n, err := strconv.Atoi(os.Getenv("LIMEN_KILLS")); err == nil {
		rounds = n
	} else if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	var acknowledged []string
	for round := range rounds {
		cmd := helper(t, "write", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Every third is killed around its start, the others in the middle of writing.
		kill := sync.OnceFunc(func() {
			time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		})
		rows := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			kind, value, _ := strings.Cut(lines.Text(), " ")
			switch kind {
			case "start":
				if round%3 == 0 {
					kill()
				}
				// A busy machine says nothing of it: it fails only where it is measured.
				if us, _ := strconv.Atoi(value); us > 1_000_000 && os.Getenv("LIMEN_KILLS") != "" {
					t.Errorf("round %d: start-up took %d µs", round, us)
				}
			case "row":
				if len(value) == 26 {
					acknowledged = append(acknowledged, value)
				}
				if rows++; rows == 20 {
					kill()
				}
			case "error":
				t.Error(value)
				kill()
			}
		}
		_ = cmd.Wait()

		begin := time.Now()
		s, err := store.Open(store.Options{Dir: dir, ReadOnly: round%2 == 0, Logger: zerolog.Nop()})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		took := time.Since(begin)
		have := map[string]bool{}
		recorded := 0
		q := store.Query{Limit: 1000}
		for {
			p, err := s.Verdicts(ctx, q)
			if err != nil || p.Unreadable > 0 || p.Skipped != nil {
				t.Fatalf("round %d: %v %+v", round, err, p)
			}
			for _, v := range p.Verdicts {
				have[v.ID.String()] = true
				if v.Decision == store.Block {
					recorded++
				}
			}
			if q.After = p.Next; q.After == "" {
				break
			}
		}
		for _, id := range acknowledged {
			if !have[id] {
				t.Fatalf("round %d: row %s was acknowledged and is lost (%d of %d)", round, id, len(have), len(acknowledged))
			}
		}
		if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 {
			t.Errorf("round %d: verify:%s", round, problems(r))
		}
		blocked := 0
		if err := s.Each(ctx, store.Query{Decision: store.Block}, func(*store.Verdict) error { blocked++; return nil }); err != nil {
			t.Fatal(err)
		}
		if blocked != recorded {
			t.Errorf("round %d: %d blocked rows by zones, %d in all", round, blocked, recorded)
		}
		counted := uint64(0)
		for _, c := range s.Stats().Decisions {
			counted += c.Count
		}
		if counted < uint64(len(acknowledged)) {
			t.Errorf("round %d: %d decisions counted, %d acknowledged", round, counted, len(acknowledged))
		}
		t.Logf("round %d: %d rows, %d acknowledged, opened in %s, %d segments", round, len(have), len(acknowledged), took, s.Stats().Segments)
		_ = s.Close()
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
}

// Ensure that a second process gets one clear error that names who has the folder, and
// gets the folder when that one ends.
func TestLockedByProcess(t *testing.T) {
	dir := t.TempDir()
	cmd := helper(t, "hold", dir)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "opened <nil>\n" {
		t.Fatal(line, err)
	}
	for _, readOnly := range []bool{false, true} {
		begin := time.Now()
		_, err := store.Open(store.Options{Dir: dir, ReadOnly: readOnly})
		if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), filepath.Join(dir, "limen.db")) {
			t.Errorf("%v", err)
		}
		if _, statErr := os.Stat("/proc/locks"); statErr == nil && err != nil && !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)) {
			t.Logf("%v does not name process %d", err, cmd.Process.Pid) // a container may hide it
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	}
	_, _ = in.Write([]byte("\n"))
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	open(t, store.Options{Dir: dir})
}

// writeToFullDisk writes until files may not grow any more, then lets them.
func writeToFullDisk(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(n uint64) {
		var r syscall.Rlimit
		_ = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &r)
		r.Cur = min(n, r.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &r); err != nil {
			fmt.Println("error", err)
		}
	}
	var log logBuffer
	s, err := store.Open(store.Options{Dir: dir, CommitEvery: time.Millisecond, QueueRows: 4000, Logger: zerolog.New(&log)})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	limit(4 << 20)
	begin := time.Now()
	for i := range 20000 {
		s.Record(typical(i))
		if i%500 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	err = s.RecordSync(ctx, &store.Verdict{Decision: store.Block})
	full := s.Stats()
	before := 0
	_ = s.Each(ctx, store.Query{}, func(*store.Verdict) error { before++; return nil })
	lines := strings.Count(log.String(), "writing verdicts failed")
	// Once in ten seconds: a busy machine may take longer than that.
	fmt.Printf("full errors=%t dropped=%t failed=%t readable=%t logged=%t\n", full.Errors > 0, full.Dropped > 0, err != nil, before > 0,
		lines > 0 && lines <= 1+int(time.Since(begin)/(10*time.Second)))
	limit(1 << 40)
	for range 100 {
		if s.Flush(ctx) == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	st := s.Stats()
	after := 0
	_ = s.Each(ctx, store.Query{}, func(*store.Verdict) error { after++; return nil })
	fmt.Printf("room queued=%d all=%t broken=%d close=%v\n", st.Queued, after == int(st.Written) && after > before, st.Broken, s.Close())
}

// Ensure that a full disk stops neither serving nor reading, is counted, is logged
// once, and that what is queued is written when there is room again.
func TestDiskFull(t *testing.T) {
	out, err := helper(t, "full", t.TempDir()).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "full errors=true dropped=true failed=true readable=true logged=true\nroom queued=0 all=true broken=0 close=<nil>\n"
	if string(out) != want {
		t.Errorf("got %swant %s", out, want)
	}
}

// Ensure that a file cut short while it is mapped does not end the process.
func TestCutWhileOpen(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now}
	s := open(t, o)
	for i := range 5000 {
		record(t, s, typical(i))
	}
	flush(t, s)
	clock.add(time.Hour)
	v := record(t, s, typical(1))
	flush(t, s)
	path := filepath.Join(o.Dir, "verdicts", s.SegmentNames()[0])
	if err := os.Truncate(path, 16384); err != nil {
		t.Fatal(err)
	}
	p, err := s.Verdicts(ctx, store.Query{Limit: 10000})
	if err != nil || len(p.Skipped) != 1 {
		t.Errorf("%v %+v", err, p.Skipped)
	}
	for range 300 {
		if s.Stats().Broken == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := os.Stat(path + ".broken"); err != nil {
		t.Error(err)
	}
	if _, err := s.Verdict(ctx, v.ID); err != nil {
		t.Error(err)
	}
	// The same for the segment that is written to.
	path = filepath.Join(o.Dir, "verdicts", s.SegmentNames()[0])
	if err := os.Truncate(path, 8192); err != nil {
		t.Fatal(err)
	}
	w := record(t, s, typical(2))
	flushHard(t, s)
	if _, err := s.Verdict(ctx, w.ID); err != nil {
		t.Error(err)
	}
	if got := s.Stats().Broken; got != 2 {
		t.Errorf("%d files set aside", got)
	}
}
