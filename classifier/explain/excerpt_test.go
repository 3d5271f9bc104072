package explain_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier/explain"
)

// render writes segments as text: marks in [], what is spelled out in {}, cuts
// as (n).
func render(segments []explain.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		if s.Cut > 0 {
			fmt.Fprintf(&b, "(%d)", s.Cut)
			continue
		}
		text := ""
		for _, p := range s.Pieces {
			if p.Odd {
				text += "{" + p.Text + "}"
			} else {
				text += p.Text
			}
		}
		if s.Marked {
			text = "[" + text + "]"
		}
		b.WriteString(text)
	}
	return b.String()
}

// Ensure that marks stand where the spans are, and that cuts say how much they
// cut.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 5000)
	span := func(from, to int) explain.Span { return explain.Span{Start: from, End: to} }
	for name, c := range map[string]struct {
		value string
		spans []explain.Span
		want  string
	}{
		"empty":         {"", nil, ""},
		"no spans":      {"abc", nil, "abc"},
		"one":           {"abcdef", []explain.Span{span(2, 4)}, "ab[cd]ef"},
		"out of order":  {"abcdef", []explain.Span{span(4, 6), span(0, 1)}, "[a]bcd[ef]"},
		"overlapping":   {"abcdef", []explain.Span{span(1, 4), span(3, 5)}, "a[bcd][e]f"},
		"outside":       {"abc", []explain.Span{span(-1, 1), span(2, 9), span(7, 8)}, "[a]b[c]"},
		"cut":           {long, nil, long[:160] + "(4840)"},
		"cut around":    {long, []explain.Span{span(3000, 3002)}, long[:160] + "(2760)" + long[:80] + "[xx]" + long[:80] + "(1918)"},
		"a short rest":  {long[:190], nil, long[:190]},
		"a long mark":   {long, []explain.Span{span(100, 4900)}, long[:100] + "[" + long[:300] + "](4200)[" + long[:300] + "]" + long[:100]},
		"controls":      {"a\x00\r\nb", nil, "a{␀␍␊}b"},
		"mark controls": {"a\x00\x01b", []explain.Span{span(1, 2)}, "a[{␀}]{␁}b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := render(explain.Excerpt(c.value, c.spans)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Ensure that nothing that cannot be seen, and nothing that turns text round,
// comes through.
func TestVisible(t *testing.T) {
	for in, want := range map[string][]explain.Piece{
		"":                  nil,
		"abc é 語":           {{Text: "abc é 語"}},
		"\x1b[31m":          {{Text: "␛", Odd: true}, {Text: "[31m"}},
		"\x7f":              {{Text: "␡", Odd: true}},
		"a\xffb":            {{Text: "a"}, {Text: `\xFF`, Odd: true}, {Text: "b"}},
		"\xc3":              {{Text: `\xC3`, Odd: true}},
		"\u202eabc\u2066":   {{Text: `\u{202E}`, Odd: true}, {Text: "abc"}, {Text: `\u{2066}`, Odd: true}},
		"\u200b\ufeff":      {{Text: `\u{200B}\u{FEFF}`, Odd: true}},
		"\u0085\u2028":      {{Text: `\u{85}\u{2028}`, Odd: true}},
		"\ufffd":            {{Text: "\ufffd"}},
		"a\u00a0b":          {{Text: "a"}, {Text: `\u{A0}`, Odd: true}, {Text: "b"}},
		"\U000e0041\ue000x": {{Text: `\u{E0041}\u{E000}`, Odd: true}, {Text: "x"}},
	} {
		if got := explain.Visible(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("abc\x00\xff", 1, 3, 2, 4)
	f.Add(strings.Repeat("日", 400), 500, 900, 0, 1)
	f.Fuzz(func(t *testing.T, value string, a, b, c, d int) {
		shown := 0
		for _, s := range explain.Excerpt(value, []explain.Span{{Start: a, End: b}, {Start: c, End: d}}) {
			if s.Cut < 0 || (s.Cut > 0) == (s.Pieces != nil) {
				t.Fatalf("segment %+v", s)
			}
			for _, p := range s.Pieces {
				if !utf8.ValidString(p.Text) || strings.ContainsFunc(p.Text, func(r rune) bool { return r < ' ' }) {
					t.Fatalf("piece %q", p.Text)
				}
			}
			shown += s.Cut
		}
		if shown > len(value) {
			t.Fatalf("%d bytes cut of %d", shown, len(value))
		}
	})
}
