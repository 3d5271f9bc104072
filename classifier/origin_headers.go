package classifier

import (
	"bytes"
	"slices"
	"strings"
)

// headers goes through the header fields as Tokenizer.headerFields does.
func (f *originFinder) headers() {
	var order, cookies []int
	for i, h := range f.r.Headers {
		switch {
		case h.Name == "" || strings.IndexByte(h.Name, '_') >= 0:
		case equalFold(h.Name, "Cookie"):
			cookies = append(cookies, i)
		case !plainMechanical(h.Name, trim(h.Value)):
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareFold(f.r.Headers[a].Name, f.r.Headers[b].Name) })
	for _, i := range order {
		f.header(i)
	}
	for _, i := range cookies {
		f.cookies(i)
	}
}

// header gives the next spans to the header field i.
func (f *originFinder) header(i int) {
	h := f.r.Headers[i]
	mark := MarkHeaderValue
	switch strings.ToLower(h.Name) {
	case "host":
		mark = MarkHost
	case "referer":
		mark = MarkReferer
	case "user-agent":
		mark = MarkUserAgent
	case "content-type":
		mark = MarkContentType
	case "authorization":
		mark = MarkAuthorization
	default:
		name := []byte(h.Name)
		for i := range name {
			name[i] = lower(name[i])
		}
		f.take(MarkHeaderName, sourceOf(Origin{Part: PartHeaderName, Header: int32(i)}, name, 0, len(name)))
	}
	value := []byte(h.Value)
	start := len(value) - len(strings.TrimLeft(h.Value, " \t"))
	f.take(mark, sourceOf(Origin{Part: PartHeader, Header: int32(i)}, value, start, start+len(trim(h.Value))))
}

// cookies cuts a Cookie field as Tokenizer.cookies does.
func (f *originFinder) cookies(i int) {
	where := Origin{Part: PartHeader, Header: int32(i)}
	value := []byte(f.r.Headers[i].Value)
	for at := 0; at < len(value); {
		piece, _, _ := bytes.Cut(value[at:], semicolon)
		pair := bytes.Trim(piece, " \t")
		if len(pair) > 0 {
			start := at + len(piece) - len(bytes.TrimLeft(piece, " \t"))
			end := start + len(pair)
			eq := bytes.IndexByte(pair, '=')
			if eq < 0 {
				f.take(MarkCookieName, sourceOf(where, value, start, end))
			} else {
				f.take(MarkCookieName, sourceOf(where, value, start, start+eq))
				f.take(MarkCookieValue, sourceOf(where, value, start+eq+1, end))
			}
		}
		at += len(piece) + 1
	}
}
