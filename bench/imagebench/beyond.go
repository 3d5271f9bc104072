package imagebench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/gpu/session"
)

// Added is what calls over one connection took, and calls of a session in this
// process with the same tensor, in turns. All are sorted, and have one entry a call.
type Added struct {
	// HTTP is the time from a request's first byte written to its answer's last
	// byte read.
	HTTP []time.Duration
	// Bare is the time of a call of the session.
	Bare []time.Duration
	// Beyond is HTTP less the time that the model ran in the server for that
	// very request (compute_infer of the server's statistics).
	Beyond []time.Duration
}

// Difference returns how much longer the q-quantile of HTTP is than that of Bare.
func (a *Added) Difference(q float64) time.Duration {
	return load.Quantile(a.HTTP, q) - load.Quantile(a.Bare, q)
}

// Compare sends count requests with the tensor to a model of the server at address
// (Open Inference Protocol), each when the last is answered, and between them calls
// the session. The first warmup calls do not count.
func Compare(ctx context.Context, address, model string, s Runner, t session.Tensor, warmup, count int) (*Added, error) {
	message, err := Infer(model, t)
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ran, err := c.computed(model)
	if err != nil {
		return nil, err
	}
	a := new(Added)
	for i := range warmup + count {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		begin := time.Now()
		if _, err := c.do(message.Wire); err != nil {
			return nil, fmt.Errorf("running model %s: %w", model, err)
		}
		took := time.Since(begin)
		before := ran
		if ran, err = c.computed(model); err != nil {
			return nil, err
		}
		begin = time.Now()
		if _, _, err := s.Run(ctx, []session.Tensor{t}, nil); err != nil {
			return nil, err
		}
		bare := time.Since(begin)
		if i < warmup {
			continue
		}
		if ran.count != before.count+1 {
			return nil, fmt.Errorf("running model %s: the server counts %d runs for one request: does somebody else use it?", model, ran.count-before.count)
		}
		a.HTTP = append(a.HTTP, took)
		a.Bare = append(a.Bare, bare)
		a.Beyond = append(a.Beyond, took-(ran.total-before.total))
	}
	slices.Sort(a.HTTP)
	slices.Sort(a.Bare)
	slices.Sort(a.Beyond)
	return a, nil
}

// connection is a kept-alive connection to a server.
type connection struct {
	net.Conn
	reader *bufio.Reader
}

func dial(ctx context.Context, address string) (*connection, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp4", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return &connection{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

// do sends a request and returns the body of its answer, which must be a 200.
func (c *connection) do(wire []byte) ([]byte, error) {
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	if _, err := c.Write(wire); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s: %.200s", answer.Status, body)
	}
	return body, answer.Body.Close()
}

// computed asks for the time that the model ran so far.
func (c *connection) computed(model string) (runs, error) {
	body, err := c.do([]byte("GET /v2/models/" + model + "/stats HTTP/1.1\r\nHost: bench\r\n\r\n"))
	if err != nil {
		return runs{}, fmt.Errorf("asking for statistics: %w", err)
	}
	return parseRuns(body)
}

// runs are how often a model ran, and how long.
type runs struct {
	count uint64
	total time.Duration
}

// parseRuns reads compute_infer of an answer of Triton's statistics extension.
func parseRuns(body []byte) (runs, error) {
	var said struct {
		Models []struct {
			Stats struct {
				Infer *struct {
					Count uint64 `json:"count"`
					Ns    uint64 `json:"ns"`
				} `json:"compute_infer"`
			} `json:"inference_stats"`
		} `json:"model_stats"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return runs{}, fmt.Errorf("reading statistics: %w", err)
	}
	if len(said.Models) != 1 || said.Models[0].Stats.Infer == nil {
		return runs{}, errors.New("reading statistics: expected those of one model, with compute_infer")
	}
	infer := said.Models[0].Stats.Infer
	return runs{infer.Count, time.Duration(infer.Ns)}, nil
}
