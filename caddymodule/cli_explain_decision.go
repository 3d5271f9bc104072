package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/model"
	"github.com/limen-waf/limen/store"
)

// decisionIDs returns the arguments as IDs of decisions, or nil when they are files. A
// file may be called like an ID.
func decisionIDs(args []string) (ids []ulid.ULID, err error) {
	file := ""
	for _, arg := range args {
		id, err := ulid.ParseStrict(arg)
		if err == nil {
			_, err = os.Lstat(arg)
			if errors.Is(err, fs.ErrNotExist) {
				ids = append(ids, id)
				continue
			}
		}
		file = arg
	}
	if ids != nil && file != "" {
		return nil, fmt.Errorf("%s is the ID of a decision and %s a file: give either IDs or files", ids[0], file)
	}
	return ids, nil
}

// decisions explains recorded decisions, each under the model that made it unless a
// flag names another.
func (x *explainer) decisions(cmd *cobra.Command, ids []ulid.ULID, flags *modelFlags, source *sourceFlags) error {
	src, err := source.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer src.Close()
	scorers := make(map[string]*scorer) // by digest, "" for the flag's model
	defer func() {
		for _, s := range scorers {
			_ = s.close()
		}
	}()
	for i, id := range ids {
		chain, err := src.Why(cmd.Context(), id)
		if err != nil {
			return err
		}
		v := chain.Verdict
		rec, err := recordedRequest(v)
		if err != nil {
			return err
		}
		digest := v.ModelDigest
		if cmd.Flags().Changed("model") {
			digest = ""
		}
		s := scorers[digest]
		if s == nil {
			if s, err = flags.openFor(cmd, src, digest); err != nil {
				return fmt.Errorf("decision %s: %w", id, err)
			}
			scorers[digest] = s
		}
		at := *s
		if v.Threshold > 0 && !cmd.Flags().Changed("threshold") && !cmd.Flags().Changed("model") {
			at.policy.Threshold, at.policy.ClassThresholds = v.Threshold, nil
		}
		x.scorer, x.recorded = &at, v
		if i > 0 && !x.json {
			x.out.WriteByte('\n')
		}
		err = x.request(cmd.Context(), rec)
		if flushErr := x.out.Flush(); err == nil {
			err = flushErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recordedRequest returns the request of a row.
func recordedRequest(v *store.Verdict) (*corpus.Record, error) {
	if v.Request == nil {
		return nil, fmt.Errorf("decision %s was stored without its request; \"caddy limen why %s\" shows what is known of it", v.ID, v.ID)
	}
	r, err := store.ParseRequest(v.Request)
	if err != nil {
		return nil, fmt.Errorf("decision %s: %w", v.ID, err)
	}
	rec := &corpus.Record{ID: v.ID.String(), Method: r.Method, Target: r.Target, Body: r.Body}
	for _, h := range r.Headers {
		rec.Headers = append(rec.Headers, classifier.Header(h))
	}
	return rec, nil
}

// openFor opens the model with a digest from where the decisions are, or the flag's
// where the digest is empty: of a request that an exception let through, too.
func (f *modelFlags) openFor(cmd *cobra.Command, src verdictSource, digest string) (*scorer, error) {
	if digest == "" {
		return f.open(cmd)
	}
	if m, err := model.Default(); err == nil && m.Digest == digest {
		return f.openModel(cmd, m)
	}
	m, err := recordedModel(cmd.Context(), src, digest)
	if err != nil {
		return nil, fmt.Errorf("the model that decided: %w; name another one with --model", err)
	}
	return f.openModel(cmd, m)
}

// recordedModel gets a model that the store keeps.
func recordedModel(_ context.Context, src verdictSource, digest string) (*model.Model, error) {
	switch src := src.(type) {
	case *store.Store:
		return findModel(src, digest)
	case *adminClient:
		var file modelFile
		if err := src.get("/limen/models/"+digest, &file); err != nil {
			return nil, err
		}
		m, err := model.New(file.Manifest, file.ONNX)
		if err == nil && m.Digest != digest {
			err = fmt.Errorf("the server has %s for it", m.Digest)
		}
		return m, err
	}
	return nil, fmt.Errorf("model %s cannot be had from a %T", digest, src)
}

// recordedDecision is what was recorded, beside what an explanation finds now.
type recordedDecision struct {
	Time       time.Time `json:"time"`
	Score      float64   `json:"score"`
	Class      string    `json:"class"`
	Decision   string    `json:"decision"`
	Threshold  float64   `json:"threshold,omitempty"`
	Exception  string    `json:"exception,omitempty"`
	Fallback   string    `json:"fallback,omitempty"`
	Model      string    `json:"model_digest,omitempty"`
	RequestCut int64     `json:"request_cut"` // bytes that were not kept
}

func recordedAs(v *store.Verdict) *recordedDecision {
	if v == nil {
		return nil
	}
	return &recordedDecision{v.Time, v.Score, v.Class, v.Decision, v.Threshold, v.Exception, v.Fallback, v.ModelDigest, v.RequestCut}
}

// writeRecorded writes what was recorded, for people.
func (x *explainer) writeRecorded() {
	v := x.recorded
	if v == nil {
		return
	}
	fmt.Fprintf(x.out, "# recorded %s  ", localTime(v.Time))
	switch {
	case v.Exception != "":
		x.out.WriteString("not scored, exception ")
		x.text(v.Exception)
	default:
		fmt.Fprintf(x.out, "score %.6f  %s  threshold %v", v.Score, printable(v.Class), v.Threshold)
	}
	fmt.Fprintf(x.out, "  %s; sensitive values are masked\n", v.Decision)
	if v.Fallback != "" {
		fmt.Fprintf(x.out, "# then not inspected whole: %s\n", printable(v.Fallback))
	}
	if v.RequestCut > 0 {
		fmt.Fprintf(x.out, "# without the last %s bytes, which were not kept\n", thousands(int(v.RequestCut)))
	}
}
