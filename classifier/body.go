package classifier

import "strings"

// maxCodings is how many content codings of a body are undone.
const maxCodings = 3

// body emits the body b, decompressing it first when a content coding or its
// first bytes say so.
func (t *Tokenizer) body(b []byte, contentType, contentEncoding string) {
	keep := len(t.arena)
	var codings [maxCodings]coding
	n := codingsOf(contentEncoding, &codings)
	if n == 0 && gzipMagic(b) {
		codings[0], n = codingGzip, 1
	}
	cut := false
	for i := n - 1; i >= 0 && !cut; i-- {
		out, used, err := t.inflated(b, codings[i])
		if err != nil && len(out) == 0 && err != errInflateLimit {
			// Not compressed, or broken from the start: as it is.
			break
		}
		rest := b[used:]
		switch {
		case err == errInflateLimit:
			cut = true
			if i == n-1 {
				t.uncovered = int64(len(rest))
			}
		case err != nil:
			// Broken on the way, or cut by the body limit.
			cut = true
			if !t.truncated {
				t.binary(b)
			}
		case len(rest) > 0:
			t.dispatch(rest, "", false)
		}
		t.tokens = append(t.tokens, MarkInflated)
		b = out
	}
	t.dispatch(b, contentType, cut || t.truncated)
	if cut && !t.truncated {
		t.tokens = append(t.tokens, MarkCut)
	}
	t.arena = t.arena[:keep]
}

// codingsOf reads a Content-Encoding value and returns how many codings to
// undo, in the order in which they were applied.
func codingsOf(v string, codings *[maxCodings]coding) int {
	n := 0
	for v != "" && n < maxCodings {
		var name string
		name, v, _ = strings.Cut(v, ",")
		name = trim(name)
		switch {
		case equalFold(name, "gzip"), equalFold(name, "x-gzip"):
			codings[n] = codingGzip
		case equalFold(name, "deflate"):
			codings[n] = codingDeflate
		case equalFold(name, "br"):
			codings[n] = codingBrotli
		default:
			continue
		}
		n++
	}
	return n
}

// dispatch emits b, a body or part of the given content type, by the parser
// that it is for: the one of the content type if b looks like that, else the
// one that b looks like. cut says that b ends early.
func (t *Tokenizer) dispatch(b []byte, contentType string, cut bool) {
	if len(b) == 0 {
		return
	}
	if order := utf16Zeros(b); order != 0 {
		if out := t.utf16(b, order); textual(out) {
			t.printableRuns(MarkText, b, 0, utf16Run)
			t.tokens = append(t.tokens, MarkUTF16)
			t.parse(out, contentType, cut)
			return
		}
	} else {
		// A byte order mark or a charset may lie: the bytes are read both ways.
		order := utf16Mark(b)
		if order == 0 {
			order = declaredUTF16(contentType)
		}
		t.utf16Text(b, order)
	}
	if textual(b) {
		t.parse(b, contentType, cut)
	} else if !t.parseBinary(b, contentType, cut) {
		t.binary(b)
	}
}

// parseBinary emits b, which is no text, by the parser of its content type,
// and says whether it has: multipart bodies hold files, and a form or JSON may
// be stuffed with bytes that make it look binary.
func (t *Tokenizer) parseBinary(b []byte, contentType string, cut bool) bool {
	switch formatOf(contentType) {
	case formatMultipart:
		if t.multipart(b, boundaryOf(contentType), cut) {
			return true
		}
	case formatForm:
		t.stuffedPairs(MarkFormName, MarkFormValue, b)
		return true
	case formatJSON:
		if t.json(b, jsonDeclared, 0, cut) {
			return true
		}
	}
	boundary := sniffBoundary(b)
	return boundary != "" && t.multipart(b, boundary, cut)
}

// parse emits the text b.
func (t *Tokenizer) parse(b []byte, contentType string, cut bool) {
	f := formatOf(contentType)
	switch f {
	case formatMultipart:
		if t.multipart(b, boundaryOf(contentType), cut) {
			return
		}
	case formatGraphQL:
		t.field(MarkGraphQL, b, 0)
		return
	case formatJSON:
		if t.json(b, jsonDeclared, 0, cut) {
			return
		}
	}
	first := firstByte(b)
	switch {
	case (first == '{' || first == '[') && f != formatJSON:
		if t.json(b, jsonSniffed, 0, cut) {
			return
		}
	case first == '<':
		if f == formatXML || markupStart(b) {
			t.field(MarkXML, b, 0)
			return
		}
	case first == '-':
		if boundary := sniffBoundary(b); boundary != "" && t.multipart(b, boundary, cut) {
			return
		}
	}
	if f == formatForm || formLike(b) {
		t.pairs(MarkFormName, MarkFormValue, b)
		return
	}
	t.field(MarkText, b, 0)
}
