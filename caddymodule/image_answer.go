package caddymodule

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/limen-waf/limen/classifier/vision"
)

// imageAnswer is what is said of one picture.
type imageAnswer struct {
	// ID is that of the call's row.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // of the file, where there may be several
	// Model is the model's name and the beginning of its digest.
	Model string `json:"model"`
	// Width and Height are the picture's, upright, in pixels.
	Width  int             `json:"width"`
	Height int             `json:"height"`
	Labels *[]vision.Label `json:"labels,omitempty"`
	Boxes  *[]vision.Box   `json:"boxes,omitempty"`
	// PNG is the picture with the boxes drawn into it, where that was asked for, in
	// Base64.
	PNG []byte `json:"png_b64,omitempty"`
	// Micros is how long each part of the call took, in microseconds.
	Micros answerMicros `json:"us"`
}

type answerMicros struct {
	Decode     int64 `json:"decode"`
	Preprocess int64 `json:"preprocess"`
	Queue      int64 `json:"queue"`
	Infer      int64 `json:"infer"`
	Post       int64 `json:"post"`
}

func (t *stages) micros() answerMicros {
	us := func(d time.Duration) int64 { return d.Microseconds() }
	return answerMicros{us(t.decode), us(t.preprocess), us(t.queue), us(t.infer), us(t.post)}
}

// imageAnswers is what is said of the files of a form.
type imageAnswers struct {
	Results []*imageAnswer `json:"results"`
}

// Types of an answer.
const (
	typeJSON = "application/json"
	typePNG  = "image/png"
)

// headerActID is the header with the id of the call's row.
const headerActID = "Limen-Id"

func encodeAnswer(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// writeAnswer writes v as JSON. An error of writing is the client's going away.
func writeAnswer(w http.ResponseWriter, status int, v any) {
	body, err := encodeAnswer(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`+"\n")
	}
	writeBody(w, status, typeJSON, body)
}

func writeBody(w http.ResponseWriter, status int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// accepts says whether a client wants a type rather than JSON (RFC 9110, section
// 12.5.1). JSON is what it gets where it does not say.
func accepts(header []string, want string) bool {
	family, _, _ := strings.Cut(want, "/")
	wanted, plain := -1.0, -1.0
	wantedBy, plainBy := 0, 0 // how closely a range names it
	for _, field := range header {
		for _, item := range strings.Split(field, ",") {
			kind, params, err := mime.ParseMediaType(item)
			if err != nil {
				continue
			}
			q := 1.0
			if text, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(text, 64); err != nil {
					continue
				}
			}
			take := func(value *float64, by *int, close int) {
				if close > *by || close == *by && q > *value {
					*value, *by = q, close
				}
			}
			switch kind {
			case want:
				take(&wanted, &wantedBy, 3)
			case family + "/*":
				take(&wanted, &wantedBy, 2)
			case typeJSON:
				take(&plain, &plainBy, 3)
			case "application/*":
				take(&plain, &plainBy, 2)
			case "*/*":
				take(&wanted, &wantedBy, 1)
				take(&plain, &plainBy, 1)
			}
		}
	}
	return wanted > 0 && (wanted > plain || wanted == plain && wantedBy > plainBy)
}
