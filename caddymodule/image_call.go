package caddymodule

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/classifier/vision"
	"github.com/limen-waf/limen/store"
)

// maxTop bounds ?top=.
const maxTop = 1000

// imageCall is one call of classify or detect: a request to an image handler, or one to
// the admin endpoint (procedure_act.go).
type imageCall struct {
	*ImageHandler
	r        *http.Request
	by       caller
	store    *sharedStore // nil when Start failed
	model    *pooledModel
	top      int
	minScore float64
	png      bool // the answer is the picture with the boxes
	draw     bool // it is in the answer
}

func (h *ImageHandler) newCall(r *http.Request) *imageCall {
	return &imageCall{ImageHandler: h, r: r, by: httpCaller(r), store: h.app.openStore(r.Context()), top: h.Top, minScore: h.MinScore}
}

// serve answers the request, or returns why it cannot.
func (c *imageCall) serve(ctx context.Context, w http.ResponseWriter) error {
	if c.r.Method != http.MethodPost {
		return badCall(http.StatusMethodNotAllowed, "method %s is not allowed here, use POST with a picture as the body", c.r.Method)
	}
	if err := c.readQuery(c.r.URL.Query()); err != nil {
		return err
	}
	// Before the body: from here on a reload does not take the model away.
	model, done, err := c.slot.borrow()
	if err != nil {
		return err
	}
	defer done()
	c.model = model
	buf := uploadBuffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= pooledUpload+bytes.MinRead {
			buf.Reset()
			uploadBuffers.Put(buf)
		}
	}()
	if err := readUpload(w, c.r, c.MaxBytes, buf); err != nil {
		return err
	}
	files, err := splitUpload(c.r.Header.Get("Content-Type"), buf.Bytes(), c.MaxFiles)
	if err != nil {
		return err
	}
	if err := c.takeOptions(files); err != nil {
		return err
	}
	a, stored, err := c.invoke(ctx, c.r.Header.Get(headerKey), files, c.record)
	if err != nil {
		return err
	}
	if stored {
		w.Header().Set(headerReplayed, "true")
	}
	w.Header().Set(headerActID, a.ID.String())
	writeBody(w, http.StatusOK, a.OutputType, a.Output)
	return nil
}

// invoke makes the call: once, where it has an Idempotency-Key, and from then on it
// answers what it did the first time. The row that it returns, which is the first
// picture's, has the answer as its output. Without a key, keep keeps the row.
func (c *imageCall) invoke(ctx context.Context, key string, u *uploads, keep func(*store.Act) error) (a *store.Act, stored bool, err error) {
	run := func(ctx context.Context) (*store.Act, error) {
		rows, kind, body, err := c.answer(ctx, u)
		if err != nil {
			return nil, err
		}
		for _, a := range rows[1:] {
			_ = c.record(a)
		}
		rows[0].OutputType, rows[0].Output = kind, body
		return rows[0], nil
	}
	if key != "" {
		return c.invokeOnce(ctx, key, u, run)
	}
	if a, err = run(ctx); err != nil {
		return nil, false, err
	}
	row := *a
	row.OutputType, row.Output = "", nil // nobody will ask for it again
	return a, false, keep(&row)
}

func (c *imageCall) invokeOnce(ctx context.Context, key string, u *uploads, run func(context.Context) (*store.Act, error)) (*store.Act, bool, error) {
	if c.store == nil {
		return nil, false, badCall(http.StatusServiceUnavailable, "the store is not open, so an Idempotency-Key cannot be kept")
	}
	digest, err := c.digest(u)
	if err != nil {
		return nil, false, err
	}
	a, stored, err := c.store.InvokeAct(ctx, store.ActInvocation{Principal: c.by.key(), Key: key, CallDigest: digest}, run)
	if stored {
		countCall(c.Model, c.Task, resultStored)
	}
	return a, stored, err
}

// readQuery reads the options of one request; those of somebody else are left alone.
func (c *imageCall) readQuery(q url.Values) error {
	if text := q.Get("top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return badTop(text)
		}
		if err := c.setTop(n); err != nil {
			return err
		}
	}
	if text := q.Get("min_score"); text != "" {
		p, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return badMinScore(text)
		}
		return c.setMinScore(p)
	}
	return nil
}

func badTop(value any) error {
	return badCall(http.StatusBadRequest, "top is %q, expected a whole number from 1 to %d", fmt.Sprint(value), maxTop)
}

func badMinScore(value any) error {
	return badCall(http.StatusBadRequest, "min_score is %q, expected a number from 0 to 1", fmt.Sprint(value))
}

func (c *imageCall) setTop(n int) error {
	if n < 1 || n > maxTop {
		return badTop(n)
	}
	c.top = n
	return nil
}

func (c *imageCall) setMinScore(p float64) error {
	if !(p >= 0 && p <= 1) {
		return badMinScore(p)
	}
	c.minScore = p
	return nil
}

// setOptions takes the options of a JSON body.
func (c *imageCall) setOptions(u *uploads) error {
	if u.top != nil {
		if err := c.setTop(*u.top); err != nil {
			return err
		}
	}
	if u.minScore != nil {
		if err := c.setMinScore(*u.minScore); err != nil {
			return err
		}
	}
	return nil
}

// takeOptions takes the options of a JSON body, and settles what the answer is.
func (c *imageCall) takeOptions(u *uploads) error {
	if err := c.setOptions(u); err != nil {
		return err
	}
	c.png = accepts(c.r.Header.Values("Accept"), typePNG)
	switch {
	case len(u.files) == 0:
		return badCall(http.StatusBadRequest, "no picture in the request: send one as a file of the form, such as curl -F image=@photo.jpg")
	case c.png && c.Task != procedureDetect:
		return badCall(http.StatusNotAcceptable, "labels cannot be answered as image/png: ask for application/json, or a handler that detects")
	case c.png && len(u.files) > 1:
		return badCall(http.StatusNotAcceptable, "%d pictures cannot be answered as one image/png: send one, or ask for application/json", len(u.files))
	}
	return nil
}

// answer looks at all files, side by side. When one of them cannot be looked at the
// whole call fails, and the rows of all are stored with their errors.
func (c *imageCall) answer(ctx context.Context, u *uploads) (rows []*store.Act, kind string, body []byte, err error) {
	rows = make([]*store.Act, len(u.files))
	answers := make([]*imageAnswer, len(u.files))
	errs := make([]error, len(u.files))
	see := func(i int) {
		f := &u.files[i]
		rows[i] = c.newAct(f.data)
		answers[i], errs[i] = c.see(ctx, f, rows[i])
	}
	var wait sync.WaitGroup
	for i := range u.files[1:] {
		wait.Add(1)
		go func() { defer wait.Done(); see(i + 1) }()
	}
	see(0)
	wait.Wait()
	for i, e := range errs {
		if e == nil {
			continue
		}
		if name := u.files[i].name; name != "" {
			e = fmt.Errorf("picture %.100q: %w", name, e)
		}
		if err == nil {
			err = e
		}
	}
	if err != nil {
		for i, a := range rows {
			if errs[i] == nil {
				a.Error = "another picture of the request could not be looked at"
			}
			a.Status = asCallError(err).status
			_ = c.record(a)
		}
		return nil, "", nil, err
	}
	switch {
	case c.png:
		return rows, typePNG, answers[0].PNG, nil
	case u.many:
		body, err = encodeAnswer(imageAnswers{answers})
	default:
		body, err = encodeAnswer(answers[0])
	}
	return rows, typeJSON, body, err
}

// see looks at one file and fills in its row.
func (c *imageCall) see(ctx context.Context, f *upload, a *store.Act) (*imageAnswer, error) {
	var t stages
	answer, err := c.seeIn(ctx, f, a, &t)
	c.finish(a, &t, err)
	return answer, err
}

func (c *imageCall) seeIn(ctx context.Context, f *upload, a *store.Act, t *stages) (*imageAnswer, error) {
	p, err := c.model.decode(ctx, f.data, picture.Options{MaxBytes: c.MaxBytes, MaxPixels: c.MaxPixels}, c.png || c.draw, t)
	if err != nil {
		return nil, err
	}
	defer p.Release()
	a.Format, a.Width, a.Height = p.Format, p.FullWidth, p.FullHeight
	c.keepThumbnail(a, &p.RGB)
	s, err := c.model.look(ctx, p, c.top, c.minScore, t)
	if err != nil {
		return nil, err
	}
	s.cut(c.top, c.minScore)
	s.fill(a)
	answer := &imageAnswer{ID: a.ID.String(), Name: f.name, Model: c.model.title(), Width: p.FullWidth, Height: p.FullHeight}
	if c.model.isDetector() {
		answer.Boxes = &s.boxes
	} else {
		answer.Labels = &s.labels
	}
	if c.png || c.draw {
		scaleX, scaleY := float64(p.Width)/float64(p.FullWidth), float64(p.Height)/float64(p.FullHeight)
		vision.Draw(&p.RGB, scaleX, scaleY, s.boxes)
		var png bytes.Buffer
		if err := picture.EncodePNG(&png, &p.RGB); err != nil {
			return nil, err
		}
		answer.PNG = png.Bytes()
	}
	answer.Micros = t.micros()
	return answer, nil
}

// cut leaves the first results that score enough. Lists are never nil: in JSON they
// are [].
func (s *sight) cut(top int, minScore float64) {
	labels := make([]vision.Label, 0, len(s.labels))
	for _, l := range s.labels {
		if l.Probability >= minScore {
			labels = append(labels, l)
		}
	}
	s.labels = labels
	if s.boxes == nil {
		s.boxes = []vision.Box{}
	}
	if top > 0 && len(s.boxes) > top {
		s.boxes = s.boxes[:top]
	}
}

// headerReplayed says that an answer is a stored one.
const headerReplayed = "Idempotent-Replayed"

// digest is over everything that the answer depends on.
func (c *imageCall) digest(u *uploads) (string, error) {
	type file struct{ Name, Digest string }
	in := struct {
		Procedure     string
		Version       int
		Model, Preset string
		Top           int
		MinScore      float64
		PNG, Many     bool
		Files         []file
		Draw          bool `json:",omitempty"`
	}{Procedure: c.Task, Version: actVersionOf(c.Task), Model: c.model.digest, Preset: c.model.presetDigest, Top: c.top, MinScore: c.minScore, PNG: c.png, Many: u.many, Draw: c.draw}
	for _, f := range u.files {
		in.Files = append(in.Files, file{f.name, digestOf(f.data)})
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// newActID is the id of a call that begins now.
func newActID(s *sharedStore) ulid.ULID {
	if s == nil {
		return ulid.Make()
	}
	return s.NewID()
}

// isClientsEnd says whether an error is that the client went away.
func isClientsEnd(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil
}
