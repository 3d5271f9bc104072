package classifier

import "bytes"

// cookies emits the names and values of a Cookie field.
func (t *Tokenizer) cookies(b []byte) {
	for len(b) > 0 {
		pair, rest, _ := bytes.Cut(b, semicolon)
		b = rest
		pair = bytes.Trim(pair, " \t")
		if len(pair) == 0 {
			continue
		}
		name, value, ok := bytes.Cut(pair, equals)
		// A stray % is nothing odd in a cookie: their values are opaque.
		t.field(MarkCookieName, name, mannerURL)
		if ok {
			t.field(MarkCookieValue, value, mannerURL)
		}
	}
}

var (
	semicolon = []byte{';'}
	equals    = []byte{'='}
)
