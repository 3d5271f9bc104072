package corpus

import (
	"context"
	"io"
	"sync"
)

// A batch closes at this many records or bytes, whichever comes first, so that
// handing it over costs little and no worker starves.
const (
	batchRecords = 128
	batchBytes   = 256 << 10
)

// batch is a run of records on its way through Map.
type batch[T any] struct {
	buf     []byte // the JSON lines, one after the other
	items   []item
	results []T
	err     error // of the record after the last result
	done    chan struct{}
}

// Map reads every record of r, works on them in parallel, and hands the
// results to emit in input order. newWork is called once for each of the
// workers; the function that it returns is used by one goroutine at a time and
// may keep state, such as a tokenizer. emit is called from the caller's
// goroutine.
//
// The first error, in input order, ends it: results of the records before it
// have been emitted, none after it. It is an error of reading, of work, of
// emit, or ctx.Err(). Map closes r; after an error a read of standard input may
// still be waiting in the background.
func Map[T any](ctx context.Context, r *Reader, workers int, newWork func() func(*Record) (T, error), emit func(T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	workers = max(workers, 1)
	work := make(chan *batch[T], workers)
	order := make(chan *batch[T], 3*workers) // bounds what is in memory
	free := make(chan *batch[T], 4*workers+2)

	var group sync.WaitGroup
	for range workers {
		do := newWork()
		group.Go(func() {
			for {
				select {
				case b, ok := <-work:
					if !ok {
						return
					}
					b.run(ctx, do)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		defer r.Close()
		defer close(order)
		defer close(work)
		for {
			b := take(free)
			err := b.fill(r)
			if err != nil && err != io.EOF {
				b.err = err
			}
			select {
			case order <- b:
			case <-ctx.Done():
				return
			}
			select {
			case work <- b:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()

	err := drain(ctx, order, free, emit)
	cancel()
	group.Wait()
	return err
}

// drain emits the batches' results as they are done, in order.
func drain[T any](ctx context.Context, order <-chan *batch[T], free chan<- *batch[T], emit func(T) error) error {
	for {
		var b *batch[T]
		var ok bool
		select {
		case b, ok = <-order:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !ok {
			return nil
		}
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, result := range b.results {
			if err := emit(result); err != nil {
				return err
			}
		}
		if b.err != nil {
			return b.err
		}
		select {
		case free <- b:
		default:
		}
	}
}

func take[T any](free <-chan *batch[T]) *batch[T] {
	var b *batch[T]
	select {
	case b = <-free:
	default:
		b = new(batch[T])
	}
	if cap(b.buf) > 16*batchBytes { // one giant line must not be kept for ever
		b.buf = nil
	}
	clear(b.items)
	clear(b.results)
	*b = batch[T]{buf: b.buf[:0], items: b.items[:0], results: b.results[:0], done: make(chan struct{})}
	return b
}

// fill reads records until the batch is full, the input ends or fails, or the
// next record would have to be waited for.
func (b *batch[T]) fill(r *Reader) error {
	for len(b.items) < batchRecords && len(b.buf) < batchBytes {
		if len(b.items) > 0 && len(r.queue) == 0 && r.in != nil && r.waiting() {
			return nil
		}
		var it item
		var err error
		if b.buf, err = r.next(b.buf, &it); err != nil {
			return err
		}
		it.end = len(b.buf)
		b.items = append(b.items, it)
	}
	return nil
}

func (b *batch[T]) run(ctx context.Context, do func(*Record) (T, error)) {
	defer close(b.done)
	start := 0
	for i := range b.items {
		if ctx.Err() != nil {
			b.err = ctx.Err()
			return
		}
		it := &b.items[i]
		rec, err := it.record(b.buf[start:it.end:it.end])
		start = it.end
		var result T
		if err == nil {
			result, err = do(rec)
		}
		if err != nil {
			b.err = err
			return
		}
		b.results = append(b.results, result)
	}
}
