package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
)

// Decisions a verdict can carry.
const (
	Allow = "allow"
	Tag   = "tag"
	Block = "block"
)

// Verdict is one decision about one request, with everything that led to it. A
// row is written once and never changed.
//
// Digests are "sha256:" and 64 lower-case hex digits. Durations are whole
// microseconds. Zero values mean "not known" and take no room on disk.
type Verdict struct {
	// ID orders rows by time: its first 48 bits are the milliseconds at which
	// the request arrived. Take it from Store.NewID when it is needed before the
	// row is recorded; Record fills it in when it is zero.
	ID ulid.ULID `json:"id"`
	// Time the request arrived, microsecond precision, UTC. Record takes it from
	// ID when it is zero. Queries by time go by the ID.
	Time time.Time `json:"time"`

	// RequestDigest is over the canonical request before redaction, so equal
	// requests have equal digests. Record makes it of Source, keyed (see
	// Store.RequestDigest), when it is empty.
	RequestDigest string `json:"request_digest,omitempty"`
	Method        string `json:"method,omitempty"`
	Host          string `json:"host,omitempty"`
	// Path is the request target, path and query. Record redacts it.
	Path      string `json:"path,omitempty"`
	ClientIP  string `json:"client_ip,omitempty"`
	Principal string `json:"principal,omitempty"` // {http.auth.user.id}
	Server    string `json:"server,omitempty"`
	// Route names the place in the configuration whose handler decided, such as
	// "shop.example" or "shop.example path /api/*". It stays the same while the
	// handler's options change.
	Route string `json:"route,omitempty"`

	Score       float64     `json:"score"`
	Class       string      `json:"class"`
	ClassScores ClassScores `json:"class_scores,omitempty"`
	Decision    string      `json:"decision"`       // Allow, Tag or Block
	Mode        string      `json:"mode,omitempty"` // observe, tag, block
	Threshold   float64     `json:"threshold,omitempty"`
	// Exception names the exception that was applied, Fallback the reason why the
	// engine did not decide (deadline, engine failure, oversize …).
	Exception string `json:"exception,omitempty"`
	Fallback  string `json:"fallback,omitempty"`
	CacheHit  bool   `json:"cache_hit,omitempty"`
	// Sampled says that the row was kept whatever its score: all rows were, or
	// it was drawn. Only such rows say how scores are distributed; the others
	// are there because they were flagged.
	Sampled bool `json:"sampled,omitempty"`

	PolicyDigest     string `json:"policy_digest,omitempty"`
	ModelDigest      string `json:"model_digest,omitempty"`
	TokenizerVersion int    `json:"tokenizer_version,omitempty"`
	Engine           string `json:"engine,omitempty"`
	Device           string `json:"device,omitempty"`
	BatchSize        int    `json:"batch_size,omitempty"`

	QueueMicros    int64 `json:"queue_us,omitempty"`
	TokenizeMicros int64 `json:"tokenize_us,omitempty"`
	InferMicros    int64 `json:"infer_us,omitempty"`

	// BytesInspected and BytesSent are of target and body: a smaller first
	// number says that something was not looked at.
	BytesInspected int64 `json:"bytes_inspected"`
	BytesSent      int64 `json:"bytes_sent"`
	DecodeDepth    int   `json:"decode_depth,omitempty"`
	Windows        int   `json:"windows,omitempty"`

	// Status is what the request was answered with, and UpstreamMicros how long the
	// upstream took until its answer began.
	Status         int   `json:"status,omitempty"`
	UpstreamMicros int64 `json:"upstream_us,omitempty"`

	// Request is the redacted canonical request (ParseRequest reads it), or nil.
	// Record stores it as it is: give it Source instead, unless the bytes come from
	// AppendRequest or another row. RequestCut is the number of its bytes that the row does not hold because
	// of Options.RequestLimit.
	Request    []byte `json:"-"`
	RequestCut int64  `json:"request_cut,omitempty"`

	// Source is the request to record: Record redacts it and stores it as
	// Request. It is read before Record returns, never kept, and never part of a
	// verdict that was read.
	Source *Request `json:"-"`
}

// ClassScore is the probability of one class.
type ClassScore struct {
	Class string
	Score float32
}

// ClassScores is a distribution over classes in the model's order. Its JSON form
// is an object of class to score, in that order.
type ClassScores []ClassScore

// MarshalJSON implements json.Marshaler.
func (s ClassScores) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, c := range s {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(c.Class)
		if err != nil {
			return nil, err
		}
		b = append(append(b, name...), ':')
		f := float64(c.Score)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 0 // JSON has no such number
		}
		b = strconv.AppendFloat(b, f, 'g', -1, 32)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON implements json.Unmarshaler. It keeps the order.
func (s *ClassScores) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t == nil {
		*s = nil
		return nil
	}
	if t != json.Delim('{') {
		return fmt.Errorf("class_scores: want an object, have %v", t)
	}
	out := ClassScores{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var score float64
		if err := d.Decode(&score); err != nil {
			return err
		}
		out = append(out, ClassScore{Class: name.(string), Score: float32(score)})
	}
	*s = out
	return nil
}

// plain is Verdict without its methods.
type plain Verdict

// verdictJSON adds the request in the form of the JSON Lines files: as text, or
// Base64 when it is not UTF-8.
type verdictJSON struct {
	*plain
	Request    *string `json:"request,omitempty"`
	RequestB64 []byte  `json:"request_b64,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (v Verdict) MarshalJSON() ([]byte, error) {
	p := plain(v)
	p.Score, p.Threshold = finite(p.Score), finite(p.Threshold)
	j := verdictJSON{plain: &p}
	switch {
	case v.Request == nil:
	case utf8.Valid(v.Request):
		s := string(v.Request)
		j.Request = &s
	default:
		j.RequestB64 = v.Request
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Verdict) UnmarshalJSON(b []byte) error {
	j := verdictJSON{plain: (*plain)(v)}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	v.Request = j.RequestB64
	if j.Request != nil {
		v.Request = []byte(*j.Request)
	}
	return nil
}

func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
