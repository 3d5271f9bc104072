package evasion

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier"
)

// maxDepth is how often a value may have to be decoded before an interpreter
// sees the payload.
const maxDepth = 3

// Charset is a character encoding of a body.
type Charset uint8

// The charsets.
const (
	UTF8 Charset = iota
	UTF16LE
	UTF16BE
	UTF7Body
)

// Twin says how a parameter of the payload's name stands beside it.
type Twin uint8

// The twins.
const (
	NoTwin Twin = iota
	TwinBefore
	TwinAfter
	// TwinSplit spreads the payload over two parameters of the same name, which
	// ASP joins with a comma. Split is where.
	TwinSplit
)

// Candidate is a payload in a request, with what was done to hide it. It is
// changed by mutations and becomes a request by Request.
type Candidate struct {
	// Class is the class of the attack, "none" for an ordinary value.
	Class string
	// Payload is the text that the attacked interpreter reads.
	Payload string
	Place   Place
	Carrier Carrier
	// Layers are codings over the payload, the first the innermost.
	Layers []Coding
	// Own is the place's own coding; it comes last.
	Own Coding
	// Charset is that of the body, Mark whether a byte order mark begins it.
	Charset Charset
	Mark    bool
	// ContentType replaces the usual one where it is not empty; CharsetName is
	// added as its parameter.
	ContentType string
	CharsetName string
	Twin        Twin
	TwinValue   string
	Split       int
	// PartHeader is an additional header line of a multipart part.
	PartHeader string

	dialect dialect
	inner   int // levels of percent-encoding within the payload as it was given
}

// NewCandidate puts a payload in a carrier drawn for the place.
func NewCandidate(class, payload string, p Place, r *rand.Rand) *Candidate {
	c := &Candidate{Class: class, Payload: payload, Place: p, Carrier: NewCarrier(p, r)}
	c.Own = ownCoding(p, r)
	c.inner = percentDepth(payload)
	if class == "sqli" {
		c.dialect = dialectOf(payload)
	}
	return c
}

// ownCoding draws what an ordinary client does in a place.
func ownCoding(p Place, r *rand.Rand) Coding {
	switch {
	case p.percent():
		return Coding{Kind: Percent, Share: pick(r, Needed, Usual, Usual), Plus: p == Form || p == Query && chance(r, 0.5)}
	case p == XML:
		return Coding{Kind: Entity, Share: Usual}
	}
	return Coding{Kind: Escape}
}

// DrawPlace draws a place that can hold the payload of a class.
func DrawPlace(class, payload string, r *rand.Rand) Place {
	switch class {
	case "shellshock":
		return Header
	case "xxe":
		if strings.HasPrefix(strings.TrimSpace(payload), "<") && chance(r, 0.6) {
			return Body
		}
	}
	for {
		p := Place(0)
		switch draw := r.IntN(100); {
		case draw < 34:
			p = Query
		case draw < 54:
			p = Form
		case draw < 70:
			p = JSON
		case draw < 76:
			p = Multipart
		case draw < 80:
			p = XML
		case draw < 86:
			p = Cookie
		case draw < 93:
			p = Header
		default:
			p = Path
		}
		if Holds(p, payload) {
			return p
		}
	}
}

// Holds says whether a place can hold the text so that a server reads the same
// text there.
func Holds(p Place, text string) bool {
	switch p {
	case JSON:
		return utf8.ValidString(text)
	case XML:
		return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' })
	case Header:
		return len(text) <= 2048 && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) &&
			strings.Trim(text, " \t") == text
	case Cookie, Path:
		return len(text) <= 2048
	case Multipart:
		return !strings.Contains(text, "\r\n--")
	}
	return true
}

// clone copies c for a mutation. What slices refer to is shared: a mutation
// replaces slices and never writes to their elements.
func (c *Candidate) clone() *Candidate {
	d := *c
	d.Layers = slices.Clip(d.Layers)
	d.Carrier.Before = slices.Clip(d.Carrier.Before)
	d.Carrier.After = slices.Clip(d.Carrier.After)
	d.Carrier.Headers = slices.Clip(d.Carrier.Headers)
	return &d
}

// Depth is how often the value has to be decoded to get at the payload.
func (c *Candidate) Depth() int {
	depth := c.inner + len(c.Layers)
	if c.Place.coded() {
		depth++
	}
	if c.Charset == UTF7Body {
		depth++
	}
	return depth
}

// value is the payload with its layers, as the place's own coding takes it.
func (c *Candidate) value(payload string) string {
	for i := range c.Layers {
		payload = c.Layers[i].layer(payload)
	}
	return payload
}

// valid says whether the request means what it should.
func (c *Candidate) valid() bool {
	if c.Twin == TwinSplit && (c.Split <= 0 || c.Split >= len(c.Payload)) {
		return false
	}
	return Holds(c.Place, c.value(c.Payload))
}

// Size is the number of bytes of the request's target, header values and body.
func Size(r *classifier.Request) int {
	n := len(r.Target) + len(r.Body)
	for i := range r.Headers {
		n += len(r.Headers[i].Value)
	}
	return n
}

// percentDepth is how often percent-decoding text changes it.
func percentDepth(text string) int {
	depth := 0
	for depth < maxDepth {
		out := unpercent(text)
		if out == text {
			break
		}
		text = out
		depth++
	}
	return depth
}

// unpercent undoes the well-formed percent-escapes of text.
func unpercent(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			high, ok1 := hexDigit(text[i+1])
			low, ok2 := hexDigit(text[i+2])
			if ok1 && ok2 {
				out = append(out, high<<4|low)
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case digit(c):
		return c - '0', true
	case c-'a' < 6:
		return c - 'a' + 10, true
	case c-'A' < 6:
		return c - 'A' + 10, true
	}
	return 0, false
}
