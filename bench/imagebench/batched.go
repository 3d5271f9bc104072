package imagebench

import (
	"context"

	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/gpu/session"
)

// Runner is what Batched and Compare need of a session.Session.
type Runner interface {
	Inputs() []session.Info
	Run(ctx context.Context, in []session.Tensor, outputs []string) ([]session.Tensor, session.Stats, error)
}

// Batched runs a session on count batches of rows each, one after the other from one
// caller: the runtime with nothing to wait for and nothing to gather.
func Batched(ctx context.Context, s Runner, rows, count int) (*load.Result, error) {
	t, err := Tensor(s.Inputs()[0], rows, 1)
	if err != nil {
		return nil, err
	}
	in := []session.Tensor{t}
	return loop(ctx, 1, count, func(int) error {
		_, _, err := s.Run(ctx, in, nil)
		return err
	})
}
