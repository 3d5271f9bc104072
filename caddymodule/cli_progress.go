package caddymodule

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/limen-waf/limen/classifier/corpus"
)

// progress shows on a terminal how far a long command is.
type progress struct {
	w       io.Writer // nil: not a terminal
	r       *corpus.Reader
	started time.Time
	shown   time.Time
	records int
}

// newProgress shows the progress through r on w if that is a terminal.
func newProgress(w io.Writer, r *corpus.Reader) *progress {
	p := &progress{r: r, started: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.w = w
	}
	return p
}

// add counts a record and redraws the bar ten times a second.
func (p *progress) add() {
	p.records++
	if p.w == nil {
		return
	}
	now := time.Now()
	if now.Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = now
	fmt.Fprintf(p.w, "\r%s\x1b[K", p.line(now))
}

// line is the bar with the numbers beside it, or the numbers where the size of
// the input is not known.
func (p *progress) line(now time.Time) string {
	const width = 30
	bar := ""
	if size := p.r.Size(); size > 0 {
		share := min(1, float64(p.r.Offset())/float64(size))
		done := int(share * width)
		bar = fmt.Sprintf("[%s%s] %3.0f %%  ", strings.Repeat("#", done), strings.Repeat(".", width-done), 100*share)
	}
	return fmt.Sprintf("%s%s requests, %s/s", bar, thousands(p.records), thousands(p.rate(now)))
}

// rate is the number of records a second.
func (p *progress) rate(now time.Time) int {
	seconds := now.Sub(p.started).Seconds()
	if seconds <= 0 {
		return 0
	}
	return int(float64(p.records) / seconds)
}

// clear takes the bar away.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// thousands writes n with commas: 1,234,567.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
