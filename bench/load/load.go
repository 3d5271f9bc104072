package load

import (
	"slices"
	"time"
)

// Message is one request, ready for the wire.
type Message struct {
	Wire []byte
	// Head says that the answer has no body whatever its headers say (HEAD).
	Head bool
}

// Options say how Run sends.
type Options struct {
	// Address is the server's IPv4 address and port.
	Address string
	// Connections is the number of kept-alive connections.
	Connections int
	// Count is the number of messages to send; they are taken round robin,
	// beginning at Offset.
	Count, Offset int
	// Rate is the number of messages started per second, 0 for a closed loop.
	Rate float64
	// Poisson draws the times between starts from an exponential distribution
	// with the mean 1/Rate instead of spacing them evenly.
	Poisson bool
	// Seed is the seed of those draws.
	Seed uint64
	// Timeout is the longest a message may take from its first byte sent; past
	// it the message has failed and its connection is closed.
	Timeout time.Duration
	// Outcome, if not nil, is called with the number of each message (Offset
	// included) and what became of it.
	Outcome func(message int, o Outcome)
	// Progress, if not nil, is called about ten times a second with the number
	// of messages finished.
	Progress func(finished int)
}

// Outcome is what became of one message.
type Outcome struct {
	// Status is the answer's status code, 0 if there was no answer.
	Status int
	// Upstream says that the answer bears the upstream's marker: the request
	// went through.
	Upstream bool
	// Failed says that no whole answer came.
	Failed bool
}

// Result is what a run measured.
type Result struct {
	// Finished is the number of messages with an outcome, Failed of them without
	// a whole answer.
	Finished, Failed int
	// Retried counts messages sent again because their kept-alive connection was
	// closed before any byte of an answer.
	Retried int
	// Elapsed is the time from the first start to the last outcome.
	Elapsed time.Duration
	// Latencies, sorted, has one entry an answered message: from the intended
	// start (open loop) or the first byte sent (closed loop) to the answer's last
	// byte.
	Latencies []time.Duration
	// Lags, sorted, says how late the generator itself was (open loop only): from
	// the intended start of a message to its sending, where a connection was
	// free. It is the measurement's own error.
	Lags []time.Duration
}

// Quantile returns the q-quantile (nearest rank) of sorted durations, 0 if
// there are none.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// Throughput returns the answered messages per second.
func (r *Result) Throughput() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Finished-r.Failed) / r.Elapsed.Seconds()
}

func (r *Result) sort() {
	slices.Sort(r.Latencies)
	slices.Sort(r.Lags)
}
