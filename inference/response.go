package inference

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/limen-waf/limen/gpu/session"
)

// response is what an infer request gets: $inference_response, less what stands before
// its outputs.
type response struct {
	outputs []byte   // the elements of the JSON array "outputs"
	binary  [][]byte // tensors that follow the JSON
}

// respond makes the response of the model's outputs. What it returns may be parts of
// out and of memory.
func respond(r *request, m Model, out []session.Tensor, rows int, memory *buffers) (*response, error) {
	if len(out) != len(r.outputs) {
		return nil, fmt.Errorf("model '%s' gave %d outputs, not the %d asked for", m.Name(), len(out), len(r.outputs))
	}
	res := &response{}
	size := 256
	for i, t := range out {
		if !r.outputs[i].binary {
			size += 12 * (len(t.Data)/max(t.Type.Size(), 1) + len(t.Strings))
		}
	}
	text := memory.take(size)[:0]
	for i, t := range out {
		want := r.outputs[i]
		n := session.Elements(t.Shape)
		if each := int64(t.Type.Size()); t.Name != want.name || n < 0 || int64(len(t.Data)) != n*each || each == 0 && int64(len(t.Strings)) != n {
			return nil, fmt.Errorf("output tensor shape does not match size of output for '%s'", want.name)
		}
		if want.classes > 0 {
			var err error
			if t, err = classify(t, want.classes, m.Labels(want.name), m.MaxBatch() > 0, rows); err != nil {
				return nil, err
			}
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"name":`...)
		text = appendString(text, []byte(t.Name))
		text = append(append(text, `,"datatype":"`...), t.Type...)
		text = append(append(text, `","shape":`...), dims(t.Shape)...)
		if want.binary {
			data := t.Data
			if t.Type == session.String {
				data = joinStrings(t.Strings, memory)
			}
			text = append(text, `,"parameters":{"binary_data_size":`...)
			text = append(strconv.AppendInt(text, int64(len(data)), 10), "}}"...)
			res.binary = append(res.binary, data)
			continue
		}
		text = append(text, `,"data":[`...)
		var err error
		if text, err = appendData(text, &t); err != nil {
			return nil, err
		}
		text = append(text, "]}"...)
	}
	res.outputs = text
	return res, nil
}

// write sends the response. A client that is gone is no concern.
func (res *response) write(w http.ResponseWriter, c *Call) {
	head := []byte{'{'}
	if c.ID != "" {
		head = append(appendString(append(head, `"id":`...), []byte(c.ID)), ',')
	}
	head = appendString(append(head, `"model_name":`...), []byte(c.Model))
	head = appendString(append(head, `,"model_version":`...), []byte(c.Version))
	head = append(head, `,"outputs":[`...)
	const tail = "]}"
	length := len(head) + len(res.outputs) + len(tail)

	h := w.Header()
	h.Set("Content-Type", "application/json")
	if len(res.binary) > 0 {
		h.Set("Content-Type", "application/octet-stream")
		h.Set(headerLength, strconv.Itoa(length))
	}
	for _, data := range res.binary {
		length += len(data)
	}
	h.Set("Content-Length", strconv.Itoa(length))
	_, _ = w.Write(head)
	_, _ = w.Write(res.outputs)
	_, _ = w.Write([]byte(tail))
	for _, data := range res.binary {
		_, _ = w.Write(data)
	}
}

// joinStrings writes BYTES elements in binary form, each after its length.
func joinStrings(elements [][]byte, memory *buffers) []byte {
	size := 0
	for _, e := range elements {
		size += 4 + len(e)
	}
	data := memory.take(size)[:0]
	for _, e := range elements {
		data = binary.LittleEndian.AppendUint32(data, uint32(len(e)))
		data = append(data, e...)
	}
	return data
}

// appendData writes a tensor's elements as JSON, flat. What JSON cannot say is an
// error.
func appendData(text []byte, t *session.Tensor) ([]byte, error) {
	if t.Type == session.String {
		for i, e := range t.Strings {
			if i > 0 {
				text = append(text, ',')
			}
			if !utf8.Valid(e) {
				return nil, invalid("element %d of output '%s' is not UTF-8, which JSON needs. Please use the binary data format for output '%s'", i, t.Name, t.Name)
			}
			text = appendString(text, e)
		}
		return text, nil
	}
	write := writer(t.Type)
	if write == nil {
		return nil, invalid("sending %s data via JSON is not supported. Please use the binary data format for output '%s'", t.Type, t.Name)
	}
	size := t.Type.Size()
	for at := 0; at < len(t.Data); at += size {
		if at > 0 {
			text = append(text, ',')
		}
		before := len(text)
		if text = write(text, t.Data[at:at+size]); len(text) == before {
			return nil, invalid("element %d of output '%s' is not a finite number, which JSON needs. Please use the binary data format for output '%s'", at/size, t.Name, t.Name)
		}
	}
	return text, nil
}

// writer gives the function that appends one element as text, and nothing if there is
// no text for it; nil for types that JSON has no form for.
func writer(t session.Type) func(text, data []byte) []byte {
	little := binary.LittleEndian
	switch t {
	case session.Bool:
		return func(text, data []byte) []byte { return strconv.AppendBool(text, data[0] != 0) }
	case session.Uint8:
		return func(text, data []byte) []byte { return strconv.AppendUint(text, uint64(data[0]), 10) }
	case session.Uint16:
		return func(text, data []byte) []byte { return strconv.AppendUint(text, uint64(little.Uint16(data)), 10) }
	case session.Uint32:
		return func(text, data []byte) []byte { return strconv.AppendUint(text, uint64(little.Uint32(data)), 10) }
	case session.Uint64:
		return func(text, data []byte) []byte { return strconv.AppendUint(text, little.Uint64(data), 10) }
	case session.Int8:
		return func(text, data []byte) []byte { return strconv.AppendInt(text, int64(int8(data[0])), 10) }
	case session.Int16:
		return func(text, data []byte) []byte { return strconv.AppendInt(text, int64(int16(little.Uint16(data))), 10) }
	case session.Int32:
		return func(text, data []byte) []byte { return strconv.AppendInt(text, int64(int32(little.Uint32(data))), 10) }
	case session.Int64:
		return func(text, data []byte) []byte { return strconv.AppendInt(text, int64(little.Uint64(data)), 10) }
	case session.FP32:
		return func(text, data []byte) []byte {
			return appendFloat(text, float64(math.Float32frombits(little.Uint32(data))), 32)
		}
	case session.FP64:
		return func(text, data []byte) []byte {
			return appendFloat(text, math.Float64frombits(little.Uint64(data)), 64)
		}
	}
	return nil
}

// appendFloat writes the shortest number that reads back the same, with a point or an
// exponent, so that a client that tells integers from floats takes it for the latter.
func appendFloat(text []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return text
	}
	start := len(text)
	text = strconv.AppendFloat(text, f, 'g', -1, bits)
	for _, c := range text[start:] {
		if c == '.' || c == 'e' {
			return text
		}
	}
	return append(text, ".0"...)
}

// appendString writes s, which is UTF-8, as a JSON string.
func appendString(text, s []byte) []byte {
	const hex = "0123456789abcdef"
	text = append(text, '"')
	start := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		text = append(text, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			text = append(text, '\\', c)
		default:
			text = append(text, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(text, s[start:]...), '"')
}
