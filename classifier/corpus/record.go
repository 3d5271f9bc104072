package corpus

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier"
)

// Labels of a record. Anomaly is a request that is out of the ordinary but not
// known to be an attack, as most of the anomalous part of CSIC 2010.
const (
	Normal  = "normal"
	Attack  = "attack"
	Anomaly = "anomaly"
)

// Classes are the classes of a record in the order of the HTTP model's
// outputs. The first one, "none", goes with everything that is not an attack.
var Classes = []string{"none", "sqli", "xss", "traversal", "cmdi", "log4shell", "shellshock", "xxe", "other"}

// Form is the JSON form in one line, for error messages and help texts.
const Form = `{"id":"…","label":"normal|attack|anomaly","class":"sqli","method":"GET","target":"/path?query","headers":[["Name","value"]],"body":"…"}`

// Record is one request of a corpus with what is known about it.
type Record struct {
	// ID names the record in its data set. A record that has none is called by
	// its place, "file:line".
	ID string
	// Dataset is where the record comes from; may be empty.
	Dataset string
	// Label is Normal, Attack, Anomaly, or empty when the request is not
	// labelled.
	Label string
	// Class is one of Classes, or empty when not known.
	Class string

	// Method, Target, Headers and Body are the request as on the wire; see
	// classifier.Request.
	Method  string
	Target  string
	Headers []classifier.Header
	Body    []byte

	// File and Line are where the record was read; Line counts from 1. Both
	// are zero for a record that was not read from a file.
	File string
	Line int
	// Source is the JSON line the record was read from, without its line end,
	// nil for other records. Inside Map it is valid until the work on the
	// record returns.
	Source []byte
}

// Request returns the record's request. It shares the record's memory.
func (r *Record) Request() *classifier.Request {
	return &classifier.Request{Method: r.Method, Target: r.Target, Headers: r.Headers, Body: r.Body}
}

// wireRecord is the JSON form. Pointers tell a missing field from an empty
// one; a header pair is a slice because a Go array would silently drop or pad.
type wireRecord struct {
	ID      string     `json:"id,omitempty"`
	Dataset string     `json:"dataset,omitempty"`
	Label   string     `json:"label,omitempty"`
	Class   string     `json:"class,omitempty"`
	Method  string     `json:"method"`
	Target  string     `json:"target"`
	Headers [][]string `json:"headers"`
	Body    *string    `json:"body,omitempty"`
	BodyB64 *string    `json:"body_b64,omitempty"`
}

// UnmarshalJSON reads the JSON form strictly: whatever would change the
// request in silence (bytes that are not UTF-8, half a surrogate pair, two
// bodies, a header that is not a pair) is an error.
func (r *Record) UnmarshalJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8; put a binary body in body_b64")
	}
	if escape := unpairedSurrogate(data); escape != "" {
		return fmt.Errorf("%s is half a surrogate pair and no character; put a binary body in body_b64", escape)
	}
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		return explain(err)
	}
	switch {
	case w.Method == "":
		return errors.New(`"method" is missing or empty`)
	case w.Target == "":
		return errors.New(`"target" is missing or empty`)
	case w.Label != "" && w.Label != Normal && w.Label != Attack && w.Label != Anomaly:
		return fmt.Errorf(`"label" is %s, want normal, attack or anomaly`, quote(w.Label))
	case w.Class != "" && !slices.Contains(Classes, w.Class):
		return fmt.Errorf(`"class" is %s, want one of %s`, quote(w.Class), strings.Join(Classes, ", "))
	case w.Body != nil && *w.Body != "" && w.BodyB64 != nil && *w.BodyB64 != "":
		return errors.New(`both "body" and "body_b64" are given, want one`)
	}
	*r = Record{ID: w.ID, Dataset: w.Dataset, Label: w.Label, Class: w.Class, Method: w.Method, Target: w.Target}
	if len(w.Headers) > 0 {
		r.Headers = make([]classifier.Header, len(w.Headers))
		for i, h := range w.Headers {
			if len(h) != 2 {
				return fmt.Errorf(`header %d has %d parts, want ["Name","value"]`, i+1, len(h))
			}
			r.Headers[i] = classifier.Header{Name: h[0], Value: h[1]}
		}
	}
	switch {
	case w.BodyB64 != nil && *w.BodyB64 != "":
		body, err := base64.StdEncoding.DecodeString(*w.BodyB64)
		if err != nil {
			return fmt.Errorf(`"body_b64" is not standard base64: %w`, err)
		}
		r.Body = body
	case w.Body != nil && *w.Body != "":
		r.Body = []byte(*w.Body)
	}
	return nil
}

// MarshalJSON writes the JSON form. JSON holds characters, not bytes: bytes of
// the target that are not UTF-8 are written percent-encoded, which is what the
// sender should have done, and those of a header as Latin-1 characters, which
// is how HTTP/1.1 read them. The body is kept byte for byte.
func (r *Record) MarshalJSON() ([]byte, error) {
	w := wireRecord{
		ID: r.ID, Dataset: r.Dataset, Label: r.Label, Class: r.Class,
		Method: latin1(r.Method), Target: percent(r.Target),
		Headers: make([][]string, len(r.Headers)),
	}
	for i, h := range r.Headers {
		w.Headers[i] = []string{latin1(h.Name), latin1(h.Value)}
	}
	if utf8.Valid(r.Body) {
		body := string(r.Body)
		w.Body = &body
	} else {
		body := base64.StdEncoding.EncodeToString(r.Body)
		w.BodyB64 = &body
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // "<script>" stays readable
	if err := e.Encode(&w); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// explain turns encoding/json's errors, which speak of Go types, into the
// language of the form.
func explain(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return fmt.Errorf("a JSON %s, want an object", kind.Value)
		}
		want := "a string"
		if strings.HasPrefix(kind.Field, "headers") {
			want = `[["Name","value"], …]`
		}
		return fmt.Errorf("%q is a %s, want %s", kind.Field, kind.Value, want)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// unpairedSurrogate returns the first \u escape in the JSON text that is half
// a surrogate pair, or "". encoding/json would replace it by U+FFFD.
func unpairedSurrogate(data []byte) string {
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\\')
		if n < 0 || i+n+1 >= len(data) {
			return ""
		}
		i += n
		if data[i+1] != 'u' {
			i += 2
			continue
		}
		high, ok := surrogate(data[i:])
		switch {
		case !ok:
			i += 2
			continue
		case high >= 0xDC00:
			return string(data[i : i+6])
		}
		low, ok := surrogate(data[i+6:])
		if !ok || low < 0xDC00 {
			return string(data[i : i+6])
		}
		i += 12
	}
}

// surrogate returns the value of the \uXXXX escape that data begins with, if
// it is a surrogate.
func surrogate(data []byte) (uint64, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return v, err == nil && v >= 0xD800 && v < 0xE000
}

// percent percent-encodes the bytes of s that are not UTF-8.
func percent(s string) string {
	return repair(s, func(b byte) string { return fmt.Sprintf("%%%02X", b) })
}

// latin1 reads the bytes of s that are not UTF-8 as Latin-1.
func latin1(s string) string {
	return repair(s, func(b byte) string { return string(rune(b)) })
}

func repair(s string, odd func(byte) string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		c, n := utf8.DecodeRuneInString(s[i:])
		if c == utf8.RuneError && n == 1 {
			out.WriteString(odd(s[i]))
		} else {
			out.WriteString(s[i : i+n])
		}
		i += n
	}
	return out.String()
}

// quote shows at most the first 40 bytes of what a user gave.
func quote(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}
