package classifier_test

import (
	"testing"

	"github.com/limen-waf/limen/classifier"
)

// Ensure that windows cover every token, have the full length, share the
// overlap, and that the last ends where the sequence ends.
func TestWindows(t *testing.T) {
	for _, c := range []struct{ tokens, window, overlap, count int }{
		{1, 8, 2, 1}, {8, 8, 2, 1}, {9, 8, 2, 2}, {14, 8, 2, 2}, {15, 8, 2, 3}, {100, 8, 0, 13}, {100, 8, 7, 93}, {100, 8, 8, 93}, {100, 8, 20, 93},
		{1024, 1024, 128, 1}, {1025, 1024, 128, 2}, {1920, 1024, 128, 2}, {1921, 1024, 128, 3}, {50, 8, -3, 7}, {5, 0, 0, 1},
	} {
		tokens := make([]classifier.Token, c.tokens)
		s := &classifier.Sequence{Tokens: tokens}
		ws := s.Windows(nil, c.window, c.overlap)
		if len(ws) != c.count {
			t.Errorf("%+v: %d windows", c, len(ws))
			continue
		}
		if len(ws) == 1 {
			if len(ws[0]) != c.tokens {
				t.Errorf("%+v: the one window has %d tokens", c, len(ws[0]))
			}
			continue
		}
		overlap := min(max(c.overlap, 0), c.window-1)
		end := 0
		for i, w := range ws {
			start := offset(tokens, w)
			if len(w) != c.window {
				t.Errorf("%+v: window %d has %d tokens", c, i, len(w))
			}
			if i > 0 && (start > end-overlap || start+len(w) <= end) {
				t.Errorf("%+v: window %d begins at %d, the one before ends at %d", c, i, start, end)
			}
			end = start + len(w)
		}
		if offset(tokens, ws[0]) != 0 || end != c.tokens {
			t.Errorf("%+v: from %d to %d", c, offset(tokens, ws[0]), end)
		}
	}
}

// offset returns where the window begins in tokens, whose memory it shares.
func offset(tokens []classifier.Token, w classifier.Window) int {
	return cap(tokens) - cap(w)
}

// Ensure that Windows appends and does not allocate when there is room.
func TestWindowsAppend(t *testing.T) {
	s := &classifier.Sequence{Tokens: make([]classifier.Token, 5000)}
	dst := make([]classifier.Window, 0, 16)
	if n := testing.AllocsPerRun(10, func() { s.Windows(dst, 1024, 128) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if ws := s.Windows(make([]classifier.Window, 2), 1024, 128); len(ws) != 2+6 {
		t.Errorf("%d windows", len(ws))
	}
}

// Ensure that a sequence prints as bytes and named marks.
func TestSequenceString(t *testing.T) {
	s := &classifier.Sequence{Tokens: []classifier.Token{
		classifier.MarkPath, classifier.ByteToken('/'), classifier.ByteToken(0), classifier.ByteToken('\n'), classifier.ByteToken('\t'), classifier.ByteToken('\r'), classifier.ByteToken(0xff),
		classifier.MarkCut, classifier.Pad, classifier.Vocabulary - 1,
	}}
	if got, want := s.String(), `<path>/\x00\n\t\r\xff<cut><pad><?>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
