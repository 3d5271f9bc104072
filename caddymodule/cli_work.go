package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// bar shows on a terminal how far long work is.
type bar struct {
	w       io.Writer // nil: not a terminal
	started time.Time
	shown   time.Time
}

func newBar(w io.Writer) *bar {
	b := &bar{started: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.w = w
	}
	return b
}

// show draws the bar ten times a second, with what text says beside it.
func (b *bar) show(share float64, text func() string) {
	if b.w == nil || time.Since(b.shown) < 100*time.Millisecond {
		return
	}
	b.shown = time.Now()
	const width = 30
	done := int(min(max(share, 0), 1) * width)
	fmt.Fprintf(b.w, "\r[%s%s] %3.0f %%  %s\x1b[K", strings.Repeat("#", done), strings.Repeat(".", width-done), 100*share, text())
}

// clear takes the bar away.
func (b *bar) clear() {
	if b.w != nil {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// took is the time since the work began.
func (b *bar) took() string { return time.Since(b.started).Round(10 * time.Millisecond).String() }

// byteSize writes a number of bytes for people.
func byteSize(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// request asks the running server for something that it answers bit by bit. The
// caller closes the body.
func (c *adminClient) request(method, uri string) (*http.Response, error) {
	resp, err := caddycmd.AdminAPIRequest(c.address, method, uri, nil, nil)
	if err != nil {
		return nil, c.explain(err)
	}
	return resp, nil
}

// brokenOff explains a stream that ended before its end.
func (c *adminClient) brokenOff(err error) error {
	return fmt.Errorf("the server at %s broke off: its log says why, unless it was stopped (%w)", c.address, err)
}

// outFile is a file that gets its name when it is complete. Only its owner may read
// it: it holds what people sent.
type outFile struct {
	*os.File
	name string
}

func createOut(name string) (*outFile, error) {
	f, err := os.OpenFile(name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &outFile{f, name}, nil
}

// end closes the file and keeps it if err is nil.
func (f *outFile) end(err error) error {
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(f.name + ".part")
		return err
	}
	return os.Rename(f.name+".part", f.name)
}
