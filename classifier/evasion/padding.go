package evasion

import (
	"math/rand/v2"
	"strings"

	"github.com/limen-waf/limen/classifier"
)

// Where says on which side of a payload filler stands.
type Where uint8

// The sides. Around is half of it on either side.
const (
	Before Where = iota
	After
	Around
)

func (w Where) String() string { return [...]string{"before", "after", "around"}[w] }

// Wheres are all sides.
func Wheres() []Where { return []Where{Before, After, Around} }

// BodyType is a form of body.
type BodyType uint8

// The body types.
const (
	FormBody BodyType = iota
	JSONBody
	MultipartBody
	XMLBody
	TextBody
	GraphQLBody
	bodyTypes
)

func (t BodyType) String() string {
	return [bodyTypes]string{"form", "json", "multipart", "xml", "text", "graphql"}[t]
}

// BodyTypes are all of them.
func BodyTypes() []BodyType {
	return []BodyType{FormBody, JSONBody, MultipartBody, XMLBody, TextBody, GraphQLBody}
}

// Padded is a payload in a body with filler.
type Padded struct {
	Payload string
	Type    BodyType
	// Inside puts the filler into the payload's own value, else it stands in
	// fields, members, elements, parts or arguments of its own. A text body is
	// one value, so there it is always inside.
	Inside bool
	// Before and After are the filler's texts.
	Before, After string
	Carrier       Carrier
}

// Fits says whether a body type can hold a text as it is.
func (t BodyType) Fits(text string) bool {
	switch t {
	case JSONBody, GraphQLBody:
		return Holds(JSON, text)
	case MultipartBody:
		return Holds(Multipart, text)
	case XMLBody:
		return Holds(XML, text)
	}
	return true
}

// Pad buries a payload in n bytes of filler. n is 0 for the request to compare
// with.
func Pad(payload string, t BodyType, w Where, inside bool, f Filler, n int, seed uint64) *Padded {
	// The carrier does not depend on the filler: it has a generator of its own.
	c := NewCarrier(Form, rand.New(rand.NewPCG(seed, 7)))
	c.Name = "comment"
	p := &Padded{Payload: payload, Type: t, Inside: inside || t == TextBody, Carrier: c}
	r := rand.New(rand.NewPCG(seed, 8))
	before := map[Where]int{Before: n, After: 0, Around: n / 2}[w]
	p.Before, p.After = f.Text(before, r), f.Text(n-before, r)
	return p
}

// value is the payload's value, with the filler where that stands inside.
func (p *Padded) value() string {
	if !p.Inside {
		return p.Payload
	}
	text := p.Payload
	if p.Before != "" {
		text = p.Before + " " + text
	}
	if p.After != "" {
		text += " " + p.After
	}
	return text
}

// fields are the fields of the body in order.
func (p *Padded) fields() []Pair {
	fields := []Pair{{"page", "2"}}
	if p.Before != "" && !p.Inside {
		fields = append(fields, Pair{"notes", p.Before})
	}
	fields = append(fields, Pair{p.Carrier.Name, p.value()})
	if p.After != "" && !p.Inside {
		fields = append(fields, Pair{"details", p.After})
	}
	return append(fields, Pair{"lang", "en"})
}

// Request returns the padded request.
func (p *Padded) Request() *classifier.Request {
	kind, body := p.body()
	headers := append(p.Carrier.Headers[:len(p.Carrier.Headers):len(p.Carrier.Headers)],
		classifier.Header{Name: "Content-Type", Value: kind}, classifier.Header{Name: "Content-Length", Value: string(appendInt(nil, len(body)))})
	return &classifier.Request{Method: "POST", Target: p.Carrier.Path, Headers: headers, Body: body}
}

func (p *Padded) body() (kind string, body []byte) {
	form, text, element := Coding{Kind: Percent, Share: Usual, Plus: true}, Coding{Kind: Escape}, Coding{Kind: Entity, Share: Usual}
	switch p.Type {
	case FormBody:
		for i, f := range p.fields() {
			if i > 0 {
				body = append(body, '&')
			}
			body = form.own(append(append(body, f.Name...), '='), f.Value, Form)
		}
		return "application/x-www-form-urlencoded", body
	case JSONBody:
		for i, f := range p.fields() {
			body = append(body, "{,"[min(i, 1)])
			body = append(append(append(body, '"'), f.Name...), `":"`...)
			body = append(text.own(body, f.Value, JSON), '"')
		}
		return "application/json", append(body, '}')
	case MultipartBody:
		for _, f := range p.fields() {
			body = append(body, "--"+p.Carrier.Boundary+"\r\nContent-Disposition: form-data; name=\""+f.Name+"\"\r\n\r\n"+f.Value+"\r\n"...)
		}
		return "multipart/form-data; boundary=" + p.Carrier.Boundary, append(body, "--"+p.Carrier.Boundary+"--\r\n"...)
	case XMLBody:
		body = append(body, `<?xml version="1.0"?><request>`...)
		for _, f := range p.fields() {
			body = element.own(append(append(append(body, '<'), f.Name...), '>'), f.Value, XML)
			body = append(append(append(body, "</"...), f.Name...), '>')
		}
		return "application/xml", append(body, "</request>"...)
	case GraphQLBody:
		// The arguments of a field are GraphQL strings (GraphQL section 2.9.4), the
		// document is one in JSON (GraphQL over HTTP section 5.4).
		var arguments []string
		for _, f := range p.fields() {
			arguments = append(arguments, f.Name+`: "`+string(text.own(nil, f.Value, JSON))+`"`)
		}
		document := "mutation { save(" + strings.Join(arguments, ", ") + ") { id } }"
		return "application/json", append(text.own([]byte(`{"query":"`), document, JSON), `","variables":{}}`...)
	}
	return "text/plain", []byte(p.value())
}
