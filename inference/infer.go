package inference

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// headerLength is the header that gives the length of the JSON that stands before
// binary tensors.
const headerLength = "Inference-Header-Content-Length"

// infer serves one infer request.
func (h *handler) infer(w http.ResponseWriter, r *http.Request, name, version string) {
	m, err := h.repository.Model(name, version)
	if err != nil {
		drain(r, h.MaxBytes)
		writeError(w, failed(err, name, version))
		return
	}
	c := &Call{Model: m.Name(), Version: resolve(m, version), Digest: m.Digest(), Rows: 1,
		Start: time.Now(), Status: http.StatusOK, Header: w.Header()}
	memory := &buffers{}
	defer memory.release()
	res, reading, err := h.run(w, r, m, c, memory)
	if err != nil {
		f := failed(err, name, version)
		if f.status != http.StatusRequestEntityTooLarge {
			drain(r, h.MaxBytes)
		}
		c.Err, c.Status, c.Outputs = f, f.status, nil
	}
	c.Total = time.Since(c.Start) - reading
	h.Statistics.record(c)
	if h.Observe != nil {
		h.Observe(r.Context(), c)
	}
	if f, ok := c.Err.(*failure); ok {
		writeError(w, f)
		return
	}
	res.write(w, c)
}

// run reads the request, runs the model and makes the response, and says how long it
// read.
func (h *handler) run(w http.ResponseWriter, r *http.Request, m Model, c *Call, memory *buffers) (*response, time.Duration, error) {
	b, err := openBody(w, r, h.MaxBytes)
	if err != nil {
		return nil, 0, err
	}
	defer b.close()
	sig := signatureOf(m)
	req, err := read(r, b, sig, memory)
	if req != nil {
		c.ID = req.id
	}
	c.ComputeInput = time.Since(c.Start) - b.spent
	if err != nil {
		return nil, b.spent, err
	}
	c.Inputs = req.tensors()
	c.Rows = sig.rows(c.Inputs)
	if h.Digest {
		defer c.digestBeside()()
	}
	names := make([]string, len(req.outputs))
	for i, o := range req.outputs {
		names[i] = o.name
	}
	ctx := r.Context()
	if req.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, req.timeout)
		defer cancel()
	}
	c.Outputs, c.Stats, err = m.Run(ctx, c.Inputs, names)
	c.Queue, c.ComputeInfer = c.Stats.Queue, c.Stats.Infer
	if err != nil {
		return nil, b.spent, err
	}
	start := time.Now()
	res, err := respond(req, m, c.Outputs, c.Rows, memory)
	c.ComputeOutput = time.Since(start)
	return res, b.spent, err
}

// read reads a request in any of its three forms: all JSON, JSON with binary tensors
// behind it, one tensor alone. With an error, the request is there if its JSON could
// be read.
func read(r *http.Request, b *body, sig signature, memory *buffers) (*request, error) {
	length, given, err := jsonLength(r, b)
	if err != nil {
		return nil, err
	}
	var text []byte
	switch {
	case !given:
		text, err = b.all(memory)
	case length == 0:
		if text, err = b.all(memory); err != nil {
			return nil, err
		}
		return sig.raw(text)
	default:
		text = memory.take(int(length))
		if err = b.full(text); errors.Is(err, io.ErrUnexpectedEOF) {
			err = invalid("unexpected size for request JSON, expecting %d more bytes", length-b.read)
		} else if err != nil {
			err = b.failed(err)
		}
	}
	if err != nil {
		return nil, err
	}
	req, err := parse(text, sig, memory)
	if err != nil {
		return req, err
	}
	return req, req.readBinary(b, sig.model, memory)
}

// jsonLength is the header's value, which is held against the length of the body.
func jsonLength(r *http.Request, b *body) (length int64, given bool, err error) {
	value := r.Header.Get(headerLength)
	if value == "" {
		return 0, false, nil
	}
	length, err = strconv.ParseInt(value, 10, 64)
	if err != nil || length < 0 {
		return 0, true, invalid("Unable to parse %s, got: %s", headerLength, value)
	}
	if b.size >= 0 && length > b.size {
		return 0, true, invalid("%s is %d, more than the length of the body, %d", headerLength, length, b.size)
	}
	if length > b.limit {
		return 0, true, tooLarge(b.limit)
	}
	return length, true, nil
}

// resolve is the version that runs: the one asked for, else the newest.
func resolve(m Model, version string) string {
	if versions := m.Versions(); version == "" && len(versions) > 0 {
		return versions[len(versions)-1]
	}
	return version
}
