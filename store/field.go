package store

import (
	"encoding/binary"
	"encoding/hex"
	"math"
)

// Kinds of a field.
const (
	kindVarint  = 0
	kindFixed64 = 1
	kindBytes   = 2
	kindFixed32 = 3
)

// maxText bounds one text in a row. Longer ones end in "…".
const maxText = 4096

func appendTag(b []byte, field, kind uint64) []byte {
	return binary.AppendUvarint(b, field<<2|kind)
}

func appendUint(b []byte, field, u uint64) []byte {
	return binary.AppendUvarint(appendTag(b, field, kindVarint), u)
}

// appendInt appends a signed number; it is zigzag-coded because a clock that was
// set back makes a negative duration, and ten bytes of it.
func appendInt(b []byte, field uint64, n int64) []byte {
	if n == 0 {
		return b
	}
	return appendUint(b, field, zigzag(n))
}

func appendFloat(b []byte, field uint64, f float64) []byte {
	bits := math.Float64bits(f)
	if bits == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint64(appendTag(b, field, kindFixed64), bits)
}

func appendBytes(b []byte, field uint64, p []byte) []byte {
	b = binary.AppendUvarint(appendTag(b, field, kindBytes), uint64(len(p)))
	return append(b, p...)
}

func appendText(b []byte, field uint64, s string) []byte {
	if s == "" {
		return b
	}
	if n := wordOf(s); n != 0 {
		return appendUint(b, field, n)
	}
	s, end := cutText(s)
	b = binary.AppendUvarint(appendTag(b, field, kindBytes), uint64(len(s)+len(end)))
	return append(append(b, s...), end...)
}

func cutText(s string) (string, string) {
	if len(s) > maxText {
		return s[:maxText-len("…")], "…"
	}
	return s, ""
}

// digestPrefixes are the digests that are kept as raw bytes, after their place in
// the list plus one.
var digestPrefixes = [...]string{"sha256:", "hmac-sha256:"}

func appendDigest(b []byte, field uint64, s string) []byte {
	if s == "" {
		return b
	}
	for i, prefix := range digestPrefixes {
		if len(s) == len(prefix)+64 && s[:len(prefix)] == prefix {
			raw := [33]byte{byte(i + 1)}
			if decodeLowerHex(raw[1:], s[len(prefix):]) {
				return appendBytes(b, field, raw[:])
			}
		}
	}
	s, end := cutText(s)
	b = binary.AppendUvarint(appendTag(b, field, kindBytes), uint64(1+len(s)+len(end)))
	return append(append(append(b, 0), s...), end...)
}

// decodeLowerHex is hex.Decode without upper-case digits, which would not come
// back as they went in.
func decodeLowerHex(dst []byte, s string) bool {
	for i := range dst {
		hi, lo := hexDigit(s[2*i]), hexDigit(s[2*i+1])
		if hi > 15 || lo > 15 {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
}

func hexDigit(c byte) byte { return hexDigits[c] }

// hexDigits are the values of lower-case hex digits, 255 for other characters.
var hexDigits = func() (values [256]byte) {
	for i := range values {
		values[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		values[c] = byte(i)
	}
	return values
}()

func appendClassScores(b []byte, scores ClassScores) []byte {
	if len(scores) == 0 {
		return b
	}
	n := 0
	for i := range scores {
		n += 5
		if wordOf(scores[i].Class) == 0 {
			s, end := cutText(scores[i].Class)
			n += uvarintLen(uint64(len(s)+len(end))) + len(s) + len(end)
		}
	}
	b = binary.AppendUvarint(appendTag(b, fieldClassScores, kindBytes), uint64(n))
	for i := range scores {
		b = appendWord(b, scores[i].Class)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(scores[i].Score))
	}
	return b
}

// appendWord appends a word's number (one byte, as there are fewer than 128), or
// 0, the length and the text.
func appendWord(b []byte, s string) []byte {
	if n := wordOf(s); n != 0 {
		return append(b, byte(n))
	}
	s, end := cutText(s)
	b = binary.AppendUvarint(append(b, 0), uint64(len(s)+len(end)))
	return append(append(b, s...), end...)
}

func uvarintLen(u uint64) int {
	n := 1
	for ; u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// field is one field of a row as it lies there.
type field struct {
	number uint64
	kind   uint64
	u      uint64 // kinds varint and fixed
	b      []byte // kind bytes; shares the row's memory
}

// nextField reads the first field of b and returns what follows it. ok is false
// when b is empty (done) or broken; the two differ by len(b).
func nextField(b []byte) (f field, rest []byte, ok bool) {
	tag, n := uvarint(b)
	if n <= 0 {
		return f, b, false
	}
	b = b[n:]
	f.number, f.kind = tag>>2, tag&3
	switch f.kind {
	case kindVarint:
		f.u, n = uvarint(b)
		if n <= 0 {
			return f, b, false
		}
		return f, b[n:], true
	case kindFixed64:
		if len(b) < 8 {
			return f, b, false
		}
		f.u = binary.LittleEndian.Uint64(b)
		return f, b[8:], true
	case kindFixed32:
		if len(b) < 4 {
			return f, b, false
		}
		f.u = uint64(binary.LittleEndian.Uint32(b))
		return f, b[4:], true
	}
	size, n := uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return f, b, false
	}
	f.b = b[n : n+int(size)]
	return f, b[n+int(size):], true
}

// uvarint is binary.Uvarint with a short way for one byte.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

func (f *field) int() int64 { return unzigzag(f.u) }

// text returns a text field's string.
func (f *field) text() (string, bool) {
	if f.kind == kindVarint {
		return word(f.u)
	}
	return string(f.b), f.kind == kindBytes
}

// is reports whether a text field holds s, whose word number is given.
func (f *field) is(s string, number uint64) bool {
	if f.kind == kindVarint {
		return f.u == number && number != 0
	}
	return string(f.b) == s
}

func (f *field) digest() (string, bool) {
	if f.kind != kindBytes || len(f.b) == 0 {
		return "", false
	}
	if i := int(f.b[0]); i > 0 && i <= len(digestPrefixes) && len(f.b) == 33 {
		b := make([]byte, 0, 12+64)
		return string(hex.AppendEncode(append(b, digestPrefixes[i-1]...), f.b[1:])), true
	}
	return string(f.b[1:]), f.b[0] == 0
}

func (f *field) classScores() (ClassScores, bool) {
	if f.kind != kindBytes {
		return nil, false
	}
	scores := make(ClassScores, 0, len(f.b)/5)
	for b := f.b; len(b) > 0; {
		class, rest, ok := nextWord(b)
		if !ok || len(rest) < 4 {
			return nil, false
		}
		scores = append(scores, ClassScore{class, math.Float32frombits(binary.LittleEndian.Uint32(rest))})
		b = rest[4:]
	}
	return scores, true
}

// nextWord reads what appendWord wrote.
func nextWord(b []byte) (s string, rest []byte, ok bool) {
	if len(b) == 0 {
		return "", b, false
	}
	if b[0] != 0 {
		s, ok = word(uint64(b[0]))
		return s, b[1:], ok
	}
	size, n := uvarint(b[1:])
	if n <= 0 || size > uint64(len(b)-1-n) {
		return "", b, false
	}
	b = b[1+n:]
	return string(b[:size]), b[size:], true
}
