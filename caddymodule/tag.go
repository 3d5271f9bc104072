package caddymodule

import (
	"net/http"
	"strconv"
	"strings"
)

// The request headers that tell the upstream what Limen thinks, in net/http's
// canonical form.
const (
	headerPrefix = "X-Limen-"
	headerScore  = headerPrefix + "Score"
	headerClass  = headerPrefix + "Class"
	headerID     = headerPrefix + "Id"
)

// stripHeaders removes the headers that only Limen may set, so that the
// upstream can believe them. A client could also have them removed behind
// Limen's back, by naming them in Connection, which makes them hop-by-hop (RFC
// 9110 section 7.6.1); so they are taken out of it.
func stripHeaders(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, headerPrefix) {
			delete(h, name)
		}
	}
	for i, v := range h["Connection"] {
		if !strings.Contains(strings.ToLower(v), "x-limen-") {
			continue
		}
		keep := make([]string, 0, 4)
		for option := range strings.SplitSeq(v, ",") {
			option = strings.TrimSpace(option)
			if !strings.HasPrefix(strings.ToLower(option), "x-limen-") {
				keep = append(keep, option)
			}
		}
		h["Connection"][i] = strings.Join(keep, ", ")
	}
}

// tagHeaders tells the upstream the verdict. The class is the likeliest attack
// class where the request was flagged, whatever its score.
func tagHeaders(h http.Header, v *verdict) {
	h[headerScore] = []string{formatScore(v.Score)}
	h[headerClass] = []string{v.Class}
	h[headerID] = []string{v.ID}
}

// formatScore writes a score with the six decimals that tell one score near 1
// from another.
func formatScore(score float64) string {
	return strconv.FormatFloat(score, 'f', 6, 64)
}
