package classifier

import (
	"bytes"
	"sort"
)

const (
	// nearSeek and farSeek are how far ahead in a body a field's text is looked
	// for, first and then.
	nearSeek = 256
	farSeek  = 256 << 10
	// maxSought is how many bytes of a body are searched for text with escapes, and
	// far ahead.
	maxSought = 32 << 20
)

// cursor finds fields in a body from front to back.
type cursor struct {
	body []byte
	at   int
	lost bool // the fields are not from the body's own bytes
	// sought counts the bytes searched for text with escapes.
	sought int
	// inner is the body with its JSON escapes undone once: JSON in a string of
	// JSON is read from it. Made when it is needed.
	inner *view
}

// find returns where the field with that first reading stands, at or after
// the cursor, and moves the cursor behind it.
func (c *cursor) find(mark Token, text []byte) (start, end int, ok bool) {
	if c.lost {
		return 0, 0, false
	}
	for _, far := range []int{nearSeek, farSeek} {
		if far == farSeek && c.sought >= maxSought {
			break
		}
		limit := far + len(text)
		rest := c.body[c.at:min(len(c.body), c.at+limit)]
		start, n := seek(mark, rest, text), len(text)
		if start < 0 && c.sought < maxSought {
			c.sought += limit
			start, n = seekEscaped(mark, rest, text)
			if start < 0 && quotedMark(mark) {
				c.sought += limit
				start, n = c.seekInner(mark, text, limit)
			}
		}
		if start >= 0 {
			start += c.at
			c.at = start + n
			return start, c.at, true
		}
	}
	return 0, 0, false
}

// seek looks for text as it is, and returns its place or -1.
func seek(mark Token, b, text []byte) int {
	for from := 0; from <= len(b); {
		i := bytes.Index(b[from:], text)
		if i < 0 {
			break
		}
		i += from
		if delimited(mark, b, i, i+len(text)) {
			return i
		}
		from = i + 1
	}
	return -1
}

// seekInner looks for text written with the escapes of JSON in a string of JSON.
// It returns its place behind the cursor and its length, or -1.
func (c *cursor) seekInner(mark Token, text []byte, limit int) (start, n int) {
	if c.inner == nil {
		v := rawView(c.body)
		v = v.unescaped()
		c.inner = &v
	}
	v := c.inner
	from := sort.Search(len(v.at), func(i int) bool { return v.at[i].from >= c.at })
	start, n = seekEscaped(mark, v.bytes[from:min(len(v.bytes), from+limit)], text)
	if start < 0 || n == 0 {
		return -1, 0
	}
	start += from
	first, last := v.at[start].from, v.at[start+n-1].to
	return first - c.at, last - first
}

// quotedMark says whether fields of that kind are strings of JSON.
func quotedMark(mark Token) bool {
	return mark == MarkJSONKey || mark == MarkJSONString || mark == MarkGraphQL
}

// delimited says whether b[from:to] can be a whole field of that kind.
func delimited(mark Token, b []byte, from, to int) bool {
	before, after := byte(0), byte(0)
	if from > 0 {
		before = b[from-1]
	}
	if to < len(b) {
		after = b[to]
	}
	switch mark {
	case MarkJSONKey, MarkJSONString, MarkGraphQL:
		// In a string that is JSON itself, the quotes are escaped.
		return mark == MarkGraphQL && before == 0 || before == '"' && (after == '"' || after == '\\')
	case MarkJSONLiteral:
		return !alphanumeric(before) && before != '.' && before != '-' && !alphanumeric(after) && after != '.'
	case MarkFormName, MarkFormValue, MarkPartName, MarkPartFile, MarkPartType, MarkHeaderName, MarkHeaderValue:
		return !alphanumeric(before) && !alphanumeric(after)
	}
	return true
}

// seekEscaped looks for text written with escapes, behind a quote or another
// sign that opens a value. It returns its place and length, or -1.
func seekEscaped(mark Token, b, text []byte) (start, n int) {
	quotes := quotedMark(mark)
	for i := 0; i <= len(b); i++ {
		if i > 0 && b[i-1] != '"' && (quotes || b[i-1] != '=' && b[i-1] != '&' && b[i-1] != '\n' && b[i-1] != ' ') {
			continue
		}
		if n, ok := escapedPrefix(b[i:], text, quotes); ok && delimited(mark, b, i, i+n) {
			return i, n
		}
	}
	return -1, 0
}

// escapedPrefix says how many bytes at the beginning of b stand for text,
// escapes undone once: those of JSON, or of URLs.
func escapedPrefix(b, text []byte, json bool) (n int, ok bool) {
	for len(text) > 0 {
		if n == len(b) {
			return 0, false
		}
		out, size := unescapeOne(b[n:], json)
		if len(out) > len(text) || string(text[:len(out)]) != out {
			return 0, false
		}
		text = text[len(out):]
		n += size
	}
	return n, true
}
