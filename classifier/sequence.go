package classifier

// Span is the run of tokens [Start, End) of one field: its field mark, its
// bytes, and every other reading of it with the view marks between. Spans are
// in order and do not overlap; a value's span follows the span of its name.
type Span struct {
	Mark       Token
	Start, End int32
}

// Sequence is a request as the network reads it. It belongs to the Tokenizer
// that made it and is valid until that Tokenizer's next call.
type Sequence struct {
	// Tokens is the whole request. It is never empty.
	Tokens []Token
	// Spans says which field each token belongs to.
	Spans []Span
	// Depth is the deepest decoding level that any field reached, 0 to 3.
	Depth int
	// Sent is the number of bytes of target and body that the client sent.
	Sent int64
	// Inspected is how many of those the tokens cover. It is smaller than Sent
	// when the body limit or a decompression limit cut the body.
	Inspected int64
}

// Windows appends the sequence's windows to dst: one window when the sequence
// has at most window tokens, else windows of exactly window tokens each of
// which shares at least overlap tokens with the one before; the last ends where
// the sequence ends. The windows share memory with the sequence. An overlap
// that is not smaller than the window counts as window-1.
func (s *Sequence) Windows(dst []Window, window, overlap int) []Window {
	n := len(s.Tokens)
	if n <= window || window < 1 {
		return append(dst, s.Tokens)
	}
	step := window - max(overlap, 0)
	if step < 1 {
		step = 1
	}
	at := 0
	for ; at+window < n; at += step {
		dst = append(dst, s.Tokens[at:at+window])
	}
	return append(dst, s.Tokens[n-window:])
}

// String renders the sequence for people: bytes as they are (line breaks and
// other controls escaped), marks as <name>.
func (s *Sequence) String() string {
	const hex = "0123456789abcdef"
	b := make([]byte, 0, len(s.Tokens)+64)
	for _, k := range s.Tokens {
		switch {
		case k == Pad:
			b = append(b, "<pad>"...)
		case k >= markBase && k < markEnd:
			b = append(b, '<')
			b = append(b, markNames[k-markBase]...)
			b = append(b, '>')
		case k >= markBase:
			b = append(b, "<?>"...)
		default:
			c := byte(k - byteBase)
			switch {
			case c == '\n':
				b = append(b, `\n`...)
			case c == '\r':
				b = append(b, `\r`...)
			case c == '\t':
				b = append(b, `\t`...)
			case c < 0x20 || c >= 0x7f:
				b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
			default:
				b = append(b, c)
			}
		}
	}
	return string(b)
}

// markNames are the names that String uses, in the order of the marks.
var markNames = [markEnd - markBase]string{
	"method", "path", "qname", "qvalue", "fragment", "host", "ua", "referer", "ctype",
	"cname", "cvalue", "auth", "hname", "hvalue", "fname", "fvalue",
	"pname", "pfile", "ptype", "ptext", "jkey", "jstr", "jlit", "xml", "graphql", "text", "binary",
	"d1", "d2", "d3", "b64", "hex", "inflated", "utf7", "utf16", "odd", "cut",
}
