package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/store"
)

// What a gate does with what is no picture.
const (
	otherReject = "reject"
	otherAllow  = "allow"
)

// What error routes and the log get to know of a picture that did not pass.
var (
	errRejected = errors.New("picture rejected")
	errLacking  = errors.New("picture does not show what is required")
	errOther    = errors.New("the upload is no picture of a known format")
)

// ImageRule says what a picture shows. It applies when one of its labels does.
type ImageRule struct {
	// Names of classes, as in the model's labels. Case does not matter; of names with
	// several parts, such as "tabby, tabby cat", each part will do.
	Labels []string `json:"labels,omitempty"`

	// The score above which a label applies. Default: for classify, the label has to
	// be the most probable one; for detect, it has to be found at all.
	Above *float64 `json:"above,omitempty"`
}

func (r *ImageRule) validate(names []string) error {
	if len(r.Labels) == 0 {
		return errors.New("a rule of reject or require has no label")
	}
	if r.Above != nil && !(*r.Above >= 0 && *r.Above < 1) {
		return fmt.Errorf("score of %s is %v, expected a number from 0 to below 1", strings.Join(r.Labels, ", "), *r.Above)
	}
	for _, label := range r.Labels {
		if len(names) == 0 {
			return fmt.Errorf("label %q cannot be looked for: the model has no labels file", label)
		}
		found := false
		for _, name := range names {
			found = found || names != nil && sameLabel(name, label)
		}
		if !found {
			return fmt.Errorf("the model has no label %q: it has %s", label, someOf(names))
		}
	}
	return nil
}

// someOf lists the first of many names.
func someOf(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more, in its labels file", strings.Join(names[:most], ", "), len(names)-most)
}

func sameLabel(name, label string) bool {
	if strings.EqualFold(name, label) {
		return true
	}
	for part := range strings.SplitSeq(name, ",") {
		if strings.EqualFold(strings.TrimSpace(part), label) {
			return true
		}
	}
	return false
}

// applies says whether a picture shows it, and what of it. found is the score from which
// on a detector finds something.
func (r *ImageRule) applies(s *sight, found float64) (what string, ok bool) {
	wanted := func(name string) bool {
		for _, label := range r.Labels {
			if sameLabel(name, label) {
				return true
			}
		}
		return false
	}
	above := -1.0
	labels := s.labels
	if r.Above != nil {
		above = *r.Above
	} else {
		labels = labels[:min(len(labels), 1)]
	}
	for _, l := range labels {
		if l.Probability > above && wanted(l.Label) {
			return fmt.Sprintf("%s %.4f", l.Label, l.Probability), true
		}
	}
	for _, b := range s.boxes {
		if (b.Score > above && (r.Above != nil || b.Score >= found)) && wanted(b.Label) {
			return fmt.Sprintf("%s %.4f", b.Label, b.Score), true
		}
	}
	return "", false
}

// judge decides on a picture: nil lets it pass, and an error of the gate says why
// not.
func (c *imageCall) judge(s *sight) (reason string, err error) {
	found := c.found()
	for i := range c.Reject {
		if what, ok := c.Reject[i].applies(s, found); ok {
			return "reject " + what, errRejected
		}
	}
	var met []string
	for i := range c.Require {
		what, ok := c.Require[i].applies(s, found)
		if !ok {
			return "require " + strings.Join(c.Require[i].Labels, ", "), errLacking
		}
		met = append(met, what)
	}
	if len(met) > 0 {
		reason = "require " + strings.Join(met, ", ")
	}
	return reason, nil
}

// found is the score from which on a detector finds something, for the rules that name
// none.
func (c *imageCall) found() float64 {
	if c.MinScore > 0 {
		return c.MinScore
	}
	return c.model.spec.LeastScore()
}

// leastScore is what a detector has to find for all rules to be told: the lowest score of
// any.
func (c *imageCall) leastScore() float64 {
	least := c.found()
	for _, rules := range [][]ImageRule{c.Reject, c.Require} {
		for i := range rules {
			if a := rules[i].Above; a != nil {
				least = min(least, *a)
			}
		}
	}
	return max(least, math.SmallestNonzeroFloat64) // 0 would be the model's own
}

// guard lets a request through to the next handler when its pictures pass.
func (h *ImageHandler) guard(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch, !hasBody(r):
		return next.ServeHTTP(w, r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(h.Timeout))
	err := h.inspectUpload(ctx, w, r)
	cancel()
	if err != nil {
		e := h.statusError(err)
		if e.status < 500 || h.OnError != store.Allow || r.Context().Err() != nil {
			return caddyhttp.Error(e.status, e.err)
		}
	}
	return next.ServeHTTP(w, r)
}

// inspectUpload looks at all pictures of a body, and puts the body back whole.
func (h *ImageHandler) inspectUpload(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	c := h.newCall(r)
	model, done, err := h.slot.borrow()
	if err != nil {
		return err
	}
	defer done()
	c.model, c.top = model, 0
	c.minScore = c.leastScore()
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") && h.Other == otherReject {
		return badCall(http.StatusUnsupportedMediaType, "the body has Content-Encoding %.40q, expected none", coding)
	}
	// The next handler's transport may go on reading when the handlers have returned,
	// so the buffer is none of the pool's.
	buf := new(bytes.Buffer)
	if err := readUpload(w, r, h.MaxBytes, buf); err != nil {
		return err
	}
	r.Body = &keptBody{Reader: bytes.NewReader(buf.Bytes()), Closer: r.Body}
	// Reading has answered the client's Expect: 100-continue.
	r.Header.Del("Expect")
	if buf.Len() == 0 {
		return nil
	}
	u, err := h.filesOf(r.Header.Get("Content-Type"), buf.Bytes())
	if err != nil {
		return err
	}
	for i := range u.files {
		err := c.pass(ctx, &u.files[i])
		if err == nil {
			continue
		}
		if asCallError(err).status < 500 || h.OnError != store.Allow {
			return err
		}
		h.statusError(err) // which logs it
	}
	return nil
}

// filesOf finds the files of a body that a gate has to look at.
func (h *ImageHandler) filesOf(contentType string, body []byte) (*uploads, error) {
	kind, _, _ := mime.ParseMediaType(contentType)
	u, err := splitUpload(contentType, body, h.MaxFiles)
	isJSON := kind == typeJSON || strings.HasSuffix(kind, "+json")
	if err != nil && isJSON && asCallError(err).status == http.StatusBadRequest {
		u, err = &uploads{files: []upload{{data: body}}}, nil // none of our form
	}
	if err != nil {
		return nil, err
	}
	files := u.files[:0]
	for _, f := range u.files {
		switch {
		case picture.Sniff(f.data) != "":
			files = append(files, f)
		case h.Other == otherReject:
			if f.name != "" {
				return nil, badCall(http.StatusUnprocessableEntity, "file %.100q: %w", f.name, errOther)
			}
			return nil, badCall(http.StatusUnprocessableEntity, "%w", errOther)
		}
	}
	u.files = files
	return u, nil
}

// pass looks at one picture and decides. What decided is in the row and in the
// placeholders.
func (c *imageCall) pass(ctx context.Context, f *upload) error {
	a := c.newAct(f.data)
	var t stages
	s, err := c.gaze(ctx, f, a, &t)
	var verdict error
	if err == nil {
		a.Reason, verdict = c.judge(s)
		s.keepShown(c.Top)
		s.fill(a)
	}
	c.finish(a, &t, err)
	a.Decision = store.Allow
	switch {
	case err != nil:
		if a.Status < 500 || c.OnError != store.Allow {
			a.Decision = store.Block
		}
	case verdict != nil:
		a.Decision, a.Status = store.Block, http.StatusForbidden
		if errors.Is(verdict, errLacking) {
			a.Status = http.StatusUnprocessableEntity
		}
		err = &callError{a.Status, verdict}
	default:
		a.Status = 0 // the next handler's
	}
	if a.Decision == store.Block && verdict != nil {
		countCall(c.Model, c.Task, resultBlocked)
	}
	(&imageVerdict{a, c.model.title()}).publish(c.r)
	_ = c.record(a)
	return err
}

// gaze decodes a picture and runs the model on it.
func (c *imageCall) gaze(ctx context.Context, f *upload, a *store.Act, t *stages) (*sight, error) {
	p, err := c.model.decode(ctx, f.data, picture.Options{MaxBytes: c.MaxBytes, MaxPixels: c.MaxPixels}, false, t)
	if err != nil {
		return nil, err
	}
	defer p.Release()
	a.Format, a.Width, a.Height = p.Format, p.FullWidth, p.FullHeight
	c.keepThumbnail(a, &p.RGB)
	return c.model.look(ctx, p, c.top, c.minScore, t)
}

// keepShown leaves the results that a row shows: a gate has looked at all classes.
func (s *sight) keepShown(top int) {
	if top > 0 && len(s.labels) > top {
		s.labels = s.labels[:top]
	}
}

// keptBody is a body that was read, to be read again.
type keptBody struct {
	*bytes.Reader
	io.Closer
}

// imageVerdict is what a gate publishes.
type imageVerdict struct {
	act   *store.Act
	model string
}

const (
	imagePlaceholderPrefix = "http.limen_image."
	imageVerdictVar        = "limen_image.verdict"
)

// publish makes v known to the handlers that follow, error routes included, and to
// the access log. Of several pictures it is the last one, which is the one that did not
// pass.
func (v *imageVerdict) publish(r *http.Request) {
	ctx := r.Context()
	if old, ok := caddyhttp.GetVar(ctx, imageVerdictVar).(*imageVerdict); ok {
		*old = *v
		return
	}
	caddyhttp.SetVar(ctx, imageVerdictVar, v)
	if repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(v.placeholder)
	}
	if extra, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && logged(r) {
		extra.Add(zap.Object("limen_image", v))
	}
}

func (v *imageVerdict) placeholder(key string) (any, bool) {
	name, ok := strings.CutPrefix(key, imagePlaceholderPrefix)
	if !ok {
		return nil, false
	}
	var first store.ActResult
	if len(v.act.Results) > 0 {
		first = v.act.Results[0]
	}
	switch name {
	case "id":
		return v.act.ID.String(), true
	case "decision":
		return v.act.Decision, true
	case "reason":
		return v.act.Reason, true
	case "label":
		return first.Label, true
	case "score":
		return first.Score, true
	case "model":
		return v.model, true
	}
	return nil, false
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (v *imageVerdict) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("id", v.act.ID.String())
	enc.AddString("procedure", v.act.Procedure)
	enc.AddString("model", v.model)
	if v.act.Decision != "" {
		enc.AddString("decision", v.act.Decision)
	}
	if v.act.Reason != "" {
		enc.AddString("reason", v.act.Reason)
	}
	if len(v.act.Results) > 0 {
		enc.AddString("label", v.act.Results[0].Label)
		enc.AddFloat32("score", v.act.Results[0].Score)
	}
	if v.act.Error != "" {
		enc.AddString("error", v.act.Error)
	}
	return nil
}
