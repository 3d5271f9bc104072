package ort

import "time"

// Options says how an engine is opened. The zero value is one thread a call on
// the CPU, as many calls at once as GOMAXPROCS, and no batching over calls.
type Options struct {
	// DataDir is Limen's data folder; the library is looked for in it too.
	DataDir string
	// CUDA asks for a CUDA device. Nil is the CPU.
	CUDA *CUDA
	// Threads is the number of threads that one call may use inside an
	// operator (0: 1). Calls run beside each other, so more than one thread a
	// call only helps where there are fewer calls than cores.
	Threads int
	// Concurrency is the number of calls that run at once (0: GOMAXPROCS on
	// the CPU, 1 on a device); others wait until their context ends. It bounds the
	// memory, which grows with each call that runs.
	Concurrency int
	// NoArena turns ONNX Runtime's CPU memory arena off. The arena keeps what the
	// largest calls needed; without it every call allocates and frees.
	NoArena bool
	// Batch says how calls are run together.
	Batch Batch
}

// CUDA is a CUDA device and what the engine may take of it.
type CUDA struct {
	// Device is the device number as CUDA counts, from 0.
	Device int
	// MemoryLimit is the most bytes of device memory that the arena may hold
	// (0: no limit).
	MemoryLimit int64
}

// Batch says how windows are run together, within one call and across calls.
type Batch struct {
	// MaxWindows is the most windows in one run of the network (0: 8 on the
	// CPU, where larger batches only cost memory, 256 on a device).
	MaxWindows int
	// Across makes calls that wait at the same moment run together. A call
	// that is alone in the queue runs at once, whatever MaxDelay says. It is always on for
	// a device.
	Across bool
	// MaxDelay is how long two or more calls that wait together are held for
	// more to join them, while they fill less than MaxWindows (0: not at all; what
	// gathers during a run is the next batch all the same). A call whose
	// deadline is nearer than that is not held.
	MaxDelay time.Duration
}

// withDefaults fills in what is left to the engine; procs is GOMAXPROCS.
func (o Options) withDefaults(procs int) Options {
	if o.Threads < 1 {
		o.Threads = 1
	}
	if o.CUDA != nil {
		o.Batch.Across = true
	}
	if o.Concurrency < 1 {
		o.Concurrency = procs
		if o.CUDA != nil {
			o.Concurrency = 1
		}
	}
	if o.Batch.MaxWindows < 1 {
		o.Batch.MaxWindows = 8
		if o.CUDA != nil {
			o.Batch.MaxWindows = 256
		}
	}
	return o
}
