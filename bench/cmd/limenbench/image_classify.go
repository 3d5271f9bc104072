//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/site"
)

// classify measures photos: Limen, the bare loop and the Node server.
func (r *imageReport) classify(ctx context.Context, st *stage, s *imageSettings, limen *site.Caddy) error {
	const width, height = 2400, 1800
	st.say("making photos of %d by %d pixels and %d bytes", width, height, s.size)
	photos, err := imagebench.Photos(s.path(photosFolder), width, height, s.size, 1)
	if err != nil {
		return err
	}
	var messages []load.Message
	for _, photo := range photos {
		messages = append(messages, imagebench.Post("/classify", photo, "Content-Type", "image/jpeg"))
		r.Photos.Bytes += len(photo)
	}
	r.Photos.Count, r.Photos.Width, r.Photos.Height = len(photos), width, height

	own, err := imagebench.Open(s.path(classifierModel), classifierPreset, s.options())
	if err != nil {
		return err
	}
	defer own.Session.Close()
	workers := []int{runtime.NumCPU(), s.connections}
	bare := func(i int) *imageContestant {
		return &imageContestant{name: "bare", settings: fmt.Sprintf("loop of %d workers", workers[i]), inside: true, rows: 1,
			drive: func(ctx context.Context, count int) (*load.Result, error) {
				return own.Loop(ctx, photos, workers[i], count)
			}}
	}
	least := 2 * s.connections
	best, tried, err := st.fastest(ctx, s, len(workers), least, func(i int) (*imageContestant, func(), error) { return bare(i), func() {}, nil })
	if err != nil {
		return err
	}
	r.ClassifyTried = tried
	contestants := []*imageContestant{
		server("limen", fmt.Sprintf("limen_image, %d connections", s.connections), limen.Address, s.connections, messages, limen.PID()),
		bare(best),
	}
	want := make([]int, len(photos))
	for i, photo := range photos {
		labels, err := own.Classify(ctx, photo, 1)
		if err != nil {
			return err
		}
		want[i] = labels[0].Index
	}
	if r.Agree, err = agreement(ctx, nil, "limen", limen.Address, photos, want); err != nil {
		return err
	}

	node, err := r.startNode(ctx, st, s, messages)
	switch {
	case errors.Is(err, site.ErrNoNode):
		r.NoNode = err.Error()
		st.say("%v", err)
	case err != nil:
		return err
	default:
		defer node.Stop()
		contestants = append(contestants, server("node", node.Settings.String(), node.Address, s.connections, messages, node.PIDs()...))
		if r.Agree, err = agreement(ctx, r.Agree, "node", node.Address, photos, want); err != nil {
			return err
		}
	}
	for _, c := range contestants {
		if _, err := st.probe(ctx, s, c, least); err != nil {
			return err
		}
	}
	if err := st.turns(ctx, s, contestants, least); err != nil {
		return err
	}
	r.Classify = summarizeImage(contestants)
	return nil
}

// startNode tries the settings of the Node server and runs it with the best.
func (r *imageReport) startNode(ctx context.Context, st *stage, s *imageSettings, messages []load.Message) (*site.Node, error) {
	variants, err := s.nodeVariants(runtime.NumCPU())
	if err != nil {
		return nil, err
	}
	start := func(i int) (*site.Node, error) {
		return site.StartNode(ctx, s.node, s.path(classifierModel), s.path(classifierLabels), variants[i])
	}
	best := 0
	if len(variants) > 1 {
		var tried []imageTried
		best, tried, err = st.fastest(ctx, s, len(variants), 2*s.connections, func(i int) (*imageContestant, func(), error) {
			node, err := start(i)
			if err != nil {
				return nil, nil, err
			}
			return server("node", node.Settings.String(), node.Address, s.connections, messages, node.PIDs()...), node.Stop, nil
		})
		if err != nil {
			return nil, err
		}
		r.ClassifyTried = append(r.ClassifyTried, tried...)
	}
	return start(best)
}

// agreement adds to agree for how many photos a server's most probable class is the bare
// loop's.
func agreement(ctx context.Context, agree map[string]int, name, address string, photos [][]byte, want []int) (map[string]int, error) {
	if agree == nil {
		agree = map[string]int{}
	}
	agree[name] = 0
	for i, photo := range photos {
		index, err := askTop(ctx, address, photo)
		if err != nil {
			return nil, fmt.Errorf("asking %s: %w", name, err)
		}
		if index == want[i] {
			agree[name]++
		}
	}
	return agree, nil
}

// askTop returns the most probable class of a server's answer.
func askTop(ctx context.Context, address string, photo []byte) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/classify", bytes.NewReader(photo))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "image/jpeg")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the answer is %s: %.300s", answer.Status, body)
	}
	return topIndex(body)
}

// topIndex reads the first label of an answer.
func topIndex(body []byte) (int, error) {
	var said struct {
		Labels []struct {
			Index *int `json:"index"`
		} `json:"labels"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return 0, fmt.Errorf("reading labels: %w", err)
	}
	if len(said.Labels) == 0 || said.Labels[0].Index == nil {
		return 0, fmt.Errorf("reading labels: there is none in %.300s", body)
	}
	return *said.Labels[0].Index, nil
}
