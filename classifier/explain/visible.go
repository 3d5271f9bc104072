package explain

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Piece is a run of text to show: as it is, or, where Odd, the name of what cannot
// be seen.
type Piece struct {
	Text string
	Odd  bool
}

// Visible spells out what cannot be seen: controls as control pictures, bytes that are
// not UTF-8 as \xNN, and characters without a shape of their own (direction
// marks, zero-width characters, line separators) as \u{N}.
func Visible(s string) []Piece {
	var out []Piece
	put := func(text string, odd bool) {
		if n := len(out); n > 0 && out[n-1].Odd == odd {
			out[n-1].Text += text
			return
		}
		out = append(out, Piece{text, odd})
	}
	plain := 0 // s[plain:i] is to be put as it is
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		text := ""
		switch {
		case r == utf8.RuneError && n == 1:
			text = fmt.Sprintf(`\x%02X`, s[i])
		case r < ' ':
			text = string(rune(0x2400 + r))
		case r == 0x7f:
			text = "\u2421"
		case r != ' ' && !unicode.IsPrint(r):
			text = fmt.Sprintf(`\u{%X}`, r)
		}
		if text != "" {
			if plain < i {
				put(s[plain:i], false)
			}
			put(text, true)
			plain = i + n
		}
		i += n
	}
	if plain < len(s) {
		put(s[plain:], false)
	}
	return out
}

// Boundary is the last place at or before i where a character of s begins.
func Boundary(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	for n := 0; n < utf8.UTFMax-1 && i > 0 && !utf8.RuneStart(s[i]); n++ {
		i--
	}
	return max(i, 0)
}
