package classifier

import (
	"bytes"
	"strings"
)

// boundaryOf returns the boundary parameter of a Content-Type value, "" when
// there is none.
func boundaryOf(contentType string) string {
	_, params, _ := strings.Cut(contentType, ";")
	for params != "" {
		param, rest, _ := strings.Cut(params, ";")
		name, _, ok := strings.Cut(param, "=")
		if !ok || !equalFold(trim(name), "boundary") {
			params = rest
			continue
		}
		value := strings.TrimLeft(params[len(name)+1:], " \t")
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			value, _, _ = strings.Cut(quoted, `"`) // a semicolon may stand in it
			return value
		}
		value, _, _ = strings.Cut(value, ";")
		return trim(value)
	}
	return ""
}

// sniffBoundary returns the boundary of a multipart body whose content type
// does not tell it: that of the first line, if a part header follows. It is ""
// when b is no such body.
func sniffBoundary(b []byte) string {
	b = bytes.TrimLeft(b, "\r\n")
	if !bytes.HasPrefix(b, dashes) {
		return ""
	}
	end := bytes.IndexByte(b[:min(len(b), 256)], '\n')
	if end < 0 {
		return ""
	}
	line := bytes.TrimRight(b[2:end], " \t\r")
	head := b[end+1 : min(len(b), end+1+16)]
	if len(line) == 0 || len(head) < 8 || !equalFold(string(head[:8]), "content-") {
		return ""
	}
	return string(line)
}

var (
	dashes    = []byte("--")
	lineBreak = []byte("\n")
	colon     = []byte{':'}
)

// multipart emits the parts of b. It returns false, with nothing emitted, when
// the boundary does not occur. Lines may end in a bare line feed.
func (t *Tokenizer) multipart(b []byte, boundary string, cut bool) bool {
	if boundary == "" {
		return false
	}
	keep := len(t.arena)
	delim := t.hold("\n--" + boundary)
	defer func() { t.arena = t.arena[:keep] }()

	at := 0
	if !bytes.HasPrefix(b, delim[1:]) || !delimiterEnds(b[len(delim)-1:]) {
		i := indexDelimiter(b, delim)
		if i < 0 {
			return false
		}
		t.around(b[:i])
		at = i + 1
	}
	at += len(delim) - 1
	for {
		// b[at:] follows a boundary.
		if bytes.HasPrefix(b[at:], dashes) {
			t.around(b[at+2:])
			return true
		}
		rest := b[at:]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 && len(bytes.Trim(rest[:i], " \t\r")) == 0 {
			rest = rest[i:]
		}
		end := indexDelimiter(rest, delim)
		part := rest
		if end >= 0 {
			part = rest[:end]
		}
		if len(part) > 0 && part[0] == '\n' {
			part = part[1:]
		}
		t.part(bytes.TrimSuffix(part, []byte{'\r'}), cut && end < 0)
		if end < 0 {
			return true
		}
		at = len(b) - len(rest) + end + len(delim)
	}
}

// indexDelimiter returns where the next line that is a delimiter begins, at
// the line break before it, or -1.
func indexDelimiter(b, delim []byte) int {
	for at := 0; ; {
		i := bytes.Index(b[at:], delim)
		if i < 0 {
			return -1
		}
		at += i
		if delimiterEnds(b[at+len(delim):]) {
			return at
		}
		at += len(delim)
	}
}

// delimiterEnds says whether b, which follows a boundary, makes it a
// delimiter: two dashes, or nothing more on the line.
func delimiterEnds(b []byte) bool {
	if bytes.HasPrefix(b, dashes) {
		return true
	}
	for _, c := range b {
		switch c {
		case ' ', '\t', '\r':
		case '\n':
			return true
		default:
			return false
		}
	}
	return true
}

// around emits what stands before the first and after the last boundary, if
// that is more than white space.
func (t *Tokenizer) around(b []byte) {
	switch {
	case len(bytes.TrimLeft(b, " \t\r\n")) == 0:
	case textual(b):
		t.field(MarkText, b, 0)
	default:
		t.binary(b)
	}
}

// part emits one part: its header fields, then its content.
func (t *Tokenizer) part(b []byte, cut bool) {
	contentType, file := "", false
	for len(b) > 0 {
		line, rest, ok := bytes.Cut(b, lineBreak)
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			b = rest
			break
		}
		name, value, isField := bytes.Cut(line, colon)
		if !isField || !fieldName(name) {
			// No header: what follows is content without one.
			break
		}
		value = bytes.Trim(value, " \t")
		switch {
		case len(name) == 19 && equalFold(string(name), "Content-Disposition"):
			file = t.disposition(value) || file
		case len(name) == 12 && equalFold(string(name), "Content-Type"):
			if len(value) <= 256 {
				contentType = string(value)
			}
			t.field(MarkPartType, value, 0)
		default:
			at := len(t.arena)
			n := append(t.arena, name...)
			t.arena = n
			n = n[at:]
			for i := range n {
				n[i] = lower(n[i])
			}
			t.field(MarkHeaderName, n, 0)
			t.arena = t.arena[:at]
			t.field(MarkHeaderValue, value, 0)
		}
		b = rest
		if !ok {
			return
		}
	}
	if len(b) == 0 {
		return
	}
	t.partContent(b, contentType, file, cut)
}

// partContent emits the content of a part: JSON, XML, and the binary content
// of files as such, everything else as text.
func (t *Tokenizer) partContent(b []byte, contentType string, file, cut bool) {
	keep := len(t.arena)
	defer func() { t.arena = t.arena[:keep] }()
	if order := utf16Zeros(b); order != 0 {
		if out := t.utf16(b, order); textual(out) {
			t.printableRuns(MarkText, b, 0, utf16Run)
			t.tokens = append(t.tokens, MarkUTF16)
			b = out
		}
	} else {
		t.utf16Text(b, utf16Mark(b))
	}
	if !textual(b) {
		if file {
			t.binary(b)
		} else {
			t.stuffed(MarkPartText, b, 0)
		}
		return
	}
	f := formatOf(contentType)
	first := firstByte(b)
	switch {
	case first == '{' || first == '[':
		mode := jsonSniffed
		if f == formatJSON {
			mode = jsonDeclared
		}
		if t.json(b, mode, 0, cut) {
			return
		}
	case first == '<' && (f == formatXML || markupStart(b)):
		t.field(MarkXML, b, 0)
		return
	case f == formatForm:
		t.pairs(MarkFormName, MarkFormValue, b)
		return
	}
	t.field(MarkPartText, b, 0)
}

// fieldName says whether b can be the name of a header field.
func fieldName(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	for _, c := range b {
		if !alphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// disposition emits the names and file names of a Content-Disposition value,
// and the whole value when it holds anything else. It says whether there is a
// file name.
func (t *Tokenizer) disposition(v []byte) (file bool) {
	kind, rest, _ := bytes.Cut(v, semicolon)
	odd := !equalFold(string(bytes.Trim(kind, " \t")), "form-data")
	for len(rest) > 0 {
		rest = bytes.TrimLeft(rest, " \t;")
		if len(rest) == 0 {
			break
		}
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			odd = true
			break
		}
		name := bytes.Trim(rest[:eq], " \t")
		rest = bytes.TrimLeft(rest[eq+1:], " \t")
		var value []byte
		if len(rest) > 0 && rest[0] == '"' {
			n := quoted(rest)
			value = rest[1:n]
			rest = rest[min(n+1, len(rest)):]
			if len(rest) > 0 && rest[0] != ';' && rest[0] != ' ' && rest[0] != '\t' {
				odd = true
			}
		} else {
			value, rest, _ = bytes.Cut(rest, semicolon)
			value = bytes.TrimRight(value, " \t")
		}
		switch {
		case len(name) == 4 && equalFold(string(name), "name"):
			t.field(MarkPartName, value, 0)
		case len(name) == 8 && equalFold(string(name), "filename"):
			file = true
			t.field(MarkPartFile, value, 0)
		case len(name) == 9 && equalFold(string(name), "filename*"):
			file = true
			t.field(MarkPartFile, value, mannerURL|mannerWire)
		default:
			odd = true
		}
	}
	if odd {
		t.field(MarkHeaderValue, v, 0)
	}
	return file
}

// quoted returns the offset of the quote that ends the quoted string at the
// beginning of b, or len(b). A backslash quotes a quote only if another one
// follows: browsers send file names with backslashes unescaped.
func quoted(b []byte) int {
	for i := 1; i < len(b); i++ {
		if b[i] != '"' {
			continue
		}
		if b[i-1] == '\\' && i > 1 && bytes.IndexByte(b[i+1:], '"') >= 0 && !delimits(b[i+1:]) {
			continue
		}
		return i
	}
	return len(b)
}

// delimits says whether b, which follows a quote, begins as what follows a
// quoted string does.
func delimits(b []byte) bool {
	b = bytes.TrimLeft(b, " \t")
	return len(b) == 0 || b[0] == ';'
}
