package inference

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/limen-waf/limen/gpu/session"
)

// maxStrings is the most elements of a BYTES tensor: each takes as little as four
// bytes of the request and a slice of memory.
const maxStrings = 1 << 20

// readBinary reads the tensors that follow the JSON, in the order of the inputs
// (binary tensor data extension).
func (r *request) readBinary(b *body, model string, memory *buffers) error {
	var total int64
	for i := range r.inputs {
		if in := &r.inputs[i]; in.binary {
			if in.size > b.limit-total {
				return tooLarge(b.limit)
			}
			total += in.size
		}
	}
	if rest := b.rest(); rest > total {
		return additional(model)
	}
	for i := range r.inputs {
		in := &r.inputs[i]
		if !in.binary {
			continue
		}
		if rest := b.rest(); rest >= 0 && rest < in.size {
			return missing(in.Name, in.size-rest, model)
		}
		data := memory.take(int(in.size))
		before := b.read
		if err := b.full(data); errors.Is(err, io.ErrUnexpectedEOF) {
			return missing(in.Name, in.size-(b.read-before), model)
		} else if err != nil {
			return b.failed(err)
		}
		if err := setBinary(&in.Tensor, data); err != nil {
			return err
		}
	}
	ended, err := b.ended()
	if err != nil {
		return err
	}
	if !ended {
		return additional(model)
	}
	return nil
}

func additional(model string) error {
	return invalid("unexpected additional input data for model '%s'", model)
}

func missing(input string, bytes int64, model string) error {
	return invalid("unexpected size for input '%s', expecting %d more bytes for model '%s'", input, bytes, model)
}

// setBinary makes data the tensor's elements. Their size has been checked.
func setBinary(t *session.Tensor, data []byte) error {
	switch t.Type {
	case session.String:
		return splitStrings(t, data)
	case session.Bool:
		for _, b := range data {
			if b > 1 {
				return invalid("unexpected byte %d for input '%s': a BOOL is 0 or 1", b, t.Name)
			}
		}
	}
	t.Data = data
	return nil
}

func tooMany(t *session.Tensor) error {
	return invalid("input '%s' has %d BYTES elements, and may have %d", t.Name, session.Elements(t.Shape), maxStrings)
}

// splitStrings reads BYTES elements: each its length in four bytes, little-endian, and
// then itself.
func splitStrings(t *session.Tensor, data []byte) error {
	want := session.Elements(t.Shape)
	if want > maxStrings {
		return tooMany(t)
	}
	if want > int64(len(data)/4) { // before memory is taken for them
		return invalid("expected %d strings for inference input '%s', got data for at most %d", want, t.Name, len(data)/4)
	}
	t.Strings = make([][]byte, 0, want)
	for len(data) > 0 {
		if int64(len(t.Strings)) == want {
			return invalid("unexpected number of string elements %d for inference input '%s', expecting %d", want+1, t.Name, want)
		}
		if len(data) < 4 {
			return invalid("incomplete string length indicator for inference input '%s', expecting 4 bytes but only %d bytes available", t.Name, len(data))
		}
		n := binary.LittleEndian.Uint32(data)
		data = data[4:]
		if int64(n) > int64(len(data)) {
			return invalid("incomplete string data for inference input '%s', expecting string of length %d but only %d bytes available", t.Name, n, len(data))
		}
		t.Strings = append(t.Strings, data[:n:n])
		data = data[n:]
	}
	if int64(len(t.Strings)) != want {
		return invalid("expected %d strings for inference input '%s', got %d", want, t.Name, len(t.Strings))
	}
	return nil
}
