package classifier

import "bytes"

const (
	// binaryHead is how much of binary content is emitted as it is; binaryRun
	// is the length from which runs of printable bytes in the rest are.
	binaryHead = 128
	binaryRun  = 16
	// stuffedRun is that length in a form field, which a server reads as text.
	stuffedRun = 6
)

// binary emits content that is no text: its first bytes as they are, and the
// runs of printable bytes in the rest, where web shells hide.
func (t *Tokenizer) binary(b []byte) {
	head := b[:min(len(b), binaryHead)]
	t.open(MarkBinary)
	t.emit(head)
	t.shut()
	t.printableRuns(MarkText, b, 0, binaryRun)
}

// stuffed emits the field v, which a server reads as text: like any other if
// it is text or short, else its first bytes and its printable runs.
func (t *Tokenizer) stuffed(mark Token, v []byte, m manner) {
	if len(v) <= binaryHead || textual(v) {
		t.field(mark, v, m)
		return
	}
	t.field(mark, v[:binaryHead], m)
	t.printableRuns(mark, v[binaryHead:], m, stuffedRun)
}

// stuffedPairs is pairs for an urlencoded string that is no text.
func (t *Tokenizer) stuffedPairs(name, value Token, b []byte) {
	for len(b) > 0 {
		pair, rest, _ := bytes.Cut(b, ampersand)
		b = rest
		n, v, ok := bytes.Cut(pair, equals)
		if len(n) > 0 {
			t.stuffed(name, n, mannerURL|mannerPlus|mannerWire)
		}
		if ok {
			t.stuffed(value, v, mannerURL|mannerPlus|mannerWire)
		}
	}
}

var ampersand = []byte{'&'}

// printableRuns emits the runs of at least size printable bytes of b, each as a
// field.
func (t *Tokenizer) printableRuns(mark Token, b []byte, m manner, size int) {
	for i := 0; i < len(b); {
		if !printableASCII[b[i]] {
			i++
			continue
		}
		from := i
		for i < len(b) && printableASCII[b[i]] {
			i++
		}
		if i-from >= size {
			t.field(mark, b[from:i], m)
		}
	}
}
