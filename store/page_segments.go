package store

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// maxReaders bounds the goroutines that read segments for one page.
const maxReaders = 8

// patience is how long a listing reads alone before other processors help it, and how
// long it waits for one of them in the end. Most pages are full, or all that there is
// to see is seen, within less. On a busy machine a helper may not get a processor for
// much longer.
const patience = 2 * time.Millisecond

// pageOfSegments fills a page from segments in the order of the query.
func (s *Store) pageOfSegments(ctx context.Context, f *filter, segments []*segment, page *Page) error {
	begin := time.Now()
	helpers := min(runtime.GOMAXPROCS(0), maxReaders) - 1
	for i, g := range segments {
		// Where every row matches there is nothing to look for.
		if f.want != 0 && helpers > 0 && i+1 < len(segments) && time.Since(begin) > s.o.patience {
			return s.pageWithHelp(ctx, f, segments[i:], page, helpers)
		}
		err := s.readSegment(ctx, f, g, page)
		if err := s.segmentDone(ctx, g, err, page); err != nil || page.full(f) {
			return err
		}
	}
	return nil
}

// pageWithHelp is pageOfSegments with several goroutines.
func (s *Store) pageWithHelp(ctx context.Context, f *filter, segments []*segment, page *Page, helpers int) error {
	a := readAhead{s: s, f: f, segments: segments, parts: make([]segmentPart, len(segments)), rows: len(page.Verdicts), sure: len(page.Verdicts)}
	for i := range a.parts {
		a.parts[i].done = make(chan struct{})
	}
	ours, cancel := context.WithCancel(ctx)
	defer cancel() // what a helper still reads is not waited for
	for range min(helpers, len(segments)-1) {
		go a.read(ours, cancel)
	}
	a.read(ours, cancel)
	timer := time.NewTimer(s.o.patience)
	defer timer.Stop()
	for i, g := range segments {
		err := error(nil)
		if part := &a.parts[i]; part.wait(timer) {
			page.Verdicts = append(page.Verdicts, part.page.Verdicts...)
			page.Unreadable += part.page.Unreadable
			err = part.err
		} else {
			err = s.readSegment(ctx, f, g, page)
		}
		if err := s.segmentDone(ctx, g, err, page); err != nil || page.full(f) {
			return err
		}
	}
	return nil
}

// readSegment takes the rows of one segment, until the page is full.
func (s *Store) readSegment(ctx context.Context, f *filter, g *segment, page *Page) error {
	g.checked.renew()
	r := reader{f: f, page: page, ctx: ctx, checked: &g.checked, many: f.want != 0 || f.limit >= 1000}
	err := g.view(&s.o, r.read)
	s.indexDamaged(g, r.damaged)
	return err
}

// segmentDone takes up how the reading of a segment ended. An error ends the listing.
func (s *Store) segmentDone(ctx context.Context, g *segment, err error, page *Page) error {
	switch {
	case err == nil || errors.Is(err, errGone):
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		s.readFailed(g, err)
		page.Skipped = append(page.Skipped, Skipped{g.name(), err.Error()})
	}
	return nil
}

// full reports whether the page has the one row more that tells of a next page.
func (p *Page) full(f *filter) bool { return len(p.Verdicts) > f.limit }

// readAhead reads segments with several goroutines, each the next one that no other
// has, until those that were begun have enough rows. The listing takes their rows in
// order afterwards.
type readAhead struct {
	s        *Store
	f        *filter
	segments []*segment
	parts    []segmentPart

	mu   sync.Mutex
	next int // segment to be read
	rows int // in the page and the parts that are read
	// All parts before whole are read. Once those, with the page, have enough rows, which
	// sure counts, the others are for nothing.
	whole int
	sure  int
}

// segmentPart is what was found in one segment, once done is closed.
type segmentPart struct {
	page Page
	err  error
	done chan struct{}
	read bool // guarded by readAhead.mu
}

// wait reports whether the segment is read before the timer ends, which may be over.
func (p *segmentPart) wait(timer *time.Timer) bool {
	select {
	case <-p.done:
		return true
	default:
	}
	select {
	case <-p.done:
		return true
	case <-timer.C:
		timer.Reset(0)
		return false
	}
}

// read reads segments until none is left to be begun. It calls enough when the page can
// be filled.
func (a *readAhead) read(ctx context.Context, enough func()) {
	for i := a.take(); i >= 0; i = a.take() {
		part := &a.parts[i]
		part.err = a.s.readSegment(ctx, a.f, a.segments[i], &part.page)
		if a.finish(i) {
			enough()
		}
	}
}

// take returns the next segment to be read, -1 for none.
func (a *readAhead) take() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == len(a.segments) || a.rows > a.f.limit {
		return -1
	}
	a.next++
	return a.next - 1
}

// finish says that a segment is read. It reports whether the page can be filled.
func (a *readAhead) finish(i int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.parts[i].done)
	a.parts[i].read = true
	a.rows += len(a.parts[i].page.Verdicts)
	for a.whole < len(a.parts) && a.parts[a.whole].read {
		a.sure += len(a.parts[a.whole].page.Verdicts)
		a.whole++
	}
	return a.sure > a.f.limit
}
