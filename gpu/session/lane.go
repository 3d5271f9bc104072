package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"
)

// lane takes calls from the line and runs them, one batch after the other.
type lane struct {
	*Session
	// staged are the inputs of a batch, one after the other. Their memory stays
	// for the next.
	staged []Tensor
}

func (l *lane) loop() {
	for {
		batch, all := l.line.next(l.most, l.pace.pick)
		if batch == nil {
			return
		}
		if len(batch) > 1 && all && l.options.MaxDelay > 0 {
			batch = l.hold(batch)
		}
		l.flush(batch)
	}
}

// hold waits for more calls, as long as no call in the batch would miss its
// deadline by that.
func (l *lane) hold(batch []*call) []*call {
	until := time.Now().Add(l.options.MaxDelay)
	timer := time.NewTimer(l.options.MaxDelay)
	defer timer.Stop()
	for seen := 0; total(batch) < l.most(); {
		for ; seen < len(batch); seen++ {
			if deadline, ok := batch[seen].ctx.Deadline(); ok && deadline.Before(until) {
				return batch
			}
		}
		select {
		case <-l.line.more:
			batch = l.line.add(batch, l.most())
		case <-timer.C:
			return batch
		case <-l.quit:
			return batch
		}
	}
	return batch
}

// flush runs a batch and answers its calls.
func (l *lane) flush(batch []*call) {
	live := batch[:0]
	for _, c := range batch {
		if err := c.ctx.Err(); err != nil {
			c.done <- answer{err: err}
			continue
		}
		live = append(live, c)
	}
	switch len(live) {
	case 0:
	case 1:
		l.alone(live[0])
	default:
		l.together(live)
	}
}

// alone runs one call.
func (l *lane) alone(c *call) {
	start := time.Now()
	stats := Stats{Queue: start.Sub(c.queued), Batch: max(1, int(c.rows))}
	for i := range c.in {
		c.in[i].Data = aligned(c.in[i].Data, c.in[i].Type)
	}
	out, where, err := l.devices.run(c.ctx, c.in, c.outputs)
	a := answer{err: err}
	if err == nil {
		a.outputs = make([]Tensor, len(out.outputs))
		for i := range out.outputs {
			a.outputs[i] = rows(&out.outputs[i], 0, -1)
		}
		out.release()
	}
	if err == nil {
		l.pace.note(c.rows, size(c.in), time.Since(start))
	}
	stats.Infer, stats.Device, stats.Fallback = time.Since(start), where.device, where.fallback
	a.stats = stats
	c.done <- a
}

// together runs several calls as one.
func (l *lane) together(batch []*call) {
	start := time.Now()
	count := total(batch)
	l.stage(batch, count)
	l.line.release(batch)
	outputs := union(batch)
	ctx, stop := untilAll(batch)
	out, where, err := l.devices.run(ctx, l.staged, outputs)
	deserted := ctx.Err() != nil
	stop()
	defer l.clean()
	if err == nil {
		if bad := slices.IndexFunc(out.outputs, func(t Tensor) bool { return len(t.Shape) == 0 || t.Shape[0] != count }); bad >= 0 {
			l.unbatch(fmt.Sprintf("output %s has shape %s for %d rows", out.outputs[bad].Name, shapeText(out.outputs[bad].Shape), count))
			out.release()
			err = errNotRows
		}
	}
	if err != nil {
		if deserted {
			for _, c := range batch {
				c.done <- answer{err: c.ctx.Err()}
			}
			return
		}
		l.apart(batch) // one call's values may be what the model cannot bear
		return
	}
	var first int64
	answers := make([]answer, len(batch))
	for n, c := range batch {
		answers[n].outputs = make([]Tensor, len(c.outputs))
		for i, o := range c.outputs {
			answers[n].outputs[i] = rows(&out.outputs[slices.Index(outputs, o)], first, c.rows)
		}
		first += c.rows
	}
	out.release()
	took := time.Since(start)
	l.pace.note(count, size(l.staged), took)
	for n, c := range batch {
		answers[n].stats = Stats{Queue: start.Sub(c.queued), Infer: took, Batch: int(count),
			Device: where.device, Fallback: where.fallback}
		c.done <- answers[n]
	}
}

// size is a measure of the work in a run.
func size(in []Tensor) int {
	n := 0
	for i := range in {
		n += len(in[i].Data) + len(in[i].Strings)
	}
	return n
}

// errNotRows means that an output's first dimension is not the inputs'.
var errNotRows = errors.New("an output is not by row")

// apart runs the calls of a batch that failed one by one.
func (l *lane) apart(batch []*call) {
	for _, c := range batch {
		if l.line.again(c) {
			l.alone(c)
		}
	}
}

// stage lays the inputs of a batch one after the other.
func (l *lane) stage(batch []*call, count int64) {
	if l.staged == nil {
		l.staged = make([]Tensor, len(l.model.inputs))
	}
	for i := range l.staged {
		t, like := &l.staged[i], &batch[0].in[i]
		t.Name, t.Type = like.Name, like.Type
		t.Shape = append(t.Shape[:0], like.Shape...)
		t.Shape[0] = count
		t.Data, t.Strings = t.Data[:0], t.Strings[:0]
		if size := int(count) * (len(like.Data) / int(like.rows())); cap(t.Data) < size {
			t.Data = make([]byte, 0, size)
		}
		for _, c := range batch {
			t.Data = append(t.Data, c.in[i].Data...)
			t.Strings = append(t.Strings, c.in[i].Strings...)
		}
	}
}

// mostStaged is how many bytes an input's staging memory keeps for the next batch.
const mostStaged = 64 << 20

// clean lets go of the callers' memory, and of more than is worth keeping.
func (l *lane) clean() {
	for i := range l.staged {
		t := &l.staged[i]
		clear(t.Strings)
		if cap(t.Data) > mostStaged {
			t.Data = nil
		}
	}
}

// rows is the first dimension, at least one.
func (t *Tensor) rows() int64 { return max(1, t.Shape[0]) }

// union returns the outputs that any call of a batch asks for.
func union(batch []*call) []int {
	outputs := slices.Clone(batch[0].outputs)
	for _, c := range batch[1:] {
		for _, o := range c.outputs {
			if !slices.Contains(outputs, o) {
				outputs = append(outputs, o)
			}
		}
	}
	return outputs
}

// untilAll returns a context that ends when those of all calls have. stop frees it.
func untilAll(batch []*call) (ctx context.Context, stop func()) {
	var left atomic.Int64
	left.Store(int64(len(batch)))
	ctx, cancel := context.WithCancel(context.Background())
	stops := make([]func() bool, 0, len(batch))
	for _, c := range batch {
		if c.ctx.Done() == nil { // it never ends
			break
		}
		stops = append(stops, context.AfterFunc(c.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		}))
	}
	return ctx, func() {
		for _, s := range stops {
			s()
		}
		cancel()
	}
}

// rows copies count rows of an output, from first; all of it when count is -1.
func rows(t *Tensor, first, count int64) Tensor {
	c := Tensor{Name: t.Name, Type: t.Type, Shape: slices.Clone(t.Shape)}
	data, texts := t.Data, t.Strings
	if count >= 0 {
		all := t.Shape[0]
		c.Shape[0] = count
		one := int64(len(data)) / all
		data = data[first*one : (first+count)*one]
		one = int64(len(texts)) / all
		texts = texts[first*one : (first+count)*one]
	}
	if t.Type == String {
		c.Strings = slices.Clone(texts) // the elements are the backend's to give away
		return c
	}
	c.Data = make([]byte, len(data))
	copy(c.Data, data)
	return c
}

// aligned returns data at an address that its elements can have. A slice of a
// request's body may be anywhere.
func aligned(data []byte, t Type) []byte {
	size := uintptr(t.Size())
	if len(data) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(data)))%size == 0 {
		return data
	}
	c := make([]byte, len(data))
	copy(c, data)
	return c
}
