package evasion

import (
	"html"
	"math/rand/v2"
	"strings"
)

// ordinaryMutations are changes to ordinary values that change nothing about
// their being ordinary.
var ordinaryMutations = Suite{
	ordinary("letter-case", func(c *Candidate, r *rand.Rand) string {
		return pick(r, strings.ToUpper, strings.ToLower, capitals)(c.Payload)
	}),
	ordinary("white-space", func(c *Candidate, r *rand.Rand) string {
		if strings.ContainsAny(c.Payload, "<{\n") { // documents are not words
			return c.Payload
		}
		return strings.ReplaceAll(c.Payload, " ", pick(r, blank(c, r), "_", "-"))
	}),
	ordinary("margin", func(c *Candidate, r *rand.Rand) string {
		if strings.TrimSpace(c.Payload) != c.Payload {
			return c.Payload
		}
		space := blank(c, r)
		return pick(r, space+c.Payload, c.Payload+space, space+c.Payload+space)
	}),
	ordinary("quotes", func(c *Candidate, r *rand.Rand) string {
		if strings.ContainsAny(c.Payload, "\"(\u201c") { // nobody quotes quotes
			return c.Payload
		}
		return pick(r, `"`+c.Payload+`"`, "\u201c"+c.Payload+"\u201d", "("+c.Payload+")")
	}),
	ordinary("words", func(c *Candidate, r *rand.Rand) string {
		return pick(r, prose(r, 1+r.IntN(5))+" "+c.Payload, c.Payload+" "+prose(r, 1+r.IntN(5)))
	}),
	ordinary("html-escape", func(c *Candidate, _ *rand.Rand) string {
		if c.Depth() >= maxDepth {
			return c.Payload
		}
		return html.EscapeString(c.Payload)
	}),
}

// ordinary makes a mutation of a change to ordinary values.
func ordinary(name string, change func(*Candidate, *rand.Rand) string) Mutation {
	return Mutation{Name: name, Classes: []string{"none"}, Ordinary: true, Apply: func(c *Candidate, r *rand.Rand) bool {
		out := change(c, r)
		if out == c.Payload || out == "" {
			return false
		}
		c.Payload = out
		return true
	}}
}

// blank draws a blank. Lines are broken in bodies alone: that is where people
// have more than one.
func blank(c *Candidate, r *rand.Rand) string {
	if c.Place.body() {
		return pick(r, " ", "  ", "\t", "\n", "\r\n", "\u00a0")
	}
	return pick(r, " ", "  ", "\u00a0")
}

// capitals writes each word of ASCII with a capital.
func capitals(text string) string {
	out := []byte(strings.ToLower(text))
	for i, c := range out {
		if c-'a' < 26 && (i == 0 || out[i-1] == ' ') {
			out[i] = c - 'a' + 'A'
		}
	}
	return string(out)
}
