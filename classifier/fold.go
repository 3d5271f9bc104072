package classifier

// foldLead says whether c can begin a sequence that fold changes.
func foldLead(c byte) bool {
	switch c {
	case 0xc0, 0xc1, 0xe0, 0xef, 0xf0:
		return true
	}
	return c >= 0xf8 && c <= 0xfd
}

// fold writes overlong UTF-8 and full-width forms (U+FF01 to U+FF5E) as the
// ASCII characters they stand for. The result lies in the arena when it
// differs from src.
func (t *Tokenizer) fold(src []byte) ([]byte, decoded) {
	t.ranges = t.ranges[:0]
	begin := len(t.arena)
	out := t.arena
	var how decoded
	last := 0
	for i := 0; i < len(src); {
		if src[i] < 0xc0 || !foldLead(src[i]) {
			i++
			continue
		}
		c, n, odd := folded(src[i:])
		if n == 0 {
			i++
			continue
		}
		out = append(out, src[last:i]...)
		out = append(out, c)
		t.changed(len(out)-begin-1, len(out)-begin)
		how |= decodeChanged | decodeLoose
		if odd {
			how |= decodeOdd
		}
		i += n
		last = i
	}
	if how == 0 {
		return src, 0
	}
	out = append(out, src[last:]...)
	t.arena = out
	return out[begin:len(out):len(out)], how
}

// folded returns the ASCII character that the n bytes at the beginning of b
// stand for; n is 0 when they stand for none.
func folded(b []byte) (c byte, n int, odd bool) {
	switch lead := b[0]; {
	case lead == 0xef:
		if len(b) < 3 {
			return 0, 0, false
		}
		if b[1] == 0xbc && b[2] >= 0x81 && b[2] <= 0xbf {
			return b[2] - 0x81 + '!', 3, false
		}
		if b[1] == 0xbd && b[2] >= 0x80 && b[2] <= 0x9e {
			return b[2] - 0x80 + '`', 3, false
		}
		return 0, 0, false
	case lead <= 0xc1:
		if len(b) < 2 {
			return 0, 0, false
		}
		c = (lead&1)<<6 | b[1]&0x3f
		if b[1]&0xc0 == 0x80 {
			return c, 2, true
		}
		// IIS once took any byte as the second; Latin-1 text has these leads too.
		switch c {
		case '/', '\\', '.', '<', '>', '\'', '"':
			return c, 2, true
		}
		return 0, 0, false
	case lead == 0xe0:
		n = 3
	case lead == 0xf0:
		n = 4
	case lead < 0xfc:
		n = 5
	default:
		n = 6
	}
	if len(b) < n || b[0]&(0xff>>(n+1)) != 0 {
		return 0, 0, false
	}
	v := 0
	for _, x := range b[1:n] {
		if x&0xc0 != 0x80 {
			return 0, 0, false
		}
		v = v<<6 | int(x&0x3f)
	}
	if v >= 0x80 {
		return 0, 0, false
	}
	return byte(v), n, true
}
