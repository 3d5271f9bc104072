package classifier

import (
	"bytes"
	"unicode/utf8"
)

// view is one reading of a field with the place of each of its bytes: byte i
// stands for [at[i].from, at[i].to) of the field.
type view struct {
	bytes []byte
	at    []byteRange
}

// rawView is the field as it is.
func rawView(b []byte) view {
	v := view{bytes: b, at: make([]byteRange, len(b))}
	for i := range b {
		v.at[i] = byteRange{i, i + 1}
	}
	return v
}

// put appends text, which v[from:to] of the view before stands for.
func (v *view) put(text string, before *view, from, to int) {
	r := byteRange{before.at[from].from, before.at[to-1].to}
	for range len(text) {
		v.at = append(v.at, r)
	}
	v.bytes = append(v.bytes, text...)
}

// assign says of each token of the span which bytes of the source it stands
// for.
func (f *originFinder) assign(sp Span, src source) {
	f.whole(sp, src.where)
	views := []view{rawView(src.bytes)}
	chain, level := 0, 0 // the view that the next decoding starts from
	plus := false
	switch sp.Mark {
	case MarkQueryName, MarkQueryValue, MarkFormName, MarkFormValue:
		plus = true
	}
	mark := Token(0)
	for i := int(sp.Start) + 1; i < int(sp.End); {
		if k := f.s.Tokens[i]; k >= markBase {
			mark = k
			i++
			continue
		}
		from := i
		for i < int(sp.End) && f.s.Tokens[i] < markBase {
			i++
		}
		text := bytesOf(f.s.Tokens[from:i])
		switch {
		case mark >= MarkDepth1 && mark <= MarkDepth3:
			for want := int(mark-MarkDepth1) + 1; level < want; level++ {
				next := views[chain].decoded(plus)
				if json := views[chain].unescaped(); level == 0 && bytes.Equal(json.bytes, text) {
					next = json
				}
				chain = len(views)
				views = append(views, next)
				plus = false
			}
		case mark == MarkBase64 || mark == MarkHex:
			if v, ok := contentView(views, mark, text); ok {
				chain, level = len(views), 0
				views = append(views, v)
			}
		case mark == 0 && !bytes.Equal(views[chain].bytes, text):
			// A JSON string: its own escapes leave no trace, nor do those of the
			// string that it stands in.
			for range maxNest {
				views = append(views, views[chain].unescaped())
				chain = len(views) - 1
				if bytes.Equal(views[chain].bytes, text) {
					break
				}
			}
		}
		for j := len(views) - 1; j >= 0; j-- {
			if at := bytes.Index(views[j].bytes, text); at >= 0 {
				f.place(from, i, src.where, &views[j], at)
				break
			}
		}
	}
}

// place notes that the tokens [from, to) are v's bytes from at on.
func (f *originFinder) place(from, to int, where Origin, v *view, at int) {
	for i := from; i < to; i++ {
		r := v.at[at+i-from]
		f.out[i] = Origin{Part: where.Part, Header: where.Header, Start: where.Start + int32(r.from), End: where.Start + int32(r.to), Exact: true}
	}
}

func bytesOf(tokens []Token) []byte {
	out := make([]byte, len(tokens))
	for i, k := range tokens {
		out[i] = byte(k - byteBase)
	}
	return out
}

// decoded is Tokenizer.decode with the place of each byte.
func (v *view) decoded(plus bool) view {
	var out view
	for i := 0; i < len(v.bytes); {
		text, n := decodeOne(v.bytes[i:], plus)
		out.put(text, v, i, i+n)
		i += n
	}
	var folds view
	for i := 0; i < len(out.bytes); {
		text, n := string(out.bytes[i:i+1]), 1
		if foldLead(out.bytes[i]) {
			if c, size, _ := folded(out.bytes[i:]); size > 0 {
				text, n = string([]byte{c}), size
			}
		}
		folds.put(text, &out, i, i+n)
		i += n
	}
	return folds
}

// decodeOne undoes the escape at the beginning of b, or takes one byte.
func decodeOne(b []byte, plus bool) (text string, n int) {
	var r rune
	raw := false
	switch b[0] {
	case '%':
		r, n, raw = percent(b)
	case '+':
		if plus {
			return " ", 1
		}
	case '&':
		r, n = entity(b)
	case '\\':
		r, n, raw = escape(b)
	case 0:
		return "", 1
	}
	switch {
	case n == 0:
		return string(b[:1]), 1
	case raw:
		return string([]byte{byte(r)}), n
	}
	return string(utf8.AppendRune(nil, r)), n
}

// unescaped is Tokenizer.unescape with the place of each byte.
func (v *view) unescaped() view {
	var out view
	for i := 0; i < len(v.bytes); {
		text, n := unescapeOne(v.bytes[i:], true)
		out.put(text, v, i, i+n)
		i += n
	}
	return out
}

// unescapeOne undoes the escape at the beginning of b, of JSON or of URLs, or
// takes one byte.
func unescapeOne(b []byte, json bool) (text string, n int) {
	if !json {
		return decodeOne(b, true)
	}
	if b[0] == '\\' && len(b) > 1 {
		if c := jsonEscapes[b[1]]; c != 0 {
			return string([]byte{c}), 2
		}
		if b[1] == 'u' && len(b) >= 6 {
			if r, n := unicodeEscape(b); n > 0 {
				return string(utf8.AppendRune(nil, r)), n
			}
		}
	}
	return string(b[:1]), 1
}

// contentView finds the view, or the part of one, that text is the Base64 or
// hexadecimal content of.
func contentView(views []view, mark Token, text []byte) (view, bool) {
	for i := len(views) - 1; i >= 0; i-- {
		v := &views[i]
		if mark == MarkHex {
			if out := v.hexContent(); bytes.Equal(out.bytes, text) {
				return out, true
			}
			continue
		}
		// The whole, one of the parts of a JSON Web Token, what follows an
		// authorization scheme or a data: head.
		starts := []int{0}
		for at, c := range v.bytes {
			if c == '.' || c == ' ' || c == ',' {
				starts = append(starts, at+1)
			}
		}
		for _, at := range starts {
			if len(starts) > 64 && at > 0 {
				break
			}
			if out := v.base64Content(at); bytes.Equal(out.bytes, text) {
				return out, true
			}
		}
	}
	return view{}, false
}

// base64Content decodes the Base64 digits from at up to the next dot.
func (v *view) base64Content(at int) view {
	var out view
	acc, bits := uint32(0), 0
	first := at
	for i := at; i < len(v.bytes) && v.bytes[i] != '.' && v.bytes[i] != '='; i++ {
		d := base64Digits[v.bytes[i]]
		if v.bytes[i] == ' ' {
			d = 62 // a plus sign
		}
		if d == base64Skip {
			continue
		}
		if d >= 64 {
			return view{}
		}
		acc = acc<<6 | uint32(d)
		if bits += 6; bits >= 8 {
			bits -= 8
			out.put(string([]byte{byte(acc >> bits)}), v, first, i+1)
			first = i
			if bits == 0 {
				first = i + 1
			}
		}
	}
	return out
}

// hexContent decodes pairs of hexadecimal digits, behind 0x or not.
func (v *view) hexContent() view {
	var out view
	at := 0
	if len(v.bytes) > 2 && v.bytes[0] == '0' && v.bytes[1]|0x20 == 'x' {
		at = 2
	}
	for ; at+1 < len(v.bytes); at += 2 {
		hi, lo := hexDigits[v.bytes[at]], hexDigits[v.bytes[at+1]]
		if hi|lo >= 16 {
			return view{}
		}
		out.put(string([]byte{hi<<4 | lo}), v, at, at+2)
	}
	return out
}
