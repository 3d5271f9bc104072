package webpage

import (
	"fmt"
	"strings"

	"github.com/limen-waf/limen/classifier/explain"
)

// face is how a mistake is shown.
type face struct {
	Mistake
	// Method and Target are the request line, Fields the other fields with marks in
	// them.
	Method, Target []explain.Segment
	Fields         []field
	// Runs are what made the score, in words.
	Runs []explain.Span
	// Bytes is the size of the body.
	Bytes int
}

// field is a header field or the body.
type field struct {
	Name  []explain.Piece
	Value []explain.Segment
}

func faces(list []Mistake) []face {
	out := make([]face, len(list))
	for i, m := range list {
		out[i] = faceOf(m)
	}
	return out
}

func faceOf(m Mistake) face {
	f := face{Mistake: m, Runs: m.Explanation.Spans, Bytes: len(m.Request.Body)}
	in := m.Explanation.In
	f.Method = explain.Excerpt(m.Request.Method, in("method", -1))
	f.Target = explain.Excerpt(m.Request.Target, in("target", -1))
	for i, h := range m.Request.Headers {
		names, values := in("header name", i), in("header", i)
		if len(names)+len(values) > 0 {
			f.Fields = append(f.Fields, field{explain.Visible(cutText(h.Name, nameLength)), explain.Excerpt(h.Value, values)})
		}
	}
	if body := in("body", -1); len(body) > 0 {
		f.Fields = append(f.Fields, field{explain.Visible("body"), explain.Excerpt(string(m.Request.Body), body)})
	} else if len(m.Request.Body) > 0 {
		f.Fields = append(f.Fields, field{explain.Visible("body, nothing marked"), explain.Excerpt(string(m.Request.Body), nil)})
	}
	for _, s := range m.Explanation.Spans {
		if !s.Located() {
			text := []explain.Span{{Start: 0, End: len(s.Text)}}
			f.Fields = append(f.Fields, field{explain.Visible(s.Field + ", as decoded"), explain.Excerpt(s.Text, text)})
		}
	}
	return f
}

// Share is the part of the evidence that a run accounts for, in percent.
func (f face) Share(s explain.Span) string {
	return strings.TrimSpace(percent2(s.Weight / max(f.Explanation.Evidence, 1e-9)))
}

// nameLength is how much of a name is shown.
const nameLength = 160

// cutText cuts s to about most bytes and says how many were cut.
func cutText(s string, most int) string {
	if len(s) <= most+40 {
		return s
	}
	end := explain.Boundary(s, most)
	return s[:end] + fmt.Sprintf(" … (%s more bytes)", thousands(len(s)-end))
}
