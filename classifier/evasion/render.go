package evasion

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/limen-waf/limen/classifier"
)

// Request returns the candidate as a request.
func (c *Candidate) Request() *classifier.Request {
	r := &classifier.Request{Method: c.Carrier.Method, Target: c.Carrier.Path}
	headers := slices.Clip(c.Carrier.Headers)
	switch c.Place {
	case Query:
		r.Target += "?" + string(c.pairs(nil, '&'))
		r.Headers = headers
		return r
	case Path:
		r.Target = string(c.Own.own([]byte(strings.TrimSuffix(c.Carrier.Path, "/")+"/"), c.value(c.Payload), Path))
	case Cookie:
		headers = append(headers, classifier.Header{Name: "Cookie", Value: string(c.pairs(nil, ';'))})
	case Header:
		headers = append(headers, classifier.Header{Name: c.Carrier.Name, Value: c.value(c.Payload)})
	}
	for i, p := range c.Carrier.Query {
		r.Target += string("?&"[min(i, 1)]) + p.Name + "=" + plain(p.Value)
	}
	if c.Place.body() {
		r.Method = "POST"
		var kind string
		kind, r.Body = c.body()
		if c.ContentType != "" {
			kind = c.ContentType
		}
		if c.CharsetName != "" {
			kind += "; charset=" + c.CharsetName
		}
		r.Body = c.recode(r.Body)
		headers = append(headers, classifier.Header{Name: "Content-Type", Value: kind},
			classifier.Header{Name: "Content-Length", Value: string(appendInt(nil, len(r.Body)))})
	}
	r.Headers = headers
	return r
}

// plain percent-encodes an ordinary value.
func plain(text string) string {
	usualCoding := Coding{Kind: Percent, Share: Usual}
	return string(usualCoding.own(nil, text, Query))
}

// parameters calls each for every parameter in order; hot says that the value
// is the payload's, with its layers but without the place's own coding.
func (c *Candidate) parameters(each func(name, value string, hot bool)) {
	for _, p := range c.Carrier.Before {
		each(p.Name, p.Value, false)
	}
	switch c.Twin {
	case TwinBefore:
		each(c.Carrier.Name, c.TwinValue, false)
	case TwinSplit:
		each(c.Carrier.Name, c.value(c.Payload[:c.Split]+"/*"), true)
		each(c.Carrier.Name, c.value("*/"+c.Payload[c.Split:]), true)
	}
	if c.Twin != TwinSplit {
		each(c.Carrier.Name, c.value(c.Payload), true)
	}
	if c.Twin == TwinAfter {
		each(c.Carrier.Name, c.TwinValue, false)
	}
	for _, p := range c.Carrier.After {
		each(p.Name, p.Value, false)
	}
}

// pairs appends name=value pairs; separator is & or ;.
func (c *Candidate) pairs(dst []byte, separator byte) []byte {
	place := c.Place
	start := len(dst)
	cool := Coding{Kind: Percent, Share: Usual, Plus: c.Own.Plus}
	c.parameters(func(name, value string, hot bool) {
		if len(dst) > start {
			dst = append(dst, separator)
			if separator == ';' {
				dst = append(dst, ' ')
			}
		}
		dst = append(append(dst, name...), '=')
		if hot {
			dst = c.Own.own(dst, value, place)
		} else {
			dst = cool.own(dst, value, place)
		}
	})
	return dst
}

// body returns the body in UTF-8 and its content type.
func (c *Candidate) body() (kind string, body []byte) {
	switch c.Place {
	case Form:
		return "application/x-www-form-urlencoded", c.pairs(nil, '&')
	case JSON:
		body = append(body, '{')
		plainString := Coding{Kind: Escape}
		c.parameters(func(name, value string, hot bool) {
			if len(body) > 1 {
				body = append(body, ',')
			}
			body = append(append(append(body, '"'), name...), `":"`...)
			if hot {
				body = c.Own.own(body, value, JSON)
			} else {
				body = plainString.own(body, value, JSON)
			}
			body = append(body, '"')
		})
		return "application/json", append(body, '}')
	case Multipart:
		c.parameters(func(name, value string, hot bool) {
			body = append(body, "--"+c.Carrier.Boundary+"\r\nContent-Disposition: form-data; name=\""+name+"\"\r\n"...)
			if hot && c.PartHeader != "" {
				body = append(append(body, c.PartHeader...), "\r\n"...)
			}
			body = append(append(append(body, "\r\n"...), value...), "\r\n"...)
		})
		return "multipart/form-data; boundary=" + c.Carrier.Boundary, append(body, "--"+c.Carrier.Boundary+"--\r\n"...)
	case XML:
		body = append(body, `<?xml version="1.0"?><request>`...)
		plainText := Coding{Kind: Entity, Share: Usual}
		c.parameters(func(name, value string, hot bool) {
			body = append(append(append(body, '<'), name...), '>')
			if hot {
				body = c.Own.own(body, value, XML)
			} else {
				body = plainText.own(body, value, XML)
			}
			body = append(append(append(body, "</"...), name...), '>')
		})
		return "application/xml", append(body, "</request>"...)
	}
	return "application/xml", []byte(c.value(c.Payload))
}

// recode writes a UTF-8 body in the candidate's charset.
func (c *Candidate) recode(body []byte) []byte {
	if c.Charset == UTF8 {
		return body
	}
	if c.Charset == UTF7Body {
		utf7 := Coding{Kind: UTF7}
		return utf7.apply(nil, string(body), &indirect, nil)
	}
	units := utf16.Encode([]rune(string(body)))
	if c.Mark {
		units = append([]uint16{0xfeff}, units...)
	}
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if c.Charset == UTF16LE {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}
