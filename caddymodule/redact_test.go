package caddymodule_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// sharedFolder returns a folder of the shared data, or skips the test.
func sharedFolder(t *testing.T, parts ...string) string {
	t.Helper()
	shared := os.Getenv("LIMEN_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	folder := filepath.Join(append([]string{shared}, parts...)...)
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no data in %s; LIMEN_SHARED names the folder of the shared data", folder)
	}
	return folder
}

// judge is the shipped model with its own thresholds.
type judge struct {
	t      *testing.T
	c      *classifier.Classifier
	policy classifier.Policy
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	m, err := model.Default()
	if err != nil {
		t.Fatal(err)
	}
	e, err := gpu.Open(m, gpu.Options{Device: "native"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c, err := classifier.New(m, e, classifier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &judge{t, c, classifier.Policy{Threshold: m.Manifest.Threshold, ClassThresholds: m.Manifest.ClassThresholds}}
}

// class returns the class of attack that r is taken for, or none.
func (j *judge) class(r *store.Request) string {
	j.t.Helper()
	in := classifier.Request{Method: r.Method, Target: r.Target, Body: r.Body, BodySize: int64(len(r.Body))}
	for _, h := range r.Headers {
		in.Headers = append(in.Headers, classifier.Header(h))
	}
	res, err := j.c.Classify(context.Background(), &in)
	if err != nil {
		j.t.Fatal(err)
	}
	if j.policy.Flagged(&res) {
		return res.Attack
	}
	return "none"
}

// inPasswords returns r with every field of query and form called password, so that all
// their values are masked.
func inPasswords(r *store.Request) *store.Request {
	rename := func(pairs string) string {
		fields := strings.Split(pairs, "&")
		for i, f := range fields {
			if _, value, ok := strings.Cut(f, "="); ok && value != "" {
				fields[i] = "password=" + value
			}
		}
		return strings.Join(fields, "&")
	}
	out := *r
	if path, query, ok := strings.Cut(r.Target, "?"); ok {
		out.Target = path + "?" + rename(query)
	}
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, "Content-Type") && strings.HasPrefix(h.Value, "application/x-www-form-urlencoded") {
			out.Body = []byte(rename(string(r.Body)))
		}
	}
	return &out
}

// kept counts what redaction does to the classes of requests.
type kept struct{ requests, masked, lost, gained, other int }

func (k *kept) add(j *judge, r *store.Request) {
	k.requests++
	stored := store.Redact(r)
	if stored.Target == r.Target && bytes.Equal(stored.Body, r.Body) && reflect.DeepEqual(stored.Headers, r.Headers) {
		return
	}
	k.masked++
	switch before, after := j.class(r), j.class(stored); {
	case before == after:
	case after == "none":
		k.lost++
	case before == "none":
		k.gained++
	default:
		k.other++
	}
}

func (k *kept) changed() int { return k.lost + k.gained + k.other }

// Ensure that the shipped model takes an attack for the same in its stored form, in
// which secrets are masked: of attacks as they came, at most 2 in a thousand change
// their class; where every value stands in a field called password, so that nothing
// but the masks' shape is left of it, at most 3 in a hundred.
func TestRedactedClass(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedFolder(t, "data", "public", "test"), "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	every := 4 // attacks
	if os.Getenv("LIMEN_REDACT_ALL") != "" {
		every = 1
	}
	j := newJudge(t)
	var came, all kept
	n := 0
	for _, file := range files {
		var here [2]kept
		r := corpus.NewReader(nil, file)
		for {
			rec, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.Label != "attack" {
				continue
			}
			if n++; n%every != 0 {
				continue
			}
			in := &store.Request{Method: rec.Method, Target: rec.Target, Body: []byte(rec.Body)}
			for _, h := range rec.Headers {
				in.Headers = append(in.Headers, store.Header(h))
			}
			for i, k := range []*kept{&came, &all} {
				req := in
				if k == &all {
					req = inPasswords(in)
				}
				k.add(j, req)
				here[i].add(j, req)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if here[0].requests > 0 {
			t.Logf("%s: as it came %+v, every value masked %+v", filepath.Base(file), here[0], here[1])
		}
	}
	t.Logf("all: as it came %+v, every value masked %+v", came, all)
	if came.masked == 0 || all.masked < all.requests/2 {
		t.Fatalf("hardly anything was masked: %+v, %+v", came, all)
	}
	if came.changed()*1000 > came.requests*2 {
		t.Errorf("as they came: %+v", came)
	}
	if all.changed()*100 > all.requests*3 {
		t.Errorf("every value masked: %+v", all)
	}
}
