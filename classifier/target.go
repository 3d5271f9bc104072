package classifier

import "bytes"

// target emits the request target: a fragment mark for what is neither path
// nor query, the path, and the query's names and values.
func (t *Tokenizer) target(b []byte, method string) {
	var fragment []byte
	if i := bytes.IndexByte(b, '#'); i >= 0 {
		b, fragment = b[:i], b[i+1:]
	}
	if len(b) > 0 && b[0] != '/' {
		if method == "CONNECT" {
			t.field(MarkFragment, b, mannerURL|mannerWire)
			b = nil
		} else if i := bytes.Index(b, schemeEnd); i > 0 && i < 16 && bytes.IndexByte(b[:i], '?') < 0 {
			n := i + len(schemeEnd)
			end := bytes.IndexAny(b[n:], "/?")
			if end < 0 {
				end = len(b) - n
			}
			t.field(MarkFragment, b[:n+end], mannerURL|mannerWire)
			b = b[n+end:]
		}
	}
	if len(b) > 0 {
		path, query, ok := bytes.Cut(b, questionMark)
		t.field(MarkPath, path, mannerURL|mannerPath|mannerWire)
		if ok {
			t.pairs(MarkQueryName, MarkQueryValue, query)
		}
	}
	if len(fragment) > 0 {
		t.field(MarkFragment, fragment, mannerURL|mannerWire)
	}
}

var (
	schemeEnd    = []byte("://")
	questionMark = []byte{'?'}
)

// pairs emits the names and values of an urlencoded string. An empty pair is
// nothing; a pair without = is a name.
func (t *Tokenizer) pairs(name, value Token, b []byte) {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '&')
		pair := b
		if end < 0 {
			b = nil
		} else {
			pair, b = b[:end], b[end+1:]
		}
		if len(pair) == 0 {
			continue
		}
		eq := bytes.IndexByte(pair, '=')
		if eq < 0 {
			t.field(name, pair, mannerURL|mannerPlus|mannerWire)
			continue
		}
		t.field(name, pair[:eq], mannerURL|mannerPlus|mannerWire)
		t.field(value, pair[eq+1:], mannerURL|mannerPlus|mannerWire)
	}
}
