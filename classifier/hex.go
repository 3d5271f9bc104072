package classifier

// hex decodes v, of even length, and emits the content if it is text.
func (t *Tokenizer) hex(v []byte, nest int) {
	keep := len(t.arena)
	out := t.arena
	for i := 0; i+1 < len(v); i += 2 {
		hi, lo := hexDigits[v[i]], hexDigits[v[i+1]]
		if hi|lo >= 16 {
			t.arena = out[:keep]
			return
		}
		out = append(out, hi<<4|lo)
	}
	t.arena = out
	t.content(MarkHex, out[keep:len(out):len(out)], nest)
	t.arena = t.arena[:keep]
}
